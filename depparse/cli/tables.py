"""Tables: drawn on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from depparse.evaluation.tables import Table

_FOLDED = 12  # characters: columns of text are not folded to less


def show(tables: Sequence[Table]) -> None:
    """All tables on standard output; the first column to the left, numbers to the right."""
    if not sys.stdout.isatty():
        typer.echo("\n\n".join(map(str, tables)))
        return
    for table in tables:
        draw(table, numbers=True)


def draw(table: Table, *, numbers: bool) -> None:
    """One table on a terminal. Numbers are never cut off: where they have no room, the table is plain text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console()
    title = Text(table.title, "bold") if table.title else None
    drawn = RichTable(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True
    )
    for place, column in enumerate(table.columns):
        longest = max(len(cell) for cell in (column, *(row[place] for row in table.rows)))
        if numbers and place > 0:
            drawn.add_column(Text(column), justify="right", no_wrap=True, min_width=longest)
        else:
            keep = longest if place == 0 and not numbers else min(longest, _FOLDED)
            drawn.add_column(Text(column), overflow="fold", min_width=keep)
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    needed = console.measure(drawn, options=console.options.update(width=10_000)).minimum
    if needed > console.width:
        typer.echo(str(table))
    else:
        console.print(drawn)
        console.print()
