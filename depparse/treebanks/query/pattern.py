"""What a pattern says, as data: nodes with tests of their features, arcs between nodes, order, comparisons.

`depparse.treebanks.query.syntax` reads it from text, `depparse.treebanks.query.plan` makes a search of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

import regex

from depparse.errors import ConfigError

TREE, GRAPH, ROLES = "", "E", "S"  # layers of arcs, by what stands before a colon and a label
LAYERS = {TREE: "tree", GRAPH: "enhanced", ROLES: "roles"}
# Features that may have several values, between bars: entities within entities.
SEVERAL = frozenset(("entity", "entity_text", "inside"))
SECONDS = 2.0  # that a regular expression may take for a value: some have exponentially many ways to match
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Values between bars: texts, and regular expressions that the whole value has to match."""

    texts: frozenset[str]
    expressions: tuple[regex.Pattern[str], ...] = ()

    def __contains__(self, value: str) -> bool:
        return value in self.texts or any(_matches(expression, value) for expression in self.expressions)


def _matches(expression: regex.Pattern[str], value: str) -> bool:
    try:
        return expression.fullmatch(value, timeout=SECONDS) is not None
    except TimeoutError:
        raise ConfigError(
            f"the regular expression {expression.pattern!r} did not come to an end in {SECONDS:g} seconds on "
            f"{value!r}: write it with fewer ways to match the same text"
        ) from None


def compare(left: str | None, sign: str, right: str | None) -> bool:
    """Whether two values are as the `sign` says; never if one is None. ``<`` and the like compare numbers."""
    if left is None or right is None:
        return False
    if sign in ("=", "<>"):
        return (left == right) == (sign == "=")
    try:
        return _ORDER[sign](float(left), float(right))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of a feature. `sign` is ``=``, ``<>``, ``<`` and the like, or ``defined`` or ``undefined`` without values.

    ``<>`` holds for a defined value that is none of the `values`.
    """

    feature: str
    sign: str
    values: Choice | str | None = None  # a number as text behind < and the like

    def accepts(self, value: str | None) -> bool:
        """Whether a value, None if undefined, passes the test."""
        if value is None or self.sign in ("defined", "undefined"):
            return (value is None) == (self.sign == "undefined")
        if isinstance(self.values, str):
            return compare(value, self.sign, self.values)
        choice = self.values or Choice(frozenset())
        found = any(one in choice for one in (value.split("|") if self.several else (value,)))
        return found == (self.sign == "=")

    @property
    def several(self) -> bool:
        """Whether the feature may have several values, between bars, of which one is enough."""
        return self.feature in SEVERAL

    @property
    def texts(self) -> frozenset[str] | None:
        """The values of which one is asked for, if no other passes the test; else None."""
        plain = self.sign == "=" and isinstance(self.values, Choice) and not self.values.expressions
        return self.values.texts if plain and isinstance(self.values, Choice) else None


@dataclass(frozen=True, slots=True)
class Label:
    """A test of the label of an arc in a layer: one of `values`, or none if `negated`; or tests of its `parts`.

    The parts are named ``1``, ``2`` and ``3``: of ``obl:arg`` they are ``obl``, ``arg`` and undefined. Without values
    and parts, any label passes, and so does an arc without a label.
    """

    layer: str = TREE
    values: Choice | None = None
    negated: bool = False
    parts: tuple[Condition, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether every label passes."""
        return self.values is None and not self.parts

    def accepts(self, label: str | None) -> bool:
        """Whether a label, None if the arc has none, passes the test."""
        if self.values is not None:
            return (label is not None and label in self.values) != self.negated
        return all(test.accepts(part_of(label, test.feature)) for test in self.parts)


def part_of(label: str | None, number: str) -> str | None:
    """The part of a label that has this number from 1 to 3, or None. The third is all that follows."""
    parts = [] if label is None else label.split(":", 2)
    return parts[int(number) - 1] if int(number) <= len(parts) else None


@dataclass(frozen=True, slots=True)
class Node:
    """``X [upos=NOUN]``: all tests of one of the `alternatives` hold for the node."""

    name: str
    alternatives: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Arc:
    """``e: X -[nsubj]-> Y``: an arc, or with `path` a way of one arc or several. An end of None is any node or ROOT."""

    name: str | None
    head: str | None
    dependent: str | None
    label: Label
    path: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """``X < Y``: the left node stands before the right one, with no word between them if `adjacent`."""

    left: str
    right: str
    adjacent: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """``e >< f``: the arcs cross."""

    arcs: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Term:
    """A value of a match: a `feature` of a node or of an arc, or of two nodes their ``delta`` or ``length``."""

    names: tuple[str, ...]
    feature: str

    def __str__(self) -> str:
        return f"{self.names[0]}.{self.feature}" if len(self.names) == 1 else f"{self.feature}({','.join(self.names)})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``X.lemma = Y.lemma`` or, with a test in place of the right term, ``X.lemma = "be"``."""

    left: Term
    sign: str
    right: Term | Condition


Item = Node | Arc | Order | Crossing | Comparison


@dataclass(frozen=True, slots=True)
class Clauses:
    """What stands between braces. `nodes` and `arcs` are the names that it adds to those of the pattern.

    `kind` is ``pattern``, ``with``, ``without`` or ``optional``. Nodes in `empty` may be empty nodes, others are words.
    """

    kind: str
    items: tuple[Item, ...]
    nodes: tuple[str, ...]
    arcs: tuple[str, ...]
    empty: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fact:
    """``is_projective``, ``is_tree``, ``is_forest`` or ``is_cyclic``, by the end of its name, or that it is not so."""

    name: str
    holds: bool


@dataclass(frozen=True, slots=True)
class PatternTree:
    """A whole pattern: what is searched for, what filters the matches, optional parts, and facts about the sentence.

    Tests in `facts` are of comments, and ``length`` is the number of words.
    """

    matching: Clauses
    filters: tuple[Clauses, ...]
    optional: tuple[Clauses, ...]
    facts: tuple[Fact | Condition, ...]
