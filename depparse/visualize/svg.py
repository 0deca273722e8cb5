"""Sentences as SVG: trees above the words, and below them what else is annotated.

Each sentence is one picture, in one row or in rows of a given width; an arc or a bar that goes on in the next row runs
to the edge. The picture loads no scripts, no fonts and nothing else. It has its own background, which is dark if the
viewer prefers dark. Sentences in right-to-left scripts run from right to left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from depparse.document.sentence import Sentence
from depparse.printable import clean, is_right_to_left
from depparse.visualize.content import Content, content_of
from depparse.visualize.ink import MARGIN, Ink
from depparse.visualize.places import break_rows, place_units
from depparse.visualize.rows import draw_row
from depparse.visualize.shown import layers
from depparse.visualize.style import STYLE
from depparse.visualize.text import check_drawn

_GAP = 18  # space between rows


def draw_svg(sentence: Sentence, *, width: int | None = None, show: str | Iterable[str] | None = None) -> str:
    """The sentence as one SVG element, XML without a declaration. Words without a head have no arc.

    With `width` (pixels), words are broken into rows of at most that width; a wider word has a row of its own. Each arc
    is as low as the arcs below it allow.

    `show` says what is drawn, if the sentence has it: names in a list or separated by commas, of ``tree``, ``upos``,
    ``xpos``, ``lemma``, ``feats``, ``tokens``, ``enhanced``, ``entities``, ``constituents``, ``frames`` and
    ``probabilities`` (as numbers); ``default`` stands for tree, upos, tokens, enhanced, entities, constituents and
    frames, and ``all`` for everything. Arcs and bars with a probability under 0.8 are dashed, whether numbers are shown
    or not.

    Raises ConfigError if this is no sentence or a name is unknown, and FormatError if frames or constituents are asked
    for by name and their cells are broken. O(words · depth) for projective trees, O(words²) at worst.
    """
    check_drawn(sentence, width)
    return svg_of(content_of(sentence, layers(show), strict=show is not None), sentence.text, width, style=True)


def svg_of(content: Content, text: str, width: int | None, *, style: bool) -> str:
    """The SVG element of a content, with the `text` as its title; without `style`, the page has `STYLE`."""
    right_to_left = is_right_to_left(content.forms)
    centres, halves = place_units(content)
    rows = break_rows(content, centres, halves, width)
    full_width = max((row.end - row.start for row in rows), default=2.0 * MARGIN)
    for row in rows[:-1]:
        row.end = row.start + full_width
    elements: list[str] = []
    height = 0.0
    for number, row in enumerate(rows):
        ink = Ink(row, full_width, height + (_GAP if number else 0), right_to_left)
        height = draw_row(ink, content, centres, halves)
        elements += ink.elements
    height = height or 2.0 * MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="depparse" role="img" '
        f'viewBox="0 0 {full_width:.0f} {height:.0f}" width="{full_width:.0f}" height="{height:.0f}">',
        f"<title>{escape(clean(text))}</title>",
        f"<desc>{escape('; '.join(_description(content)))}</desc>",
        *([f"<style>{STYLE}</style>"] if style else []),
        '<rect class="paper" width="100%" height="100%" rx="6"/>',
        *elements,
        "</svg>",
    ]) + "\n"  # fmt: skip


def _description(content: Content) -> Iterator[str]:
    """What is drawn in words, for users of screen readers."""
    forms = content.forms
    for arc in content.arcs:
        kind = "enhanced, " if "enhanced" in arc.kind else ""
        head = f" of {forms[arc.head - 1]}" if arc.head else ""
        yield f"{forms[arc.dependent - 1]}: {kind}{arc.text or 'dependent'}{head}"
    for bar in content.entities:
        yield f"entity {bar.text}: {content.words(bar.first, bar.last)}"
    for bar in reversed(content.constituents):
        yield f"constituent {bar.text}: {content.words(bar.first, bar.last)}"
    for predicate, *arguments in content.groups:
        roles = "".join(f", {bar.text}: {content.words(bar.first, bar.last)}" for bar in arguments)
        yield f"predicate {predicate.text}: {content.words(predicate.first, predicate.last)}{roles}"
