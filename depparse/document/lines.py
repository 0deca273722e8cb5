"""The lines of a sentence in a file of CoNLL-U or CoNLL-U Plus, checked so that a reader takes them back alike.

A sentence is only lists of strings, which anybody may change. So everything that is written is checked here, and what
no reader could take back is an error: line breaks in cells, empty forms, heads and IDs outside of the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from depparse.document.columns import SURROGATE, is_unicode
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import FormatError

Columns = Mapping[str, Sequence[str]]


@lru_cache(maxsize=512)
def ids(length: int) -> tuple[str, ...]:
    """The IDs of `length` words, as a file has them."""
    return tuple(map(str, range(1, length + 1)))


@lru_cache(maxsize=512)
def valid_heads(length: int) -> frozenset[str]:
    """All values of HEAD that are valid in a sentence of `length` words."""
    return frozenset(("_", "0", *ids(length)))


def iter_rows(
    names: Sequence[str], columns: Columns, mwts: Sequence[MultiwordToken], nodes: Sequence[EmptyNode]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(ID, cells of the columns `names`) of each line in file order: multiword tokens, words, empty nodes."""
    length = len(columns["FORM"])
    blank = ["_"] * length
    lists = [columns.get(name, blank) for name in names]
    words = zip(map(str, range(1, length + 1)), zip(*lists, strict=True), strict=True)
    if not mwts and not nodes:
        yield from words
        return
    multiwords = {multiword.start: multiword for multiword in mwts}
    nodes_behind: dict[int, list[EmptyNode]] = {}
    for node in nodes:
        nodes_behind.setdefault(node.id[0], []).append(node)
    for position in range(length + 1):
        if position:
            if (multiword := multiwords.get(position)) is not None:
                yield f"{multiword.start}-{multiword.end}", tuple(multiword.cells.get(name, "_") for name in names)
            yield next(words)
        for node in nodes_behind.get(position, ()):
            yield f"{node.id[0]}.{node.id[1]}", tuple(node.cells.get(name, "_") for name in names)


class Lines(NamedTuple):
    """All that the lines of a sentence hold. `place` is where the sentence stands, for errors."""

    columns: Columns
    comments: Sequence[str]
    mwts: Sequence[MultiwordToken]
    nodes: Sequence[EmptyNode]
    place: str
    sent_id: str | None

    def text(self, names: Sequence[str]) -> str:
        """The lines with the columns `names`, and the empty line after them.

        Raises FormatError, with the word and the column, if a reader would not take them back alike.
        """
        try:
            rows = ["\t".join((id, *cells)) for id, cells in iter_rows(names, self.columns, self.mwts, self.nodes)]
        except (TypeError, ValueError):  # a cell that is no text, or columns of different lengths
            self._explain(names)
            raise
        text = "\n".join([*self.comments, *rows, "", ""])
        if not self._is_sound(text, rows, names):
            self._explain(names)
        return text

    def _is_sound(self, text: str, rows: list[str], names: Sequence[str]) -> bool:
        length = len(self.columns["FORM"])
        tabs = len(rows) * len(names)
        return (
            length > 0
            and text.count("\n") == len(self.comments) + len(rows) + 1
            and text.count("\t") == tabs + sum(line.count("\t") for line in self.comments)
            and all(line.startswith("#") for line in self.comments)
            and "\r\n" not in text
            and "" not in self.columns["FORM"]
            and ("HEAD" not in self.columns or valid_heads(length).issuperset(self.columns["HEAD"]))
            and (text.isascii() or is_unicode(text))
            and (not (self.mwts or self.nodes) or self._wrong_id() is None)
        )

    def _explain(self, names: Sequence[str]) -> None:
        """Raises the error about the first fault, if there is any."""
        length = len(self.columns["FORM"])
        if not length:
            raise self._error("a sentence without words")
        for name, column in self.columns.items():
            if len(column) != length:
                raise self._error(f"expected {length} values, one for each word, found {len(column)}", name)
        for line in self.comments:
            if not isinstance(line, str) or not line.startswith("#") or "\n" in line or line.endswith("\r"):
                raise self._error(f"a comment is one line that begins with #, not {_cut(line)}")
            if not is_unicode(line):
                raise self._error(f"{SURROGATE}, but the comment {_cut(line)} does")
        if (id := self._wrong_id()) is not None:
            raise self._error(f"the multiword token or empty node {id} is out of place among {length} words", "ID")
        for id, cells in iter_rows(names, self.columns, self.mwts, self.nodes):
            for name, cell in zip(names, cells, strict=True):
                if fault := self._fault_of(cell, name, id, ends_line=name == names[-1]):
                    raise self._error(f"word {id}: {fault}", name)

    def _fault_of(self, cell: object, name: str, id: str, *, ends_line: bool) -> str | None:
        if not isinstance(cell, str):
            return f"a cell is text, not {_cut(cell)}"
        if "\t" in cell or "\n" in cell or (ends_line and cell.endswith("\r")):
            return f"a cell holds no tab and no line break, but {_cut(cell)} does"
        if not is_unicode(cell):
            return f"{SURROGATE}, but {_cut(cell)} does"
        if id.isdigit() and name == "FORM" and not cell:
            return "the form is empty; write _ for none"
        length = len(self.columns["FORM"])
        if id.isdigit() and name == "HEAD" and cell not in valid_heads(length):
            return f"a head is _ or a number from 0 to {length}, not {_cut(cell)}"
        return None

    def _wrong_id(self) -> str | None:
        """The first multiword token or empty node that is outside of the sentence, overlaps another or is out of order.

        Empty nodes behind a word count from 1.
        """
        length = len(self.columns["FORM"])
        mwts = sorted((multiword.start, multiword.end) for multiword in self.mwts)
        for start, end in mwts:
            if not 1 <= start <= end <= length:
                return f"{start}-{end}"
        for before, after in pairwise(mwts):
            if after[0] <= before[1]:
                return f"{after[0]}-{after[1]}"
        counts: dict[int, int] = {}  # by word: the empty nodes behind it
        for word, number in (node.id for node in self.nodes):
            counts[word] = counts.get(word, 0) + 1
            if not 0 <= word <= length or number != counts[word]:
                return f"{word}.{number}"
        return None

    def _error(self, message: str, column: str | None = None) -> FormatError:
        return FormatError(message, path=self.place, sent_id=self.sent_id, column=column)


def _cut(value: object) -> str:
    """The value for an error, with its end cut off if it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
