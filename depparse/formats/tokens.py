"""Formats of tokens alone: horizontal text has a sentence on each line, vertical text a token.

A writer refuses what its reader would not take back alike, such as a no-break space where it stands for a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from depparse.document.output import Refused, check_cells, write_each
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, name_of
from depparse.formats.plain_lines import BETWEEN_BLANKS, BETWEEN_TABS, check_start, iter_blocks, iter_lines


def iter_horizontal(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a file with one on each line, tokens separated by blanks. Empty lines separate paragraphs.

    A no-break space stands for a space inside a token.
    """
    return placed(_horizontal(path))


def _horizontal(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    new_paragraph = False
    for number, line in iter_lines(path):
        forms = re.split("[ \t]+", line.strip(" \t"))
        if forms == [""]:
            new_paragraph = True
            continue
        comments = ["# newpar"] if new_paragraph else []
        new_paragraph = False
        sentence = Sentence.from_forms([form.replace("\u00a0", " ") for form in forms], comments)
        sentence.place = f"{name_of(path)}:{number}"
        yield sentence


def iter_vertical(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a file with one token on each line; empty lines end sentences. Text after a tab is ignored."""
    return placed(_vertical(path))


def _vertical(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    for block in iter_blocks(path):
        forms = [line.split("\t", 1)[0] for _, line in block]
        if "" in forms:
            line = block[forms.index("")][0]
            raise FormatError("a tab where a token was expected", path=name_of(path), line=line, column="FORM")
        sentence = Sentence.from_forms(forms)
        sentence.place = f"{name_of(path)}:{block[0][0]}"
        yield sentence


def write_horizontal(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes one sentence on each line, tokens separated by blanks; blanks inside tokens become no-break spaces.

    Raises FormatError.
    """

    def text_of(sentence: Sentence, number: int) -> str:
        forms = _checked_tokens(sentence, BETWEEN_BLANKS, number)
        line = " ".join(form.replace(" ", "\u00a0") for form in forms)
        return ("\n" if number > 1 and sentence.starts_paragraph else "") + line + "\n"

    write_each(sentences, path, text_of)


def write_vertical(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes one token on each line, and an empty line after each sentence. Raises FormatError."""

    def text_of(sentence: Sentence, number: int) -> str:
        forms = _checked_tokens(sentence, BETWEEN_TABS, number)
        if blank := [form for form in forms if not form.strip(" ")]:
            raise FormatError(f"a token of blanks, {blank[0]!r}, would be read as an empty line", column="FORM")
        return "".join(form + "\n" for form in forms) + "\n"

    write_each(sentences, path, text_of)


def _checked_tokens(sentence: Sentence, refused: Refused, number: int) -> list[str]:
    forms = [token.text for token in sentence.tokens]
    if not forms:
        raise FormatError("a sentence without words")
    check_cells(forms, "FORM", refused)
    check_start(forms, number)
    return forms
