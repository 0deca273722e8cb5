"""A command."""

from __future__ import annotations

from typing import Annotated

import typer


def references(
    file: Annotated[str, typer.Argument(help="A file of any format, which its ending tells.")],
) -> None:
    """List the words that refer to other words.

    Example: [green]depparse references parsed.conllu[/green]
    """
    from depparse.formats.table import iter_sentences

    for sentence in iter_sentences(file):
        for item in sentence.annotation("references"):
            word, antecedent = (sentence.words[id - 1].text for id in (item.word, item.antecedent))
            typer.echo(f"{sentence.sent_id}\t{word}\t{antecedent}")
