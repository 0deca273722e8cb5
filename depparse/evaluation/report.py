"""All that ``depparse evaluate`` tells about one or two systems, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from depparse.data.annotations.entities import ENTITY_COLUMN
from depparse.data.annotations.frames import FRAME_COLUMNS
from depparse.data.document import Document
from depparse.data.files import PathLike, name_of
from depparse.errors import ConfigError
from depparse.evaluation.breakdown import Group, breakdown, group_table
from depparse.evaluation.entities import METRIC, EntityScores, evaluate_entities
from depparse.evaluation.entities import count_by_sentence as count_entities
from depparse.evaluation.frames import METRICS, TITLES, FrameScores, evaluate_frames
from depparse.evaluation.frames import count_by_sentence as count_frames
from depparse.evaluation.significance import (
    Difference,
    Floats,
    Interval,
    bootstrap,
    bootstrap_counts,
    paired_test,
    paired_test_of_counts,
)
from depparse.evaluation.tables import Table, percent
from depparse.evaluation.ud import Comparison, compare, load

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SystemReport:
    """What is told about one system. What the files do not hold is None."""

    name: str
    trees: Comparison | None
    entities: EntityScores | None
    frames: FrameScores | None
    groups: dict[str, list[Group]]
    intervals: dict[str, Interval]  # of F1, by metric; empty if not asked for

    @property
    def f1(self) -> dict[str, float]:
        """By metric, the micro average of entities and the scores of frames among them."""
        found = {} if self.trees is None else {name: score.f1 for name, score in self.trees.scores.items()}
        if self.entities is not None:
            found[METRIC] = self.entities.micro.f1
        if self.frames is not None:
            scores = dict(self.frames.items())
            found |= {name: scores[field].f1 for name, (field, _) in METRICS.items()}
        return found

    def to_dict(self) -> dict[str, object]:
        result: dict[str, object] = {"system": self.name}
        if self.trees is not None:
            metrics: dict[str, dict[str, object]] = {}
            for name, score in self.trees.scores.items():
                metrics[name] = dict(score.to_dict())
                if name in self.intervals:
                    metrics[name]["f1_interval"] = [self.intervals[name].low, self.intervals[name].high]
            result["metrics"] = metrics
        if self.groups:
            result["by"] = {by: [group.to_dict() for group in groups] for by, groups in self.groups.items()}
        if self.entities is not None:
            result["entities"] = self.entities.to_dict()
            if interval := self.intervals.get(METRIC):
                micro = self.entities.micro.to_dict() | {"f1_interval": [interval.low, interval.high]}
                result["entities"] = self.entities.to_dict() | {"micro": micro}
        if self.frames is not None:
            frames: dict[str, dict[str, object]] = {name: dict(score) for name, score in self.frames.to_dict().items()}
            for name, (field, _) in METRICS.items():
                if interval := self.intervals.get(name):
                    frames[field]["f1_interval"] = [interval.low, interval.high]
            result["frames"] = frames
        return result

    def tables(self) -> list[Table]:
        tables = []
        if self.trees is not None:
            tables.append(_with_ranges(self.trees.scores.table(), self.intervals))
        tables += [group_table(by, groups) for by, groups in self.groups.items()]
        if self.entities is not None:
            micro = {"micro average": self.intervals[METRIC]} if METRIC in self.intervals else {}
            tables.append(_with_ranges(self.entities.table(), micro))
        if self.frames is not None:
            frames = {
                TITLES[field]: self.intervals[name] for name, (field, _) in METRICS.items() if name in self.intervals
            }
            tables.append(_with_ranges(self.frames.table(), frames))
        return tables


@dataclass(frozen=True, slots=True)
class Report:
    """One system, or two and their differences. `notes` say what could not be scored."""

    gold: str
    system: SystemReport
    other: SystemReport | None = None
    differences: dict[str, Difference] = field(default_factory=dict)
    samples: int = 0
    seed: int = 0
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """For JSON; all scores are fractions of 1."""
        result = {"gold": self.gold, **self.system.to_dict()}
        if self.samples:
            result["resampling"] = {"samples": self.samples, "seed": self.seed, "confidence": _CONFIDENCE}
        if self.other is not None:
            differences = {
                name: {"f1": d.value, "f1_interval": [d.interval.low, d.interval.high], "p_value": d.p_value}
                for name, d in self.differences.items()
            }
            result["compare"] = {**self.other.to_dict(), "difference": differences}
        return result

    def tables(self) -> list[Table]:
        tables = self.system.tables()
        if self.other is None:
            return tables
        named = [
            Table(f"{t.title}: {s.name}", t.columns, t.rows) for s in (self.system, self.other) for t in s.tables()
        ]
        return [*named, *self._difference_tables()]

    def _difference_tables(self) -> list[Table]:
        if self.other is None or not self.differences:
            return []
        first, second = self.system.f1, self.other.f1
        rows = []
        for name, difference in self.differences.items():
            values = percent(first[name]), percent(second[name]), f"{100 * difference.value:+.2f}"
            rows.append((name, *values, _range(difference.interval), f"{difference.p_value:.4f}"))
        title = f"F1: A = {self.system.name}, B = {self.other.name}"
        return [Table(title, ("Metric", "A", "B", "A - B", f"A - B in {100 * _CONFIDENCE:.0f} %", "p"), rows)]


def report(
    gold: PathLike,
    system: PathLike | Callable[[Document], Document],
    *,
    name: str = "system",
    other: PathLike | None = None,
    by: Sequence[str] = (),
    samples: int | None = None,
    seed: int = 1,
    format: str | None = None,
) -> Report:
    """Scores one system against the gold file, or two of them and their difference.

    `system` is a file, or a function that makes the analyses from the gold document, called `name` then.
    `by` are names of `breakdown.DIMENSIONS`; `samples` asks for bootstrap intervals from so many resamples. Two systems
    are always tested, with 1000 resamples unless told. Entities and frames are scored where the gold file holds them;
    the micro average of entities and the scores of frames have intervals and tests too. `format` is that of the files
    whose endings tell none; by default CoNLL-U.
    """
    paths = [path for path in (gold, system, other) if path is not None and not callable(path)]
    if sum(name_of(path) == "standard input" for path in paths) > 1:
        raise ConfigError("only one of the files can be standard input (-)")
    gold_document, *documents = (_load(path, format) for path in paths)
    gold_name, *names = map(name_of, paths)
    if callable(system):
        documents.insert(0, system(gold_document))
        names.insert(0, name)
    holds = _Content.of(gold_document)
    notes: list[str] = []
    systems: list[SystemReport] = []
    counts: list[tuple[list[str], Floats]] = []  # of entities and frames, by sentence, of each system
    for document, name in zip(documents, names, strict=True):
        lacking = gold_name if not holds.trees else name if not _has_heads_column(document) else None
        with_trees = lacking is None or not (holds.entities or holds.frames)
        if not with_trees:
            notes.append(f"{lacking} holds no trees, so they are not scored")
        if by and not with_trees:
            raise ConfigError(f"--by asks for scores of trees, but {lacking} holds none")
        both = gold_name, name
        if (holds.entities or holds.frames) and (samples is not None or other is not None):
            counts.append(_count(gold_document, document, both, holds))
        intervals = {}
        if samples is not None and counts:
            metrics, units = counts[-1]
            intervals = bootstrap_counts(units, metrics, samples, seed=seed, confidence=_CONFIDENCE)
        part = _report_system(gold_document, document, both, holds, with_trees, by, samples, seed)
        systems.append(replace(part, intervals=part.intervals | intervals))
    first, *rest = systems
    second = rest[0] if rest else None
    differences: dict[str, Difference] = {}
    if second is not None:
        asked = samples or 1000
        if first.trees is not None and second.trees is not None:
            differences |= paired_test(first.trees, second.trees, asked, seed=seed, confidence=_CONFIDENCE)
        if counts:
            (metrics, a), (_, b) = counts
            differences |= paired_test_of_counts(a, b, metrics, asked, seed=seed, confidence=_CONFIDENCE)
        samples = asked if differences else samples
    return Report(gold_name, first, second, differences, samples or 0, seed, list(dict.fromkeys(notes)))


def _load(path: PathLike, default: str | None) -> Document:
    if default is None:
        return load(path)
    from depparse.data import formats

    formats.get_format(default)
    format = formats.guess_format(path, default)
    return load(path) if format == "conllu" else formats.read(path, format)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a gold file holds. One tree is enough to ask for all: then a missing head is an error."""

    trees: bool
    entities: bool
    frames: bool

    @classmethod
    def of(cls, document: Document) -> _Content:
        return cls(
            any(head != "_" for sentence in document for head in sentence.columns.get("HEAD", ())),
            any(ENTITY_COLUMN in sentence.columns or sentence.ents for sentence in document),
            any(FRAME_COLUMNS[0] in sentence.columns or sentence.frames for sentence in document),
        )


