"""``depparse info``: what a model is."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from depparse.model_folder.description import Description


def info(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="The folder of a model or of the run which made it, or a bundled name."),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a model is: parts, network, data, licences and scores; and whether its files are whole.

    Example: [green]depparse info runs/ewt[/green]
    """
    from depparse.cli.tables import show
    from depparse.evaluation.tables import Table
    from depparse.model_folder.description import describe

    found = describe(model)
    if json:
        typer.echo(json_module.dumps(found.to_dict(), ensure_ascii=False, indent=1))
        return
    facts = list(_facts(found))
    width = max(len(name) for name, _ in facts) + 2
    typer.echo("\n".join(f"{name.ljust(width)}{value}".rstrip() for name, value in facts) + "\n")
    columns = ("task", "columns", "labels", "parameters")
    tables = []
    if found.tasks:
        tables.append(Table("Tasks", columns, [_task_row(name, task) for name, task in found.tasks.items()]))
    if found.treebanks:
        names = tuple(dict.fromkeys(name for row in found.treebanks for name in row))
        rows = [tuple(_shortened(name, row.get(name, "")) for name in names) for row in found.treebanks]
        tables.append(Table("Data", names, rows))
    for title, scores in (("Scores", found.scores), ("Scores from raw text", found.raw_scores)):
        if scores:
            names = tuple(scores[0])
            tables.append(Table(title, names, [tuple(row.get(name, "") for name in names) for row in scores]))
    show(tables)


COMMAND = info


def _facts(found: Description) -> Iterator[tuple[str, str]]:
    languages = dict.fromkeys(row["language"] for row in found.treebanks if "language" in row)
    if languages:
        yield "language", ", ".join(languages)
    if found.segmenter is None:
        yield "segmenter", "none: text is split by rules"
    else:
        yield "segmenter", f"{_part({'type': 'trained', **found.segmenter})}"
    for number, part in enumerate(found.inputs):
        yield "" if number else "inputs", _part(part)
    if found.inputs:
        yield "context", _part(found.context) if found.context else "none"
    several = len(found.types) > 1
    types = ", ".join(f"{name} {number:,}" if several else name for name, number in sorted(found.types.items()))
    yield "parameters", f"{found.parameters:,}{f' ({types})' if types else ''}"
    yield "size", f"{found.size / 1e6:,.1f} MB"
    if found.licence is not None:
        yield "licence", found.licence
    licences = dict.fromkeys(row["licence"] for row in found.treebanks if row.get("licence"))
    if licences:
        yield "data under", ", ".join(licences)
    yield "folder", f"{found.folder}, format {found.format}"
    note = "" if found.card_as_saved else ", but the card was changed or removed"
    yield "files", f"as they were saved{note}"


def _part(part: dict[str, Any]) -> str:
    """The kind of a part, and those of its settings that a reader looks for."""
    shown = ("kind", "cell", "name", "path", "layers", "width", "parameters")
    settings = [f"{name} {_value(part[name])}" for name in shown if part.get(name) not in (None, "")]
    return f"{part['type'].replace('_', ' ')}{': ' if settings else ''}{', '.join(settings)}"


def _value(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def _task_row(name: str, task: dict[str, Any]) -> tuple[str, str, str, str]:
    labels = ", ".join(f"{column} {number:,}".strip() for column, number in task["labels"].items())
    columns = task["columns"] or [column for column in task["labels"] if column]
    return name, ", ".join(columns), labels, f"{task['parameters']:,}"


def _shortened(name: str, cell: str) -> str:
    return f"{cell[:12]}…" if name == "SHA-256" and len(cell) > 13 else cell
