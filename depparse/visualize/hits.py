"""Matches of patterns, as lines and trees for a terminal and as an HTML page, in which what was found stands out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from depparse.document.sentence import Sentence
from depparse.document.words import Word
from depparse.printable import clean
from depparse.treebanks.query.pattern import GRAPH, ROLES, Arc
from depparse.treebanks.query.search import Match, Pattern, id_of
from depparse.visualize.content import Marks
from depparse.visualize.page import HEAD, figure_of
from depparse.visualize.shown import DEFAULT, TEXT_DEFAULT
from depparse.visualize.terminal import draw_tree, styled

_STYLE = """\
<style>mark{background:#ffefb8;color:inherit;border-radius:.2em}pre{white-space:pre-wrap;overflow-wrap:anywhere}
figure p{margin:.2em 0;opacity:.8;font-size:.9em}h1{font-size:1.2em}
@media(prefers-color-scheme:dark){mark{background:#4d4213}}</style>
"""


def draw_lines(matches: Sequence[Match], *, width: int | None = None, color: bool = False, ascii: bool = False) -> str:
    """The matches of one sentence: its name and place, its text, a line for each match, and the tree.

    Words that were found stand out by their names, and by colour if `color`. `width` and `ascii` are as in `draw_tree`.
    """
    sentence = matches[0].sentence
    names = _names(matches)
    head = " ".join(filter(None, (sentence.sent_id, f"({sentence.place})" if sentence.place else "")))
    lines = [styled(f"# {head}", "dim", color)]
    pieces = (styled(text, "marked" if found else "bold", color) for text, found in _pieces(sentence, names))
    lines.append("".join(pieces))
    lines += [clean(describe(match)) for match in matches if match.pattern.names]
    shown = [*TEXT_DEFAULT, *_layers(matches[0].pattern)]
    lines.append(draw_tree(sentence, width=width, color=color, ascii=ascii, show=shown, marked=names))
    return "\n".join(lines) + "\n"


def describe(match: Match) -> str:
    """What each name stands for: ``X=4 went  Y=1 Maria  e=nsubj``."""
    found = [f"{name}={id_of(node)} {node.text}" for name, node in match.nodes.items()]
    return "  ".join([*found, *(f"{name}={arc.label or '_'}" for name, arc in match.arcs.items())])


def draw_page(pattern: Pattern, found: Iterable[Sequence[Match]], *, width: int | None = None) -> Iterator[str]:
    """The pieces of an HTML page: the pattern, then each sentence that has matches, with its tree.

    Words and arcs that were found stand out. The page loads nothing and has no scripts.
    """
    yield HEAD + _STYLE
    yield f"<h1>Matches</h1>\n<pre>{escape(clean(pattern.text, kept=chr(10)))}</pre>\n"
    layers = frozenset((*DEFAULT, *_layers(pattern)))
    number = 0
    for matches in found:
        sentence = matches[0].sentence
        names = _names(matches)
        texts = (
            f"<mark>{escape(clean(text))}</mark>" if is_found else escape(clean(text))
            for text, is_found in _pieces(sentence, names)
        )
        lines = "".join(f"<p>{escape(clean(describe(match)))}</p>" for match in matches if match.pattern.names)
        marks = Marks([(id, id) for id in names], names, _arcs(matches))
        yield figure_of(sentence, layers, width, marks=marks, caption="".join(texts), below=lines)
        number += len(matches)
    yield f"<p>{number:,} matches</p>\n"


def _layers(pattern: Pattern) -> list[str]:
    """What has to be drawn beside the usual, for the arcs that the pattern asks for."""
    tree = pattern.tree
    blocks = (tree.matching, *tree.filters, *tree.optional)
    layers = {item.label.layer for clauses in blocks for item in clauses.items if isinstance(item, Arc)}
    shown = {"enhanced": GRAPH in layers or any(clauses.empty for clauses in blocks), "frames": ROLES in layers}
    return [name for name, is_shown in shown.items() if is_shown]


def _names(matches: Sequence[Match]) -> dict[str, str]:
    """The names of what was found, by ID; of several matches, with their numbers."""
    names: dict[str, list[str]] = {}
    for number, match in enumerate(matches, 1):
        for name, id in match.ids.items():
            names.setdefault(id, []).append(f"{name}{number}" if len(matches) > 1 else name)
    return {id: ",".join(found) for id, found in names.items()}


def _arcs(matches: Sequence[Match]) -> set[tuple[str, str, str]]:
    """The arcs that were found, named or not, as `Marks` has them."""
    arcs = set()
    for match in matches:
        for item in match.pattern.tree.matching.items:
            if isinstance(item, Arc) and item.head and item.dependent and not item.path:
                layer = "enhanced" if item.label.layer == GRAPH else "tree"
                if item.label.layer != ROLES:
                    arcs.add((layer, match.ids[item.head], match.ids[item.dependent]))
    return arcs


def _pieces(sentence: Sentence, names: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in pieces, and whether each is of a word that was found."""
    text, start = sentence.exact_text, sentence.start_char
    ends = []
    for word in (Word(sentence, int(id) - 1) for id in names if id.isdigit()):
        first, last = word.covering_chars
        if first is not None and last is not None:
            ends.append((first - start, last - start))
    pieces, done = [], 0
    for first, last in sorted(ends):
        if last > done:
            pieces += [(text[done:first], False), (text[max(first, done) : last], True)]
            done = last
    return [(piece, found) for piece, found in [*pieces, (text[done:], False)] if piece]
