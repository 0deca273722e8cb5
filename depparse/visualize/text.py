"""What drawings of trees share: the text of a column, fit to be shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from depparse.document.sentence import Sentence

_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Without what would move the cursor or the text around it, or what XML cannot hold: controls, line breaks, marks
    of direction, halves of UTF-16 pairs."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if _is_unfit(char) else char for char in text)


def _is_unfit(char: str) -> bool:
    return char in _DIRECTIONS or char in "\ufffe\uffff" or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def shown_column(sentence: Sentence, name: str) -> list[str]:
    """The cells of a column, '' where there is no annotation."""
    cells = sentence.columns.get(name)
    return [""] * len(sentence) if cells is None else ["" if cell == "_" else clean(cell) for cell in cells]


def is_right_to_left(texts: Sequence[str]) -> bool:
    """Whether most of the letters are of scripts that run from right to left."""
    kinds = [unicodedata.bidirectional(char) for text in texts for char in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")
