"""Trees as arrays of heads: whether they are valid and projective, and the best head of each word by itself.

``heads[d]`` is the head of word ``d``. ROOT is at position 0; its own entry is ignored. A sentence without words counts
as a tree. The kernels here are inlined into those of other files, and numba's cache on disk does not notice when they
change: after a change here remove ``structs/__pycache__``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.errors import DepparseError
from depparse.structs.checks import (
    BAD_SCORE,
    FINE,
    LIMIT,
    NO_HEAD,
    ArcScores,
    Floats,
    Integers,
    check_batch,
    check_heads,
    check_problems,
)
from depparse.structs.compiled import compiled


def is_tree(heads: NDArray[np.integer[Any]]) -> bool:
    """Whether ``heads[words]`` is a tree: every head exists, one word has the head ROOT, there is no cycle. O(n)."""
    return bool(tree_kernel(check_heads(heads)))


def are_trees(heads: NDArray[np.integer[Any]], lengths: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which sentences of ``heads[batch, words]`` are trees; ``lengths[batch]`` are without ROOT. O(batch · n)."""
    return np.array([is_tree(row[: length + 1]) for row, length in zip(heads, lengths, strict=True)], dtype=np.bool_)


def is_projective(heads: NDArray[np.integer[Any]]) -> bool:
    """Whether no two arcs of the tree ``heads[words]`` cross, including the arc from ROOT. O(n²).

    Raises DepparseError if the heads are no tree.
    """
    checked = check_heads(heads)
    if not tree_kernel(checked):
        raise DepparseError(f"expected a tree, one root and no cycle; got the heads {checked.tolist()}")
    return bool(projective_kernel(checked))


def greedy_heads(scores: ArcScores, lengths: NDArray[np.integer[Any]]) -> Integers:
    """The best head of each word by itself, of equals the lowest. The heads need not be a tree. O(batch · n²).

    ``scores[batch, dependents, heads]`` and ``lengths[batch]`` give ``heads[batch, words]``, 0 at ROOT and padding.
    """
    arrays = check_batch(scores, lengths)
    heads = np.zeros(arrays[0].shape[:2], np.int64)
    problems = np.zeros((len(heads), 2), np.int64)
    _greedy_batch(*arrays, heads, problems)
    check_problems(problems)
    return heads


@compiled
def tree_kernel(heads: Integers) -> bool:
    """`is_tree` without checks of the arguments."""
    size = len(heads)
    roots = 0
    for word in range(1, size):
        if heads[word] < 0 or heads[word] >= size:
            return False
        if heads[word] == 0:
            roots += 1
    if size > 1 and roots != 1:
        return False
    reached_from = np.zeros(size, np.int64)  # of each word, the start of the walk that first reached it
    for word in range(1, size):
        ancestor = word
        while ancestor != 0 and reached_from[ancestor] == 0:
            reached_from[ancestor] = word
            ancestor = heads[ancestor]
        if ancestor != 0 and reached_from[ancestor] == word:
            return False
    return True


@compiled
def projective_kernel(heads: Integers) -> bool:
    """`is_projective` without checks of the arguments."""
    for word in range(1, len(heads)):
        left, right = min(word, heads[word]), max(word, heads[word])
        for inside in range(left + 1, right):
            if heads[inside] < left or heads[inside] > right:
                return False
    return True


@compiled
def greedy_kernel(scores: ArcScores, number: int, heads: Integers) -> tuple[int, int]:
    """Writes the best heads of sentence `number` of a batch. Returns kind and word of an error in its scores."""
    for word in range(1, len(heads)):
        row = scores[number, word]
        best, best_head, n_bad = -np.inf, 0, 0
        # Without branches the loop is three times as fast: a processor cannot predict which head is better.
        for begin, end in ((0, word), (word + 1, len(heads))):
            for head in range(begin, end):
                score = row[head]
                n_bad += 0 if score <= LIMIT else 1
                better = score > best
                best = score if better else best
                best_head = head if better else best_head
        if n_bad:
            return BAD_SCORE, word
        if best < -LIMIT:
            return NO_HEAD, word
        heads[word] = best_head
    return FINE, 0


@compiled
def _greedy_batch(scores: ArcScores, lengths: Integers, heads: Integers, problems: Integers) -> None:
    """`greedy_heads` without checks of the arguments."""
    for number in range(len(lengths)):
        kind, word = greedy_kernel(scores, number, heads[number, : lengths[number] + 1])
        problems[number, 0], problems[number, 1] = kind, word


@compiled
def usable_scores(scores: ArcScores, number: int, size: int) -> Floats:
    """A float64 copy of the scores of one sentence, with -inf for ignored and forbidden arcs."""
    copy = np.empty((size, size))
    for dependent in range(size):
        for head in range(size):
            score = scores[number, dependent, head]
            copy[dependent, head] = score if score >= -LIMIT else -np.inf
        copy[dependent, dependent] = -np.inf
    copy[0] = -np.inf
    return copy
