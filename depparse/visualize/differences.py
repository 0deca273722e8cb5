"""Differences between analyses, as lines for a terminal and as an HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rich.cells import cell_len

from depparse.evaluation.differences import Difference, Differences, Passage
from depparse.evaluation.tables import Table
from depparse.printable import clean, is_right_to_left
from depparse.visualize.content import content_of
from depparse.visualize.notebook import box
from depparse.visualize.page import HEAD
from depparse.visualize.shown import layers
from depparse.visualize.svg import svg_of
from depparse.visualize.terminal import styled

_FIRST, _WIDTH = 5, 900  # pieces of text that a notebook shows, and pixels of a tree
STYLE = """\
<style>table{border-collapse:collapse;margin:.5em 0 1em;display:block;overflow-x:auto}
th,td{text-align:start;padding:.15em .8em .15em 0;vertical-align:top;white-space:pre-wrap}
thead th{font-weight:600;border-bottom:1px solid currentColor}mark{background:none;color:#a3420a;font-weight:600}
.same{opacity:.6}details{margin:.5em 0}summary{cursor:pointer}section{margin-bottom:2.5em}
h1{font-size:1.3em}.passage h2{font-size:1.05em;margin:0 0 .3em;overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){mark{color:#f0a368}}@media print{section.passage{break-inside:avoid}}
</style>
"""


def draw_lines(differences: Differences, *, color: bool = False) -> Iterator[str]:
    """The differences of each passage below its text: word, kind, and what each side has."""
    for passage in differences.passages:
        n_words = len(passage.words)
        counted = f"{n_words} of {passage.length} words differ{'s' if n_words == 1 else ''}"
        yield styled(f"# {clean(passage.name)}  ({counted})", "dim", color) + "\n"
        yield styled(clean(passage.text), "bold", color) + "\n"
        heads = ("", "", "", *map(clean, differences.names))
        rows = [heads, *_rows(passage.differences)]
        widths = [max(cell_len(row[column]) for row in rows) for column in range(len(heads))]
        for number, row in enumerate(rows):
            cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
            styled_cells = [
                styled(cell, "dim", color) if number == 0 else styled(cell, "wrong", color) if wrong else cell
                for cell, wrong in zip(cells, _wrong(row), strict=True)
            ]
            yield ("  " + "  ".join(styled_cells)).rstrip() + "\n"
        yield "\n"


def draw_differences(differences: Differences, *, width: int | None = None) -> Iterator[str]:
    """The pieces of an HTML page: a table of counts, then each passage with its differences and its trees.

    The page loads nothing and has no scripts. Trees are at most `width` pixels wide.
    """
    yield HEAD + STYLE
    title = " and ".join(differences.names[1:])
    yield f"<h1>{text_of(f'Differences of {title} from {differences.names[0]}')}</h1>\n"
    shown = len(differences.passages)
    yield f"<p>{shown:,} pieces of text of {differences.compared:,} sentences are shown.</p>\n"
    for table in differences.tables():
        yield draw_table(table)
    for passage in differences.passages:
        yield from draw_section(passage, differences.names, width)


def draw_section(passage: Passage, names: Sequence[str], width: int | None, *, opened: bool = False) -> Iterator[str]:
    """The pieces of an HTML element with a passage: its text, a table of its differences, the trees of all sides."""
    direction = ' dir="rtl"' if is_right_to_left([passage.text]) else ""
    name = f"<small>{text_of(passage.name)}</small>"
    yield f'<section class="passage"{direction}><h2>{name} <bdi>{text_of(passage.text)}</bdi></h2>\n<table><thead><tr>'
    yield "".join(f'<th scope="col">{text_of(head)}</th>' for head in ("", "word", "kind", *names)) + "</tr></thead>\n"
    for row in _rows(passage.differences):
        cells = [
            f"<td>{f'<mark>{text_of(cell)}</mark>' if wrong else text_of(cell)}</td>"
            for cell, wrong in zip(row, _wrong(row), strict=True)
        ]
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</table>\n"
    for side, sentences in zip(names, (passage.gold, *passage.systems), strict=True):
        drawings = (svg_of(content_of(s, layers(None)), s.text, width, style=False) for s in sentences)
        trees = "".join(f"<div>{drawing}</div>" for drawing in drawings)
        head = '<details open=""><summary>' if opened else "<details><summary>"
        yield f"{head}{text_of(side)}</summary><figure>{trees}</figure></details>\n"
    yield "</section>\n"


def _rows(differences: Iterable[Difference]) -> list[tuple[str, ...]]:
    """A row for each difference: number and form of the word, where they have not been told yet, kind, and values."""
    rows, last = [], None
    for one in differences:
        word = ("", "") if one.word == last else (str(one.word), clean(one.form))
        rows.append((*word, one.kind, clean(one.gold), *map(clean, one.systems)))
        last = one.word
    return rows


def _wrong(row: Sequence[str]) -> list[bool]:
    """Which cells of a row of `_rows` are values of systems that differ from the gold one."""
    return [number > 3 and cell not in ("", row[3]) for number, cell in enumerate(row)]


def draw_table(table: Table) -> str:
    """The table as an HTML element."""
    head = "".join(f'<th scope="col">{text_of(cell)}</th>' for cell in table.columns)
    body = "".join(f"<tr>{''.join(f'<td>{text_of(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
    return f"<table><caption>{text_of(table.title)}</caption><thead><tr>{head}</tr></thead>\n{body}</table>\n"


def text_of(text: str) -> str:
    """The text for an HTML page, without control characters and escaped."""
    return escape(clean(text))


def notebook_differences(differences: Differences) -> str:
    """What a notebook shows of differences: the numbers, and the first pieces of text."""
    shown = differences.passages[:_FIRST]
    pieces = [draw_table(table) for table in differences.tables(5)]
    pieces += [piece for passage in shown for piece in draw_section(passage, differences.names, _WIDTH)]
    if left := len(differences.passages) - len(shown):
        pieces.append(f"<p>… and {left:,} more pieces of text that differ</p>\n")
    return box("".join(pieces) if differences.passages else "<p>Nothing differs.</p>\n")


DRAWING = notebook_differences
