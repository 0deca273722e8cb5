"""``depparse show``, which draws trees."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Output, Source
from depparse.errors import ConfigError, closest
from depparse.files import name_of
from depparse.printable import draws_color

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


def show(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILES", help="Treebanks or other files; by default standard input.")
    ] = None,
    source: Source = None,
    sentence: Annotated[
        list[str] | None,
        typer.Option(
            "--sentence", "-s", metavar="SENT_ID", help="Draw only this sentence. May be given several times."
        ),
    ] = None,
    first: Annotated[
        int | None, typer.Option("--first", "-n", metavar="N", min=1, help="Draw only the first N sentences.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="[text|svg|html]",
            help="Format of the output; by default from the ending of --output, else text.",
        ),
    ] = None,
    output: Output = "-",
    width: Annotated[
        int | None,
        typer.Option(
            "--width",
            metavar="N",
            min=0,
            help="Greatest width, 0 for none: columns of text (default: the terminal), pixels of SVG and HTML (1200).",
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            "--show",
            metavar="NAMES",
            help="What is drawn, if a sentence has it, separated by commas: tree, upos, xpos, lemma, feats, tokens, "
            "enhanced, entities, constituents, frames, probabilities (as numbers); default, all.",
        ),
    ] = None,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw the arcs in ASCII.")] = False,
    color: Annotated[
        bool | None,
        typer.Option("--color/--no-color", help="Draw in colour; by default on a terminal unless NO_COLOR is set."),
    ] = None,
) -> None:
    """Draw sentences in the terminal, as SVG (one sentence) or as an HTML page.

    SVG and HTML show trees, enhanced graphs, entities, constituents and frames, the terminal shows trees, entities and
    constituents; --show adds the rest. In SVG and HTML, long sentences have several rows; an arc that goes on in the
    next row runs to the edge.

    Examples: [green]depparse show en_ewt-ud-dev.conllu --first 3[/green],
    [green]depparse show dev.conllu --sentence s12 --show default,lemma -o tree.svg[/green]
    """
    ending = os.path.splitext(output)[1].lower()
    if target is None and ending in (".png", ".pdf", ".jpg", ".jpeg", ".gif"):
        raise ConfigError(f"trees are drawn as text, SVG or HTML, not as {ending}; write -o tree.svg and convert that")
    target = target or {".svg": "svg", ".html": "html", ".htm": "html"}.get(ending, "text")
    if target not in ("text", "svg", "html"):
        raise ConfigError(f"--to is text, svg or html, not {target!r}")
    from depparse.files import open_output

    chosen = islice(_choose(_read(files or ["-"], source), sentence or []), first)
    if target == "text":
        on_terminal = output == "-" and sys.stdout.isatty()
        if color is None:
            color = on_terminal and draws_color(sys.stdout)
        if width is None and on_terminal:
            width = shutil.get_terminal_size().columns
        pieces = _as_text(chosen, width or None, color, ascii, layers)
    else:
        from depparse.visualize.page import draw_page

        pixels = (1200 if width is None else width) or None
        pieces = _as_svg(chosen, pixels, layers) if target == "svg" else draw_page(chosen, width=pixels, show=layers)
    with open_output(output, drawn=True) as out:
        for piece in pieces:
            out.write(piece)


COMMAND = show


def _read(files: list[str], source: str | None) -> Iterator[Sentence]:
    from depparse.formats import table as formats
    from depparse.formats.first_lines import input_files

    for file in input_files(files, source):
        if file.recognized and file.format == "text":
            raise ConfigError(
                f"{name_of(file.path)} seems to be text, which has no trees yet: depparse parse --model MODEL finds "
                "them; if it is not text, say what it is: --from FORMAT"
            )
        yield from formats.iter_sentences(file.content, file.format)


def _choose(sentences: Iterable[Sentence], names: list[str]) -> Iterator[Sentence]:
    """The sentences with these names, all without names, in the order of the file. Reads no further than needed."""
    if not names:
        yield from sentences
        return
    missing = dict.fromkeys(names)
    seen_names: dict[str, None] = {}
    for sentence in sentences:
        name = sentence.sent_id or ""
        if name in missing:
            del missing[name]
            yield sentence
            if not missing:
                return
        seen_names[name] = None
    missing_name = next(iter(missing))
    similar = closest(missing_name, seen_names)
    hint = (
        f"; did you mean {similar[0]}?"
        if similar
        else f"; the first is {next(iter(seen_names))!r}"
        if seen_names
        else ""
    )
    raise ConfigError(f"there is no sentence {missing_name!r} among {len(seen_names):,}{hint}")


def _as_text(
    sentences: Iterable[Sentence], width: int | None, color: bool, ascii: bool, layers: str | None
) -> Iterator[str]:
    from depparse.visualize.terminal import draw_tree, styled

    for number, sentence in enumerate(sentences):
        title = styled(sentence.text, "bold", color)
        name = styled(f"# {sentence.sent_id}", "dim", color) + "\n" if sentence.sent_id else ""
        yield ("\n" if number else "") + name + title + "\n"
        yield draw_tree(sentence, width=width, color=color, ascii=ascii, show=layers) + "\n"


def _as_svg(sentences: Iterable[Sentence], width: int | None, layers: str | None) -> Iterator[str]:
    from depparse.visualize.svg import draw_svg

    first_two = list(islice(sentences, 2))
    if len(first_two) != 1:
        reason = "there are several" if first_two else "there is none"
        raise ConfigError(
            f"an SVG holds one sentence, and {reason}: choose by --first 1 or --sentence, or use --to html"
        )
    yield draw_svg(first_two[0], width=width, show=layers)
