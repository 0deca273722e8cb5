"""Files of word vectors: the text and binary formats of word2vec and of fastText, also compressed by gzip.

Files are read as a stream, and only some rows are kept, so memory depends on those alone. A row is kept if it is among
the first `limit` rows of the file (files are sorted by frequency) or if its word is needed.

- Text (any name but ``.bin``): each line is a word and its numbers. The first line may give the number of words and the
  number of units instead. A word may contain spaces. A file may have fewer rows than its first line says, because
  ``head`` makes such files.
- Binary word2vec (``.bin``): the first line is text as above; then come each word, a space, and its float32 numbers.
- Models of fastText (``.bin``, recognized by their first bytes): vectors are those that fastText itself gives, the mean
  of the word's own row and the rows of its character n-grams (Bojanowski et al. 2017, *Enriching Word Vectors with
  Subword Information*). So a needed word has a vector even if the model never saw it. Quantized models (``.ftz``) are
  not read.

Words that are not UTF-8 are left out, because no word of a treebank can be one of them.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_input

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

_FASTTEXT = struct.pack("<i", 793712314)
_CHUNK = 1 << 20  # bytes
_LONGEST = 10_000  # bytes of a word


@dataclass(slots=True)
class WordVectors:
    """Words, each once, in the order of the file, with one row for each."""

    words: list[str]
    rows: Rows  # [words, units]


def read_vectors(path: PathLike, needed: Collection[str] = (), limit: int = 0) -> WordVectors:
    """The first `limit` rows of the file and the rows of the words in `needed`.

    If a word occurs twice, its first row is kept. Raises FormatError if the file cannot be understood.
    """
    name = name_of(path)
    needed = needed if isinstance(needed, (set, frozenset, dict)) else set(needed)
    with open_input(path) as stream:
        try:
            if not name.removesuffix(".gz").endswith((".bin", ".ftz")):
                return _read_text(stream, needed, limit)
            reader = _Reader(stream)
            if reader.peek(len(_FASTTEXT)) == _FASTTEXT:
                return _read_fasttext(reader, needed, limit)
            return _read_binary(reader, needed, limit)
        except FormatError as error:
            raise FormatError(error.message, path=name, line=error.line) from None


class _KeptRows:
    """Collects the rows to keep, without a second copy of them in memory."""

    def __init__(self, needed: Collection[str], limit: int) -> None:
        self.needed, self.limit, self.seen = needed, limit, 0
        self.words: dict[str, None] = {}
        self.numbers = bytearray()

    def wants(self, word: bytes) -> str | None:
        """The decoded word if its row is to be kept, else None. Must be called once for each row."""
        self.seen += 1
        try:
            text = word.decode("utf-8")
        except UnicodeDecodeError:
            return None
        wanted = (self.seen <= self.limit or text in self.needed) and text not in self.words
        return text if wanted else None

    def add(self, word: str, row: Rows) -> None:
        """Keeps a row."""
        self.words[word] = None
        self.numbers += row.tobytes()

    def result(self, units: int) -> WordVectors:
        """All kept rows."""
        return WordVectors(list(self.words), np.frombuffer(self.numbers, np.float32).reshape(-1, units))


# -- text


def _read_text(stream: BinaryIO, needed: Collection[str], limit: int) -> WordVectors:
    kept = _KeptRows(needed, limit)
    units = 0
    for number, line in enumerate(stream, 1):
        fields = line.replace(b"\t", b" ").rstrip(b" \r\n").split(b" ")
        if number == 1 and (size := _sizes(fields)) is not None:
            units = size[1]
            continue
        if fields == [b""]:
            continue
        if not kept.seen:
            n_numbers = _count_numbers(fields)
            if not n_numbers or n_numbers != (units or n_numbers):
                expected = f"{units} numbers" if units else "its vector, or the numbers of words and of units"
                raise FormatError(f"expected a word and {expected} (a binary file must be named .bin)", line=number)
            units = n_numbers
        if len(fields) <= units:
            raise FormatError(f"expected a word and {units} numbers, found {len(fields)} fields", line=number)
        word = kept.wants(b" ".join(fields[:-units]))
        if word is None:
            continue
        try:
            row = np.array([float(field) for field in fields[-units:]], np.float32)
        except ValueError:
            raise FormatError(f"expected {units} numbers after the word {word[:40]!r}", line=number) from None
        if not np.isfinite(row).all():
            raise FormatError(f"the vector of {word[:40]!r} has a number that is not finite", line=number)
        kept.add(word, row)
    if not kept.seen:
        raise FormatError("holds no vectors")
    return kept.result(units)


def _sizes(fields: list[bytes]) -> tuple[int, int] | None:
    """The number of words and the number of units, if the fields are those of a first line."""
    if len(fields) != 2 or not all(field.isdigit() and int(field) for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _count_numbers(fields: list[bytes]) -> int:
    """How many fields at the end are numbers; the first field is a word."""
    for count, field in enumerate(reversed(fields[1:])):
        try:
            float(field)
        except ValueError:
            return count
    return len(fields) - 1


# -- binary


class _Reader:
    """Reads a stream in pieces of any length."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.buffer, self.position = stream, b"", 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, or fewer at the end of the file."""
        while len(self.buffer) - self.position < size and (more := self.stream.read(max(size, _CHUNK))):
            self.buffer, self.position = self.buffer[self.position :] + more, 0
        return self.buffer[self.position : self.position + size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes. Raises FormatError if the file ends before."""
        data = self.peek(size)
        if len(data) < size:
            raise FormatError("ends too early; get the file again")
        self.position += size
        return data

    def until(self, mark: bytes) -> bytes:
        """The bytes before `mark`, which is skipped. Raises FormatError if there is none near."""
        end = self.buffer.find(mark, self.position)
        if end < 0:
            end = self.position + self.peek(_LONGEST).find(mark)
            if end < self.position:
                raise FormatError(f"broken: no end of a word within {_LONGEST:,} bytes; get the file again")
        data = self.buffer[self.position : end]
        self.position = end + 1
        return data

    def numbers(self, form: str) -> tuple[Any, ...]:
        """The next numbers, in a format of `struct`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))


