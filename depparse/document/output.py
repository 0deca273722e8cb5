"""The common part of writers: files are written a sentence at a time, and errors say which sentence cannot be written.

A writer refuses what its reader would not take back alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from depparse.document.columns import SURROGATE, is_unicode
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError, FormatError
from depparse.files import STANDARD_INPUT, PathLike, name_of, open_output

TextOf = Callable[[Sentence, int], str]  # the text of a sentence, whose number counts from 1


def write_each(sentences: Iterable[Sentence], path: PathLike, text_of: TextOf) -> None:
    """Writes the text of each sentence; the file appears when it is complete. Raises FormatError as `texts`."""
    with open_output(path) as out:
        out.writelines(texts(sentences, path, text_of))


def texts(sentences: Iterable[Sentence], path: PathLike, text_of: TextOf) -> Iterator[str]:
    """The text of each sentence. An error in making it becomes a FormatError that names the file and the sentence."""
    for number, sentence in enumerate(sentences, 1):
        try:
            text = _text(sentence, number, text_of)
        except DepparseError as error:
            raise at_sentence(error, path, number, sentence) from None
        yield text


def _text(sentence: Sentence, number: int, text_of: TextOf) -> str:
    try:
        text = text_of(sentence, number)
    except (TypeError, ValueError) as error:
        if not isinstance(error, DepparseError):
            sentence.check()  # cells that are no text, and columns of different lengths
        raise
    if not text.isascii() and not is_unicode(text):
        raise FormatError(f"{SURROGATE}, but the sentence does")
    return text


def at_sentence(error: DepparseError, path: PathLike, number: int, sentence: Sentence) -> FormatError:
    """The error as one about a sentence of a file that is being written; its `number` counts from 1."""
    name = name_of(path).replace(STANDARD_INPUT, "standard output")
    message, column = str(error), None
    if isinstance(error, FormatError):
        message, column = error.message, error.column
    return FormatError(message, path=f"{name}, sentence {number}", sent_id=sentence.sent_id, column=column)


class Refused(NamedTuple):
    """What values cannot hold in a format: a pattern that finds it, and the rule in words."""

    pattern: re.Pattern[str]
    rule: str


def check_cells(cells: Sequence[str], column: str, refused: Refused, *, may_be_empty: bool = False) -> None:
    """Raises FormatError, with the word and the rule, if a cell has what is refused, or is empty."""
    if ("" not in cells or may_be_empty) and not refused.pattern.search("".join(cells)):
        return
    for word, cell in enumerate(cells, 1):
        if not cell and not may_be_empty:
            raise FormatError(f"word {word}: an empty value cannot be written in this format", column=column)
        if refused.pattern.search(cell):
            raise FormatError(f"word {word}: {refused.rule}, but {cell[:60]!r} does", column=column)
