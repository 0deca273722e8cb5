"""Kinds of annotation that Python sees as objects, such as entities: how these and the cells go together."""

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

    Objects may say more than their cells, such as scores. Then the sentence remembers them beside the cells that they
    were written to, for as long as these stay as they are: what the cells say is true.
    """

    item: type = object  # the class of the objects

    @abstractmethod
    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Item, ...]:
        """The objects that cells of the sentence say. FormatError if the cells are broken."""

    @abstractmethod
    def encode(self, items: Iterable[Item], length: int, joint: str) -> Sequence[list[str]]:
        """The cells for a sentence of `length` words, a list for each column; `joint` is that of `Cells`."""

    def accept(self, items: Sequence[Item], sentence: Sentence) -> None:
        """Raises DepparseError unless the sentence can have these objects, which belong to it from then on."""

    def owned(self, items: tuple[Item, ...], sentence: Sentence) -> tuple[Item, ...]:
        """The objects as the sentence has them that they are assigned to: copies, where another one may have them."""
        return self.copied(items, sentence)

    @abstractmethod
    def to_record(self, item: Item) -> dict[str, Any]:
        """What `from_record` needs, as JSON and Arrow have it."""

    @abstractmethod
    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Item:
        """The object of a record."""

    def describe(self, item: Item) -> dict[str, Any]:
        """The record with what is derived from the sentence."""
        return self.to_record(item)

    def is_scored(self, item: Item) -> bool:
        """Whether the object has a score."""
        return False

    # -- what all kinds do

    def copied(self, value: tuple[Item, ...], sentence: Sentence) -> tuple[Item, ...]:
        """Copies of the objects; a kind whose objects hold further ones copies these as well."""
        return tuple(map(copy, value))

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        return bool(self.read(sentence))

    def read(self, sentence: Sentence) -> tuple[Item, ...]:
        cells = self.cells(sentence)
        value: tuple[Item, ...] | None = sentence.remembered(self.name, cells)
        return self.decode(cells, sentence) if value is None else value

    def write(self, sentence: Sentence, value: Iterable[Item], *, in_columns: bool = False) -> None:
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
        return self._into(misc, self.encode(self.read(sentence), len(sentence), ","))

    def to_columns(self, sentence: Sentence) -> None:
        items = self.read(sentence)  # as they were read, however odd their labels
        self._put(sentence, lambda joint: self.encode(items, len(sentence), joint), in_columns=True)
        sentence.remember(self.name, self.cells(sentence), items)

    def to_json(self, sentence: Sentence) -> Any:
        return [self.describe(item) for item in self._readable(sentence)] or None

    def stored(self, sentence: Sentence) -> Any:
        cells = self.cells(sentence)
        if (items := sentence.remembered(self.name, cells)) is None:
            return None
        if items == self._decoded(cells, sentence) and not any(map(self.is_scored, items)):
            return None
        return [self.to_record(item) for item in items]

    def from_records(self, sentence: Sentence, records: object, fail: Fail) -> None:
        items = tuple(self.from_record(record, sentence, fail) for record in as_list(records, f"the {self.name}", fail))
        if items == self._readable(sentence) and not any(map(self.is_scored, items)):
            return
        if items and self.cells(sentence) is None:  # records alone have them, so the cells are made of these
            try:
                self.write(sentence, items)
            except DepparseError as error:
                raise fail(str(error)) from None
        else:
            sentence.remember(self.name, self.cells(sentence), items)

    # -- for these kinds alone

    def _readable(self, sentence: Sentence) -> tuple[Item, ...]:
        """The objects; none where the cells are broken, for records have these as they are anyway."""
        try:
            return self.read(sentence)
        except FormatError:
            return ()

    def _decoded(self, cells: Cells | None, sentence: Sentence) -> tuple[Item, ...]:
        try:
            return self.decode(cells, sentence)
        except FormatError:
            return ()
