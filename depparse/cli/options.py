"""Options that several commands have: one name, one meaning."""

from __future__ import annotations

from typing import Annotated

import typer

Source = Annotated[
    str | None,
    typer.Option("--from", metavar="FORMAT", help="The format that is read: text, conllu …; told by the ending."),
]
Target = Annotated[
    str | None,
    typer.Option("--to", metavar="FORMAT", help="The format to write: conllu, json …; told by the ending of --output."),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="Where the model runs: cpu, cuda, mps …")]
