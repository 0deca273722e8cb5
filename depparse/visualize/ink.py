"""Rows of a drawing, and the SVG elements in a row. All lengths are in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from depparse.visualize.arcs import Arc

MARGIN = 16
FORM, TOKEN, SMALL = 16, 13, 11  # font sizes: of forms, of multiword tokens, and of all else
RADIUS = 8  # radius of the corners of arcs
PADDING = 6  # between the label of a bar and its ends


@dataclass(slots=True)
class Row:
    """A row of the units `first` to `last`. It shows x from `start` to `end` of the line on which all units stand."""

    first: int
    last: int
    start: float
    end: float

    def meets(self, first: int, last: int) -> bool:
        """Whether any of the units `first` to `last` is in the row."""
        return first <= self.last and last >= self.first

    def stretch(self, arc: Arc) -> tuple[float, float]:
        """The least and the greatest x of the arc in this row; an edge of the row if the arc goes on in another."""
        return (
            min(arc.start, arc.end) if arc.first >= self.first else self.start,
            max(arc.start, arc.end) if arc.last <= self.last else self.end,
        )


class Ink:
    """Collects the SVG elements of a row, whose upper edge has the y `top`. x counts on the line of all units."""

    def __init__(self, row: Row, total: float, top: float, right_to_left: bool) -> None:
        self.row, self.total, self.top, self.right_to_left = row, total, top, right_to_left
        self.direction = ' direction="rtl"' if right_to_left else ""
        self.elements: list[str] = []

    def x(self, position: float) -> float:
        """The x in the picture of a position on the line of all units."""
        position -= self.row.start
        return self.total - position if self.right_to_left else position

    def text(
        self,
        kind: str,
        position: float,
        y: float,
        text: str,
        *,
        foreign: bool = False,
        more: str = "",
        number: str = "",
    ) -> None:
        """Adds a text of the class `kind`, centred at the position; a `foreign` one is in the script of the words.

        `more` follows the text and is of the enhanced graph; `number` comes last.
        """
        direction = self.direction if foreign else ""
        end = f'<tspan class="more">{escape(more)}</tspan>' if more else ""
        self.elements.append(
            f'<text class="{kind}" x="{self.x(position):.1f}" y="{y:.1f}"{direction}>{escape(text)}{end}{number}</text>'
        )

    def rect(self, kind: str, left: float, right: float, y: float, height: float, radius: int = 0) -> None:
        """Adds a rectangle of the class `kind` from one position to another."""
        x = min(self.x(left), self.x(right))
        corners = f' rx="{radius}"' if radius else ""
        self.elements.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{right - left:.1f}" height="{height:g}"{corners}/>'
        )

    def path(self, kind: str, path: str) -> None:
        """Adds a line of the class `kind`."""
        self.elements.append(f'<path class="{kind}" d="{path}"/>')
