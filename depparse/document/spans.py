"""Spans of words and predicate-argument frames as objects, and spans as tags.

`Span` is an entity, `Frame` a predicate with its `Argument`s. Word positions are CoNLL-U IDs: 1 is the first word,
both ends are included. `depparse.document.annotations` reads them from files and writes them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depparse.document.drawings import Drawable
from depparse.errors import DepparseError

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence
    from depparse.document.words import Word


PREFIXES = ("B", "I", "E", "S", "L", "U")
UNTYPED = "ENTITY"  # the type of entities in files that tell no types


@dataclass(slots=True)
class Span(Drawable):
    """An entity: the words `start` to `end` (IDs, both included), its `type`, and a probability if a model gave one."""

    start: int
    end: int
    type: str
    score: float | None = field(default=None, compare=False)
    sentence: Sentence | None = field(default=None, compare=False, repr=False)

    def _of_sentence(self) -> Sentence:
        if self.sentence is None:
            raise DepparseError("this Span belongs to no sentence yet: assign it to sentence.ents first")
        return self.sentence

    @property
    def words(self) -> Sequence[Word]:
        """The words of the entity, as views."""
        return self._of_sentence().words[self.start - 1 : self.end]

    @property
    def text(self) -> str:
        """The sentence's text from the first to the last word; the forms joined by blanks where offsets are unknown."""
        sentence = self._of_sentence()
        first, last = self.start_char, self.end_char
        if first is None or last is None:
            return " ".join(word.text for word in self.words)
        return sentence.exact_text[first - sentence.start_char : last - sentence.start_char]

    @property
    def start_char(self) -> int | None:
        """The offset of the first character in the document's text (code points), or None where it cannot be told."""
        return self._of_sentence().words[self.start - 1].covering_chars[0]

    @property
    def end_char(self) -> int | None:
        """The offset behind the last character in the document's text, or None where it cannot be told."""
        return self._of_sentence().words[self.end - 1].covering_chars[1]

    def to_dict(self) -> dict[str, object]:
        """The entity as JSON has it; with its text and offsets if it belongs to a sentence."""
        result = with_score({"start": self.start, "end": self.end, "type": self.type}, self.score)
        if self.sentence is not None:
            result |= {"text": self.text, "start_char": self.start_char, "end_char": self.end_char}
        return result


@dataclass(slots=True)
class Argument:
    """An argument of a predicate: its role, the ID of its head word, its words `start` to `end`; None where unknown."""

    role: str
    head: int | None = None
    start: int | None = None
    end: int | None = None
    score: float | None = field(default=None, compare=False)


@dataclass(slots=True)
class Frame:
    """A predicate (the ID of its word), its sense (a roleset such as ``buy.01``) and its arguments."""

    predicate: int
    sense: str
    arguments: list[Argument] = field(default_factory=list)
    score: float | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, object]:
        """The frame as JSON has it; unknown fields of an argument are left out."""
        keys = ("role", "head", "start", "end")
        arguments = [
            with_score({key: value for key in keys if (value := getattr(argument, key)) is not None}, argument.score)
            for argument in self.arguments
        ]
        return with_score({"predicate": self.predicate, "sense": self.sense}, self.score) | {"arguments": arguments}


def with_score(record: dict[str, object], score: float | None) -> dict[str, object]:
    """The record, with the score if there is one, as a float: JSON has no scalars of NumPy or torch."""
    return record if score is None else record | {"score": float(score)}


def split_tag(tag: str) -> tuple[str, str]:
    """The prefix of an entity tag (one of B, I, E, S, L, U; empty for a bare type) and its type.

    A bare prefix, as in files that mark entities without telling their types, has the type `UNTYPED`.
    """
    prefix, dash, kind = tag.partition("-")
    if prefix not in PREFIXES:
        return "", tag
    return prefix, kind if dash else UNTYPED


def decode_tags(tags: Sequence[str], joint: str = "|") -> list[Span]:
    """The entities in IOB2, IOB1 or BIOES tags; tags of nested entities are joined in one (``B-ORG|S-GPE``).

    A broken sequence is read as seqeval and conlleval read it, and never raises: an ``I-`` or ``E-`` that continues
    no entity of its type begins one. Without nesting, a tag ends every entity that it does not continue. With nesting,
    each part of a joined tag continues the most recently begun open entity of its type; shorter entities close first.
    The entities are sorted by start, longest first. O(tags) without sorting.
    """
    spans: list[Span] = []
    open_spans: list[Span] = []  # in the order of their beginnings, so that the innermost is the last
    for position, cell in enumerate(tags, 1):
        # By type, in order: the open entities that no tag of this cell has continued yet.
        candidates: dict[str, deque[Span]] = {}
        for span in open_spans:
            candidates.setdefault(span.type, deque()).append(span)
        begun: list[Span] = []
        closed = set(map(id, open_spans))  # id() of each span that no tag of this cell continues, or that one ends
        for tag in () if cell in ("O", "_", "-", "") else cell.split(joint):
            if tag == "O":
                continue
            prefix, kind = split_tag(tag)
            prefix = prefix or "I"  # a bare type is a tag of the IO scheme
            # An end closes the innermost open entity of its type, a continuation keeps the outermost: where two
            # entities of one type nest, this is the only reading in which they do not cross.
            if prefix in ("I", "E", "L") and (of_type := candidates.get(kind)):
                span = of_type.popleft() if prefix == "I" else of_type.pop()
                span.end = position
            else:
                span = Span(position, position, kind)
                begun.append(span)
            if prefix in ("B", "I"):
                closed.discard(id(span))
            else:
                closed.add(id(span))
        spans += begun
        open_spans = [span for span in (*open_spans, *begun) if id(span) not in closed]
    return sorted(spans, key=lambda span: (span.start, -span.end))


def encode_tags(spans: Iterable[Span], length: int, scheme: str = "IOB2", joint: str = "|") -> list[str]:
    """The tags of a sentence of `length` words with these entities, in the `scheme` ``IOB2`` or ``BIOES``.

    The tags of overlapping entities are joined in one, outermost first. Only ``BIOES`` tells nested entities of one
    type apart for certain. O(words of the entities).
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


def check_label(label: str, what: str) -> None:
    """Raises DepparseError unless `label` can stand in a tag or an argument cell of any format; `what` names it."""
    if not isinstance(label, str) or label in ("", "_", "O") or any(char in "|,=" or char.isspace() for char in label):
        raise DepparseError(f"{what} is a name without blanks, bars, commas and equals signs, not {label!r}")


def clean_label(label: str) -> str:
    """A label of other makers as `check_label` wants it: with hyphens in place of what it must not have."""
    return re.sub(r"[\s|,=]|^[O_]$", "-", label)
