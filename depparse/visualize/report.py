"""A report of ``depparse evaluate`` as one HTML page, which loads nothing and has no script."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from depparse.evaluation.breakdown import breakdown
from depparse.evaluation.confusion import calibrations, confusion
from depparse.evaluation.differences import Differences, differences_of, short_names
from depparse.evaluation.dimensions import DIMENSIONS
from depparse.evaluation.report import Report, SystemReport
from depparse.evaluation.scores import TREES
from depparse.visualize.charts import STYLE, bars, matrix, reliability
from depparse.visualize.differences import STYLE as DIFFERENCES_STYLE
from depparse.visualize.differences import draw_section, draw_table, text_of
from depparse.visualize.page import HEAD

HARDEST = 20  # passages that are drawn
_EXAMPLES = 5  # passages that are drawn for a frequent confusion
_TITLES = {
    "deprel": "relation", "length": "length of the sentence, in words",
    "arc-length": "distance from the head, in words",
    "projectivity": "projectivity", "upos": "part of speech", "direction": "direction of the arc", "genre": "genre",
}  # fmt: skip
_KINDS = {"label": "relations", "upos": "tags (UPOS)", "xpos": "tags (XPOS)"}
_STYLE = """\
nav a{margin-inline-end:1em}section>div{overflow-x:auto}
#curves div{background:#fff;color:#1b1f24;border-radius:6px;padding:.5em}td{font-variant-numeric:tabular-nums}
p svg{display:inline}.example{display:none}.example:target{display:block}
"""
_GROUPS = 25  # the most frequent groups that are drawn


def draw_report(report: Report, logs: Mapping[str, Path] | None = None) -> Iterator[str]:
    """The pieces of the page. `logs` are those of training runs (``metrics.jsonl``) by name, whose curves are drawn."""
    report = _shortened(report)
    systems = [report.system, *([report.other] if report.other is not None else [])]
    title = f"{' and '.join(system.name for system in systems)} on {report.gold}"
    head = HEAD.replace("<title>depparse", f"<title>{text_of(title)}")
    yield f"{head}<style>{STYLE}{_STYLE}</style>{DIFFERENCES_STYLE}"
    yield f"<h1>{text_of(title)}</h1>\n<nav>"
    has_trees = any(part.section is TREES for part in report.system.sections)
    parts = ["scores", *(["groups", "confusion", "hardest"] if has_trees else []), *(["curves"] if logs else [])]
    yield "".join(f'<a href="#{part}">{part}</a>' for part in parts) + '</nav>\n<section id="scores">\n'
    for table in report.tables():
        yield draw_table(table)
    yield "</section>\n"
    if has_trees:
        yield from _groups(systems)
        differences = differences_of([system.pair for system in systems])
        yield from _confusions(systems[0], differences)
        yield from _hardest(differences)
    if logs:
        yield f'<section id="curves"><h2>Training</h2><div>{_curves(logs)}</div></section>\n'


def _shortened(report: Report) -> Report:
    """The report with the names of files without their folders, since others need not know these."""
    systems = [report.system, *([report.other] if report.other is not None else [])]
    gold, *names = short_names((report.gold, *(system.name for system in systems)))
    first, *others = (replace(system, name=name) for system, name in zip(systems, names, strict=True))
    return replace(report, gold=gold, system=first, other=others[0] if others else None)


def _groups(systems: Sequence[SystemReport]) -> Iterator[str]:
    yield '<section id="groups"><h2>LAS by group</h2>\n'
    yield _legend(systems)
    for by in DIMENSIONS:
        groups = [{group.name: group for group in breakdown(system.pair, by)} for system in systems]
        names = [name for name, group in groups[0].items() if group.gold][:_GROUPS]
        if len(names) < 2:
            continue
        values = [[of_system[name].las.f1 if name in of_system else 0.0 for name in names] for of_system in groups]
        labels = [f"{name} ({groups[0][name].gold:,})" for name in names]
        chart = bars(f"LAS by {_TITLES[by]}", labels, values, [system.name for system in systems])
        yield f"<h3>By {_TITLES[by]}</h3><div>{chart}</div>\n"
    several = calibrations(systems[0].pair)
    if several:
        yield f"<h3>Probabilities</h3><div>{reliability(several)}</div>\n"
    yield "</section>\n"


def _legend(systems: Sequence[SystemReport]) -> str:
    marks = "".join(
        f'<svg class="chart" width="14" height="12" aria-hidden="true"><rect class="{"ab"[number % 2]}" width="10" '
        f'height="10"/></svg>{text_of(system.name)} '
        for number, system in enumerate(systems)
    )
    return (
        f"<p>{marks}; in parentheses, gold words</p>\n" if len(systems) > 1 else "<p>In parentheses, gold words</p>\n"
    )


def _confusions(system: SystemReport, differences: Differences) -> Iterator[str]:
    """The matrices, and examples of the confusions that are frequent, to which their cells lead."""
    yield f'<section id="confusion"><h2>What {text_of(system.name)} takes for what</h2>\n'
    for kind, title in _KINDS.items():
        table = confusion(system.pair, kind)
        if len(table.values) < 2:
            continue
        examples: dict[tuple[str, str], list[tuple[str, str, str]]] = {}  # sentence, word and text, by confusion
        for passage in differences.passages:
            for one in passage.differences:
                if one.kind == kind and one.systems[0] != one.gold:
                    values = [one.gold, one.systems[0]]
                    if kind == "label":
                        values = [value.partition(":")[0] for value in values]
                    found = examples.setdefault((values[0], values[1]), [])
                    if len(found) < _EXAMPLES:
                        found.append((passage.name, one.form, passage.text))
        shown = {pair for pair in examples if set(pair) <= set(table.values) and pair[0] != pair[1]}

        def link(gold: str, other: str, kind: str = kind, shown: set[tuple[str, str]] = shown) -> str | None:
            return f"#{_anchor(kind, gold, other)}" if (gold, other) in shown else None

        yield f"<h3>{title[0].upper() + title[1:]}</h3><div>{matrix(table, link)}</div>\n"
        yield "<p>The colour tells the share of the row. A click on a cell shows examples here:</p>\n"
        for gold, other in sorted(shown):
            yield f'<div class="example" id="{escape(_anchor(kind, gold, other))}">'
            yield f"<h4>{text_of(gold)} taken for {text_of(other)}</h4><ul>\n"
            for name, form, text in examples[gold, other]:
                example = f"<mark>{text_of(form)}</mark> <bdi>{text_of(text)}</bdi> <small>{text_of(name)}</small>"
                yield f"<li>{example}</li>\n"
            yield "</ul></div>\n"
    yield "</section>\n"


def _anchor(kind: str, gold: str, other: str) -> str:
    return "-".join(["is", kind, *("".join(c if c.isalnum() else f"_{ord(c)}_" for c in v) for v in (gold, other))])


def _hardest(differences: Differences) -> Iterator[str]:
    worst = differences.filter(kind=("words", "sentences", "head", "label")).worst_first().passages[:HARDEST]
    yield f'<section id="hardest"><h2>The {len(worst)} hardest pieces of text</h2>\n'
    for passage in worst:
        yield from draw_section(passage, differences.names, width=1100, opened=True)
    yield "</section>\n"


def _curves(logs: Mapping[str, Path]) -> str:
    """The curves as an SVG element."""
    from depparse.visualize.curves import draw_curves, draw_runs

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "curves.svg")
        if len(logs) == 1:
            draw_curves(next(iter(logs.values())), output)
        else:
            draw_runs(logs, output)
        text = output.read_text(encoding="utf-8")
    return text[text.index("<svg") :]
