"""Named entities: `Span`s, in the column ``NER`` or the MISC attribute of that name, as IOB or BIOES tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from depparse.document.annotations.kind import Cells, CheckedFile, Code
from depparse.document.annotations.objects import ObjectKind
from depparse.document.annotations.records import as_dict, as_position, as_score, as_text, shown
from depparse.document.columns import get_from_misc
from depparse.document.spans import Span, check_label, decode_tags, encode_tags, with_score
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
    """Entities; nested ones stand joined in one tag."""

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
        return self.tags(sentence) is not None

    def tags(self, sentence: Sentence) -> list[str] | None:
        """The tags in the column or in MISC, nested ones joined by bars; None if nothing is annotated.

        A sentence without entities has such tags only if it has the column.
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
        # MISC cannot hold a bar inside a value: nested entities stand there with a comma.
        return [tag.replace(",", "|") for tag in tags]

    def cells(self, sentence: Sentence) -> Cells | None:
        tags = self.tags(sentence)
        return None if tags is None else Cells((tuple(tags),), "|")

    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Span, ...]:
        spans = decode_tags(cells.columns[0] or ()) if cells is not None else []
        for span in spans:
            span.sentence = sentence
        return tuple(spans)

    def encode(self, items: Iterable[Span], length: int, joint: str) -> Sequence[list[str]]:
        return [encode_tags(items, length, joint=joint)]

    def accept(self, items: Sequence[Span], sentence: Sentence) -> None:
        for span in items:
            if not 1 <= span.start <= span.end <= len(sentence):
                words = f"words 1 to {len(sentence)}"
                raise DepparseError(f"an entity lies within {words}, not {span.start} to {span.end}")
            check_label(span.type, "the type of an entity")
        for span in items:
            span.sentence = sentence

    def to_columns(self, sentence: Sentence) -> None:
        sentence.columns[ENTITY_COLUMN] = self.tags(sentence) or [self.empty] * len(sentence)  # as they were written
        self._clear_misc(sentence)

    def copied(self, value: tuple[Span, ...], sentence: Sentence) -> tuple[Span, ...]:
        return tuple(replace(span, sentence=sentence) for span in value)

    def owned(self, items: tuple[Span, ...], sentence: Sentence) -> tuple[Span, ...]:
        """An entity belongs to the first sentence that it is assigned to; others get copies."""
        return tuple(span if span.sentence in (None, sentence) else replace(span) for span in items)

    # -- records

    def to_record(self, item: Span) -> dict[str, Any]:
        return with_score({"start": item.start, "end": item.end, "type": item.type}, item.score)

    def describe(self, item: Span) -> dict[str, Any]:
        return item.to_dict()

    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Span:
        fields = as_dict(record, "an entity", fail)
        start, end = as_position(fields, "start", sentence, fail), as_position(fields, "end", sentence, fail)
        if start is None or end is None or start > end:
            message = f"an entity has a start and an end that is not before it, but {shown(fields)} has not"
            raise fail(message)
        return Span(start, end, as_text(fields.get("type"), "its type", fail), as_score(fields, fail), sentence)

    def is_scored(self, item: Span) -> bool:
        return item.score is not None

    def arrow_type(self) -> pyarrow.DataType:
        import pyarrow as pa

        position = pa.int32()
        fields = {"start": position, "end": position, "type": pa.string(), "score": pa.float64()}
        return pa.list_(pa.struct(fields))

    # -- checks

    def checker(self, file: CheckedFile) -> EntityChecker:
        return EntityChecker(self, file)


class EntityChecker:
    """Finds tags that break the scheme of their file: in IO and IOB1 any tag may begin an entity, in IOB2 any may end
    it."""

    def __init__(self, kind: EntityKind, file: CheckedFile) -> None:
        self.kind, self.file = kind, file
        self.marks_beginnings = self.marks_ends = False  # as in IOB2; as in BIOES
        self.unopened: list[tuple[str, str]] = []  # (place, tag) that continues nothing
        self.unended: list[tuple[str, str]] = []  # (place, tag) that should have been an end

    def check(self, sentence: Sentence) -> None:
        """Notes the tags that would be wrong, and what they tell of the scheme."""
        tags = self.kind.tags(sentence)
        if tags is None:
            return
        open_tags: list[tuple[str, str]] = []  # (type, tag) that may be continued at this word
        before: set[str] = set()  # types at the word before
        for word, cell in enumerate([*tags, "O"], 1):
            still_open: list[tuple[str, str]] = []
            types = set()
            for tag in () if cell in ("O", "_", "-", "") else cell.split("|"):
                prefix, dash, type = tag.partition("-")
                if tag == "O":
                    continue
                if not dash or prefix not in ("B", "I", "E", "S", "L", "U"):
                    prefix, type = "I", tag
                types.add(type)
                self.marks_ends |= prefix in ("E", "S", "L", "U")
                if prefix in ("B", "S", "U"):
                    self.marks_beginnings |= type not in before
                elif (opened := next((item for item in open_tags if item[0] == type), None)) is not None:
                    open_tags.remove(opened)
                else:
                    self.unopened.append((self.file.place(sentence, word), tag))
                if prefix in ("B", "I"):
                    still_open.append((type, tag))
            self.unended += [(self.file.place(sentence, word - 1), tag) for _, tag in open_tags]
            open_tags, before = still_open, types

    def finish(self) -> None:
        """Finds those that the scheme, which is known by now, does not allow."""
        for place, tag in self.unopened * self.marks_beginnings + self.unended * self.marks_ends:
            self.file.find("entity-tags", place, tag)


KIND = EntityKind()
