"""All that ``depparse evaluate`` tells about one or two systems, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from depparse.document.document import Document
from depparse.errors import ConfigError, FormatError
from depparse.evaluation.metrics import Metric, Use, metrics_of, scores_of, sections
from depparse.evaluation.pair import Pair, read_strictly
from depparse.evaluation.scores import TREES, Details, Score, Section
from depparse.evaluation.tables import Table, percent
from depparse.files import PathLike, name_of

if TYPE_CHECKING:  # imported where they are asked for
    from depparse.evaluation.breakdown import Group
    from depparse.evaluation.significance import Difference, Interval

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SectionReport:
    """The scores of one section: a table, and an object in JSON."""

    section: Section
    scores: dict[str, Score]  # by metric
    details: Details = field(default_factory=Details)

    @classmethod
    def of(cls, pair: Pair, section: Section) -> SectionReport:
        """The scores of a pair."""
        details = Details() if section.details is None else section.details(pair)
        return cls(section, scores_of(section, pair), details)

    def table(self, intervals: Mapping[str, Interval] | None = None) -> Table:
        """In percent; `intervals` of F1, by metric, are a further column."""
        ranges: dict[str, Interval] = {}  # by the first cell of a row
        rows = [*self.details.before.items()]
        for metric in metrics_of(self.section):
            label = metric.title or metric.name
            rows.append((label, self.scores[metric.name]))
            if intervals and metric.name in intervals:
                ranges[label] = intervals[metric.name]
        return _with_ranges(self.section.table([*rows, *self.details.after.items()]), ranges)

    def to_dict(self, intervals: Mapping[str, Interval] | None = None) -> dict[str, object]:
        """Fractions of 1."""
        result: dict[str, object] = {}
        for metric in metrics_of(self.section):
            entry = self.section.to_dict(self.scores[metric.name])
            if intervals and metric.name in intervals:
                entry["f1_interval"] = _pair(intervals[metric.name])
            result[metric.key or metric.name] = entry
        return {**result, **self.details.data}


@dataclass(frozen=True, slots=True)
class SystemReport:
    """What is told about one system."""

    name: str
    pair: Pair
    sections: tuple[SectionReport, ...]
    groups: dict[str, list[Group]]
    intervals: dict[str, Interval]  # of F1, by metric; empty if not asked for

    @property
    def f1(self) -> dict[str, float]:
        """By metric."""
        return {name: score.f1 for part in self.sections for name, score in part.scores.items()}

    def tested(self) -> list[Metric]:
        """The metrics that have intervals and tests: those that gold has something for, and all of trees."""
        return [
            metric
            for part in self.sections
            for metric in metrics_of(part.section)
            if Use.TESTS in metric.uses and (part.section is TREES or part.scores[metric.name].gold)
        ]

    def to_dict(self) -> dict[str, object]:
        result: dict[str, object] = {"system": self.name}
        for part in self.sections:
            result[part.section.key] = part.to_dict(self.intervals)
            if part.section is TREES and self.groups:
                result["by"] = {by: [group.to_dict() for group in groups] for by, groups in self.groups.items()}
        return result

    def tables(self) -> list[Table]:
        tables = []
        for part in self.sections:
            tables.append(part.table(self.intervals))
            if part.section is TREES and self.groups:
                from depparse.evaluation.breakdown import group_table

                tables += [group_table(by, groups) for by, groups in self.groups.items()]
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
                name: {"f1": d.value, "f1_interval": _pair(d.interval), "p_value": d.p_value}
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
    `by` are names of `depparse.evaluation.dimensions`; `samples` asks for bootstrap intervals from so many resamples.
    Two systems are always tested, with 1000 resamples unless told. What the gold file holds is scored, trees if it
    holds nothing else. `format` is that of the files whose endings tell none; by default CoNLL-U.
    """
    paths = [path for path in (gold, system, other) if path is not None and not callable(path)]
    if sum(name_of(path) == "standard input" for path in paths) > 1:
        raise ConfigError("only one of the files can be standard input (-)")
    gold_document, *documents = (_load(path, format) for path in paths)
    gold_name, *names = map(name_of, paths)
    if callable(system):
        documents.insert(0, system(gold_document))
        names.insert(0, name)
    held = [section for section in sections() if section.held(gold_document)]
    notes: list[str] = []
    systems: list[SystemReport] = []
    for document, name in zip(documents, names, strict=True):
        scored = [section for section in held if section.offered(document)]
        if TREES not in scored:
            lacking = name if TREES in held else gold_name
            if not scored:  # then trees are asked for, so that what is wrong with them is told
                scored = [TREES]
            elif by:
                raise ConfigError(f"--by asks for scores of trees, but {lacking} holds none")
            else:
                notes.append(f"{lacking} holds no trees, so they are not scored")
        pair = Pair(gold_document, document, (gold_name, name))
        systems.append(_report_system(pair, scored, by, samples, seed, notes))
    first, *rest = systems
    second = rest[0] if rest else None
    differences: dict[str, Difference] = {}
    if second is not None:
        from depparse.evaluation.significance import paired_test

        both = [metric for metric in first.tested() if metric in second.tested()]
        samples = samples or (1000 if both else None)
        differences = paired_test(first.pair, second.pair, both, samples or 1, seed=seed, confidence=_CONFIDENCE)
    return Report(gold_name, first, second, differences, samples or 0, seed, list(dict.fromkeys(notes)))


def _load(path: PathLike, default: str | None) -> Document:
    if default is None:
        return read_strictly(path)
    from depparse.formats import table as formats

    formats.get_format(default)
    format = formats.guess_format(path, default)
    return read_strictly(path) if format == "conllu" else formats.read(path, format)


def _report_system(
    pair: Pair, scored: Sequence[Section], by: Sequence[str], samples: int | None, seed: int, notes: list[str]
) -> SystemReport:
    """The report of one system. Where trees are scored, other annotation that cannot be read is a note, no error."""
    parts = []
    for section in scored:
        try:
            parts.append(SectionReport.of(pair, section))
        except FormatError as error:
            if section is TREES or TREES not in scored:
                raise
            notes.append(f"{section.title} are not scored: {error}")
    groups: dict[str, list[Group]] = {}
    if by:
        from depparse.evaluation.breakdown import breakdown

        groups = {dimension: breakdown(pair, dimension) for dimension in by}
    scores = SystemReport(pair.system.name, pair, tuple(parts), groups, {})
    if samples is None:
        return scores
    from depparse.evaluation.significance import bootstrap

    return replace(scores, intervals=bootstrap(pair, scores.tested(), samples, seed=seed, confidence=_CONFIDENCE))


def _with_ranges(table: Table, intervals: Mapping[str, Interval]) -> Table:
    """The table with a column of intervals, by the first cell of a row; as it is if there are none."""
    if not intervals:
        return table
    column = f"F1 in {100 * _CONFIDENCE:.0f} %"
    rows = [(*row, _range(intervals[row[0]]) if row[0] in intervals else "") for row in table.rows]
    return Table(table.title, (*table.columns, column), rows)


def _range(interval: Interval) -> str:
    return f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
