"""The contract of a kind of annotation: all that the package knows about it, except the networks that predict it.

A kind is one file of this folder that ends with ``KIND = …``, or an entry point ``depparse.annotations`` of another
package. `KIND` is an object of a class derived from one of three: `Kind` is for annotation that is cells or comments,
`ColumnKind` for columns of CoNLL-U itself, and `ObjectKind` (objects.py) for annotation that is objects in Python. All
code that reads, writes, joins, copies, keeps or checks annotation goes through the kinds and names none of them
(tests/document/annotations/test_homes.py lists the exceptions).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from depparse.document.annotations.records import shown
from depparse.document.columns import (
    CONLLU_COLUMNS,
    check_cell,
    comment_key,
    get_from_misc,
    set_in_misc,
    with_attributes,
)
from depparse.errors import DepparseError, Fail

if TYPE_CHECKING:
    import pyarrow

    from depparse.document.sentence import Sentence
    from depparse.document.words import EmptyNode, MultiwordToken


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a finding that a check can make: ``{subject}`` and ``{examples}`` in its message are filled in.

    `severity` is error (UD, the official scorer or training refuses it), warning (it hurts) or note. `unit` names what
    is counted, in the plural. `level` is that of the rule of UD that is broken (1, 2 or 3), None if there is none.
    """

    severity: str
    unit: str
    message: str
    remedy: str
    level: int | None = None


class Counts(Protocol):
    """The counts of a file after it was read."""

    trees: int
    nonprojective: int


class CheckedFile(Protocol):
    """A file during a check, as the kinds see it; `split` is train, dev …"""

    split: str

    @property
    def statistics(self) -> Counts:
        """The counts of the sentences read so far."""

    def place(self, sentence: Sentence | None = None, word: int | MultiwordToken | EmptyNode = 0) -> str:
        """``file:line`` of a word (from 1) or other line of the sentence that was read last, or of its beginning."""

    def find(self, code: str, place: str = "", example: str = "", count: int = 1) -> None:
        """Counts `count` more findings of this code, at a place, with an example for the message."""


class Checker(Protocol):
    """An object that looks for the mistakes of one kind in one file."""

    def check(self, sentence: Sentence) -> None:
        """Checks the next sentence."""

    def finish(self) -> None:
        """Adds the findings that only the whole file shows."""


class Cells(NamedTuple):
    """The cells that hold a kind; None for absent or empty columns. A bar, in MISC a comma, is `joint` of values."""

    columns: tuple[tuple[str, ...] | None, ...]
    joint: str


