"""``depparse diff``, which shows where analyses differ."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from depparse.cli.options import Json, Output
from depparse.errors import ConfigError
from depparse.printable import draws_color


def diff(
    gold: Annotated[str, typer.Argument(metavar="GOLD", help="The analysis to compare with.")],
    systems: Annotated[list[str], typer.Argument(metavar="SYSTEM…", help="One or several other analyses.")],
    kind: Annotated[
        str,
        typer.Option(
            metavar="KINDS",
            help="Only these: words, sentences, head, label, upos, xpos, feats, lemma, graph, entities, roles.",
        ),
    ] = "",
    relation: Annotated[str, typer.Option(metavar="NAMES", help="Only at words with these relations.")] = "",
    upos: Annotated[str, typer.Option(metavar="TAGS", help="Only at words with these gold tags.")] = "",
    word: Annotated[str, typer.Option(metavar="FORMS", help="Only at these words, in any case.")] = "",
    min_words: Annotated[int, typer.Option(metavar="N", min=0, help="Only sentences of at least N words.")] = 0,
    max_words: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Only sentences of at most N words.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--first", "-n", metavar="N", min=1, help="Show only the first N sentences.")
    ] = None,
    worst: Annotated[bool, typer.Option("--worst/--in-order", help="Sentences with most differences first.")] = True,
    summary: Annotated[bool, typer.Option("--summary", help="Show only the numbers of differences.")] = False,
    agreement: Annotated[
        bool,
        typer.Option(
            "--agreement", help="Show how far annotators agree: kappa of tags and labels, UAS, LAS, by relation."
        ),
    ] = False,
    json: Json = False,
    output: Output = "-",
    color: Annotated[
        bool | None,
        typer.Option("--color/--no-color", help="Use colour; by default on a terminal unless NO_COLOR is set."),
    ] = None,
) -> None:
    """Show where analyses of the same text differ: words, heads, labels, tags, graphs, entities, roles.

    Sentences and words may be split otherwise; then the whole piece of text is compared.
    What one side does not annotate at all is not compared.
    With an --output that ends with .html, a page has the trees too. With --agreement, each pair of files is compared.

    Examples: [green]depparse diff gold.conllu system.conllu --kind head,label --upos NOUN[/green],
    [green]depparse diff gold.conllu one.conllu other.conllu -o differences.html[/green]
    """
    from dataclasses import replace

    from depparse.cli.printing import note, say_json
    from depparse.cli.tables import show
    from depparse.evaluation.differences import diff as find
    from depparse.files import open_output

    ending = os.path.splitext(output)[1].lower()
    if (json or summary) and output != "-":
        name = "--json" if json else "--summary"
        raise ConfigError(f"{name} goes to standard output; write: {name} > FILE")
    if agreement:
        if summary or output != "-" or kind or relation or upos or word or min_words or max_words or first:
            raise ConfigError("--agreement is about all words of all files; it goes with --json alone")
        _show_agreement([gold, *systems], json)
        return
    if json and summary:
        raise ConfigError("give either --json, which has all, or --summary, which has tables")
    if ending in (".svg", ".png", ".pdf", ".json", ".conllu"):
        raise ConfigError(f"differences are written as lines or as a page (.html), not as {ending}")
    differences = find(gold, *systems).filter(
        kind=kind, relation=relation, upos=upos, word=word, min_words=min_words, max_words=max_words
    )
    if not differences.passages:
        note(f"note: {differences.compared:,} sentences are compared in {', '.join(differences.kinds)}; none differs")
    if worst:
        differences = differences.worst_first()
    if summary:
        show(differences.tables())
        return
    differences = replace(differences, passages=differences.passages[:first])
    if json:
        say_json(differences.to_dict())
        return
    from depparse.visualize.differences import draw_differences, draw_lines

    if color is None:
        color = output == "-" and draws_color(sys.stdout)
    is_page = ending in (".html", ".htm")
    pieces = draw_differences(differences, width=1200) if is_page else draw_lines(differences, color=color)
    with open_output(output, drawn=True) as out:
        for piece in pieces:
            out.write(piece)


def _show_agreement(files: list[str], json: bool) -> None:
    """Shows the agreement of each two files."""
    from itertools import combinations

    from depparse.cli.printing import say_json
    from depparse.cli.tables import show
    from depparse.evaluation.agreement import agreement

    results = [agreement(one, other) for one, other in combinations(files, 2)]
    if json:
        say_json([result.to_dict() for result in results])
    else:
        show([table for result in results for table in result.tables()])


COMMAND = diff
