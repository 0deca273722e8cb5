"""Arcs of trees and graphs, and at which heights they are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from depparse.document.trees import Heads


@dataclass(slots=True)
class Arc:
    """An arc from the head to the dependent. An arc of head 0 is a line from outside. `level` counts from 1.

    Head and dependent are positions of units of a drawing (see `content.py`), from 1. `more` is what the enhanced graph
    adds to the label, `number` the probability, as both are drawn.
    """

    head: int
    dependent: int
    label: str
    more: str = ""
    number: str = ""
    kind: str = ""  # further classes of its elements, such as "uncertain"
    level: int = 0
    start: float = 0.0  # x at the head
    end: float = 0.0  # x at the dependent

    @property
    def first(self) -> int:
        """The leftmost of its units, in the order of the sentence."""
        return min(self.head or self.dependent, self.dependent)

    @property
    def last(self) -> int:
        """The rightmost of its units, in the order of the sentence."""
        return max(self.head, self.dependent)

    @property
    def text(self) -> str:
        """All that is written at the arc."""
        return self.label + self.more + self.number


def arcs_of(heads: Heads, labels: Sequence[str]) -> list[Arc]:
    """The arcs of a tree, with their levels. Words without a head, or that are their own, have none."""
    pairs = enumerate(zip(heads, labels, strict=True), 1)
    arcs = [Arc(head, word, label) for word, (head, label) in pairs if head is not None and head != word]
    set_levels(arcs, len(heads))
    return arcs


def set_levels(arcs: Iterable[Arc], length: int) -> None:
    """Sets the levels of arcs over `length` units. An arc is above every shorter arc over the same units."""
    levels = [0] * (length + 1)  # at i: the level of the highest arc so far between unit i and the next
    for arc in sorted(arcs, key=lambda arc: abs(arc.head - arc.dependent)):
        if arc.head:
            arc.level = 1 + max(levels[arc.first : arc.last])
            levels[arc.first : arc.last] = [arc.level] * (arc.last - arc.first)
    for arc in arcs:
        if not arc.head:
            arc.level = 1 + max(levels[arc.dependent - 1], levels[arc.dependent])
