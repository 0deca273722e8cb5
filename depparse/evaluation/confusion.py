"""What a system takes for what, and how far its probabilities can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depparse.document.annotations.tree import HEAD_PROBABILITY, LABEL_PROBABILITY
from depparse.document.columns import get_from_misc
from depparse.evaluation.measures import words_where
from depparse.evaluation.pair import Pair

_MOST = 24  # values that have a row of their own
OTHER = "other"
_BINS = 10
_SAME_HEAD = words_where(lambda same: same.head)
_SAME_LABEL = words_where(lambda same: same.subtyped)  # a probability is that of the whole relation


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """How often aligned words with a gold value have each value in the system's file."""

    kind: str  # that of `depparse.evaluation.differences`, such as label
    values: list[str]  # the most frequent gold values first
    counts: NDArray[np.int64]  # [gold value, system value]


def confusion(pair: Pair, kind: str) -> Confusion:
    """The confusion of labels (without subtypes), or of the tags of the column upos or xpos."""
    gold, system = pair.gold.annotation, pair.system.annotation
    codes = pair.codes.relation if kind == "label" else getattr(pair.codes, kind)
    ours, theirs = (getattr(side, "relation" if kind == "label" else kind) for side in (gold, system))
    names = codes.names()
    frequency = np.bincount(ours, minlength=len(names))
    order = sorted(range(len(names)), key=lambda number: (-frequency[number], names[number]))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    size = min(len(names), _MOST + 1)
    has_other = len(names) > _MOST + 1
    rows, columns = (
        np.minimum(rank[values[words]], size - 1)
        for values, words in ((ours, pair.alignment.gold), (theirs, pair.alignment.system))
    )
    counts = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)
    values = [names[number] for number in order[:size]]
    return Confusion(kind, [*values[:-1], OTHER] if has_other else values, counts)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The words whose probability of an arc lies in a bin, and how many of them are right."""

    name: str  # of the attribute of MISC: HeadProb, LabelProb
    bins: list[tuple[float, float, int]]  # mean probability, share that is right, number of words; no empty bins

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of probability and share, weighted by the words."""
        total = sum(count for *_, count in self.bins)
        return sum(count * abs(mean - share) for mean, share, count in self.bins) / total if total else 0.0


def calibrations(pair: Pair) -> list[Calibration]:
    """The calibration of each kind of probability that the system's file has, over the aligned words."""
    found = []
    for name, right_words in ((HEAD_PROBABILITY, _SAME_HEAD), (LABEL_PROBABILITY, _SAME_LABEL)):
        cells = (cell for sentence in pair.system.document for cell in sentence.column("MISC"))
        told = [_number(get_from_misc(cell, name)) for cell in cells]
        probabilities = np.array(told)[pair.alignment.system]
        right = right_words(pair).correct[pair.alignment.gold] > 0
        known = ~np.isnan(probabilities)
        if not known.any():
            continue
        probabilities, right = probabilities[known], right[known]
        numbers = np.minimum((probabilities * _BINS).astype(np.int64), _BINS - 1)
        bins = [
            (float(probabilities[own].mean()), float(right[own].mean()), int(own.sum()))
            for own in (numbers == number for number in range(_BINS))
            if own.any()
        ]
        found.append(Calibration(name, bins))
    return found


def _number(value: str | None) -> float:
    """The number, or NaN if it is none between 0 and 1."""
    try:
        number = float(value) if value is not None else np.nan
    except ValueError:
        return np.nan
    return number if 0 <= number <= 1 else np.nan
