"""Units that are counted one by one, such as entities: each lies in a sentence of gold, by which they are resampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from depparse.document.document import Document
from depparse.evaluation.measures import Measure
from depparse.evaluation.pair import Pair
from depparse.evaluation.segmentation import Ints

Unit = tuple[int, object]  # the place where it counts, a word of gold, and what it is


def measure_units(pair: Pair, gold: Counter[Unit], system: Counter[Unit]) -> Measure:
    """The measure of two collections, by sentence: right are the units that both have, each as often as both do."""
    document = pair.gold.document
    in_gold, in_system, correct = (
        count_places(document, (unit[0] for unit in units.elements())) for units in (gold, system, gold & system)
    )
    return Measure(in_gold, in_system, correct, unit="sentence")


def count_places(gold: Document, places: Iterable[int]) -> Ints:
    """How many of the places, words of gold, lie in each of its sentences."""
    ends = np.cumsum([len(sentence) for sentence in gold], dtype=np.int64)
    return np.bincount(np.searchsorted(ends, np.fromiter(places, np.int64), "right"), minlength=len(gold))


def counting_place(words: Sequence[int], word: int) -> int:
    """Where in gold the word number `word` (from 1) of a system's sentence counts, `words` being the places of all.

    That is its own place or, if it has none, that of the last word before it in the sentence that has one, else of the
    first one after it.
    """
    return next((place for place in (*words[:word][::-1], *words) if place >= 0), 0)
