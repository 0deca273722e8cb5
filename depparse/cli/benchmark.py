"""``depparse benchmark``, which measures the speed of a model."""

from __future__ import annotations

from typing import Annotated

import typer

from depparse.cli.options import Device, Json, Precision, Runtime
from depparse.cli.printing import say, say_json
from depparse.printable import clean


def benchmark(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="The name of a model such as en, its folder, or that of its run."),
    ],
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="A file of raw text, or -; by default a built-in text.")
    ] = None,
    words: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Words of the built-in text; by default 5000.")
    ] = None,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, help="Processes that measure, one after another.")] = 3,
    threads: Annotated[int, typer.Option(metavar="N", min=1, help="Threads that compute.")] = 1,
    without: Annotated[
        str, typer.Option(metavar="PARTS", help="Parts to switch off, such as enhanced,srl; depparse info names them.")
    ] = "",
    device: Device = "cpu",
    runtime: Runtime = "auto",
    precision: Precision = "auto",
    json: Json = False,
) -> None:
    """Measure a model on this machine: words a second, start-up, memory, and where the time goes.

    Each round is a new process that starts, loads the model, analyses a first sentence and parses the text once.
    Words a second are from the text in a file to CoNLL-U in a file, without the start-up.
    The last round parses the text once more, for the profile by stage.

    Processor time is user and system time of all threads; other programs disturb it little.
    Clock time is what you wait.
    The built-in text repeats the sentences of a sample; a text of your own says more.

    Example: [green]depparse benchmark en[/green]

    Trees alone, on a text of yours: [green]depparse benchmark en letter.txt --without enhanced,srl[/green]

    Two threads, as JSON: [green]depparse benchmark en --threads 2 --json[/green]

    What full precision costs: [green]depparse benchmark en --precision fp32[/green]
    """
    from depparse.cli.progress import Line
    from depparse.cli.tables import show
    from depparse.inference.benchmark import measure

    options = {"device": device, "runtime": runtime, "precision": precision}
    with Line() as line:
        measured = measure(
            model, text, words=words, rounds=rounds, threads=threads, without=without, say=line, **options
        )
    if json:
        say_json(measured.to_dict())
        return
    facts = measured.facts()
    width = max(map(len, facts)) + 2
    say("\n".join(clean(f"{name.ljust(width)}{value}") for name, value in facts.items()) + "\n")
    show(measured.tables())


COMMAND = benchmark
