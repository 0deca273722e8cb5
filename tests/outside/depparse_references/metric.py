"""The metric of references."""

from __future__ import annotations

from collections import Counter

from depparse.document.document import Document
from depparse.evaluation.measures import Measure
from depparse.evaluation.metrics import Metric
from depparse.evaluation.pair import Pair, Places
from depparse.evaluation.scores import Section
from depparse.evaluation.units import Unit, counting_place, measure_units
from depparse_references.annotation import KIND


def units(document: Document, places: Places) -> Counter[Unit]:
    """The references, each with the word of the gold file where it counts; `places` are those of all words there."""
    counts: Counter[Unit] = Counter()
    for sentence, words in zip(document, places, strict=True):
        for item in sentence.annotation("references"):
            pair = words[item.word - 1], words[item.antecedent - 1]
            counts[counting_place(words, item.word), pair] += 1
    return counts


def count(pair: Pair) -> Measure:
    """What each sentence adds to the counts."""
    gold = units(pair.gold.document, pair.places.gold)
    return measure_units(pair, gold, units(pair.system.document, pair.places.system))


REFERENCES = Section(
    "References",
    "references",
    held=lambda document: any(KIND.annotated(sentence) for sentence in document),
    note="Refs: within sentences.",
)
METRICS = (Metric("Refs", REFERENCES, "a word with the same antecedent", count, ("REF",), rank=25, colour="#7a5230"),)
