"""Tables: drawn on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from depparse.evaluation.tables import Table


def show(tables: Sequence[Table]) -> None:
    """All tables on standard output; the first column to the left, numbers to the right."""
    if not sys.stdout.isatty():
        typer.echo("\n\n".join(map(str, tables)))
        return
    for table in tables:
        draw(table, numbers=True)


def draw(table: Table, *, numbers: bool) -> None:
    """One table on a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    title = Text(table.title, "bold") if table.title else None
    drawn = RichTable(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for place, column in enumerate(table.columns):
        right = numbers and place > 0
        drawn.add_column(Text(column), justify="right" if right else "left", no_wrap=right or not place)
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)
