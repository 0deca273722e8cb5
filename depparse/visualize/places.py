"""Where the words of a drawing stand, and how they are broken into rows. All lengths are in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from depparse.document.sentence import Sentence
from depparse.visualize.arcs import Arc
from depparse.visualize.ink import FORM, MARGIN, RADIUS, SMALL, Row
from depparse.visualize.pixels import text_width
from depparse.visualize.text import drawn

_SLOT = 7  # distance between the ends of arcs at one word
_SPACE = 18  # least distance between words
_EDGE = 24  # space before the first word of a row if arcs come in from the row before


def place_words(
    sentence: Sentence, forms: Sequence[str], tags: Sequence[str], arcs: Sequence[Arc]
) -> tuple[list[float], list[float]]:
    """The x of the middle of each word, and half of the width that the word needs. Sets `start` and `end` of the arcs.

    From left to right, each word stands as near to those before it as forms, tags, labels and brackets allow.
    """
    # The arcs at a word are ordered from left to right: arcs to the left, the shorter first; the arc from ROOT; arcs to
    # the right, the longer first. So no two lines cross at a word.
    arc_ends: list[list[tuple[int, int, Arc]]] = [[] for _ in forms]
    for arc in arcs:
        for word, other in ((arc.head, arc.dependent), (arc.dependent, arc.head)):
            if word:
                reach = other - word if other else 0
                arc_ends[word - 1].append(((reach > 0) - (reach < 0), -reach, arc))
    # For each (word, dependent of an arc at it): the x of the arc's end minus the x of the word's middle.
    offsets: dict[tuple[int, int], float] = {}
    half_widths = []  # half the width of each word with what stands above and below it
    for word, group in enumerate(arc_ends, 1):
        group.sort(key=lambda end: end[:2])
        for number, (_, _, arc) in enumerate(group):
            offsets[word, arc.dependent] = (number - (len(group) - 1) / 2) * _SLOT
        root = max((text_width(arc.label, SMALL) for _, _, arc in group if not arc.head), default=0.0)
        tag, form = text_width(tags[word - 1], SMALL), text_width(forms[word - 1], FORM)
        half_widths.append(max(form, tag, root, len(group) * _SLOT - 2) / 2)
    # For each word: (an earlier word, the least distance between the middles of both), from labels and brackets.
    distances: list[list[tuple[int, float]]] = [[] for _ in forms]
    for arc in arcs:
        if arc.head:
            first, last = sorted((arc.head, arc.dependent))
            room = text_width(arc.label, SMALL) + 2 * RADIUS + 4
            inner = offsets[first, arc.dependent] - offsets[last, arc.dependent]
            distances[last - 1].append((first - 1, room + inner))
    for multiword in sentence.mwts:
        first, last = multiword.start - 1, multiword.end - 1
        distances[last].append(
            (first, text_width(drawn(multiword.cells.get("FORM", "_")), 13) - half_widths[first] - half_widths[last])
        )
    centres: list[float] = []
    for word in range(len(forms)):
        centre = centres[-1] + half_widths[word - 1] + half_widths[word] + _SPACE if word else MARGIN + half_widths[0]
        centre = max([centre, *(centres[first] + room for first, room in distances[word] if first < word)])
        centres.append(centre)
    for arc in arcs:
        arc.end = centres[arc.dependent - 1] + offsets[arc.dependent, arc.dependent]
        arc.start = centres[arc.head - 1] + offsets[arc.head, arc.dependent] if arc.head else arc.end
    return centres, half_widths


def break_rows(
    sentence: Sentence, centres: Sequence[float], half_widths: Sequence[float], arcs: Sequence[Arc], width: int | None
) -> list[Row]:
    """The rows, broken where few arcs cross, never inside a multiword token; before a break, labels have room."""
    length = len(centres)
    changes = [0] * (length + 2)  # at i: by how many arcs more cross the boundary behind word i than the one before
    for arc in arcs:
        if arc.head:
            changes[arc.first] += 1
            changes[arc.last] -= 1
    crossing = list(accumulate(changes))  # at i: the number of arcs between the first i words and the later ones
    label_room = [0.0] * (length + 1)  # at i: what the longest of their labels needs
    following = list(range(length + 2))  # at i: a boundary from i on, before which all have their room
    rooms = [(text_width(arc.label, SMALL) + 2 * RADIUS + 8, arc) for arc in arcs if arc.head]
    for room, arc in sorted(rooms, key=lambda pair: -pair[0]):
        boundary = arc.first
        while boundary < arc.last:
            if following[boundary] == boundary:
                label_room[boundary] = room
                following[boundary] = boundary + 1
            # Each step makes the way of later arcs shorter.
            following[boundary] = following[following[boundary]]
            boundary = following[boundary]
    inside_tokens = {word for token in sentence.mwts for word in range(token.start, token.end)}
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
            last = length if length in fitting else min(late_breaks, key=lambda last: (crossing[last], -last))
        rows.append(Row(first, last, start, ends[last]))
        first = last + 1
    return rows
