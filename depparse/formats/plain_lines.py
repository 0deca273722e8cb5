"""The lines of formats with one word or one sentence on each line: how they are read, and what they cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from depparse.document.output import Refused
from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_input

_BOM = "\ufeff"
BETWEEN_TABS = Refused(re.compile("[\t\r\n\ud800-\udfff]"), "a value holds no tab, line break or lone surrogate")
BETWEEN_BLANKS = Refused(
    re.compile("[\u00a0\t\r\n\ud800-\udfff]"),
    "a value holds no no-break space (it stands for a blank here), tab, line break or lone surrogate",
)


def iter_lines(path: PathLike | BinaryIO) -> Iterator[tuple[int, str]]:
    """(its number, its text) of each line, without its end. Raises FormatError, with the line."""
    with open_input(path) as stream:
        for number, raw in enumerate(stream, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                message = f"not UTF-8: byte 0x{raw[error.start]:02x} ({error.reason}); convert the file to UTF-8"
                raise FormatError(message, path=name_of(path), line=number) from None
            line = line.rstrip("\r\n")
            if "\r" in line:
                message = "a carriage return inside a line; remove it, or make it a line end of its own"
                raise FormatError(message, path=name_of(path), line=number)
            yield number, line


def iter_blocks(path: PathLike | BinaryIO) -> Iterator[list[tuple[int, str]]]:
    """Runs of lines between lines that are empty or blank (WNUT-17 separates sentences by a lone tab)."""
    block: list[tuple[int, str]] = []
    for number, line in iter_lines(path):
        if line.strip(" \t"):
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def check_start(forms: Sequence[str], number: int) -> None:
    """Raises FormatError if the sentence with that number is the first and begins with what a reader drops."""
    if number == 1 and forms and forms[0].startswith(_BOM):
        raise FormatError("word 1: a byte order mark at the beginning of a file is no part of a word", column="FORM")
