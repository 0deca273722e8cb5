"""``depparse pack``, which joins a model and a segmenter to one small folder, or makes a package of a model."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from depparse.cli.printing import say
from depparse.errors import ConfigError

_VERSION = "1.0"


def pack(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The folder of a model or of the run that made it, or its name.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="The folder to write; of a wheel, the folder it gets into."),
    ],
    segmenter: Annotated[
        str | None,
        typer.Argument(metavar="SEGMENTER", help="The folder of a segmenter; by default the model keeps its own."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="How to store weights: float32, float16 (half the size), int8 (a quarter); by default as MODEL does.",
        ),
    ] = None,
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
    wheel: Annotated[
        bool,
        typer.Option("--wheel", help="Write a wheel, which pip installs and depparse then finds by the model's name."),
    ] = False,
    package: Annotated[
        bool,
        typer.Option("--package", help="Write a folder that is both a model and the source of its package for pip."),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The model's name in the package; by default that of MODEL's folder or, with --package, of DIR.",
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help=f"The version of the package; by default {_VERSION}.")
    ] = None,
) -> None:
    """Make one small folder of a model to give on, if you like with the segmenter of another model, or a package.

    With --wheel or --package, a folder that was packed before is taken as it is, unless an option changes the model.

    Example: [green]depparse pack runs/ewt runs/ewt-segmenter -o en --weights int8 --card card.md[/green]

    A package: [green]depparse pack runs/ewt -o dist --wheel --name english[/green], then
    [green]pip install dist/*.whl[/green]
    """
    from depparse.files import read_text
    from depparse.model_folder.description import describe
    from depparse.model_folder.find import short_name
    from depparse.model_folder.package import Package
    from depparse.model_folder.weights import as_weights
    from depparse.packing import pack, pack_package

    for option, value in (("--name", name), ("--version", version)):
        if value is not None and not (wheel or package):
            raise ConfigError(f"{option} is that of a package; give --wheel or --package too")
    if wheel and package:
        raise ConfigError("--wheel writes a file and --package a folder; give one of them")
    change = partial(
        pack,
        model,
        segmenter,
        weights=as_weights(weights) if weights is not None else None,
        without=without,
        card=read_text(card) if card is not None else "",
        command=shlex.join(["depparse", *sys.argv[1:]]),
        score=score or (),
    )
    if not (wheel or package):
        change(output=output)
        description = describe(output)
        say(f"{output}: {description.parameters:,} parameters, {description.size:,} bytes")
        return
    of_model = Package.of(short_name(model if wheel else output) if name is None else name, version or _VERSION)
    is_changed = segmenter is not None or weights is not None or card is not None or bool(without or score)
    path = pack_package(model, output, of_model, wheel=wheel, change=change if is_changed else None)
    say(f"{path}: a package for pip, {of_model.name} {of_model.version}, with the model {of_model.model}")


COMMAND = pack
