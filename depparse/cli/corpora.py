"""``depparse corpora``, the commands for treebanks: catalogue, downloads, statistics and checks."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Json
from depparse.cli.printing import note, say, say_json
from depparse.cli.profile import profile
from depparse.cli.progress import Line
from depparse.cli.query import query
from depparse.cli.relabel import relabel
from depparse.cli.tables import draw, show
from depparse.evaluation.tables import Table
from depparse.printable import clean, one_line

if TYPE_CHECKING:
    from depparse.treebanks.findings import Finding
    from depparse.treebanks.official import Comparison
    from depparse.treebanks.treebank import Statistics, Treebank

app = COMMAND = typer.Typer(rich_markup_mode="rich")
_ROOM_FOR_ALL = 120  # characters of a line with all columns of `list`

Paths = Annotated[
    list[str], typer.Argument(metavar="FILE|DIR...", help="Treebanks: folders, or single files of any format but text.")
]


@app.callback(invoke_without_command=True)
def corpora(context: typer.Context) -> None:
    """Treebanks: list, get, stats, profile, check, query and relabel.

    Example: [green]depparse corpora list --language Swedish[/green]
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_(
    language: Annotated[
        str | None, typer.Option(help="A language (name, UD code or ISO 639-3 code), a family or a genus.")
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="List the sample treebanks that come with depparse.")
    ] = False,
    json: Json = False,
) -> None:
    """List the treebanks of Universal Dependencies, releases 1.0 to 2.18, from a catalogue in the package.

    Columns are separated by tabs in a pipe. Nothing is downloaded.

    Example: [green]depparse corpora list --language Turkic[/green]
    """
    from dataclasses import astuple

    from depparse.treebanks import catalogue

    if samples:
        columns = ["treebank", "folder"]
        rows = [[name, str(folder)] for name, folder in catalogue.samples().items()]
    else:
        columns = "treebank language code iso639_3 family genus scripts first_release last_release repository".split()
        rows = [list(astuple(entry)) for entry in catalogue.entries(language)]
    if json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif sys.stdout.isatty():
        shown = columns if samples else columns[:3] + columns[4:9]
        if not samples and shutil.get_terminal_size().columns < _ROOM_FOR_ALL:
            shown = columns[:3] + columns[7:9]
        cells = [tuple(row[columns.index(name)] for name in shown) for row in rows]
        draw(Table("", tuple(shown), cells), numbers=False)
    else:
        say("\n".join("\t".join(row) for row in [columns, *rows]))


@app.command()
def get(
    treebank: Annotated[str, typer.Argument(help="Name, such as UD_Swedish-Talbanken, or OWNER/REPOSITORY.")],
    release: Annotated[
        str | None, typer.Option(metavar="R", help="Release of UD, such as 2.18; by default the treebank's last.")
    ] = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder in which to make the treebank's folder.")] = Path(
        "."
    ),
    sha256: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Fetch the files of this list of hashes, and check them by it; sha256sum writes such lists.",
        ),
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Address of a mirror to use instead of GitHub; or set DEPPARSE_MIRROR."),
    ] = None,
    json: Json = False,
) -> None:
    """Download a treebank of UD from GitHub, check it by hash, and say its licence. Run again to resume.

    Each file is checked by the git object ID that GitHub lists. A file sha256sums.txt is left for --sha256.

    Example: [green]depparse corpora get UD_Swedish-Talbanken --release 2.17 --to treebanks[/green]
    """
    from depparse.treebanks.download import download

    with Line() as line:

        def tell(name: str, done: int, size: int | None) -> None:
            line(f"{name}: {done / 1e6:.1f}{f' of {size / 1e6:.1f}' if size else ''} MB")

        result = download(treebank, release, to, base_url=mirror, sha256=sha256, progress=tell)
    if json:
        say_json(result.to_dict())
        return
    for name in result.files:
        say(f"{result.folder / name}{'' if name in result.fetched else '  (already there)'}")
    checked = "SHA-256" if sha256 is not None else "git object ID"
    say(f"{len(result.files)} files of {result.repository} {result.release}, each checked by {checked}.")
    say(f"Licence: {result.licence or 'not found in README or LICENSE; look for it before you use the treebank'}")


app.command("query")(query)
app.command("relabel")(relabel)
app.command("profile")(profile)


