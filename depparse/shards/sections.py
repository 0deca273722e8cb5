"""Cuts files into sections that can be analysed one by one, with the same result as the whole file.

Where a file is cut depends on its content and on the wanted size alone. CoNLL-U is cut after an empty line, JSON lines
after a line, Parquet between row groups. Text is cut between paragraphs (with `presplit`: lines), and only where a
block of `depparse.text.blocks` ends, so that the blocks of the sections are those of the file: a segmenter reads each
block on its own. Files in other formats and packed files (``.gz``) are one section.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO

from depparse.errors import ConfigError
from depparse.files import name_of, open_input
from depparse.formats.first_lines import InputFile
from depparse.text.blocks import iter_blocks
from depparse.text.naming import document_names
from depparse.text.pieces import iter_pieces
from depparse.text.presplit import iter_lines
from depparse.text.spacing import breaks_paragraph, is_visible

_CHUNK = 1 << 20  # bytes
_SENTENCE = 20  # words of a sentence of a Parquet file, roughly
# Bytes of a word in each format, roughly. Other formats are counted like CoNLL-U.
_BYTES = {"text": 6, "horizontal": 6, "conllu": 60, "jsonl": 120}
# Where files of lines may be cut: behind a match, if the rest begins like a sentence.
_CUTS = {"conllu": re.compile(rb"\n\r*\n(?=[0-9#])"), "jsonl": re.compile(rb"\n(?=\{)")}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an input file, or a whole file.

    `start` and `end` count bytes or, in Parquet, row groups; an `end` of None is that of the file. `line` is the number
    of its first line, and `words` a rough count. `first` is the number of its first sentence, which matters if the
    format has no sent_ids; `prefix` begins all sent_ids. `opens_paragraph` says that a paragraph of text begins here.
    """

    path: str
    format: str
    sha256: str  # of the content
    words: int
    start: int = 0
    end: int | None = None
    line: int = 1
    opens_paragraph: bool = True
    document: str = ""
    prefix: str = ""
    first: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether the section is a whole file."""
        return self.start == 0 and self.end is None

    @property
    def identity(self) -> tuple[object, ...]:
        """All that decides what becomes of the section. It does not contain its place in the file system."""
        names = (self.document, self.prefix, self.first)
        return (self.format, self.sha256, *names, self.start == 0, self.opens_paragraph)


def sections_of(files: Iterable[InputFile], words: int, block_size: int, *, presplit: bool) -> Iterator[Section]:
    """The sections of the files, in order, with about `words` words in each.

    `block_size` is that of the segmenter, in characters. Sections of text have the right number `first` only if they
    begin a file; `depparse.shards.job` sets that of the others. Raises ConfigError for what is no regular file, and
    FormatError for text that is not UTF-8.
    """
    files = list(files)
    for file, document in zip(files, document_names([file.path for file in files]), strict=True):
        path = Path(name_of(file.path))
        if file.stream is not None or not path.is_file():
            raise ConfigError(f"{path} cannot be cut into shards: it is no regular file, which all machines can read")
        prefix = f"{document}-" if len(files) > 1 else ""
        for section in _sections(str(path.absolute()), file.format, words, block_size, presplit=presplit):
            yield replace(section, document=document, prefix=prefix)


def _sections(path: str, format: str, words: int, block_size: int, *, presplit: bool) -> Iterator[Section]:
    packed = path.endswith(".gz")
    if format == "parquet":
        return _row_groups(path, words)
    if format == "text" and not packed:
        chunks = _lines_in_blocks(path, block_size) if presplit else _blocks(path, block_size)
        return _text(path, chunks, words, block_size)
    if format in _CUTS and not packed:
        return _lines(path, format, words)
    size = os.path.getsize(path) * (3 if packed else 1)
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return iter([Section(path, format, digest, size // _BYTES.get(format, _BYTES["conllu"]))])


# -- lines


def _lines(path: str, format: str, words: int) -> Iterator[Section]:
    """The sections of a file that can be cut at lines."""
    size = _BYTES[format]
    start, line = 0, 1
    with open_input(path) as stream:
        for content in cut_lines(stream, _CUTS[format], words * size):
            digest, end = hashlib.sha256(content).hexdigest(), start + len(content)
            yield Section(path, format, digest, len(content) // size, start, end, line)
            start, line = end, line + content.count(b"\n")


def cut_lines(stream: BinaryIO, cut: re.Pattern[bytes], size: int) -> Iterator[bytes]:
    """The content of the stream, each part cut behind the first match of `cut` that lies `size` bytes within it."""
    pending, seen = b"", 0
    while data := stream.read(_CHUNK):
        pending += data
        while match := cut.search(pending, max(size, seen)):
            yield pending[: match.end()]
            pending, seen = pending[match.end() :], 0
        seen = max(0, len(pending) - 8)  # a match may begin at the end of what has been read
    if pending:
        yield pending


# -- text


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A part of a text: what belongs to one block.

    `size` is that of the block, and `may_end` says that a sentence surely ends here, and the block does.
    """

    text: str
    size: int
    may_end: bool


