"""``depparse parse``: annotates files with a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from depparse.data.sentence import Sentence


def parse(
    model: Annotated[str, typer.Option("--model", "-m", metavar="DIR", help="A model folder.")],
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILES]...", help="By default standard input.")] = None,
    source: Annotated[str | None, typer.Option("--from", metavar="FORMAT", help="Told by the ending.")] = None,
    target: Annotated[str | None, typer.Option("--to", metavar="FORMAT", help="Told by the ending.")] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")] = "-",
    keep: Annotated[str, typer.Option(metavar="COLUMNS", help="Columns to leave as they are: upos,lemma.")] = "",
) -> None:
    """Predict what the model predicts; everything else in the file goes through untouched.

    Example: [green]depparse parse text.conllu --model runs/sequoia -o parsed.conllu[/green]
    """
    from depparse.cli.progress import progress
    from depparse.data import formats
    from depparse.pipeline import load

    paths = files or ["-"]
    target = target or formats.guess_format(output, "conllu")
    formats.get_format(target)
    pipeline = load(model)

    def read() -> Iterator[Sentence]:
        for path in paths:
            yield from formats.iter_sentences(path, source or formats.guess_format(path, "conllu"))

    columns = [name for name in keep.replace(",", " ").split() if name]
    formats.write(progress(pipeline.pipe(read(), keep=columns), "sentences"), output, target)
