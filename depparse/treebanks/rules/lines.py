"""Rules of level 1 about the lines of a sentence as they stand in the file, readable or not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from depparse.treebanks.rules.rule import Hit, Rules

_COMMENTS = re.compile(r"(?:#[^\n]*(?:\n|\Z))*")
_OUTER_BLANK = re.compile(r"^[^\S\n\t]|[^\S\n\t](?=[\n\t]|\Z)|(?<=\t)[^\S\n\t]|[^\S\n\t]{2}", re.MULTILINE)
_ANY_BLANK = re.compile(r"[^\S\n\t]")
_EMPTY_CELL = re.compile(r"\t(?=[\n\t]|\Z)")
_TOKEN_BLANK = re.compile(r"^[0-9]+-[0-9]+\t[^\t\n]*?[^\S\n\t]", re.MULTILINE)


class Lines(NamedTuple):
    """The lines of a sentence in CoNLL-U; how many characters are comments; whether a cell has any white space."""

    text: str
    header: int
    blanks: bool

    @classmethod
    def of(cls, text: str) -> Lines:
        """The lines in the text between two empty lines."""
        found = _COMMENTS.match(text)
        header = found.end() if found else 0
        return cls(text, header, bool(_ANY_BLANK.search(text, header)))

    def each(self, pattern: re.Pattern[str]) -> Iterator[Hit]:
        """The number (from 0) of each token line with the pattern, and the first cell that it is found in."""
        text, line, last, counted = self.text, 0, -1, 0
        for found in pattern.finditer(text, self.header):
            place = found.start()
            line += text.count("\n", counted, place)
            counted = place
            if line != last:
                last = line
                before = max(text.rfind("\t", 0, place), text.rfind("\n", 0, place))
                yield line, re.split("[\t\n]", text[before + 1 : place + 50], maxsplit=1)[0]


LINE_RULES: Rules[Lines] = Rules()


@LINE_RULES(
    "not-nfc", 1, "lines", "characters are not in Unicode form NFC: they differ from the same words elsewhere",
    "normalize the file to NFC (--fix)",
)  # fmt: skip
def _not_nfc(lines: Lines) -> Iterator[Hit]:
    text = lines.text
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        for number, line in enumerate(text.split("\n")):
            if not unicodedata.is_normalized("NFC", line):
                yield number, ""


@LINE_RULES(
    "outer-blanks", 1, "lines",
    "cells begin or end with white space or hold several in a row: no tokenizer gives such words ({examples})",
    "remove the white space (--fix does in all columns but ID and FORM)",
)  # fmt: skip
def _outer_blanks(lines: Lines) -> Iterator[Hit]:
    for line, cell in lines.each(_OUTER_BLANK) if lines.blanks else ():
        yield line, repr(cell)


@LINE_RULES(
    "empty-cell", 1, "lines", "cells are empty: other tools refuse or misread them",
    "write '_' (--fix does in all columns but ID and FORM)",
)  # fmt: skip
def _empty_cells(lines: Lines) -> Iterator[Hit]:
    holds_any = "\t\t" in lines.text or "\t\n" in lines.text or lines.text.endswith("\t")
    for line, _ in lines.each(_EMPTY_CELL) if holds_any else ():
        yield line, ""


@LINE_RULES(
    "blank-in-token", 1, "tokens", "multiword tokens hold white space: what a space divides is several tokens",
    "divide the token",
)  # fmt: skip
def _token_blanks(lines: Lines) -> Iterator[Hit]:
    for line, _ in lines.each(_TOKEN_BLANK) if lines.blanks else ():
        yield line, ""


@LINE_RULES(
    "replacement-character", 1, "lines", "U+FFFD stands where the file was once converted from bytes that it lost",
    "restore the characters from the source",
)  # fmt: skip
def _replacement_character(lines: Lines) -> Iterator[Hit]:
    if "\ufffd" in lines.text:
        for number, line in enumerate(lines.text.split("\n")):
            if "\ufffd" in line:
                yield number, ""
