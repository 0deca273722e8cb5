"""How sure a score or a difference of two scores is, given the test set: bootstrap and approximate randomization.

What is resampled are blocks of text between two places where sentences end in all files: single sentences where the
files agree, else the shortest stretches that can be told apart. So it works for any segmentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.segmentation import Ints, Segmentation
from depparse.evaluation.ud import Comparison

Floats = NDArray[np.float64]
_CELLS = 1 << 22  # of the matrix of resamples in memory at once


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the value with the confidence asked for."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of the first system minus F1 of the second, its bootstrap interval, and the p-value of no difference."""

    value: float
    interval: Interval
    p_value: float


def bootstrap(
    comparison: Comparison, samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> dict[str, Interval]:
    """Percentile bootstrap interval of each metric's F1 (Efron & Tibshirani 1993, chapter 13).

    Test sets of as many blocks are drawn `samples` times from the blocks, with replacement. O(samples · blocks).
    """
    counts = _count_blocks(comparison, _common_ends(comparison.gold, comparison.system))
    return bootstrap_counts(counts, list(comparison.measures), samples, seed=seed, confidence=confidence)


def bootstrap_counts(
    counts: Floats, names: Sequence[str], samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> dict[str, Interval]:
    """As `bootstrap`, of ``counts[block, 3 · metrics]``: units of gold, of the system, and right ones, by metric."""
    draws = np.concatenate([_f1(weights @ counts) for weights in _resamples(len(counts), samples, seed)])
    return _intervals(names, draws, confidence)


def paired_test(
    first: Comparison, second: Comparison, samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> dict[str, Difference]:
    """Differences in F1 of two systems on one gold file, and whether they could be chance.

    The interval is by the paired bootstrap (Koehn 2004): both systems are scored on the same resampled blocks. The
    p-value is by approximate randomization (Yeh 2000), two-sided: how often the difference gets at least as large if in
    each block a coin tells which output is whose, (1 + times) / (1 + samples). O(samples · blocks).
    """
    if first.gold.characters != second.gold.characters or len(first.gold) != len(second.gold):
        raise EvaluationError("two systems can be compared on one gold file, not on two")
    ends = _common_ends(first.gold, first.system, second.system)
    a, b = _count_blocks(first, ends), _count_blocks(second, ends)
    return paired_test_of_counts(a, b, list(first.measures), samples, seed=seed, confidence=confidence)


def paired_test_of_counts(
    a: Floats, b: Floats, names: Sequence[str], samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> dict[str, Difference]:
    """As `paired_test`, of the counts of two systems in the same blocks: see `bootstrap_counts`."""
    draws = [_f1(weights @ a) - _f1(weights @ b) for weights in _resamples(len(a), samples, seed)]
    intervals = _intervals(names, np.concatenate(draws), confidence)

    total_a, total_b = a.sum(axis=0), b.sum(axis=0)
    value = _f1(total_a) - _f1(total_b)
    times = np.zeros(len(names))
    for swaps in _swaps(len(a), samples, seed):
        moved = swaps @ (b - a)
        difference = _f1(total_a + moved) - _f1(total_b - moved)
        times += (np.abs(difference) >= np.abs(value) - 1e-12).sum(axis=0)  # equal ones may differ in the last digit
    p_values = (1 + times) / (1 + samples)
    return {name: Difference(float(value[k]), intervals[name], float(p_values[k])) for k, name in enumerate(names)}


def difference_of_runs(
    first: Sequence[Floats], second: Sequence[Floats], samples: int = 1000, *, seed: int = 1, confidence: float = 0.95
) -> tuple[float, Interval]:
    """The mean F1 of the runs of one system minus that of another, and its bootstrap interval over blocks and runs.

    Of each run, ``counts[block, 3]`` are the units of gold, of the system, and right ones, in each sentence or other
    block of the same gold data. A sample draws blocks, the same ones for all runs, and of each system as many runs as
    there are, with replacement: so the interval tells of other test sets and of other seeds. O(samples · runs · blocks)
    """
    if not first or not second:
        raise ConfigError("runs of two systems are compared; give at least one of each")
    if len({counts.shape for counts in (*first, *second)}) > 1:
        raise EvaluationError("runs can be compared on one gold file, not on several")
    random = np.random.default_rng(seed)
    draws: list[Floats] = []
    for weights in _resamples(len(first[0]), samples, seed):
        means = []
        for runs in (first, second):
            scores = np.concatenate([_f1(weights @ counts) for counts in runs], axis=1)  # [sample, run]
            drawn = random.integers(0, len(runs), scores.shape)
            means.append(np.take_along_axis(scores, drawn, axis=1).mean(axis=1, keepdims=True))
        draws.append(means[0] - means[1])
    value = float(np.mean([_f1(run.sum(axis=0)) for run in first]) - np.mean([_f1(run.sum(axis=0)) for run in second]))
    return value, _intervals(["F1"], np.concatenate(draws), confidence)["F1"]


def _common_ends(*sides: Segmentation) -> Ints:
    """The characters after which a sentence ends in all of `sides`."""
    return reduce(np.intersect1d, [side.sentence_ends for side in sides])


def _count_blocks(comparison: Comparison, ends: Ints) -> Floats:
    """counts[block, 3 · metric + k]: what the block adds to the metric's gold (0), system (1) and right units (2)."""
    measures = comparison.measures.values()
    if not len(ends):
        return np.zeros((0, 3 * len(measures)))
    starts = np.concatenate([[0], ends[:-1]])
    gold = np.searchsorted(comparison.gold.starts, starts)
    system = np.searchsorted(comparison.system.starts, starts)
    columns: list[Ints] = []
    for measure in measures:
        columns.append(np.add.reduceat(measure.gold, gold))
        columns.append(np.add.reduceat(measure.system, system))
        columns.append(np.add.reduceat(measure.correct, gold))
    return np.stack(columns, axis=1).astype(np.float64)


def _f1(counts: Floats) -> Floats:
    """F1 of each metric from sums of counts, whose last axis is that of `_count_blocks`."""
    total = counts[..., 0::3] + counts[..., 1::3]
    return np.divide(2 * counts[..., 2::3], total, out=np.zeros_like(total), where=total > 0)


def _resamples(blocks: int, samples: int, seed: int) -> Iterator[Floats]:
    """weights[sample, block]: how often the block was drawn; some rows at a time."""
    random = np.random.default_rng(seed)
    for rows in _rows(blocks, samples):
        drawn = random.integers(0, max(blocks, 1), (rows, blocks)) + blocks * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * blocks).reshape(rows, blocks).astype(np.float64)


def _swaps(blocks: int, samples: int, seed: int) -> Iterator[Floats]:
    """swaps[sample, block]: 1 where the two outputs change places, else 0; some rows at a time."""
    random = np.random.default_rng(seed)
    for rows in _rows(blocks, samples):
        yield random.integers(0, 2, (rows, blocks)).astype(np.float64)


def _rows(blocks: int, samples: int) -> Iterator[int]:
    if samples < 1:
        raise ConfigError(f"the number of resamples is at least 1, not {samples}")
    at_once = max(1, _CELLS // max(blocks, 1))
    for start in range(0, samples, at_once):
        yield min(at_once, samples - start)


def _intervals(names: Sequence[str], draws: Floats, confidence: float) -> dict[str, Interval]:
    """`draws[sample, metric]` cut to the middle `confidence` of each metric's values."""
    if not 0 < confidence < 1:
        raise ConfigError(f"a confidence lies between 0 and 1, not at {confidence}")
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return {name: Interval(float(low[k]), float(high[k])) for k, name in enumerate(names)}
