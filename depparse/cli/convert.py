"""``depparse convert``, which converts between all formats."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Output, Source, Target
from depparse.cli.printing import note
from depparse.errors import ConfigError

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


def convert(
    file: Annotated[str, typer.Argument(help="The file to read, or - for standard input.")],
    source: Source = None,
    target: Target = None,
    output: Output = "-",
    join: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Add the entities, constituents or roles of this file to the sentences with the same words.",
        ),
    ] = None,
    join_from: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Format of the file of --join; by default from its ending.")
    ] = None,
    wrap: Annotated[
        int | None,
        typer.Option(
            metavar="WIDTH", help="With --to text: break it into lines of at most WIDTH characters, as in UD releases."
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="With --to text: write the spacing of the original text, if the file tells it."),
    ] = False,
) -> None:
    """Convert between formats, and join a treebank with entities, constituents or roles.

    Formats: [b]FORMATS[/b].

    Example: [green]depparse convert en_ewt-ud-dev.conllu --to text --wrap 80 -o dev.txt[/green]
    """
    from depparse.formats import table as formats
    from depparse.text.wrap import write_exact_text, write_text

    if source is None and file == "-":
        raise ConfigError("say the format of standard input: --from FORMAT")
    if target is None and output == "-":
        raise ConfigError("say the format to write: --to FORMAT, or --output FILE")
    source, target = source or formats.guess_format(file), target or formats.guess_format(output)
    for name in (source, target):
        formats.get_format(name)
    if wrap is not None and target != "text":
        raise ConfigError(f"--wrap goes with --to text, not with --to {target}")
    if wrap is not None and wrap < 1:
        raise ConfigError(f"--wrap is a number of characters, at least 1, not {wrap}")
    if exact and target != "text":
        raise ConfigError(f"--exact goes with --to text, not with --to {target}")
    if exact and wrap is not None:
        raise ConfigError("--exact keeps the lines as they were and --wrap breaks them anew; give one of them")
    if target == "parquet" and output == "-":
        raise ConfigError("Parquet is written to a file; name it by --output FILE.parquet")
    if join_from is not None and join is None:
        raise ConfigError("--join-from goes with --join; give both or neither")
    if join is not None:
        if join == file == "-":
            raise ConfigError("only one of the files can be standard input (-)")
        if join == "-" and join_from is None:
            raise ConfigError("say the format of standard input: --join-from FORMAT")
        formats.get_format(join_from := join_from or formats.guess_format(join))
    if output != "-" and Path(output).is_dir():
        raise ConfigError(f"--output {output} is a folder; name a file")
    sentences: Iterable[Sentence]
    if join is not None:
        sentences = _joined(file, source, join, join_from)
    else:
        sentences = _read(file, source, target)
    if target == "text" and exact:
        write_exact_text(sentences, output)
    elif target == "text":
        write_text(sentences, output, wrap)
    else:
        formats.write(sentences, output, target)


def _with_formats(text: str) -> str:
    """The help with the names of all formats, those of other packages too."""
    from depparse.formats.table import format_names

    return text.replace("FORMATS", " ".join(format_names()))


convert.__doc__ = _with_formats(convert.__doc__ or "")
COMMAND = convert


def _read(file: str, source: str, target: str) -> Iterable[Sentence]:
    from depparse.cli.progress import progress
    from depparse.formats import table as formats

    if formats.get_format(target).names_columns and source != "conllu":
        # The output names its columns first, and they are only known when all sentences are read.
        return formats.read(file, source)
    return _noting_losses(progress(formats.iter_sentences(file, source), "sentences"), target)


def _joined(file: str, source: str, join: str, join_from: str | None) -> Iterable[Sentence]:
    from depparse.formats import table as formats
    from depparse.treebanks.join import join as join_documents

    document = formats.read(file, source)
    report = join_documents(document, formats.iter_sentences(join, join_from))
    for problem in report.unjoined:
        note(f"not joined: {problem}")
    note(f"joined {report.joined} of {len(document)} sentences of {os.path.basename(file)}")
    return document


def _noting_losses(sentences: Iterable[Sentence], target: str) -> Iterator[Sentence]:
    """The sentences. In the end it says on standard error which columns the format could not hold."""
    from depparse.formats.table import get_format

    format = get_format(target)
    lost_columns: dict[str, None] = {}
    for sentence in sentences:
        lost_columns |= dict.fromkeys(format.lost(sentence))
        yield sentence
    if lost_columns:
        name = format.description
        note(f"note: {name} has no place for {', '.join(lost_columns)}; convert to conllup to keep them")
