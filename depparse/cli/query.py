"""``depparse corpora query``, which searches treebanks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Json
from depparse.cli.printing import note, say, say_json
from depparse.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence
    from depparse.treebanks.query.files import FileSearch
    from depparse.treebanks.query.search import Match


def query(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE|DIR...", help="Files of any format but text, folders of CoNLL-U files, or -."),
    ],
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="What to search for; the syntax is that of Grew: docs/query.md.")
    ],
    count: Annotated[bool, typer.Option("--count", help="Print only the number of matches.")] = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help="Count by a feature of a match: X.lemma, e.label, delta(X,Y), { X << Y }. Two make a cross table.",
        ),
    ] = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Print one line for each match: place, sentence, names, text, by tabs.")
    ] = False,
    conllu: Annotated[
        bool, typer.Option("--conllu", help="Print the sentences with matches as CoNLL-U, with comments # match.")
    ] = False,
    json: Json = False,
    html: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a page with drawings of the sentences with matches.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="At most N matches or, with --by, rows; default, all.")
    ] = None,
    width: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Greatest width of trees in columns, 0 for none.")
    ] = None,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw the arcs in ASCII.")] = False,
    color: Annotated[
        bool | None,
        typer.Option("--color/--no-color", help="Use colour; by default on a terminal unless NO_COLOR is set."),
    ] = None,
) -> None:
    """Search treebanks for words, relations, order and whatever else is annotated, and count what is found.

    Examples: [green]depparse corpora query treebanks/UD_English-EWT 'pattern { V -[nsubj]-> S; V << S }'[/green],
    [green]depparse corpora query *.conllu 'pattern { N -[amod]-> A }' --by '{ A << N }' --by N.upos[/green]
    """
    from depparse.treebanks.query.files import FileSearch, find_files
    from depparse.treebanks.query.search import parse_pattern
    from depparse.treebanks.query.view import FEATURES

    outputs = {"--count": count, "--lines": lines, "--conllu": conllu, "--html": html is not None}
    chosen = [name for name, is_chosen in outputs.items() if is_chosen]
    if len(chosen) > 1 or (chosen and (by or json)):
        others = [*chosen, *(["--by"] if by else []), *(["--json"] if json else [])]
        raise ConfigError(f"{others[0]} and {others[1]} do not go together; give one of them")
    if os.path.exists(pattern):
        raise ConfigError(f"the pattern stands behind the files, but {pattern} is a file: FILE… 'pattern {{ … }}'")
    search = FileSearch(find_files(paths), parse_pattern(pattern))
    if by:
        number = _count_by(search, by, json, limit)
    elif count:
        number = _count(search, limit)
        say(str(number))
    else:
        form = chosen[0] if chosen else "--json" if json else ""
        number = _print(search, form, limit, html, width, ascii, color)
    for name in search.pattern.doubtful_features() if not number else ():
        note(f"note: {name} is no column, so it was searched for in FEATS and MISC; {did_you_mean(name, FEATURES)}")


def _print(
    search: FileSearch,
    form: str,
    limit: int | None,
    html: str | None,
    width: int | None,
    ascii: bool,
    color: bool | None,
) -> int:
    """Prints the matches in the chosen form, and returns their number."""
    from depparse.files import open_output

    tally = [0, 0]  # matches and sentences
    found = _limited(search, limit, tally)
    if form == "--json":
        records = [match.to_dict() for matches in found for match in matches]
        say_json({"pattern": search.pattern.text, "sentences": search.sentences, "matches": records})
        return len(records)
    if form == "--html" and html is not None:
        from depparse.visualize.hits import draw_page

        pieces = draw_page(search.pattern, found, width=1200 if width is None else width or None)
    elif form == "--conllu":
        pieces = (_marked(matches).to_conllu() for matches in found)
    elif form == "--lines":
        pieces = (_line(match) for matches in found for match in matches)
    else:
        pieces = _drawn(found, width, ascii, color)
    with open_output(html or "-", drawn=form == "") as out:
        for piece in pieces:
            out.write(piece)
    beyond = "; --limit ends the search" if limit is not None and tally[0] >= limit else ""
    matches = f"{tally[0]:,} match{'' if tally[0] == 1 else 'es'}"
    note(f"{matches} in {tally[1]:,} of {search.sentences:,} sentences{beyond}")
    return tally[0]


def _limited(search: Iterable[list[Match]], limit: int | None, tally: list[int]) -> Iterator[list[Match]]:
    """The matches by sentence, at most `limit` of them; `tally` counts matches and sentences."""
    for matches in search:
        shown = matches if limit is None else list(islice(matches, limit - tally[0]))
        tally[0] += len(shown)
        tally[1] += 1
        yield shown
        if tally[0] == limit:
            return


def _drawn(found: Iterable[list[Match]], width: int | None, ascii: bool, color: bool | None) -> Iterator[str]:
    from depparse.visualize.hits import draw_lines

    on_terminal = sys.stdout.isatty()
    if color is None:
        color = on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if width is None and on_terminal:
        width = shutil.get_terminal_size().columns
    for matches in found:
        yield draw_lines(matches, width=width or None, color=color, ascii=ascii) + "\n"


def _line(match: Match) -> str:
    from depparse.printable import one_line
    from depparse.visualize.hits import describe

    sentence = match.sentence
    cells = (sentence.place or "", sentence.sent_id or "", describe(match), sentence.text)
    return "\t".join(map(one_line, cells)) + "\n"


def _marked(matches: list[Match]) -> Sentence:
    """A copy of the sentence with a comment for each match."""
    from depparse.visualize.hits import describe

    sentence = matches[0].sentence.copy()
    sentence.comments += [f"# match = {describe(match)}".rstrip() for match in matches]
    return sentence


def _count(search: FileSearch, limit: int | None) -> int:
    """The number of matches, at most `limit`, where the search ends."""
    number = 0
    for count in search.counts():
        number += count
        if limit is not None and number >= limit:
            return limit
    return number


def _count_by(search: FileSearch, keys: list[str], json: bool, limit: int | None) -> int:
    """Prints a table of counts, and returns the number of matches."""
    from depparse.cli.tables import show
    from depparse.evaluation.tables import Table
    from depparse.treebanks.query.counts import Counts

    counts = Counts(search.pattern, keys)
    for matches in search:
        counts.add(matches)
    if json:
        say_json({"pattern": search.pattern.text, "sentences": search.sentences} | counts.to_dict(limit))
    else:
        show([Table(f"{counts.total:,} matches in {search.sentences:,} sentences", *counts.table(limit))])
    return counts.total
