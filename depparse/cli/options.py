"""Options that several commands have, with one name and one meaning each."""

from __future__ import annotations

from typing import Annotated

import typer

Source = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FORMAT", help="Format of the input: text, conllu …; by default from the file's ending."
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="FORMAT", help="Format of the output: conllu, json …; by default from the ending of --output."
    ),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="The device that runs the model: cpu, cuda, mps …")]
Runtime = Annotated[
    str,
    typer.Option(
        metavar="LIBRARY",
        help="The library that computes the networks: openvino or torch; by default openvino where it can.",
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        metavar="PRECISION",
        help="How openvino computes: fp32, bf16 or int8; by default the fastest for models with rounded weights.",
    ),
]
