"""Input and output files: ``-`` is a standard stream, ``.gz`` is gzip, and no file is ever left half-written."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from depparse.errors import FormatError
from depparse.printable import clean

PathLike = str | os.PathLike[str]
STANDARD_INPUT = "standard input"


def _reason(error: OSError | ValueError) -> str:
    """Why a path cannot be opened; paths that no system has, with a NUL or half a surrogate pair, are ValueErrors."""
    return ((isinstance(error, OSError) and error.strerror) or str(error)).lower()


def name_of(path: PathLike | BinaryIO) -> str:
    """The name by which errors call the file."""
    if isinstance(path, (str, os.PathLike)):
        return STANDARD_INPUT if os.fspath(path) == "-" else os.fspath(path)
    return str(getattr(path, "name", "input"))


def check_input(path: PathLike) -> None:
    """Raises FormatError if the file does not exist or is a folder. Saves long work before a read that fails."""
    if name_of(path) != STANDARD_INPUT and not os.path.exists(path):
        raise FormatError("cannot be read: no such file or directory", path=os.fspath(path))
    _refuse_folder(path)


def _refuse_folder(path: PathLike) -> None:
    """Raises FormatError for a folder, which says how to name the files in it."""
    if os.path.isdir(path):
        endings = Counter(Path(name).suffix for name in os.listdir(path) if os.path.isfile(Path(path, name)))
        files = Path(path, f"*{max(endings, key=endings.__getitem__, default='')}")
        raise FormatError(f"is a folder; give the files in it, such as {files}", path=os.fspath(path))


@contextlib.contextmanager
def open_input(path: PathLike | BinaryIO) -> Iterator[BinaryIO]:
    """The bytes of a file, of standard input (``-``) or of a binary stream. Raises FormatError if unreadable."""
    if not isinstance(path, (str, os.PathLike)):
        yield path
    elif os.fspath(path) == "-":
        yield sys.stdin.buffer
    else:
        _refuse_folder(path)
        try:
            stream = gzip.open(path) if os.fspath(path).endswith(".gz") else open(path, "rb")  # noqa: SIM115
        except (OSError, ValueError) as error:
            raise FormatError(f"cannot be read: {_reason(error)}", path=os.fspath(path)) from error
        with stream:
            try:
                yield cast(BinaryIO, stream)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise FormatError(f"not a whole gzip file: {error}", path=os.fspath(path)) from None


def read_text(path: PathLike) -> str:
    """The text of a small file in UTF-8. Raises FormatError."""
    with open_input(path) as stream:
        try:
            return stream.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"not UTF-8 at byte {error.start}", path=name_of(path)) from None


@contextlib.contextmanager
def open_output(path: PathLike, *, drawn: bool = False) -> Iterator[TextIO]:
    """A UTF-8 text stream to `path` (``-`` is standard output).

    A terminal gets U+FFFD for control characters, unless the text is `drawn` for one. Files and pipes get all as it is.

    The text goes to a temporary file beside `path`, which is renamed when it is complete; an error or an interrupt
    leaves an older file as it was. Raises FormatError for text that UTF-8 cannot hold.
    """
    try:
        with _open_output(path, drawn) as stream:
            yield stream
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        message = f"cannot be written: the text holds {half!r}, half of a UTF-16 pair, which no UTF-8 file holds"
        raise FormatError(message, path=os.fspath(path)) from None


@contextlib.contextmanager
def _open_output(path: PathLike, drawn: bool) -> Iterator[TextIO]:
    if os.fspath(path) == "-":
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        yield sys.stdout if drawn or not sys.stdout.isatty() else cast(TextIO, _Terminal(sys.stdout))
        sys.stdout.flush()
        return
    target = Path(path)
    if target.exists() and not target.is_file() and not target.is_dir():
        # A device or a named pipe cannot be replaced, only written to.
        with open(target, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        return
    try:
        target = Path(os.path.realpath(target))
        if target.is_dir():
            raise FormatError("cannot be written: is a directory", path=str(path))
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except FormatError:
        raise
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot be written: {_reason(error)}", path=str(path)) from error
    try:
        with open(handle, "wb") as raw:
            packed = gzip.GzipFile(target.name, "wb", fileobj=raw, mtime=0) if target.suffix == ".gz" else raw
            with io.TextIOWrapper(cast(BinaryIO, packed), encoding="utf-8", newline="\n") as stream:
                yield stream
        # mkstemp makes private files; a new file gets the usual permissions, an old one keeps its own.
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


class _Terminal:
    """A stream to a terminal, which foreign text cannot control."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes the text, cleaned."""
        return self._stream.write(clean(text, kept="\n\t"))

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes the lines, cleaned."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
