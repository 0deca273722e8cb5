"""``depparse evaluate``, which computes the official scores, and scores of all other annotation in the files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Device, Json, Precision, Runtime
from depparse.cli.printing import note, say_json
from depparse.cli.tables import show
from depparse.errors import ConfigError, ModelError, did_you_mean
from depparse.evaluation.dimensions import DIMENSIONS
from depparse.model_folder.find import bundled, packaged

if TYPE_CHECKING:
    from depparse.document.document import Document
    from depparse.inference.pipeline import Pipeline


def _dimension(name: str) -> str:
    """The name, if it is a group that --by knows."""
    if name not in DIMENSIONS:
        raise typer.BadParameter(f"there is no group {name!r}; {did_you_mean(name, DIMENSIONS)}")
    return name


def evaluate(
    gold: Annotated[
        str, typer.Argument(help="The right analyses, in CoNLL-U or in another format by the file's ending.")
    ],
    system: Annotated[
        str | None,
        typer.Argument(help="The analyses of the same text to score, - for standard input; or give --model."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Score the analyses of GOLD's words by this model: its name, its folder, or a hub id.",
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="With --model: analyse GOLD's raw text, end to end, instead of its words.")
    ] = False,
    wrap: Annotated[
        int | None,
        typer.Option(
            metavar="WIDTH",
            min=1,
            help="With --raw: break the text into lines of at most WIDTH characters, as in UD releases.",
        ),
    ] = None,
    treebank: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With --model: annotate as in this treebank, one that the model learned from."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --model: the language of the text, if the model knows several."),
    ] = None,
    given_predicates: Annotated[
        bool, typer.Option("--given-predicates", help="With --model: tell it which words are predicates of frames.")
    ] = False,
    device: Device = "cpu",
    runtime: Runtime = "auto",
    precision: Precision = "auto",
    json: Json = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            parser=_dimension,
            metavar=f"[{'|'.join(DIMENSIONS)}]",
            help="Show UAS and LAS by group too. May be given several times.",
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Score only the gold words that this pattern finds; see docs/query.md."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="OTHER",
            help="A second system, a file or a model: show the differences and their significance.",
        ),
    ] = None,
    metrics: Annotated[
        str, typer.Option(metavar="NAMES", help="Show only these metrics, such as LAS,UPOS; see docs/evaluation.md.")
    ] = "",
    bootstrap: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Show 95 % intervals from N resamples. --compare uses N too, by default 1000."
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Format of files whose endings name none; by default conllu.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the resampling.")] = 1,
    page: Annotated[
        str | None,
        typer.Option("--report", metavar="FILE.html", help="Write a page with charts and the hardest trees."),
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option(metavar="RUN", help="With --report: draw the curves of this training run too.")
    ] = None,
) -> None:
    """Score a system's file, or a model, as the official scorer of the CoNLL shared tasks does.

    Sentences, tokens and words may differ; the text may not. Other annotation of GOLD (enhanced graphs, entities,
    roles …) is scored too.

    Example: [green]depparse evaluate gold.conllu system.conllu --by deprel --bootstrap 1000[/green]

    A model, end to end: [green]depparse evaluate gold.conllu --model runs/sequoia --raw[/green]

    A page to look at: [green]depparse evaluate gold.conllu system.conllu --report report.html[/green]

    Subjects only: [green]depparse evaluate gold.conllu system.conllu --of 'pattern { H -[nsubj]-> X }'[/green]

    Two models: [green]depparse evaluate gold.conllu --model runs/a --compare runs/b --metrics LAS,UPOS[/green]
    """
    from depparse.evaluation.report import metric_names, report
    from depparse.inference.load import load

    if system is not None and _is_named(system):
        raise ConfigError(f"{system} is a model or a folder and no file of analyses; a model is given by --model")
    if (system is None) == (model is None):
        raise ConfigError("give either SYSTEM, a file to score, or --model, whose analyses of GOLD are scored")
    other_model = compare if compare is not None and _is_model(compare) else None
    either = model or other_model
    for option, value, needed_option, needed_value in (
        ("--raw", raw, "--model", either), ("--treebank", treebank, "--model", either), ("--wrap", wrap, "--raw", raw),
        ("--language", language, "--model", either),
        ("--given-predicates", given_predicates, "--model", either), ("--run", run, "--report", page),
    ):  # fmt: skip
        if value and not needed_value:
            raise ConfigError(f"{option} goes with {needed_option}; give both or neither")
    if page is not None and of is not None:
        raise ConfigError("--report has scores of all words, so it does not go with --of; give one of them")
    if page is not None and not page.lower().endswith((".html", ".htm")):
        raise ConfigError(f"a report is a page, so its name ends with .html, not {page}")
    from depparse.visualize.curves import find_logs

    logs = find_logs(run) if run else None
    chosen = metric_names(metrics)
    analyser = partial(
        _analyser,
        partial(load, device=device, runtime=runtime, precision=precision),
        raw,
        wrap,
        treebank,
        language,
        given_predicates,
    )
    result = report(
        gold,
        system or "" if model is None else analyser(model),
        name=model or "",
        other=compare if other_model is None else analyser(other_model),
        other_name=other_model or "",
        metrics=chosen,
        by=by or (),
        samples=bootstrap if page is None else bootstrap or 1000,
        seed=seed,
        format=format,
        of=of,
    )
    for line in result.notes:
        note(f"note: {line}")
    if page is not None:
        from depparse.files import open_output
        from depparse.visualize.report import draw_report

        with open_output(page, drawn=True) as out:
            for piece in draw_report(result, logs):
                out.write(piece)
    if json:
        say_json(result.to_dict())
    else:
        show(result.tables())


COMMAND = evaluate


def _is_named(name: str) -> bool:
    """Whether it is the name of a model, or a folder."""
    return name in bundled() or os.path.isdir(name) or (not os.path.exists(name) and name in packaged())


def _is_model(name: str) -> bool:
    """Whether the name is that of a model and not of a file: a folder, or neither a file nor a file's name."""
    from depparse.formats.table import guess_format

    return _is_named(name) or not (name == "-" or os.path.exists(name) or guess_format(name, ""))


def _analyser(
    load: Callable[[str], Pipeline],
    raw: bool,
    wrap: int | None,
    treebank: str | None,
    language: str | None,
    given_predicates: bool,
    model: str,
) -> Callable[[Document], Document]:
    try:
        pipeline = load(model)
    except ModelError as error:
        if os.path.exists(model):
            raise
        raise ModelError(f"{error}; nor is there a file of that name") from None
    if raw and pipeline.segmenter is None:
        note("note: the model has no segmenter, so rules split the text; multiword tokens stay whole")
    chosen = partial(pipeline.reanalyze, treebank=treebank, language=language)
    return partial(chosen, raw=raw, wrap=wrap, given_predicates=given_predicates)
