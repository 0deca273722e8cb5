"""Dependency trees as SVG: arcs above the words, labels on the arcs, multiword tokens bracketed below.

Each sentence is one picture, in one row or in rows of a given width; an arc that goes on in the next row runs to the
edge. The picture loads no scripts, no fonts and nothing else. It has its own background, which is dark if the viewer
prefers dark. Sentences in right-to-left scripts run from right to left.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf
from xml.sax.saxutils import escape

from depparse.document.sentence import Sentence
from depparse.document.trees import Heads
from depparse.printable import clean
from depparse.visualize.pixels import text_width
from depparse.visualize.text import check_drawn, drawn, is_right_to_left, shown_column

# All lengths are in pixels.
_MARGIN = 16
_FORM, _SMALL = 16, 11  # font sizes: of forms, and of labels and tags
_LEVEL = 24  # vertical distance between one arc and the next above it
_SLOT = 7  # distance between the ends of arcs at one word
_RADIUS = 8  # radius of the corners of arcs
_SPACE = 18  # least distance between words
_GROUND = 26  # distance from the feet of the arcs to the baseline of the forms
_EDGE = 24  # space before the first word of a row if arcs come in from the row before
_GAP = 18  # space between rows

_STYLE = """\
.depparse{font-family:system-ui,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;text-anchor:middle}
.depparse .paper{fill:#fff}.depparse .form{font-size:16px;fill:#1b1f24}.depparse .root{font-weight:600}
.depparse .tag{font-size:11px;fill:#2a7a4b}.depparse .token{font-size:13px;fill:#8250a8}
.depparse .label{font-size:11px;fill:#4a5261}
.depparse .arc,.depparse .bracket{fill:none;stroke:#7b8aa5;stroke-width:1.3}.depparse .bracket{stroke:#a987c4}
.depparse .tip{fill:#7b8aa5}
@media (prefers-color-scheme:dark){
.depparse .paper{fill:#16191d}.depparse .form{fill:#eceff3}.depparse .tag{fill:#7fce9f}.depparse .token{fill:#d0b0ea}
.depparse .label{fill:#b9c2d0}.depparse .arc{stroke:#8795ad}.depparse .tip{fill:#8795ad}
}"""


@dataclass(slots=True)
class _Arc:
    """An arc from the head to the dependent. An arc of head 0 is drawn as a line from above. `level` counts from 1."""

    head: int
    dependent: int
    label: str
    level: int = 0
    start: float = 0.0  # x at the head
    end: float = 0.0  # x at the dependent

    @property
    def first(self) -> int:
        return min(self.head or self.dependent, self.dependent)

    @property
    def last(self) -> int:
        return max(self.head, self.dependent)


def draw_svg(sentence: Sentence, *, width: int | None = None) -> str:
    """The tree as one SVG element, XML without a declaration. Words without a head have no arc.

    With `width` (pixels), words are broken into rows of at most that width; a wider word has a row of its own. Each arc
    is as low as the arcs below it allow. Raises ConfigError if this is no sentence.

    O(words · depth) for projective trees, O(words²) at worst.
    """
    check_drawn(sentence, width)
    forms = [drawn(form) for form in sentence.columns["FORM"]]
    tags = shown_column(sentence, "UPOS")
    arcs = _arcs(sentence.heads, shown_column(sentence, "DEPREL"))
    centres, half_widths = _place_words(sentence, forms, tags, arcs)
    rows = _rows(sentence, centres, half_widths, arcs, width)
    right_to_left = is_right_to_left(forms)
    full_width = max((row.end - row.start for row in rows), default=2.0 * _MARGIN)
    for row in rows[:-1]:
        row.end = row.start + full_width
    elements: list[str] = []
    height = 0.0
    for number, row in enumerate(rows):
        ink = _Ink(row, full_width, height + (_GAP if number else 0), right_to_left)
        height = _draw_row(ink, sentence, forms, tags, arcs, centres)
        elements += ink.elements
    height = height or 2.0 * _MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="depparse" role="img" '
        f'viewBox="0 0 {full_width:.0f} {height:.0f}" width="{full_width:.0f}" height="{height:.0f}">',
        f"<title>{escape(clean(sentence.text))}</title>",
        f"<desc>{escape(_description(forms, arcs))}</desc>",
        f"<style>{_STYLE}</style>",
        '<rect class="paper" width="100%" height="100%" rx="6"/>',
        *elements,
        "</svg>",
    ]) + "\n"  # fmt: skip


def _description(forms: Sequence[str], arcs: Sequence[_Arc]) -> str:
    """The tree in words, for users of screen readers."""
    phrases = [
        f"{forms[arc.dependent - 1]}: {arc.label or 'dependent'}" + (f" of {forms[arc.head - 1]}" if arc.head else "")
        for arc in arcs
    ]
    return "; ".join(phrases)


@dataclass(slots=True)
class _Row:
    """A row of the words `first` to `last`. It shows x from `start` to `end` of the line on which all words stand."""

    first: int
    last: int
    start: float
    end: float

    def stretch(self, arc: _Arc) -> tuple[float, float]:
        """The least and the greatest x of the arc in this row; an edge of the row if the arc goes on in another."""
        return (
            min(arc.start, arc.end) if arc.first >= self.first else self.start,
            max(arc.start, arc.end) if arc.last <= self.last else self.end,
        )


def _rows(
    sentence: Sentence, centres: Sequence[float], half_widths: Sequence[float], arcs: Sequence[_Arc], width: int | None
) -> list[_Row]:
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
    rooms = [(text_width(arc.label, _SMALL) + 2 * _RADIUS + 8, arc) for arc in arcs if arc.head]
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
    rows: list[_Row] = []
    first = 1
    while first <= length:
        start = centres[first - 1] - half_widths[first - 1] - (_EDGE if first > 1 and crossing[first - 1] else _MARGIN)
        ends = {
            last: centres[last - 1] + half_widths[last - 1] + max(_MARGIN, label_room[last])
            for last in range(first, length + 1)
            if last not in inside_tokens
        }
        last = length
        if width is not None:
            fitting = [last for last, end in ends.items() if end - start <= width] or [next(iter(ends))]
            late_breaks = [last for last in fitting if last == length or ends[last] - start > 0.75 * width]
            late_breaks = late_breaks or fitting[-1:]
            last = length if length in fitting else min(late_breaks, key=lambda last: (crossing[last], -last))
        rows.append(_Row(first, last, start, ends[last]))
        first = last + 1
    return rows


class _Ink:
    """Collects the SVG elements of a row, whose upper edge has the y `top`. x counts on the line of all words."""

    def __init__(self, row: _Row, total: float, top: float, right_to_left: bool) -> None:
        self.row, self.total, self.top, self.right_to_left = row, total, top, right_to_left
        self.elements: list[str] = []

    def x(self, position: float) -> float:
        """The x in the picture of a position on the line of all words."""
        position -= self.row.start
        return self.total - position if self.right_to_left else position

    def text(self, kind: str, position: float, y: float, text: str, attributes: str = "") -> None:
        self.elements.append(
            f'<text class="{kind}" x="{self.x(position):.1f}" y="{y:.1f}"{attributes}>{escape(text)}</text>'
        )


def _draw_row(
    ink: _Ink,
    sentence: Sentence,
    forms: Sequence[str],
    tags: Sequence[str],
    arcs: Sequence[_Arc],
    centres: Sequence[float],
) -> float:
    """Draws a row and returns the y of its lower edge."""
    row = ink.row
    shown = [arc for arc in arcs if arc.first <= row.last and arc.last >= row.first]
    # Levels that no arc of the row has are left out, so no row is higher than it needs to be.
    levels = {level: rank for rank, level in enumerate(sorted({arc.level for arc in shown}), 1)}
    ground = ink.top + _MARGIN + len(levels) * _LEVEL + (_SMALL if levels else 0)  # y of the feet of the arcs
    base = ground + (_GROUND if levels else _FORM)  # y of the line on which the forms stand
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
        left = min(centres[word] - text_width(forms[word], _FORM) / 2 for word in words)
        right = max(centres[word] + text_width(forms[word], _FORM) / 2 for word in words)
        y = bottom + 8
        ink.elements.append(f'<path class="bracket" d="M{ink.x(left):.1f} {y} v5 H{ink.x(right):.1f} v-5"/>')
        ink.text("token", (left + right) / 2, y + 22, drawn(token.cells.get("FORM", "_")), direction)
    return bottom + (34 if brackets else 0) + _MARGIN


def _draw_arc(ink: _Ink, arc: _Arc, y: float, ground: float) -> None:
    end = ink.x(arc.end)
    tip = f'<path class="tip" d="M{end:.1f} {ground + 7:.1f} l-3.6 -8 h7.2 z"/>'
    if not arc.head:
        ink.elements.append(f'<path class="arc" d="M{end:.1f} {y:.1f} V{ground:.1f}"/>{tip}')
        return
    left, right = ink.row.stretch(arc)
    start, end = map(ink.x, (left, right) if arc.start < arc.end else (right, left))
    turn = _RADIUS if end > start else -_RADIUS
    path = f"M{start:.1f} {y:.1f}"
    if ink.row.first <= arc.head <= ink.row.last:
        path = f"M{start:.1f} {ground + 5:.1f} V{y + _RADIUS:.1f} q0 {-_RADIUS} {turn} {-_RADIUS}"
    if ink.row.first <= arc.dependent <= ink.row.last:
        path += f" H{end - turn:.1f} q{turn} 0 {turn} {_RADIUS} V{ground:.1f}"
    else:
        path, tip = f"{path} H{end:.1f}", ""
    ink.elements.append(f'<path class="arc" d="{path}"/>{tip}')


def _draw_label(ink: _Ink, arc: _Arc, y: float, legs: Sequence[tuple[float, int]]) -> None:
    """Draws the label over the middle of its arc, or near the middle where no leg of a higher arc crosses the label.

    If there is no such place, the label hides the leg behind it. `legs` are the sorted (x, level) of arcs. If an arc
    goes on in another row, a part of it that is too short for the label gets none; the part in the row where the arc
    begins always has room.
    """
    length = text_width(arc.label, _SMALL) + 8
    left, right = ink.row.stretch(arc)
    middle = (left + right) / 2
    if arc.head:
        if (left == ink.row.start or right == ink.row.end) and right - left < length + _RADIUS:
            return
        inside = legs[bisect_right(legs, (left, inf)) : bisect_left(legs, (right,))]
        crossing = [leg for leg, level in inside if level > arc.level]
        free = [(a, b) for a, b in pairwise([left + _RADIUS, *crossing, right - _RADIUS]) if b - a >= length]
        if free:
            a, b = min(free, key=lambda gap: max(gap[0] - middle, middle - gap[1], 0.0))
            middle = min(max(middle, a + length / 2), b - length / 2)
        elif crossing:
            x = ink.x(middle) - length / 2
            ink.elements.append(f'<rect class="paper" x="{x:.1f}" y="{y - 9:.1f}" width="{length:.1f}" height="12"/>')
    ink.text("label", middle, y, arc.label)


def _arcs(heads: Heads, labels: Sequence[str]) -> list[_Arc]:
    """The arcs with their levels. An arc is above every shorter arc over the same words."""
    arcs = [
        _Arc(head, word, label)
        for word, (head, label) in enumerate(zip(heads, labels, strict=True), 1)
        if head is not None and head != word
    ]
    levels = [0] * (len(heads) + 1)  # at i: the level of the highest arc so far between word i and the next
    for arc in sorted(arcs, key=lambda arc: abs(arc.head - arc.dependent)):
        if arc.head:
            first, end = min(arc.head, arc.dependent), max(arc.head, arc.dependent)
            arc.level = 1 + max(levels[first:end])
            levels[first:end] = [arc.level] * (end - first)
    for arc in arcs:
        if not arc.head:
            arc.level = 1 + max(levels[arc.dependent - 1], levels[arc.dependent])
    return arcs


def _place_words(
    sentence: Sentence, forms: Sequence[str], tags: Sequence[str], arcs: Sequence[_Arc]
) -> tuple[list[float], list[float]]:
    """The x of the middle of each word, and half of the width that the word needs. Sets `start` and `end` of the arcs.

    From left to right, each word stands as near to those before it as forms, tags, labels and brackets allow.
    """
    # The arcs at a word are ordered from left to right: arcs to the left, the shorter first; the arc from ROOT; arcs to
    # the right, the longer first. So no two lines cross at a word.
    arc_ends: list[list[tuple[int, int, _Arc]]] = [[] for _ in forms]
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
        root = max((text_width(arc.label, _SMALL) for _, _, arc in group if not arc.head), default=0.0)
        tag, form = text_width(tags[word - 1], _SMALL), text_width(forms[word - 1], _FORM)
        half_widths.append(max(form, tag, root, len(group) * _SLOT - 2) / 2)
    # For each word: (an earlier word, the least distance between the middles of both), from labels and brackets.
    distances: list[list[tuple[int, float]]] = [[] for _ in forms]
    for arc in arcs:
        if arc.head:
            first, last = sorted((arc.head, arc.dependent))
            room = text_width(arc.label, _SMALL) + 2 * _RADIUS + 4
            inner = offsets[first, arc.dependent] - offsets[last, arc.dependent]
            distances[last - 1].append((first - 1, room + inner))
    for multiword in sentence.mwts:
        first, last = multiword.start - 1, multiword.end - 1
        distances[last].append(
            (first, text_width(drawn(multiword.cells.get("FORM", "_")), 13) - half_widths[first] - half_widths[last])
        )
    centres: list[float] = []
    for word in range(len(forms)):
        centre = centres[-1] + half_widths[word - 1] + half_widths[word] + _SPACE if word else _MARGIN + half_widths[0]
        centre = max([centre, *(centres[first] + room for first, room in distances[word] if first < word)])
        centres.append(centre)
    for arc in arcs:
        arc.end = centres[arc.dependent - 1] + offsets[arc.dependent, arc.dependent]
        arc.start = centres[arc.head - 1] + offsets[arc.head, arc.dependent] if arc.head else arc.end
    return centres, half_widths
