"""``depparse experiment``, which does all runs of a study and compares them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Json
from depparse.cli.printing import note, say_json
from depparse.cli.tables import show

if TYPE_CHECKING:
    from depparse.training.records import Record


def experiment(
    recipes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE…", help="Bundled recipes or TOML files. Folders among them are treebanks, so UD_* works."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The study's folder.")] = Path(
        "runs/study"
    ),
    treebanks: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDER…", help="Treebanks, folders or files; may be given several times."),
    ] = None,
    sizes: Annotated[
        str,
        typer.Option(
            metavar="N,N",
            help="Train on so many sentences, those of smaller sizes being among them; all is a size too.",
        ),
    ] = "",
    folds: Annotated[
        int | None,
        typer.Option(metavar="K", help="Cut treebanks without train, dev or test into K parts, each tested once."),
    ] = None,
    seeds: Annotated[
        str, typer.Option(metavar="N,N", help="Train once with each of these seeds; by default with 1.")
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key of all recipes, such as training.epochs=10."),
    ] = None,
    of: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Score the gold words that this pattern finds too; see docs/query.md."),
    ] = None,
    metrics: Annotated[
        str, typer.Option(metavar="NAMES", help="Compute only these metrics, such as LAS,UPOS; see docs/evaluation.md.")
    ] = "",
    raw: Annotated[
        bool, typer.Option("--raw", help="Analyse the raw text of the test data instead of its words.")
    ] = False,
    keep_models: Annotated[
        bool, typer.Option("--keep-models", help="Keep the trained models; by default only their predictions.")
    ] = False,
    json: Json = False,
) -> None:
    """Train recipes on treebanks, with several seeds, data sizes and folds, and compare what comes out.

    The plan is checked before anything is trained. Run the same command again to go on after an interrupt, and with
    more recipes, treebanks, sizes or seeds to add runs. With --output alone, a begun study goes on.

    Example: [green]depparse experiment small recurrent --treebanks UD_French-Sequoia --seeds 1,2,3[/green]

    Learning curves: [green]depparse experiment small --treebanks UD_French-Sequoia --sizes 100,500,all[/green]

    Cross-validation: [green]depparse experiment small --treebanks UD_Kazakh-KTB --folds 10[/green]
    """
    from depparse.cli.screen import Screen
    from depparse.experiments.experiment import experiment as run_experiment

    given = recipes or []
    command = shlex.join(["depparse", *sys.argv[1:]])
    try:
        with Screen() as screen:
            results = run_experiment(
                [name for name in given if not os.path.isdir(name)],
                treebanks=[*(treebanks or []), *(name for name in given if os.path.isdir(name))],
                output=output,
                sizes=sizes,
                folds=folds,
                seeds=seeds,
                set=set_ or [],
                of=of or [],
                metrics=metrics,
                raw=raw,
                keep_models=keep_models,
                listen=None if json else _brief(screen),
                command=command,
            )
    except (KeyboardInterrupt, SystemExit) as stop:
        code = 130 if isinstance(stop, KeyboardInterrupt) else stop.code
        if not code:
            raise
        note(f"interrupted; go on with: {command}")
        raise typer.Exit(code if isinstance(code, int) else 1) from None
    if json:
        say_json(results.to_dict())
    else:
        show(results.tables())


def _brief(screen: Callable[[Record], None]) -> Callable[[Record], None]:
    """Shows the records of many runs without the scores of each epoch, and each finding about data once."""
    told: set[str] = set()

    def listen(record: Record) -> None:
        from depparse.training.records import Began, Done, Scored

        if isinstance(record, Began):
            new = [finding for finding in record.findings if finding not in told]
            told.update(new)
            screen(replace(record, findings=new))
        elif not isinstance(record, (Scored, Done)):
            screen(record)

    return listen


COMMAND = experiment
