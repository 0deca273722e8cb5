"""Text made fit for drawing, for all drawings of trees."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from depparse.printable import clean

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


def shown_column(sentence: Sentence, name: str) -> list[str]:
    """The cells of a column, cleaned; '' for cells without annotation."""
    cells = sentence.columns.get(name)
    return [""] * len(sentence) if cells is None else ["" if cell == "_" else clean(cell) for cell in cells]


def is_right_to_left(texts: Sequence[str]) -> bool:
    """Whether most of the letters belong to right-to-left scripts."""
    kinds = [unicodedata.bidirectional(char) for text in texts for char in text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")