class Kind:
    """A kind of annotation. This base class serves kinds whose cells and comments say everything.

    The attributes say where the annotation stands, and the methods say what can be done with it. Each kind chooses the
    type of value that `read` returns and `write` takes; here it is a dictionary of cells by column and text by comment.
    """

    name: str  # the name of its file or entry point
    columns: tuple[str, ...] = ()  # of CoNLL-U or CoNLL-U Plus; if a sentence has the first, its cells hold the kind
    misc: tuple[str, ...] = ()  # the attribute of MISC for each column, for files without these columns
    aliases: tuple[str, ...] = ()  # other names of the first attribute, which are read, and replaced on writing
    comments: tuple[str, ...] = ()  # keys of comments
    empty: str = "_"  # the cell of a word without a value; MISC has no attribute then
    keep: tuple[str, ...] = ()  # names in capitals that users may ask to keep; the last one means all of the annotation
    probabilities: tuple[str, ...] = ()  # attributes of MISC that say how probable the annotation is
    follows: tuple[str, ...] = ()  # columns of another kind, without whose old values this annotation is void
    record: str | None = None  # its key in JSON and Arrow, if cells and comments do not say everything
    codes: Mapping[str, Code] = {}  # the findings that its checker can make

    # -- the annotation of a sentence

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        """Whether the sentence is annotated, even with nothing. A `ColumnKind` looks only at `columns`, if any."""
        held = cells.columns if (cells := self.cells(sentence)) else ()
        filled = (cell != self.empty for column in held for cell in column or ())
        return any(filled) or bool(self._lines(sentence))

    def read(self, sentence: Sentence) -> Any:
        """The value; a false one if there is no annotation."""
        value: dict[str, Any] = {}
        if (cells := self.cells(sentence)) is not None:
            for name, column in zip(self.columns, cells.columns, strict=True):
                if column is not None and any(cell != self.empty for cell in column):
                    value[name] = [cell.replace(cells.joint, "|") for cell in column]
        return value | {key: text for key in self.comments if (text := sentence.comment(key)) is not None}

    def same_cells(self, sentence: Sentence, other: Sentence) -> bool:
        """Whether the cells of the other sentence, with the same words, hold the same value."""
        return bool(self.read(sentence) == self.read(other))

    def told_by_cells(self, sentence: Sentence) -> bool:
        """Whether cells and comments say all that the sentence remembers, scores aside."""
        return True

    def write(self, sentence: Sentence, value: Any, *, in_columns: bool = False) -> None:
        """Replaces the value in the columns, if the sentence has them or `in_columns` is set, or else in MISC.

        Raises DepparseError for a value that cannot be written.
        """
        columns = self._checked(value, sentence)
        self._put(sentence, lambda joint: [[c.replace("|", joint) for c in cells] for cells in columns], in_columns)
        for key in self.comments:
            sentence.set_comment(key, value.get(key))

    def cells(self, sentence: Sentence) -> Cells | None:
        """The cells that hold the annotation, or None if there are none."""
        columns = sentence.columns
        if not self.columns:
            return None
        if self.columns[0] in columns:
            return Cells(tuple(tuple(columns[name]) if name in columns else None for name in self.columns), "|")
        misc = columns.get("MISC", ())
        if not self.misc or self.misc[0] + "=" not in "|".join(misc):
            return None
        cells = (tuple(get_from_misc(cell, key) or self.empty for cell in misc) for key in self.misc)
        return Cells(tuple(column if any(c != self.empty for c in column) else None for column in cells), ",")

    # -- in files

    def to_misc(self, sentence: Sentence, misc: list[str]) -> list[str]:
        """The cells of MISC with the annotation, which stands in columns that CoNLL-U does not have."""
        value = self.read(sentence)
        blank = [self.empty] * len(sentence)
        return self._into(misc, [[c.replace("|", ",") for c in value.get(name, blank)] for name in self.columns])

    def to_columns(self, sentence: Sentence) -> None:
        """Moves the annotation from MISC to columns. Without any, the columns say: annotated with nothing."""
        self.write(sentence, self.read(sentence), in_columns=True)

    # -- kept, copied, taken away

    def complete(self, sentence: Sentence, kept: Collection[str]) -> bool:
        """Whether the sentence has the annotation and all of it is to be `kept`, so that nothing is to be predicted."""
        return bool(self.keep) and self.keep[-1] in kept and self.annotated(sentence)

    def restore(self, sentence: Sentence, original: Sentence, kept: Collection[str]) -> None:
        """Puts back the annotation of the original that is to be `kept`, after predictions may have replaced it."""
        if self.complete(original, kept):
            self.put_back(sentence, original)

    def put_back(self, sentence: Sentence, original: Sentence) -> None:
        """Makes the annotation that of the original, cell for cell; other attributes of MISC stay."""
        for name in self.columns:
            if name in original.columns:
                sentence.columns[name] = list(original.columns[name])
            else:
                sentence.columns.pop(name, None)
        self.restore_misc(sentence, original)
        self._take_comments(sentence, original)
        self._take_value(sentence, original)

    def restore_misc(self, sentence: Sentence, original: Sentence) -> None:
        """Puts back the attributes of the kind that the original has in MISC."""
        if self.misc and ("MISC" in original.columns or "MISC" in sentence.columns):
            pairs = zip(original.misc_cells, sentence.misc_cells, strict=True)
            sentence.columns["MISC"] = [with_attributes(old, new, (*self.misc, *self.aliases)) for old, new in pairs]

    def strip(self, sentence: Sentence) -> None:
        """Removes the annotation."""
        for name in self.columns:
            sentence.columns.pop(name, None)
        self._clear_misc(sentence)
        self.clear_probabilities(sentence)
        if self.comments:
            sentence.comments = [line for line in sentence.comments if comment_key(line) not in self.comments]

    def clear_probabilities(self, sentence: Sentence) -> None:
        """Removes the probabilities of the annotation, which are not true of another one."""
        self._clear_misc(sentence, self.probabilities)

    def discard(self, sentence: Sentence) -> None:
        """Removes the annotation with all that only it explains."""
        self.strip(sentence)

    def take(self, sentence: Sentence, other: Sentence) -> list[str]:
        """Adds the annotation of another sentence with the same words; returns the columns that were copied with it.

        A kind in columns of CoNLL-U takes nothing, since a treebank has its own annotation there.
        """
        if not set(self.columns).isdisjoint(CONLLU_COLUMNS):
            return []
        names = [name for name in self.columns if name in other.columns]
        sentence.columns |= {name: list(other.columns[name]) for name in names}
        if self._lines(other):
            self._take_comments(sentence, other)
        if names[:1] == [*self.columns[:1]]:
            self._take_value(sentence, other)
        elif value := self.read(other):
            self.write(sentence, value)
        return names

    def copied(self, value: Any, sentence: Sentence) -> Any:
        """The remembered value (`Sentence.remember`) of a sentence, copied for `sentence`, which is its copy."""
        return value

    # -- records, for kinds with a key `record`

    def to_json(self, sentence: Sentence) -> Any:
        """All of the annotation, with fields derived from it, as JSON has it; None if there is none."""
        return None

    def stored(self, sentence: Sentence) -> Any:
        """The annotation as Arrow has it; None if cells and comments say everything."""
        return None

    def from_records(self, sentence: Sentence, records: object, fail: Fail) -> None:
        """Gives a sentence that has its cells the result of `to_json` or `stored`. Raises the error of `fail`."""

    def arrow_type(self) -> pyarrow.DataType:
        """The type of `stored` in Arrow."""
        raise NotImplementedError(f"the kind {self.name} has records, so it says their type in Arrow")

    # -- checks

    def checker(self, file: CheckedFile) -> Checker | None:
        """A checker that looks for mistakes in a file, or None if the kind has none."""
        return None

    # -- helpers of kinds

    def _checked(self, value: Any, sentence: Sentence) -> list[list[str]]:
        """The columns in a dictionary of cells. Raises DepparseError unless each has a writable cell for each word."""
        if not isinstance(value, Mapping):
            raise DepparseError(f"the annotation {self.name} is a dictionary of cells by column, not {shown(value)}")
        if unknown := [name for name in value if name not in (*self.columns, *self.comments)]:
            names = ", ".join((*self.columns, *self.comments))
            raise DepparseError(f"the annotation {self.name} has {names}, but no {unknown[0]!r}")
        columns = []
        for name in self.columns:
            cells = value.get(name, [self.empty] * len(sentence))
            if not isinstance(cells, Sequence) or isinstance(cells, str) or len(cells) != len(sentence):
                number = len(sentence)
                raise DepparseError(
                    f"the column {name} is a list of {number} cells, one for each word, not {shown(cells)}"
                )
            columns.append([check_cell(cell, name) for cell in cells])
        return columns

    def _put(
        self, sentence: Sentence, cells: Callable[[str], Sequence[Sequence[str]]], in_columns: bool = False
    ) -> None:
        """Writes the cells to columns or MISC. `cells` makes them for the sign that joins the values of a cell."""
        if in_columns or not self.misc or self.columns[0] in sentence.columns:
            sentence.columns |= zip(self.columns, map(list, cells("|")), strict=True)
            if in_columns:
                self._clear_misc(sentence)
        else:
            sentence.columns["MISC"] = self._into(sentence.misc_cells, cells(","))

    def _into(self, misc: list[str], columns: Sequence[Sequence[str]]) -> list[str]:
        blank = [self.empty] * len(misc)
        for key, column in zip((*self.aliases, *self.misc), (*(blank for _ in self.aliases), *columns), strict=True):
            if key in "|".join(misc) or column.count(self.empty) < len(column):
                pairs = zip(misc, column, strict=True)
                misc = [set_in_misc(cell, key, None if value == self.empty else value) for cell, value in pairs]
        return misc

    def _clear_misc(self, sentence: Sentence, keys: Sequence[str] | None = None) -> None:
        for key in (*self.misc, *self.aliases) if keys is None else keys:
            cells = sentence.columns.get("MISC", [])
            if key in "|".join(cells) and any(get_from_misc(cell, key) is not None for cell in cells):
                sentence.columns["MISC"] = [set_in_misc(cell, key, None) for cell in cells]

    def _lines(self, sentence: Sentence) -> list[str]:
        return [line for line in sentence.comments if comment_key(line) in self.comments] if self.comments else []

    def _take_comments(self, sentence: Sentence, other: Sentence) -> None:
        lines = self._lines(other)
        if lines != self._lines(sentence):
            sentence.comments = [line for line in sentence.comments if comment_key(line) not in self.comments] + lines

    def _take_value(self, sentence: Sentence, other: Sentence) -> None:
        """Remembers what the other sentence remembers beside its cells, which are equal by now, or else nothing."""
        value = other.remembered(self.name, self.cells(other))
        copied = None if value is None else self.copied(value, sentence)
        sentence.remember(self.name, self.cells(sentence), copied)


