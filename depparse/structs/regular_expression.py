"""Regular expressions over labels, as automata.

``(O | S-PER | B-PER I-PER* E-PER)*`` is an example: labels with blanks between them, ``|`` for either, ``*`` for any
number, ``+`` for at least one, ``?`` for at most one, brackets, and a dot for any label. ``()`` is the empty sequence.

The automaton has one state for each label in the expression (Glushkov 1961, *The Abstract Theory of Automata*). It is
ambiguous if the expression can read a sequence in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from depparse.errors import DepparseError
from depparse.structs.automaton import Automaton

_TOKEN = re.compile(r"\s*([()|*+?]|[^\s()|*+?]+)")
_REPEATS = "*+?"
_MOST_TOKENS = 2_000


class _Fragment(NamedTuple):
    """A piece of an expression: whether it may be empty, and which occurrences of labels may come first and last."""

    empty: bool
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


def automaton_of(expression: str, labels_of: Callable[[str], Collection[int]], n_labels: int) -> Automaton:
    """The automaton of a regular expression. O(n²) for n labels in the expression.

    `labels_of` gives the numbers of the labels that a name stands for, none if there is no such label. Raises
    DepparseError, which says at which character the expression is wrong, and for one that is too long or too deep.
    """
    parser = _Parser(expression, labels_of, n_labels)
    if len(parser.tokens) > _MOST_TOKENS:
        raise DepparseError(f"it has {len(parser.tokens):,} labels and signs, and at most {_MOST_TOKENS:,} are read")
    try:
        return parser.automaton()
    except RecursionError:
        raise DepparseError("its brackets are nested too deep") from None


class _Parser:
    """Parses one expression by recursive descent."""

    def __init__(self, expression: str, labels_of: Callable[[str], Collection[int]], n_labels: int) -> None:
        self.expression, self.labels_of, self.n_labels = expression, labels_of, n_labels
        matches = list(_TOKEN.finditer(expression.rstrip()))
        self.tokens = [match[1] for match in matches]
        self.columns = [match.start(1) + 1 for match in matches]
        self.position = 0  # number of the next token
        self.occurrences: list[Collection[int]] = []  # for each label of the expression, what it stands for
        self.follows: list[set[int]] = []  # for each occurrence, those that may come after it

    def automaton(self) -> Automaton:
        """The automaton of the whole expression."""
        whole = self.choice()
        if self.position < len(self.tokens):
            raise self.error("nothing is open that it closes")
        start = len(self.occurrences)
        arcs: list[dict[int, list[int]]] = []
        for after in (*self.follows, whole.first):
            row: dict[int, list[int]] = {}
            for occurrence in sorted(after):
                for label in self.occurrences[occurrence]:
                    row.setdefault(label, []).append(occurrence)
            arcs.append(row)
        return Automaton(self.n_labels, arcs, (start,), whole.last | ({start} if whole.empty else set()))

    def choice(self) -> _Fragment:
        """Reads sequences with ``|`` between them."""
        fragment = self.sequence()
        while self.next() == "|":
            self.position += 1
            alternative = self.sequence()
            empty = fragment.empty or alternative.empty
            fragment = _Fragment(empty, fragment.first | alternative.first, fragment.last | alternative.last)
        return fragment

    def sequence(self) -> _Fragment:
        """Reads fragments one after the other."""
        fragment = _Fragment(True)
        while self.next() not in (None, "|", ")"):
            following = self.repeated()
            self.join(fragment.last, following.first)
            first = fragment.first | following.first if fragment.empty else fragment.first
            last = fragment.last | following.last if following.empty else following.last
            fragment = _Fragment(fragment.empty and following.empty, first, last)
        return fragment

    def repeated(self) -> _Fragment:
        """Reads a label or a bracket with the signs of repetition behind it."""
        fragment = self.single()
        while (sign := self.next()) is not None and sign in _REPEATS:
            self.position += 1
            if sign != "?":
                self.join(fragment.last, fragment.first)
            fragment = fragment._replace(empty=fragment.empty or sign != "+")
        return fragment

    def single(self) -> _Fragment:
        """Reads a label or a bracket."""
        name = self.next()
        if name is not None and name in _REPEATS:
            raise self.error("there is nothing before it to be repeated")
        if name == "(":
            bracket = self.position
            self.position += 1
            fragment = self.choice()
            if self.next() != ")":
                self.position = bracket
                raise self.error("it is never closed")
            self.position += 1
            return fragment
        labels = range(self.n_labels) if name == "." else self.labels_of(name or "")
        if not labels:
            raise self.error("there is no such label")
        self.position += 1
        occurrence = frozenset({len(self.occurrences)})
        self.occurrences.append(labels)
        self.follows.append(set())
        return _Fragment(False, occurrence, occurrence)

    def join(self, before: Collection[int], after: Collection[int]) -> None:
        """Lets each occurrence in `after` follow each in `before`."""
        for occurrence in before:
            self.follows[occurrence] |= set(after)

    def next(self) -> str | None:
        """The next token, None at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def error(self, reason: str) -> DepparseError:
        """An error at the next token."""
        return DepparseError(f"{self.tokens[self.position]!r} at character {self.columns[self.position]}: {reason}")
