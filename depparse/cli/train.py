"""``depparse train``, which trains a model by a recipe."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from depparse.cli.printing import note


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A bundled recipe (recurrent, small, bilstm, transformer, multilingual, large, adapters, transitions, "
            "sequence_labels, agreement, constituents, constituent_labels, ner, srl, joint, segmenter, demo) or a "
            "TOML file."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The run's folder.")] = Path(
        "runs/model"
    ),
    train_files: Annotated[
        list[str] | None, typer.Option("--train", metavar="FILE", help="Training data; may be given several times.")
    ] = None,
    dev: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Data that chooses the best model, by the mean score if there are several files."
        ),
    ] = None,
    test: Annotated[list[str] | None, typer.Option(metavar="FILE", help="Data to score once, at the end.")] = None,
    treebank: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="A UD folder whose splits to use; may be given several times."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the recipe, such as training.epochs=10."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Begin with this trained model, which learns the recipe's tasks as well."),
    ] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Train only the recipe's tasks; all else of --base stays as it is.")
    ] = False,
    teacher: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Learn from what this model thinks of the data; several are averaged."),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Text that nobody has annotated, to learn from it what --teacher thinks."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of random numbers; the same seed gives the same model.")
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(
            metavar="N,N",
            help="Train once with each of these seeds, in DIR/seed-N; show mean and spread of the scores.",
        ),
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Resume the run in --output.")] = False,
) -> None:
    """Train a pipeline from raw text to trees; the model with the best dev score is kept in DIR/model.

    The data is checked first, and after a few steps an estimate of the time is shown.
    Resume an interrupted run with --resume.

    Example: [green]depparse train recurrent --treebank UD_French-Sequoia --output runs/sequoia[/green]

    Entities for a trained parser: [green]depparse train ner --base en --freeze --train FILE --dev FILE[/green]

    Three seeds: [green]depparse train recurrent --treebank UD_French-Sequoia --seeds 1,2,3 --output runs/seeds[/green]

    A small model of a large one: [green]depparse train recurrent --treebank DIR --teacher MODEL --text FILE[/green]

    Another encoder: [green]depparse train transformer --treebank DIR --set model.encoder.inputs.0.name=FOLDER[/green]
    """
    from depparse.cli.screen import Screen
    from depparse.training.train import train as train_pipeline

    processes = os.environ.get("WORLD_SIZE", "1")
    several = ["torchrun", "--nproc_per_node", processes, "-m"] if processes != "1" else []
    command = shlex.join([*several, "depparse", *sys.argv[1:]])
    try:
        with Screen() as screen:
            train_pipeline(
                recipe,
                treebank=treebank or [],
                train=train_files or [],
                dev=dev or [],
                test=test or [],
                output=output,
                set=set_ or [],
                base=base,
                freeze=freeze,
                teacher=teacher or [],
                text=text or [],
                seed=seed,
                seeds=seeds,
                resume=resume,
                listen=screen,
                command=command,
            )
    except (KeyboardInterrupt, SystemExit) as stop:
        from depparse.training.prepare import is_begun

        code = 130 if isinstance(stop, KeyboardInterrupt) else stop.code
        if os.environ.get("RANK", "0") != "0" or not code:
            raise
        resume_command = command if resume else f"{command} --resume"
        begun = is_begun(output) or any(map(is_begun, output.glob("seed-*")))
        advice = f"go on with: {resume_command}" if begun else "no checkpoint had been written yet: begin again"
        note(f"interrupted; {advice}")
        raise typer.Exit(code if isinstance(code, int) else 1) from None


COMMAND = train
