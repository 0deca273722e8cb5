"""Text of foreign files made fit to be printed: in messages, on terminals, in drawings and pages."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from typing import TextIO

_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# The most characters of a message, and of a part of it without spaces; the part may be a path.
_LONGEST_MESSAGE, _LONGEST_PART = 2_000, 300
_LINE_ENDS = re.compile("[\t-\r\x1c-\x1e\x85\u2028\u2029][ \t-\r\x1c-\x1e\x85\u2028\u2029]*")
_LONG_PART = re.compile(rf"\S{{{_LONGEST_PART + 1},}}")


def clean(text: str, *, kept: str = "") -> str:
    """The text with U+FFFD for what would move the cursor or neighbouring text, or what XML cannot hold: control
    characters, line breaks, direction marks, lone surrogates. Those in `kept` stay."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if _is_unfit(char) and char not in kept else char for char in text)


def one_line(text: str) -> str:
    """The text of an error, a warning or a note, in one line: what is unfit is escaped as in Python, what is long cut.

    So a message may show values of foreign files. Only values of more than 300 characters without a space, and messages
    of more than 2,000, are cut.
    """
    if len(text) <= _LONGEST_PART and text.isprintable():
        return text
    if len(text) > 8 * _LONGEST_MESSAGE:  # so that a text of any length takes no time
        text = _cut(text, 8 * _LONGEST_MESSAGE)
    text = "".join(map(_escape, _LINE_ENDS.sub(" ", text)))
    return _cut(_LONG_PART.sub(lambda part: _cut(part[0], _LONGEST_PART), text), _LONGEST_MESSAGE)


def _cut(text: str, length: int) -> str:
    """The text without its middle, if it is longer; the end often says what to do."""
    if len(text) <= length:
        return text
    return f"{text[: length // 2]}…{text[-length // 3 :]}"


def _escape(char: str) -> str:
    return ascii(char)[1:-1] if _is_unfit(char) else char


def _is_unfit(char: str) -> bool:
    return char in _DIRECTIONS or char in "\ufffe\uffff" or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def draws_color(stream: TextIO) -> bool:
    """Whether output to the stream may be coloured: it is a terminal, and nobody asked for none (NO_COLOR, TERM)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def draws_unicode(stream: TextIO) -> bool:
    """Whether the encoding of the stream has the characters of which trees are drawn."""
    try:
        "┌─►é".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def is_right_to_left(texts: Sequence[str]) -> bool:
    """Whether most of the letters belong to right-to-left scripts."""
    kinds = [unicodedata.bidirectional(char) for text in texts for char in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")
