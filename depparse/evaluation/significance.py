"""The uncertainty of a score or of a difference of scores, given the test set: bootstrap and approximate randomization.

Blocks of text are resampled. They lie between places where sentences end in all files, so they are single sentences
where the files agree, else the shortest stretches that begin and end alike. This works for any segmentation. Units that
are counted by sentence of gold, such as entities, are resampled by sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.measures import Measure
from depparse.evaluation.metrics import Metric
from depparse.evaluation.pair import Pair
from depparse.evaluation.segmentation import Ints, Segmentation

_Value = TypeVar("_Value")
Floats = NDArray[np.float64]
_CELLS = 1 << 22  # the most cells of the matrix of resamples that are in memory at once


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval that holds the value with the given confidence."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of the first system minus F1 of the second, its bootstrap interval, and the p-value under no difference."""

    value: float
    interval: Interval
    p_value: float


def bootstrap(
    pair: Pair, metrics: Sequence[Metric], samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> dict[str, Interval]:
    """The percentile bootstrap interval of each metric's F1 (Efron & Tibshirani 1993, chapter 13).

    From the blocks of the test set, as many blocks are drawn with replacement, `samples` times. O(samples · blocks).
    """
    by_name: dict[str, Interval] = {}
    for names, counts in _counts([pair], metrics):
        by_name |= zip(names, mean_intervals([counts], samples, seed=seed, confidence=confidence), strict=True)
    return _ordered(by_name, metrics)


def paired_test(
    first: Pair,
    second: Pair,
    metrics: Sequence[Metric],
    samples: int = 1000,
    *,
    seed: int = 1,
    confidence: float = 0.95,
) -> dict[str, Difference]:
    """The differences in F1 of two systems on one gold file, with intervals and p-values.

    The interval comes from the paired bootstrap (Koehn 2004): both systems are scored on the same resampled blocks. The
    two-sided p-value comes from approximate randomization (Yeh 2000): in each block a coin decides whether the outputs
    change places, and with `times` differences at least as large, p is (1 + times) / (1 + samples). Raises
    EvaluationError for two gold files. O(samples · blocks).
    """
    by_name: dict[str, Difference] = {}
    for names, counts in _counts([first, second], metrics):
        differences = mean_differences([counts[:1]], [counts[1:]], samples, seed=seed, confidence=confidence)
        by_name |= zip(names, differences, strict=True)
    return _ordered(by_name, metrics)


def mean_intervals(
    tests: Sequence[Floats], samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> list[Interval]:
    """The interval, for each metric, of the mean F1 of some runs, which is in turn the mean over several test sets.

    ``tests[t][run, block, 3 · metric + k]`` are counts as `count_runs` gives them. The blocks of each test set are
    drawn by themselves, and all runs are scored on the same ones.
    """
    return intervals(_mean_draws(tests, samples, seed), confidence)


def mean_differences(
    first: Sequence[Floats],
    second: Sequence[Floats],
    samples: int = 1000,
    *,
    seed: int = 1,
    confidence: float = 0.95,
) -> list[Difference]:
    """The difference, for each metric, of the mean F1 of two systems with equally many runs; see `paired_test`.

    The counts are those of `mean_intervals`. Where outputs change places in a block, all runs of the systems do.
    """
    ranges = intervals(_mean_draws(first, samples, seed) - _mean_draws(second, samples, seed), confidence)
    values, draws = [], []
    for number, (a, b) in enumerate(zip(first, second, strict=True)):
        total_a, total_b = a.sum(axis=1, keepdims=True), b.sum(axis=1, keepdims=True)
        values.append((f1_of(total_a) - f1_of(total_b)).mean(axis=(0, 1)))
        moved = (swaps @ (b - a) for swaps in _swaps(a.shape[1], samples, seed + number))
        draws.append(np.concatenate([(f1_of(total_a + m) - f1_of(total_b - m)).mean(axis=0) for m in moved]))
    value, drawn = np.mean(values, axis=0), np.mean(draws, axis=0)
    times = (np.abs(drawn) >= np.abs(value) - 1e-12).sum(axis=0)  # equal ones may deviate in the last digit
    p_values = (1 + times) / (1 + samples)
    return [Difference(float(v), r, float(p)) for v, r, p in zip(value, ranges, p_values, strict=True)]


def _mean_draws(tests: Sequence[Floats], samples: int, seed: int) -> Floats:
    """``[sample, metric]``: the mean F1 over the runs, then over the test sets, on resampled blocks."""
    draws = []
    for number, counts in enumerate(tests):
        weights = resamples(counts.shape[1], samples, seed + number)
        draws.append(np.concatenate([f1_of(rows @ counts).mean(axis=0) for rows in weights]))
    mean: Floats = np.mean(draws, axis=0)
    return mean


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number (Holm 1979), so that one below 0.05 is a rare error among all of them."""
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[number]))
        corrected[number] = highest
    return corrected


def _ordered(by_name: dict[str, _Value], metrics: Sequence[Metric]) -> dict[str, _Value]:
    return {metric.name: by_name[metric.name] for metric in metrics}


def count_runs(pairs: Sequence[Pair], metric: Metric) -> Floats:
    """``counts[pair, block, k]``: the gold (k = 0), system (1) and right (2) units of the metric in blocks of the text.

    All pairs have the same blocks. Raises EvaluationError for pairs of several gold files.
    """
    ((_, counts),) = _counts(pairs, [metric])
    return counts


def _counts(pairs: Sequence[Pair], metrics: Sequence[Metric]) -> Iterator[tuple[list[str], Floats]]:
    """(names, ``counts[pair, block, 3 · metric + k]``) of the metrics that count by word, and of those by sentence.

    They are the numbers of gold (k = 0), system (1) and right (2) units of the metric in the block.
    """
    by_unit: dict[bool, list[Metric]] = {}
    for metric in metrics:
        by_unit.setdefault(metric.measure(pairs[0]).unit == "sentence", []).append(metric)
    for by_sentence, same_unit_metrics in by_unit.items():
        names = [metric.name for metric in same_unit_metrics]
        if by_sentence:
            _check_gold(len(pair.gold.document) for pair in pairs)
            yield names, np.stack([_stack([metric.measure(pair) for metric in same_unit_metrics]) for pair in pairs])
        else:
            _check_gold((pair.gold.segmentation.characters, len(pair.gold.segmentation)) for pair in pairs)
            ends = common_ends(pairs[0].gold.segmentation, *(pair.system.segmentation for pair in pairs))
            yield names, np.stack([count_blocks(pair, same_unit_metrics, ends) for pair in pairs])


def _check_gold(gold: Iterable[object]) -> None:
    """Raises EvaluationError unless the gold files of all pairs are equal, as far as these values tell."""
    if len(set(gold)) > 1:
        raise EvaluationError("two systems can be compared on one gold file, not on two")


def count_blocks(pair: Pair, metrics: Sequence[Metric], ends: Ints) -> Floats:
    """``counts[block, 3 · metric + k]`` of metrics that count by word; the blocks end at the characters `ends`."""
    if not len(ends):
        return np.zeros((0, 3 * len(metrics)))
    starts = np.concatenate([[0], ends[:-1]])
    gold = np.searchsorted(pair.gold.segmentation.starts, starts)
    system = np.searchsorted(pair.system.segmentation.starts, starts)
    measures = (metric.measure(pair) for metric in metrics)
    return _stack(
        [
            Measure(
                np.add.reduceat(measure.gold, gold),
                np.add.reduceat(measure.system, system),
                np.add.reduceat(measure.correct, gold),
            )
            for measure in measures
        ]
    )


def _stack(measures: Sequence[Measure]) -> Floats:
    columns = [column for measure in measures for column in (measure.gold, measure.system, measure.correct)]
    return np.stack(columns, axis=1).astype(np.float64)


def common_ends(*sides: Segmentation) -> Ints:
    """The characters after which a sentence ends in all of `sides`."""
    return reduce(np.intersect1d, [side.sentence_ends for side in sides])


def f1_of(counts: Floats) -> Floats:
    """The F1 of each metric, given sums of counts whose last axis is as in `count_blocks`."""
    total = counts[..., 0::3] + counts[..., 1::3]
    return np.divide(2 * counts[..., 2::3], total, out=np.zeros_like(total), where=total > 0)


def resamples(blocks: int, samples: int, seed: int) -> Iterator[Floats]:
    """``weights[sample, block]``, some rows at a time: how often the block was drawn."""
    random = np.random.default_rng(seed)
    for rows in _rows(blocks, samples):
        drawn = random.integers(0, max(blocks, 1), (rows, blocks)) + blocks * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * blocks).reshape(rows, blocks).astype(np.float64)


def _swaps(blocks: int, samples: int, seed: int) -> Iterator[Floats]:
    """``swaps[sample, block]``, some rows at a time: 1 if the two outputs change places in the block, else 0."""
    random = np.random.default_rng(seed)
    for rows in _rows(blocks, samples):
        yield random.integers(0, 2, (rows, blocks)).astype(np.float64)


def _rows(blocks: int, samples: int) -> Iterator[int]:
    if samples < 1:
        raise ConfigError(f"the number of resamples is at least 1, not {samples}")
    at_once = max(1, _CELLS // max(blocks, 1))
    for start in range(0, samples, at_once):
        yield min(at_once, samples - start)


def intervals(draws: Floats, confidence: float) -> list[Interval]:
    """The interval of each metric that holds the middle `confidence` of its values ``draws[sample, metric]``."""
    if not 0 < confidence < 1:
        raise ConfigError(f"a confidence lies between 0 and 1, not at {confidence}")
    ends = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return [Interval(float(low), float(high)) for low, high in ends.T]
