"""Tables in plain text: the first column is aligned to the left, all others to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells. ``str`` gives aligned lines without rules, which other commands can read."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [self._line(row, widths) for row in (self.columns, *self.rows)]
        return "\n".join([self.title, *lines])

    @staticmethod
    def _line(cells: tuple[str, ...], widths: list[int]) -> str:
        padded = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "  ".join([cells[0].ljust(widths[0]), *padded]).rstrip()


def percent(fraction: float | None) -> str:
    """A fraction of 1 in percent with two decimals; empty for None."""
    return "" if fraction is None else f"{100 * fraction:.2f}"


def percent_range(low: float, high: float) -> str:
    """An interval of fractions of 1 in percent with two decimals."""
    return " to ".join(f"{round(100 * end, 2) + 0.0:.2f}" for end in (low, high))  # the sum makes 0.00 of -0.00
