"""Joins a treebank with the annotation of another file, and reports every sentence that does not join."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from depparse.document.annotations import kinds
from depparse.document.document import Document
from depparse.document.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Unjoined:
    """A sentence without a partner: in which of the two files it stands, its number there (from 1), and why."""

    side: str
    number: int
    sent_id: str | None
    reason: str

    def __str__(self) -> str:
        name = f" ({self.sent_id})" if self.sent_id is not None else ""
        return f"{self.side} sentence {self.number}{name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class JoinReport:
    """How many sentences were joined, and all that were not."""

    joined: int
    unjoined: list[Unjoined] = field(default_factory=list)


def join(document: Document, annotations: Iterable[Sentence]) -> JoinReport:
    """Puts what `annotations` have, such as entities, on the sentences of `document` that have the same words.

    Columns of CoNLL-U stay those of the document. Tags and cells of other columns stay as they were read.
    Sentences are paired by ``sent_id`` where both have it, else by their words; equal sentences pair in their order.
    Words must be the same: a sentence of the same id with other words does not join. The document is changed in
    place, and its column names grow by the new columns.
    """
    others = list(annotations)
    by_id = {sentence.sent_id: number for number, sentence in enumerate(others) if sentence.sent_id is not None}
    partners: dict[int, int] = {}
    reasons: dict[int, str] = {}
    for number, sentence in enumerate(document):
        other = by_id.get(sentence.sent_id) if sentence.sent_id is not None else None
        if other is None:
            continue
        difference = _difference(sentence.columns["FORM"], others[other].columns["FORM"])
        if difference is None:
            partners[number] = other
        else:
            reasons[number] = difference
    taken = set(partners.values())
    by_words: dict[tuple[str, ...], deque[int]] = defaultdict(deque)
    for other, sentence in enumerate(others):
        if other not in taken:
            by_words[tuple(sentence.columns["FORM"])].append(other)
    unjoined = []
    for number, sentence in enumerate(document):
        if number not in partners:
            candidates = by_words.get(tuple(sentence.columns["FORM"]))
            if candidates:
                partners[number] = candidates.popleft()
            else:
                reason = reasons.get(number, "no sentence with this id or these words in the other file")
                unjoined.append(Unjoined("treebank", number + 1, sentence.sent_id, reason))
    taken = set(partners.values())
    for other, sentence in enumerate(others):
        if other not in taken:
            reason = "no sentence with this id or these words in the treebank"
            unjoined.append(Unjoined("annotation", other + 1, sentence.sent_id, reason))
    added: dict[str, None] = {}
    for number, other in partners.items():
        for kind in kinds():
            added |= dict.fromkeys(kind.take(document[number], others[other]))
    document.column_names += tuple(name for name in added if name not in document.column_names)
    return JoinReport(len(partners), unjoined)


def _difference(ours: list[str], theirs: list[str]) -> str | None:
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False), 1):
        if a != b:
            return f"word {number} is {a!r} here and {b!r} in the other file"
    if len(ours) != len(theirs):
        return f"{len(ours)} words here and {len(theirs)} in the other file"
    return None
