"""A sentence while it is changed. Its words and empty nodes have keys, which stay the same when IDs change.

What cannot be done is a `CommandError`; the sentence is then to be thrown away, since half of a change may be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from depparse.document.columns import (
    VALUE_COLUMNS,
    check_cell,
    format_deps,
    get_from_feats,
    parse_deps,
    parse_misc,
    set_in_feats,
)
from depparse.document.sentence import Sentence
from depparse.document.spans import Frame, Span
from depparse.errors import DepparseError
from depparse.treebanks.query.view import View
from depparse.treebanks.rules.cells import ONCE

ROOT = -1  # the key of ROOT
Edges = list[tuple[int, str]]  # key of the head, and label
_CELLS = {name.lower(): name for name in VALUE_COLUMNS}
COMPUTED = ("head", "deps", "id", "empty", "mwt", "sense", "entity", "entity_text", "inside")  # what no command sets
_LONGEST = 10_000  # characters of a cell; rules that copy values could double them without end


class CommandError(DepparseError):
    """A command that cannot be done in this sentence."""


class Draft:
    """A sentence that is changed in place. `keys` are those of its words, and then of its empty nodes."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.keys = list(range(len(sentence) + len(sentence.empty_nodes)))
        self._next = len(self.keys)

    def copy(self) -> Draft:
        """A draft with the same keys, which shares nothing with this one."""
        other = Draft(self.sentence.copy())
        other.keys, other._next = list(self.keys), self._next
        return other

    def new_key(self) -> int:
        """A key that no node has."""
        self._next += 1
        return self._next - 1

    def number(self, key: int) -> int:
        """The place of a node among all words and then all empty nodes, from 0. Raises CommandError if it is gone."""
        try:
            return self.keys.index(key)
        except ValueError:
            raise CommandError("a word of the match is no longer there") from None

    def word(self, key: int) -> int:
        """The ID of a word. Raises CommandError for an empty node."""
        number = self.number(key)
        if number >= len(self.sentence):
            raise CommandError("an empty node is no word of the tree")
        return number + 1

    def id(self, key: int) -> str:
        """The ID of a word, an empty node or ROOT, as a file has it."""
        if key == ROOT:
            return "0"
        number, length = self.number(key), len(self.sentence)
        return str(number + 1) if number < length else "{}.{}".format(*self.sentence.empty_nodes[number - length].id)

    # -- cells

    def cell(self, key: int, column: str) -> str:
        """The cell of a node."""
        number, length = self.number(key), len(self.sentence)
        if number >= length:
            return self.sentence.empty_nodes[number - length].cells.get(column, "_")
        cells = self.sentence.columns.get(column)
        return "_" if cells is None else cells[number]

    def set_cell(self, key: int, column: str, value: str) -> None:
        """Sets the cell of a node. Raises CommandError for what is no cell."""
        if len(value) > _LONGEST:
            raise CommandError(f"a value would have more than {_LONGEST:,} characters")
        try:
            value = check_cell(value, column)
        except DepparseError as error:
            raise CommandError(str(error)) from None
        number, length = self.number(key), len(self.sentence)
        if number >= length:
            self.sentence.empty_nodes[number - length].cells[column] = value
        elif self.cell(key, column) != value:
            self.sentence.column(column)[number] = value
        if column in ("FORM", "MISC"):
            self.sentence.forget_offsets()

    def value(self, key: int, feature: str) -> str | None:
        """The value of a feature as the search sees it; None if it is not defined."""
        return View(self.sentence).feature(feature)[self.number(key)]

    def set_value(self, key: int, feature: str, value: str | None) -> None:
        """Sets a feature of a node, or deletes it for None. Raises CommandError if it cannot be so."""
        column, attribute = self._home(key, feature)
        if not attribute:
            if value is None and column == "FORM":
                raise CommandError("a word has to have a form")
            self.set_cell(key, column, value or "_")
            return
        if value is not None and ("|" in value or (column == "FEATS" and not value)):
            raise CommandError(f"{value!r} cannot be a value in {column}")
        cell = self.cell(key, column)
        if column == "MISC":
            self.set_cell(key, column, put(cell, attribute, None if value is None else f"{attribute}={value}"))
        elif get_from_feats(cell, attribute) != value:
            self.set_cell(key, column, set_in_feats(cell, attribute, value))

    def _home(self, key: int, feature: str) -> tuple[str, str]:
        """The column of a feature, and its name in that column, or '' for the whole cell."""
        if feature in _CELLS or feature in self.sentence.columns:
            return _CELLS.get(feature, feature), ""
        column, colon, attribute = feature.partition(":")
        if colon and column in ("FEATS", "MISC"):
            return column, attribute
        in_misc = feature in parse_misc(self.cell(key, "MISC")) or feature in ONCE
        return ("MISC" if in_misc and get_from_feats(self.cell(key, "FEATS"), feature) is None else "FEATS"), feature

    # -- arcs

    def head(self, key: int) -> int | None:
        """The key of the head of a word; None if it has none, as empty nodes."""
        cell = self.cell(key, "HEAD") if self.number(key) < len(self.sentence) else "_"
        return None if cell == "_" else ROOT if cell == "0" else self.keys[int(cell) - 1]

    def attach(self, key: int, head: int | None, label: str | None) -> None:
        """Gives a word a head, or none, and a relation; None leaves the relation as it is."""
        self.word(key)
        if head == key:
            raise CommandError("a word cannot be its own head")
        self.set_cell(key, "HEAD", "_" if head is None else str(0 if head == ROOT else self.word(head)))
        if label is not None:
            self.set_cell(key, "DEPREL", label)

    def edges(self, key: int) -> Edges:
        """The arcs of the enhanced graph to a node."""
        ids = {self.id(other): other for other in (ROOT, *self.keys)}
        return [(ids[head], label) for head, label in parse_deps(self.cell(key, "DEPS")) if head in ids]

    def set_edges(self, key: int, edges: Edges) -> None:
        """Sets the arcs of the enhanced graph to a node, each once."""
        if any("|" in label or not label for _, label in edges):
            raise CommandError("a label of the enhanced graph holds no bar")
        self.set_cell(key, "DEPS", format_deps((self.id(head), label) for head, label in dict.fromkeys(edges)))

    # -- words

    def renumber(self, words: Sequence[int], gone: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """Makes the nodes with these keys the words, in this order; new ones have no annotation.

        What pointed to a word that is `gone` points to the word given for it. Empty nodes and multiword tokens that
        ended behind a word now end behind the word given for it in `ends`.
        """
        sentence, length = self.sentence, len(self.sentence)
        old = self.keys[:length]
        place = {key: number for number, key in enumerate(words, 1)}
        begins = [0, *(place[gone.get(key, key)] for key in old)]  # by old ID
        stops = [0, *(place[gone.get(key, ends.get(key, key))] for key in old)]
        frames, spans = sentence.frames, sentence.ents
        row = {key: number for number, key in enumerate(old)}
        for name, cells in sentence.columns.items():
            sentence.columns[name] = [cells[row[key]] if key in row else "_" for key in words]
        numbers: dict[int, int] = {}  # by word: the empty nodes behind it so far
        nodes = {}
        for node in sentence.empty_nodes:
            behind = stops[node.id[0]]
            numbers[behind] = numbers.get(behind, 0) + 1
            nodes["{}.{}".format(*node.id)] = f"{behind}.{numbers[behind]}"
            node.id = (behind, numbers[behind])
        ids = {str(number): str(new) for number, new in enumerate(begins)} | nodes
        self._rewrite(ids)
        shrunk = [
            token for token in sentence.mwts if begins[token.start] == stops[token.end] and token.start < token.end
        ]
        sentence.mwts = [token for token in sentence.mwts if token not in shrunk]
        for token in sentence.mwts:
            token.start, token.end = begins[token.start], stops[token.end]
        self.keys = [*words, *self.keys[length:]]
        try:
            if frames:
                sentence.frames = [moved(frame, begins, stops) for frame in frames]
            if spans:
                sentence.ents = [Span(begins[span.start], stops[span.end], span.type, span.score) for span in spans]
        except DepparseError as error:
            raise CommandError(str(error)) from None
        sentence.forget_offsets()

    def _rewrite(self, ids: Mapping[str, str]) -> None:
        """Writes other IDs in HEAD, DEPS, and ``CopyOf`` in MISC."""
        columns = self.sentence.columns
        if "HEAD" in columns:
            columns["HEAD"] = [ids.get(cell, cell) for cell in columns["HEAD"]]
        for name, change in (("DEPS", _moved_deps), ("MISC", _moved_misc)):
            if name in columns:
                columns[name] = [change(cell, ids) for cell in columns[name]]
            for node in self.sentence.empty_nodes:
                if name in node.cells:
                    node.cells[name] = change(node.cells[name], ids)


def attributes(cell: str) -> list[str]:
    """The attributes of a cell of MISC, as written."""
    return [] if cell == "_" else cell.split("|")


def put(cell: str, name: str, part: str | None) -> str:
    """The MISC `cell` with `part` in the place of the attribute `name`, or at the end; or for None without it."""
    parts = attributes(cell)
    there = [number for number, other in enumerate(parts) if other.partition("=")[0] == name]
    if part is not None and there:
        parts[there.pop(0)] = part
    elif part is not None:
        parts.append(part)
    return "|".join(other for number, other in enumerate(parts) if number not in there) or "_"


def moved(frame: Frame, begins: Sequence[int], stops: Sequence[int]) -> Frame:
    """The frame with other IDs."""
    arguments = [
        replace(
            argument,
            head=None if argument.head is None else begins[argument.head],
            start=None if argument.start is None else begins[argument.start],
            end=None if argument.end is None else stops[argument.end],
        )
        for argument in frame.arguments
    ]
    return replace(frame, predicate=begins[frame.predicate], arguments=arguments)


def _moved_deps(cell: str, ids: Mapping[str, str]) -> str:
    if cell == "_":
        return cell
    parts = (part.partition(":") for part in cell.split("|"))
    return "|".join(ids.get(head, head) + colon + label for head, colon, label in parts)


def _moved_misc(cell: str, ids: Mapping[str, str]) -> str:
    if "CopyOf=" not in cell:
        return cell
    parts = (part.partition("=") for part in cell.split("|"))
    return "|".join(name + sign + (ids.get(value, value) if name == "CopyOf" else value) for name, sign, value in parts)
