"""The lines of a sentence in a file of CoNLL-U or CoNLL-U Plus, checked so that a reader takes them back alike.

A sentence is only lists of strings, which anybody may change. So everything that is written is checked here, and what
no reader could take back is an error: line breaks in cells, empty forms, heads and IDs outside of the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from depparse.document.columns import SURROGATE, comment_key, is_unicode
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import DepparseError, FormatError

Columns = Mapping[str, Sequence[str]]
_BREAKS = (["newpar"], ["newdoc"])  # first words of the comments that begin a paragraph


@lru_cache(maxsize=512)
def ids(length: int) -> tuple[str, ...]:
    """The IDs of `length` words, as a file has them."""
    return tuple(map(str, range(1, length + 1)))


@lru_cache(maxsize=512)
def valid_heads(length: int) -> frozenset[str]:
    """All values of HEAD that are valid in a sentence of `length` words."""
    return frozenset(("_", "0", *ids(length)))


class Lines:
    """What a file has of a sentence: `comments` (whole lines), `columns` (cells by name), `mwts`, `empty_nodes`.

    Each column has one cell for each word; FORM is always there. `place` is where the sentence was read, such as
    ``file.conllu:12``, or None.
    """

    __slots__ = ("columns", "comments", "empty_nodes", "mwts", "place")

    def __init__(
        self,
        columns: dict[str, list[str]],
        comments: Iterable[str],
        mwts: Iterable[MultiwordToken],
        empty_nodes: Iterable[EmptyNode],
    ) -> None:
        self.columns = columns
        self.comments = list(comments)
        self.mwts = list(mwts)
        self.empty_nodes = list(empty_nodes)
        self.place: str | None = None

    def __len__(self) -> int:
        """The number of syntactic words."""
        return len(self.columns["FORM"])

    def column(self, name: str) -> list[str]:
        """The column `name`. A sentence without it gets one, filled with ``_``."""
        if name not in self.columns:
            self.columns[name] = ["_"] * len(self)
        return self.columns[name]

    @property
    def column_names(self) -> list[str]:
        """The names of its columns, and of those that only multiword tokens or empty nodes have cells in."""
        if not self.mwts and not self.empty_nodes:
            return list(self.columns)
        lines = [*(multiword.cells for multiword in self.mwts), *(node.cells for node in self.empty_nodes)]
        filled = (name for cells in lines for name, cell in cells.items() if cell != "_")
        return list(dict.fromkeys((*self.columns, *filled)))

    # -- comments

    def comment(self, key: str) -> str | None:
        """The value of the comment ``# key = value`` ('' for ``# key`` alone), or None if there is no such comment."""
        for line in self.comments:
            if key in line:
                name, _, value = line[1:].partition("=")
                if name.strip() == key:
                    return value[1:] if value.startswith(" ") else value
        return None

    def set_comment(self, key: str, value: str | None) -> None:
        """Replaces ``# key = value`` in its place or adds it at the end; for None, removes it. Raises DepparseError."""
        line = None if value is None else f"# {key} = {value}"
        if line is not None and ("\n" in line or "\r" in line):
            raise DepparseError(f"a comment is one line, but {line!r} holds a line break")
        if line is not None and not is_unicode(line):
            raise DepparseError(f"{SURROGATE}, but the comment {line!r} does")
        comments = []
        for old in self.comments:
            if comment_key(old) != key:
                comments.append(old)
            elif line is not None:
                comments.append(line)
                line = None
        self.comments = comments + ([line] if line is not None else [])

    @property
    def sent_id(self) -> str | None:
        """The ID in the comment ``# sent_id``, or None."""
        return self.comment("sent_id")

    @property
    def starts_paragraph(self) -> bool:
        """Whether ``# newpar`` or ``# newdoc`` stands before the sentence, with or without an id."""
        return any("new" in line and line[1:].split(None, 1)[:1] in _BREAKS for line in self.comments)

    @property
    def starts_document(self) -> bool:
        """Whether ``# newdoc`` stands before the sentence, with or without an id."""
        return any("newdoc" in line and line[1:].split(None, 1)[:1] == ["newdoc"] for line in self.comments)

    # -- lines

    def rows(self, names: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(ID, cells of the columns `names`) of each line in file order: multiword tokens, words, empty nodes."""
        return self._rows(names, self.columns)

    def check(self) -> None:
        """Raises FormatError, with the word and the column, if no file can hold the sentence so that it is read alike.

        Heads and IDs lie in the sentence, cells are text without tabs and line breaks, forms are not empty.
        """
        self.text_of_lines(self.column_names)

    def text_of_lines(
        self, names: Sequence[str], columns: Columns | None = None, comments: Sequence[str] | None = None
    ) -> str:
        """The lines with the columns `names`, and the empty line after them.

        `columns` and `comments` may be given in place of its own. Raises FormatError as `check` does.
        """
        columns = self.columns if columns is None else columns
        comments = self.comments if comments is None else comments
        try:
            rows = ["\t".join((id, *cells)) for id, cells in self._rows(names, columns)]
        except (TypeError, ValueError):  # a cell that is no text, or columns of different lengths
            self._explain(names, columns, comments)
            raise
        text = "\n".join([*comments, *rows, "", ""])
        if not self._is_sound(text, len(rows), names, comments):
            self._explain(names, columns, comments)
        return text

    def _rows(self, names: Sequence[str], columns: Columns) -> Iterator[tuple[str, tuple[str, ...]]]:
        length = len(self)
        blank = ["_"] * length
        lists = [columns.get(name, blank) for name in names]
        words = zip(map(str, range(1, length + 1)), zip(*lists, strict=True), strict=True)
        if not self.mwts and not self.empty_nodes:
            yield from words
            return
        multiwords = {multiword.start: multiword for multiword in self.mwts}
        nodes_behind: dict[int, list[EmptyNode]] = {}
        for node in self.empty_nodes:
            nodes_behind.setdefault(node.id[0], []).append(node)
        for position in range(length + 1):
            if position:
                if (multiword := multiwords.get(position)) is not None:
                    yield f"{multiword.start}-{multiword.end}", tuple(multiword.cells.get(name, "_") for name in names)
                yield next(words)
            for node in nodes_behind.get(position, ()):
                yield f"{node.id[0]}.{node.id[1]}", tuple(node.cells.get(name, "_") for name in names)

    def _is_sound(self, text: str, n_rows: int, names: Sequence[str], comments: Sequence[str]) -> bool:
        length = len(self)
        return (
            length > 0
            and text.count("\n") == len(comments) + n_rows + 1
            and text.count("\t") == n_rows * len(names) + sum(line.count("\t") for line in comments)
            and all(line.startswith("#") for line in comments)
            and "\r\n" not in text
            and "" not in self.columns["FORM"]
            and ("HEAD" not in self.columns or valid_heads(length).issuperset(self.columns["HEAD"]))
            and (text.isascii() or is_unicode(text))
            and (not (self.mwts or self.empty_nodes) or self._wrong_id() is None)
        )

    def _explain(self, names: Sequence[str], columns: Columns, comments: Sequence[str]) -> None:
        """Raises the error about the first fault, if there is any."""
        length = len(self)
        if not length:
            raise self._error("a sentence without words")
        for name, column in columns.items():
            if len(column) != length:
                raise self._error(f"expected {length} values, one for each word, found {len(column)}", name)
        for line in comments:
            if not isinstance(line, str) or not line.startswith("#") or "\n" in line or line.endswith("\r"):
                raise self._error(f"a comment is one line that begins with #, not {_cut(line)}")
            if not is_unicode(line):
                raise self._error(f"{SURROGATE}, but the comment {_cut(line)} does")
        if (id := self._wrong_id()) is not None:
            raise self._error(f"the multiword token or empty node {id} is out of place among {length} words", "ID")
        for id, cells in self._rows(names, columns):
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
        length = len(self)
        if id.isdigit() and name == "HEAD" and cell not in valid_heads(length):
            return f"a head is _ or a number from 0 to {length}, not {_cut(cell)}"
        return None

    def _wrong_id(self) -> str | None:
        """The first multiword token or empty node that is outside of the sentence, overlaps another or is out of order.

        Empty nodes behind a word count from 1.
        """
        length = len(self)
        mwts = sorted((multiword.start, multiword.end) for multiword in self.mwts)
        for start, end in mwts:
            if not 1 <= start <= end <= length:
                return f"{start}-{end}"
        for before, after in pairwise(mwts):
            if after[0] <= before[1]:
                return f"{after[0]}-{after[1]}"
        counts: dict[int, int] = {}  # by word: the empty nodes behind it
        for word, number in (node.id for node in self.empty_nodes):
            counts[word] = counts.get(word, 0) + 1
            if not 0 <= word <= length or number != counts[word]:
                return f"{word}.{number}"
        return None

    def _error(self, message: str, column: str | None = None) -> FormatError:
        return FormatError(message, path=self.place or "output", sent_id=self.sent_id, column=column)


def _cut(value: object) -> str:
    """The value for an error, with its end cut off if it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
