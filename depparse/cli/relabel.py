"""``depparse corpora relabel``, which changes treebanks by rules."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depparse.cli.options import Json
from depparse.cli.printing import note, say_json
from depparse.errors import ConfigError
from depparse.printable import clean

if TYPE_CHECKING:
    from depparse.treebanks.findings import Finding
    from depparse.treebanks.fixes import Change
    from depparse.treebanks.relabel.files import FileRelabelling
    from depparse.treebanks.relabel.rules import Rule

_COLOURS = {"-": typer.colors.RED, "+": typer.colors.GREEN, "@": typer.colors.CYAN}


def relabel(
    paths: Annotated[list[str], typer.Argument(metavar="FILE|DIR...", help="Files or folders of CoNLL-U.")],
    rules: Annotated[
        str, typer.Argument(metavar="RULES", help="A file of rules, or rules themselves: docs/relabel.md.")
    ],
    write: Annotated[bool, typer.Option("--write", help="Change the files in place.")] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the changed file here; - prints it.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Show no differences, only the numbers.")] = False,
    json: Json = False,
) -> None:
    """Change treebanks by rules: a pattern, and commands for what it finds. Shows the differences; nothing is written.

    The rest of a file stays byte for byte. The result is checked as by corpora check, and its new errors are told;
    with new errors the exit code is 1.

    Example: [green]depparse corpora relabel my-treebank/ rules.txt[/green], and then
    [green]depparse corpora relabel my-treebank/ rules.txt --write[/green]
    """
    from depparse.treebanks.query.files import find_files

    if write and output is not None:
        raise ConfigError("give either --write or --output")
    parsed = _rules(rules)
    files = find_files(paths)
    if output is not None and len(files) != 1:
        raise ConfigError(f"--output takes one changed file, but {len(files)} are given; use --write")
    records: list[dict[str, Any]] = []
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        results = []
        for number, file in enumerate(files):
            # No file is written before all have been changed without an error.
            new = Path(folder, str(number), os.path.basename(file))
            new.parent.mkdir()
            result, changes, findings = _relabel(file, parsed, new, show=not (json or summary or output == "-"))
            results.append((file, new, result, findings))
            failed |= any(finding.severity == "error" for finding in findings)
            records.append(_record(file, result, changes if json else [], findings))
        for file, new, result, findings in results:
            if output is not None or (write and result.places):
                _copy(new, file if output is None else output)
            if not json:
                _tell(file, result, findings, written=write or output is not None)
    if json:
        say_json(records)
    else:
        counts = sum((Counter(record["applied"]) for record in records), Counter[str]())
        applied = ", ".join(f"{rule.name} {counts[rule.name]:,}" for rule in parsed)
        note(f"matches changed by each rule: {applied}")
    if failed:
        raise typer.Exit(1)


def _rules(text: str) -> list[Rule]:
    """The rules in a file, or in the text itself if it has a brace."""
    from depparse.files import read_text
    from depparse.treebanks.relabel.syntax import parse_rules

    if "{" in text:
        return parse_rules(text)
    try:
        return parse_rules(read_text(text))
    except ConfigError as error:
        raise ConfigError(f"{text}: {error}") from None


def _relabel(
    file: str, rules: list[Rule], new: Path, *, show: bool
) -> tuple[FileRelabelling, list[Change], list[Finding]]:
    """Writes the changed file to `new` and shows the differences. Returns also the changes and the new findings."""
    from depparse.files import open_output
    from depparse.treebanks.fixes import difference
    from depparse.treebanks.relabel.files import FileRelabelling, new_findings

    result = FileRelabelling(file, rules)
    changes: list[Change] = []
    with open_output(new) as out:
        for change, text in result:
            out.write(text)
            if change is None:
                continue
            if show and not changes:
                typer.echo(clean(f"--- {file}"))
            for line in difference(change) if show else ():
                typer.echo(typer.style(clean(line, kept="\t"), fg=_COLOURS.get(line[0])))
            changes.append(change)
    return result, changes, new_findings(result, new) if changes else []


def _record(file: str, result: FileRelabelling, changes: list[Change], findings: list[Finding]) -> dict[str, Any]:
    """What was done with a file, for JSON."""
    return {
        "file": file,
        "lines": result.lines,
        "applied": {rule.name: result.log.applied[rule.name] for rule in result.rules},
        "changes": list(map(asdict, changes)),
        "refused": list(map(asdict, result.log.refused)),
        "findings": [finding.to_dict() for finding in findings],
    }


def _tell(file: str, result: FileRelabelling, findings: list[Finding], *, written: bool) -> None:
    """Tells the numbers, what was refused, and the new findings."""
    done = "changed" if written else "to change; --write or --output writes them"
    lines = f"{result.lines:,} {'line' if result.lines == 1 else 'lines'} {done}"
    note(f"{file}: {lines if result.places else 'nothing to change'}")
    for refused in result.log.refused:
        note(f"note: rule {refused.rule}, {refused.place}: not applied: {refused.reason}")
    for finding in findings:
        places = ", ".join(finding.places[:3]) + (", …" if finding.count > 3 else "")
        note(f"new {finding.severity}: {finding.code} ({finding.count:,}): {finding.message}; at {places}")


def _copy(source: Path, target: str) -> None:
    """Copies a file; the copy appears when it is complete."""
    from depparse.files import open_input, open_output

    with open_input(source) as stream, open_output(target) as out:
        for raw in stream:
            out.write(raw.decode("utf-8"))
