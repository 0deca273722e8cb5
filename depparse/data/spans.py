"""Entities and predicate-argument frames: the objects, and how they are written in columns of tags.

`Span` is an entity, `Frame` a predicate with its `Argument`s. Word positions are CoNLL-U IDs: 1 is the first word,
both ends are included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depparse.data.sentence import Sentence
    from depparse.data.words import Word


@dataclass(slots=True)
class Span:
    """An entity: the words `start` to `end` (IDs, both included), its `type`, and a probability if a model gave one."""

    start: int
    end: int
    type: str
    score: float | None = field(default=None, compare=False)
    sentence: Sentence | None = field(default=None, compare=False, repr=False)

    def _of_sentence(self) -> Sentence:
        if self.sentence is None:
            raise ValueError("this Span belongs to no sentence yet: assign it to sentence.ents first")
        return self.sentence

    @property
    def words(self) -> Sequence[Word]:
        return self._of_sentence().words[self.start - 1 : self.end]

    @property
    def text(self) -> str:
        """The characters of the sentence's text from the first to the last word; forms joined by blanks without it."""
        sentence = self._of_sentence()
        first, last = self.start_char, self.end_char
        if first is None or last is None:
            return " ".join(word.text for word in self.words)
        return sentence.exact_text[first - sentence.start_char : last - sentence.start_char]

    @property
    def start_char(self) -> int | None:
        return self._of_sentence().words[self.start - 1].covering_chars[0]

    @property
    def end_char(self) -> int | None:
        return self._of_sentence().words[self.end - 1].covering_chars[1]

    def to_dict(self) -> dict[str, object]:
        result: dict[str, object] = {"start": self.start, "end": self.end, "type": self.type}
        if self.score is not None:
            result["score"] = self.score
        if self.sentence is not None:
            result |= {"text": self.text, "start_char": self.start_char, "end_char": self.end_char}
        return result


@dataclass(slots=True)
class Argument:
    """An argument of a predicate: `role`, the ID of its head word, its words `start` to `end` (None where unknown)."""

    role: str
    head: int | None = None
    start: int | None = None
    end: int | None = None
    score: float | None = field(default=None, compare=False)


@dataclass(slots=True)
class Frame:
    """A predicate (ID of its word), its sense (roleset, such as ``buy.01``) and its arguments."""

    predicate: int
    sense: str
    arguments: list[Argument] = field(default_factory=list)
    score: float | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, object]:
        arguments = [
            {key: value for key in ("role", "head", "start", "end", "score") if (value := getattr(a, key)) is not None}
            for a in self.arguments
        ]
        result: dict[str, object] = {"predicate": self.predicate, "sense": self.sense, "arguments": arguments}
        if self.score is not None:
            result["score"] = self.score
        return result


def decode_tags(tags: Sequence[str], joint: str = "|") -> list[Span]:
    """Entities of a sentence from IOB2, IOB1 or BIOES tags; nested ones stand joined in one tag (``B-ORG|S-GPE``).

    A broken sequence is read as seqeval and conlleval read it, and never raises: an ``I-`` or ``E-`` that continues
    nothing of its type begins an entity. Without nesting, a tag ends every entity that it does not continue. With
    nesting, each part of a tag continues the most recently begun open entity of its type; shorter entities close
    first. Sorted by start, longest first.
    """
    spans: list[Span] = []
    open_spans: list[Span] = []  # in the order of their beginnings, so that the innermost is the last
    for position, cell in enumerate(tags, 1):
        continued: set[int] = set()  # ids of the spans that a part of this tag has taken
        ended: set[int] = set()
        for part in () if cell in ("O", "_", "-", "") else cell.split(joint):
            if part == "O":
                continue
            prefix, dash, kind = part.partition("-")
            if not dash or prefix not in ("B", "I", "E", "S", "L", "U"):
                prefix, kind = "I", part  # a bare type, as in the IO scheme
            # An end closes the innermost open entity of its type, a continuation keeps the outermost: where two
            # entities of one type nest, this is the only reading in which they do not cross.
            candidates = [s for s in open_spans if s.type == kind and id(s) not in continued]
            if prefix in ("I", "E", "L") and candidates:
                span = candidates[0] if prefix == "I" else candidates[-1]
                span.end = position
            else:
                span = Span(position, position, kind)
                spans.append(span)
                open_spans.append(span)
            continued.add(id(span))
            if prefix not in ("B", "I"):
                ended.add(id(span))
        open_spans = [s for s in open_spans if id(s) in continued and id(s) not in ended]
    return sorted(spans, key=lambda span: (span.start, -span.end))


