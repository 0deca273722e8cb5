"""The results of a study, computed from the predictions of its runs: means, spreads, intervals, and differences.

Each seed gives a score on each test set. The mean and the standard deviation over seeds tell what chance in training
does; the interval tells what other test sentences would do (the bootstrap), and the p-value whether the difference of
two recipes may come from these (approximate randomization). The macro-average is the mean over treebanks.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from depparse.document.document import Document
from depparse.document.words import Word
from depparse.errors import EvaluationError
from depparse.evaluation.metrics import Metric, Use, metrics
from depparse.evaluation.pair import Pair, read_strictly, scored_node
from depparse.evaluation.significance import (
    Difference,
    Floats,
    Interval,
    count_runs,
    holm,
    mean_differences,
    mean_intervals,
)
from depparse.evaluation.tables import Table, percent, percent_range
from depparse.experiments.plan import ALL, Plan, PlannedRun
from depparse.experiments.runs import METRICS, PREDICTIONS
from depparse.files import read_text
from depparse.treebanks.query.search import Pattern

MACRO = "macro-average"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is scored: a metric on a treebank (or as macro-average) of models trained on some sentences.

    `of` is the pattern of the gold words that are scored, None for all words.
    """

    metric: str
    of: str | None
    treebank: str | None  # None for the macro-average
    sentences: int | None  # of training; None for all


@dataclass(frozen=True, slots=True)
class Mean:
    """The scores of a recipe in a cell, as fractions of 1: F1 with each seed, with the numbers that sum them up."""

    f1: list[float]  # in the order of the seeds
    interval: Interval  # of the mean, 95 %
    gold: int  # units, such as words

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.f1)

    @property
    def sd(self) -> float | None:
        """The standard deviation of the sample of seeds; None of a single one."""
        return statistics.stdev(self.f1) if len(self.f1) > 1 else None

    def to_dict(self) -> dict[str, Any]:
        """The scores for JSON."""
        ends = [self.interval.low, self.interval.high]
        return {"f1": self.f1, "mean": self.mean, "sd": self.sd, "interval": ends, "gold": self.gold}


@dataclass(frozen=True, slots=True)
class Test:
    """The difference of the means of two recipes in a cell; `corrected` is its p-value, corrected by Holm 1979 for the
    number of tests of the metric."""

    first: str
    second: str
    difference: Difference
    corrected: float


