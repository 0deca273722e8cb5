"""Dependency trees as SVG: arcs above the words, labels on the arcs, multiword tokens bracketed below.

One picture a sentence, in one row or in rows of a given width, in which an arc that goes on in the next row runs to the
edge. No scripts, no fonts and nothing else from outside. It has its own background, which is dark where the viewer
prefers dark. Sentences in right-to-left scripts run from right to left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

import regex
from rich.cells import cell_len

from depparse.document.sentence import Sentence
from depparse.document.trees import Heads
from depparse.visualize.text import clean, is_right_to_left, shown_column

# All lengths are in pixels.
_MARGIN = 16
_FORM, _SMALL = 16, 11  # sizes of the forms, and of labels and tags
_LEVEL = 24  # between arcs, one above the other
_SLOT = 7  # between the ends of arcs at one word
_RADIUS = 8  # of the corners of arcs
_SPACE = 18  # at least, between words
_GROUND = 26  # from the feet of the arcs to the line of the forms
_EDGE = 24  # before the first word of a row that arcs come into
_GAP = 18  # between rows

# Shares of the font size: characters of the usual sans-serif fonts that are not as wide as most.
_WIDTHS = dict.fromkeys("iljtfrI.,:;'’|![]()/ -", 0.38) | dict.fromkeys("mwMW@%—…", 0.92)
_WIDE = regex.compile(r"[\p{Tamil}\p{Malayalam}]")
_BROAD = regex.compile(r"[\p{Telugu}\p{Kannada}\p{Sinhala}\p{Myanmar}]")
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}{2}")
_CHARACTER = regex.compile(r"\X")  # what one sees as a character
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
    """From the head to the dependent; `head` 0 is drawn as a line from above. Places are x, `level` counts from 1."""

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

    With `width` (pixels), the words stand in as many rows as it takes to stay within it; a word that is wider has a row
    of its own. An arc is as low as those below it allow: O(words · depth) for projective trees, O(words²) at worst.
    """
    forms = [clean(form) for form in sentence.columns["FORM"]]
    tags = shown_column(sentence, "UPOS")
    arcs = _arcs(sentence.heads, shown_column(sentence, "DEPREL"))
    places, half = _places(sentence, forms, tags, arcs)
    rows = _rows(sentence, places, half, arcs, width)
    right_to_left = is_right_to_left(forms)
    total = max((row.end - row.start for row in rows), default=2.0 * _MARGIN)
    for row in rows[:-1]:
        row.end = row.start + total
    drawn: list[str] = []
    height = 0.0
    for number, row in enumerate(rows):
        ink = _Ink(row, total, height + (_GAP if number else 0), right_to_left)
        height = _draw_row(ink, sentence, forms, tags, arcs, places)
        drawn += ink.drawn
    height = height or 2.0 * _MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="depparse" role="img" viewBox="0 0 {total:.0f} {height:.0f}" '
        f'width="{total:.0f}" height="{height:.0f}">',
        f"<title>{escape(clean(sentence.text))}</title>",
        f"<desc>{escape(_description(forms, arcs))}</desc>",
        f"<style>{_STYLE}</style>",
        '<rect class="paper" width="100%" height="100%" rx="6"/>',
        *drawn,
        "</svg>",
    ]) + "\n"  # fmt: skip


def _description(forms: Sequence[str], arcs: Sequence[_Arc]) -> str:
    """The tree in words, for those who hear it."""
    said = [
        f"{forms[arc.dependent - 1]}: {arc.label or 'dependent'}" + (f" of {forms[arc.head - 1]}" if arc.head else "")
        for arc in arcs
    ]
    return "; ".join(said)


@dataclass(slots=True)
class _Row:
    """The words `first` to `last`, and the stretch of the line of all words that it shows."""

    first: int
    last: int
    start: float
    end: float

    def stretch(self, arc: _Arc) -> tuple[float, float]:
        """From where to where the arc runs in the row; to its edges if it goes on in others."""
        return (
            min(arc.start, arc.end) if arc.first >= self.first else self.start,
            max(arc.start, arc.end) if arc.last <= self.last else self.end,
        )


def _rows(
    sentence: Sentence, places: Sequence[float], half: Sequence[float], arcs: Sequence[_Arc], width: int | None
) -> list[_Row]:
    """The rows, broken where few arcs go over, never inside a multiword token. At a break there is room for labels."""
    length = len(places)
    over = [0] * (length + 1)  # at i: arcs from the first i words to the rest
    room = [0.0] * (length + 1)  # and the longest of their labels
    for arc in arcs:
        if arc.head:
            for place in range(min(arc.head, arc.dependent), max(arc.head, arc.dependent)):
                over[place] += 1
                room[place] = max(room[place], _length(arc.label, _SMALL) + 2 * _RADIUS + 8)
    inside = {word for token in sentence.mwts for word in range(token.start, token.end)}
    rows: list[_Row] = []
    first = 1
    while first <= length:
        start = places[first - 1] - half[first - 1] - (_EDGE if first > 1 and over[first - 1] else _MARGIN)
        ends = {
            last: places[last - 1] + half[last - 1] + max(_MARGIN, room[last])
            for last in range(first, length + 1)
            if last not in inside
        }
        last = length
        if width is not None:
            fitting = [last for last, end in ends.items() if end - start <= width] or [next(iter(ends))]
            late = [last for last in fitting if last == length or ends[last] - start > 0.75 * width] or fitting[-1:]
            last = length if length in fitting else min(late, key=lambda last: (over[last], -last))
        rows.append(_Row(first, last, start, ends[last]))
        first = last + 1
    return rows


