"""Dependency trees as SVG: arcs above the words, labels on the arcs, multiword tokens bracketed below.

One picture a sentence, as wide as it needs; no scripts, no fonts and nothing else from outside. It has its own
background, which is dark where the viewer prefers dark. Sentences in right-to-left scripts run from right to left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from rich.cells import cell_len

from depparse.data.sentence import Sentence
from depparse.data.trees import Heads

# All lengths are in pixels.
_MARGIN = 16
_FORM, _SMALL = 16, 11  # sizes of the forms, and of labels and tags
_LEVEL = 24  # between arcs, one above the other
_SLOT = 7  # between the ends of arcs at one word
_RADIUS = 8  # of the corners of arcs
_SPACE = 18  # at least, between words
_GROUND = 26  # from the feet of the arcs to the line of the forms

# Shares of the font size: characters of the usual sans-serif fonts that are not as wide as most.
_WIDTHS = dict.fromkeys("iljtfrI.,:;'’|![]()/ -", 0.38) | dict.fromkeys("mwMW@%—…", 0.92)
_STYLE = """\
.depparse{font-family:system-ui,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;text-anchor:middle}
.depparse .paper{fill:#fff}.depparse .form{font-size:16px;fill:#1b1f24}.depparse .root{font-weight:600}
.depparse .tag{font-size:11px;fill:#2a7a4b}.depparse .token{font-size:13px;fill:#8250a8}
.depparse .label{font-size:11px;fill:#4a5261;stroke:#fff;stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
.depparse .arc,.depparse .bracket{fill:none;stroke:#7b8aa5;stroke-width:1.3}.depparse .bracket{stroke:#a987c4}
.depparse .tip{fill:#7b8aa5}
@media (prefers-color-scheme:dark){
.depparse .paper{fill:#16191d}.depparse .form{fill:#eceff3}.depparse .tag{fill:#7fce9f}.depparse .token{fill:#d0b0ea}
.depparse .label{fill:#b9c2d0;stroke:#16191d}.depparse .arc{stroke:#8795ad}.depparse .tip{fill:#8795ad}
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


def draw_svg(sentence: Sentence) -> str:
    """The tree as one SVG element, XML without a declaration. Words without a head have no arc.

    An arc is as low as those below it allow: O(words · depth) for projective trees, O(words²) at worst.
    """
    forms = [_clean(form) for form in sentence.columns["FORM"]]
    tags = _column(sentence, "UPOS")
    arcs = _arcs(sentence.heads, _column(sentence, "DEPREL"))
    top = max((arc.level for arc in arcs), default=0)
    places, width = _places(sentence, forms, tags, arcs)
    ground = _MARGIN + top * _LEVEL + (_SMALL if top else 0)  # y of the feet of the arcs
    base = ground + (_GROUND if top else _FORM)  # y of the line on which the forms stand
    bottom = base + (18 if any(tags) else 0)
    height = bottom + (34 if sentence.mwts else 0) + _MARGIN
    right_to_left = _is_right_to_left(forms)
    if right_to_left:
        places = [width - place for place in places]
        for arc in arcs:
            arc.start, arc.end = width - arc.start, width - arc.end

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="depparse" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">',
        f"<title>{escape(_clean(sentence.text))}</title>",
        f"<style>{_STYLE}</style>",
        '<rect class="paper" width="100%" height="100%" rx="6"/>',
    ]
    out += [_draw_arc(arc, ground) for arc in arcs]
    # Labels come after all arcs, so that no line crosses them.
    for arc in arcs:
        if arc.label:
            out.append(_text("label", (arc.start + arc.end) / 2, ground - arc.level * _LEVEL - 5, arc.label))
    direction = ' direction="rtl"' if right_to_left else ""
    root = {arc.dependent for arc in arcs if arc.head == 0}
    for word, (place, form, tag) in enumerate(zip(places, forms, tags, strict=True), 1):
        out.append(_text("form root" if word in root else "form", place, base, form, direction))
        if tag:
            out.append(_text("tag", place, base + 17, tag))
    for multiword in sentence.mwts:
        words = range(multiword.start - 1, multiword.end)
        left = min(places[word] - _length(forms[word], _FORM) / 2 for word in words)
        right = max(places[word] + _length(forms[word], _FORM) / 2 for word in words)
        y = bottom + 8
        out.append(f'<path class="bracket" d="M{left:.1f} {y} v5 H{right:.1f} v-5"/>')
        out.append(_text("token", (left + right) / 2, y + 22, _clean(multiword.cells.get("FORM", "_")), direction))
    return "\n".join([*out, "</svg>"]) + "\n"


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
) -> tuple[list[float], float]:
    """x of the middle of each word, and the width of all. Sets the ends of the arcs, which have a place each.

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
    return places, (places[-1] + half[-1] if places else 0.0) + _MARGIN


def _draw_arc(arc: _Arc, ground: float) -> str:
    y = ground - arc.level * _LEVEL
    tip = f'<path class="tip" d="M{arc.end:.1f} {ground + 7:.1f} l-3.6 -8 h7.2 z"/>'
    if not arc.head:
        return f'<path class="arc" d="M{arc.end:.1f} {y:.1f} V{ground:.1f}"/>{tip}'
    right = arc.end > arc.start
    turn = _RADIUS if right else -_RADIUS
    path = (
        f"M{arc.start:.1f} {ground + 5:.1f} V{y + _RADIUS:.1f} q0 {-_RADIUS} {turn} {-_RADIUS} H{arc.end - turn:.1f} "
        f"q{turn} 0 {turn} {_RADIUS} V{ground:.1f}"
    )
    return f'<path class="arc" d="{path}"/>{tip}'


def _text(kind: str, x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{attributes}>{escape(text)}</text>'


def _length(text: str, size: int) -> float:
    """About how wide the text is; rather too much than too little."""
    total = 0.0
    for character in text:
        cells = cell_len(character)
        if cells == 2:
            total += 1.0
        elif character.isupper() or character.isdigit():
            total += _WIDTHS.get(character, 0.7)
        else:
            total += cells * _WIDTHS.get(character, 0.58)
    return total * size


def _is_right_to_left(forms: Sequence[str]) -> bool:
    kinds = [unicodedata.bidirectional(character) for form in forms for character in form]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")


def _column(sentence: Sentence, name: str) -> list[str]:
    cells = sentence.columns.get(name)
    return [""] * len(sentence) if cells is None else ["" if cell == "_" else _clean(cell) for cell in cells]


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs") or c in "\ufffe\uffff" else c for c in text)