def _blocks(path: str, block_size: int) -> Iterator[_Chunk]:
    for block in iter_blocks(iter_pieces(path), block_size):
        yield _Chunk(block, len(block), breaks_paragraph(_trailing(block)))


def _lines_in_blocks(path: str, block_size: int) -> Iterator[_Chunk]:
    """The whole lines in each block. The segmenter reads each line as a paragraph (`depparse.text.presplit`)."""
    waiting: deque[tuple[int, str]] = deque()  # (where the paragraph ends, the line)

    def paragraphs() -> Iterator[str]:
        end = 0
        for line, paragraph in iter_lines(iter_pieces(path)):
            end += len(paragraph)
            waiting.append((end, line))
            yield paragraph

    position = 0
    for block in iter_blocks(paragraphs(), block_size):
        position += len(block)
        lines, end = [], -1
        while waiting and waiting[0][0] <= position:
            end, line = waiting.popleft()
            lines.append(line)
        yield _Chunk("".join(lines), len(block), end == position)


def _trailing(text: str) -> str:
    """The white space at the end of the text."""
    return text[len(text.rstrip()) :]


def _text(path: str, chunks: Iterable[_Chunk], words: int, block_size: int) -> Iterator[Section]:
    """The sections of a text."""
    start = end = 0
    line, lines = 1, 0
    sizes: list[int] = []
    digest, opens = hashlib.sha256(), True
    size = _BYTES["text"]
    for chunk, following in pairwise(chain(chunks, [_Chunk("", 0, False)])):
        data = chunk.text.encode()
        digest.update(data)
        end += len(data)
        lines += data.count(b"\n")
        sizes.append(chunk.size)
        if end - start >= words * size and _divides(chunk, following, sizes, block_size):
            yield Section(path, "text", digest.hexdigest(), (end - start) // size, start, end, line, opens)
            start, line, lines = end, line + lines, 0
            sizes, digest, opens = [], hashlib.sha256(), breaks_paragraph(_trailing(chunk.text))
    if end > start:
        yield Section(path, "text", digest.hexdigest(), (end - start) // size, start, end, line, opens)


def _divides(chunk: _Chunk, following: _Chunk, sizes: list[int], block_size: int) -> bool:
    """Whether a section whose blocks have these `sizes` may end with the chunk.

    The text must be visible on both sides of the spacing here, so that no spacing belongs to two sections. When the
    section is read on its own, its last two blocks must come out as two blocks, not as one.
    """
    seen = chunk.text.rstrip()[-1:]
    as_blocks = len(sizes) == 1 or sum(sizes[-2:]) > block_size
    return chunk.may_end and as_blocks and is_visible(seen) and is_visible(following.text[:1])


# -- Parquet


def _row_groups(path: str, words: int) -> Iterator[Section]:
    from depparse.formats.arrow import parquet_file

    with parquet_file(path) as file:
        rows = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    with open(path, "rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    start, size = 0, 0
    for number, more in enumerate(rows, 1):
        size += more * _SENTENCE
        if size >= words or number == len(rows):
            digest = hashlib.sha256(f"{content} {start} {number}".encode()).hexdigest()
            yield Section(path, "parquet", digest, size, start, number)
            start, size = number, 0
