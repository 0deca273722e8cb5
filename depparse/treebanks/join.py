"""Joins a treebank with the annotation of another file, and reports every sentence that was not joined."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from depparse.document.annotations import kinds
from depparse.document.document import Document
from depparse.document.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Unjoined:
    """A sentence without a partner. `side` says which file it stands in, `number` counts there from 1."""

    side: str
    number: int
    sent_id: str | None
    reason: str

    def __str__(self) -> str:
        name = f" ({self.sent_id})" if self.sent_id is not None else ""
        return f"{self.side} sentence {self.number}{name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class JoinReport:
    """The number of joined sentences, and all sentences that were not joined."""

    joined: int
    unjoined: list[Unjoined] = field(default_factory=list)


def join(document: Document, annotations: Iterable[Sentence]) -> JoinReport:
    """Adds the annotation of the sentences in `annotations`, such as entities, to the same sentences of `document`.

    Columns of CoNLL-U stay those of the document; cells of other columns are copied as they were read. Sentences are
    paired by ``sent_id`` if both have it, else by their words, equal ones in their order. The words must be the same: a
    sentence with the same ID but other words is not joined. The document is changed in place, and its column names grow
    by the new columns.
    """
    annotated = list(annotations)
    by_id = {sentence.sent_id: number for number, sentence in enumerate(annotated) if sentence.sent_id is not None}
    partners: dict[int, int] = {}
    reasons: dict[int, str] = {}
    for number, sentence in enumerate(document):
        partner = by_id.get(sentence.sent_id) if sentence.sent_id is not None else None
        if partner is None:
            continue
        difference = _difference(sentence.columns["FORM"], annotated[partner].columns["FORM"])
        if difference is None:
            partners[number] = partner
        else:
            reasons[number] = difference
    taken = set(partners.values())
    by_words: dict[tuple[str, ...], deque[int]] = defaultdict(deque)
    for partner, sentence in enumerate(annotated):
        if partner not in taken:
            by_words[tuple(sentence.columns["FORM"])].append(partner)
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
    for partner, sentence in enumerate(annotated):
        if partner not in taken:
            reason = "no sentence with this id or these words in the treebank"
            unjoined.append(Unjoined("annotation", partner + 1, sentence.sent_id, reason))
    added: dict[str, None] = {}
    for number, partner in partners.items():
        for kind in kinds():
            added |= dict.fromkeys(kind.take(document[number], annotated[partner]))
    document.column_names += tuple(name for name in added if name not in document.column_names)
    return JoinReport(len(partners), unjoined)


def _difference(ours: list[str], theirs: list[str]) -> str | None:
    for number, (our_form, their_form) in enumerate(zip(ours, theirs, strict=False), 1):
        if our_form != their_form:
            return f"word {number} is {our_form!r} here and {their_form!r} in the other file"
    if len(ours) != len(theirs):
        return f"{len(ours)} words here and {len(theirs)} in the other file"
    return None
