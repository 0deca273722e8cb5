"""The maximum spanning tree with one root, for trees whose arcs may cross, and decoding of a batch.

The algorithm is that of Chu & Liu (1965) and Edmonds (1967), in the dense form of Tarjan (1977) that grows a path
(Gabow et al. 1986): it follows best heads backwards until it reaches ROOT, and contracts a cycle when the path closes.
McDonald et al. (2005) brought it to dependency parsing. It takes O(n²) a sentence: merging two nodes merges their rows
of scores, while the columns stay words.

Where we differ: we ensure one root without trying each root, without a penalty (which costs digits), and without a
second pass over the tree (Stanojević & Cohen 2021, *A Root of a Problem*). Scores are compared as pairs (minus the
number of arcs from ROOT, sum), in lexicographic order. ROOT is in no cycle, so contraction never changes the first
item, and the order comes down to this: a node takes an arc from ROOT only if no other arc into it is permitted. If two
nodes must take one, there is no tree with one root. Sums are in float64; of trees whose scores differ by less than the
rounding either may win, but always the same one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.structs.checks import (
    FINE,
    LIMIT,
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
from depparse.structs.compiled import compiled, compiled_for, is_loaded
from depparse.structs.eisner import MAX_LENGTH, projective_batch
from depparse.structs.trees import greedy_kernel, tree_kernel, usable_scores

Bools = NDArray[np.bool_]
_LONG = 500  # words of a sentence that only compiled code decodes


def maximum_spanning_tree(scores: ArcScores) -> Integers:
    """``heads[words]`` of the best tree with one root for ``scores[dependents, heads]``. O(n²).

    Raises DepparseError if there is no tree or a score is NaN or +inf.
    """
    checked = check_scores(scores)
    heads = np.zeros((1, len(checked)), np.int64)
    problems = np.zeros((1, 2), np.int64)
    compiled_for(spanning_batch, 4 * checked.size)(checked[None], np.array([len(checked) - 1]), heads, problems)
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

    `scores` are ``[batch, dependents, heads]``, `lengths` ``[batch]`` in words without ROOT; padding is never read. The
    best head of each word is tried first: if these heads make a tree (with `projective`, one without crossing arcs), it
    is the best tree. Other sentences take O(n²), with `projective` O(n³). A sentence gets the same tree in any batch,
    and other Python threads can run meanwhile.

    Raises DepparseError, naming the sentence, if it has no tree or a score is NaN or +inf, and, with `projective`, if a
    sentence has more than `max_projective_length` words.
    """
    arrays = check_batch(scores, lengths)
    heads = np.zeros(arrays[0].shape[:2], np.int64)
    problems = np.zeros((len(heads), 2), np.int64)
    if projective:
        check_length(int(arrays[1].max(initial=0)), max_projective_length)
        projective_batch(*arrays, heads, problems)
    elif is_loaded():
        spanning_batch(*arrays, heads, problems)
    else:
        rest = np.flatnonzero(~_write_greedy_trees(*arrays, heads))
        of_rest = arrays[0][rest], arrays[1][rest], heads[rest], problems[rest]
        compiled_for(spanning_batch, 4 * int((of_rest[1] ** 2).sum()))(*of_rest)
        heads[rest], problems[rest] = of_rest[2:]
    check_problems(problems)
    return heads


def _write_greedy_trees(scores: ArcScores, lengths: Integers, heads: Integers) -> Bools:
    """Writes the best heads of sentences in which they are a tree, and says which these are, ``[batch]``.

    It may leave a sentence to others, because of its length or its scores.
    """
    written = np.zeros(len(lengths), np.bool_)
    for number, length in enumerate(lengths.tolist()):
        if length > _LONG:
            continue
        own = scores[number, 1 : length + 1, : length + 1].astype(np.float64)
        own[np.arange(length), np.arange(1, length + 1)] = -np.inf  # no word depends on itself
        best = own.max(1, initial=-np.inf)
        if np.isfinite(best).all() and (own <= LIMIT).all() and (best >= -LIMIT).all():
            greedy = own.argmax(1)
            if _is_tree([0, *greedy.tolist()]):
                heads[number, 1 : length + 1] = greedy
                written[number] = True
    return written


def _is_tree(heads: list[int]) -> bool:
    """Whether the heads of words, with ROOT at 0, are a tree with one root."""
    if heads[1:].count(0) != 1:
        return len(heads) == 1
    dependents: list[list[int]] = [[] for _ in heads]
    for word, head in enumerate(heads[1:], 1):
        dependents[head].append(word)
    reached = [0]
    for word in reached:
        reached += dependents[word]
    return len(reached) == len(heads)


