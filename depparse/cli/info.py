"""``depparse info``, which describes a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depparse.cli.options import Json
from depparse.cli.printing import note, say, say_json
from depparse.printable import clean

if TYPE_CHECKING:
    from depparse.evaluation.tables import Table
    from depparse.model_folder.description import Description, Named


_UNKNOWN = "not stated"  # of a licence


def info(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="The name of a model, its folder, or that of the run that made it."),
    ] = None,
    json: Json = False,
) -> None:
    """Describe a model: parts, network, data, licences and scores, and whether its files are intact.

    Without MODEL, list the models that have a name: those that come with depparse, and those of installed packages.

    Example: [green]depparse info runs/ewt[/green]
    """
    from depparse.cli.tables import show
    from depparse.evaluation.tables import Table
    from depparse.model_folder.description import describe, named

    if model is None:
        models = named()
        if json:
            say_json([asdict(item) for item in models])
        else:
            show([_list(models)])
            for item in models:
                if item.error:
                    note(f"note: {item.error}")
        return
    description = describe(model)
    if json:
        say_json(description.to_dict())
        return
    facts = list(_facts(description))
    width = max(len(name) for name, _ in facts) + 2
    say("\n".join(clean(f"{name.ljust(width)}{value}".rstrip()) for name, value in facts) + "\n")
    columns = ("task", "columns", "labels", "parameters")
    tables = []
    if description.tasks:
        tables.append(Table("Tasks", columns, [_task_row(name, task) for name, task in description.tasks.items()]))
    if len(description.treebanks) > 1:
        tables.append(_treebanks(description))
    if data := description.facts.all_data():
        files = [(file.split, file.file, f"{file.sha256[:12]}…", file.licence or _UNKNOWN) for file in data]
        tables.append(Table("Data", ("split", "file", "SHA-256", "licence"), files))
    tables += _scores(description)
    show(tables)


COMMAND = info


def _list(models: Iterable[Named]) -> Table:
    """A row for each model, with the first few of its languages."""
    from depparse.evaluation.tables import Table

    rows = []
    for model in models:
        more = f" and {len(model.languages) - 3} more" if len(model.languages) > 3 else ""
        size = "" if model.error else f"{model.size / 1e6:,.1f}"
        languages = f"{', '.join(model.languages[:3])}{more}"
        rows.append((model.name, model.package, languages, "; ".join(model.licences), size))
    return Table("Models", ("name", "package", "languages", "licence", "MB"), rows)


def _treebanks(description: Description) -> Table:
    """The treebanks and languages by which a user can ask for the manner of each."""
    from depparse.evaluation.tables import Table
    from depparse.treebanks.languages import entry_of

    licences = {file.treebank: file.licence for file in description.facts.all_data() if file.treebank}
    rows = []
    for name in description.treebanks:
        entry = entry_of(name)
        language, code = ("", "") if entry is None else (entry.language, entry.code)
        rows.append((name, language, code, licences.get(name) or _UNKNOWN))
    return Table("Treebanks", ("treebank", "language", "code", "licence"), rows)


def _facts(description: Description) -> Iterator[tuple[str, str]]:
    """The lines of the description: (name, value), the name empty if it is the same as before."""
    if languages := description.facts.languages():
        yield "language", ", ".join(languages)
    if description.segmenter is None:
        yield "segmenter", "none: text is split by rules"
    else:
        yield "segmenter", f"{_part({'type': 'trained', **description.segmenter})}"
    for number, part in enumerate(description.inputs):
        yield "" if number else "inputs", _part(part)
    if description.inputs:
        yield "context", _part(description.context) if description.context else "none"
    mixed_types = len(description.types) > 1
    types = ", ".join(
        f"{name} {number:,}" if mixed_types else name for name, number in sorted(description.types.items())
    )
    yield "parameters", f"{description.parameters:,}{f' ({types})' if types else ''}"
    yield "size", f"{description.size / 1e6:,.1f} MB"
    for name, licences in (
        ("licence", description.facts.licences()),
        ("data under", list(dict.fromkeys(file.licence or _UNKNOWN for file in description.facts.all_data()))),
    ):
        if licences:
            yield name, "; ".join(licences)
    for base in (facts.base for facts in description.facts.all()):
        if base is not None:
            yield "begun with", base.origin.name
    yield "folder", f"{description.folder}, format {description.format}"
    if description.facts == type(description.facts)():
        yield "facts", "none: made before folders had facts; its card README.md may say more"
    note = "" if description.card_as_saved else ", but the card was changed or removed"
    yield "files", f"as they were saved{note}"


def _part(part: dict[str, Any]) -> str:
    """The type of a part, with its most important settings."""
    shown = ("kind", "cell", "name", "path", "layers", "width", "parameters")
    settings = [f"{name} {_value(part[name])}" for name in shown if part.get(name) not in (None, "")]
    return f"{part['type'].replace('_', ' ')}{': ' if settings else ''}{', '.join(settings)}"


def _value(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def _task_row(name: str, task: dict[str, Any]) -> tuple[str, str, str, str]:
    labels = ", ".join(f"{column} {number:,}".strip() for column, number in task["labels"].items())
    columns = task["columns"] or [column for column in task["labels"] if column]
    return name, ", ".join(columns), labels, f"{task['parameters']:,}"


def _scores(description: Description) -> Iterator[Table]:
    from depparse.evaluation.tables import Table, percent

    facts, scores = description.facts, description.scores
    title = "Scores as packed" if facts.packing is not None and facts.scores else "Scores"
    for source, heading in (("words", title), ("text", f"{title} from raw text")):
        rows = [row for row in scores if row.source == source]
        names = list(dict.fromkeys(name for row in rows for name in row.f1))
        cells = [(row.data, *(percent(row.f1[name]) if name in row.f1 else "" for name in names)) for row in rows]
        if rows:
            yield Table(heading, ("data", *names), cells)
