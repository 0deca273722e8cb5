"""Sentences as an HTML page, with a light and a dark look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from depparse.document.sentence import Sentence
from depparse.printable import clean, is_right_to_left
from depparse.visualize.content import Marks, content_of
from depparse.visualize.shown import layers
from depparse.visualize.style import STYLE
from depparse.visualize.svg import svg_of
from depparse.visualize.text import check_drawn

HEAD = f"""\
<!DOCTYPE html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>depparse</title>
<style>body{{font-family:system-ui,sans-serif;margin:min(2em,4vw)}}figure{{margin:0 0 2.5em}}
figcaption{{margin-bottom:.5em;overflow-wrap:anywhere}}small{{opacity:.6}}
figure div{{overflow-x:auto}}svg{{display:block;direction:ltr}}
{STYLE}</style>
"""


def draw_page(
    sentences: Iterable[Sentence], *, width: int | None = None, show: str | Iterable[str] | None = None
) -> Iterator[str]:
    """The pieces of the page: its head, then each sentence with its ID, text and drawing, at most `width` pixels wide.

    `show` is as in `draw_svg`. On a narrow screen the page keeps to its width, and a wider drawing scrolls in a box of
    its own. Raises ConfigError for an unknown name in `show`, and FormatError as `draw_svg`.
    """
    chosen, strict = layers(show), show is not None
    yield HEAD
    for sentence in sentences:
        check_drawn(sentence, width)
        yield figure_of(sentence, chosen, width, strict=strict)


def figure_of(
    sentence: Sentence,
    layers: frozenset[str],
    width: int | None,
    *,
    marks: Marks | None = None,
    strict: bool = False,
    caption: str | None = None,
    below: str = "",
) -> str:
    """A sentence as a figure, to stand where the page has `STYLE`; `marks` and `strict` are those of `content_of`.

    The `caption` is HTML; by default it is the text. `below` is more HTML, which stands between it and the drawing.
    """
    name = f"<small>{escape(clean(sentence.sent_id))}</small> " if sentence.sent_id else ""
    caption = escape(clean(sentence.text)) if caption is None else caption
    caption = f"<figcaption>{name}<bdi>{caption}</bdi></figcaption>"
    direction = ' dir="rtl"' if is_right_to_left([sentence.text]) else ""
    drawing = svg_of(content_of(sentence, layers, marks, strict=strict), sentence.text, width, style=False)
    return f"<figure{direction}>{caption}{below}\n<div>{drawing}</div></figure>\n"
