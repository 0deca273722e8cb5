"""Required and forbidden arcs, against enumeration of the permitted trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.errors import DepparseError
from depparse.structs import inside_outside, matrix_tree
from depparse.structs.constraints import Arc, constrain
from depparse.structs.eisner import projective_tree
from depparse.structs.k_best import k_best
from depparse.structs.mst import decode, maximum_spanning_tree

from .oracles import FORBIDDEN, all_trees, random_scores, tree_scores

ARCS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4)).filter(lambda arc: arc[0] != arc[1]), max_size=5)


@settings(max_examples=300)
@given(ARCS, ARCS, st.integers(0, 9), st.booleans())
def test_equals_enumeration_of_the_permitted_trees(
    required: list[Arc], forbidden: list[Arc], seed: int, projective: bool
) -> None:
    scores = random_scores(seed, 4)
    trees = all_trees(4, projective)
    kept = [all(tree[d] == h for d, h in required) and all(tree[d] != h for d, h in forbidden) for tree in trees]
    trees = trees[kept]
    module = inside_outside if projective else matrix_tree
    best = projective_tree if projective else maximum_spanning_tree
    if not len(trees):
        with pytest.raises(DepparseError):
            best(constrain(scores, required=required, forbidden=forbidden))
        return
    permitted = constrain(scores, required=required, forbidden=forbidden)
    totals = tree_scores(scores, trees)
    assert best(permitted).tolist() == trees[totals.argmax()].tolist()
    assert decode(permitted[None], np.array([4]), projective=projective).tolist() == [best(permitted).tolist()]
    assert module.log_partition(permitted) == pytest.approx(np.logaddexp.reduce(totals))
    marginals = module.arc_marginals(permitted)
    for d, h in required:
        assert marginals[d, h] == pytest.approx(1)
    for d, h in forbidden:
        assert marginals[d, h] == 0
    best_trees = k_best(permitted, 200, projective=projective)
    assert [tree.heads.tolist() for tree in best_trees] == trees[np.argsort(-totals)].tolist()


def test_other_arcs_keep_their_scores() -> None:
    scores = random_scores(0, 5).astype(np.float32)
    before = scores.copy()
    permitted = constrain(scores, required=[(2, 4)], forbidden=[(1, 0), (3, 5)])
    np.testing.assert_array_equal(scores, before)
    assert permitted.dtype == np.float64
    for d in range(1, 6):
        for h in range(6):
            barred = d == h or (d == 2 and h != 4) or (d, h) in [(1, 0), (3, 5)]
            assert permitted[d, h] == (FORBIDDEN if barred else scores[d, h])


@pytest.mark.parametrize(
    ("required", "forbidden", "message"),
    [
        ([(1, 2), (1, 3)], [], "required arcs give word 1 two heads, 2 and 3"),
        ([(1, 0), (3, 0)], [], "required arcs make words 1 and 3 roots; a tree has one"),
        ([(1, 2), (2, 3), (3, 1)], [], r"required arcs form a cycle: \[1, 2, 3, 1\]"),
        ([(3, 1), (1, 2), (2, 1)], [], r"required arcs form a cycle: \[1, 2, 1\]"),
        ([(1, 2)], [(1, 2)], "the arc of word 1 to head 2 is both required and forbidden"),
        ([(4, 1)], [], "the arc of word 4 to head 1 is both required and forbidden"),  # forbidden by its score
        ([], [(2, 0), (2, 1), (2, 3), (2, 4)], "every arc of word 2 is forbidden"),
        ([(0, 2)], [], r"expected arcs \(dependent, head\) .* got \(0, 2\)"),
        ([(5, 2)], [], r"dependents 1 to 4, heads 0 \(ROOT\) to 4; got \(5, 2\)"),
        ([], [(1, 5)], r"got \(1, 5\)"),
        ([], [(1, -1)], r"got \(1, -1\)"),
        ([], [(2, 2)], r"got \(2, 2\)"),
    ],
)
def test_constraints_that_leave_no_tree_are_refused(required: list[Arc], forbidden: list[Arc], message: str) -> None:
    scores = np.zeros((5, 5))
    scores[4, 1] = FORBIDDEN
    with pytest.raises(DepparseError, match=message):
        constrain(scores, required=required, forbidden=forbidden)


def test_a_required_arc_may_be_given_twice() -> None:
    permitted = constrain(np.zeros((4, 4)), required=[(1, 2), (1, 2)])
    assert maximum_spanning_tree(permitted)[1] == 2


def test_a_required_root_is_the_only_one() -> None:
    scores = random_scores(0, 12)
    scores[:, 0] = 1e9
    heads = maximum_spanning_tree(constrain(scores, required=[(7, 0)]))
    assert np.flatnonzero(heads[1:] == 0).tolist() == [6]


def test_forbidding_every_root_leaves_no_tree() -> None:
    with pytest.raises(DepparseError, match="permitted arcs hold no such tree"):
        maximum_spanning_tree(constrain(np.zeros((4, 4)), forbidden=[(1, 0), (2, 0), (3, 0)]))
