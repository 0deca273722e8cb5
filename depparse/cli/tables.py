"""Output of tables, drawn on a terminal and as plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from depparse.cli.printing import say
from depparse.evaluation.tables import Table
from depparse.printable import clean

_FOLDED = 12  # characters: columns of text are not folded to fewer


def show(tables: Sequence[Table]) -> None:
    """Writes all tables to standard output, with the first column left-aligned and numbers right-aligned."""
    tables = list(map(cleaned, tables))
    if not sys.stdout.isatty():
        say("\n\n".join(map(str, tables)))
        return
    for table in tables:
        draw(table, numbers=True)


def cleaned(table: Table) -> Table:
    """The table without control characters: its cells may come from a foreign file or model."""
    rows = [tuple(map(clean, row)) for row in table.rows]
    return Table(clean(table.title), tuple(map(clean, table.columns)), rows)


def draw(table: Table, *, numbers: bool) -> None:
    """Draws one table on a terminal. If numbers do not fit, the table is plain text, because they must not be cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console()
    title = Text(table.title, "bold") if table.title else None
    rich_table = RichTable(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True
    )
    for index, column in enumerate(table.columns):
        longest = max(len(cell) for cell in (column, *(row[index] for row in table.rows)))
        if numbers and index > 0:
            rich_table.add_column(Text(column), justify="right", no_wrap=True, min_width=longest)
        else:
            min_width = longest if index == 0 and not numbers else min(longest, _FOLDED)
            rich_table.add_column(Text(column), overflow="fold", min_width=min_width)
    for row in table.rows:
        rich_table.add_row(*map(Text, row))
    needed_width = console.measure(rich_table, options=console.options.update(width=10_000)).minimum
    if needed_width > console.width:
        say(f"{table}\n")
    else:
        console.print(rich_table)
        console.print()
