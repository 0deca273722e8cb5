"""The best projective tree with one root.

Eisner (1996), *Three New Probabilistic Models for Dependency Parsing*, in the form with two kinds of spans, complete
and incomplete, with the head at one end (Eisner & Satta 1999). O(n³) time, O(n²) memory. Where we differ: spans run
over the words alone, and ROOT takes its one word at the end, so that one root costs nothing and is exact. Of equal
splits the leftmost wins. -inf needs no special care: there is no +inf to meet it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from depparse.structs.checks import (
    FINE,
    NO_TREE,
    ArcScores,
    Floats,
    Integers,
    check_length,
    check_scores,
    tree_error,
)
from depparse.structs.trees import greedy_kernel, projective_kernel, tree_kernel, usable_scores

MAX_LENGTH = 1000  # words; about a second and 40 MB


def projective_tree(scores: ArcScores, *, max_length: int = MAX_LENGTH) -> Integers:
    """``heads[words]`` of the best projective tree with one root for ``scores[dependents, heads]``. O(n³).

    Raises DepparseError if there is none, a score is NaN or +inf, or the sentence has more than `max_length` words.
    """
    checked = check_scores(scores)
    check_length(len(checked) - 1, max_length)
    heads = np.zeros((1, len(checked)), np.int64)
    problems = np.zeros((1, 2), np.int64)
    projective_batch(checked[None], np.array([len(checked) - 1]), heads, problems)
    if problems[0, 0]:
        raise tree_error(*problems[0].tolist())
    tree: Integers = heads[0]
    return tree


@njit(cache=True, nogil=True)
def projective_batch(scores: ArcScores, lengths: Integers, heads: Integers, problems: Integers) -> None:
    """`decode` of `mst` for projective trees; ``problems[batch]`` gets (kind, word) of what is wrong."""
    for number in range(len(lengths)):
        row = heads[number, : lengths[number] + 1]
        kind, word = greedy_kernel(scores, number, row)
        if kind == FINE and not (tree_kernel(row) and projective_kernel(row)):
            kind = _eisner(usable_scores(scores, number, len(row)), row)
        problems[number, 0], problems[number, 1] = kind, word


@njit(cache=True, nogil=True)
def _eisner(scores: Floats, heads: Integers) -> int:
    """Write the best projective tree with one root and return FINE, or NO_TREE.

    ``complete[h, e]``: the best span from the head h to its end e, on either side of h, and all of it below h.
    ``incomplete[h, d]``: the best span between h and its dependent d, with d's words on the side of h only.
    """
    size = len(heads)
    complete = np.full((size, size), -np.inf)
    ending = np.full((size, size), -np.inf)  # complete, transposed, so that both are read along rows
    incomplete = np.full((size, size), -np.inf)
    complete_split = np.zeros((size, size), np.int64)
    incomplete_split = np.zeros((size, size), np.int64)  # at [left, right], the same for both directions
    for word in range(1, size):
        complete[word, word] = ending[word, word] = 0.0
    for width in range(1, size - 1):
        for left in range(1, size - width):
            right = left + width
            best, at = -np.inf, left
            for split in range(left, right):
                value = complete[left, split] + complete[right, split + 1]
                if value > best:
                    best, at = value, split
            incomplete_split[left, right] = at
            incomplete[left, right] = best + scores[right, left]
            incomplete[right, left] = best + scores[left, right]
            best, at = -np.inf, right
            for split in range(left + 1, right + 1):
                value = incomplete[left, split] + ending[right, split]
                if value > best:
                    best, at = value, split
            complete[left, right] = ending[right, left] = best
            complete_split[left, right] = at
            best, at = -np.inf, left
            for split in range(left, right):
                value = incomplete[right, split] + ending[left, split]
                if value > best:
                    best, at = value, split
            complete[right, left] = ending[left, right] = best
            complete_split[right, left] = at

    best, root = -np.inf, 0
    for word in range(1, size):
        value = scores[word, 0] + complete[word, 1] + complete[word, size - 1]
        if value > best:
            best, root = value, word
    if root == 0:
        return NO_TREE
    heads[root] = 0
    # Complete spans (head, end) to take apart.
    todo = np.empty((2 * size + 1, 2), np.int64)
    todo[0, 0], todo[0, 1] = root, 1
    todo[1, 0], todo[1, 1] = root, size - 1
    count = 2
    while count:
        count -= 1
        head, end = todo[count, 0], todo[count, 1]
        if head == end:
            continue
        word = complete_split[head, end]
        heads[word] = head
        left, right = min(head, word), max(head, word)
        split = incomplete_split[left, right]
        todo[count, 0], todo[count, 1] = word, end
        todo[count + 1, 0], todo[count + 1, 1] = left, split
        todo[count + 2, 0], todo[count + 2, 1] = right, split + 1
        count += 3
    return FINE
