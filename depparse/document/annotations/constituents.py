"""Constituent trees: the column ``CONSTITUENTS``, or the MISC attribute ``Constituents``.

Each word has the brackets that open before it, a star, and those that close behind it: ``(S(NP*``, ``*)``, as in the
CoNLL shared tasks of 2005 and 2012. Characters that a label cannot have there are escaped as ``%28``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from depparse.document.annotations.kind import Cells
from depparse.document.annotations.objects import ObjectKind
from depparse.document.annotations.records import as_dict, as_position, as_text, shown
from depparse.document.constituents import Constituent, check_tree, ordered
from depparse.errors import Fail, FormatError

if TYPE_CHECKING:
    import pyarrow

    from depparse.document.sentence import Sentence

CONSTITUENT_PROBABILITIES = "ConstituentProb"
_CELL = re.compile(r"((?:\([^()*]*)*)\*(\)*)")
_ESCAPED = re.compile(r"[%()*|,=\s]")


class ConstituentKind(ObjectKind[Constituent]):
    """Trees of constituents."""

    name = "constituents"
    columns = ("CONSTITUENTS",)
    misc = ("Constituents",)
    keep = ("CONSTITUENTS",)
    probabilities = (CONSTITUENT_PROBABILITIES,)
    record = "constituents"
    item = Constituent

    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Constituent, ...]:
        """The constituents in the cells. Raises FormatError for brackets that do not match."""
        column = cells.columns[0] if cells is not None else None
        if column is None or all(cell == self.empty for cell in column):
            return ()
        tree: list[Constituent] = []
        waiting: list[tuple[int, str, int]] = []  # the first word, the label and the place of what is open
        for word, cell in enumerate(column, 1):
            match = _CELL.fullmatch(cell)
            if match is None or len(match[2]) > len(waiting) + match[1].count("("):
                problem = f"{cell!r} is no brackets around a star, or closes more of them than are open"
                raise FormatError(problem, **_at(sentence, word))
            for label in match[1].split("(")[1:]:
                waiting.append((word, unquote(label), len(tree)))
                tree.append(Constituent(word, word, ""))
            for _ in match[2]:
                start, label, place = waiting.pop()
                tree[place] = Constituent(start, word, label)
        if waiting:
            raise FormatError(f"the bracket ({waiting[-1][1]} is not closed", **_at(sentence, waiting[-1][0]))
        return tuple(tree)

    def encode(self, items: Iterable[Constituent], length: int, joint: str) -> Sequence[list[str]]:
        """One column of brackets; of stars alone for a sentence that has a tree of nothing."""
        tree = list(items)
        if not tree:
            return [[self.empty] * length]
        opening, closing = [""] * (length + 1), [0] * (length + 1)
        for start, end, label in tree:
            opening[start] += "(" + _ESCAPED.sub(lambda match: quote(match[0], safe=""), label)
            closing[end] += 1
        return [[f"{opening[word]}*{')' * closing[word]}" for word in range(1, length + 1)]]

    def accept(self, items: Sequence[Constituent], sentence: Sentence) -> None:
        """Raises DepparseError unless the constituents nest, are in order, and have words of the sentence."""
        check_tree(items, len(sentence))

    check_places = accept

    def write(self, sentence: Sentence, value: Iterable[Constituent], *, in_columns: bool = False) -> None:
        """Replaces the tree; constituents may come in any order. Raises DepparseError."""
        items = list(value) if isinstance(value, Iterable) else value
        if isinstance(items, list) and all(isinstance(item, Constituent) for item in items):
            items = ordered(items)
        super().write(sentence, items, in_columns=in_columns)

    def copied(self, value: tuple[Constituent, ...], sentence: Sentence) -> tuple[Constituent, ...]:
        """The same constituents, which never change."""
        return value

    def to_record(self, item: Constituent) -> dict[str, Any]:
        """The start, end and label of the constituent."""
        return {"start": item.start, "end": item.end, "label": item.label}

    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Constituent:
        """The constituent of a record. Raises the error of `fail` if the record is wrong."""
        fields = as_dict(record, "a constituent", fail)
        start, end = as_position(fields, "start", sentence, fail), as_position(fields, "end", sentence, fail)
        if start is None or end is None or start > end:
            raise fail(f"expected a constituent with a start and an end not before it, found {shown(fields)}")
        return Constituent(start, end, as_text(fields.get("label"), "its label", fail))

    def arrow_type(self) -> pyarrow.DataType:
        """A list of structs with the fields of `to_record`."""
        import pyarrow as pa

        return pa.list_(pa.struct({"start": pa.int32(), "end": pa.int32(), "label": pa.string()}))


def _at(sentence: Sentence, word: int) -> dict[str, Any]:
    """Where an error is, as FormatError takes it."""
    place = f"{sentence.place or 'sentence'}, word {word}"
    return {"path": place, "sent_id": sentence.sent_id, "column": ConstituentKind.columns[0]}


KIND = ConstituentKind()
