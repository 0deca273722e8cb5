"""Files of word vectors: text and binary of word2vec, text and binary of fastText, each also gzip.

Files are read as a stream and only the rows asked for are kept, so memory depends on those alone. A row is kept if it
is among the first `limit` of the file (files are sorted by frequency) or if its word is needed.

- Text (any name but ``.bin``): a word and its numbers a line, after a line with the numbers of words and of units or
  without one. A word may have spaces in it. Fewer rows than the first line says are accepted: ``head`` makes such
  files.
- Binary word2vec (``.bin``): a first line of text as above, then each word, a space, and its numbers as float32.
- Models of fastText (``.bin``, told by their first bytes): vectors are those that fastText itself gives, the mean of
  the word's own row and those of its character n-grams (Bojanowski et al. 2017, *Enriching Word Vectors with Subword
  Information*); so a needed word has a vector even if the model never saw it. Quantized models (``.ftz``) are not read.

Words that are not UTF-8 are left out, as no word of a treebank can be one of them.
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
    """Words, each once, in the order of the file, and a row for each."""

    words: list[str]
    rows: Rows  # [words, units]


def read_vectors(path: PathLike, needed: Collection[str] = (), limit: int = 0) -> WordVectors:
    """The first `limit` rows of the file and those of the words in `needed`.

    Of a word that is there twice the first row is kept. Raises FormatError.
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


class _Kept:
    """Collects rows without a second copy of them."""

    def __init__(self, needed: Collection[str], limit: int) -> None:
        self.needed, self.limit, self.seen = needed, limit, 0
        self.words: dict[str, None] = {}
        self.numbers = bytearray()

    def wants(self, word: bytes) -> str | None:
        """The word, if its row is to be kept; to be asked once for each row."""
        self.seen += 1
        try:
            text = word.decode("utf-8")
        except UnicodeDecodeError:
            return None
        wanted = (self.seen <= self.limit or text in self.needed) and text not in self.words
        return text if wanted else None

    def add(self, word: str, row: Rows) -> None:
        self.words[word] = None
        self.numbers += row.tobytes()

    def result(self, units: int) -> WordVectors:
        return WordVectors(list(self.words), np.frombuffer(self.numbers, np.float32).reshape(-1, units))


# -- text


def _read_text(stream: BinaryIO, needed: Collection[str], limit: int) -> WordVectors:
    kept = _Kept(needed, limit)
    units = 0
    for number, line in enumerate(stream, 1):
        fields = line.replace(b"\t", b" ").rstrip(b" \r\n").split(b" ")
        if number == 1 and (size := _sizes(fields)) is not None:
            units = size[1]
            continue
        if fields == [b""]:
            continue
        if not kept.seen:
            found = _count_numbers(fields)
            if not found or found != (units or found):
                expected = f"{units} numbers" if units else "its vector, or the numbers of words and of units"
                raise FormatError(f"expected a word and {expected} (a binary file is named .bin)", line=number)
            units = found
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
    """The numbers of words and of units, if the fields are those of a first line."""
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
    """A stream read in pieces of any length."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.buffer, self.place = stream, b"", 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, or fewer at the end of the file."""
        while len(self.buffer) - self.place < size and (more := self.stream.read(max(size, _CHUNK))):
            self.buffer, self.place = self.buffer[self.place :] + more, 0
        return self.buffer[self.place : self.place + size]

    def take(self, size: int) -> bytes:
        data = self.peek(size)
        if len(data) < size:
            raise FormatError("ends too early; get the file again")
        self.place += size
        return data

    def until(self, mark: bytes) -> bytes:
        """What comes before `mark`, which is passed over."""
        end = self.buffer.find(mark, self.place)
        if end < 0:
            end = self.place + self.peek(_LONGEST).find(mark)
            if end < self.place:
                raise FormatError(f"broken: no end of a word within {_LONGEST:,} bytes; get the file again")
        data = self.buffer[self.place : end]
        self.place = end + 1
        return data

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))


def _read_binary(reader: _Reader, needed: Collection[str], limit: int) -> WordVectors:
    first, newline, _ = reader.peek(100).partition(b"\n")
    sizes = _sizes(first.split()) if newline else None
    if sizes is None:
        raise FormatError("neither binary word2vec nor a model of fastText (a text file is not named .bin)")
    reader.take(len(first) + 1)
    n_words, units = sizes
    kept = _Kept(needed, limit)
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
    # Context, epochs, least count, negatives, word n-grams, loss, kind; buckets, n-gram lengths; rate, sampling.
    *_, kind, buckets, shortest, longest, _, _ = reader.numbers("<11id")
    if version not in (11, 12) or units < 1:
        raise FormatError(f"a model of fastText of the unknown version {version}")
    if version == 11 and kind == 3:
        longest = 0  # old classifiers have no n-grams, whatever they say
    size, n_words, _, _, pruned = reader.numbers("<3i2q")
    kept = _Kept(needed, limit)
    own: dict[str, int] = {}
    for number in range(size):
        word = reader.until(b"\0")
        reader.take(9)  # count and kind; labels come after all words
        if number < n_words and (text := kept.wants(word)) is not None:
            own[text] = number
            kept.words[text] = None
    if pruned >= 0 or reader.numbers("<?") != (False,):
        raise FormatError("a quantized model of fastText; only whole ones (.bin) are read")
    if longest:
        kept.words |= dict.fromkeys(sorted(needed))
    words: list[str] = []
    places: list[int] = []
    row_numbers: list[int] = []
    for text in kept.words:
        numbers = [own[text]] if text in own else []
        if longest and text != "</s>":
            numbers += [n_words + number % buckets for number in _ngram_hashes(text, shortest, longest)]
        if numbers:
            places += [len(words)] * len(numbers)
            row_numbers += numbers
            words.append(text)
    n_rows, width = reader.numbers("<2q")
    if width != units or n_rows <= max(row_numbers, default=0):
        raise FormatError("a model of fastText whose parts do not fit together; get the file again")
    rows = _sum_rows(reader, n_rows, units, np.array(row_numbers, np.int64), np.array(places, np.int64), len(words))
    return WordVectors(words, rows / np.bincount(places, minlength=len(words)).astype(np.float32)[:, None])


def _ngram_hashes(word: str, shortest: int, longest: int) -> Iterator[int]:
    """Of all n-grams of the word between brackets, but not of a bracket alone."""
    characters = [character.encode("utf-8") for character in f"<{word}>"]
    for begin in range(len(characters)):
        value = 2166136261
        for end in range(begin, min(begin + longest, len(characters))):
            # FNV-1a in 32 bits, of bytes that fastText takes as signed ones.
            for byte in characters[end]:
                value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
            length = end - begin + 1
            if length >= shortest and not (length == 1 and (begin == 0 or end == len(characters) - 1)):
                yield value


def _sum_rows(reader: _Reader, n_rows: int, units: int, numbers: Indices, places: Indices, n_sums: int) -> Rows:
    """The sums of the rows `numbers` of the matrix that comes next, each added to the sum at its place."""
    order = numbers.argsort(kind="stable")
    numbers, places = numbers[order], places[order]
    sums = np.zeros((n_sums, units), np.float32)
    at_once = max(1, _CHUNK // (4 * units))
    for first in range(0, n_rows, at_once):
        rows = np.frombuffer(reader.take(4 * units * min(at_once, n_rows - first)), "<f4").reshape(-1, units)
        low, high = np.searchsorted(numbers, [first, first + at_once])
        np.add.at(sums, places[low:high], rows[numbers[low:high] - first])
    if not np.isfinite(sums).all():
        raise FormatError("a vector has a number that is not finite")
    return sums
