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
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from depparse.errors import FormatError

PathLike = str | os.PathLike[str]
STANDARD_INPUT = "standard input"


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
        except OSError as error:
            raise FormatError(
                f"cannot be read: {(error.strerror or str(error)).lower()}", path=os.fspath(path)
            ) from error
        with stream:
            try:
                yield cast(BinaryIO, stream)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise FormatError(f"not a whole gzip file: {error}", path=os.fspath(path)) from None


@contextlib.contextmanager
def open_output(path: PathLike) -> Iterator[TextIO]:
    """A UTF-8 text stream to `path` (``-`` is standard output).

    The text goes to a temporary file beside `path`, which is renamed when it is complete; an error or an interrupt
    leaves an older file as it was.
    """
    if os.fspath(path) == "-":
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        yield sys.stdout
        sys.stdout.flush()
        return
    target = Path(path)
    if target.exists() and not target.is_file() and not target.is_dir():
        # A device or a named pipe cannot be replaced, only written to.
        with open(target, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        return
    target = Path(os.path.realpath(target))
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise FormatError(f"cannot be written: {(error.strerror or str(error)).lower()}", path=str(path)) from error
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
