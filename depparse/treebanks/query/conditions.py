"""Conditions on the nodes of a match: tests of features, comparisons, crossing arcs, facts about the sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from depparse.document.columns import VALUE_COLUMNS
from depparse.document.trees import find_cycle, nonprojective_arcs, roots
from depparse.treebanks.query.pattern import (
    GRAPH,
    TREE,
    Arc,
    Comparison,
    Condition,
    Crossing,
    Fact,
    Label,
    Node,
    Term,
    compare,
    part_of,
)
from depparse.treebanks.query.relations import Check
from depparse.treebanks.query.view import Memo, View

# How rare a value is, roughly: of a sentence's words, fewer have a certain lemma than a certain part of speech.
_COSTS = {"form": 1.0, "lemma": 1.0, "sense": 1.0, "entity_text": 1.0, "mwt": 1.0, "id": 1.0, "upos": 6.0}
# Features that are whole cells of a line, and not the last.
_CELLS = frozenset(("form", "lemma", "upos", "xpos", "deprel", "mwt", "FORM", "LEMMA", "UPOS", "XPOS", "DEPREL"))
_FEATURE, _EXPRESSION, _ANY = 4.0, 3.0, 10.0


class FeatureTest:
    """A test of one feature, for all nodes at once or for one."""

    def __init__(self, feature: str, accepts: Callable[[str | None], bool], exact: str | None, cost: float) -> None:
        self.feature, self.exact, self.cost = feature, exact, cost
        self._accepts: Memo[str | None, bool] = Memo(accepts)

    def all(self, view: View) -> list[int]:
        """The nodes that pass."""
        values = view.feature(self.feature)
        if self.exact is not None:
            exact = self.exact
            return [node for node, value in enumerate(values) if value == exact] if exact in values else []
        accepts = self._accepts
        return [node for node, value in enumerate(values) if accepts[value]]

    def keep(self, view: View, nodes: list[int]) -> list[int]:
        """Those of the nodes that pass."""
        values, accepts = view.feature(self.feature), self._accepts
        return [node for node in nodes if accepts[values[node]]]

    def holds(self, view: View, node: int) -> bool:
        """Whether the node passes."""
        return self._accepts[view.feature(self.feature)[node]]


def test_of(test: Condition) -> FeatureTest:
    """The test of a feature of a node."""
    texts, cost = test.texts, _ANY
    if texts is not None:
        cost = _COSTS.get(test.feature, _FEATURE) * (1 + 0.1 * len(texts))
    elif test.sign == "=":
        cost = _COSTS.get(test.feature, _FEATURE) + _EXPRESSION
    exact = next(iter(texts)) if texts is not None and len(texts) == 1 and not test.several else None
    return FeatureTest(test.feature, test.accepts, exact, cost)


def test_of_label(label: Label) -> FeatureTest:
    """The test of a label, as one of the dependent, whose relation it is."""
    positive = label.values is not None and not label.negated
    texts = label.values.texts if label.values is not None and positive and not label.values.expressions else None
    exact = next(iter(texts)) if texts is not None and len(texts) == 1 else None
    return FeatureTest("deprel", label.accepts, exact, _FEATURE if positive or label.parts else _ANY)


def test_of_edge(label: Label) -> FeatureTest | None:
    """A test that every dependent of such an arc of the enhanced graph passes, by its cell of DEPS; None if any may."""
    texts = literals(label) if label.layer == GRAPH else None
    if texts is None:
        return None
    return FeatureTest("deps", lambda cell: cell is not None and any(text in cell for text in texts), None, _FEATURE)


class NodeTests:
    """All that a node has to be by itself. Nodes are words, or with `empty` words and empty nodes."""

    def __init__(self, tests: Iterable[FeatureTest], alternatives: Iterable[Node], empty: bool) -> None:
        self.tests, self.empty = sorted(tests, key=lambda test: test.cost), empty
        self.alternatives = [[list(map(test_of, tests)) for tests in node.alternatives] for node in alternatives]

    @property
    def cost(self) -> float:
        """Roughly how many nodes of a sentence pass, in no unit."""
        return self.tests[0].cost - 0.1 * len(self.tests) if self.tests else _ANY + 5

    def all(self, view: View) -> list[int]:
        """The nodes that pass."""
        nodes = self.tests[0].all(view) if self.tests else list(range(view.size))
        if not self.empty and view.empty:
            nodes = [node for node in nodes if node < view.length]
        for test in self.tests[1:]:
            nodes = test.keep(view, nodes) if nodes else nodes
        return [node for node in nodes if self._passes_one(view, node)] if self.alternatives else nodes

    def holds(self, view: View, node: int) -> bool:
        """Whether the node passes."""
        if not self.empty and node >= view.length:
            return False
        return all(test.holds(view, node) for test in self.tests) and self._passes_one(view, node)

    def _passes_one(self, view: View, node: int) -> bool:
        """Whether the node passes all tests of an alternative, for each node clause with alternatives."""
        return all(
            any(all(test.holds(view, node) for test in tests) for tests in alternatives)
            for alternatives in self.alternatives
        )


class Slots(NamedTuple):
    """Where a search keeps what names stand for. An arc has a slot for its label, and its ends are nodes."""

    nodes: Mapping[str, int]
    arcs: Mapping[str, tuple[int, Arc]]

    def ends(self, name: str) -> tuple[int, int]:
        """The slots of the head and of the dependent of an arc."""
        arc = self.arcs[name][1]
        return self.nodes[arc.head or ""], self.nodes[arc.dependent or ""]


def slots_of(names: Iterable[str], slots: Slots) -> set[int]:
    """All slots that hold what these nodes and arcs are."""
    found: set[int] = set()
    for name in names:
        found |= {slots.nodes[name]} if name in slots.nodes else {slots.arcs[name][0], *slots.ends(name)}
    return found


Value = Callable[[View, Sequence[Any]], str | None]


def value_of(term: Term, slots: Slots) -> Value:
    """The function that tells the value of a term from a view and a binding, or None if that is not defined."""
    name, feature = term.names[0], term.feature
    if len(term.names) == 2:
        left, right = (slots.nodes[node] for node in term.names)
        return _distance(left, right, feature)
    if name in slots.nodes:
        slot = slots.nodes[name]
        return lambda view, binding: None if binding[slot] is None else view.feature(feature)[binding[slot]]
    if feature in ("length", "delta"):
        return _distance(*slots.ends(name), feature)
    slot = slots.arcs[name][0]
    if feature == "label":
        return lambda _, binding: binding[slot] or None
    return lambda _, binding: part_of(binding[slot] or None, feature)


def _distance(left: int, right: int, feature: str) -> Value:
    """The number of words from the left to the right node, or with ``length`` its size; an empty node counts none."""

    def value(view: View, binding: Sequence[Any]) -> str | None:
        if binding[left] is None or binding[right] is None:
            return None
        delta = view.place(binding[right])[0] - view.place(binding[left])[0]
        return str(abs(delta) if feature == "length" else delta)

    return value


def check_of(item: Comparison | Crossing, slots: Slots) -> tuple[Check, set[int]]:
    """The check of a comparison or a crossing, and the slots that it reads."""
    if isinstance(item, Crossing):
        first, second = (slots.ends(name) for name in item.arcs)
        return _crossing(first, second), {*first, *second}
    left = value_of(item.left, slots)
    if isinstance(item.right, Condition):
        accepts: Memo[str | None, bool] = Memo(item.right.accepts)
        return lambda view, binding: accepts[left(view, binding)], slots_of(item.left.names, slots)
    right, sign = value_of(item.right, slots), item.sign
    read = slots_of((*item.left.names, *item.right.names), slots)
    return lambda view, binding: compare(left(view, binding), sign, right(view, binding)), read


def _crossing(first: tuple[int, int], second: tuple[int, int]) -> Check:
    def check(view: View, binding: list[int]) -> bool:
        a, b = sorted(view.place(binding[slot]) for slot in first)
        c, d = sorted(view.place(binding[slot]) for slot in second)
        return a < c < b < d or c < a < d < b

    return check


def literals(test: Condition | Label) -> frozenset[str] | None:
    """Texts of which the lines of a sentence in CoNLL-U hold one if any word passes the test; None if none is known."""
    if isinstance(test, Label):
        values, signs = test.values, {TREE: "\t", GRAPH: ":"}
        if values is None:
            texts = next((part.texts for part in test.parts if part.feature == "1"), None)
        else:
            texts = None if test.negated or values.expressions else values.texts
        form = signs[test.layer] + "{}" if test.layer in signs else ""
    else:
        texts, name = test.texts, test.feature
        if name in _CELLS:
            form = "\t{}\t"
        else:  # a feature or an attribute of MISC
            form = f"{name.rpartition(':')[2]}={{}}" if name[:1].isupper() and name not in VALUE_COLUMNS else ""
    return None if not texts or not form or "" in texts else frozenset(map(form.format, texts))


def fact_of(fact: Fact | Condition) -> Callable[[View], bool]:
    """The check of a fact about the sentence."""
    if isinstance(fact, Fact):
        return lambda view: _FACTS[fact.name](view) == fact.holds
    if fact.feature == "length":
        return lambda view: fact.accepts(str(view.length))
    return lambda view: fact.accepts(view.sentence.comment(fact.feature))


def _is_forest(view: View) -> bool:
    return find_cycle(view.sentence.heads) is None


_FACTS: dict[str, Callable[[View], bool]] = {
    "projective": lambda view: not nonprojective_arcs(view.sentence.heads),
    "tree": lambda view: None not in view.sentence.heads and len(roots(view.sentence.heads)) == 1 and _is_forest(view),
    "forest": _is_forest,
    "cyclic": lambda view: not _is_forest(view),
}
