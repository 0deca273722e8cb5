"""Dependency trees for the terminal: a word a line, in order, the arcs to its left.

Each head has one vertical bar, from which lines lead to its dependents and to itself; ``●`` marks the root::

      ╭─► Anna   PROPN  nsubj
      ├─► did    AUX    aux     ┐ didn't
      ├─► n't    PART   advmod  ┘
    ●─┴─► sleep  VERB   root

A line that passes behind a bar leaves the bar whole (``─│─``), so that arcs that cross are told from arcs that meet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from depparse.document.sentence import Sentence
from depparse.document.trees import Heads, cycles
from depparse.visualize.text import clean, shown_column

# The joint of a bar on a line that goes on to the right, by where else it goes: left, up, down.
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

_SHORT = 8  # columns that a word at least has before it is cut
_Styled = tuple[str, str]  # text and its style, '' for none


def draw_tree(sentence: Sentence, *, width: int | None = None, color: bool = False, ascii: bool = False) -> str:
    """The tree as lines, one a word: arcs, form, UPOS, relation, multiword token; '' for a sentence without words.

    Words without a head have no arc. The arc that closes a cycle is not drawn but written: ``obj ↻ 4 closed``. `width`
    is the number of columns of the terminal: to stay within it, arcs are drawn closer, long words are cut (``…``), and
    at last lines. `color` adds ANSI colours; `ascii` draws in ASCII. O(words · depth) for projective trees.
    """
    if not len(sentence):
        return ""
    signs = _ASCII if ascii else {}
    heads = sentence.heads
    forms = [clean(form) for form in sentence.columns["FORM"]]
    relations = shown_column(sentence, "DEPREL")
    cut = {cycle[0] for cycle in cycles(heads)}
    for word in cut:
        head = heads[word - 1] or 0
        relations[word - 1] += f" {'↻'.translate(signs)} {head} {forms[head - 1]}"
    columns = [
        _Column(forms, ""),
        _Column(shown_column(sentence, "UPOS"), _UPOS),
        _Column(relations, _DEPREL),
        *_tokens(sentence, signs),
    ]
    columns = [column for column in columns if any(column.cells)]

    arcs = draw_arcs(heads, cut)
    if width is not None and _overhang(arcs, columns, width) > 0:
        arcs = [_cut_left(line, width // 2) for line in draw_arcs(heads, cut, spacing=1)]
        # A long word is cut rather than what stands after all the words.
        most = max(columns[0].width - max(_overhang(arcs, columns, width), 0), _SHORT)
        columns[0].cells = [_cut(form, most, "…".translate(signs)) for form in forms]
    widths = [column.width for column in columns]
    lines = []
    for index, line in enumerate(arcs):
        parts: list[_Styled] = [(line.translate(signs), _ARC)]
        gap = 0
        for number, column in enumerate(columns):
            cell = column.cells[index]
            if cell:
                style = _ROOT if number == 0 and heads[index] == 0 else column.style
                parts += [(" " * gap, ""), (cell, style)]
                gap = 0
            gap += widths[number] - cell_len(cell) + column.space
        if width is not None:
            parts = _within(parts, width, "…".translate(signs))
        lines.append("".join(_paint(text, style if color else "") for text, style in parts).rstrip(" "))
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
    """By how many columns the lines are longer than `width`."""
    return len(arcs[0]) + sum(column.width + column.space for column in columns) - columns[-1].space - width


def draw_arcs(heads: Heads, cut: Collection[int] = (), *, spacing: int = 2) -> list[str]:
    """What stands before each word, all equally long, in `spacing` columns for each bar. `cut` words get no arc.

    A bar is as near to the words as its dependents' own bars allow. In a projective tree the bars of one height never
    overlap, and no line crosses a bar; where other trees have such bars, one moves to the left.
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
    for word in order:  # which grows meanwhile
        order += children[word]
    column = [0] * (len(heads) + 1)  # of each word's bar, from 1 at the words leftwards; 0 for words without
    spans: dict[int, tuple[int, int]] = {}  # the first and the last line of each word's bar
    taken: list[bytearray] = [bytearray()]  # for each column, the lines that have a bar
    for word in reversed(order):
        if not children[word]:
            continue
        first, last = min(word, children[word][0]), max(word, children[word][-1])
        place = 1 + max(column[child] for child in children[word])
        while place < len(taken) and taken[place].find(1, first, last + 1) >= 0:
            place += 1
        if place == len(taken):
            taken.append(bytearray(len(heads) + 1))
        taken[place][first : last + 1] = b"\1" * (last + 1 - first)
        column[word], spans[word] = place, (first, last)

    margin = spacing if 0 in heads else 0  # for the sign of the root
    length = margin + spacing * (len(taken) - 1)
    left = [length - spacing * place for place in column]
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
        for place in range(begin + 1, length):
            row[place] = "─" if row[place] == " " else row[place]
        if word in spans:
            first, last = spans[word]
            row[left[word]] = _JOINTS[begin < left[word], first < word, word < last]
    return ["".join(row) + " " for row in rows]


def _tokens(sentence: Sentence, signs: dict[int, int]) -> list[_Column]:
    """A bracket beside the words of each multiword token, and its form beside the first."""
    brackets, forms = [""] * len(sentence), [""] * len(sentence)
    for multiword in sentence.mwts:
        for word in range(multiword.start, multiword.end + 1):
            sign = "┐" if word == multiword.start else "┘" if word == multiword.end else "│"
            brackets[word - 1] = sign.translate(signs)
        forms[multiword.start - 1] = clean(multiword.cells.get("FORM", "_"))
    # In columns of their own: a form that runs from right to left must not take the bracket to its other side.
    return [_Column(brackets, _TOKEN, space=1), _Column(forms, _TOKEN)]


def _cut(text: str, length: int, sign: str) -> str:
    return text if cell_len(text) <= length else set_cell_size(text, length - 1) + sign


def _cut_left(line: str, length: int) -> str:
    if len(line) <= length:
        return line
    return ("…" if line[: -length + 1].strip() else " ") + line[len(line) - length + 1 :]


def _within(parts: list[_Styled], width: int, sign: str) -> list[_Styled]:
    """The parts of a line cut to `width` columns."""
    if sum(cell_len(text) for text, _ in parts) <= width:
        return parts
    kept: list[_Styled] = []
    left = width - 1
    for text, style in parts:
        if cell_len(text) > left:
            return [*kept, (set_cell_size(text, left) + sign, style)]
        kept.append((text, style))
        left -= cell_len(text)
    return kept


def styled(text: str, style: str, color: bool) -> str:
    """A line of text beside a tree, cleaned like the words in it; `style` is ``bold`` or ``dim``."""
    return _paint(clean(text), {"bold": _ROOT, "dim": _DIM}[style] if color else "")


def _paint(text: str, style: str) -> str:
    """In its colour; right-to-left text isolated, so that terminals which turn it around turn nothing else."""
    if not text.isascii() and any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        text = f"\u2068{text}\u2069"
    return f"{style}{text}{_RESET}" if style and text.strip() else text
