"""Units that are counted one by one, such as entities, each in a sentence of gold, as sentences are resampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from depparse.document.document import Document
from depparse.evaluation.measures import Measure
from depparse.evaluation.pair import Pair
from depparse.evaluation.segmentation import Ints

Unit = tuple[int, object]  # (the gold word where the unit counts, the unit)


def measure_units(pair: Pair, gold: Counter[Unit], system: Counter[Unit]) -> Measure:
    """The measure of two collections, by sentence. Units in both are right, each as often as both have it."""
    document = pair.gold.document
    in_gold, in_system, correct = (
        count_places(document, (unit[0] for unit in units.elements())) for units in (gold, system, gold & system)
    )
    return Measure(in_gold, in_system, correct, unit="sentence")


def count_places(gold: Document, places: Iterable[int]) -> Ints:
    """The number of `places`, which are words of gold, in each sentence of gold."""
    ends = np.cumsum([len(sentence) for sentence in gold], dtype=np.int64)
    return np.bincount(np.searchsorted(ends, np.fromiter(places, np.int64), "right"), minlength=len(gold))


def counting_place(words: Sequence[int], word: int) -> int:
    """The gold word where word number `word` (from 1) of a system's sentence counts; `words` are places of its words.

    It is the place of the word or, if that has none, of the last word before it that has one, or else of the first word
    after it that has one.
    """
    return next((place for place in (*words[:word][::-1], *words) if place >= 0), 0)
