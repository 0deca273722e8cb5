"""A kind of annotation: words that refer to other words of their sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from depparse.document.annotations.kind import Cells, CheckedFile, Code
from depparse.document.annotations.objects import ObjectKind
from depparse.document.annotations.records import as_dict, as_position, as_score, shown
from depparse.document.spans import with_score
from depparse.errors import DepparseError, Fail, FormatError

if TYPE_CHECKING:
    import pyarrow

    from depparse.document.sentence import Sentence


@dataclass
class Reference:
    """The ID of a word, the ID of its antecedent, and a probability if a model gave one."""

    word: int
    antecedent: int
    score: float | None = field(default=None, compare=False)


CODES = {"reference-antecedent": Code("error", "sentences", "antecedents are no words: {examples}", "correct them")}


class ReferenceKind(ObjectKind[Reference]):
    """In the column REF, or as Ref in MISC, stands the ID of the antecedent."""

    name = "references"
    columns = ("REF",)
    misc = ("Ref",)
    keep = ("REFERENCES",)
    record = "references"
    item = Reference
    codes = CODES

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        return "REF" in sentence.columns or self.cells(sentence) is not None

    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Reference, ...]:
        references = []
        for word, cell in enumerate((cells and cells.columns[0]) or (), 1):
            if cell == self.empty:
                continue
            if not (cell.isascii() and cell.isdecimal() and 1 <= int(cell) <= len(sentence)):
                message = f"word {word} has the antecedent {cell!r}, which is no word of the sentence"
                raise FormatError(message, sent_id=sentence.sent_id, column="REF")
            references.append(Reference(word, int(cell)))
        return tuple(references)

    def encode(self, items: Iterable[Reference], length: int, joint: str) -> Sequence[list[str]]:
        antecedents = {item.word: str(item.antecedent) for item in items}
        return [[antecedents.get(word, self.empty) for word in range(1, length + 1)]]

    def accept(self, items: Sequence[Reference], sentence: Sentence) -> None:
        for item in items:
            if not (1 <= item.word <= len(sentence) and 1 <= item.antecedent <= len(sentence)):
                raise DepparseError(f"a reference is between words 1 to {len(sentence)}, not {item}")
        if len({item.word for item in items}) < len(items):
            raise DepparseError("a word has one antecedent at most")

    def to_record(self, item: Reference) -> dict[str, Any]:
        return with_score({"word": item.word, "antecedent": item.antecedent}, item.score)

    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Reference:
        fields = as_dict(record, "a reference", fail)
        word, antecedent = (as_position(fields, key, sentence, fail) for key in ("word", "antecedent"))
        if word is None or antecedent is None:
            raise fail(f"a reference has a word and an antecedent, but {shown(fields)} has not", -1, None)
        return Reference(word, antecedent, as_score(fields, fail))

    def is_scored(self, item: Reference) -> bool:
        return item.score is not None

    def arrow_type(self) -> pyarrow.DataType:
        import pyarrow as pa

        return pa.list_(pa.struct({"word": pa.int32(), "antecedent": pa.int32(), "score": pa.float64()}))

    def checker(self, file: CheckedFile) -> ReferenceChecker:
        return ReferenceChecker(self, file)


class ReferenceChecker:
    """Finds sentences whose cells are broken."""

    def __init__(self, kind: ReferenceKind, file: CheckedFile) -> None:
        self.kind, self.file = kind, file

    def check(self, sentence: Sentence) -> None:
        try:
            self.kind.read(sentence)
        except FormatError as error:
            self.file.find("reference-antecedent", self.file.place(sentence), error.message)

    def finish(self) -> None:
        pass


KIND = ReferenceKind()