@dataclass(frozen=True, slots=True)
class _Scored:
    """The scores of a recipe on one test set: F1 with each seed, and ``counts[seed, block, k]``."""

    f1: list[float]
    gold: int
    counts: Floats


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a study. ``print`` shows them as tables in percent.

    `means` has the scores of each cell by recipe; `tests` the differences of recipes there; `shown` are the metrics
    that the tables have.
    """

    plan: Plan
    output: Path
    means: dict[Cell, dict[str, Mean]]
    tests: dict[Cell, list[Test]]
    shown: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """All results for JSON, with the files that they were computed from; scores are fractions of 1."""
        scores = [
            asdict(cell) | {"recipe": name} | m.to_dict() for cell, by in self.means.items() for name, m in by.items()
        ]
        differences = [
            asdict(cell)
            | {"first": test.first, "second": test.second, "difference": test.difference.value}
            | {"interval": [test.difference.interval.low, test.difference.interval.high]}
            | {"p_value": test.difference.p_value, "p_value_corrected": test.corrected}
            for cell, tests in self.tests.items()
            for test in tests
        ]
        runs = [
            {"run": str(run.folder), "gold": self.plan.fold(run).test, "predictions": str(run.folder / PREDICTIONS)}
            for run in self.plan.runs()
        ]
        seeds, sizes = list(self.plan.seeds), list(self.plan.sizes)
        study = {"seeds": seeds, "sizes": sizes, "folds": self.plan.folds, "raw": self.plan.raw}
        return {"study": study, "scores": scores, "differences": differences, "runs": runs}

    def tables(self) -> list[Table]:
        """For each shown metric, a table of means and, of several recipes, a table of their differences."""
        found: dict[tuple[str, str | None], list[Cell]] = {}
        for cell in self.means:
            if cell.metric in self.shown:
                found.setdefault((cell.metric, cell.of), []).append(cell)
        tables = []
        for (metric, of), cells in found.items():
            title = metric if of is None else f"{metric} of the gold words that match {of}"
            tables.append(self._means(title, cells))
            if any(self.tests.get(cell) for cell in cells):
                tables.append(self._differences(title, cells))
        return tables

    def _means(self, title: str, cells: Sequence[Cell]) -> Table:
        several = len(self.plan.seeds) > 1
        columns = [*self._columns(), "gold"]
        for recipe in self.plan.recipes:
            columns += [recipe, *(["sd"] if several else []), "95 %"]
        rows = []
        for cell in cells:
            row = [*self._names(cell), str(next(iter(self.means[cell].values())).gold)]
            for recipe in self.plan.recipes:
                mean = self.means[cell].get(recipe)
                numbers = (
                    ["", "", ""]
                    if mean is None
                    else [percent(mean.mean), percent(mean.sd), percent_range(mean.interval.low, mean.interval.high)]
                )
                row += numbers if several else numbers[::2]
            rows.append(tuple(row))
        over = f", mean over {len(self.plan.seeds)} seeds, standard deviation" if several else ""
        return Table(f"{title}: F1 in percent{over}, 95 % interval", tuple(columns), rows)

    def _differences(self, title: str, cells: Sequence[Cell]) -> Table:
        rows = []
        for cell in cells:
            for test in self.tests.get(cell, ()):
                difference = test.difference
                values = (
                    f"{round(100 * difference.value, 2) + 0.0:+.2f}",
                    percent_range(difference.interval.low, difference.interval.high),
                )
                names = *self._names(cell), test.first, test.second
                rows.append((*names, *values, f"{difference.p_value:.4f}", f"{test.corrected:.4f}"))
        return Table(f"{title}: A - B", (*self._columns(), "A", "B", "A - B", "95 %", "p", "p (Holm)"), rows)

    def _columns(self) -> list[str]:
        return ["treebank", *(["sentences"] if len(self.plan.sizes) > 1 else [])]

    def _names(self, cell: Cell) -> list[str]:
        size = ALL if cell.sentences is None else str(cell.sentences)
        return [cell.treebank or MACRO, *([size] if len(self.plan.sizes) > 1 else [])]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.tables()))


def compute(plan: Plan, output: Path, patterns: Sequence[Pattern] = (), chosen: Sequence[str] = ()) -> Results:
    """The results of a study whose runs are complete, with scores of the gold words of each of the `patterns` too.

    `chosen` are the metrics to compute; by default these are all that tell of the models, and tables show the usual
    ones.
    """
    scored = _score_all(plan, output, patterns, chosen)
    order = [metric.name for metric in metrics()]
    texts = [None, *map(str, patterns)]
    tables = sorted(
        {(cell.metric, cell.of) for cell in scored}, key=lambda key: (texts.index(key[1]), order.index(key[0]))
    )
    means: dict[Cell, dict[str, Mean]] = {}
    tests: dict[Cell, list[Test]] = {}
    for metric, of in tables:
        found: dict[tuple[Cell, str, str], Difference] = {}
        names: tuple[str | None, ...] = (None, *plan.treebanks)
        for treebank, size in itertools.product(names, plan.sizes):
            cell = Cell(metric, of, treebank, size)
            of_cell = (
                _macro(scored, cell, plan) if treebank is None else {r: [s] for r, s in scored.get(cell, {}).items()}
            )
            if not of_cell or (treebank is None and len(plan.treebanks) == 1):
                continue
            means[cell] = {recipe: _mean(parts) for recipe, parts in of_cell.items()}
            for a, b in itertools.combinations(of_cell, 2):
                first, second = ([part.counts for part in of_cell[recipe]] for recipe in (a, b))
                found[cell, a, b] = mean_differences(first, second)[0]
        corrected = holm([difference.p_value for difference in found.values()])
        for ((cell, a, b), difference), p_value in zip(found.items(), corrected, strict=True):
            tests.setdefault(cell, []).append(Test(a, b, difference, p_value))
    shown = chosen or [metric.name for metric in metrics() if Use.SCREEN in metric.uses]
    return Results(plan, output, means, tests, tuple(shown))


def _score_all(
    plan: Plan, output: Path, patterns: Sequence[Pattern], chosen: Sequence[str]
) -> dict[Cell, dict[str, _Scored]]:
    """The scores of each recipe in each cell that is no macro-average."""
    scored: dict[Cell, dict[str, _Scored]] = {}
    for treebank, size in itertools.product(plan.treebanks, plan.sizes):
        test_set = _TestSet(plan, output, treebank, size)
        for of in (None, *patterns):
            pairs = test_set.pairs(of)
            for metric in metrics():
                if metric.name not in (chosen or test_set.all_metrics):
                    continue
                by_recipe = _score(metric, {r: of_r for r, of_r in pairs.items() if metric.name in test_set.metrics[r]})
                if by_recipe:
                    scored[Cell(metric.name, None if of is None else str(of), treebank, size)] = by_recipe
    return scored


def check_pattern(plan: Plan, pattern: Pattern) -> None:
    """Raises ConfigError or EvaluationError if the scores of the words that the pattern finds could not be told."""
    node = scored_node(pattern)
    files = [Path(fold.test) for folds in plan.treebanks.values() for fold in folds]
    matches = (match[node] for file in files for match in pattern.matches_in(read_strictly(file)))
    if not any(isinstance(word, Word) for word in matches):
        raise EvaluationError(f"the test data holds no words that match {pattern}, so there is nothing to score")


class _TestSet:
    """The gold data of a treebank, and the analyses of all models that were trained on so many of its sentences."""

    def __init__(self, plan: Plan, output: Path, treebank: str, size: int | None) -> None:
        self._plan, self._output, self._name = plan, output, treebank
        self._runs = {
            recipe: [plan.runs_of(recipe, treebank, size, seed) for seed in plan.seeds] for recipe in plan.recipes
        }
        self._gold = _join(Path(fold.test) for fold in plan.treebanks[treebank])
        self._systems = {
            recipe: [_join(output / run.folder / PREDICTIONS for run in runs) for runs in by_seed]
            for recipe, by_seed in self._runs.items()
        }

    @cached_property
    def metrics(self) -> dict[str, set[str]]:
        """The metrics that tell of the models of each recipe: in all of its runs."""
        return {
            recipe: set[str].intersection(*(self._metrics(run) for runs in by_seed for run in runs))
            for recipe, by_seed in self._runs.items()
        }

    @property
    def all_metrics(self) -> set[str]:
        """The metrics that tell of any recipe's models."""
        return set[str]().union(*self.metrics.values())

    def _metrics(self, run: PlannedRun) -> set[str]:
        return set(json.loads(read_text(self._output / run.folder / METRICS)))

    def pairs(self, of: Pattern | None) -> dict[str, list[Pair]]:
        """The pairs of gold and analyses of each recipe, by seed."""
        return {
            recipe: [Pair(self._gold, system, (self._name, recipe), of) for system in systems]
            for recipe, systems in self._systems.items()
        }


