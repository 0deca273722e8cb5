"""Draws arcs with their labels in a row: those of the tree above the words, those of the enhanced graph below."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf

from depparse.visualize.arcs import Arc
from depparse.visualize.ink import RADIUS, SMALL, Ink
from depparse.visualize.pixels import text_width

LEVEL = 24  # vertical distance between one arc and the next above it


def arcs_in(ink: Ink, arcs: Sequence[Arc]) -> tuple[list[Arc], dict[int, int]]:
    """The arcs that the row has a part of, and for each of their levels the height, from 1.

    Levels that no arc of the row has are left out, so no row is higher than it needs to be.
    """
    shown = [arc for arc in arcs if ink.row.meets(arc.first, arc.last)]
    return shown, {level: rank for rank, level in enumerate(sorted({arc.level for arc in shown}), 1)}


def draw_arcs(
    ink: Ink,
    arcs: Sequence[Arc],
    levels: dict[int, int],
    ground: float,
    foot: Callable[[float], float] | None = None,
) -> None:
    """Draws the arcs of `arcs_in`: above the y `ground`, or below it if there is a `foot`.

    That tells for the x of each leg to which y it goes on up, beyond the ground.
    """
    up = 1 if foot is None else -1
    row = ink.row
    heights = [ground - up * levels[arc.level] * LEVEL for arc in arcs]
    for arc, y in zip(arcs, heights, strict=True):
        _draw_arc(ink, arc, y, up, foot or (lambda _: ground))
    legs = sorted((place, arc.level) for arc in arcs for place in row.stretch(arc) if row.start < place < row.end)
    for arc, y in zip(arcs, heights, strict=True):
        if arc.text:
            _draw_label(ink, arc, y - 5 if up > 0 else y + 13, legs)


def _draw_arc(ink: Ink, arc: Arc, y: float, up: int, foot: Callable[[float], float]) -> None:
    kind = " ".join(filter(None, ("arc", arc.kind)))
    end = ink.x(arc.end)
    ground = foot(arc.end)
    tip = f"M{end:.1f} {ground + 7 * up:.1f} l-3.6 {-8 * up} h7.2 z"
    left, right = ink.row.stretch(arc)
    start, end = map(ink.x, (left, right) if arc.start < arc.end else (right, left))
    turn, rise = (RADIUS if end > start else -RADIUS), RADIUS * up
    path = f"M{start:.1f} {y:.1f}"
    if not arc.head:
        path += f" V{ground:.1f}"
    else:
        if ink.row.first <= arc.head <= ink.row.last:
            path = f"M{start:.1f} {foot(arc.start) + 5 * up:.1f} V{y + rise:.1f} q0 {-rise} {turn} {-rise}"
        if ink.row.first <= arc.dependent <= ink.row.last:
            path += f" H{end - turn:.1f} q{turn} 0 {turn} {rise} V{ground:.1f}"
        else:
            path, tip = f"{path} H{end:.1f}", ""
    ink.path(kind, path)
    if tip:
        ink.path("tip enhanced" if "enhanced" in arc.kind else "tip", tip)


def _draw_label(ink: Ink, arc: Arc, y: float, legs: Sequence[tuple[float, int]]) -> None:
    """Draws the label over the middle of its arc, or near the middle where no leg of a higher arc crosses the label.

    If there is no such place, the label hides the leg behind it. `legs` are the sorted (x, level) of arcs. If an arc
    goes on in another row, a part of it that is too short for the label gets none; the part in the row where the arc
    begins always has room.
    """
    length = text_width(arc.text, SMALL) + 8
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
            ink.rect("paper", middle - length / 2, middle + length / 2, y - 9, 12)
    kind = " ".join(filter(None, ("label", arc.kind)))
    ink.text(kind, middle, y, arc.label, more=arc.more, number=arc.number)
