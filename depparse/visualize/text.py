"""Text made fit for drawing, for all drawings of trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depparse.arguments import check_number, shown
from depparse.errors import ConfigError
from depparse.printable import clean

_LONGEST = 300  # characters of a word or a label, since nobody could read a longer one in a drawing

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


def check_drawn(sentence: object, width: object) -> None:
    """Raises ConfigError unless a drawing can be made of these."""
    expected = "a Sentence; of a document, draw each of its sentences (depparse show -o page.html draws a file)"
    if not hasattr(sentence, "columns"):
        raise ConfigError(f"what is drawn is {expected}, not {shown(sentence)}")
    if width is not None:
        check_number(width, "width", "columns or pixels", 0)


def shown_column(sentence: Sentence, name: str) -> list[str]:
    """The cells of a column, as they are drawn; '' for cells without annotation."""
    cells = sentence.columns.get(name)
    return [""] * len(sentence) if cells is None else ["" if cell == "_" else drawn(cell) for cell in cells]


def drawn(text: str) -> str:
    """The text of a cell as it is drawn: cleaned, and cut behind 300 characters."""
    return clean(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
