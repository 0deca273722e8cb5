"""Rules about the form of single cells, of words and empty nodes. Each distinct cell is looked at once."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from depparse.document.annotations.kind import Code
from depparse.document.columns import NODE_ID, format_deps, parse_deps, parse_feats
from depparse.document.sentence import Sentence
from depparse.document.ud import RELATIONS, UPOS
from depparse.treebanks.rules.rule import Place

_FEATURE = re.compile(r"[A-Z][A-Za-z0-9]*(?:\[[a-z0-9]+\])?=[A-Z0-9][A-Za-z0-9]*(?:,[A-Z0-9][A-Za-z0-9]*)*")
_RELATION = re.compile(r"[a-z]+(?::[a-z]+)?")
# Relations of the graph may name a case marker, in the letters of any language without case or in lower case.
_GRAPH_RELATION = re.compile(r"([a-z]+)(?::[a-z]+)?(?::([^\W\d]+))?(?::[a-z]+)?")
ONCE = frozenset("SpaceAfter Lang Translit LTranslit Gloss LId LDeriv Ref".split())  # attributes with one value
_REMEMBERED = 1 << 16  # the most cells of a column that are known to be good
_known_relations = frozenset(RELATIONS)


class CellRule(NamedTuple):
    """A rule about the cells of some columns: `find` yields an example for each time that a cell breaks it."""

    code: Code
    columns: tuple[str, ...]
    find: Callable[[str], Iterable[str]]


CELL_RULES: dict[str, CellRule] = {}


def _rule(
    name: str, columns: str, level: int, message: str, remedy: str, severity: str = "error"
) -> Callable[[Callable[[str], Iterable[str]]], Callable[[str], Iterable[str]]]:
    def add(find: Callable[[str], Iterable[str]]) -> Callable[[str], Iterable[str]]:
        CELL_RULES[name] = CellRule(Code(severity, "words", message, remedy, level), tuple(columns.split()), find)
        return find

    return add


@_rule(
    "blank-in-cell", "UPOS XPOS FEATS DEPREL DEPS", 1,
    "cells hold white space, which only FORM, LEMMA and MISC may: {examples}", "remove the white space",
)  # fmt: skip
def _blank(cell: str) -> Iterator[str]:
    if any(map(str.isspace, cell)):
        yield repr(cell)


@_rule("unknown-upos", "UPOS", 2, "tags outside the 17 of UD in UPOS: {examples}", "correct them")
def _unknown_upos(cell: str) -> Iterator[str]:
    if cell not in UPOS:
        yield cell


@_rule(
    "malformed-feats", "FEATS", 2,
    "parts of FEATS are not Name=Value with capitals, letters and digits: {examples}", "correct them",
)  # fmt: skip
def _malformed_feats(cell: str) -> Iterator[str]:
    return (part for part in cell.split("|") if not _FEATURE.fullmatch(part))


@_rule("repeated-feature", "FEATS", 2, "a feature is given twice: {examples}", "keep one, or join values by a comma")
def _repeated_feature(cell: str) -> Iterator[str]:
    if len(parse_feats(cell)) < cell.count("|") + 1:
        yield cell


@_rule("repeated-value", "FEATS", 2, "a feature has a value twice: {examples}", "keep one of them (--fix)")
def _repeated_value(cell: str) -> Iterator[str]:
    if "," in cell:
        lists = (part.partition("=")[2].split(",") for part in cell.split("|"))
        if any(len(set(values)) < len(values) for values in lists):
            yield cell


@_rule("feats-order", "FEATS", 2, "features are not sorted by name: {examples}", "sort them (--fix)")
def _feats_order(cell: str) -> Iterator[str]:
    names = [part.partition("=")[0].lower() for part in cell.split("|")]
    if names != sorted(names):
        yield cell


@_rule("values-order", "FEATS", 2, "the values of a feature are not sorted: {examples}", "sort them (--fix)")
def _values_order(cell: str) -> Iterator[str]:
    if "," in cell:
        lists = [part.partition("=")[2].lower().split(",") for part in cell.split("|")]
        if any(values != sorted(values) for values in lists):
            yield cell


@_rule(
    "malformed-relation", "DEPREL", 2, "relations are not written name or name:subtype in small letters: {examples}",
    "correct them",
)  # fmt: skip
def _malformed_relation(cell: str) -> Iterator[str]:
    if not _RELATION.fullmatch(cell):
        yield cell


@_rule("unknown-relation", "DEPREL", 2, "relations outside the 37 of UD: {examples}", "correct them")
def _unknown_relation(cell: str) -> Iterator[str]:
    if _RELATION.fullmatch(cell) and cell.partition(":")[0] not in _known_relations:
        yield cell


@_rule(
    "malformed-deps", "DEPS", 2,
    "relations in DEPS have other signs than small letters, colons, and underscores between words: {examples}",
    "correct them",
)  # fmt: skip
def _malformed_deps(cell: str) -> Iterator[str]:
    return (relation for _, relation in parse_deps(cell) if relation and not _is_graph_relation(relation))


@_rule("unknown-deps", "DEPS", 2, "relations in DEPS outside the 37 of UD and ref: {examples}", "correct them")
def _unknown_deps(cell: str) -> Iterator[str]:
    for _, relation in parse_deps(cell):
        first = relation.partition(":")[0]
        if first not in _known_relations and first != "ref" and _is_graph_relation(relation):
            yield relation


@_rule("deps-order", "DEPS", 2, "DEPS is not sorted by head, then by relation: {examples}", "sort it (--fix)")
def _deps_order(cell: str) -> Iterator[str]:
    if "|" in cell:
        edges = parse_deps(cell)
        if all(NODE_ID.fullmatch(head) for head, _ in edges) and format_deps(edges) != cell:
            yield cell


@_rule("repeated-deps", "DEPS", 2, "DEPS has an edge twice: {examples}", "keep one of them (--fix)")
def _repeated_deps(cell: str) -> Iterator[str]:
    if "|" in cell and len(set(edges := cell.split("|"))) < len(edges):
        yield cell


@_rule(
    "space-after-value", "MISC", 2, "SpaceAfter has no value but No, and NoSpaceAfter=Yes is not read: {examples}",
    "write SpaceAfter=No, or nothing",
)  # fmt: skip
def _space_after_value(cell: str) -> Iterator[str]:
    if "SpaceAfter=" in cell:
        for part in cell.split("|"):
            if part == "NoSpaceAfter=Yes" or (part.startswith("SpaceAfter=") and part != "SpaceAfter=No"):
                yield part


@_rule(
    "repeated-attribute", "MISC", 2, "MISC has an attribute twice that has one value: {examples}",
    "keep one of them (--fix, if they are the same)",
)  # fmt: skip
def _repeated_attribute(cell: str) -> Iterator[str]:
    if "|" in cell:
        names = Counter(part.partition("=")[0] for part in cell.split("|"))
        yield from sorted(name for name, count in names.items() if name in ONCE and count > 1)


@_rule(
    "empty-attribute", "MISC", 2, "MISC has an empty attribute, or one without a name: {examples}",
    "remove it (--fix does where it has no value) or name it; a bar inside a value cannot be written", "note",
)  # fmt: skip
def _empty_attribute(cell: str) -> Iterator[str]:
    if any(part == "" or part.startswith("=") for part in cell.split("|")):
        yield cell or "''"


@_rule(
    "blank-in-attribute", "MISC", 2, "a name or value in MISC begins or ends with a space: {examples}",
    "remove the space", "note",
)  # fmt: skip
def _blank_in_attribute(cell: str) -> Iterator[str]:
    if not cell.isascii() or " " in cell:
        for part in cell.split("|"):
            name, _, value = part.partition("=")
            if name != name.strip() or value != value.strip():
                yield repr(part)


def _is_graph_relation(relation: str) -> bool:
    found = _GRAPH_RELATION.fullmatch(relation)
    if not found:
        return bool(_with_marks(relation))
    marker = found[2]
    return marker is None or (marker == marker.lower() and "__" not in marker and marker.strip("_") == marker)


def _with_marks(relation: str) -> bool:
    """Whether a relation is well-formed once combining marks, which are no word characters, count as letters."""
    bare = "".join(char for char in relation if not unicodedata.category(char).startswith("M"))
    return bare != relation and _is_graph_relation(bare)


class CellChecker:
    """Looks for cells that break the rules up to a level."""

    def __init__(self, level: int) -> None:
        rules: dict[str, list[tuple[str, Callable[[str], Iterable[str]]]]] = {}
        for name, rule in CELL_RULES.items():
            if (rule.code.level or 0) <= level:
                for column in rule.columns:
                    rules.setdefault(column, []).append((name, rule.find))
        self._rules = rules
        self._good = {column: {"_"} for column in rules}

    def check(self, sentence: Sentence) -> Iterator[tuple[str, Place, str]]:
        """Code, place and example of each cell of words and empty nodes that breaks a rule."""
        for column, good in self._good.items():
            cells = sentence.columns.get(column)
            if cells is not None and not good.issuperset(cells):
                for word, cell in enumerate(cells, 1):
                    if cell not in good:
                        for name, example in self._broken(column, cell):
                            yield name, word, example
        for node in sentence.empty_nodes:
            for column, good in self._good.items():
                cell = node.cells.get(column, "_")
                if cell not in good and column != "DEPREL":  # no empty node has one
                    for name, example in self._broken(column, cell):
                        yield name, node, example

    def _broken(self, column: str, cell: str) -> list[tuple[str, str]]:
        found = [(name, example) for name, find in self._rules[column] for example in find(cell)]
        if not found:
            good = self._good[column]
            if len(good) >= _REMEMBERED:
                good.clear()
                good.add("_")
            good.add(cell)
        return found