@app.command()
def stats(paths: Paths, json: Json = False) -> None:
    """Count words, multiword tokens, non-projective trees, relations, lengths, spacing and annotated columns.

    Example: [green]depparse corpora stats treebanks/UD_French-Sequoia[/green]
    """
    from depparse.cli.progress import progress
    from depparse.treebanks.treebank import Statistics, Treebank

    results = []
    tables: list[Table] = []
    for path in paths:
        treebank = Treebank.open(path)
        counts = {s: Statistics.of(progress(treebank.iter(s), f"sentences of {s}")) for s in treebank.splits}
        if json:
            splits = {split: statistics.to_dict() for split, statistics in counts.items()}
            results.append({"treebank": treebank.name, "splits": splits})
        else:
            tables.append(_statistics(treebank, counts))
    if json:
        say_json(results)
    else:
        show(tables)


@app.command()
def check(
    paths: Paths,
    level: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=3,
            help="Only the rules of UD up to this level; the exit code is 1 if any of them is broken.",
        ),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Show what can be mended without judgement, as a difference; nothing is written."),
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="With --fix: mend the files in place.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="With --fix: write the mended file here.")
    ] = None,
    official: Annotated[
        bool, typer.Option("--official", help="Run the official validator too, if installed, and compare.")
    ] = False,
    json: Json = False,
) -> None:
    """Find what is broken in treebanks, what UD does not allow, and what will hurt training.

    Rules of UD have a level: 1 is the file format, 2 the basic concepts of UD, 3 what it asks of all languages. The
    exit code is 0 without errors (warnings do not count unless --level is given, and notes never do), 1 with errors,
    2 if nothing could be checked.

    Example: [green]depparse corpora check my-treebank/ --level 3[/green], and to mend it,
    [green]depparse corpora check my-treebank/ --fix --write[/green]
    """
    from depparse.errors import ConfigError
    from depparse.treebanks.checks import LEVELS, breaks_rule
    from depparse.treebanks.checks import check as check_treebank
    from depparse.treebanks.official import require_conllu
    from depparse.treebanks.treebank import Treebank

    if (write or output is not None) and not fix:
        raise ConfigError("--write and --output go with --fix")
    if fix:
        if json or official or (write and output is not None):
            raise ConfigError("--fix goes with nothing but --write, or --output and one file")
        _fix([file for path in paths for file in Treebank.open(path).splits.values()], write, output)
        return
    if official:
        for file in (file for path in paths for file in Treebank.open(path).splits.values()):
            require_conllu(file)
    results = []
    failed = False
    for path in paths:
        treebank = Treebank.open(path)
        findings = check_treebank(treebank, level=LEVELS[-1] if level is None else level)
        failed |= any(finding.severity == "error" or (level and breaks_rule(finding)) for finding in findings)
        comparisons = _compare(treebank, LEVELS[-1] if level is None else level) if official else []
        if json:
            records = [finding.to_dict() for finding in findings]
            record = {"treebank": treebank.name, "findings": records}
            results.append(record | ({"official": list(map(asdict, comparisons))} if official else {}))
        else:
            _show_findings(treebank.name, findings)
            for comparison in comparisons:
                _show_comparison(comparison)
    if json:
        say_json(results)
    if failed:
        raise typer.Exit(1)


