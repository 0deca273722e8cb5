"""Scores: counts of right units, the ratios that follow from them, and the tables that show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depparse.document.document import Document
from depparse.evaluation.tables import Table, percent

if TYPE_CHECKING:
    from depparse.evaluation.pair import Pair


@dataclass(frozen=True, slots=True)
class Score:
    """The counts of one metric, and the ratios that follow from them, as fractions of 1."""

    gold: int
    system: int
    correct: int
    aligned: int | None = None  # None if the metric does not count aligned words
    # F1 follows from the counts, or from precision and recall; the results differ in the last digit. Each score equals
    # that of the usual scorer: the scorer of the shared tasks divides counts, seqeval takes the harmonic mean.
    harmonic: bool = False

    @property
    def precision(self) -> float:
        """The share of right units among those of the system."""
        return self.correct / self.system if self.system else 0.0

    @property
    def recall(self) -> float:
        """The share of right units among those of gold."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        if self.harmonic:
            return harmonic_mean(self.precision, self.recall)
        return 2 * self.correct / (self.system + self.gold) if self.system + self.gold else 0.0

    @property
    def aligned_accuracy(self) -> float | None:
        """The share of right units among the aligned ones; None if the metric does not count aligned ones."""
        if self.aligned is None:
            return None
        return self.correct / self.aligned if self.aligned else 0.0

    def to_dict(self) -> dict[str, float | None]:
        """Precision, recall, F1 and aligned accuracy, and the counts."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "aligned_accuracy": self.aligned_accuracy,
            "correct": self.correct,
            "gold": self.gold,
            "system": self.system,
            "aligned": self.aligned,
        }


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and F1, as fractions of 1, that do not follow from one count of right units."""

    precision: float
    recall: float
    f1: float
    gold: int | None = None  # the number of units, if known
    system: int | None = None

    def to_dict(self) -> dict[str, float]:
        """The three rates for JSON."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


def harmonic_mean(precision: float, recall: float) -> float:
    """The harmonic mean of precision and recall, F1; 0 if both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class Details:
    """Further scores of a section besides its metrics: rows before and after those of metrics, and entries in JSON."""

    before: Mapping[str, Score | Rates] = field(default_factory=dict)
    after: Mapping[str, Score | Rates] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The metrics of one annotation, which a report shows together: in a table, and in an object in JSON."""

    title: str
    key: str  # its key in JSON
    held: Callable[[Document], bool]  # whether a gold file has the annotation, so that systems are scored on it
    offered: Callable[[Document], bool] = lambda _: True  # whether a system's file can be scored
    label: str = ""  # the head of the column of metrics
    accuracy: str = ""  # the head of the column of aligned accuracy; '' leaves it out, in JSON too
    counts: bool = True  # whether the table has the numbers of gold and system units
    details: Callable[[Pair], Details] | None = None
    note: str = ""  # what readers of a model card should know about the scores

    def table(self, rows: Iterable[tuple[str, Score | Rates]]) -> Table:
        """The table of these (name, score) pairs, in percent."""
        columns = [self.label, "Precision", "Recall", "F1"]
        columns += [self.accuracy] if self.accuracy else []
        columns += ["Gold", "System"] if self.counts else []
        return Table(self.title, tuple(columns), [self._row(name, score) for name, score in rows])

    def _row(self, name: str, score: Score | Rates) -> tuple[str, ...]:
        cells = [name, *map(percent, (score.precision, score.recall, score.f1))]
        if self.accuracy:
            cells.append(percent(score.aligned_accuracy if isinstance(score, Score) else None))
        if self.counts:
            cells += ("" if count is None else str(count) for count in (score.gold, score.system))
        return tuple(cells)

    def to_dict(self, score: Score) -> dict[str, object]:
        """A score of this section for JSON."""
        return {key: value for key, value in score.to_dict().items() if self.accuracy or "aligned" not in key}


TREES = Section(
    "Trees",
    "metrics",
    held=lambda document: any(head != "_" for sentence in document for head in sentence.columns.get("HEAD", ())),
    # A file with the column is scored even if heads are missing, which is an error then.
    offered=lambda document: any("HEAD" in sentence.columns for sentence in document),
    label="Metric",
    accuracy="AlignedAcc",
    counts=False,
)


@dataclass(frozen=True, slots=True)
class Scores(Mapping[str, Score]):
    """Scores by name of the metric: ``scores["LAS"].f1``. ``print`` shows them as a table in percent."""

    metrics: dict[str, Score]

    def __getitem__(self, name: str) -> Score:
        if name not in self.metrics:
            raise KeyError(f"there is no score {name!r}, but: {', '.join(self.metrics)}")
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def to_dict(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """The scores for JSON: ``{"metrics": {"LAS": {"precision": …, "recall": …, "f1": …, …}, …}}``."""
        return {TREES.key: {name: score.to_dict() for name, score in self.metrics.items()}}

    def table(self) -> Table:
        """The table in percent, with the metrics of the shared tasks first."""
        return TREES.table(self.metrics.items())

    def __str__(self) -> str:
        return str(self.table())
