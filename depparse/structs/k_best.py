"""The k best trees with one root, exactly, with or without crossing arcs.

We use the partition of Lawler (1972) and Murty (1968): the best tree of a set splits the other trees into subsets, one
for each word: the trees that agree with the best one before that word and differ at it. Each subset is decoded exactly,
and a heap gives the subset with the best tree. O(k · n) decodings: O(k · n³), for projective trees O(k · n⁴), and
O(k · n²) memory. Camerini, Fratta & Maffioli (1980) save a factor of n for trees with crossing arcs (Zmigrod, Vieira &
Cotterell 2021 with one root); we prefer one algorithm for both kinds of trees.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from depparse.errors import DepparseError
from depparse.structs.checks import FINE, NO_TREE, ArcScores, Floats, Integers, check_length, check_scores, tree_error
from depparse.structs.eisner import MAX_LENGTH, projective_batch
from depparse.structs.mst import spanning_batch


class ScoredTree(NamedTuple):
    """A tree ``heads[words]`` and the sum of the scores of its arcs."""

    heads: Integers
    score: float


class _TreeSet(NamedTuple):
    """The trees with the heads of the best one before `word`, and with none of the heads `excluded` at `word`.

    Sets are ordered by their best trees.
    """

    cost: float  # minus the score
    heads: tuple[int, ...]  # of the best tree; no two sets have the same best tree, so the order is total
    word: int
    excluded: tuple[int, ...]


def k_best(
    scores: ArcScores, k: int, *, projective: bool = False, max_projective_length: int = MAX_LENGTH
) -> list[ScoredTree]:
    """The k best trees for ``scores[dependents, heads]``, best first; fewer if there are fewer.

    Trees are different assignments of heads, with one root each. Trees of equal score come in a fixed order.

    Raises DepparseError if there is no tree, a score is NaN or +inf, or, with `projective`, there are more than
    `max_projective_length` words.
    """
    if k < 1:
        raise DepparseError(f"expected a number of trees k of at least 1; got {k}")
    checked = check_scores(scores)
    if projective:
        check_length(len(checked) - 1, max_projective_length)
    all_trees = _decode(checked, checked, 1, (), projective)
    if all_trees is None:
        raise tree_error(NO_TREE)
    heap = [all_trees]
    trees: list[ScoredTree] = []
    while heap and len(trees) < k:
        tree_set = heapq.heappop(heap)
        trees.append(ScoredTree(np.array(tree_set.heads, np.int64), -tree_set.cost))
        if len(trees) < k:
            for subset in _split(checked, tree_set, projective):
                heapq.heappush(heap, subset)
    # Decoding adds scores in another order than scoring does, so rounding may have swapped trees of nearly equal score.
    return sorted(trees, key=lambda tree: -tree.score)


def _split(scores: Floats, tree_set: _TreeSet, projective: bool) -> list[_TreeSet]:
    """The trees of a set without the best one, as one set for each word at which they first differ from it."""
    subsets: list[_TreeSet] = []
    if len(scores) == 1:
        return subsets
    allowed = scores.copy()
    for word in range(1, tree_set.word):
        _require(allowed, word, tree_set.heads[word])
    allowed[tree_set.word, list(tree_set.excluded)] = -np.inf
    for word in range(tree_set.word, len(scores)):
        head = tree_set.heads[word]
        excluded = (*tree_set.excluded, head) if word == tree_set.word else (head,)
        allowed[word, head] = -np.inf
        subset = _decode(scores, allowed, word, excluded, projective)
        if subset is not None:
            subsets.append(subset)
        allowed[word, head] = scores[word, head]
        _require(allowed, word, head)
    return subsets


def _require(allowed: Floats, word: int, head: int) -> None:
    """Forbids all other heads of the word."""
    score = allowed[word, head]
    allowed[word] = -np.inf
    allowed[word, head] = score


def _decode(scores: Floats, allowed: Floats, word: int, excluded: tuple[int, ...], projective: bool) -> _TreeSet | None:
    """The set of the trees that `allowed` permits, with its best tree; None if there are none."""
    heads = np.zeros((1, len(scores)), np.int64)
    problems = np.zeros((1, 2), np.int64)
    decode = projective_batch if projective else spanning_batch
    decode(allowed[None], np.array([len(scores) - 1]), heads, problems)
    if problems[0, 0] != FINE:
        return None
    score = float(scores[np.arange(1, len(scores)), heads[0, 1:]].sum())
    return _TreeSet(-score, tuple(heads[0].tolist()), word, excluded)