class ColumnKind(Kind):
    """A kind that is columns of CoNLL-U. They are annotated word by word, and only blank cells are filled."""

    blanks: frozenset[str] = frozenset()  # columns in which `_` is a blank to fill and no value

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        """Whether any of the kind's columns is annotated; only those among `columns` count, if there are any."""
        names = [name for name in self.columns if name in columns] if columns else self.columns
        return any(cell != "_" for name in names for cell in sentence.columns.get(name, ()))

    def complete(self, sentence: Sentence, kept: Collection[str]) -> bool:
        """Whether all columns are to be `kept` and no cell of them is blank."""
        return all(
            name in kept and not any(self.is_blank(sentence, name, word) for word in range(len(sentence)))
            for name in self.columns
        )

    def restore(self, sentence: Sentence, original: Sentence, kept: Collection[str]) -> None:
        """Puts back the `kept` columns of the original, except its blank cells, which stay as they were filled."""
        for name in self.columns:
            if name not in kept or (cells := original.columns.get(name)) is None:
                continue
            filled = sentence.columns.get(name, cells)
            sentence.columns[name] = [
                new if self.is_blank(original, name, word) else old
                for word, (old, new) in enumerate(zip(cells, filled, strict=True))
            ]

    def is_blank(self, sentence: Sentence, column: str, word: int) -> bool:
        """Whether the cell of a word (from 0) is blank, so that it is to be filled."""
        cells = sentence.columns.get(column)
        return cells is None or (column in self.blanks and cells[word] == "_")
