"""Predicate-argument frames: `Frame`s, in the columns of Universal PropBank or in equivalent attributes of MISC."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from depparse.document.annotations.kind import Cells, CheckedFile, Code
from depparse.document.annotations.objects import ObjectKind
from depparse.document.annotations.records import as_dict, as_list, as_position, as_score, as_text, shown
from depparse.document.spans import Argument, Frame, check_label
from depparse.errors import DepparseError, Fail, FormatError

if TYPE_CHECKING:
    import pyarrow

    from depparse.document.sentence import Sentence

FRAME_COLUMNS = ("UP:PRED", "UP:ARGHEADS", "UP:ARGSPANS")
# Names that users may keep besides the column of senses: the words that are predicates, and the whole frames.
PREDICATES, FRAMES = "PREDICATES", "FRAMES"
_CODES = {
    "frame-arguments": Code(
        "error",
        "words",
        "arguments of predicates are not ROLE:PLACE with places in the sentence: {examples}",
        "correct the argument cells",
    )
}


class FrameKind(ObjectKind[Frame]):
    """Frames. A word is the predicate of at most one."""

    name = "frames"
    columns = FRAME_COLUMNS
    misc = ("UPPred", "UPArgHeads", "UPArgSpans")
    keep = (PREDICATES, FRAME_COLUMNS[0], FRAMES)
    record = "frames"
    item = Frame
    codes = _CODES

    def annotated(self, sentence: Sentence, columns: Collection[str] = ()) -> bool:
        """Whether the sentence has frames, or a column of predicates, even an empty one."""
        cells = self.cells(sentence)
        in_cells = FRAME_COLUMNS[0] in sentence.columns or (cells is not None and cells.columns[0] is not None)
        return in_cells or bool(sentence.remembered(self.name, cells))

    def decode(self, cells: Cells | None, sentence: Sentence) -> tuple[Frame, ...]:
        """The frames in the cells. Raises FormatError if an argument cell is broken."""
        if cells is None:
            return ()
        predicates, heads, spans = cells.columns
        try:
            return tuple(decode_frames(predicates or (), heads, spans, cells.joint, len(sentence)))
        except DepparseError as error:
            place, sent_id = sentence.place, sentence.sent_id
            raise FormatError(str(error), path=place, sent_id=sent_id, column=FRAME_COLUMNS[1]) from None

    def encode(self, items: Iterable[Frame], length: int, joint: str) -> Sequence[list[str]]:
        """The columns of senses, argument heads and argument spans."""
        return encode_frames(items, length, joint)

    def accept(self, items: Sequence[Frame], sentence: Sentence) -> None:
        """Raises DepparseError for a wrong predicate or label, or for two frames with the same predicate."""
        self.check_places(items, sentence)
        for frame in items:
            check_label(frame.sense, "the sense of a predicate")
            for argument in frame.arguments:
                check_label(argument.role, "the role of an argument")
        if len({frame.predicate for frame in items}) < len(items):
            raise DepparseError("a word is the predicate of at most one frame")

    def check_places(self, items: Sequence[Frame], sentence: Sentence) -> None:
        """Raises DepparseError for a predicate or an argument outside of the sentence."""
        for frame in items:
            if not 1 <= frame.predicate <= len(sentence):
                raise DepparseError(f"a predicate is a word from 1 to {len(sentence)}, not {frame.predicate}")
            for argument in frame.arguments:
                check_argument(argument, len(sentence))

    def restore(self, sentence: Sentence, original: Sentence, kept: Collection[str]) -> None:
        """Puts back what is `kept`. If that is predicates or senses without arguments, the predicted arguments stay."""
        super().restore(sentence, original, kept)
        if FRAMES in kept or not {PREDICATES, FRAME_COLUMNS[0]} & set(kept) or not self.annotated(original):
            return
        predicted = {frame.predicate: frame for frame in self.read(sentence)}
        frames = []
        for frame in self.read(original):
            written = predicted.get(frame.predicate, Frame(frame.predicate, frame.sense))
            if FRAME_COLUMNS[0] in kept and written.sense != frame.sense:
                written = replace(written, sense=frame.sense, score=None)
            frames.append(written)
        if not self.annotated(sentence) or tuple(frames) != self.read(sentence):
            self.write(sentence, frames, in_columns=True)

    def copied(self, value: tuple[Frame, ...], sentence: Sentence) -> tuple[Frame, ...]:
        """Copies of the frames and of their arguments."""
        return tuple(replace(frame, arguments=list(map(replace, frame.arguments))) for frame in value)

    # -- records

    def to_record(self, item: Frame) -> dict[str, Any]:
        """The predicate, sense, score and arguments of the frame."""
        return item.to_dict()

    def from_record(self, record: object, sentence: Sentence, fail: Fail) -> Frame:
        """The frame of a record. Raises the error of `fail` if the record is wrong."""
        fields = as_dict(record, "a frame", fail)
        predicate = as_position(fields, "predicate", sentence, fail)
        if predicate is None:
            raise fail(f"a frame names the word of its predicate, but {shown(fields)} does not")
        arguments = [
            _argument(as_dict(argument, "an argument", fail), sentence, fail)
            for argument in as_list(fields.get("arguments"), "the arguments of a frame", fail)
        ]
        return Frame(predicate, as_text(fields.get("sense"), "its sense", fail), arguments, as_score(fields, fail))

    def is_scored(self, item: Frame) -> bool:
        """Whether the frame or one of its arguments has a score."""
        return item.score is not None or any(argument.score is not None for argument in item.arguments)

    def arrow_type(self) -> pyarrow.DataType:
        """A list of structs with the fields of `to_record`."""
        import pyarrow as pa

        text, position, score = pa.string(), pa.int32(), pa.float64()
        argument = pa.struct({"role": text, "head": position, "start": position, "end": position, "score": score})
        fields = {"predicate": position, "sense": text, "score": score, "arguments": pa.list_(argument)}
        return pa.list_(pa.struct(fields))

    # -- checks

    def checker(self, file: CheckedFile) -> FrameChecker:
        """A checker of the argument cells in the file."""
        return FrameChecker(self, file)


class FrameChecker:
    """Finds argument cells that cannot be read, and arguments outside of their sentence."""

    def __init__(self, kind: FrameKind, file: CheckedFile) -> None:
        self.kind, self.file = kind, file

    def check(self, sentence: Sentence) -> None:
        """Finds them in a sentence."""
        cells = self.kind.cells(sentence)
        if cells is None:
            return
        blank = ("_",) * len(sentence)
        rows = zip(*(column or blank for column in cells.columns), strict=True)
        for word, (sense, heads, spans) in enumerate(rows, 1):
            if not _are_arguments(sense, heads, spans, len(sentence), cells.joint):
                arguments = " and ".join(cell for cell in (heads, spans) if cell not in ("_", ""))
                self.file.find("frame-arguments", self.file.place(sentence, word), arguments)

    def finish(self) -> None:
        """Does nothing, as no finding depends on the whole file."""


# -- cells


def check_argument(argument: Argument, length: int) -> None:
    """Raises DepparseError if the argument does not lie in a sentence of `length` words, or has half a span."""
    for word in (argument.head, argument.start, argument.end):
        if word is not None and (type(word) is not int or not 1 <= word <= length):
            raise DepparseError(f"the argument {argument.role} lies within words 1 to {length}, not at {word!r}")
    if (argument.start is None) != (argument.end is None) or (argument.start or 0) > (argument.end or 0):
        span = f"{argument.start} to {argument.end}"
        raise DepparseError(f"the words of the argument {argument.role} go from a start to an end, not from {span}")


def decode_frames(
    predicates: Sequence[str],
    heads: Sequence[str] | None,
    spans: Sequence[str] | None,
    joint: str = "|",
    length: int | None = None,
) -> list[Frame]:
    """The frames in the columns ``UP:PRED``, ``UP:ARGHEADS`` and ``UP:ARGSPANS`` of Universal PropBank.

    One of the two argument columns may be empty. Raises DepparseError if a cell is broken, if both argument columns are
    filled but do not have the same roles in the same order, or if an argument lies outside of `length` words, by
    default all of the columns.
    """
    frames = []
    for word, sense in enumerate(predicates, 1):
        if sense in ("_", ""):
            continue
        arguments: list[Argument] = []
        by_head = _role_items(heads[word - 1], joint) if heads is not None else []
        by_span = _role_items(spans[word - 1], joint) if spans is not None else []
        for role, place in by_head or by_span:
            arguments.append(Argument(role, head=_number(place)) if by_head else Argument(role))
        if by_span:
            if [role for role, _ in by_span] != [argument.role for argument in arguments]:
                raise DepparseError(f"the roles of UP:ARGHEADS and UP:ARGSPANS of word {word} differ")
            for argument, (_, place) in zip(arguments, by_span, strict=True):
                first, _, last = place.partition("-")
                argument.start, argument.end = _number(first), _number(last or first)
        for argument in arguments:
            try:
                check_argument(argument, len(predicates) if length is None else length)
            except DepparseError as error:
                raise DepparseError(f"word {word}: {error}") from None
        frames.append(Frame(word, sense, arguments))
    return frames


def _role_items(cell: str, joint: str) -> list[tuple[str, str]]:
    if cell in ("_", ""):
        return []
    items = [item.rpartition(":") for item in cell.split(joint)]
    for role, colon, _ in items:
        if not colon or not role:
            raise DepparseError(f"an argument is written ROLE:PLACE, but the cell is {cell[:60]!r}")
    return [(role, place) for role, _, place in items]


def _number(text: str) -> int | None:
    if text == "_":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise DepparseError(f"an argument's place is a word ID or a range of them, not {text[:60]!r}")
    return int(text)


def encode_frames(frames: Iterable[Frame], length: int, joint: str = "|") -> tuple[list[str], list[str], list[str]]:
    """The columns ``UP:PRED``, ``UP:ARGHEADS`` and ``UP:ARGSPANS`` of a sentence of `length` words with these frames.

    Both argument columns list all roles; an unknown head or span is ``_``. A column in which all are unknown is left
    empty, except that the column of heads lists the roles if both columns would be empty.
    """
    predicates, heads, spans = (["_"] * length for _ in range(3))
    for frame in frames:
        row = frame.predicate - 1
        predicates[row] = frame.sense
        has_span = [a.start is not None and a.end is not None for a in frame.arguments]
        if any(a.head is not None for a in frame.arguments) or (frame.arguments and not any(has_span)):
            heads[row] = joint.join(f"{a.role}:{'_' if a.head is None else a.head}" for a in frame.arguments)
        if any(has_span):
            pairs = zip(frame.arguments, has_span, strict=True)
            spans[row] = joint.join(f"{a.role}:{f'{a.start}-{a.end}' if known else '_'}" for a, known in pairs)
    return predicates, heads, spans


def _argument(fields: dict[str, object], sentence: Sentence, fail: Fail) -> Argument:
    head, start, end = (as_position(fields, key, sentence, fail) for key in ("head", "start", "end"))
    role = as_text(fields.get("role"), "the role of an argument", fail)
    argument = Argument(role, head, start, end, as_score(fields, fail))
    try:
        check_argument(argument, len(sentence))
    except DepparseError as error:
        raise fail(str(error)) from None
    return argument


def _are_arguments(sense: str, heads: str, spans: str, length: int, joint: str) -> bool:
    """Whether the argument cells of a word can be read, and all arguments lie in a sentence of `length` words."""
    try:
        decode_frames([sense], [heads], [spans], joint, length)
    except DepparseError:
        return False
    return True


KIND = FrameKind()
