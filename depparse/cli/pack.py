"""``depparse pack``, which joins a model and a segmenter to one small folder."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from depparse.cli.printing import say


def pack(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The folder of a model, or of the run that made it.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")],
    segmenter: Annotated[
        str | None,
        typer.Argument(metavar="SEGMENTER", help="The folder of a segmenter; by default the model keeps its own."),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(metavar="TYPE", help="How to store weights: float32, float16 (half the size), int8 (a quarter)."),
    ] = "float32",
    without: Annotated[str, typer.Option(metavar="TASKS", help="Tasks to leave out, such as lemmatizer,tagger.")] = "",
    card: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Markdown for the head of the card: what the model is, its licence (## Licence), attribution.",
        ),
    ] = None,
    score: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Gold data to score the packed pipeline on. May be given several times."),
    ] = None,
) -> None:
    """Make one small folder of a model to give on, if you like with the segmenter of another model.

    Example: [green]depparse pack runs/ewt runs/ewt-segmenter -o en --weights int8 --card card.md[/green]
    """
    from depparse.files import read_text
    from depparse.model_folder.description import describe
    from depparse.model_folder.weights import as_weights
    from depparse.packing import pack

    pack(
        model,
        segmenter,
        output=output,
        weights=as_weights(weights),
        without=without,
        card=read_text(card) if card is not None else "",
        command=shlex.join(["depparse", *sys.argv[1:]]),
        score=score or (),
    )
    description = describe(output)
    say(f"{output}: {description.parameters:,} parameters, {description.size:,} bytes")


COMMAND = pack
