"""Dependency trees as an HTML page, with a light and a dark look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from depparse.document.sentence import Sentence
from depparse.printable import clean
from depparse.visualize.svg import draw_svg
from depparse.visualize.text import is_right_to_left

HEAD = """\
<!DOCTYPE html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>depparse</title>
<style>body{font-family:system-ui,sans-serif;margin:min(2em,4vw)}figure{margin:0 0 2.5em}
figcaption{margin-bottom:.5em;overflow-wrap:anywhere}small{opacity:.6}
figure div{overflow-x:auto}svg{display:block;direction:ltr}</style>
"""


def draw_page(sentences: Iterable[Sentence], *, width: int | None = None) -> Iterator[str]:
    """The pieces of the page: its head, then each sentence with its ID, text and tree, at most `width` pixels wide.

    On a narrow screen the page keeps to its width, and a wider tree scrolls in a box of its own.
    """
    yield HEAD
    for sentence in sentences:
        name = f"<small>{escape(clean(sentence.sent_id))}</small> " if sentence.sent_id else ""
        caption = f"<figcaption>{name}<bdi>{escape(clean(sentence.text))}</bdi></figcaption>"
        direction = ' dir="rtl"' if is_right_to_left([sentence.text]) else ""
        yield f"<figure{direction}>{caption}\n<div>{draw_svg(sentence, width=width)}</div></figure>\n"
