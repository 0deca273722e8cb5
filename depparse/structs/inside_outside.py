"""The log-partition and arc probabilities, by sums over all projective trees with one root.

The inside algorithm is Eisner's (see `eisner`) with sums in place of maxima (Baker 1979; Paskin 2001). Each projective
tree has one derivation in it, so no tree is counted twice. The outside pass is written as the gradient of the inside
pass (Eisner 2016, *Inside-Outside and Forward-Backward Algorithms Are Just Backprop*). It computes with the share of
each term in its sum, which is never above 1, so that no range of scores overflows or cancels. O(n³) time, O(n²) memory,
float64 logarithms.
"""

from __future__ import annotations

import numpy as np

from depparse.structs.checks import NO_TREE, ArcScores, Floats, check_length, check_scores, tree_error
from depparse.structs.compiled import compiled
from depparse.structs.eisner import MAX_LENGTH


def log_partition(scores: ArcScores, *, max_length: int = MAX_LENGTH) -> float:
    """The logarithm of Σ exp(sum of ``scores[dependents, heads]``) over all projective trees with one root. O(n³).

    Raises DepparseError if there is no tree, a score is NaN or +inf, or the sentence has more than `max_length` words.
    """
    return _run_inside(scores, max_length)[0]


def arc_marginals(scores: ArcScores, *, max_length: int = MAX_LENGTH) -> Floats:
    """The probabilities of arcs ``[dependents, heads]``; that of a tree is ∝ exp(sum of its scores). O(n³).

    Rows of words sum to 1, row 0 is 0. Raises DepparseError as `log_partition` does.
    """
    _, shifted, complete, incomplete, between = _run_inside(scores, max_length)
    return _outside(shifted, complete, incomplete, between)


def _run_inside(scores: ArcScores, max_length: int) -> tuple[float, Floats, Floats, Floats, Floats]:
    """The log-partition, and what `_outside` takes: shifted scores, and the sums of spans."""
    shifted = check_scores(scores)
    size = len(shifted)
    check_length(size - 1, max_length)
    complete, incomplete, between = (np.full((size, size), -np.inf) for _ in range(3))
    if size == 1:
        return 0.0, shifted, complete, incomplete, between
    # Subtracting its best score from each row changes no probability and keeps numbers small.
    shift = shifted[1:].max(1)
    shifted[1:] -= shift[:, None]
    total = _inside(shifted, complete, incomplete, between)
    if total == -np.inf:
        raise tree_error(NO_TREE)
    return float(total + shift.sum()), shifted, complete, incomplete, between


@compiled
def _log_sum(values: Floats) -> float:
    """log Σ exp(values)."""
    best = values.max()
    if best == -np.inf:
        return -np.inf
    total = 0.0
    for value in values:
        total += np.exp(value - best)
    return float(best + np.log(total))


@compiled
def _inside(scores: Floats, complete: Floats, incomplete: Floats, between: Floats) -> float:
    """The log-partition, -inf if there is no tree. Writes the sums of the spans of `eisner`, as logarithms.

    ``between[left, right]`` is `incomplete`, of either direction, without the score of the arc.
    """
    size = len(scores)
    terms = np.empty(size)
    for word in range(1, size):
        complete[word, word] = 0.0
    for width in range(1, size - 1):
        for left in range(1, size - width):
            right = left + width
            for k in range(width):
                terms[k] = complete[left, left + k] + complete[right, left + k + 1]
            between[left, right] = _log_sum(terms[:width])
            incomplete[left, right] = between[left, right] + scores[right, left]
            incomplete[right, left] = between[left, right] + scores[left, right]
            for k in range(width):
                terms[k] = incomplete[left, left + k + 1] + complete[left + k + 1, right]
            complete[left, right] = _log_sum(terms[:width])
            for k in range(width):
                terms[k] = incomplete[right, left + k] + complete[left + k, left]
            complete[right, left] = _log_sum(terms[:width])
    for word in range(1, size):
        terms[word] = scores[word, 0] + complete[word, 1] + complete[word, size - 1]
    return _log_sum(terms[1:])


@compiled
def _outside(scores: Floats, complete: Floats, incomplete: Floats, between: Floats) -> Floats:
    """The arc probabilities. ``closed`` and ``opened`` hold the probabilities of `complete` and `incomplete` spans."""
    size = len(scores)
    probabilities = np.zeros((size, size))
    closed = np.zeros((size, size))
    opened = np.zeros((size, size))
    terms = np.full(size, -np.inf)
    for word in range(1, size):
        terms[word] = scores[word, 0] + complete[word, 1] + complete[word, size - 1]
    total = _log_sum(terms)
    for word in range(1, size):
        probabilities[word, 0] = np.exp(terms[word] - total)
        closed[word, 1] += probabilities[word, 0]
        closed[word, size - 1] += probabilities[word, 0]
    for width in range(size - 2, 0, -1):
        for left in range(1, size - width):
            right = left + width
            for head, end in ((left, right), (right, left)):
                if closed[head, end] == 0.0:
                    continue
                step = 1 if head < end else -1
                for word in range(head + step, end + step, step):
                    log_share = incomplete[head, word] + complete[word, end] - complete[head, end]
                    share = closed[head, end] * np.exp(log_share)
                    opened[head, word] += share
                    closed[word, end] += share
            probabilities[right, left] = opened[left, right]
            probabilities[left, right] = opened[right, left]
            both = opened[left, right] + opened[right, left]
            if both == 0.0:
                continue
            for split in range(left, right):
                share = both * np.exp(complete[left, split] + complete[right, split + 1] - between[left, right])
                closed[left, split] += share
                closed[right, split + 1] += share
    return probabilities