def _read_binary(reader: _Reader, needed: Collection[str], limit: int) -> WordVectors:
    first, newline, _ = reader.peek(100).partition(b"\n")
    sizes = _sizes(first.split()) if newline else None
    if sizes is None:
        raise FormatError("neither binary word2vec nor a model of fastText (a text file must not be named .bin)")
    reader.take(len(first) + 1)
    n_words, units = sizes
    kept = _KeptRows(needed, limit)
    for number in range(1, n_words + 1):
        word = kept.wants(reader.until(b" ").lstrip(b"\n"))
        numbers = reader.take(4 * units)
        if word is None:
            continue
        row = np.frombuffer(numbers, "<f4").astype(np.float32)
        if not np.isfinite(row).all():
            raise FormatError(f"the vector of {word[:40]!r}, number {number:,}, has a number that is not finite")
        kept.add(word, row)
    return kept.result(units)


# -- models of fastText


def _read_fasttext(reader: _Reader, needed: Collection[str], limit: int) -> WordVectors:
    _, version, units = reader.numbers("<3i")
    # The eleven integers: context, epochs, least count, negatives, word n-grams, loss, kind, buckets, the shortest and
    # the longest n-gram, update rate; then a double, the sampling threshold.
    *_, kind, buckets, shortest, longest, _, _ = reader.numbers("<11id")
    if version not in (11, 12) or units < 1:
        raise FormatError(f"a model of fastText of the unknown version {version}")
    if version == 11 and kind == 3:
        longest = 0  # classifiers of this version have no n-grams, whatever the number says
    size, n_words, _, _, pruned = reader.numbers("<3i2q")
    kept = _KeptRows(needed, limit)
    word_rows: dict[str, int] = {}
    for number in range(size):
        word = reader.until(b"\0")
        reader.take(9)  # count and kind; labels come after all words
        if number < n_words and (text := kept.wants(word)) is not None:
            word_rows[text] = number
            kept.words[text] = None
    if pruned >= 0 or reader.numbers("<?") != (False,):
        raise FormatError("a quantized model of fastText; only whole ones (.bin) are read")
    if longest:
        kept.words |= dict.fromkeys(sorted(needed))
    words: list[str] = []
    sum_indices: list[int] = []
    row_numbers: list[int] = []
    for text in kept.words:
        numbers = [word_rows[text]] if text in word_rows else []
        if longest and text != "</s>":
            numbers += [n_words + number % buckets for number in _ngram_hashes(text, shortest, longest)]
        if numbers:
            sum_indices += [len(words)] * len(numbers)
            row_numbers += numbers
            words.append(text)
    n_rows, width = reader.numbers("<2q")
    if width != units or n_rows <= max(row_numbers, default=0):
        raise FormatError("a model of fastText whose parts do not fit together; get the file again")
    arrays = np.array(row_numbers, np.int64), np.array(sum_indices, np.int64)
    rows = _sum_rows(reader, n_rows, units, *arrays, len(words))
    return WordVectors(words, rows / np.bincount(sum_indices, minlength=len(words)).astype(np.float32)[:, None])


def _ngram_hashes(word: str, shortest: int, longest: int) -> Iterator[int]:
    """The hashes of all n-grams of the word in angle brackets, except an angle bracket alone."""
    characters = [character.encode("utf-8") for character in f"<{word}>"]
    for begin in range(len(characters)):
        value = 2166136261
        for end in range(begin, min(begin + longest, len(characters))):
            # The hash is 32-bit FNV-1a, over bytes that fastText reads as signed.
            for byte in characters[end]:
                value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
            length = end - begin + 1
            if length >= shortest and not (length == 1 and (begin == 0 or end == len(characters) - 1)):
                yield value


def _sum_rows(reader: _Reader, n_rows: int, units: int, numbers: Indices, sum_indices: Indices, n_sums: int) -> Rows:
    """Sums of rows of the matrix that comes next: row ``numbers[i]`` is added to the sum ``sum_indices[i]``."""
    order = numbers.argsort(kind="stable")
    numbers, sum_indices = numbers[order], sum_indices[order]
    sums = np.zeros((n_sums, units), np.float32)
    at_once = max(1, _CHUNK // (4 * units))
    for first in range(0, n_rows, at_once):
        rows = np.frombuffer(reader.take(4 * units * min(at_once, n_rows - first)), "<f4").reshape(-1, units)
        low, high = np.searchsorted(numbers, [first, first + at_once])
        np.add.at(sums, sum_indices[low:high], rows[numbers[low:high] - first])
    if not np.isfinite(sums).all():
        raise FormatError("a vector has a number that is not finite")
    return sums
