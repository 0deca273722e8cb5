"""``depparse info``: what a model is."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depparse.cli.options import Json

if TYPE_CHECKING:
    from depparse.evaluation.tables import Table
    from depparse.model_folder.description import Description
    from depparse.model_folder.facts import Facts


_UNKNOWN = "not stated"  # of a licence


def info(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="The folder of a model or of the run which made it, or a bundled name."),
    ],
    json: Json = False,
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
    if data := found.facts.all_data():
        files = [(file.split, file.file, f"{file.sha256[:12]}…", file.licence or _UNKNOWN) for file in data]
        tables.append(Table("Data", ("split", "file", "SHA-256", "licence"), files))
    tables += _scores(found.facts)
    show(tables)


COMMAND = info


def _facts(found: Description) -> Iterator[tuple[str, str]]:
    if languages := found.facts.languages():
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
    for name, licences in (
        ("licence", found.facts.licences()),
        ("data under", list(dict.fromkeys(file.licence or _UNKNOWN for file in found.facts.all_data()))),
    ):
        if licences:
            yield name, "; ".join(licences)
    for base in (facts.base for facts in found.facts.all()):
        if base is not None:
            yield "begun with", base.origin.name
    yield "folder", f"{found.folder}, format {found.format}"
    if found.facts == type(found.facts)():
        yield "facts", "none: made before folders had facts; its card README.md may say more"
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


def _scores(facts: Facts) -> Iterator[Table]:
    from depparse.evaluation.tables import Table, percent

    title = "Scores as packed" if facts.packing is not None and facts.scores else "Scores"
    for source, heading in (("words", title), ("text", f"{title} from raw text")):
        rows = [row for row in facts.known_scores() if row.source == source]
        names = list(dict.fromkeys(name for row in rows for name in row.f1))
        cells = [(row.data, *(percent(row.f1[name]) if name in row.f1 else "" for name in names)) for row in rows]
        if rows:
            yield Table(heading, ("data", *names), cells)
