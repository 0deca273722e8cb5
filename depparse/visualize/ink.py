"""Rows of a drawing, and the SVG elements in a row. All lengths are in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from depparse.visualize.arcs import Arc

MARGIN = 16
FORM, SMALL = 16, 11  # font sizes: of forms, and of labels and tags
RADIUS = 8  # radius of the corners of arcs


@dataclass(slots=True)
class Row:
    """A row of the words `first` to `last`. It shows x from `start` to `end` of the line on which all words stand."""

    first: int
    last: int
    start: float
    end: float

    def stretch(self, arc: Arc) -> tuple[float, float]:
        """The least and the greatest x of the arc in this row; an edge of the row if the arc goes on in another."""
        return (
            min(arc.start, arc.end) if arc.first >= self.first else self.start,
            max(arc.start, arc.end) if arc.last <= self.last else self.end,
        )


class Ink:
    """Collects the SVG elements of a row, whose upper edge has the y `top`. x counts on the line of all words."""

    def __init__(self, row: Row, total: float, top: float, right_to_left: bool) -> None:
        self.row, self.total, self.top, self.right_to_left = row, total, top, right_to_left
        self.elements: list[str] = []

    def x(self, position: float) -> float:
        """The x in the picture of a position on the line of all words."""
        position -= self.row.start
        return self.total - position if self.right_to_left else position

    def text(self, kind: str, position: float, y: float, text: str, attributes: str = "") -> None:
        """Adds a text of the class `kind`, centred at the position."""
        self.elements.append(
            f'<text class="{kind}" x="{self.x(position):.1f}" y="{y:.1f}"{attributes}>{escape(text)}</text>'
        )
