"""Draws a row of words with all that is above and below them."""

from __future__ import annotations

from collections.abc import Sequence

from depparse.visualize.bars import BarDrawer
from depparse.visualize.content import Content
from depparse.visualize.ink import FORM, MARGIN, SMALL, TOKEN, Ink
from depparse.visualize.lines import LEVEL, arcs_in, draw_arcs
from depparse.visualize.pixels import text_width

_GROUND = 26  # distance from the feet of the arcs to the baseline of the forms
_LINE = 15  # distance from one small line to the next
_ORDER = ("hit", "upos", "xpos", "lemma", "feats")  # of small lines


def draw_row(ink: Ink, content: Content, centres: Sequence[float], halves: Sequence[float]) -> float:
    """Draws a row and returns the y of its lower edge; `centres` and `halves` are those of `place_units`.

    Below one another stand the arcs of the tree, forms, small lines, multiword tokens, entities, constituents, the arcs
    of the enhanced graph, and frames.
    """
    row, bars = ink.row, BarDrawer(ink, content, centres)
    above, levels = arcs_in(ink, content.above)
    ground = ink.top + MARGIN + len(levels) * LEVEL + (SMALL if levels else 0)  # y of the feet of the arcs
    base = ground + (_GROUND if levels else FORM)  # y of the line on which the forms stand
    for first, last in content.marked:
        if row.meets(first, last):
            left, right = bars.ends(first, last)
            ink.rect("mark", left - 4, right + 4, base - FORM - 1, FORM + 7, 4)
    draw_arcs(ink, above, levels, ground)
    bottom = _draw_words(ink, content, bars, halves, base, {arc.dependent for arc in above if not arc.head})
    bottom = _draw_tokens(ink, content, bars, bottom)
    for nested in filter(None, (content.entities, content.constituents)):
        bottom = bars.nested(nested, bottom + 4)
    below, levels = arcs_in(ink, content.below)
    if below:
        draw_arcs(ink, below, levels, bottom + 4, lambda position: bars.floor(position) + 9)
        bottom += 4 + len(levels) * LEVEL + SMALL + 5
    if content.groups:
        bottom = bars.frames(bottom + 4)
    return bottom + MARGIN


def _draw_words(
    ink: Ink, content: Content, bars: BarDrawer, halves: Sequence[float], base: float, roots: set[int]
) -> float:
    """Draws the forms on the y `base`, and the small lines below them; returns the y of the lowest line."""
    row = ink.row
    here = range(row.first, row.last + 1)
    # Features are the last lines, numbered; all other lines have one place for all words of the drawing.
    numbers = {name: None for unit in content.units for name in unit.lines}
    order = sorted(numbers, key=lambda name: (_ORDER.index(name.partition(" ")[0]), int(name.partition(" ")[2] or 0)))
    lines = {
        name: line
        for line, name in enumerate(order)
        if not name.startswith("feats") or any(name in content.units[unit - 1].lines for unit in here)
    }
    for position in here:
        unit, x = content.units[position - 1], bars.centres[position - 1]
        kind = "form" + " root" * (position in roots) + " empty" * unit.empty
        ink.text(kind, x, base, unit.form, foreign=True)
        lowest = base + 5
        for name, text in unit.lines.items():
            kind = "tag" if name == "upos" else "line " + name.partition(" ")[0]
            y = base + 17 + _LINE * lines[name]
            ink.text(kind, x, y, text, foreign=name == "lemma")
            lowest = y + 2
        bars.taken.append((x - halves[position - 1], x + halves[position - 1], lowest))
    return base + (18 + _LINE * (len(lines) - 1) if lines else 0)


def _draw_tokens(ink: Ink, content: Content, bars: BarDrawer, bottom: float) -> float:
    """Draws a bracket and the form of each multiword token below the y `bottom`; returns the y below them."""
    tokens = [token for token in content.tokens if ink.row.first <= token.first <= ink.row.last]
    for token in tokens:
        left, right = bars.ends(token.first, token.last)
        y = bottom + 8
        ink.path("bracket", f"M{ink.x(left):.1f} {y} v5 H{ink.x(right):.1f} v-5")
        middle, half = (left + right) / 2, text_width(token.label, TOKEN) / 2
        ink.text("token", middle, y + 22, token.label, foreign=True)
        bars.taken.append((min(left, middle - half), max(right, middle + half), y + 26))
    return bottom + (34 if tokens else 0)