def encode_tags(spans: Iterable[Span], length: int, scheme: str = "IOB2", joint: str = "|") -> list[str]:
    """Tags of a sentence of `length` words for its entities, in `scheme` ``IOB2`` or ``BIOES``.

    Entities that overlap are joined in one tag, outermost first. Only ``BIOES`` tells nested entities of one type
    apart for certain. O(words of the entities).
    """
    tags: list[list[str]] = [[] for _ in range(length)]
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        for position in range(span.start, span.end + 1):
            first, last = position == span.start, position == span.end
            if scheme == "BIOES":
                prefix = "S" if first and last else "B" if first else "E" if last else "I"
            else:
                prefix = "B" if first else "I"
            tags[position - 1].append(f"{prefix}-{span.type}")
    return [joint.join(parts) or "O" for parts in tags]


def decode_frames(
    predicates: Sequence[str], heads: Sequence[str] | None, spans: Sequence[str] | None, joint: str = "|"
) -> list[Frame]:
    """Frames from the columns ``UP:PRED``, ``UP:ARGHEADS`` and ``UP:ARGSPANS`` of Universal PropBank.

    One of the two argument columns may be empty. Raises ValueError with a plain reason if both are filled and do not
    name the same roles in the same order.
    """
    frames = []
    for position, sense in enumerate(predicates, 1):
        if sense in ("_", ""):
            continue
        arguments: list[Argument] = []
        by_head = _role_items(heads[position - 1], joint) if heads is not None else []
        by_span = _role_items(spans[position - 1], joint) if spans is not None else []
        for role, place in by_head or by_span:
            arguments.append(Argument(role, head=_number(place)) if by_head else Argument(role))
        if by_span:
            if [role for role, _ in by_span] != [argument.role for argument in arguments]:
                raise ValueError(f"the roles of UP:ARGHEADS and UP:ARGSPANS of word {position} differ")
            for argument, (_, place) in zip(arguments, by_span, strict=True):
                first, _, last = place.partition("-")
                argument.start, argument.end = _number(first), _number(last or first)
        frames.append(Frame(position, sense, arguments))
    return frames


def _role_items(cell: str, joint: str) -> list[tuple[str, str]]:
    if cell in ("_", ""):
        return []
    items = [item.rpartition(":") for item in cell.split(joint)]
    for role, colon, _ in items:
        if not colon or not role:
            raise ValueError(f"an argument is written ROLE:PLACE, but the cell is {cell!r}")
    return [(role, place) for role, _, place in items]


def check_label(label: str, what: str) -> None:
    """ValueError unless `label` can stand in a tag or an argument cell of any format."""
    if not label or label in ("_", "O") or any(char in "|,=" or char.isspace() for char in label):
        raise ValueError(f"{what} is a name without blanks, bars, commas and equals signs, not {label!r}")


def _number(text: str) -> int | None:
    if text == "_":
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"an argument's place is a word ID or a range of them, not {text!r}")
    return int(text)


def encode_frames(frames: Iterable[Frame], length: int, joint: str = "|") -> tuple[list[str], list[str], list[str]]:
    """Columns ``UP:PRED``, ``UP:ARGHEADS`` and ``UP:ARGSPANS`` for a sentence of `length` words.

    Both argument columns list all roles; an unknown head or span is ``_``, and a column without any known place is left
    empty. An argument without any place stands among the heads.
    """
    predicates, heads, spans = (["_"] * length for _ in range(3))
    for frame in frames:
        place = frame.predicate - 1
        predicates[place] = frame.sense
        known_spans = [a.start is not None and a.end is not None for a in frame.arguments]
        if any(a.head is not None for a in frame.arguments) or (frame.arguments and not any(known_spans)):
            heads[place] = joint.join(f"{a.role}:{'_' if a.head is None else a.head}" for a in frame.arguments)
        if any(known_spans):
            pairs = zip(frame.arguments, known_spans, strict=True)
            spans[place] = joint.join(f"{a.role}:{f'{a.start}-{a.end}' if known else '_'}" for a, known in pairs)
    return predicates, heads, spans
