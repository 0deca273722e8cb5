"""``depparse evaluate``: the official scores, and what else the files hold."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Device, Json
from depparse.cli.tables import show
from depparse.errors import ConfigError, did_you_mean
from depparse.evaluation.dimensions import DIMENSIONS

if TYPE_CHECKING:
    from depparse.document.document import Document


def _dimension(name: str) -> str:
    if name not in DIMENSIONS:
        raise typer.BadParameter(f"{name!r} is no such group; {did_you_mean(name, DIMENSIONS)}")
    return name


def evaluate(
    gold: Annotated[str, typer.Argument(help="The right analyses: CoNLL-U, or another format by its ending.")],
    system: Annotated[
        str | None, typer.Argument(help="The analyses to score, of the same text; - for standard input. Or --model.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Score what this model makes of GOLD's words: a bundled name, a folder, or a hub id.",
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="With --model: of GOLD's raw text, end to end, instead of its words.")
    ] = False,
    wrap: Annotated[
        int | None,
        typer.Option(
            metavar="WIDTH", min=1, help="With --raw: text in lines of so many characters, as in UD releases."
        ),
    ] = None,
    treebank: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --model: annotate as in this one of its treebanks.")
    ] = None,
    given_predicates: Annotated[
        bool, typer.Option("--given-predicates", help="With --model: tell it which words are predicates of frames.")
    ] = False,
    device: Device = "cpu",
    json: Json = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            parser=_dimension,
            metavar=f"[{'|'.join(DIMENSIONS)}]",
            help="UAS and LAS by group as well. May be given several times.",
        ),
    ] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="OTHER", help="A second system's file: differences and their significance.")
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="95 % intervals from N resamples; --compare uses N too, else 1000."),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Of files whose endings tell none; by default conllu.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the resampling.")] = 1,
) -> None:
    """Score a system's file, or a model, as the official scorer of the CoNLL shared tasks does.

    Sentences, tokens and words may differ; the text may not. Whatever else GOLD holds (enhanced graphs, entities,
    roles …) is scored too.

    Example: [green]depparse evaluate gold.conllu system.conllu --by deprel --bootstrap 1000[/green]

    A model, end to end: [green]depparse evaluate gold.conllu --model runs/sequoia --raw[/green]
    """
    from depparse.evaluation.report import report

    if (system is None) == (model is None):
        raise ConfigError("give either SYSTEM, a file to score, or --model, whose analyses of GOLD are scored")
    for option, given, needed, there in (
        ("--raw", raw, "--model", model), ("--treebank", treebank, "--model", model), ("--wrap", wrap, "--raw", raw),
        ("--given-predicates", given_predicates, "--model", model),
    ):  # fmt: skip
        if given and not there:
            raise ConfigError(f"{option} goes with {needed}")
    made: str | Callable[[Document], Document] = system or ""
    if model is not None:
        made = _analyser(model, device, raw, wrap, treebank, given_predicates)
    result = report(
        gold, made, name=model or "", other=compare, by=by or (), samples=bootstrap, seed=seed, format=format
    )
    for note in result.notes:
        sys.stderr.write(f"note: {note}\n")
    if json:
        typer.echo(json_module.dumps(result.to_dict(), ensure_ascii=False, indent=1))
    else:
        show(result.tables())


COMMAND = evaluate


def _analyser(
    model: str, device: str, raw: bool, wrap: int | None, treebank: str | None, given_predicates: bool
) -> Callable[[Document], Document]:
    from functools import partial

    from depparse.inference.load import load

    pipeline = load(model, device)
    if raw and pipeline.segmenter is None:
        sys.stderr.write("note: the model has no segmenter, so rules split the text; multiword tokens stay whole\n")
    return partial(pipeline.reanalyze, raw=raw, wrap=wrap, treebank=treebank, given_predicates=given_predicates)
