"""Draws bars under the words of a row: entities, constituents, and the predicate and the arguments of each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from depparse.visualize.content import Bar, Content
from depparse.visualize.ink import FORM, PADDING, SMALL, Ink
from depparse.visualize.pixels import text_width

STEP = 20  # vertical distance between one bar and the next below it
_HEIGHT = 16
_BEYOND = 3  # how far a bar reaches beyond its words


class BarDrawer:
    """Draws bars in a row; `centres` are the places of the units. A bar that goes on in another row runs to the edge.

    A label that is longer than the part of its bar in the row reaches beyond it, with no other bar beside it.
    """

    def __init__(self, ink: Ink, content: Content, centres: Sequence[float]) -> None:
        self.ink, self.content, self.centres = ink, content, centres
        self.taken: list[tuple[float, float, float]] = []  # (left, right, lower edge) of what was drawn

    def floor(self, position: float) -> float:
        """The y below everything that was drawn at this place."""
        return max((y for left, right, y in self.taken if left - 3 < position < right + 3), default=0.0)

    def ends(self, first: int, last: int) -> tuple[float, float]:
        """The least and the greatest x of the forms of these units in the row; its edges where there are more units."""
        row = self.ink.row
        inside = range(max(first, row.first), min(last, row.last) + 1)
        halves = {unit: text_width(self.content.units[unit - 1].form, FORM) / 2 for unit in inside}
        left = min(self.centres[unit - 1] - half for unit, half in halves.items())
        right = max(self.centres[unit - 1] + half for unit, half in halves.items())
        return (left if first >= row.first else row.start, right if last <= row.last else row.end)

    def nested(self, bars: Sequence[Bar], bottom: float) -> float:
        """Draws bars below the y `bottom`, inner ones above outer ones, and returns the y below them."""
        return self._stack([bar for bar in bars if self._is_here(bar)], bottom)

    def frames(self, bottom: float) -> float:
        """Draws the frames below the y `bottom`, each with a line through its bars, and returns the y below them."""
        for group in self.content.groups:
            here = [bar for bar in group if self._is_here(bar)]
            if not here:
                continue
            predicate = group[0]
            if not self._is_here(predicate):  # in this row, the bars tell whose they are
                here = [replace(bar, label=f"{bar.label} of {predicate.label}") for bar in here]
            left, right = self.ends(min(bar.first for bar in group), max(bar.last for bar in group))
            middle = bottom + STEP - _HEIGHT / 2
            self.ink.path("link", f"M{self.ink.x(left):.1f} {middle:.1f} H{self.ink.x(right):.1f}")
            bottom = self._stack(here, bottom)
        return bottom

    def _is_here(self, bar: Bar) -> bool:
        return self.ink.row.meets(bar.first, bar.last)

    def _stack(self, bars: Sequence[Bar], bottom: float) -> float:
        """Draws bars, each below all that are shorter and would overlap."""
        levels: list[list[tuple[float, float]]] = []  # for each level: what is taken
        for bar in sorted(bars, key=lambda bar: (bar.last - bar.first, bar.first)):
            left, right, middle, width = self._place(bar)
            taken = min(left, middle - width / 2), max(right, middle + width / 2)
            level = len(levels)
            while level and not any(a < taken[1] and taken[0] < b for a, b in levels[level - 1]):
                level -= 1
            if level == len(levels):
                levels.append([])
            levels[level].append(taken)
            y = bottom + level * STEP + STEP - _HEIGHT
            if bar.first == bar.last:  # the place of the word has room for the label
                left, right = taken
            self.ink.rect(f"bar {bar.kind}", left, right, y, _HEIGHT, 4)
            self.ink.text(f"name {bar.kind}", middle, y + 12, bar.label, number=bar.number)
            self.taken.append((*taken, y + _HEIGHT))
        return bottom + len(levels) * STEP

    def _place(self, bar: Bar) -> tuple[float, float, float, float]:
        """The least and the greatest x of the bar in the row, and the middle and the width of its label."""
        start, stop = self.ink.row.start, self.ink.row.end
        left, right = self.ends(bar.first, bar.last)
        left, right = max(left - _BEYOND, start), min(right + _BEYOND, stop)
        width = text_width(bar.text, SMALL) + 2 * PADDING
        edge = start + self.ink.total
        middle = min(max((left + right) / 2, start + width / 2), max(edge - width / 2, start))
        return left, right, middle, width
