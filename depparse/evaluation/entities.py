"""Strict scores of entities: right is what has the same first word, last word and type.

Flat entities are scored by seqeval (``mode="strict"``, IOB2), nested ones by `score_spans`, which gives the same on
flat ones: precision, recall and F1 of each type and over all entities (micro), and the mean over types (macro).

A tag that continues nothing (``I-PER`` after ``O``) begins no entity in the strict reading. It is taken for a beginning
only in a document in which nothing marks beginnings, as in the schemes IO and IOB1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from depparse.data.document import Document
from depparse.data.sentence import Sentence
from depparse.data.spans import Span, encode_tags
from depparse.data.trees import chained_spans
from depparse.evaluation.places import Places, Unit, counting_place, share_places, sum_by_sentence
from depparse.evaluation.tables import Table, percent

METRIC = "NER"  # what tables call the micro average where it stands beside the scores of trees
Item = tuple[int, int, str]  # places of the first and of the last word, type


@dataclass(frozen=True, slots=True)
class SpanScore:
    """Precision, recall and F1, as fractions of 1, and how many there are. `correct` is None for means."""

    precision: float
    recall: float
    f1: float
    gold: int
    system: int
    correct: int | None = None

    def to_dict(self) -> dict[str, float | None]:
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "correct": self.correct,
            "gold": self.gold,
            "system": self.system,
        }


@dataclass(frozen=True, slots=True)
class EntityScores:
    """Scores over all entities (`micro`), their mean over types (`macro`), and by type, in alphabetical order."""

    micro: SpanScore
    macro: SpanScore
    types: dict[str, SpanScore]
    nested: bool  # whether entities overlap, so that our own scorer did it

    def to_dict(self) -> dict[str, object]:
        types = {name: score.to_dict() for name, score in self.types.items()}
        return {"micro": self.micro.to_dict(), "macro": self.macro.to_dict(), "types": types, "nested": self.nested}

    def table(self) -> Table:
        """Types and averages, in percent."""
        rows = []
        for name, score in [*self.types.items(), ("micro average", self.micro), ("macro average", self.macro)]:
            values = (score.precision, score.recall, score.f1)
            rows.append((name, *map(percent, values), str(score.gold), str(score.system)))
        return Table("Entities", ("Type", "Precision", "Recall", "F1", "Gold", "System"), rows)

    def __str__(self) -> str:
        return str(self.table())


def evaluate_entities(gold: Document, system: Document, names: tuple[str, str] = ("gold", "system")) -> EntityScores:
    """Scores of the entities of `system` (``sentence.ents``) against those of `gold`.

    Where the words differ, they are aligned first (`depparse.evaluation.places`); EvaluationError if even the texts do.
    `names` is how errors call the documents.
    """
    places = share_places(gold, system, names)
    gold_spans, system_spans = strict_spans(gold), strict_spans(system)
    nested = any(map(_overlap, gold_spans)) or any(map(_overlap, system_spans))
    scores = score_spans(_items(gold_spans, places.gold), _items(system_spans, places.system), nested=nested)
    if nested or not places.same_words or not scores.types:
        return scores
    return _by_seqeval(gold_spans, system_spans, list(map(len, gold)), scores)


def score_spans(gold: Iterable[Item], system: Iterable[Item], *, nested: bool = True) -> EntityScores:
    """Scores of two lists of (first, last, type), overlapping or not. What a list repeats counts as often."""
    in_gold, in_system = Counter(gold), Counter(system)
    n_gold, n_system, n_right = (_count_types(items) for items in (in_gold, in_system, in_gold & in_system))
    types = {name: _score(n_gold[name], n_system[name], n_right[name]) for name in sorted({*n_gold, *n_system})}
    micro = _score(n_gold.total(), n_system.total(), n_right.total())
    return EntityScores(micro, _mean(types.values(), micro), types, nested)


def count_by_sentence(
    gold: Document, system: Document, names: tuple[str, str] = ("gold", "system")
) -> NDArray[np.float64]:
    """``counts[sentence, 3]``: entities of gold, of the system, and right ones, in each sentence of gold.

    Their sums give the micro average of `evaluate_entities`; they are what `significance` resamples. An entity of the
    system counts where it begins or, if no word of gold is there, where the words before it in its sentence are.
    """
    places = share_places(gold, system, names)
    kinds: list[Counter[Unit]] = []
    for spans, words in ((strict_spans(gold), places.gold), (strict_spans(system), places.system)):
        homes = [counting_place(own, span.start) for found, own in zip(spans, words, strict=True) for span in found]
        kinds.append(Counter(zip(homes, _items(spans, words), strict=True)))
    return sum_by_sentence(gold, [*kinds, kinds[0] & kinds[1]])


@dataclass(frozen=True, slots=True)
class TreeCoverage:
    """What the restriction to spans that go with the tree costs and saves: `depparse.data.trees.chained_spans`."""

    entities: int
    within: int  # of them, those that it leaves: no more can be found
    all_spans: int  # of at most so many words
    spans: int  # of them, those that it leaves

    @property
    def recall(self) -> float:
        """The greatest recall that is left, as a fraction of 1."""
        return self.within / self.entities if self.entities else 1.0


def cover_by_trees(sentences: Iterable[Sentence], max_width: int) -> TreeCoverage:
    """How many of the entities and of all spans of at most `max_width` words go with the trees of the sentences."""
    n_entities = n_within = n_all = n_spans = 0
    for sentence in sentences:
        spans = set(chained_spans(sentence.heads, max_width))
        entities = [(span.start, span.end) for span in sentence.ents if span.end - span.start < max_width]
        n_entities += len(entities)
        n_within += sum(entity in spans for entity in entities)
        n_all += sum(min(max_width, left) for left in range(1, len(sentence) + 1))
        n_spans += len(spans)
    return TreeCoverage(n_entities, n_within, n_all, n_spans)


def strict_spans(document: Document) -> list[list[Span]]:
    """The entities of each sentence in the strict reading, see above."""
    sentences = [(sentence.ents, sentence.entity_tags() or ["O"] * len(sentence)) for sentence in document]
    if not any(_marks_beginnings(spans, tags) for spans, tags in sentences):
        return [list(spans) for spans, _ in sentences]
    return [[span for span in spans if _is_opened(span, tags)] for spans, tags in sentences]


def _is_opened(span: Span, tags: Sequence[str]) -> bool:
    """Whether the tag of its first word says that the entity begins there."""
    return any(part[:2] in ("B-", "S-", "U-") and part[2:] == span.type for part in tags[span.start - 1].split("|"))


def _marks_beginnings(spans: Sequence[Span], tags: Sequence[str]) -> bool:
    """Whether a beginning is marked where IOB1 would not: not just after an entity of the same type."""
    ends = {(span.end + 1, span.type) for span in spans}
    return any((span.start, span.type) not in ends and _is_opened(span, tags) for span in spans)


def _overlap(spans: Sequence[Span]) -> bool:
    ordered = sorted((span.start, span.end) for span in spans)
    return any(start <= end for (_, end), (start, _) in pairwise(ordered))


def _items(spans: list[list[Span]], places: Places) -> Iterator[Item]:
    for in_sentence, words in zip(spans, places, strict=True):
        for span in in_sentence:
            yield words[span.start - 1], words[span.end - 1], span.type


def _count_types(items: Counter[Item]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (_, _, type), count in items.items():
        counts[type] += count
    return counts


def _score(gold: int, system: int, correct: int) -> SpanScore:
    precision = correct / system if system else 0.0
    recall = correct / gold if gold else 0.0
    # Computed as seqeval does, so that even the last digits agree.
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return SpanScore(precision, recall, f1, gold, system, correct)


def _mean(scores: Iterable[SpanScore], total: SpanScore) -> SpanScore:
    values = np.array([(score.precision, score.recall, score.f1) for score in scores]).reshape(-1, 3)
    precision, recall, f1 = (float(np.average(column)) for column in values.T) if len(values) else (0.0, 0.0, 0.0)
    return SpanScore(precision, recall, f1, total.gold, total.system)


def _by_seqeval(
    gold: list[list[Span]], system: list[list[Span]], lengths: list[int], counts: EntityScores
) -> EntityScores:
    # seqeval brings scikit-learn, whose import takes longer than all scoring.
    from seqeval.metrics.v1 import precision_recall_fscore_support, unique_labels
    from seqeval.scheme import IOB2

    gold_tags, system_tags = (
        [encode_tags(in_sentence, length) for in_sentence, length in zip(spans, lengths, strict=True)]
        for spans in (gold, system)
    )

    def scores(average: str | None) -> list[list[float]]:
        columns = precision_recall_fscore_support(gold_tags, system_tags, average=average, zero_division=0, scheme=IOB2)
        return [[float(value) for value in np.atleast_1d(column)] for column in columns[:3]]

    def with_counts(values: Sequence[float], counted: SpanScore) -> SpanScore:
        precision, recall, f1 = values
        return SpanScore(precision, recall, f1, counted.gold, counted.system, counted.correct)

    labels = unique_labels(gold_tags, system_tags, IOB2)
    types = {
        label: with_counts(values, counts.types[label])
        for label, values in zip(labels, zip(*scores(None), strict=True), strict=True)
    }
    micro, macro = ([column[0] for column in scores(average)] for average in ("micro", "macro"))
    return EntityScores(with_counts(micro, counts.micro), with_counts(macro, counts.macro), types, nested=False)