@compiled
def spanning_batch(scores: ArcScores, lengths: Integers, heads: Integers, problems: Integers) -> None:
    """`decode` without checks of the arguments. Writes `heads`, and (kind, word) of errors to ``problems[batch]``."""
    for number in range(len(lengths)):
        row = heads[number, : lengths[number] + 1]
        kind, word = greedy_kernel(scores, number, row)
        if kind == FINE and not tree_kernel(row):
            kind = _spanning_tree(usable_scores(scores, number, len(row)), row)
        problems[number, 0], problems[number, 1] = kind, word


@compiled
def _spanning_tree(weights: Floats, heads: Integers) -> int:
    """Replaces the best heads of words by those of the best tree with one root, and returns FINE, or else NO_TREE.

    A node is a word or a contracted cycle, which is named after its first word. The row of `weights` of a node holds
    what an arc from each head into it gains, -inf for heads inside it. Every node that was ever made has a number:
    words have their own, cycles those from `size` on.
    """
    size = len(heads)
    entries = np.empty((size, size), np.int32)  # the word of the node that the arc of a weight enters
    gain = np.empty(size)  # of each node, the weight of the arc that enters it
    table = np.empty((8, 2 * size), np.int64)
    node = table[0]  # of each word, the node it is in
    following = table[1]  # links the words of a node to a chain that begins with its name and ends with 0
    number = table[2]  # of each node, its number
    parent = table[3]  # of each number, the number of the cycle that contains the node
    chosen_dependent, chosen_head = table[4], table[5]  # of each number, the arc that enters it
    state = table[6]  # of each node: 0 new, 1 on the path, 2 connected to ROOT
    path = table[7]
    for word in range(size):
        node[word] = number[word] = word
        following[word] = state[word] = 0
    state[0] = 2
    n_roots = 0
    n_numbers = size

    for start in range(1, size):
        if state[node[start]] != 0:
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
            head_node = node[head]
            if state[head_node] == 0:
                path[length] = head_node
                length += 1
            elif state[head_node] == 2:
                for index in range(length):
                    state[path[index]] = 2
                length = 0
            else:
                _open_row(weights[head_node], entries[head_node], gain[head_node], head_node, number[head_node] < size)
                while path[length - 1] != head_node:
                    length -= 1
                    member = path[length]
                    _open_row(weights[member], entries[member], gain[member], member, number[member] < size)
                    _merge(weights[head_node], entries[head_node], weights[member], entries[member])
                    parent[number[member]] = n_numbers
                    last = member
                    while following[last]:
                        last = following[last]
                    following[last] = following[head_node]
                    following[head_node] = member
                parent[number[head_node]] = n_numbers
                number[head_node] = n_numbers
                n_numbers += 1
                word = head_node
                while word:
                    node[word] = head_node
                    weights[head_node, word] = -np.inf
                    word = following[word]

    # Open the cycles, the last one first: the arc into a cycle replaces the arc into the member that it enters.
    for cycle in range(n_numbers - 1, size - 1, -1):
        member = chosen_dependent[cycle]
        while parent[member] != cycle:
            member = parent[member]
        chosen_dependent[member] = chosen_dependent[cycle]
        chosen_head[member] = chosen_head[cycle]
    for word in range(1, size):
        heads[word] = chosen_head[word]
    return FINE


@compiled
def _best_head(weights: Floats) -> int:
    """The best head, of equals the lowest; ROOT only if all others are forbidden."""
    best, best_head = -np.inf, 0
    for head in range(1, len(weights)):
        better = weights[head] > best
        best = weights[head] if better else best
        best_head = head if better else best_head
    return best_head


@compiled
def _open_row(weights: Floats, entries: Integers, gain: float, name: int, plain: bool) -> None:
    """Prepares the row of a node for merging: its weights become what they gain over the node's arc in the cycle."""
    for head in range(len(weights)):
        weights[head] -= gain
        entries[head] = name if plain else entries[head]


@compiled
def _merge(weights: Floats, entries: Integers, others: Floats, other_entries: Integers) -> None:
    """Merges the second row into the first: of two arcs from the same head into a cycle, the better one stays."""
    for head in range(len(weights)):
        better = others[head] > weights[head]
        weights[head] = others[head] if better else weights[head]
        entries[head] = other_entries[head] if better else entries[head]
