"""The k best trees, against all trees in order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.errors import DepparseError
from depparse.structs.eisner import projective_tree
from depparse.structs.k_best import k_best
from depparse.structs.matrix_tree import log_partition
from depparse.structs.mst import maximum_spanning_tree
from depparse.structs.trees import is_projective, is_tree

from .oracles import FORBIDDEN, all_trees, random_scores, score_matrices, tree_scores


@settings(max_examples=150)
@given(score_matrices(4), st.integers(1, 80), st.booleans())
def test_equals_sorted_enumeration(scores: np.ndarray, k: int, projective: bool) -> None:
    trees = all_trees(len(scores) - 1, projective)
    totals = tree_scores(scores, trees)
    trees, totals = trees[totals > FORBIDDEN], totals[totals > FORBIDDEN]
    if not len(trees):
        with pytest.raises(DepparseError, match=r"permitted arcs hold no such tree|every arc of word \d is forbidden"):
            k_best(scores, k, projective=projective)
        return
    best_trees = k_best(scores, k, projective=projective)
    assert len(best_trees) == min(k, len(trees))
    np.testing.assert_allclose([tree.score for tree in best_trees], np.sort(totals)[::-1][:k], rtol=1e-13, atol=1e-9)
    possible = dict(zip(map(tuple, trees.tolist()), totals, strict=True))
    assert len({tuple(tree.heads.tolist()) for tree in best_trees}) == len(best_trees)
    for tree in best_trees:
        assert tree.score == pytest.approx(possible[tuple(tree.heads.tolist())], rel=1e-13, abs=1e-9)


@pytest.mark.parametrize("projective", [False, True])
def test_all_trees_of_five_words_are_in_order(projective: bool) -> None:
    scores = random_scores(1, 5)
    trees = all_trees(5, projective)
    order = np.argsort(-tree_scores(scores, trees))
    best_trees = k_best(scores, 10_000, projective=projective)
    assert [tree.heads.tolist() for tree in best_trees] == trees[order].tolist()
    assert len(best_trees) == (143 if projective else 625)


@pytest.mark.parametrize("projective", [False, True])
def test_trees_of_longer_sentences_are_distinct_and_in_order(projective: bool) -> None:
    scores = random_scores(2, 30)
    best_trees = k_best(scores, 20, projective=projective)
    best = projective_tree(scores) if projective else maximum_spanning_tree(scores)
    assert best_trees[0].heads.tolist() == best.tolist()
    assert len({tuple(tree.heads.tolist()) for tree in best_trees}) == 20
    for tree, following in itertools.pairwise(best_trees):
        assert tree.score > following.score
    for tree in best_trees:
        assert is_tree(tree.heads)
        assert is_projective(tree.heads) or not projective
        assert tree.score == pytest.approx(tree_scores(scores, tree.heads[None])[0])
    # Any tree that differs from the best one by one head is in the list or scores below it.
    listed = {tuple(tree.heads.tolist()) for tree in best_trees}
    for word in range(1, 31):
        for head in range(31):
            other = best.copy()
            other[word] = head
            if is_tree(other) and (is_projective(other) or not projective) and tuple(other.tolist()) not in listed:
                assert tree_scores(scores, other[None])[0] <= best_trees[-1].score


def test_log_probabilities_of_all_trees_sum_to_one() -> None:
    scores = random_scores(4, 4)
    best_trees = k_best(scores, 100)
    assert np.exp([tree.score - log_partition(scores) for tree in best_trees]).sum() == pytest.approx(1)


def test_ties_are_decided_the_same_way_every_time() -> None:
    first = [tree.heads.tolist() for tree in k_best(np.zeros((6, 6)), 40)]
    assert first == [tree.heads.tolist() for tree in k_best(np.zeros((6, 6), np.float32), 40)]
    assert len({tuple(heads) for heads in first}) == 40


def test_edge_cases_are_handled() -> None:
    assert [(tree.heads.tolist(), tree.score) for tree in k_best(np.zeros((1, 1)), 3)] == [([0], 0.0)]
    assert [(tree.heads.tolist(), tree.score) for tree in k_best(np.full((2, 2), 2.0), 3)] == [([0, 0], 2.0)]
    scores = random_scores(0, 4)
    before = scores.copy()
    k_best(scores, 9)
    np.testing.assert_array_equal(scores, before)
    with pytest.raises(DepparseError, match="k of at least 1; got 0"):
        k_best(np.zeros((3, 3)), 0)
    with pytest.raises(DepparseError, match="a sentence of 12 words is longer than the 11"):
        k_best(np.zeros((13, 13)), 1, projective=True, max_projective_length=11)
    with pytest.raises(DepparseError, match="word 1 hold NaN"):
        k_best(np.full((3, 3), np.nan), 1)