class _Ink:
    """What is drawn of a row. x is counted on the line of all words; `top` is the y of the upper edge."""

    def __init__(self, row: _Row, total: float, top: float, right_to_left: bool) -> None:
        self.row, self.total, self.top, self.right_to_left = row, total, top, right_to_left
        self.drawn: list[str] = []

    def x(self, place: float) -> float:
        place -= self.row.start
        return self.total - place if self.right_to_left else place

    def text(self, kind: str, place: float, y: float, text: str, attributes: str = "") -> None:
        self.drawn.append(f'<text class="{kind}" x="{self.x(place):.1f}" y="{y:.1f}"{attributes}>{escape(text)}</text>')


def _draw_row(
    ink: _Ink,
    sentence: Sentence,
    forms: Sequence[str],
    tags: Sequence[str],
    arcs: Sequence[_Arc],
    places: Sequence[float],
) -> float:
    """Draws a row and returns the y of its lower edge."""
    row = ink.row
    shown = [arc for arc in arcs if arc.first <= row.last and arc.last >= row.first]
    # Levels that no arc of the row has are left out, so rows are no higher than they need.
    levels = {level: rank for rank, level in enumerate(sorted({arc.level for arc in shown}), 1)}
    ground = ink.top + _MARGIN + len(levels) * _LEVEL + (_SMALL if levels else 0)  # y of the feet of the arcs
    base = ground + (_GROUND if levels else _FORM)  # y of the line on which the forms stand
    bottom = base + (18 if any(tags) else 0)
    tops = {id(arc): ground - levels[arc.level] * _LEVEL for arc in shown}
    for arc in shown:
        _draw_arc(ink, arc, tops[id(arc)], ground)
    legs = [(place, arc.level) for arc in shown for place in row.stretch(arc) if place not in (row.start, row.end)]
    for arc in shown:
        if arc.label:
            _draw_label(ink, arc, tops[id(arc)] - 5, legs)
    direction = ' direction="rtl"' if ink.right_to_left else ""
    root = {arc.dependent for arc in shown if arc.head == 0}
    for word in range(row.first, row.last + 1):
        ink.text("form root" if word in root else "form", places[word - 1], base, forms[word - 1], direction)
        if tags[word - 1]:
            ink.text("tag", places[word - 1], base + 17, tags[word - 1])
    brackets = [token for token in sentence.mwts if row.first <= token.start <= row.last]
    for token in brackets:
        words = range(token.start - 1, token.end)
        left = min(places[word] - _length(forms[word], _FORM) / 2 for word in words)
        right = max(places[word] + _length(forms[word], _FORM) / 2 for word in words)
        y = bottom + 8
        ink.drawn.append(f'<path class="bracket" d="M{ink.x(left):.1f} {y} v5 H{ink.x(right):.1f} v-5"/>')
        ink.text("token", (left + right) / 2, y + 22, clean(token.cells.get("FORM", "_")), direction)
    return bottom + (34 if brackets else 0) + _MARGIN


def _draw_arc(ink: _Ink, arc: _Arc, y: float, ground: float) -> None:
    end = ink.x(arc.end)
    tip = f'<path class="tip" d="M{end:.1f} {ground + 7:.1f} l-3.6 -8 h7.2 z"/>'
    if not arc.head:
        ink.drawn.append(f'<path class="arc" d="M{end:.1f} {y:.1f} V{ground:.1f}"/>{tip}')
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
    ink.drawn.append(f'<path class="arc" d="{path}"/>{tip}')


def _draw_label(ink: _Ink, arc: _Arc, y: float, legs: Sequence[tuple[float, int]]) -> None:
    """The label over the middle of its line, or near it where no line of an arc above crosses it.

    Where there is no such place, the line is hidden behind the label. A part of an arc that is too short for the label
    has none; the part at the end of the row in which the arc begins always has the room.
    """
    length = _length(arc.label, _SMALL) + 8
    left, right = ink.row.stretch(arc)
    middle = (left + right) / 2
    if arc.head:
        if (left == ink.row.start or right == ink.row.end) and right - left < length + _RADIUS:
            return
        crossing = sorted(place for place, level in legs if level > arc.level and left < place < right)
        free = [(a, b) for a, b in pairwise([left + _RADIUS, *crossing, right - _RADIUS]) if b - a >= length]
        if free:
            a, b = min(free, key=lambda gap: max(gap[0] - middle, middle - gap[1], 0.0))
            middle = min(max(middle, a + length / 2), b - length / 2)
        elif crossing:
            x = ink.x(middle) - length / 2
            ink.drawn.append(f'<rect class="paper" x="{x:.1f}" y="{y - 9:.1f}" width="{length:.1f}" height="12"/>')
    ink.text("label", middle, y, arc.label)


