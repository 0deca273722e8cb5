"""Where the words of a system's document stand in the gold one, for spans and frames.

With the same words in the same sentences each stands at its own place, whatever else the files hold. Otherwise words
are aligned as for the trees, which needs the same text. A word's place is its index in the gold document; that of a
system word without a partner is below 0, so that nothing there can be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depparse.data.document import Document
from depparse.errors import EvaluationError
from depparse.evaluation.alignment import align
from depparse.evaluation.segmentation import segment

Places = list[list[int]]  # places[sentence][word], both from 0
Unit = tuple[int, *tuple[object, ...]]  # what is counted, beginning with the place where it counts


@dataclass(frozen=True, slots=True)
class SharedPlaces:
    """The places of the words of both documents, and whether both have the same words in the same sentences."""

    gold: Places
    system: Places
    same_words: bool


def share_places(gold: Document, system: Document, names: tuple[str, str] = ("gold", "system")) -> SharedPlaces:
    """Places for the words of both documents. Raises EvaluationError if the texts differ."""
    gold_places = _numbered(gold)
    if len(gold) == len(system) and all(
        a.columns["FORM"] == b.columns["FORM"] for a, b in zip(gold, system, strict=True)
    ):
        return SharedPlaces(gold_places, gold_places, True)
    try:
        to_gold = align(segment(gold, names[0]), segment(system, names[1])).to_gold.tolist()
    except EvaluationError as error:
        raise EvaluationError(f"neither the words nor the characters of the two files are the same: {error}") from None
    places = [[to_gold[word] for word in sentence] for sentence in _numbered(system)]
    return SharedPlaces(gold_places, places, False)


def counting_place(words: Sequence[int], word: int) -> int:
    """Where in gold the word number `word` (from 1) of a system's sentence counts, `words` being the places of all.

    That is its own place or, if it has none, that of the last word before it in the sentence that has one, else of the
    first one after it.
    """
    return next((place for place in (*words[:word][::-1], *words) if place >= 0), 0)


def sum_by_sentence(gold: Document, units: Sequence[Mapping[Unit, int]]) -> NDArray[np.float64]:
    """``counts[sentence, kind]``: how many units of each kind lie in the sentence of gold.

    `units` has for each kind its units, which begin with the place where they count, and how often each is there.
    """
    ends = np.cumsum([len(sentence) for sentence in gold])
    counts = np.zeros((len(gold), len(units)))
    for kind, times in enumerate(units):
        for unit, number in times.items():
            counts[np.searchsorted(ends, unit[0], "right"), kind] += number
    return counts


def _numbered(document: Document) -> Places:
    places, start = [], 0
    for sentence in document:
        places.append(list(range(start, start + len(sentence))))
        start += len(sentence)
    return places