def _join(files: Iterator[Path]) -> Document:
    return Document([sentence for file in files for sentence in read_strictly(file)])


def _score(metric: Metric, pairs: Mapping[str, Sequence[Pair]]) -> dict[str, _Scored]:
    """The scores of each recipe; none if only some words are scored, and there are none or the metric counts others."""
    every = [pair for of_recipe in pairs.values() for pair in of_recipe]
    if not every:
        return {}
    if (scored := every[0].scored_words) is not None and not (scored.any() and metric.counts_words(every[0])):
        return {}
    counts, begin, result = count_runs(every, metric), 0, {}
    for recipe, of_recipe in pairs.items():
        scores = [metric.score(pair) for pair in of_recipe]
        part = counts[begin : begin + len(of_recipe)]
        result[recipe] = _Scored([score.f1 for score in scores], scores[0].gold, part)
        begin += len(of_recipe)
    return result


def _macro(scored: Mapping[Cell, Mapping[str, _Scored]], cell: Cell, plan: Plan) -> dict[str, list[_Scored]]:
    """The scores on all treebanks of each recipe that has them on all."""
    every = [scored.get(replace(cell, treebank=treebank), {}) for treebank in plan.treebanks]
    return {recipe: [by[recipe] for by in every] for recipe in plan.recipes if all(recipe in by for by in every)}


def _mean(parts: Sequence[_Scored]) -> Mean:
    by_seed = [statistics.fmean(f1) for f1 in zip(*(part.f1 for part in parts), strict=True)]
    return Mean(by_seed, mean_intervals([part.counts for part in parts])[0], sum(part.gold for part in parts))
