"""Constituent trees as labelled spans.

A `Constituent` spans the words from `start` to `end`, both included and counted from 1. A tree is a list of them in the
order of opening brackets: what begins first, and of those the larger one, comes first; of two with the same words the
outer one. All nest. Words and their tags are not part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from depparse.errors import DepparseError

JOINT = "+"  # between the labels of constituents with the same words, from the outer one to the inner one


class Constituent(NamedTuple):
    """A constituent: its first and its last word, and its label, such as ``NP`` or ``NP-SBJ``."""

    start: int
    end: int
    label: str


def check_tree(tree: Sequence[Constituent], n_words: int) -> None:
    """Raises DepparseError unless the constituents nest, are in order, and have words of the sentence."""
    open_ends: list[int] = []
    before = Constituent(1, n_words, "")
    for constituent in tree:
        start, end, _ = constituent
        if not 1 <= start <= end <= n_words:
            raise DepparseError(f"{constituent} is not within a sentence of {n_words} words")
        if (start, -end) < (before.start, -before.end):
            raise DepparseError(f"{constituent} stands behind {before}, which begins later or is smaller")
        while open_ends and open_ends[-1] < start:
            open_ends.pop()
        if open_ends and open_ends[-1] < end:
            raise DepparseError(f"{constituent} crosses a constituent that ends with the word {open_ends[-1]}")
        open_ends.append(end)
        before = constituent


def joined(tree: Sequence[Constituent]) -> list[Constituent]:
    """The tree with one constituent for each span; labels of constituents with the same words are joined."""
    spans: dict[tuple[int, int], list[str]] = {}
    for start, end, label in tree:
        spans.setdefault((start, end), []).append(label)
    return [Constituent(start, end, JOINT.join(labels)) for (start, end), labels in spans.items()]


def parted(tree: Sequence[Constituent]) -> list[Constituent]:
    """The tree in which labels that `joined` joined are constituents of their own, in order."""
    ordered = sorted(tree, key=lambda constituent: (constituent.start, -constituent.end))
    return [Constituent(start, end, part) for start, end, label in ordered for part in label.split(JOINT)]


def ordered(constituents: Iterable[Constituent]) -> list[Constituent]:
    """The constituents in the order of a tree; of those with the same words, the first one is the outer one."""
    return sorted(constituents, key=lambda constituent: (constituent.start, -constituent.end))
