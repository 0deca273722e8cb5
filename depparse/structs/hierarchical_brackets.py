"""Trees as hierarchical brackets, and back: the brackets of some arcs stand for those of others inside.

Ezquerro, Vilares, Yli-Jyrä & Gómez-Rodríguez 2025, *Hierarchical Bracketing Encodings for Dependency Parsing as
Tagging*. Projective trees have 12 labels, as in the paper. Any other tree has labels too, with stars that count what is
to be skipped; how they count is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

NO_HEAD = -1
SKIP = "*"
BRACKETS = re.compile(r"([<>/\\])(\^?)(\**)")


class _Arc(NamedTuple):
    left: int
    right: int
    is_right: bool  # the dependent is on the right


def _ropes(heads: Sequence[int]) -> Iterator[tuple[_Arc, list[_Arc]]]:
    """Arcs with the shorter ones inside that share an end with them; all arcs, each once. Longer ones come first.

    No two of the former have the same left end, or the same right one.
    """
    arcs = [_Arc(min(head, word), max(head, word), head < word) for word, head in enumerate(heads) if word]
    arcs.sort(key=lambda arc: (arc.left, -arc.right))
    while arcs:
        rope, *others = arcs
        is_inside = [arc.right <= rope.right and (arc.left == rope.left or arc.right == rope.right) for arc in others]
        yield rope, [arc for arc, inside in zip(others, is_inside, strict=True) if inside]
        arcs = [arc for arc, inside in zip(others, is_inside, strict=True) if not inside]


def encode(heads: Sequence[int]) -> list[str]:
    """The labels of the words 1 to n of the tree ``heads[words]``, in which 0 is ROOT. O(n²)."""
    ropes = list(_ropes(heads))
    labels: list[list[str]] = [[] for _ in heads]
    for rope, inner in ropes:
        # The bracket that closes skips the ropes of its direction that have begun since, and go on.
        skipped = sum(
            other.is_right == rope.is_right and rope.left < other.left < rope.right < other.right for other, _ in ropes
        )
        labels[rope.left].append("/^" if rope.is_right else "<^")
        labels[rope.right].append((">^" if rope.is_right else "\\^") + SKIP * skipped)
        for arc in inner:
            if arc.left == rope.left:  # closes at its right end, and skips the ropes that have begun since
                begun = sum(rope.left < other.left < arc.right < other.right for other, _ in ropes)
                labels[arc.right].append((">" if arc.is_right else "\\") + SKIP * begun)
            else:  # opens at its left end, and skips the ropes over it that end before its own
                ended = sum(other.left < arc.left < other.right < rope.right for other, _ in ropes)
                labels[arc.left].append(("/" if arc.is_right else "<") + SKIP * ended)
    return ["".join(sorted(label, key=_order)) for label in labels[1:]]


def _order(bracket: str) -> tuple[bool, bool, str]:
    """Brackets that close stand before those that open, and those of ropes before others."""
    return bracket[0] in "</", "^" not in bracket, bracket


def decode(labels: Sequence[str]) -> list[int]:
    """``heads[words]`` for any labels of the words 1 to n; NO_HEAD where they tell none, and for ROOT. O(n²)."""
    heads = [NO_HEAD] * (len(labels) + 1)
    ropes: list[tuple[int, bool]] = [(0, True)]  # the left ends of ropes that go on, and their directions
    inner: list[list[int]] = []  # the left ends of arcs that end with a rope; how many are skipped; the direction
    for word, label in enumerate(labels, 1):
        for bracket, is_rope, stars in BRACKETS.findall(label):
            skipped, is_right = len(stars), bracket in "/>"
            if bracket in "</":
                if is_rope:
                    ropes.append((word, is_right))
                else:
                    inner.append([word, skipped, is_right])
            elif not is_rope:
                begun = [left for left, _ in ropes if left < word]
                if skipped < len(begun):
                    _attach(heads, begun[-1 - skipped], word, is_right)
            elif (found := _nth_last(ropes, skipped, is_right)) is not None:
                left, _ = ropes.pop(found)
                _attach(heads, left, word, is_right)
                for arc in [arc for arc in inner if left < arc[0] < word]:
                    if arc[1]:
                        arc[1] -= 1
                    else:
                        _attach(heads, arc[0], word, bool(arc[2]))
                        inner.remove(arc)
    return heads


def _nth_last(ropes: Sequence[tuple[int, bool]], skipped: int, is_right: bool) -> int | None:
    """The index of the last rope of that direction but `skipped` ones."""
    found = [index for index, (_, direction) in enumerate(ropes) if direction == is_right]
    return found[-1 - skipped] if skipped < len(found) else None


def _attach(heads: list[int], left: int, right: int, is_right: bool) -> None:
    """Writes the arc between two words. ROOT gets no head."""
    if is_right:
        heads[right] = left
    elif left:
        heads[left] = right
