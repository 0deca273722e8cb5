"""``depparse plot``, which draws the curves of training runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depparse.cli.printing import say


def plot(
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help="Folders of runs, or of runs with several seeds.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The picture: .svg, .png or .pdf.")
    ] = "curves.svg",
    metrics: Annotated[
        str, typer.Option(metavar="NAMES", help="Scores to draw, such as LAS,UPOS; by default the usual ones.")
    ] = "",
    segmenter: Annotated[bool, typer.Option("--segmenter", help="Draw the training of the segmenters.")] = False,
) -> None:
    """Draw dev scores and losses of training runs by epoch, several runs over each other.

    A run may still be going on.

    Examples: [green]depparse plot runs/ewt[/green],
    [green]depparse plot runs/a runs/b runs/c --metrics LAS -o compared.png[/green]
    """
    from depparse.visualize.curves import draw_curves, draw_runs, find_logs

    logs = find_logs(runs, "segmenter.jsonl" if segmenter else "metrics.jsonl")
    names = metrics.replace(",", " ").split()
    if len(logs) == 1 and not names:
        draw_curves(next(iter(logs.values())), Path(output))
    else:
        draw_runs(logs, Path(output), names)
    say(f"{output}: {', '.join(logs)}")


COMMAND = plot
