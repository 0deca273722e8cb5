"""``depparse doctor``, which says what is installed and what is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer

from depparse.cli.options import Json
from depparse.cli.printing import say, say_json


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Do not parse a sentence as a test.")] = False,
    json: Json = False,
) -> None:
    """Examine this installation: packages, engine, threads, memory, accelerators, models, caches, terminal.

    Problems stand first, each with what to do. The exit code is 1 if nothing can be parsed, else 0.
    Nothing is fetched and nothing is changed.

    Example: [green]depparse doctor[/green]

    For a report of a fault: [green]depparse doctor --json > doctor.json[/green]
    """
    from depparse.doctor import examine

    checkup = examine(quick=quick)
    if json:
        say_json(checkup.to_dict())
    else:
        say(str(checkup))
    if checkup.failed:
        raise typer.Exit(1)


COMMAND = doctor
