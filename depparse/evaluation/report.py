"""The report of ``depparse evaluate`` about one or two systems, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from depparse.document.document import Document
from depparse.errors import ConfigError, EvaluationError, FormatError, did_you_mean
from depparse.evaluation.metrics import Metric, Use, metrics_of, sections
from depparse.evaluation.metrics import metrics as all_metrics
from depparse.evaluation.pair import Pair, read_strictly
from depparse.evaluation.scores import TREES, Details, Score, Section
from depparse.evaluation.tables import Table, percent, percent_range
from depparse.files import PathLike, name_of
from depparse.treebanks.query.search import Pattern, parse_pattern

if TYPE_CHECKING:  # imported only when they are needed
    from depparse.evaluation.breakdown import Group
    from depparse.evaluation.significance import Difference, Interval

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SectionReport:
    """The scores of one section, which become a table, and an object in JSON."""

    section: Section
    metrics: tuple[Metric, ...]
    scores: dict[str, Score]  # by metric
    details: Details = field(default_factory=Details)

    @classmethod
    def of(cls, pair: Pair, section: Section, chosen: Collection[str] = ()) -> SectionReport:
        """The scores of a pair in this section: those that are `chosen`, or all with the details of the section."""
        metrics = _chosen_of(section, chosen)
        if pair.scored_words is not None and not chosen:
            metrics = tuple(metric for metric in metrics if metric.counts_words(pair))
        details = Details() if section.details is None or chosen else section.details(pair)
        return cls(section, metrics, {metric.name: metric.score(pair) for metric in metrics}, details)

    def table(self, intervals: Mapping[str, Interval] | None = None) -> Table:
        """The table in percent, with a further column if there are `intervals` of F1, by metric."""
        ranges: dict[str, Interval] = {}  # by the first cell of a row
        rows = [*self.details.before.items()]
        for metric in self.metrics:
            label = metric.title or metric.name
            rows.append((label, self.scores[metric.name]))
            if intervals and metric.name in intervals:
                ranges[label] = intervals[metric.name]
        return _with_ranges(self.section.table([*rows, *self.details.after.items()]), ranges)

    def to_dict(self, intervals: Mapping[str, Interval] | None = None) -> dict[str, object]:
        """The scores for JSON, as fractions of 1."""
        result: dict[str, object] = {}
        for metric in self.metrics:
            entry = self.section.to_dict(self.scores[metric.name])
            if intervals and metric.name in intervals:
                entry["f1_interval"] = _pair(intervals[metric.name])
            result[metric.key or metric.name] = entry
        return {**result, **self.details.data}


@dataclass(frozen=True, slots=True)
class SystemReport:
    """The report about one system."""

    name: str
    pair: Pair
    sections: tuple[SectionReport, ...]
    groups: dict[str, list[Group]]
    intervals: dict[str, Interval]  # by metric, of its F1; empty if not asked for

    @property
    def f1(self) -> dict[str, float]:
        """The F1 of each metric."""
        return {name: score.f1 for part in self.sections for name, score in part.scores.items()}

    def tested(self) -> list[Metric]:
        """The metrics that get intervals and tests: all metrics of trees, and those that gold has units for."""
        return [
            metric
            for part in self.sections
            for metric in part.metrics
            if Use.TESTS in metric.uses and (part.section is TREES or part.scores[metric.name].gold)
        ]

    def to_dict(self) -> dict[str, object]:
        """The report for JSON."""
        result: dict[str, object] = {"system": self.name}
        for part in self.sections:
            result[part.section.key] = part.to_dict(self.intervals)
            if part.section is TREES and self.groups:
                result["by"] = {by: [group.to_dict() for group in groups] for by, groups in self.groups.items()}
        return result

    def tables(self) -> list[Table]:
        """The tables of all sections, and of groups after that of trees."""
        tables = []
        for part in self.sections:
            tables.append(part.table(self.intervals))
            if part.section is TREES and self.groups:
                from depparse.evaluation.breakdown import group_table

                tables += [group_table(by, groups) for by, groups in self.groups.items()]
        return tables


@dataclass(frozen=True, slots=True)
class Report:
    """The report about one system, or about two and their differences. `notes` say what could not be scored."""

    gold: str
    system: SystemReport
    other: SystemReport | None = None
    differences: dict[str, Difference] = field(default_factory=dict)
    samples: int = 0
    seed: int = 0
    notes: list[str] = field(default_factory=list)
    of: str | None = None  # the pattern of the words that are scored, if not all are

    def to_dict(self) -> dict[str, object]:
        """The report for JSON; all scores are fractions of 1."""
        result = {"gold": self.gold, **({"of": self.of} if self.of is not None else {}), **self.system.to_dict()}
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
        """The tables of the system, or those of both systems and of their differences."""
        tables = self.system.tables()
        if (scored := self.system.pair.scored_words) is not None:
            note = f"the {int(scored.sum()):,} gold words that match {self.of}"
            tables = [replace(table, title=f"{table.title}, of {note}") for table in tables]
        if self.other is None:
            return tables
        named = [replace(table, title=f"{table.title}: {self.system.name}") for table in tables]
        named += [replace(table, title=f"{table.title}: {self.other.name}") for table in self.other.tables()]
        return [*named, *self._difference_tables()]

    def _difference_tables(self) -> list[Table]:
        if self.other is None or not self.differences:
            return []
        first, second = self.system.f1, self.other.f1
        rows = []
        for name, difference in self.differences.items():
            values = percent(first[name]), percent(second[name]), f"{round(100 * difference.value, 2) + 0.0:+.2f}"
            rows.append(
                (
                    name,
                    *values,
                    percent_range(difference.interval.low, difference.interval.high),
                    f"{difference.p_value:.4f}",
                )
            )
        title = f"F1: A = {self.system.name}, B = {self.other.name}"
        return [Table(title, ("Metric", "A", "B", "A - B", f"A - B in {100 * _CONFIDENCE:.0f} %", "p"), rows)]


def report(
    gold: PathLike,
    system: PathLike | Callable[[Document], Document],
    *,
    name: str = "system",
    other: PathLike | Callable[[Document], Document] | None = None,
    other_name: str = "other",
    metrics: str | Collection[str] = (),
    by: Sequence[str] = (),
    samples: int | None = None,
    seed: int = 1,
    format: str | None = None,
    of: str | Pattern | None = None,
) -> Report:
    """Scores one system against the gold file, or two systems and their difference.

    `system` and `other` are files, or functions that analyse the gold document; then the report calls them `name` and
    `other_name`. With `metrics`, only these are reported, their names in any case. `by` are breakdowns in
    `depparse.evaluation.dimensions`; `samples` is the number of resamples for bootstrap intervals. Two systems are
    always tested, by default with 1000 resamples. All annotation of the gold file is scored; without any, trees are.
    `format` is the format of files whose endings tell none, by default CoNLL-U. With a pattern `of` words, only those
    gold words are scored that it finds, by the metrics that count words (see `Pair`). Raises ConfigError, FormatError
    and EvaluationError.
    """
    paths = [path for path in (gold, system, other) if path is not None and not callable(path)]
    if sum(name_of(path) == "standard input" for path in paths) > 1:
        raise ConfigError("only one of the files can be standard input (-)")
    chosen = metric_names(metrics)
    if by and chosen and not _chosen_of(TREES, chosen):
        raise ConfigError(f"by asks for scores of trees, but {', '.join(chosen)} are none")
    pattern = None if of is None else parse_pattern(of)
    if by and pattern is not None:
        raise ConfigError("groups of words (by) and the words of a pattern (of) do not go together; give one of them")
    gold_document, gold_name = _load(gold, format), name_of(gold)
    loaded = {path: _load(path, format) for path in paths[1:]}  # before models run, as it may raise an error
    given = [(system, name), *([(other, other_name)] if other is not None else [])]
    names = [called if callable(source) else name_of(source) for source, called in given]
    documents = [source(gold_document) if callable(source) else loaded[source] for source, _ in given]
    gold_sections = [section for section in sections() if section.held(gold_document)] if pattern is None else [TREES]
    notes: list[str] = []
    systems: list[SystemReport] = []
    for document, name in zip(documents, names, strict=True):
        scored_sections = [section for section in gold_sections if section.offered(document)]
        if TREES not in scored_sections:
            treeless = name if TREES in gold_sections else gold_name
            if not scored_sections:  # then trees are scored, so that an error says what is wrong with them
                scored_sections = [TREES]
            elif by:
                raise ConfigError(f"--by asks for scores of trees, but {treeless} holds none")
            else:
                notes.append(f"{treeless} holds no trees, so they are not scored")
        scored_sections = [section for section in scored_sections if _chosen_of(section, chosen)]
        if not scored_sections:
            raise ConfigError(f"{gold_name} and {name} do not both hold what {', '.join(chosen)} scores")
        pair = Pair(gold_document, document, (gold_name, name), pattern)
        if pair.scored_words is not None and not pair.scored_words.any():
            raise EvaluationError(f"{gold_name} holds no words that match {pattern}, so there is nothing to score")
        systems.append(_report_system(pair, scored_sections, chosen, by, samples, seed, notes))
        notes += [f"{metric} is not scored: no annotation" for metric in chosen if metric not in systems[-1].f1]
    first, *other_systems = systems
    second = other_systems[0] if other_systems else None
    differences: dict[str, Difference] = {}
    if second is not None:
        from depparse.evaluation.significance import paired_test

        tested_in_both = [metric for metric in first.tested() if metric in second.tested()]
        samples = samples or (1000 if tested_in_both else None)
        differences = paired_test(
            first.pair, second.pair, tested_in_both, samples or 1, seed=seed, confidence=_CONFIDENCE
        )
    text = None if pattern is None else str(pattern)
    return Report(gold_name, first, second, differences, samples or 0, seed, list(dict.fromkeys(notes)), text)


def metric_names(names: str | Collection[str]) -> list[str]:
    """The metrics of these names (a collection, or one text with commas), as they are spelt. Raises ConfigError."""
    by_lower = {metric.name.lower(): metric.name for metric in all_metrics()}
    words = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    for word in words:
        if word.lower() not in by_lower:
            raise ConfigError(f"there is no metric {word!r}; {did_you_mean(word, by_lower.values())}")
    return list(dict.fromkeys(by_lower[word.lower()] for word in words))


def _chosen_of(section: Section, chosen: Collection[str]) -> tuple[Metric, ...]:
    return tuple(metric for metric in metrics_of(section) if not chosen or metric.name in chosen)


def _load(path: PathLike, default: str | None) -> Document:
    if default is None:
        return read_strictly(path)
    from depparse.formats import table as formats

    format = formats.guess_format(path, default)
    return read_strictly(path) if format == "conllu" else formats.read(path, format)


def _report_system(
    pair: Pair,
    scored: Sequence[Section],
    chosen: Collection[str],
    by: Sequence[str],
    samples: int | None,
    seed: int,
    notes: list[str],
) -> SystemReport:
    """The report about one system. If trees are scored, other annotation that is unreadable is a note, not an error."""
    section_reports = []
    for section in scored:
        try:
            section_reports.append(SectionReport.of(pair, section, chosen))
        except FormatError as error:
            if section is TREES or TREES not in scored:
                raise
            notes.append(f"{section.title} are not scored: {error}")
    groups: dict[str, list[Group]] = {}
    if by:
        from depparse.evaluation.breakdown import breakdown

        groups = {dimension: breakdown(pair, dimension) for dimension in by}
    scores = SystemReport(pair.system.name, pair, tuple(section_reports), groups, {})
    if samples is None:
        return scores
    from depparse.evaluation.significance import bootstrap

    return replace(scores, intervals=bootstrap(pair, scores.tested(), samples, seed=seed, confidence=_CONFIDENCE))


def _with_ranges(table: Table, intervals: Mapping[str, Interval]) -> Table:
    """The table with a further column of `intervals`, by the first cell of a row; unchanged if there are none."""
    if not intervals:
        return table
    column = f"F1 in {100 * _CONFIDENCE:.0f} %"
    rows = [
        (*row, percent_range(intervals[row[0]].low, intervals[row[0]].high) if row[0] in intervals else "")
        for row in table.rows
    ]
    return Table(table.title, (*table.columns, column), rows)


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
