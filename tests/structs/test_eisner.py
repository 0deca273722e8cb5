"""Projective trees, against enumeration and an independent algorithm."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings

from depparse.errors import DepparseError
from depparse.structs.eisner import projective_tree
from depparse.structs.mst import decode, maximum_spanning_tree
from depparse.structs.trees import is_projective, is_tree

from .oracles import FORBIDDEN, all_trees, random_scores, score_matrices, tree_score, tree_scores


def best_by_spans(scores: np.ndarray) -> float:
    """The best score by the O(n⁵) algorithm of Collins (1996), which joins the best trees of two spans at each cut."""

    @cache
    def best(left: int, right: int, head: int) -> float:
        if left == right:
            return 0.0
        highest = FORBIDDEN
        for cut in range(left, right):
            for other in range(left, right + 1):
                if head <= cut < other:
                    highest = max(highest, best(left, cut, head) + best(cut + 1, right, other) + scores[other, head])
                if other <= cut < head:
                    highest = max(highest, best(left, cut, other) + best(cut + 1, right, head) + scores[other, head])
        return highest

    n = len(scores) - 1
    return max(best(1, n, root) + scores[root, 0] for root in range(1, n + 1))


@settings(max_examples=300)
@given(score_matrices())
def test_equals_enumeration(scores: np.ndarray) -> None:
    trees = all_trees(len(scores) - 1, projective=True)
    totals = tree_scores(scores, trees)
    if totals.max() == FORBIDDEN:
        with pytest.raises(DepparseError, match=r"permitted arcs hold no such tree|every arc of word \d is forbidden"):
            projective_tree(scores)
        return
    heads = projective_tree(scores)
    assert heads.tolist() in trees.tolist()
    assert tree_score(scores, heads) == pytest.approx(totals.max(), rel=1e-14, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_random_scores_equal_enumeration_in_one_batch(n: int) -> None:
    batch = np.stack([random_scores(seed, n) for seed in range(100)])
    for scores, heads in zip(batch, decode(batch, np.full(100, n), projective=True), strict=True):
        totals = tree_scores(scores, all_trees(n, projective=True))
        assert heads.tolist() == all_trees(n, projective=True)[totals.argmax()].tolist()


@pytest.mark.parametrize("forbidden", [0.0, 0.3])
def test_equals_the_quintic_algorithm(forbidden: float) -> None:
    for seed in range(4):
        scores = random_scores(seed, 12, forbidden=forbidden)
        heads = projective_tree(scores)
        assert is_projective(heads)
        assert tree_score(scores, heads) == pytest.approx(best_by_spans(scores), rel=1e-12)


def test_no_projective_tree_is_above_the_spanning_tree() -> None:
    n_equal = 0
    for seed in range(200):
        scores = random_scores(seed, 4 if seed % 2 else 25)
        free, planar = maximum_spanning_tree(scores), projective_tree(scores)
        assert is_tree(planar)
        assert is_projective(planar)
        if is_projective(free):
            assert free.tolist() == planar.tolist()
            n_equal += 1
        else:
            assert tree_score(scores, planar) < tree_score(scores, free)
    assert 0 < n_equal < 200


def test_a_long_tree_is_found() -> None:
    n, generator = 300, np.random.default_rng(0)
    gold = np.zeros(n + 1, np.int64)
    spans = [(1, n, 0)]  # spans of words, and the head outside on which each hangs
    while spans:
        left, right, head = spans.pop()
        if left <= right:
            word = int(generator.integers(left, right + 1))
            gold[word] = head
            spans += [(left, word - 1, word), (word + 1, right, word)]
    assert is_projective(gold)
    scores = generator.uniform(-1, 0, size=(n + 1, n + 1))
    scores[np.arange(1, n + 1), gold[1:]] = 1
    word = int(np.flatnonzero(gold[1:])[0]) + 1
    scores[gold[word], word] = 1.5  # the best heads of two words are each other
    assert projective_tree(scores).tolist() == gold.tolist()


def test_crossing_requirements_leave_no_tree() -> None:
    scores = np.zeros((5, 5))
    scores[3, [0, 2, 4]] = scores[4, [0, 1, 3]] = FORBIDDEN  # 1 → 3 and 2 → 4 cross
    assert maximum_spanning_tree(scores)[3:].tolist() == [1, 2]
    with pytest.raises(DepparseError, match=r"permitted arcs hold no such tree .*without crossing arcs if projective"):
        projective_tree(scores)


def test_sentences_that_are_too_long_are_refused() -> None:
    with pytest.raises(DepparseError, match="a sentence of 12 words is longer than the 11 that projective"):
        projective_tree(np.zeros((13, 13)), max_length=11)
    with pytest.raises(DepparseError, match="a sentence of 12 words is longer than the 11 that projective"):
        decode(np.zeros((2, 13, 13)), np.array([3, 12]), projective=True, max_projective_length=11)
    assert len(decode(np.zeros((2, 13, 13)), np.array([3, 11]), projective=True, max_projective_length=11)) == 2
    assert is_tree(projective_tree(np.zeros((12, 12)), max_length=11))


def test_sentences_of_no_word_and_of_one_have_a_tree() -> None:
    assert projective_tree(np.zeros((1, 1))).tolist() == [0]
    assert projective_tree(np.zeros((2, 2))).tolist() == [0, 0]
    with pytest.raises(DepparseError, match="word 1 hold NaN"):
        projective_tree(np.full((3, 3), np.nan))
