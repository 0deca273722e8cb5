"""Dependency trees for the terminal: each word on its own line, in order, with the arcs to its left.

Each head has one vertical bar, from which lines lead to its dependents and to itself; ``●`` marks the root::

      ╭─► Anna   PROPN  nsubj
      ├─► did    AUX    aux     ┐ didn't
      ├─► n't    PART   advmod  ┘
    ●─┴─► sleep  VERB   root

A line that passes behind a bar leaves the bar whole (``─│─``), so a reader can tell crossing arcs from meeting ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from depparse.document.sentence import Sentence
from depparse.document.trees import Heads, cycles
from depparse.printable import clean
from depparse.visualize.content import Bar, Content, content_of
from depparse.visualize.shown import TEXT_DEFAULT, layers
from depparse.visualize.text import check_drawn, drawn, shown_column

# The joint of a bar with a line to the right, by whether other lines lead to the left, up and down.
_JOINTS = {
    (False, False, True): "╭",
    (False, True, False): "╰",
    (False, True, True): "├",
    (True, False, True): "┬",
    (True, True, False): "┴",
    (True, True, True): "┼",
}
_ASCII = str.maketrans("╭╰├┬┴┼─│►●↻…┐┘", ".`++++-|>*@~.'")
_RESET, _DIM = "\x1b[0m", "\x1b[2m"
_ARC, _ROOT, _UPOS, _DEPREL, _TOKEN = "\x1b[36m", "\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[35m"
_ENTITY, _CONSTITUENT, _FRAME, _MARK = "\x1b[34m", "\x1b[33m", "\x1b[96m", "\x1b[1;30;103m"

_SHORT = 8  # columns: no word is cut to fewer
_Styled = tuple[str, str]  # text and its style, '' for none


def draw_tree(
    sentence: Sentence,
    *,
    width: int | None = None,
    color: bool = False,
    ascii: bool = False,
    show: str | Iterable[str] | None = None,
    marked: Mapping[str, str] | None = None,
) -> str:
    """The tree as lines, one a word: arcs, form, UPOS, relation, multiword token, entities and so on; '' without words.

    Words without a head have no arc. The arc that closes a cycle is not drawn but written: ``obj ↻ 4 closed``. `width`
    is the number of columns of the terminal: to stay within it, arcs are drawn closer, then long words are cut (``…``),
    then whole lines. `color` adds ANSI colours; `ascii` draws in ASCII. O(words · depth) for projective trees.

    `show` is as in `draw_svg`, but ``default`` stands for tree, upos, tokens, entities and constituents. A relation
    behind which is a question mark has a probability under 0.8. With ``enhanced``, empty nodes have lines, relations
    that the graph does not have stand in parentheses, and its other edges are written as in DEPS: ``8.1:nsubj``. Each
    frame has a column.

    `marked` has the IDs of words and empty nodes that stand out, each with a name that is written behind the form.

    Raises ConfigError if this is no sentence or a name is unknown, and FormatError if frames or constituents are asked
    for and their cells are broken.
    """
    check_drawn(sentence, width)
    chosen = layers(show, TEXT_DEFAULT)
    if not len(sentence):
        return ""
    signs = _ASCII if ascii else {}
    content = content_of(sentence, chosen, strict=show is not None)
    forms = [f"{unit.id} {unit.form}" if unit.empty and unit.id != unit.form else unit.form for unit in content.units]
    heads, relations = _tree(sentence, content) if "tree" in chosen else ([None] * len(forms), [""] * len(forms))
    cycle_ends = {cycle[0] for cycle in cycles(heads)}
    for unit in cycle_ends:
        head = content.units[(heads[unit - 1] or 0) - 1]
        relations[unit - 1] += f" {'↻'.translate(signs)} {head.id} {head.form}"
    bars = [(content.tokens, _TOKEN), (content.entities, _ENTITY), (content.constituents, _CONSTITUENT)]
    bars += [(group, _FRAME) for group in content.groups]
    marked = marked or {}
    is_marked = [unit.id in marked for unit in content.units]
    names = [drawn(marked.get(unit.id, "")) for unit in content.units]
    columns = [_Column(forms, ""), _Column(names, _MARK), *_lines(content, relations), _edges(content)]
    columns += [column for group, style in bars for column in _brackets(group, len(forms), style, signs)]
    columns = [column for column in columns if any(column.cells)]

    arcs = draw_arcs(heads, cycle_ends)
    if width is not None and _overhang(arcs, columns, width) > 0:
        arcs = [_cut_left(line, width // 2) for line in draw_arcs(heads, cycle_ends, spacing=1)]
        # Long words are cut first, because cutting lines would lose what stands after the words.
        longest_form = max(columns[0].width - max(_overhang(arcs, columns, width), 0), _SHORT)
        columns[0].cells = [_cut(form, longest_form, "…".translate(signs)) for form in forms]
    widths = [column.width for column in columns]
    lines = []
    for index, line in enumerate(arcs):
        pieces: list[_Styled] = [(line.translate(signs), _ARC)]
        gap = 0
        for number, column in enumerate(columns):
            cell = column.cells[index]
            if cell:
                style = _ROOT if number == 0 and heads[index] == 0 else column.style
                style = _MARK if number == 0 and is_marked[index] else style
                pieces += [(" " * gap, ""), (cell, style)]
                gap = 0
            gap += widths[number] - cell_len(cell) + column.space
        if width is not None:
            pieces = _within(pieces, width, "…".translate(signs))
        lines.append("".join(_paint(text, style if color else "") for text, style in pieces).rstrip(" "))
    return "\n".join(lines)


@dataclass(slots=True)
class _Column:
    """A column after the arcs: a cell for each word, and how many blanks stand after it."""

    cells: list[str]
    style: str
    space: int = 2

    @property
    def width(self) -> int:
        return max(map(cell_len, self.cells))


def _overhang(arcs: list[str], columns: list[_Column], width: int) -> int:
    """The number of columns by which the lines are longer than `width`."""
    return len(arcs[0]) + sum(column.width + column.space for column in columns) - columns[-1].space - width


def draw_arcs(heads: Heads, cut: Collection[int] = (), *, spacing: int = 2) -> list[str]:
    """The arcs before each word, as strings of the same length with `spacing` columns a bar. `cut` words get no arc.

    The bar of a word is as near to the words as the bars of its dependents allow. In a projective tree, bars in one
    column never overlap, and no line crosses a bar; if bars of another tree would overlap, one moves to the left.
    """
    children: list[list[int]] = [[] for _ in range(len(heads) + 1)]
    tops = []
    for word, head in enumerate(heads, 1):
        if head and word not in cut:
            children[head].append(word)
        else:
            tops.append(word)
    if all(head is None for head in heads):
        return [""] * len(heads)
    order = list(tops)
    for word in order:  # the list grows: dependents are appended after their head
        order += children[word]
    column = [0] * (len(heads) + 1)  # of each word's bar, from 1 next to the words to the left; 0 for no bar
    spans: dict[int, tuple[int, int]] = {}  # the first and the last line of each word's bar
    taken_lines: list[bytearray] = [bytearray()]  # for each column: 1 at the lines that a bar takes
    for word in reversed(order):
        if not children[word]:
            continue
        first, last = min(word, children[word][0]), max(word, children[word][-1])
        bar = 1 + max(column[child] for child in children[word])
        while bar < len(taken_lines) and taken_lines[bar].find(1, first, last + 1) >= 0:
            bar += 1
        if bar == len(taken_lines):
            taken_lines.append(bytearray(len(heads) + 1))
        taken_lines[bar][first : last + 1] = b"\1" * (last + 1 - first)
        column[word], spans[word] = bar, (first, last)

    margin = spacing if 0 in heads else 0  # for the sign of the root
    length = margin + spacing * (len(taken_lines) - 1)
    left = [length - spacing * bar for bar in column]
    rows = [[" "] * (length + 1) for _ in heads]
    for word, (first, last) in spans.items():
        for line in range(first, last + 1):
            rows[line - 1][left[word]] = "│"
    for word, head in enumerate(heads, 1):
        row, begin = rows[word - 1], length
        if head == 0:
            begin, row[0], row[-1] = 0, "●", "►"
        elif head and word not in cut:
            begin, row[-1] = left[head], "►"
            first, last = spans[head]
            row[begin] = _JOINTS[False, first < word, word < last]
        elif word in spans:
            begin, row[-1] = left[word], "─"
        for x in range(begin + 1, length):
            row[x] = "─" if row[x] == " " else row[x]
        if word in spans:
            first, last = spans[word]
            row[left[word]] = _JOINTS[begin < left[word], first < word, word < last]
    return ["".join(row) + " " for row in rows]


def _tree(sentence: Sentence, content: Content) -> tuple[list[int | None], list[str]]:
    """The head of each unit, as a position, and what is written about its relation."""
    units = content.units
    heads: list[int | None] = [None] * len(units)
    relations = [""] * len(units)
    positions = {unit.id: position for position, unit in enumerate(units, 1)}
    labels = shown_column(sentence, "DEPREL")
    for word, (head, label) in enumerate(zip(sentence.heads, labels, strict=True), 1):
        unit = positions[str(word)]
        heads[unit - 1] = positions[str(head)] if head else head
        relations[unit - 1] = label
    for arc in content.above:
        relation = f"({arc.label})" if "lost" in arc.kind else arc.label + arc.more
        relations[arc.dependent - 1] = relation + arc.number + _doubt(arc.kind)
    return heads, relations


def _lines(content: Content, relations: list[str]) -> list[_Column]:
    """The columns of tags, lemmas and features, and of relations in their place."""
    rows = [unit.lines for unit in content.units]
    upos = _Column([row.get("upos", "") for row in rows], _UPOS)
    others = [_Column([row.get(name, "") for row in rows], "") for name in ("xpos", "lemma")]
    features = ["|".join(text for name, text in row.items() if name.startswith("feats")) for row in rows]
    return [upos, *others, _Column(features, _DIM), _Column(relations, _DEPREL)]


def _edges(content: Content) -> _Column:
    """The edges of the graph that are no arcs of the tree."""
    cells: list[list[str]] = [[] for _ in content.units]
    for arc in content.below:
        head = content.units[arc.head - 1].id if arc.head else "0"
        cells[arc.dependent - 1].append(f"{head}:{arc.text}" + _doubt(arc.kind))
    return _Column([" ".join(cell) for cell in cells], _DEPREL)


def _brackets(bars: Sequence[Bar], length: int, style: str, signs: dict[int, int]) -> Iterator[_Column]:
    """For bars, two columns: a bracket beside the words of each, and the label beside its first word.

    Bars over the same words have columns of their own, the longer farther to the right.
    """
    levels: list[tuple[list[str], list[str]]] = []
    for bar in sorted(bars, key=lambda bar: (bar.last - bar.first, bar.first)):
        level = len(levels)
        while level and not any(levels[level - 1][0][bar.first - 1 : bar.last]):
            level -= 1
        if level == len(levels):
            levels.append(([""] * length, [""] * length))
        brackets, labels = levels[level]
        single = "●" if bar.kind.startswith("predicate") else "─"
        for unit in range(bar.first, bar.last + 1):
            sign = "┐" if unit == bar.first else "┘" if unit == bar.last else "│"
            brackets[unit - 1] = (single if bar.first == bar.last else sign).translate(signs)
        labels[bar.first - 1] = bar.text + _doubt(bar.kind)
    for brackets, labels in levels:
        # Bracket and label have columns of their own, lest a right-to-left form move the bracket to its other side.
        yield from (_Column(brackets, style, space=1), _Column(labels, style))


def _doubt(kind: str) -> str:
    return " ?" if "uncertain" in kind or "doubtful" in kind else ""


def _cut(text: str, length: int, sign: str) -> str:
    return text if cell_len(text) <= length else set_cell_size(text, length - 1) + sign


def _cut_left(line: str, length: int) -> str:
    if len(line) <= length:
        return line
    return ("…" if line[: -length + 1].strip() else " ") + line[len(line) - length + 1 :]


def _within(pieces: list[_Styled], width: int, sign: str) -> list[_Styled]:
    """The pieces of a line, cut to `width` columns."""
    if sum(cell_len(text) for text, _ in pieces) <= width:
        return pieces
    kept: list[_Styled] = []
    left = width - 1
    for text, style in pieces:
        if cell_len(text) > left:
            return [*kept, (set_cell_size(text, left) + sign, style)]
        kept.append((text, style))
        left -= cell_len(text)
    return kept


def styled(text: str, style: str, color: bool) -> str:
    """A line of text for beside a tree, cleaned like its words; `style`: ``bold``, ``dim``, ``wrong``, ``marked``."""
    styles = {"bold": _ROOT, "dim": _DIM, "wrong": _DEPREL, "marked": _MARK}
    return _paint(clean(text), styles[style] if color else "")


def _paint(text: str, style: str) -> str:
    """The text in its colour. Right-to-left text is isolated, so that terminals reverse nothing else with it."""
    if not text.isascii() and any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        text = f"\u2068{text}\u2069"
    return f"{style}{text}{_RESET}" if style and text.strip() else text
