"""All output of the commands besides data and tables: no control character of a foreign file reaches a terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer

from depparse.printable import clean, one_line


def say(text: str, prefix: str = "") -> None:
    """Writes lines to standard output, behind a `prefix` that may be styled for a terminal."""
    typer.echo(prefix + clean(text, kept="\n\t"))


def note(text: str) -> None:
    """Writes a line to standard error."""
    sys.stderr.write(f"{one_line(text)}\n")


def say_json(data: Any) -> None:
    """Writes the data as JSON to standard output; characters that a terminal would obey are escaped there."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if clean(text, kept="\n") != text:
        text = "".join(char if clean(char, kept="\n") == char else json.dumps(char)[1:-1] for char in text)
    typer.echo(text)
