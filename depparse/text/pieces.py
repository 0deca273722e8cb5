"""The raw text of a file, read in pieces."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_input

_CHUNK = 1 << 16  # bytes


def iter_pieces(path: PathLike | BinaryIO) -> Iterator[str]:
    """The text of a UTF-8 file in pieces as they come, code point for code point, BOM included. Raises FormatError."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with open_input(path) as stream:
        data = b"."
        while data:
            data = stream.read1(_CHUNK) if hasattr(stream, "read1") else stream.read(_CHUNK)
            try:
                piece = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                byte = error.object[error.start]
                message = f"not UTF-8: byte 0x{byte:02x} ({error.reason}); convert the file to UTF-8"
                raise FormatError(message, path=name_of(path), line=line) from None
            line += piece.count("\n")
            if piece:
                yield piece
