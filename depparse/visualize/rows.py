"""Draws a row of words: the arcs above, their labels, the words, and the brackets of multiword tokens below."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import inf

from depparse.document.sentence import Sentence
from depparse.visualize.arcs import Arc
from depparse.visualize.ink import FORM, MARGIN, RADIUS, SMALL, Ink
from depparse.visualize.pixels import text_width
from depparse.visualize.text import drawn

_LEVEL = 24  # vertical distance between one arc and the next above it
_GROUND = 26  # distance from the feet of the arcs to the baseline of the forms


def draw_row(
    ink: Ink,
    sentence: Sentence,
    forms: Sequence[str],
    tags: Sequence[str],
    arcs: Sequence[Arc],
    centres: Sequence[float],
) -> float:
    """Draws a row and returns the y of its lower edge."""
    row = ink.row
    shown = [arc for arc in arcs if arc.first <= row.last and arc.last >= row.first]
    # Levels that no arc of the row has are left out, so no row is higher than it needs to be.
    levels = {level: rank for rank, level in enumerate(sorted({arc.level for arc in shown}), 1)}
    ground = ink.top + MARGIN + len(levels) * _LEVEL + (SMALL if levels else 0)  # y of the feet of the arcs
    base = ground + (_GROUND if levels else FORM)  # y of the line on which the forms stand
    bottom = base + (18 if any(tags) else 0)
    tops = {id(arc): ground - levels[arc.level] * _LEVEL for arc in shown}
    for arc in shown:
        _draw_arc(ink, arc, tops[id(arc)], ground)
    legs = sorted((place, arc.level) for arc in shown for place in row.stretch(arc) if row.start < place < row.end)
    for arc in shown:
        if arc.label:
            _draw_label(ink, arc, tops[id(arc)] - 5, legs)
    direction = ' direction="rtl"' if ink.right_to_left else ""
    root = {arc.dependent for arc in shown if arc.head == 0}
    for word in range(row.first, row.last + 1):
        ink.text("form root" if word in root else "form", centres[word - 1], base, forms[word - 1], direction)
        if tags[word - 1]:
            ink.text("tag", centres[word - 1], base + 17, tags[word - 1])
    brackets = [token for token in sentence.mwts if row.first <= token.start <= row.last]
    for token in brackets:
        words = range(token.start - 1, token.end)
        left = min(centres[word] - text_width(forms[word], FORM) / 2 for word in words)
        right = max(centres[word] + text_width(forms[word], FORM) / 2 for word in words)
        y = bottom + 8
        ink.elements.append(f'<path class="bracket" d="M{ink.x(left):.1f} {y} v5 H{ink.x(right):.1f} v-5"/>')
        ink.text("token", (left + right) / 2, y + 22, drawn(token.cells.get("FORM", "_")), direction)
    return bottom + (34 if brackets else 0) + MARGIN


def _draw_arc(ink: Ink, arc: Arc, y: float, ground: float) -> None:
    end = ink.x(arc.end)
    tip = f'<path class="tip" d="M{end:.1f} {ground + 7:.1f} l-3.6 -8 h7.2 z"/>'
    if not arc.head:
        ink.elements.append(f'<path class="arc" d="M{end:.1f} {y:.1f} V{ground:.1f}"/>{tip}')
        return
    left, right = ink.row.stretch(arc)
    start, end = map(ink.x, (left, right) if arc.start < arc.end else (right, left))
    turn = RADIUS if end > start else -RADIUS
    path = f"M{start:.1f} {y:.1f}"
    if ink.row.first <= arc.head <= ink.row.last:
        path = f"M{start:.1f} {ground + 5:.1f} V{y + RADIUS:.1f} q0 {-RADIUS} {turn} {-RADIUS}"
    if ink.row.first <= arc.dependent <= ink.row.last:
        path += f" H{end - turn:.1f} q{turn} 0 {turn} {RADIUS} V{ground:.1f}"
    else:
        path, tip = f"{path} H{end:.1f}", ""
    ink.elements.append(f'<path class="arc" d="{path}"/>{tip}')


def _draw_label(ink: Ink, arc: Arc, y: float, legs: Sequence[tuple[float, int]]) -> None:
    """Draws the label over the middle of its arc, or near the middle where no leg of a higher arc crosses the label.

    If there is no such place, the label hides the leg behind it. `legs` are the sorted (x, level) of arcs. If an arc
    goes on in another row, a part of it that is too short for the label gets none; the part in the row where the arc
    begins always has room.
    """
    length = text_width(arc.label, SMALL) + 8
    left, right = ink.row.stretch(arc)
    middle = (left + right) / 2
    if arc.head:
        if (left == ink.row.start or right == ink.row.end) and right - left < length + RADIUS:
            return
        inside = legs[bisect_right(legs, (left, inf)) : bisect_left(legs, (right,))]
        crossing = [leg for leg, level in inside if level > arc.level]
        free = [(a, b) for a, b in pairwise([left + RADIUS, *crossing, right - RADIUS]) if b - a >= length]
        if free:
            a, b = min(free, key=lambda gap: max(gap[0] - middle, middle - gap[1], 0.0))
            middle = min(max(middle, a + length / 2), b - length / 2)
        elif crossing:
            x = ink.x(middle) - length / 2
            ink.elements.append(f'<rect class="paper" x="{x:.1f}" y="{y - 9:.1f}" width="{length:.1f}" height="12"/>')
    ink.text("label", middle, y, arc.label)
