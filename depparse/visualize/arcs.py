"""The arcs of a tree, and at which heights they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from depparse.document.trees import Heads


@dataclass(slots=True)
class Arc:
    """An arc from the head to the dependent. An arc of head 0 is drawn as a line from above. `level` counts from 1."""

    head: int
    dependent: int
    label: str
    level: int = 0
    start: float = 0.0  # x at the head
    end: float = 0.0  # x at the dependent

    @property
    def first(self) -> int:
        """The leftmost of its words, in the order of the sentence."""
        return min(self.head or self.dependent, self.dependent)

    @property
    def last(self) -> int:
        """The rightmost of its words, in the order of the sentence."""
        return max(self.head, self.dependent)


def arcs_of(heads: Heads, labels: Sequence[str]) -> list[Arc]:
    """The arcs with their levels. An arc is above every shorter arc over the same words."""
    arcs = [
        Arc(head, word, label)
        for word, (head, label) in enumerate(zip(heads, labels, strict=True), 1)
        if head is not None and head != word
    ]
    levels = [0] * (len(heads) + 1)  # at i: the level of the highest arc so far between word i and the next
    for arc in sorted(arcs, key=lambda arc: abs(arc.head - arc.dependent)):
        if arc.head:
            first, end = min(arc.head, arc.dependent), max(arc.head, arc.dependent)
            arc.level = 1 + max(levels[first:end])
            levels[first:end] = [arc.level] * (end - first)
    for arc in arcs:
        if not arc.head:
            arc.level = 1 + max(levels[arc.dependent - 1], levels[arc.dependent])
    return arcs
