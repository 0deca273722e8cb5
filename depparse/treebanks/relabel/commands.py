"""Commands that change cells and arcs. Each is data from a rule, and can be run on a sentence.

`depparse.treebanks.relabel.words` has those that change words, tokens and sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from depparse.treebanks.query.pattern import TREE, Label, Term, part_of
from depparse.treebanks.relabel.draft import ROOT, CommandError, Draft


@dataclass(slots=True)
class Edge:
    """An arc with a name. `label` is None for an arc of the tree without a relation."""

    head: int  # keys
    dependent: int
    layer: str
    label: str | None


@dataclass(slots=True)
class Names:
    """What the names of a rule stand for: keys of nodes, and arcs. Names of optional parts may be missing."""

    nodes: dict[str, int]
    edges: dict[str, Edge]
    cuts: list[int] = field(default_factory=list)  # the first words of new sentences
    joins: list[tuple[int, str]] = field(default_factory=list)  # what governs the root of the next sentence, and how

    def node(self, name: str) -> int:
        """The key of a node; that of ROOT for ``*``."""
        return ROOT if name == "*" else self.nodes[name]


class Command(Protocol):
    """A command: it knows the names that it needs, and changes a draft."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""

    def run(self, draft: Draft, names: Names) -> None:
        """Changes the draft, and notes new names. Raises CommandError if that cannot be done."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a command: texts, and features of nodes and arcs, one after the other."""

    parts: tuple[str | Term, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """The names in it."""
        return tuple(part.names[0] for part in self.parts if isinstance(part, Term))

    def of(self, draft: Draft, names: Names) -> str:
        """The text. Raises CommandError if a feature in it is not defined."""
        return "".join(part if isinstance(part, str) else self._of(part, draft, names) for part in self.parts)

    @staticmethod
    def _of(term: Term, draft: Draft, names: Names) -> str:
        name, feature = term.names[0], term.feature
        edge = names.edges.get(name)
        if edge is None:
            value = draft.value(names.node(name), feature)
        else:
            value = edge.label if feature == "label" else part_of(edge.label, feature)
        if value is None:
            raise CommandError(f"{term} is not defined")
        return value


@dataclass(frozen=True, slots=True)
class SetFeature:
    """``X.upos = VERB``; ``del_feat X.Number`` without a value."""

    name: str
    feature: str
    value: Value | None

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return (self.name, *(self.value.needs if self.value is not None else ()))

    def run(self, draft: Draft, names: Names) -> None:
        """Sets or deletes the feature."""
        value = None if self.value is None else self.value.of(draft, names)
        draft.set_value(names.node(self.name), self.feature, value)


@dataclass(frozen=True, slots=True)
class SetLabel:
    """``e.label = obl``, ``e.2 = agent``; ``del_feat e.2`` without a value."""

    name: str
    part: str  # label, 1, 2 or 3
    value: Value | None

    needs = SetFeature.needs

    def run(self, draft: Draft, names: Names) -> None:
        """Gives the arc another label."""
        edge, value = names.edges[self.name], None if self.value is None else self.value.of(draft, names)
        if self.part != "label":
            parts = [part_of(edge.label, number) or "" for number in "123"]
            parts[int(self.part) - 1] = value or ""
            value = ":".join(parts).rstrip(":")
            if "" in value.split(":"):
                raise CommandError(f"the label would be {value!r}, which lacks a part")
        if not value:
            raise CommandError("a label cannot be empty")
        _replace(draft, edge, value)
        edge.label = value


def _replace(draft: Draft, edge: Edge, label: str | None) -> None:
    """Gives an arc another label, or for None removes it. Raises CommandError if it is not there."""
    if edge.layer == TREE:
        if draft.head(edge.dependent) != edge.head or (draft.value(edge.dependent, "deprel") != edge.label):
            raise CommandError("the arc is not there")
        draft.attach(edge.dependent, None if label is None else edge.head, label or "_")
        return
    edges = draft.edges(edge.dependent)
    old = (edge.head, edge.label or "")
    if old not in edges:
        raise CommandError("the enhanced arc is not there")
    changed = [(edge.head, label) if one == old else one for one in edges]
    draft.set_edges(edge.dependent, [(head, text) for head, text in changed if text is not None])


@dataclass(frozen=True, slots=True)
class AddEdge:
    """``add_edge X -[nsubj]-> Y``: in the tree, X becomes the head of Y, and without a label Y keeps its relation."""

    name: str | None
    head: str
    dependent: str
    layer: str
    label: str | None

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return tuple(name for name in (self.head, self.dependent) if name != "*")

    def run(self, draft: Draft, names: Names) -> None:
        """Adds the arc."""
        head, dependent = names.node(self.head), names.node(self.dependent)
        label = self.label
        if self.layer == TREE:
            draft.attach(dependent, head, label)
            label = draft.value(dependent, "deprel")
        else:
            draft.set_edges(dependent, [*draft.edges(dependent), (head, label or "")])
        if self.name is not None:
            names.edges[self.name] = Edge(head, dependent, self.layer, label)


@dataclass(frozen=True, slots=True)
class DeleteEdge:
    """``del_edge X -[obj]-> Y`` removes all such arcs, ``del_edge e`` the one with that name."""

    name: str | None
    head: str = ""
    dependent: str = ""
    label: Label = field(default_factory=Label)

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return tuple(name for name in (self.name, self.head, self.dependent) if name not in (None, "", "*"))

    def run(self, draft: Draft, names: Names) -> None:
        """Removes the arcs."""
        if self.name is not None:
            _replace(draft, names.edges[self.name], None)
            return
        head, dependent = names.node(self.head), names.node(self.dependent)
        if self.label.layer == TREE:
            labels = [draft.value(dependent, "deprel")] if draft.head(dependent) == head else []
        else:
            labels = [label for other, label in draft.edges(dependent) if other == head]
        accepted = [label for label in labels if self.label.accepts(label)]
        if not accepted:
            raise CommandError("there is no such arc to delete")
        for label in accepted:
            _replace(draft, Edge(head, dependent, self.label.layer, label), None)


@dataclass(frozen=True, slots=True)
class Shift:
    """``shift X ==> Y``: arcs to X become arcs to Y (`inwards`), arcs from X become arcs from Y (`outwards`).

    Arcs between two nodes that have names in the rule stay.
    """

    source: str
    target: str
    label: Label
    inwards: bool
    outwards: bool

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return self.source, self.target

    def run(self, draft: Draft, names: Names) -> None:
        """Moves the arcs."""
        move = _shift_tree if self.label.layer == TREE else _shift_graph
        move(self, draft, names.node(self.source), names.node(self.target), set(names.nodes.values()))


def _shift_tree(shift: Shift, draft: Draft, source: int, target: int, named: set[int]) -> None:
    accepts: Callable[[str | None], bool] = shift.label.accepts
    head, label = draft.head(source), draft.value(source, "deprel")
    if shift.inwards and head is not None and head not in named and accepts(label):
        draft.attach(target, head, label or "_")
        draft.attach(source, None, "_")
    if shift.outwards:
        for word in draft.keys[: len(draft.sentence)]:
            if word not in named and draft.head(word) == source and accepts(draft.value(word, "deprel")):
                draft.attach(word, target, None)


def _shift_graph(shift: Shift, draft: Draft, source: int, target: int, named: set[int]) -> None:
    accepts: Callable[[str | None], bool] = shift.label.accepts
    if shift.inwards:
        edges = draft.edges(source)
        moved = [(head, label) for head, label in edges if head not in named and accepts(label)]
        if moved:
            draft.set_edges(target, [*draft.edges(target), *moved])
            draft.set_edges(source, [edge for edge in edges if edge not in moved])
    if shift.outwards:
        for node in draft.keys:
            edges = draft.edges(node) if node not in named else []
            changed = [(target if head == source and accepts(label) else head, label) for head, label in edges]
            if changed != edges:
                draft.set_edges(node, changed)
