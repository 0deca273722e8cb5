"""Constituent trees as one label a word, and back. Each encoding is a pair of functions.

`ConstituentEncoding.encode` gives labels for any tree of `depparse.document.constituents` with a root. `decode` gives a
tree for any labels whatever. Both take O(n · depth).

- `absolute_ancestors` and `relative_ancestors`: how many ancestors a word shares with the next one, and the label of
  the lowest of them (Gómez-Rodríguez & Vilares 2018, *Constituent Parsing as Sequence Labeling*); relative ones count
  from the number of the word before. A label has three parts with blanks between: the number, the label, and that of
  constituents of the word alone. The last word shares none.
- `tetratags`: whether a word is a left or a right child in the binary tree, and the same of the node that parts it from
  the next word, with its label (Kitaev & Klein 2020, *Tetra-Tagging: Word-Synchronous Parsing with Linear-Time
  Inference*). Trees are made binary from the right. Where we differ: both tags of a word are one label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from depparse.document.constituents import Constituent, joined, parted

Tree = Sequence[Constituent]
_NONE = "-"  # in a label, for no constituent


class ConstituentEncoding(NamedTuple):
    """How trees become labels and labels become trees."""

    encode: Callable[[Tree, int], list[str]]  # of a tree and a number of words
    decode: Callable[[Sequence[str]], list[Constituent]]


# -- common ancestors


def _encode_absolute(tree: Tree, n_words: int) -> list[str]:
    return [" ".join((str(number), *parts)) for number, *parts in _shared(tree, n_words)]


def _encode_relative(tree: Tree, n_words: int) -> list[str]:
    labels, before = [], 0
    for number, *parts in _shared(tree, n_words):
        labels.append(" ".join((f"{number - before:+d}" if parts[0] != _NONE else "0", *parts)))
        before = number
    return labels


def _shared(tree: Tree, n_words: int) -> list[tuple[int, str, str]]:
    """For each word: how many constituents it shares with the next word, the label of the lowest of these, and
    that of constituents of the word alone."""
    constituents = joined(tree)
    alone = {start: label for start, end, label in constituents if start == end}
    larger = [constituent for constituent in constituents if constituent.start < constituent.end]
    shared = []
    for word in range(1, n_words + 1):
        both = [label for start, end, label in larger if start <= word < end]
        shared.append((len(both), both[-1] if both else _NONE, alone.get(word, _NONE)))
    return shared


def _decode_absolute(labels: Sequence[str]) -> list[Constituent]:
    parts = [label.split(" ") for label in labels]
    return _of_shared([(int(number), label, alone) for number, label, alone in parts])


def _decode_relative(labels: Sequence[str]) -> list[Constituent]:
    shared, before = [], 0
    for text in labels:
        number, label, alone = text.split(" ")
        before = before + int(number) if label != _NONE else 0
        shared.append((before, label, alone))
    return _of_shared(shared)


def _of_shared(shared: Sequence[tuple[int, str, str]]) -> list[Constituent]:
    """The tree of what `_shared` gives, or of anything else: of labels that contradict each other the first one counts,
    and constituents that nobody labels are left out."""
    tree: list[Constituent] = []
    stack: list[tuple[int, str | None]] = []  # the first word of what is open, and its label as soon as it is known
    for word, (number, label, alone) in enumerate(shared, 1):
        depth = 0 if word == len(shared) or label == _NONE else max(1, number)
        if len(stack) < depth:
            stack += [(word, None)] * (depth - len(stack))
        if depth and stack[depth - 1][1] is None:
            stack[depth - 1] = stack[depth - 1][0], label
        while len(stack) > depth:
            start, known = stack.pop()
            if known is not None:
                tree.append(Constituent(start, word, known))
        if alone != _NONE:
            tree.append(Constituent(word, word, alone))
    return parted(_once(tree))


def _once(tree: Tree) -> list[Constituent]:
    """The constituents, of several with the same words only the first."""
    spans: dict[tuple[int, int], str] = {}
    for start, end, label in tree:
        spans.setdefault((start, end), label)
    return [Constituent(start, end, label) for (start, end), label in spans.items()]


# -- tetratags


def _encode_tetratags(tree: Tree, n_words: int) -> list[str]:
    labels_of = {(start, end): label for start, end, label in joined(tree)}
    words, nodes = ["l"] * (n_words + 1), [""] * (n_words + 1)
    waiting = [(1, n_words, "L")]
    while waiting:
        start, end, side = waiting.pop()
        if start == end:
            words[start] = side.lower()
            continue
        split = _first_child(start, end, labels_of)
        nodes[split] = f"{side} {labels_of.get((start, end), _NONE)}"
        waiting += [(start, split, "L"), (split + 1, end, "R")]
    alone = [labels_of.get((word, word), _NONE) for word in range(n_words + 1)]
    return [
        " ".join((words[word], alone[word], *filter(None, nodes[word : word + 1]))) for word in range(1, n_words + 1)
    ]


def _first_child(start: int, end: int, labels: dict[tuple[int, int], str]) -> int:
    """The last word of the first child of a node: of the largest constituent at its beginning that is not the node."""
    return next((last for last in range(end - 1, start, -1) if (start, last) in labels), start)


def _decode_tetratags(labels: Sequence[str]) -> list[Constituent]:
    tree: list[Constituent] = []
    # Nodes that lack their right child, as their first words and labels. Those of one list end with the same word.
    stack: list[list[tuple[int, str]]] = []
    for word, text in enumerate(labels, 1):
        side, alone, *node = text.split(" ")
        tree.append(Constituent(word, word, alone))
        first = word
        is_last = word == len(labels)
        while stack and (side == "r" or is_last):
            nodes = stack.pop()
            tree += [Constituent(start, word, label) for start, label in nodes]
            first = nodes[0][0]
            if not is_last:
                break
        if len(node) == 2 and node[0] == "R" and stack:
            stack[-1].append((first, node[1]))
        else:
            stack.append([(first, node[1] if len(node) == 2 else _NONE)])
    return parted(_once([constituent for constituent in tree if constituent.label != _NONE]))


ENCODINGS: dict[str, ConstituentEncoding] = {
    "absolute_ancestors": ConstituentEncoding(_encode_absolute, _decode_absolute),
    "relative_ancestors": ConstituentEncoding(_encode_relative, _decode_relative),
    "tetratags": ConstituentEncoding(_encode_tetratags, _decode_tetratags),
}
