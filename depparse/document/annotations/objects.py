"""The base of kinds whose annotation is objects in Python, such as entities: objects to cells and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from depparse.document.annotations.kind import Cells, Kind
from depparse.document.annotations.records import as_list, shown
from depparse.errors import DepparseError, Fail, FormatError

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence

Item = TypeVar("Item")


class ObjectKind(Kind, ABC, Generic[Item]):
    """A kind whose value is a tuple of objects.

    Objects may say more than their cells, such as scores. So the sentence remembers them beside the cells that they
    were written to. They count no longer when these cells change, as the cells are always right.
    """

    item: type = object  # the class of the objects

    @abstractmethod
    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Item, ...]:
        """The objects that the cells of the sentence hold. Raises FormatError if the cells are broken."""

    @abstractmethod
    def encode(self, items: Iterable[Item], length: int, joint: str) -> Sequence[list[str]]:
        """The cells of the objects in a sentence of `length` words, by column; `joint` is as in `Cells`."""

    def accept(self, items: Sequence[Item], sentence: Sentence) -> None:
        """Makes the objects belong to the sentence. Raises DepparseError if it cannot have them."""

    def check_places(self, items: Sequence[Item], sentence: Sentence) -> None:
        """Raises DepparseError if an object lies outside of the sentence, where a user may have moved it."""

    def owned(self, items: tuple[Item, ...], sentence: Sentence) -> tuple[Item, ...]:
        """The objects to be assigned to the sentence: copies, if another sentence may have them too."""
        return self.copied(items, sentence)

    @abstractmethod
    def to_record(self, item: Item) -> dict[str, Any]:
        """The record of the object in JSON and Arrow, which `from_record` reads."""

    @abstractmethod
    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Item:
        """The object of a record. Raises the error of `fail` if the record is wrong."""

    def describe(self, item: Item) -> dict[str, Any]:
        """The record with further fields that are derived from the sentence."""
        return self.to_record(item)

    def is_scored(self, item: Item) -> bool:
        """Whether the object has a score."""
        return False

    # -- the methods of Kind

    def copied(self, value: tuple[Item, ...], sentence: Sentence) -> tuple[Item, ...]:
        """Copies of the objects; a kind whose objects hold further ones copies these as well."""
        return tuple(map(copy, value))

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        """Whether the sentence has any object of the kind."""
        return bool(self.read(sentence))

    def read(self, sentence: Sentence) -> tuple[Item, ...]:
        """The objects: those that the sentence remembers, or else those in the cells. Raises FormatError."""
        cells = self.cells(sentence)
        value: tuple[Item, ...] | None = sentence.remembered(self.name, cells)
        return self.decode(cells, sentence) if value is None else value

    def same_cells(self, sentence: Sentence, other: Sentence) -> bool:
        """Whether the cells of the other sentence hold the same objects, whatever the sentences remember."""
        cells, other_cells = self.cells(sentence), self.cells(other)
        if _are_alike(cells, other_cells, self.empty):
            return True
        objects = self.decode(cells, sentence)
        try:
            return self.decode(other_cells, other) == objects
        except FormatError:
            return False

    def told_by_cells(self, sentence: Sentence) -> bool:
        """Whether the cells hold the objects that the sentence remembers, in any order."""
        cells = self.cells(sentence)
        if (items := sentence.remembered(self.name, cells)) is None:
            return True
        objects = self.decode(cells, sentence)
        return objects == items or (len(objects) == len(items) and all(item in objects for item in items))

    def write(self, sentence: Sentence, value: Iterable[Item], *, in_columns: bool = False) -> None:
        """Replaces the objects, in columns or in MISC as in `Kind.write`. Raises DepparseError."""
        if not isinstance(value, Iterable):
            raise DepparseError(f"{self.name} are assigned as a list of objects, not as {shown(value)}")
        items = tuple(value)
        if wrong := [item for item in items if not isinstance(item, self.item)]:
            raise DepparseError(f"{self.name} are objects of the class {self.item.__name__}, not {shown(wrong[0])}")
        items = self.owned(items, sentence)
        self.accept(items, sentence)
        self._put(sentence, lambda joint: self.encode(items, len(sentence), joint), in_columns)
        sentence.remember(self.name, self.cells(sentence), items)

    def to_misc(self, sentence: Sentence, misc: list[str]) -> list[str]:
        """The cells of MISC with the objects, which columns hold, as attributes."""
        return self._into(misc, self.encode(self.read(sentence), len(sentence), ","))

    def to_columns(self, sentence: Sentence) -> None:
        """Moves the objects from MISC to columns."""
        items = self.read(sentence)  # `accept` does not check them, as a file may have odd labels
        self._put(sentence, lambda joint: self.encode(items, len(sentence), joint), in_columns=True)
        sentence.remember(self.name, self.cells(sentence), items)

    def to_json(self, sentence: Sentence) -> Any:
        """The descriptions of the objects, or None if there are none."""
        items = self._readable(sentence)
        self.check_places(items, sentence)
        return [self.describe(item) for item in items] or None

    def stored(self, sentence: Sentence) -> Any:
        """The records of the objects, or None if the cells say everything that the objects say."""
        cells = self.cells(sentence)
        if (items := sentence.remembered(self.name, cells)) is None:
            return None
        if items == self._decoded(cells, sentence) and not any(map(self.is_scored, items)):
            return None
        self.check_places(items, sentence)
        return [self.to_record(item) for item in items]

    def from_records(self, sentence: Sentence, records: object, fail: Fail) -> None:
        """Gives the sentence the objects of the records. Raises the error of `fail` if a record is wrong."""
        items = tuple(self.from_record(record, sentence, fail) for record in as_list(records, f"the {self.name}", fail))
        if items == self._readable(sentence) and not any(map(self.is_scored, items)):
            return
        if items and self.cells(sentence) is None:  # only the records have the objects, so the cells are made from them
            try:
                self.write(sentence, items)
            except DepparseError as error:
                raise fail(str(error)) from None
        else:
            sentence.remember(self.name, self.cells(sentence), items)

    # -- helpers of this class

    def _readable(self, sentence: Sentence) -> tuple[Item, ...]:
        """The objects; none if the cells are broken, which JSON and Arrow hold as they are anyway."""
        try:
            return self.read(sentence)
        except FormatError:
            return ()

    def _decoded(self, cells: Cells | None, sentence: Sentence) -> tuple[Item, ...]:
        try:
            return self.decode(cells, sentence)
        except FormatError:
            return ()


def _are_alike(one: Cells | None, other: Cells | None, empty: str) -> bool:
    """Whether the cells hold the same values, though another sign may join those of a cell.

    False does not say that they differ: what a sign means that is part of a value, only decoding tells.
    """
    if one is None or other is None:
        return all(_filled(column, empty) is None for cells in (one, other) if cells for column in cells.columns)
    for column, other_column in zip(one.columns, other.columns, strict=True):
        cells, other_cells = _filled(column, empty), _filled(other_column, empty)
        if cells is None or other_cells is None:
            are_alike = cells is other_cells
        else:
            is_ambiguous = one.joint != other.joint and other.joint in "".join(cells)
            are_alike = not is_ambiguous and tuple(c.replace(one.joint, other.joint) for c in cells) == other_cells
        if not are_alike:
            return False
    return True


def _filled(column: tuple[str, ...] | None, empty: str) -> tuple[str, ...] | None:
    """The column, or None if all of its cells are empty."""
    return None if column is None or column.count(empty) == len(column) else column