def _arcs(heads: Heads, labels: Sequence[str]) -> list[_Arc]:
    """The arcs with their levels, the shorter ones first: each is above all that share a stretch with it."""
    arcs = [
        _Arc(head, word, label)
        for word, (head, label) in enumerate(zip(heads, labels, strict=True), 1)
        if head is not None and head != word
    ]
    levels = [0] * (len(heads) + 1)  # at i: of the highest arc so far between word i and the next
    for arc in sorted(arcs, key=lambda arc: abs(arc.head - arc.dependent)):
        if arc.head:
            first, end = min(arc.head, arc.dependent), max(arc.head, arc.dependent)
            arc.level = 1 + max(levels[first:end])
            levels[first:end] = [arc.level] * (end - first)
    for arc in arcs:
        if not arc.head:
            arc.level = 1 + max(levels[arc.dependent - 1], levels[arc.dependent])
    return arcs


def _places(
    sentence: Sentence, forms: Sequence[str], tags: Sequence[str], arcs: Sequence[_Arc]
) -> tuple[list[float], list[float]]:
    """x of the middle of each word, and half of the width that it needs. Sets the ends of the arcs, a place for each.

    From left to right, each word stands as near to those before it as forms, tags, labels and brackets allow.
    """
    # At each word, from left to right: arcs to the left, the shorter first; that to the root; those to the right, the
    # longer first. So no two lines cross at a word.
    ends: list[list[tuple[int, int, _Arc]]] = [[] for _ in forms]
    for arc in arcs:
        for word, other in ((arc.head, arc.dependent), (arc.dependent, arc.head)):
            if word:
                reach = other - word if other else 0
                ends[word - 1].append(((reach > 0) - (reach < 0), -reach, arc))
    offsets: dict[tuple[int, int], float] = {}  # of the end of an arc (word, dependent) from the middle of the word
    half = []  # of the width of each word with all that stands over and under it
    for word, group in enumerate(ends, 1):
        group.sort(key=lambda end: end[:2])
        for number, (_, _, arc) in enumerate(group):
            offsets[word, arc.dependent] = (number - (len(group) - 1) / 2) * _SLOT
        root = max((_length(arc.label, _SMALL) for _, _, arc in group if not arc.head), default=0.0)
        tag, form = _length(tags[word - 1], _SMALL), _length(forms[word - 1], _FORM)
        half.append(max(form, tag, root, len(group) * _SLOT - 2) / 2)
    # What has to fit between two words: (first word, last word, length from middle to middle).
    needs: list[list[tuple[int, float]]] = [[] for _ in forms]
    for arc in arcs:
        if arc.head:
            first, last = sorted((arc.head, arc.dependent))
            room = _length(arc.label, _SMALL) + 2 * _RADIUS + 4
            inner = offsets[first, arc.dependent] - offsets[last, arc.dependent]
            needs[last - 1].append((first - 1, room + inner))
    for multiword in sentence.mwts:
        first, last = multiword.start - 1, multiword.end - 1
        needs[last].append((first, _length(multiword.cells.get("FORM", "_"), 13) - half[first] - half[last]))
    places: list[float] = []
    for word in range(len(forms)):
        place = places[-1] + half[word - 1] + half[word] + _SPACE if word else _MARGIN + half[0]
        place = max([place, *(places[first] + room for first, room in needs[word] if first < word)])
        places.append(place)
    for arc in arcs:
        arc.end = places[arc.dependent - 1] + offsets[arc.dependent, arc.dependent]
        arc.start = places[arc.head - 1] + offsets[arc.head, arc.dependent] if arc.head else arc.end
    return places, half


def _length(text: str, size: int) -> float:
    """About how wide the text is; rather too much than too little."""
    total = 0.0
    for character in _CHARACTER.findall(text) if not text.isascii() else text:
        total += 1.4 if _EMOJI.match(character) else sum(map(_width, character))
    return total * size


def _width(character: str) -> float:
    """The share of the font size."""
    if character.isascii():
        return _WIDTHS.get(character, 0.7 if character.isupper() or character.isdigit() else 0.58)
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf"):
        return 0.0
    if cell_len(character) == 2 or _WIDE.match(character):
        return 1.1
    if _BROAD.match(character):
        return 0.9
    return 0.55 if category == "Mc" else 0.72
