"""Trees, projectivity and greedy heads, against all assignments of heads."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from depparse.errors import DepparseError
from depparse.structs.trees import are_trees, greedy_heads, is_projective, is_tree

from .oracles import all_trees, crosses_nothing, random_scores


@pytest.mark.parametrize("n", range(5))
def test_trees_are_those_of_the_definition(n: int) -> None:
    trees = set(map(tuple, all_trees(n).tolist()))
    assert len(trees) == (n ** (n - 1) if n else 1)  # Cayley
    for heads in itertools.product(range(n + 1), repeat=n):
        assert is_tree(np.array([0, *heads])) == ((0, *heads) in trees)
    for heads in trees:
        assert is_projective(np.array(heads)) == crosses_nothing(heads)


def test_the_entry_of_root_is_ignored_and_heads_must_exist() -> None:
    assert is_tree(np.array([-100, 2, 0]))
    assert not is_tree(np.array([0, 3, 0]))
    assert not is_tree(np.array([0, -1, 0]))


def test_padding_is_ignored() -> None:
    heads = np.array([[0, 2, 0, 0], [0, 2, 0, 1], [0, 2, 3, 1], [0, 0, 0, 0]])
    assert are_trees(heads, np.array([2, 3, 3, 0])).tolist() == [True, True, False, True]
    assert are_trees(heads, np.array([3, 2, 1, 2])).tolist() == [False, True, False, False]


def test_greedy_heads_are_the_lowest_of_the_best() -> None:
    scores = np.stack([random_scores(1, 6), random_scores(2, 6)]).astype(np.float32)
    scores[0, 3, [1, 4]] = 9.0
    scores[1, 5:] = scores[1, :, 5:] = np.nan  # padding
    heads = greedy_heads(scores, np.array([6, 4]))
    for row, n in ((0, 6), (1, 4)):
        for word in range(1, n + 1):
            order = sorted((-scores[row, word, head], head) for head in range(n + 1) if head != word)
            assert heads[row, word] == order[0][1]
    assert heads[0, 3] == 1
    assert heads[:, 0].tolist() == [0, 0]
    assert heads[1, 5:].tolist() == [0, 0]


def test_wrong_heads_and_shapes_are_refused() -> None:
    with pytest.raises(DepparseError, match="expected a tree, one root and no cycle"):
        is_projective(np.array([0, 2, 1]))
    with pytest.raises(DepparseError, match="expected whole numbers"):
        is_tree(np.array([0.0, 2.0, 0.0]))
    with pytest.raises(DepparseError, match=r"got shape \(2, 3, 4\)"):
        greedy_heads(np.zeros((2, 3, 4)), np.array([2, 2]))
