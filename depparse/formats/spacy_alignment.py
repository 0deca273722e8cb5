"""Sentences beside their tokens in a Doc of spaCy, and where their entities are among these tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from depparse.document.sentence import Sentence
from depparse.document.spans import Span, clean_label

if TYPE_CHECKING:
    from spacy.tokens import Doc

NESTED = "entities"  # the span group with all entities, if some are nested
OURS = "depparse"  # the attribute of that group where this package made it
Place = tuple[int, int, str]  # an entity in a Doc: its first token, the token behind its last one, its label
_BEGINS, _GOES_ON = 3, 1  # spaCy's numbers of B and I


class Aligned(NamedTuple):
    """A sentence and its tokens in a Doc, which begin at the index `start`.

    `words` has the IDs of the first and the last word of each token; None for a token that is spacing.
    """

    sentence: Sentence
    start: int
    words: list[tuple[int, int] | None]


def entity_places(part: Aligned) -> tuple[list[Place], list[Place]]:
    """The entities of a sentence as places in the Doc: all of them, and those that stand in no other and cross none."""
    token_of = {word: token for token, ids in enumerate(part.words) if ids for word in range(ids[0], ids[1] + 1)}
    spans = [span for span in part.sentence.ents if span.type]  # for spaCy, no type is no entity
    spans.sort(key=lambda span: (span.start, -span.end))
    every = [(part.start + token_of[span.start], part.start + token_of[span.end] + 1, span.type) for span in spans]
    outer: list[Place] = []
    for place in every:
        if not outer or place[0] >= outer[-1][1]:
            outer.append(place)
    return every, outer


def entities_between(doc: Doc, start: int, end: int) -> list[Place]:
    """The entities that begin at the tokens from `start` to before `end`, up to there; without a pass over the Doc."""
    from spacy.attrs import IDS

    tokens: Any = doc[start:end]
    places: list[Place] = []
    for token, (mark, label) in enumerate(tokens.to_array([IDS["ENT_IOB"], IDS["ENT_TYPE"]]).tolist(), start):
        if mark == _BEGINS and label:
            places.append((token, token + 1, doc.vocab.strings[label]))
        elif mark == _GOES_ON and places and places[-1][1] == token:
            places[-1] = (places[-1][0], token + 1, places[-1][2])
    return places


def nested_entities(doc: Doc) -> list[Place] | None:
    """The places in the span group of nested entities, sorted; None if there is no such group."""
    return sorted(places_of(doc.spans[NESTED])) if NESTED in doc.spans else None


def places_of(spans: Iterable[Any]) -> Iterator[Place]:
    """The places of spans of spaCy."""
    return ((span.start, span.end, span.label_) for span in spans)


def set_entities(part: Aligned, places: Iterable[Place]) -> None:
    """Gives the sentence the entities at these places in the Doc, as far as they have words in it.

    Blanks, bars, commas and equals signs in labels become hyphens, since MISC cannot hold them.
    """
    spans = []
    for start, end, label in places:
        words = [ids for ids in part.words[max(0, start - part.start) : end - part.start] if ids is not None]
        if words and label:
            spans.append(Span(words[0][0], words[-1][1], clean_label(label)))
    part.sentence.ents = spans
