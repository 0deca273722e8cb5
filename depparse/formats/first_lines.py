"""Input files with their formats, which the first lines tell where neither the user nor the ending of the name does."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from depparse.errors import ConfigError, FormatError
from depparse.files import STANDARD_INPUT, PathLike, check_input, name_of, open_input
from depparse.formats import table as formats

_HEAD = 1 << 16  # bytes, the most that are looked at
_COMMENT = re.compile(r"#\s*(?:(?:sent_id|text|newdoc id|newpar id)\s*=|newdoc\s*$|newpar\s*$)")
_ID = re.compile(r"[0-9]+(?:[-.][0-9]+)?")
_TAG, _HEAD_CELL = re.compile("[A-Z]+|_"), re.compile("[0-9]+|_")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be read, or standard input, with its format."""

    path: PathLike
    format: str
    recognized: bool = False  # the first lines told the format
    stream: BinaryIO | None = None  # the content, if it can be read only once and its first lines have been read

    @property
    def content(self) -> PathLike | BinaryIO:
        """What a reader takes."""
        return self.path if self.stream is None else self.stream


InputPath = PathLike | InputFile


def input_files(
    paths: InputPath | Sequence[InputPath], format: str | None = None, *, unknown: str | None = None
) -> list[InputFile]:
    """The files with their formats: `format` or, by default, that of the ending of each file.

    Standard input and files with other endings have the format `unknown`; by default their first lines tell whether
    they are CoNLL-U or text. Raises ConfigError, and FormatError for a file that is missing or a folder.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike, InputFile)) else list(paths)
    if format is not None:
        formats.get_format(format)
    names = [path.path if isinstance(path, InputFile) else path for path in given]
    for name in names:
        check_input(name)
    if sum(name_of(name) == STANDARD_INPUT for name in names) > 1:
        raise ConfigError("standard input (-) can be read only once")
    return [path if isinstance(path, InputFile) else _input_file(path, format, unknown) for path in given]


def _input_file(path: PathLike, format: str | None, unknown: str | None) -> InputFile:
    format = format or formats.guess_format(path, unknown or "")
    return InputFile(path, format) if format else _recognize(path)


def _recognize(path: PathLike) -> InputFile:
    if os.path.isfile(path) and name_of(path) != STANDARD_INPUT:
        with open_input(path) as stream:
            return InputFile(path, format_of(_first_lines(stream)), recognized=True)
    # Standard input or a pipe can be read only once, so what has been read is put in front of the rest.
    rest = sys.stdin.buffer if name_of(path) == STANDARD_INPUT else _opened(path)
    head = _first_lines(rest)
    rejoined = io.BufferedReader(_Rejoined(head, rest, name_of(path)))
    return InputFile(path, format_of(head), recognized=True, stream=rejoined)


def _opened(path: PathLike) -> BinaryIO:
    try:
        return open(path, "rb")
    except OSError as error:
        raise FormatError(f"cannot be read: {(error.strerror or str(error)).lower()}", path=name_of(path)) from error


def _first_lines(stream: BinaryIO) -> bytes:
    """The beginning of the stream, up to a line with content if possible."""
    head = b""
    while len(head) < _HEAD and not any(line.strip() and line[:1] != b"#" for line in head.split(b"\n")[:-1]):
        data = stream.read1(_HEAD) if hasattr(stream, "read1") else stream.read(_HEAD)
        if not data:
            break
        head += data
    return head


def format_of(head: bytes) -> str:
    """``conllu`` if the first lines of a file look like CoNLL-U, even if broken, ``conllup`` alike; else ``text``.

    CoNLL-U begins with a comment that it knows, or with a row of cells, between tabs or by mistake between blanks.
    """
    for line in head.decode("utf-8", "replace").removeprefix("\ufeff").split("\n"):
        if line.split("=")[0].split() == ["#", "global.columns"]:
            return "conllup"
        if _COMMENT.match(line):
            return "conllu"
        if line.strip() and not line.startswith("#"):
            return "conllu" if _is_row(line) else "text"
    return "text" if head.strip() else "conllu"


def _is_row(line: str) -> bool:
    cells = line.split("\t")
    if len(cells) >= 9 or (len(cells) >= 5 and _ID.fullmatch(cells[0])):
        return True
    cells = line.split()
    with_tag_and_head = len(cells) >= 10 and _TAG.fullmatch(cells[3]) and _HEAD_CELL.fullmatch(cells[6])
    return bool(with_tag_and_head and _ID.fullmatch(cells[0]))


class _Rejoined(io.RawIOBase):
    """A stream of which a part has been read already: the part, then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO, name: str) -> None:
        self.name, self._head, self._rest = name, head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._head:
            size = len(buffer)
            self._head = self._rest.read1(size) if hasattr(self._rest, "read1") else self._rest.read(size)
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)
