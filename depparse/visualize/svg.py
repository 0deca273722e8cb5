"""Dependency trees as SVG: arcs above the words, labels on the arcs, multiword tokens bracketed below.

Each sentence is one picture, in one row or in rows of a given width; an arc that goes on in the next row runs to the
edge. The picture loads no scripts, no fonts and nothing else. It has its own background, which is dark if the viewer
prefers dark. Sentences in right-to-left scripts run from right to left.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from depparse.document.sentence import Sentence
from depparse.printable import clean
from depparse.visualize.arcs import Arc, arcs_of
from depparse.visualize.ink import MARGIN, Ink
from depparse.visualize.places import break_rows, place_words
from depparse.visualize.rows import draw_row
from depparse.visualize.text import check_drawn, drawn, is_right_to_left, shown_column

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


def draw_svg(sentence: Sentence, *, width: int | None = None) -> str:
    """The tree as one SVG element, XML without a declaration. Words without a head have no arc.

    With `width` (pixels), words are broken into rows of at most that width; a wider word has a row of its own. Each arc
    is as low as the arcs below it allow. Raises ConfigError if this is no sentence.

    O(words · depth) for projective trees, O(words²) at worst.
    """
    check_drawn(sentence, width)
    forms = [drawn(form) for form in sentence.columns["FORM"]]
    tags = shown_column(sentence, "UPOS")
    arcs = arcs_of(sentence.heads, shown_column(sentence, "DEPREL"))
    centres, half_widths = place_words(sentence, forms, tags, arcs)
    rows = break_rows(sentence, centres, half_widths, arcs, width)
    right_to_left = is_right_to_left(forms)
    full_width = max((row.end - row.start for row in rows), default=2.0 * MARGIN)
    for row in rows[:-1]:
        row.end = row.start + full_width
    elements: list[str] = []
    height = 0.0
    for number, row in enumerate(rows):
        ink = Ink(row, full_width, height + (_GAP if number else 0), right_to_left)
        height = draw_row(ink, sentence, forms, tags, arcs, centres)
        elements += ink.elements
    height = height or 2.0 * MARGIN
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


def _description(forms: Sequence[str], arcs: Sequence[Arc]) -> str:
    """The tree in words, for users of screen readers."""
    phrases = [
        f"{forms[arc.dependent - 1]}: {arc.label or 'dependent'}" + (f" of {forms[arc.head - 1]}" if arc.head else "")
        for arc in arcs
    ]
    return "; ".join(phrases)
