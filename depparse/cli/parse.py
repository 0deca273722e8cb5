"""``depparse parse``: annotates files with a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from depparse.data.sentence import Sentence


def parse(
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="MODEL", help="A bundled name such as en, a model's folder, or a hub id."),
    ],
    files: Annotated[list[str] | None, typer.Argument(metavar="FILES", help="By default standard input.")] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="By default told by the ending of the file.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", metavar="FORMAT", help="By default told by the ending of the file.")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")] = "-",
    keep: Annotated[
        str,
        typer.Option(metavar="COLUMNS", help="Columns whose values stay, such as upos,head; only _ in them is filled."),
    ] = "",
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Write HeadProb and LabelProb of each word into MISC.")
    ] = False,
    k_best: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="Write the K best trees, each as a sentence with its rank.")
    ] = None,
    treebank: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Annotate as in this one of the model's treebanks; by default the first."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="DEVICE", help="Of torch: cpu, cuda, mps …")] = "cpu",
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch a model USER/REPO from the Hugging Face hub if it is not there.")
    ] = False,
    revision: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a model of the hub: a branch, tag or commit.")
    ] = None,
) -> None:
    """Predict what the model predicts; everything else in the file goes through untouched.

    Example: [green]depparse parse text.conllu --model runs/sequoia -o parsed.conllu[/green]

    Complete the trees of a draft: [green]depparse parse draft.conllu --model runs/sequoia --keep head,deprel[/green]
    """
    from depparse.cli.progress import progress
    from depparse.data import formats
    from depparse.pipeline import load

    paths = files or ["-"]
    target = target or formats.guess_format(output, "conllu")
    formats.get_format(target)
    pipeline = load(model, device, fetch=fetch, revision=revision)

    def read() -> Iterator[Sentence]:
        for path in paths:
            yield from formats.iter_sentences(path, source or formats.guess_format(path, "conllu"))

    columns = [name for name in keep.replace(",", " ").split() if name]
    parsed = pipeline.pipe(read(), keep=columns, probabilities=probabilities, k_best=k_best, treebank=treebank)
    formats.write(progress(parsed, "sentences"), output, target)
