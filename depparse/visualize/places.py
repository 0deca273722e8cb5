"""Where the units of a drawing stand, and how they are broken into rows. All lengths are in pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain

from depparse.visualize.arcs import Arc
from depparse.visualize.content import Bar, Content
from depparse.visualize.ink import FORM, MARGIN, PADDING, RADIUS, SMALL, TOKEN, Row
from depparse.visualize.pixels import text_width

_SLOT = 7  # distance between the ends of arcs at one unit
_SPACE = 18  # least distance between units
_EDGE = 24  # space before the first unit of a row if arcs come in from the row before


def place_units(content: Content) -> tuple[list[float], list[float]]:
    """The x of the middle of each unit, and half of the width that the unit needs. Sets `start` and `end` of the arcs.

    From left to right, each unit stands as near to those before it as forms, tags, labels and bars allow.
    """
    units = content.units
    half_widths = [
        max([text_width(unit.form, FORM), *(text_width(line, SMALL) for line in unit.lines.values())]) / 2
        for unit in units
    ]
    # For each end of an arc, by its arc and unit: the x of the end minus the x of the unit's middle.
    offsets: dict[tuple[int, int], float] = {}
    for arcs in (content.above, content.below):
        for position, ends in enumerate(_ends(arcs, len(units)), 1):
            for number, arc in enumerate(ends):
                offsets[id(arc), position] = (number - (len(ends) - 1) / 2) * _SLOT
            root = max((text_width(arc.text, SMALL) for arc in ends if not arc.head), default=0.0)
            half_widths[position - 1] = max(half_widths[position - 1], root / 2, (len(ends) * _SLOT - 2) / 2)
    labelled = [(bar, text_width(bar.label, TOKEN)) for bar in content.tokens]
    labelled += [(bar, text_width(bar.text, SMALL) + 2 * PADDING) for bar in _bars(content)]
    for bar, width in labelled:
        if bar.first == bar.last:
            half_widths[bar.first - 1] = max(half_widths[bar.first - 1], width / 2)
    # For each unit: (an earlier unit, the least distance between the middles of both), from labels and bars.
    distances: list[list[tuple[int, float]]] = [[] for _ in units]
    for arc in content.arcs:
        if arc.head:
            room = text_width(arc.text, SMALL) + 2 * RADIUS + 4
            inner = offsets[id(arc), arc.first] - offsets[id(arc), arc.last]
            distances[arc.last - 1].append((arc.first - 1, room + inner))
    for bar, width in labelled:
        first, last = bar.first - 1, bar.last - 1
        distances[last].append((first, width - half_widths[first] - half_widths[last]))
    centres: list[float] = []
    for unit in range(len(units)):
        centre = centres[-1] + half_widths[unit - 1] + half_widths[unit] + _SPACE if unit else MARGIN + half_widths[0]
        centre = max([centre, *(centres[first] + room for first, room in distances[unit] if first < unit)])
        centres.append(centre)
    for arc in content.arcs:
        arc.end = centres[arc.dependent - 1] + offsets[id(arc), arc.dependent]
        arc.start = centres[arc.head - 1] + offsets[id(arc), arc.head] if arc.head else arc.end
    return centres, half_widths


def _bars(content: Content) -> Iterator[Bar]:
    return chain(content.entities, content.constituents, *content.groups)


def _ends(arcs: Sequence[Arc], length: int) -> list[list[Arc]]:
    """The arcs at each unit, from left to right, so that no two lines cross there.

    These are arcs to the left, the shorter first; the arc from ROOT; arcs to the right, the longer first. Of arcs of
    one length, the higher is outside.
    """
    ends: list[list[tuple[int, int, int, int, Arc]]] = [[] for _ in range(length)]
    for number, arc in enumerate(arcs):
        for unit, other in ((arc.head, arc.dependent), (arc.dependent, arc.head)):
            if unit:
                reach = other - unit if other else 0
                side = (reach > 0) - (reach < 0)
                ends[unit - 1].append((side, -reach, -side * arc.level, number, arc))
    return [[arc for *_, arc in sorted(group, key=lambda end: end[:4])] for group in ends]


def break_rows(
    content: Content, centres: Sequence[float], half_widths: Sequence[float], width: int | None
) -> list[Row]:
    """The rows, broken where few arcs cross, never inside a multiword token; before a break, labels have room."""
    length = len(centres)
    arcs = [arc for arc in content.arcs if arc.head]
    crossing = _crossing(length, arcs)
    cut = [a + b for a, b in zip(crossing, _crossing(length, content.entities), strict=True)]
    label_room = [0.0] * (length + 1)  # at i: what the longest label of the arcs between i units and later ones needs
    following = list(range(length + 2))  # at i: a boundary from i on, before which all have their room
    rooms = [(text_width(arc.text, SMALL) + 2 * RADIUS + 8, arc) for arc in arcs]
    for room, arc in sorted(rooms, key=lambda pair: -pair[0]):
        boundary = arc.first
        while boundary < arc.last:
            if following[boundary] == boundary:
                label_room[boundary] = room
                following[boundary] = boundary + 1
            # Each step makes the way of later arcs shorter.
            following[boundary] = following[following[boundary]]
            boundary = following[boundary]
    inside_tokens = {unit for token in content.tokens for unit in range(token.first, token.last)}
    rows: list[Row] = []
    first = 1
    while first <= length:
        start = centres[first - 1] - half_widths[first - 1] - (_EDGE if first > 1 and crossing[first - 1] else MARGIN)
        ends = {
            last: centres[last - 1] + half_widths[last - 1] + max(MARGIN, label_room[last])
            for last in range(first, length + 1)
            if last not in inside_tokens
        }
        last = length
        if width is not None:
            fitting = [last for last, end in ends.items() if end - start <= width] or [next(iter(ends))]
            late_breaks = [last for last in fitting if last == length or ends[last] - start > 0.75 * width]
            late_breaks = late_breaks or fitting[-1:]
            last = length if length in fitting else min(late_breaks, key=lambda last: (cut[last], -last))
        rows.append(Row(first, last, start, ends[last]))
        first = last + 1
    return rows


def _crossing(length: int, parts: Sequence[Arc] | Sequence[Bar]) -> list[int]:
    """At i: the number of arcs or bars that the boundary between the first i units and the later ones cuts."""
    changes = [0] * (length + 2)
    for part in parts:
        changes[part.first] += 1
        changes[part.last] -= 1
    return list(accumulate(changes))
