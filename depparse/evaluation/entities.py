"""Strict scores of entities: an entity is right if its first word, last word and type are the same.

The scores are precision, recall and F1 of each type and over all entities (micro), and the mean over types (macro).
Seqeval counts flat entities (``mode="strict"``, IOB2). `count_types`, which counts flat ones alike, counts nested
entities, and entities of files whose words differ.

A tag that continues no entity (``I-PER`` after ``O``) begins none in the strict reading. It counts as a beginning only
in a document in which no tag marks beginnings, as in the schemes IO and IOB1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from depparse.document.document import Document
from depparse.document.kinds import get_kind
from depparse.document.spans import Span, encode_tags
from depparse.evaluation.measures import Measure
from depparse.evaluation.pair import Pair, Places
from depparse.evaluation.scores import Details, Rates, Score, Section
from depparse.evaluation.units import Unit, counting_place, measure_units

Item = tuple[int, int, str]  # (place of the first word, place of the last word, type)
Counts = Mapping[str, tuple[int, int, int]]  # by type: the numbers of gold, system and right entities


@dataclass(frozen=True, slots=True)
class EntityScores:
    """Scores over all entities (`micro`), the mean over types (`macro`), and scores by type, in alphabetical order."""

    micro: Score
    macro: Rates
    types: dict[str, Score]
    nested: bool  # whether entities overlap, so that our own scorer counted them

    @classmethod
    def of(cls, counts: Counts, *, nested: bool) -> EntityScores:
        """The scores that follow from the counts of each type."""
        types = {type: Score(*counts[type], harmonic=True) for type in sorted(counts)}
        gold, system, correct = (sum(column) for column in zip((0, 0, 0), *counts.values(), strict=True))
        return cls(Score(gold, system, correct, harmonic=True), _mean(types.values(), gold, system), types, nested)


def evaluate_entities(pair: Pair) -> EntityScores:
    """The scores of the system's entities (``sentence.ents``) against those of gold.

    If the words differ, they are aligned first. Raises EvaluationError if the texts differ too.
    """
    places = pair.places
    gold, system = pair.once(_strict_spans_of_both)
    nested = any(map(_overlap, gold)) or any(map(_overlap, system))
    if nested or not pair.same_words or not any((*gold, *system)):
        counts = count_types(_items(gold, places.gold), _items(system, places.system))
    else:
        counts = _by_seqeval(gold, system, list(map(len, pair.gold.document)))
    return EntityScores.of(counts, nested=nested)


def count_types(gold: Iterable[Item], system: Iterable[Item]) -> Counts:
    """The counts of two lists of (first, last, type), which may overlap. A repeated entity counts repeatedly."""
    in_gold, in_system = Counter(gold), Counter(system)
    n_gold, n_system, n_right = (
        Counter(type for _, _, type in items.elements()) for items in (in_gold, in_system, in_gold & in_system)
    )
    return {type: (n_gold[type], n_system[type], n_right[type]) for type in {*n_gold, *n_system}}


def measure_entities(pair: Pair) -> Measure:
    """The measure of entities of all types, by sentence; its sums give the micro average of `evaluate_entities`.

    An entity of the system counts in the sentence of its first word, or where `counting_place` says if gold lacks it.
    """
    places = pair.places
    gold, system = pair.once(_strict_spans_of_both)
    return measure_units(pair, _units(gold, places.gold), _units(system, places.system))


def _units(spans: list[list[Span]], places: Places) -> Counter[Unit]:
    unit_places = [counting_place(words, span.start) for row, words in zip(spans, places, strict=True) for span in row]
    return Counter(zip(unit_places, _items(spans, places), strict=True))


def _strict_spans_of_both(pair: Pair) -> tuple[list[list[Span]], list[list[Span]]]:
    return strict_spans(pair.gold.document), strict_spans(pair.system.document)


def strict_spans(document: Document) -> list[list[Span]]:
    """The entities of each sentence in the strict reading, which the module explains."""
    sentences = [(sentence.ents, sentence.entity_tags() or ["O"] * len(sentence)) for sentence in document]
    if not any(_marks_beginnings(spans, tags) for spans, tags in sentences):
        return [list(spans) for spans, _ in sentences]
    return [[span for span in spans if _is_opened(span, tags)] for spans, tags in sentences]


def _is_opened(span: Span, tags: Sequence[str]) -> bool:
    """Whether the tag of the entity's first word marks it as a beginning."""
    return any(part[:2] in ("B-", "S-", "U-") and part[2:] == span.type for part in tags[span.start - 1].split("|"))


def _marks_beginnings(spans: Sequence[Span], tags: Sequence[str]) -> bool:
    """Whether a tag marks a beginning that IOB1 would not mark, as no entity of its type ends just before."""
    ends = {(span.end + 1, span.type) for span in spans}
    return any((span.start, span.type) not in ends and _is_opened(span, tags) for span in spans)


def _overlap(spans: Sequence[Span]) -> bool:
    ordered = sorted((span.start, span.end) for span in spans)
    return any(start <= end for (_, end), (start, _) in pairwise(ordered))


def _items(spans: list[list[Span]], places: Places) -> Iterator[Item]:
    for in_sentence, words in zip(spans, places, strict=True):
        for span in in_sentence:
            yield words[span.start - 1], words[span.end - 1], span.type


def _mean(scores: Iterable[Score], gold: int, system: int) -> Rates:
    values = np.array([(score.precision, score.recall, score.f1) for score in scores]).reshape(-1, 3)
    precision, recall, f1 = (float(np.average(column)) for column in values.T) if len(values) else (0.0, 0.0, 0.0)
    return Rates(precision, recall, f1, gold, system)


def _by_seqeval(gold: list[list[Span]], system: list[list[Span]], lengths: list[int]) -> Counts:
    # This counts as the scorer of seqeval does. That scorer does not return its counts, and it imports scikit-learn,
    # which takes longer than all scoring.
    from seqeval.scheme import IOB2, Entities

    entities_of_gold, entities_of_system = (
        Entities([encode_tags(row, length) for row, length in zip(spans, lengths, strict=True)], IOB2)
        for spans in (gold, system)
    )
    counts = {}
    for type in entities_of_gold.unique_tags | entities_of_system.unique_tags:
        in_gold, in_system = entities_of_gold.filter(type), entities_of_system.filter(type)
        counts[type] = len(in_gold), len(in_system), len(in_gold & in_system)
    return counts


def _details(pair: Pair) -> Details:
    scores = pair.once(evaluate_entities)
    macro = scores.macro
    data = {
        "macro": {**macro.to_dict(), "correct": None, "gold": macro.gold, "system": macro.system},
        "types": {type: ENTITIES.to_dict(score) for type, score in scores.types.items()},
        "nested": scores.nested,
    }
    return Details(scores.types, {"macro average": macro}, data)


ENTITIES = Section(
    "Entities",
    "entities",
    held=lambda document: any(map(get_kind("entities").annotated, document)),
    label="Type",
    details=_details,
    note="NER: strict, all entities together.",
)