def _statistics(treebank: Treebank, counts: dict[str, Statistics]) -> Table:
    from depparse.document.columns import VALUE_COLUMNS
    from depparse.treebanks.treebank import labels

    if len(counts) > 1:
        first, *other_counts = counts.values()
        counts = counts | {"all": sum(other_counts, first)}
    rows: list[tuple[str, ...]] = []

    def add(name: str, values: Sequence[str]) -> None:
        rows.append((name, *values))

    statistics = list(counts.values())
    add("sentences", [f"{s.sentences:,}" for s in statistics])
    add("words", [f"{s.words:,}" for s in statistics])
    add("tokens", [f"{s.tokens:,}" for s in statistics])
    add("multiword tokens", [f"{s.mwts:,}" for s in statistics])
    add("sentences with them", [f"{s.mwt_sentences:,}" for s in statistics])
    add("empty nodes", [f"{s.empty_nodes:,}" for s in statistics])
    add("words with spaces", [f"{s.spaced_words:,}" for s in statistics])
    add("mean length, words", [f"{s.words / s.sentences:.1f}" if s.sentences else "-" for s in statistics])
    add("median length", [str(s.length_at(0.5)) for s in statistics])
    add("95 % are not above", [str(s.length_at(0.95)) for s in statistics])
    add("longest", [str(s.length_at(1.0)) for s in statistics])
    add("non-projective trees, %", [_percent(s.nonprojective, s.trees) for s in statistics])
    add("non-projective arcs, %", [_percent(s.nonprojective_arcs, s.words) for s in statistics])
    add("relations", [str(len(labels(s.relations))) for s in statistics])
    add("UPOS tags", [str(len(labels(s.upos))) for s in statistics])
    add("FEATS bundles", [str(len(labels(s.feats))) for s in statistics])
    add("tokens with SpaceAfter=No, %", [_percent(s.unspaced, s.tokens) for s in statistics])
    add("sentences with # text, %", [_percent(s.texts, s.sentences) for s in statistics])
    add("spelled by their tokens, %", [_percent(s.spelled, s.texts) for s in statistics])
    for name in VALUE_COLUMNS[1:]:
        add(f"{name} annotated, %", [_percent(s.filled[name], s.words) for s in statistics])
    return Table(treebank.name, ("", *counts), rows)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _show_findings(name: str, findings: Sequence[Finding]) -> None:
    count = {severity: sum(f.severity == severity for f in findings) for severity in ("error", "warning", "note")}
    summary = ", ".join(f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in count.items())
    colours = {"error": typer.colors.RED, "warning": typer.colors.YELLOW, "note": typer.colors.CYAN}
    say("", typer.style(clean(f"{name}: {summary}"), bold=True))  # styles only reach a terminal
    for finding in findings:
        severity = typer.style(f"{finding.severity:8}", fg=colours[finding.severity])
        unit = finding.unit.removesuffix("s") if finding.count == 1 else finding.unit
        level = f", level {finding.level}" if finding.level else ""
        say(one_line(f"{finding.code} ({finding.count:,} {unit}{level}): {finding.message}"), f"{severity} ")
        if finding.places:
            more = ", …" if finding.count > len(finding.places) > 2 else ""
            say(one_line(f"at {', '.join(finding.places)}{more}"), " " * 9)
        say(one_line(f"remedy: {finding.remedy}"), " " * 9)


def _fix(files: Sequence[Path], write: bool, output: Path | None) -> None:
    """Shows what can be mended in the files, and writes it if asked to."""
    from depparse.errors import ConfigError
    from depparse.treebanks.fixes import Fix, difference, write_fixed

    if output is not None and len(files) != 1:
        raise ConfigError(f"--output takes one mended file, but {len(files)} are given; use --write")
    colours = {"-": typer.colors.RED, "+": typer.colors.GREEN, "@": typer.colors.CYAN}
    for file in files:
        fix = Fix(file)
        named = False
        for change in fix:
            for line in difference(change):
                if not named:
                    say(one_line(f"--- {file}"))
                    named = True
                typer.echo(typer.style(clean(line, kept="\t"), fg=colours.get(line[0])))
        ends = f", {fix.line_ends:,} line ends" if fix.line_ends else ""
        changed = bool(fix.lines or fix.line_ends)
        if output is not None or (write and changed):
            write_fixed(file, file if output is None else output)
        done = "mended" if write or output is not None else "to mend; --write or --output writes them"
        note(
            f"{file}: {fix.lines:,} {'line' if fix.lines == 1 else 'lines'}{ends} {done}"
            if changed
            else f"{file}: nothing to mend"
        )


def _compare(treebank: Treebank, level: int) -> list[Comparison]:
    from depparse.treebanks.checks import check as check_treebank
    from depparse.treebanks.official import compare

    return [
        compare(file, check_treebank(file, level=level, places=sys.maxsize), level) for file in treebank.splits.values()
    ]


def _show_comparison(comparison: Comparison) -> None:
    for level, both in comparison.both.items():
        ours, theirs = comparison.ours[level], comparison.theirs[level]
        shown = f"{len(both):,} sentences in both, {len(ours):,} only here, {len(theirs):,} only there"
        say(one_line(f"official validator, level {level}, {comparison.file}: {shown}"))
        for name, numbers in (("here", ours), ("there", theirs)):
            if numbers:
                more = ", …" if len(numbers) > 5 else ""
                say(f"         only {name}: sentence {', '.join(map(str, numbers[:5]))}{more}")
    if comparison.codes:
        say(one_line(f"         codes only there: {', '.join(comparison.codes)}"))
