"""From clauses to a search: in which order nodes are found, where each is looked for, and what is checked then.

Nodes and arcs of a match have slots in a list, the binding: a node its number in the view, an arc its label, and None
what is not found. The search begins with the node of which a sentence has probably the fewest, and goes on along arcs
and neighbours where it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from depparse.treebanks.query.conditions import NodeTests, Slots, check_of, test_of, test_of_edge, test_of_label
from depparse.treebanks.query.pattern import TREE, Arc, Clauses, Label, Node, Order
from depparse.treebanks.query.relations import Check, EdgeArc, Relation, TreeArc, relation_of, star_of
from depparse.treebanks.query.view import View

Binding = list[Any]


@dataclass(slots=True)
class Step:
    """Finds what a slot holds: one after the other of what `source` gives, if all `checks` hold."""

    slot: int
    source: Callable[[View, Binding], Iterable[Any]]
    checks: Sequence[Check]


class Plan:
    """The search for what one block of clauses adds to a binding."""

    def __init__(self, clauses: Clauses, slots: Slots, bound: Iterable[str], others: Iterable[int] = ()) -> None:
        """Makes the plan; `bound` are the names of the nodes that are found already.

        No node without a $ is found twice, not even in the slots of `others`.
        """
        self._slots, self._clauses = slots, clauses
        self._known = {slots.nodes[name] for name in bound}
        self._known |= {slot for slot, arc in slots.arcs.values() if arc not in clauses.items}
        self._distinct = [*others, *(slots.nodes[name] for name in bound if not name.endswith("$"))]
        self._relations: list[Relation] = []
        self._checks: list[tuple[Check, set[int]]] = []
        self._tests: dict[int, NodeTests] = {}
        self._read()
        self.first_checks = self._ready()
        self.steps: list[Step] = []
        self._order()

    def run(self, view: View, binding: Binding) -> Iterator[None]:
        """Fills the binding in each way that the clauses allow. What it holds then is valid until the next way."""
        if all(check(view, binding) for check in self.first_checks):
            yield from self._run(view, binding, 0)

    def _run(self, view: View, binding: Binding, depth: int) -> Iterator[None]:
        if view.steps is not None:
            view.steps.take()
        if depth == len(self.steps):
            yield
            return
        step = self.steps[depth]
        slot, checks = step.slot, step.checks
        for value in step.source(view, binding):
            binding[slot] = value
            for check in checks:
                if not check(view, binding):
                    break
            else:
                yield from self._run(view, binding, depth + 1)

    # -- what the clauses ask for

    def _read(self) -> None:
        nodes = self._slots.nodes
        tests: dict[str, list[Any]] = {}
        alternatives: dict[str, list[Node]] = {}
        for item in self._clauses.items:
            if isinstance(item, Node):
                if len(item.alternatives) == 1:
                    tests.setdefault(item.name, []).extend(map(test_of, item.alternatives[0]))
                else:
                    alternatives.setdefault(item.name, []).append(item)
            elif isinstance(item, Arc):
                self._read_arc(item, tests)
            elif isinstance(item, Order):
                self._relations.append(relation_of(item, nodes[item.left], nodes[item.right]))
            else:
                self._checks.append(check_of(item, self._slots))
        for name in dict.fromkeys((*self._clauses.nodes, *tests, *alternatives)):
            may_be_empty = name in self._clauses.empty
            node_tests = NodeTests(tests.get(name, ()), alternatives.get(name, ()), may_be_empty)
            slot = nodes[name]
            if slot in self._known:  # a node of the pattern, of which another block says more
                node_tests.empty = True
                self._checks.append((_holds(node_tests, slot), {slot}))
            else:
                self._tests[slot] = node_tests

    def _read_arc(self, arc: Arc, tests: dict[str, list[Any]]) -> None:
        nodes = self._slots.nodes
        if arc.head is None or arc.dependent is None:
            slot = nodes[arc.head or arc.dependent or ""]
            self._checks.append((star_of(arc, slot), {slot}))
            return
        head, dependent = nodes[arc.head], nodes[arc.dependent]
        relation = relation_of(arc, head, dependent)
        self._relations.append(relation)
        test = test_of_label(arc.label) if isinstance(relation, TreeArc) else test_of_edge(arc.label)
        if test is not None and not arc.label.is_any:
            tests.setdefault(arc.dependent, []).append(test)

    # -- the order

    def _ready(self) -> list[Check]:
        """The checks and relations whose slots are all known, which are then no longer waiting."""
        ready = [check for check, read in self._checks if read <= self._known]
        self._checks = [(check, read) for check, read in self._checks if not read <= self._known]
        related = [relation for relation in self._relations if {relation.first, relation.second} <= self._known]
        self._relations = [relation for relation in self._relations if relation not in related]
        return [*map(_related, related), *ready]

    def _order(self) -> None:
        waiting = dict(self._tests)
        arcs = [(slot, arc) for slot, arc in self._slots.arcs.values() if arc in self._clauses.items]
        placed: list[tuple[int, Arc]] = []
        while waiting or arcs:
            for slot, arc in [pair for pair in arcs if self._ends(pair[1]) <= self._known]:
                arcs.remove((slot, arc))
                self._place_arc(slot, arc, placed)
                placed.append((slot, arc))
            if waiting:
                slot = min(waiting, key=lambda slot: (self._distance(slot), waiting[slot].cost - self._giving(slot)))
                self._place_node(slot, waiting.pop(slot))

    def _ends(self, arc: Arc) -> set[int]:
        return {self._slots.nodes[arc.head or ""], self._slots.nodes[arc.dependent or ""]}

    def _distance(self, slot: int) -> int:
        """0 if a relation to a known node gives the nodes for the slot, 1 if one joins it to a known node, else 2."""
        joined = [relation for relation in self._relations if self._joins(relation, slot)]
        return 0 if any(self._gives(relation, slot) for relation in joined) else 1 if joined else 2

    def _giving(self, slot: int) -> float:
        """A little more for each relation that gives another node once this one is known."""
        giving = [relation for relation in self._relations if relation.gives_first and slot == relation.second]
        giving += [relation for relation in self._relations if relation.gives_second and slot == relation.first]
        return 0.2 * len(giving)

    def _joins(self, relation: Relation, slot: int) -> bool:
        ends = {relation.first, relation.second}
        return len(ends) == 2 and slot in ends and not ends.isdisjoint(self._known)

    def _gives(self, relation: Relation, slot: int) -> bool:
        return relation.gives_first if slot == relation.first else relation.gives_second

    def _place_node(self, slot: int, tests: NodeTests) -> None:
        joined = [relation for relation in self._relations if self._joins(relation, slot)]
        giving = next((relation for relation in joined if self._gives(relation, slot)), None)
        checks: list[Check] = []
        if giving is None:
            source = _candidates(tests)
        else:
            self._relations.remove(giving)
            source = _neighbours(giving, slot)
            checks.append(_holds(tests, slot))
        self._known.add(slot)
        name = next(name for name, other in self._slots.nodes.items() if other == slot)
        if not name.endswith("$"):
            if self._distinct:
                checks.insert(0, _differs(slot, tuple(self._distinct)))
            self._distinct.append(slot)
        self.steps.append(Step(slot, source, [*checks, *self._ready()]))

    def _place_arc(self, slot: int, arc: Arc, placed: list[tuple[int, Arc]]) -> None:
        head, dependent = self._slots.nodes[arc.head or ""], self._slots.nodes[arc.dependent or ""]
        self._known.add(slot)
        same = [
            other
            for other, before in placed
            if (before.head, before.dependent, before.label.layer) == (arc.head, arc.dependent, arc.label.layer)
        ]
        checks: list[Check] = [_differs(slot, tuple(same))] if same else []
        self.steps.append(Step(slot, _labels(arc.label, head, dependent), [*checks, *self._ready()]))


def _related(relation: Relation) -> Check:
    first, second, holds = relation.first, relation.second, relation.holds
    return lambda view, binding: holds(view, binding[first], binding[second])


def _holds(tests: NodeTests, slot: int) -> Check:
    return lambda view, binding: tests.holds(view, binding[slot])


def _differs(slot: int, others: tuple[int, ...]) -> Check:
    if len(others) == 1:
        other = others[0]
        return lambda _, binding: binding[slot] != binding[other]
    return lambda _, binding: binding[slot] not in [binding[other] for other in others]


def _candidates(tests: NodeTests) -> Callable[[View, Binding], Iterable[int]]:
    def source(view: View, _: Binding) -> Iterable[int]:
        nodes: Iterable[int] | None = view.found.get(tests)
        if nodes is None:
            nodes = view.found[tests] = tests.all(view)
        return nodes

    return source


def _neighbours(relation: Relation, slot: int) -> Callable[[View, Binding], Iterable[int]]:
    first, second = relation.first, relation.second
    if slot == first:
        return lambda view, binding: relation.firsts(view, binding[second])
    return lambda view, binding: relation.seconds(view, binding[first])


def _labels(label: Label, head: int, dependent: int) -> Callable[[View, Binding], Iterable[str]]:
    """The labels that an arc between two known nodes can have; in a tree, the one that it has, or '' for none."""
    if label.layer == TREE:
        return lambda view, binding: (view.feature("deprel")[binding[dependent]] or "",)
    arcs = EdgeArc(head, dependent, label)
    return lambda view, binding: arcs.labels(view, binding[head], binding[dependent])
