"""Regular expressions over labels, as automata.

``(O | S-PER | B-PER I-PER* E-PER)*``: labels with blanks between them, ``|`` for either, ``*`` for any number, ``+``
for at least one, ``?`` for at most one, brackets, and a dot for any label. ``()`` is the empty sequence.

An expression has one state for each label in it (Glushkov 1961, *The Abstract Theory of Automata*), and is ambiguous if
it can read a sequence in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from depparse.errors import DepparseError
from depparse.structs.automaton import Automaton

_TOKEN = re.compile(r"\s*([()|*+?]|[^\s()|*+?]+)")
_AFTER = "*+?"


class _Part(NamedTuple):
    """A part of an expression: whether it may be empty, and the places in it that may be read first and last."""

    empty: bool
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


def automaton_of(expression: str, labels_of: Callable[[str], Collection[int]], n_labels: int) -> Automaton:
    """The automaton of a regular expression. O(places²).

    `labels_of` gives the numbers of the labels that a name means, none if it means nothing. Raises DepparseError with
    the place of what is wrong.
    """
    return _Reader(expression, labels_of, n_labels).automaton()


class _Reader:
    def __init__(self, expression: str, labels_of: Callable[[str], Collection[int]], n_labels: int) -> None:
        self.expression, self.labels_of, self.n_labels = expression, labels_of, n_labels
        found = list(_TOKEN.finditer(expression.rstrip()))
        self.tokens = [match[1] for match in found]
        self.columns = [match.start(1) + 1 for match in found]
        self.at = 0  # the next token
        self.places: list[Collection[int]] = []  # the labels of each place
        self.follows: list[set[int]] = []  # the places that may come after each

    def automaton(self) -> Automaton:
        whole = self.choice()
        if self.at < len(self.tokens):
            raise self.error("nothing is open that it closes")
        start = len(self.places)
        arcs: list[dict[int, list[int]]] = []
        for after in (*self.follows, whole.first):
            row: dict[int, list[int]] = {}
            for place in sorted(after):
                for label in self.places[place]:
                    row.setdefault(label, []).append(place)
            arcs.append(row)
        return Automaton(self.n_labels, arcs, (start,), whole.last | ({start} if whole.empty else set()))

    def choice(self) -> _Part:
        part = self.sequence()
        while self.next() == "|":
            self.at += 1
            other = self.sequence()
            part = _Part(part.empty or other.empty, part.first | other.first, part.last | other.last)
        return part

    def sequence(self) -> _Part:
        part = _Part(True)
        while self.next() not in (None, "|", ")"):
            other = self.repeated()
            self.join(part.last, other.first)
            first = part.first | other.first if part.empty else part.first
            last = part.last | other.last if other.empty else other.last
            part = _Part(part.empty and other.empty, first, last)
        return part

    def repeated(self) -> _Part:
        part = self.single()
        while (sign := self.next()) is not None and sign in _AFTER:
            self.at += 1
            if sign != "?":
                self.join(part.last, part.first)
            part = part._replace(empty=part.empty or sign != "+")
        return part

    def single(self) -> _Part:
        name = self.next()
        if name is not None and name in _AFTER:
            raise self.error("there is nothing before it to be repeated")
        if name == "(":
            opened = self.at
            self.at += 1
            part = self.choice()
            if self.next() != ")":
                self.at = opened
                raise self.error("it is never closed")
            self.at += 1
            return part
        labels = range(self.n_labels) if name == "." else self.labels_of(name or "")
        if not labels:
            raise self.error("there is no such label")
        self.at += 1
        place = frozenset({len(self.places)})
        self.places.append(labels)
        self.follows.append(set())
        return _Part(False, place, place)

    def join(self, before: Collection[int], after: Collection[int]) -> None:
        for place in before:
            self.follows[place] |= set(after)

    def next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def error(self, reason: str) -> DepparseError:
        return DepparseError(f"{self.tokens[self.at]!r} at character {self.columns[self.at]}: {reason}")
