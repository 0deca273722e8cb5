"""``depparse train``: a model from a recipe and treebanks."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from depparse.training.run import Record

_SHOWN = ("UPOS", "UFeats", "Lemmas", "UAS", "LAS")


def train(
    recipe: Annotated[str, typer.Argument(help="A TOML file, or the name of a recipe that comes with depparse.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The run's folder.")] = Path(
        "runs/model"
    ),
    train_files: Annotated[
        list[str] | None, typer.Option("--train", metavar="FILE", help="Training data; may be given several times.")
    ] = None,
    dev: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Chooses the model that is kept; of several, by the mean.")
    ] = None,
    test: Annotated[list[str] | None, typer.Option(metavar="FILE", help="Scored once, at the end.")] = None,
    treebank: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="A UD folder, whose splits are used; may be given several times."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Overrides the recipe: training.epochs=10.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="The same seed gives the same model.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --output.")] = False,
) -> None:
    """Train a model; the best on dev is kept in DIR/model, with a card that says what it is.

    Example: [green]depparse train recurrent --treebank UD_French-Sequoia --output runs/sequoia[/green]
    """
    from depparse import pipeline

    pipeline.train(
        recipe,
        treebank=treebank or [],
        train=train_files or [],
        dev=dev or [],
        test=test or [],
        output=output,
        set=set_ or [],
        seed=seed,
        resume=resume,
        listen=_Screen(),
        command=shlex.join(["depparse", *sys.argv[1:]]),
    )


class _Screen:
    """Shows a run: a line of progress on a terminal, a row of dev scores after each evaluation."""

    def __init__(self) -> None:
        self._last = 0.0
        self._header = False
        self._words = 0
        self._begin = time.monotonic()

    def __call__(self, record: Record) -> None:
        from depparse.training.loop import Step
        from depparse.training.run import Began, Done, Estimate

        if isinstance(record, Began):
            for finding in record.findings:
                sys.stderr.write(f"{finding}\n")
            if record.sentences:
                typer.echo(f"{record.sentences:,} sentences, {record.words:,} words, {record.parameters:,} parameters")
        elif isinstance(record, Step):
            self._words += record.words
            now = time.monotonic()
            if sys.stderr.isatty() and now - self._last > 0.3:
                self._last = now
                left = record.seconds / record.step * (record.steps - record.step)
                losses = " ".join(f"{name} {loss:.2f}" for name, loss in record.losses.items())
                rate = self._words / (now - self._begin)
                sys.stderr.write(
                    f"\r\x1b[Kepoch {record.epoch}, step {record.step:,} of {record.steps:,}, {rate:,.0f} words/s, "
                    f"{left / 60:.0f} min left; loss {losses}"
                )
                sys.stderr.flush()
        elif isinstance(record, Estimate):
            self._clear()
            typer.echo(f"about {record.seconds / 60:.0f} minutes to go")
        elif isinstance(record, Done):
            self._clear()
            for name, scores in record.tests.items():
                typer.echo("test   " + "".join(f"{100 * scores[metric].f1:8.2f}" for metric in _SHOWN) + f"  {name}")
            typer.echo(f"{record.minutes:.1f} minutes; the model is in {record.folder}")
        else:
            self._clear()
            if not self._header:
                typer.echo("epoch  " + "".join(name.rjust(8) for name in _SHOWN) + "  minutes")
                self._header = True
            row = "".join(f"{100 * record.scores[name].f1:8.2f}" for name in _SHOWN)
            best = " *" if record.evaluation.improved else ""
            typer.echo(f"{record.evaluation.epoch:5}  {row}{record.evaluation.seconds / 60:9.1f}  {record.name}{best}")

    @staticmethod
    def _clear() -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
