"""The best projective tree with one root.

Eisner (1996), *Three New Probabilistic Models for Dependency Parsing*, in the form with two kinds of spans, complete
and incomplete, with the head at one end (Eisner & Satta 1999). O(n³) time, O(n²) memory. Where we differ: spans cover
the words alone, and ROOT takes its one dependent at the end, so that having one root costs nothing and is exact. Among
equal splits the leftmost wins. -inf needs no special care, because +inf never occurs.
"""

from __future__ import annotations

import numpy as np

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
from depparse.structs.compiled import compiled
from depparse.structs.trees import greedy_kernel, projective_kernel, tree_kernel, usable_scores

MAX_LENGTH = 1000  # words; about a second and 40 MB


def projective_tree(scores: ArcScores, *, max_length: int = MAX_LENGTH) -> Integers:
    """``heads[words]`` of the best projective tree with one root for ``scores[dependents, heads]``. O(n³).

    Raises DepparseError if there is no tree, a score is NaN or +inf, or the sentence has more than `max_length` words.
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


@compiled
def projective_batch(scores: ArcScores, lengths: Integers, heads: Integers, problems: Integers) -> None:
    """`mst.decode` for projective trees, without checks of the arguments. Writes `heads`, and (kind, word) of errors
    to ``problems[batch]``."""
    for number in range(len(lengths)):
        row = heads[number, : lengths[number] + 1]
        kind, word = greedy_kernel(scores, number, row)
        if kind == FINE and not (tree_kernel(row) and projective_kernel(row)):
            kind = _eisner(usable_scores(scores, number, len(row)), row)
        problems[number, 0], problems[number, 1] = kind, word


@compiled
def _eisner(scores: Floats, heads: Integers) -> int:
    """Writes the best projective tree with one root to `heads` and returns FINE; returns NO_TREE if there is none.

    ``complete[h, e]`` is the score of the best span from h to e, on either side of h, with all its words below h.
    ``incomplete[h, d]`` is the score of the best span from h to its dependent d, with only those dependents of d that
    are on the side of h.
    """
    size = len(heads)
    complete = np.full((size, size), -np.inf)
    ending = np.full((size, size), -np.inf)  # `complete` transposed, so that both are read along rows
    incomplete = np.full((size, size), -np.inf)
    complete_split = np.zeros((size, size), np.int64)
    incomplete_split = np.zeros((size, size), np.int64)  # at [left, right]; both directions have the same
    for word in range(1, size):
        complete[word, word] = ending[word, word] = 0.0
    for width in range(1, size - 1):
        for left in range(1, size - width):
            right = left + width
            best, best_split = -np.inf, left
            for split in range(left, right):
                value = complete[left, split] + complete[right, split + 1]
                if value > best:
                    best, best_split = value, split
            incomplete_split[left, right] = best_split
            incomplete[left, right] = best + scores[right, left]
            incomplete[right, left] = best + scores[left, right]
            best, best_split = -np.inf, right
            for split in range(left + 1, right + 1):
                value = incomplete[left, split] + ending[right, split]
                if value > best:
                    best, best_split = value, split
            complete[left, right] = ending[right, left] = best
            complete_split[left, right] = best_split
            best, best_split = -np.inf, left
            for split in range(left, right):
                value = incomplete[right, split] + ending[left, split]
                if value > best:
                    best, best_split = value, split
            complete[right, left] = ending[left, right] = best
            complete_split[right, left] = best_split

    best, root = -np.inf, 0
    for word in range(1, size):
        value = scores[word, 0] + complete[word, 1] + complete[word, size - 1]
        if value > best:
            best, root = value, word
    if root == 0:
        return NO_TREE
    heads[root] = 0
    # The tree is read off the splits: a stack of complete spans (head, end) that are still to be taken apart.
    stack = np.empty((2 * size + 1, 2), np.int64)
    stack[0, 0], stack[0, 1] = root, 1
    stack[1, 0], stack[1, 1] = root, size - 1
    count = 2
    while count:
        count -= 1
        head, end = stack[count, 0], stack[count, 1]
        if head == end:
            continue
        word = complete_split[head, end]
        heads[word] = head
        left, right = min(head, word), max(head, word)
        split = incomplete_split[left, right]
        stack[count, 0], stack[count, 1] = word, end
        stack[count + 1, 0], stack[count + 1, 1] = left, split
        stack[count + 2, 0], stack[count + 2, 1] = right, split + 1
        count += 3
    return FINE
