"""``depparse evaluate``: the official scores, and what else the files hold."""

from __future__ import annotations

import json as json_module
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.tables import show

if TYPE_CHECKING:
    pass


class By(StrEnum):
    """What scores can be told by."""

    deprel = "deprel"
    length = "length"
    arc_length = "arc-length"
    projectivity = "projectivity"
    upos = "upos"


def evaluate(
    gold: Annotated[str, typer.Argument(help="The right analyses: CoNLL-U, or another format by its ending.")],
    system: Annotated[str, typer.Argument(help="The analyses to score, of the same text; - for standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON, all scores as fractions of 1.")] = False,
    by: Annotated[
        list[By] | None, typer.Option(help="UAS and LAS by group as well. May be given several times.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="OTHER", help="A second system's file: differences and their significance.")
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="95 % intervals from N resamples; --compare uses N too, else 1000."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the resampling.")] = 1,
) -> None:
    """Score a system's file against the gold one, as the official scorer of the CoNLL shared tasks does.

    Sentences, tokens and words may differ; the text may not. Entities and frames are scored where GOLD holds them.

    Example: [green]depparse evaluate gold.conllu system.conllu --by deprel --bootstrap 1000[/green]
    """
    from depparse.evaluation.report import report

    result = report(
        gold, system, other=compare, by=[dimension.value for dimension in by or ()], samples=bootstrap, seed=seed
    )
    for note in result.notes:
        sys.stderr.write(f"note: {note}\n")
    if json:
        typer.echo(json_module.dumps(result.to_dict(), ensure_ascii=False, indent=1))
    else:
        show(result.tables())
