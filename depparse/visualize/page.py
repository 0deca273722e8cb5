"""Dependency trees as an HTML page, with a light and a dark look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from depparse.document.sentence import Sentence
from depparse.printable import clean
from depparse.visualize.svg import draw_svg

_HEAD = """\
<!DOCTYPE html>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>depparse</title>
<style>body{font-family:system-ui,sans-serif;margin:2em}figure{margin:0 0 2.5em;overflow-x:auto}
figcaption{margin-bottom:.5em}small{opacity:.6}</style>
"""


def draw_page(sentences: Iterable[Sentence], *, width: int | None = None) -> Iterator[str]:
    """The pieces of the page: its head, then each sentence with its ID, text and tree, at most `width` pixels wide."""
    yield _HEAD
    for sentence in sentences:
        name = f"<small>{escape(clean(sentence.sent_id))}</small> " if sentence.sent_id else ""
        caption = f"<figcaption>{name}<bdi>{escape(clean(sentence.text))}</bdi></figcaption>"
        yield f"<figure>{caption}\n{draw_svg(sentence, width=width)}</figure>\n"
