"""The k best trees with one root, exactly, with or without crossing arcs.

The partition of Lawler (1972) and Murty (1968): the best tree of a set of trees splits the rest of the set, word by
word, into those that agree with it up to the word and differ there; each part is again decoded exactly, and a heap
gives the best part. O(k · n) decodings: O(k · n³), for projective trees O(k · n⁴), and O(k · n²) memory. Camerini,
Fratta & Maffioli (1980) save a factor of n for trees with crossing arcs (Zmigrod, Vieira & Cotterell 2021 with one
root); we prefer one way for both kinds.
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


class _Part(NamedTuple):
    """A set of trees, ordered by its best: they have its heads before `word`, and at `word` none of `excluded`."""

    cost: float  # minus the score
    heads: tuple[int, ...]  # of the best tree; no two parts share one, so the order is total
    word: int
    excluded: tuple[int, ...]


def k_best(
    scores: ArcScores, k: int, *, projective: bool = False, max_projective_length: int = MAX_LENGTH
) -> list[ScoredTree]:
    """The k best trees for ``scores[dependents, heads]``, best first; fewer if there are fewer.

    Trees are different assignments of heads, with one root each; those of equal score come in a fixed order.

    Raises DepparseError if there is no tree, a score is NaN or +inf, or, with `projective`, there are more than
    `max_projective_length` words.
    """
    if k < 1:
        raise DepparseError(f"expected a number of trees k of at least 1; got {k}")
    checked = check_scores(scores)
    if projective:
        check_length(len(checked) - 1, max_projective_length)
    best = _best_part(checked, checked, 1, (), projective)
    if best is None:
        raise tree_error(NO_TREE)
    heap = [best]
    found: list[ScoredTree] = []
    while heap and len(found) < k:
        part = heapq.heappop(heap)
        found.append(ScoredTree(np.array(part.heads, np.int64), -part.cost))
        if len(found) < k:
            for smaller in _split(checked, part, projective):
                heapq.heappush(heap, smaller)
    # Decoding adds in another order than scoring does, so neighbours may have come in the wrong order by a rounding.
    return sorted(found, key=lambda tree: -tree.score)


def _split(scores: Floats, part: _Part, projective: bool) -> list[_Part]:
    """The trees of a part other than its best, as parts: first different from the best at `word`, or at the next …"""
    parts: list[_Part] = []
    if len(scores) == 1:
        return parts
    allowed = scores.copy()
    for word in range(1, part.word):
        _require(allowed, word, part.heads[word])
    allowed[part.word, list(part.excluded)] = -np.inf
    for word in range(part.word, len(scores)):
        head = part.heads[word]
        excluded = (*part.excluded, head) if word == part.word else (head,)
        allowed[word, head] = -np.inf
        smaller = _best_part(scores, allowed, word, excluded, projective)
        if smaller is not None:
            parts.append(smaller)
        allowed[word, head] = scores[word, head]
        _require(allowed, word, head)
    return parts


def _require(allowed: Floats, word: int, head: int) -> None:
    score = allowed[word, head]
    allowed[word] = -np.inf
    allowed[word, head] = score


def _best_part(scores: Floats, allowed: Floats, word: int, excluded: tuple[int, ...], projective: bool) -> _Part | None:
    """The part of the trees that `allowed` permits; None if there are none."""
    heads = np.zeros((1, len(scores)), np.int64)
    problems = np.zeros((1, 2), np.int64)
    decode = projective_batch if projective else spanning_batch
    decode(allowed[None], np.array([len(scores) - 1]), heads, problems)
    if problems[0, 0] != FINE:
        return None
    score = float(scores[np.arange(1, len(scores)), heads[0, 1:]].sum())
    return _Part(-score, tuple(heads[0].tolist()), word, excluded)
