"""The maximum spanning tree with one root, for trees whose arcs may cross, and decoding of a batch.

Chu & Liu (1965), Edmonds (1967), in the dense form of Tarjan (1977) that grows a path (Gabow et al. 1986): follow best
heads backwards, contract a cycle when the path closes, until ROOT is reached. McDonald et al. (2005) brought it to
dependency parsing. O(n²) a sentence: rows are merged, columns stay words.

Where we differ: one root is not found by trying each root, by a penalty, which costs digits, or by a second pass over
the tree (Stanojević & Cohen 2021, *A Root of a Problem*). Scores are compared as pairs (minus the number of arcs from
ROOT, sum), in lexicographic order. ROOT is in no cycle, so contraction never changes the first part, and the order
comes down to: an arc from ROOT is taken only by what has no other permitted arc. If two parts must take one, there is
no tree with one root. Sums are in float64: of trees closer than their rounding any may win, always the same one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from depparse.structs.checks import (
    FINE,
    NO_TREE,
    ArcScores,
    Floats,
    Integers,
    check_batch,
    check_length,
    check_problems,
    check_scores,
    tree_error,
)
from depparse.structs.eisner import MAX_LENGTH, projective_batch
from depparse.structs.trees import greedy_kernel, tree_kernel, usable_scores


def maximum_spanning_tree(scores: ArcScores) -> Integers:
    """``heads[words]`` of the best tree with one root for ``scores[dependents, heads]``. O(n²).

    Raises DepparseError if there is no tree or a score is NaN or +inf.
    """
    checked = check_scores(scores)
    heads = np.zeros((1, len(checked)), np.int64)
    problems = np.zeros((1, 2), np.int64)
    spanning_batch(checked[None], np.array([len(checked) - 1]), heads, problems)
    if problems[0, 0]:
        raise tree_error(*problems[0].tolist())
    tree: Integers = heads[0]
    return tree


def decode(
    scores: ArcScores,
    lengths: NDArray[np.integer[Any]],
    *,
    projective: bool = False,
    max_projective_length: int = MAX_LENGTH,
) -> Integers:
    """The best tree with one root of each sentence, ``heads[batch, words]``, 0 at ROOT and padding.

    ``scores[batch, dependents, heads]``, ``lengths[batch]`` in words without ROOT; padding is never read. The best head
    of each word is tried first: if they make a tree (with `projective`, one without crossing arcs) it is the best one.
    Other sentences take O(n²), with `projective` O(n³), which is refused above `max_projective_length` words. A
    sentence decodes alike in any batch, and other Python threads run meanwhile.

    Raises DepparseError, naming the sentence, if it has no tree or a score is NaN or +inf.
    """
    arrays = check_batch(scores, lengths)
    heads = np.zeros(arrays[0].shape[:2], np.int64)
    problems = np.zeros((len(heads), 2), np.int64)
    if projective:
        check_length(int(arrays[1].max(initial=0)), max_projective_length)
        projective_batch(*arrays, heads, problems)
    else:
        spanning_batch(*arrays, heads, problems)
    check_problems(problems)
    return heads


@njit(cache=True, nogil=True)
def spanning_batch(scores: ArcScores, lengths: Integers, heads: Integers, problems: Integers) -> None:
    """`decode` without checks of the arguments; ``problems[batch]`` gets (kind, word) of what is wrong."""
    for number in range(len(lengths)):
        row = heads[number, : lengths[number] + 1]
        kind, word = greedy_kernel(scores, number, row)
        if kind == FINE and not tree_kernel(row):
            kind = _spanning_tree(usable_scores(scores, number, len(row)), row)
        problems[number, 0], problems[number, 1] = kind, word


@njit(cache=True, nogil=True)
def _spanning_tree(weights: Floats, heads: Integers) -> int:
    """Replace the best head of each word by those of the best tree with one root and return FINE, or NO_TREE.

    A part is a word or a contracted cycle, named after its first word; its row of `weights` holds what an arc into it
    gains, -inf for heads inside. All parts that ever were have a number: words their own, cycles from `size` on.
    """
    size = len(heads)
    entries = np.empty((size, size), np.int32)  # the word of a part that the arc behind a weight enters
    gain = np.empty(size)  # of each part, the weight of the arc that enters it
    notes = np.empty((8, 2 * size), np.int64)
    part = notes[0]  # of each word, the part it is in
    following = notes[1]  # words of a part are a chain that begins with its name and ends with 0
    number = notes[2]  # of each part
    parent = notes[3]  # of each number, that of the cycle which contains it
    chosen_dependent, chosen_head = notes[4], notes[5]  # of each number, the arc that enters it
    state = notes[6]  # of each part: 0 new, 1 on the path, 2 connected to ROOT
    path = notes[7]
    for word in range(size):
        part[word] = number[word] = word
        following[word] = state[word] = 0
    state[0] = 2
    n_roots = 0
    n_numbers = size

    for start in range(1, size):
        if state[part[start]] != 0:
            continue
        path[0] = start
        length = 1
        while length:
            top = path[length - 1]
            state[top] = 1
            head = heads[top]
            if number[top] >= size or head == 0:
                head = _best_head(weights[top])
            if head == 0:
                n_roots += 1
                if n_roots > 1 or weights[top, 0] == -np.inf:
                    return NO_TREE
            gain[top] = weights[top, head]
            chosen_dependent[number[top]] = entries[top, head] if number[top] >= size else top
            chosen_head[number[top]] = head
            other = part[head]
            if state[other] == 0:
                path[length] = other
                length += 1
            elif state[other] == 2:
                for index in range(length):
                    state[path[index]] = 2
                length = 0
            else:
                _open_row(weights[other], entries[other], gain[other], other, number[other] < size)
                while path[length - 1] != other:
                    length -= 1
                    member = path[length]
                    _open_row(weights[member], entries[member], gain[member], member, number[member] < size)
                    _merge(weights[other], entries[other], weights[member], entries[member])
                    parent[number[member]] = n_numbers
                    last = member
                    while following[last]:
                        last = following[last]
                    following[last] = following[other]
                    following[other] = member
                parent[number[other]] = n_numbers
                number[other] = n_numbers
                n_numbers += 1
                word = other
                while word:
                    part[word] = other
                    weights[other, word] = -np.inf
                    word = following[word]

    # Open the cycles, the last first: the arc that enters a cycle replaces that of the member which it enters.
    for cycle in range(n_numbers - 1, size - 1, -1):
        member = chosen_dependent[cycle]
        while parent[member] != cycle:
            member = parent[member]
        chosen_dependent[member] = chosen_dependent[cycle]
        chosen_head[member] = chosen_head[cycle]
    for word in range(1, size):
        heads[word] = chosen_head[word]
    return FINE


@njit(cache=True, nogil=True)
def _best_head(weights: Floats) -> int:
    """The lowest of the best heads; ROOT only if all others are forbidden."""
    best, at = -np.inf, 0
    for head in range(1, len(weights)):
        better = weights[head] > best
        best = weights[head] if better else best
        at = head if better else at
    return at


@njit(cache=True, nogil=True)
def _open_row(weights: Floats, entries: Integers, gain: float, name: int, plain: bool) -> None:
    """Make the row of a part ready for merging: what arcs into it gain over its own arc of the cycle."""
    for head in range(len(weights)):
        weights[head] -= gain
        entries[head] = name if plain else entries[head]


@njit(cache=True, nogil=True)
def _merge(weights: Floats, entries: Integers, others: Floats, other_entries: Integers) -> None:
    """Take the better of the arcs into two members of a cycle."""
    for head in range(len(weights)):
        better = others[head] > weights[head]
        weights[head] = others[head] if better else weights[head]
        entries[head] = other_entries[head] if better else entries[head]