def _count(gold: Document, system: Document, names: tuple[str, str], holds: _Content) -> tuple[list[str], Floats]:
    """The metrics of entities and frames that gold has any units of, and their counts by sentence."""
    metrics: list[str] = []
    parts: list[Floats] = []
    if holds.entities:
        metrics.append(METRIC)
        parts.append(count_entities(gold, system, names))
    if holds.frames:
        metrics += METRICS
        parts.append(count_frames(gold, system, names))
    counts = np.concatenate(parts, axis=1)
    held = [number for number in range(len(metrics)) if counts[:, 3 * number].any()]
    return [metrics[number] for number in held], counts[:, [3 * number + k for number in held for k in range(3)]]


def _has_heads_column(document: Document) -> bool:
    """Whether it is of a format with heads, as CoNLL-U always is."""
    return any("HEAD" in sentence.columns for sentence in document)


def _report_system(
    gold: Document,
    system: Document,
    names: tuple[str, str],
    holds: _Content,
    with_trees: bool,
    by: Sequence[str],
    samples: int | None,
    seed: int,
) -> SystemReport:
    trees = compare(gold, system, names) if with_trees else None
    intervals = {}
    if samples is not None and trees is not None:
        intervals = bootstrap(trees, samples, seed=seed, confidence=_CONFIDENCE)
    return SystemReport(
        name=names[1],
        trees=trees,
        entities=evaluate_entities(gold, system, names) if holds.entities else None,
        frames=evaluate_frames(gold, system, names) if holds.frames else None,
        groups={} if trees is None else {dimension: breakdown(trees, dimension) for dimension in by},
        intervals=intervals,
    )


def _with_ranges(table: Table, intervals: Mapping[str, Interval]) -> Table:
    """The table with a column of intervals, by the first cell of a row; as it is if there are none."""
    if not intervals:
        return table
    column = f"F1 in {100 * _CONFIDENCE:.0f} %"
    rows = [(*row, _range(intervals[row[0]]) if row[0] in intervals else "") for row in table.rows]
    return Table(table.title, (*table.columns, column), rows)


def _range(interval: Interval) -> str:
    return f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"
