"""Text made fit for drawing, for all drawings of trees."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence

_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """The text with U+FFFD for what would move the cursor or neighbouring text, or what XML cannot hold: control
    characters, line breaks, direction marks, lone surrogates."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if _is_unfit(char) else char for char in text)


def _is_unfit(char: str) -> bool:
    return char in _DIRECTIONS or char in "\ufffe\uffff" or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def shown_column(sentence: Sentence, name: str) -> list[str]:
    """The cells of a column, cleaned; '' for cells without annotation."""
    cells = sentence.columns.get(name)
    return [""] * len(sentence) if cells is None else ["" if cell == "_" else clean(cell) for cell in cells]


def is_right_to_left(texts: Sequence[str]) -> bool:
    """Whether most of the letters belong to right-to-left scripts."""
    kinds = [unicodedata.bidirectional(char) for text in texts for char in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")
