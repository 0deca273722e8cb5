"""Named entities: `Span`s, written as IOB or BIOES tags in the column ``NER`` or the MISC attribute of that name."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from depparse.document.annotations.kind import Cells, CheckedFile, Code
from depparse.document.annotations.objects import ObjectKind
from depparse.document.annotations.records import as_dict, as_position, as_score, as_text, shown
from depparse.document.columns import get_from_misc
from depparse.document.spans import Span, check_label, decode_tags, encode_tags, split_tag, with_score
from depparse.errors import DepparseError, Fail

if TYPE_CHECKING:
    import pyarrow

    from depparse.document.sentence import Sentence

ENTITY_COLUMN = "NER"
_CODES = {
    "entity-tags": Code(
        "warning",
        "words",
        "entity tags break their scheme ({examples}): each reader makes other entities of them",
        "correct them, or rewrite the file by depparse convert",
    )
}


class EntityKind(ObjectKind[Span]):
    """Entities. The tags of nested ones are joined in one."""

    name = "entities"
    columns = (ENTITY_COLUMN,)
    misc = ("NER",)
    aliases = ("ner",)  # what Stanza writes
    empty = "O"
    keep = ("NER",)
    record = "ents"
    item = Span
    codes = _CODES

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        """Whether the sentence has entity tags, be they all ``O``."""
        return self.tags(sentence) is not None

    def tags(self, sentence: Sentence) -> list[str] | None:
        """The tags in the column or in MISC, those of nested entities joined by bars.

        None if nothing is annotated: without entities, only a sentence with the column is annotated.
        """
        tags = sentence.columns.get(ENTITY_COLUMN)
        if tags is None:
            misc = sentence.columns.get("MISC", [])
            joined = "|".join(misc)
            keys = (key for key in (*self.misc, *self.aliases) if key + "=" in joined)
            key = next((key for key in keys if any(get_from_misc(cell, key) is not None for cell in misc)), None)
            if key is None:
                return None
            tags = [get_from_misc(cell, key) or "O" for cell in misc]
        elif all(tag == "_" for tag in tags):
            return None
        # A value in MISC cannot hold a bar, so a comma joins the tags of nested entities there.
        return [tag.replace(",", "|") for tag in tags]

    def cells(self, sentence: Sentence) -> Cells | None:
        """The tags as cells, joined by bars wherever they stand; None if nothing is annotated."""
        tags = self.tags(sentence)
        return None if tags is None else Cells((tuple(tags),), "|")

    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Span, ...]:
        """The entities in the tags, which belong to the sentence. Never raises, as broken tags can be read too."""
        spans = decode_tags(cells.columns[0] or ()) if cells is not None else []
        for span in spans:
            span.sentence = sentence
        return tuple(spans)

    def encode(self, items: Iterable[Span], length: int, joint: str) -> Sequence[list[str]]:
        """One column of IOB2 tags."""
        return [encode_tags(items, length, joint=joint)]

    def accept(self, items: Sequence[Span], sentence: Sentence) -> None:
        """Makes the entities belong to the sentence. Raises DepparseError for a wrong place or type."""
        self.check_places(items, sentence)
        for span in items:
            check_label(span.type, "the type of an entity")
        for span in items:
            span.sentence = sentence

    def check_places(self, items: Sequence[Span], sentence: Sentence) -> None:
        """Raises DepparseError for an entity outside of the sentence."""
        for span in items:
            if not (type(span.start) is type(span.end) is int and 1 <= span.start <= span.end <= len(sentence)):
                words = f"words 1 to {len(sentence)}"
                raise DepparseError(f"an entity lies within {words}, not {span.start!r} to {span.end!r}")

    def to_columns(self, sentence: Sentence) -> None:
        """Moves the tags from MISC to the column, as they were written."""
        sentence.columns[ENTITY_COLUMN] = self.tags(sentence) or [self.empty] * len(sentence)
        self._clear_misc(sentence)

    def copied(self, value: tuple[Span, ...], sentence: Sentence) -> tuple[Span, ...]:
        """Copies of the entities that belong to the sentence."""
        return tuple(replace(span, sentence=sentence) for span in value)

    def owned(self, items: tuple[Span, ...], sentence: Sentence) -> tuple[Span, ...]:
        """The entities, or copies of those that belong to another sentence."""
        return tuple(span if span.sentence in (None, sentence) else replace(span) for span in items)

    # -- records

    def to_record(self, item: Span) -> dict[str, Any]:
        """The start, end, type and score of the entity."""
        return with_score({"start": item.start, "end": item.end, "type": item.type}, item.score)

    def describe(self, item: Span) -> dict[str, Any]:
        """The record with the text and the offsets of the entity."""
        return item.to_dict()

    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Span:
        """The entity of a record. Raises the error of `fail` if the record is wrong."""
        fields = as_dict(record, "an entity", fail)
        start, end = as_position(fields, "start", sentence, fail), as_position(fields, "end", sentence, fail)
        if start is None or end is None or start > end:
            message = f"expected an entity with a start and an end not before it, found {shown(fields)}"
            raise fail(message)
        return Span(start, end, as_text(fields.get("type"), "its type", fail), as_score(fields, fail), sentence)

    def is_scored(self, item: Span) -> bool:
        """Whether the entity has a score."""
        return item.score is not None

    def arrow_type(self) -> pyarrow.DataType:
        """A list of structs with the fields of `to_record`."""
        import pyarrow as pa

        position = pa.int32()
        fields = {"start": position, "end": position, "type": pa.string(), "score": pa.float64()}
        return pa.list_(pa.struct(fields))

    # -- checks

    def checker(self, file: CheckedFile) -> EntityChecker:
        """A checker of the tags in the file."""
        return EntityChecker(self, file)


class EntityChecker:
    """Finds tags that break the scheme of their file.

    The file shows its scheme: in IO and IOB1 any tag may begin an entity, and in all but BIOES any tag may end one.
    """

    def __init__(self, kind: EntityKind, file: CheckedFile) -> None:
        self.kind, self.file = kind, file
        self.marks_beginnings = self.marks_ends = False  # beginnings as in IOB2, ends as in BIOES
        self.unopened: list[tuple[str, str]] = []  # (place, tag) of each tag that continues no entity
        self.unended: list[tuple[str, str]] = []  # (place, tag) of each tag that ends an entity without saying so

    def check(self, sentence: Sentence) -> None:
        """Notes tags that some scheme does not allow, and what the tags tell of the scheme."""
        tags = self.kind.tags(sentence)
        if tags is None:
            return
        open_tags: dict[str, deque[str]] = {}  # by type: the tags of the entities that this word may continue
        before: Collection[str] = ()  # the types of the word before
        for word, cell in enumerate([*tags, "O"], 1):
            still_open: dict[str, deque[str]] = {}
            types: set[str] = set()
            for tag in () if cell in ("O", "_", "-", "") else cell.split("|"):
                if tag == "O":
                    continue
                prefix, type = split_tag(tag)
                prefix = prefix or "I"
                types.add(type)
                self.marks_ends |= prefix in ("E", "S", "L", "U")
                if prefix in ("B", "S", "U"):
                    self.marks_beginnings |= type not in before
                elif open_tags.get(type):
                    open_tags[type].popleft()
                else:
                    self.unopened.append((self.file.place(sentence, word), tag))
                if prefix in ("B", "I"):
                    still_open.setdefault(type, deque()).append(tag)
            self.unended += [(self.file.place(sentence, word - 1), tag) for tags in open_tags.values() for tag in tags]
            open_tags, before = still_open, types

    def finish(self) -> None:
        """Adds the findings: of the noted tags, those that the scheme of the file does not allow."""
        for place, tag in self.unopened * self.marks_beginnings + self.unended * self.marks_ends:
            self.file.find("entity-tags", place, tag)


KIND = EntityKind()
