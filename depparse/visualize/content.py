"""What a drawing of a sentence holds: units in a line, arcs above and below them, and bars under them.

A unit is a word or an empty node. All text is ready to be drawn: cleaned, and cut where it is very long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from depparse.document.annotations.graph import GRAPH_PROBABILITIES
from depparse.document.annotations.tree import HEAD_PROBABILITY, LABEL_PROBABILITY
from depparse.document.columns import get_from_misc, parse_deps
from depparse.document.constituents import Constituent
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.document.words import EmptyNode
from depparse.errors import FormatError
from depparse.visualize.arcs import Arc, set_levels
from depparse.visualize.text import drawn

UNCERTAIN = 0.8  # what is less probable looks uncertain
_MOST = 50  # features of a word, edges to it, entities and constituents that begin there, arguments of it
_COLUMNS = {"upos": "UPOS", "xpos": "XPOS", "lemma": "LEMMA"}  # by layer
_Item = TypeVar("_Item", Span, Frame, Constituent)

_Spanning = TypeVar("_Spanning", Span, Constituent)


@dataclass(slots=True)
class Unit:
    """A word or an empty node: its ID, its form, and the small lines below it, by their class."""

    id: str
    form: str
    empty: bool = False
    lines: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Bar:
    """A labelled bar under the units `first` to `last` (from 1, both included); `kind` has its classes."""

    first: int
    last: int
    label: str
    kind: str
    number: str = ""  # its probability, as it is drawn

    @property
    def text(self) -> str:
        """All that is written in the bar."""
        return self.label + self.number


class Marks(NamedTuple):
    """What stands out in a drawing: words and empty nodes by their IDs, as in DEPS, and arcs by their layer and ends.

    `spans` are first and last ones. `names` are written below a word. An arc is (``tree`` or ``enhanced``, the ID of
    its head, the ID of its dependent).
    """

    spans: Sequence[tuple[str, str]] = ()
    names: Mapping[str, str] = {}
    arcs: Collection[tuple[str, str, str]] = ()


@dataclass(slots=True)
class Content:
    """All that is drawn. `groups` are the bars of the predicate and the arguments of each frame, predicate first."""

    units: list[Unit]
    above: list[Arc] = field(default_factory=list)  # the tree
    below: list[Arc] = field(default_factory=list)  # edges of the enhanced graph that are no arcs of the tree
    tokens: list[Bar] = field(default_factory=list)
    entities: list[Bar] = field(default_factory=list)
    constituents: list[Bar] = field(default_factory=list)  # inner ones before outer ones
    groups: list[list[Bar]] = field(default_factory=list)
    marked: list[tuple[int, int]] = field(default_factory=list)  # the first and the last of units that stand out

    @property
    def arcs(self) -> list[Arc]:
        """The arcs above and below."""
        return [*self.above, *self.below]

    @property
    def forms(self) -> list[str]:
        """The forms of the units."""
        return [unit.form for unit in self.units]

    def words(self, first: int, last: int) -> str:
        """The forms of the units `first` to `last`, as a text."""
        return " ".join(unit.form for unit in self.units[first - 1 : last])


def content_of(
    sentence: Sentence, layers: frozenset[str], marks: Marks | None = None, *, strict: bool = False
) -> Content:
    """The content of a drawing that shows the `layers`; `marks` say what stands out.

    Raises FormatError if something is to be drawn whose cells are broken, or if not `strict`, draws none.
    """
    return _Reader(sentence, layers, strict).content(marks or Marks())


class _Reader:
    """Reads the layers of a sentence."""

    def __init__(self, sentence: Sentence, layers: frozenset[str], strict: bool) -> None:
        self.sentence, self.layers, self.strict = sentence, layers, strict
        nodes = sentence.empty_nodes if "enhanced" in layers else []
        self.nodes: list[EmptyNode | int] = [*range(1, len(sentence) + 1)]  # the units in order
        if nodes:
            self.nodes = sorted([*self.nodes, *nodes], key=lambda node: (node, 0) if isinstance(node, int) else node.id)
        # The position of each unit, by its ID as DEPS has it.
        self.positions = {_id(node): position for position, node in enumerate(self.nodes, 1)}

    def content(self, marks: Marks) -> Content:
        content = Content([self._unit(node) for node in self.nodes])
        if "tree" in self.layers:
            content.above = self._tree()
        if "enhanced" in self.layers:
            content.below = self._graph({arc.dependent: arc for arc in content.above})
        for arcs in (content.above, content.below):
            set_levels(arcs, len(self.nodes))
        if "tokens" in self.layers:
            forms = ((token, drawn(token.cells.get("FORM", "_"))) for token in self.sentence.mwts)
            content.tokens = [self._bar(token.start, token.end, form, "token") for token, form in forms]
        if "entities" in self.layers:
            ents = self._objects(lambda: self.sentence.ents)
            content.entities = [self._bar(s.start, s.end, s.type, "entity", s.score) for s in _some(ents)]
        if "constituents" in self.layers:
            tree = self._objects(lambda: self.sentence.annotation("constituents"))
            bars = [self._bar(start, end, label, "constituent") for start, end, label in _some(tree)]
            content.constituents = bars[::-1]
        if "frames" in self.layers:
            content.groups = [self._frame(frame) for frame in self._objects(lambda: self.sentence.frames)]
        self._mark(content, marks)
        return content

    def _mark(self, content: Content, marks: Marks) -> None:
        """Lets units and arcs stand out, as far as they are drawn."""
        for first, last in marks.spans:
            if first in self.positions and last in self.positions:
                content.marked.append((self.positions[first], self.positions[last]))
        for unit in content.units:
            if unit.id in marks.names:
                unit.lines = {"hit": drawn(marks.names[unit.id])} | unit.lines
        for layer, arcs in (("tree", content.above), ("enhanced", content.below)):
            for arc in arcs:
                ends = (content.units[unit - 1].id for unit in (arc.head, arc.dependent))
                if arc.head and (layer, *ends) in marks.arcs:
                    arc.kind = f"{arc.kind} hit".strip()

    def _at(self, word: int) -> int:
        return self.positions[str(word)]

    def _bar(self, first: int, last: int, label: str, kind: str, score: float | None = None) -> Bar:
        kind += " uncertain" if score is not None and score < UNCERTAIN else ""
        return Bar(self._at(first), self._at(last), drawn(label), kind, self._number(score))

    def _number(self, probability: float | None) -> str:
        return f" {probability:.2f}" if probability is not None and "probabilities" in self.layers else ""

    def _unit(self, node: EmptyNode | int) -> Unit:
        def cell(column: str) -> str:
            cells = self.sentence.columns.get(column) if isinstance(node, int) else None
            text = cells[node - 1] if cells and isinstance(node, int) else "_"
            return text if isinstance(node, int) else node.cells.get(column, "_")

        id = _id(node)
        form = cell("FORM")
        unit = Unit(id, id if form == "_" and not isinstance(node, int) else drawn(form), not isinstance(node, int))
        for layer, column in _COLUMNS.items():
            if layer in self.layers and cell(column) != "_":
                unit.lines[layer] = drawn(cell(column))
        if "feats" in self.layers and cell("FEATS") != "_":
            features = islice(cell("FEATS").split("|"), _MOST)
            unit.lines |= {f"feats {number}": drawn(feature) for number, feature in enumerate(features)}
        return unit

    # -- arcs

    def _tree(self) -> list[Arc]:
        """The arcs of the tree; those without a head, or of words that are their own head, have none."""
        heads, labels = self.sentence.heads, self.sentence.columns.get("DEPREL", ["_"] * len(self.sentence))
        arcs = []
        for word, (head, label, misc) in enumerate(zip(heads, labels, self.sentence.misc_cells, strict=True), 1):
            if head is None or head == word:
                continue
            of_head, of_label = (
                _probability(get_from_misc(misc, key)) for key in (HEAD_PROBABILITY, LABEL_PROBABILITY)
            )
            known = [probability for probability in (of_label, of_head) if probability is not None]
            arc = Arc(self._at(head) if head else 0, self._at(word), "" if label == "_" else drawn(label))
            arc.number = self._number(known[0] if known else None)
            arc.kind = "uncertain" if known and known[-1] < UNCERTAIN else "doubtful" if _is_low(of_label) else ""
            arcs.append(arc)
        return arcs

    def _graph(self, tree: dict[int, Arc]) -> list[Arc]:
        """The edges of the graph that are no arcs of the tree. What the graph has in common goes to the tree's arcs.

        A relation that only adds to that of the tree (``nmod:of``) is written at the arc; the label of an arc that the
        graph does not have is struck out.
        """
        arcs: list[Arc] = []
        for dependent, node in enumerate(self.nodes, 1):
            edges = list(islice(self._edges(node), _MOST))
            basic = tree.get(dependent)
            if basic is not None and edges:
                same = [edge for edge in edges if edge[0] == basic.head and _extends(edge[1], basic.label)]
                if same:
                    basic.more = drawn(same[0][1])[len(basic.label) :]
                    edges.remove(same[0])
                else:
                    basic.kind = f"{basic.kind} lost".strip()
            by_head: dict[int, Arc] = {}
            for head, label, probability in edges:
                if head == dependent:
                    continue
                number = self._number(probability)
                arc = by_head.get(head)
                if arc is None:
                    kind = "enhanced uncertain" if _is_low(probability) else "enhanced"
                    by_head[head] = Arc(head, dependent, drawn(label), number=number, kind=kind)
                else:
                    arc.label, arc.number = f"{arc.label}{arc.number}, {drawn(label)}", number
            arcs += by_head.values()
        return arcs

    def _edges(self, node: EmptyNode | int) -> Iterator[tuple[int, str, float | None]]:
        """The edges to a unit: position of the head, label and probability. Edges from heads that are not there go."""
        if isinstance(node, int):
            deps, misc = self.sentence.columns.get("DEPS"), self.sentence.misc_cells[node - 1]
            cell = deps[node - 1] if deps else "_"
        else:
            cell, misc = node.cells.get("DEPS", "_"), node.cells.get("MISC", "_")
        if cell == "_":
            return
        edges = parse_deps(cell)
        numbers: Sequence[str | None] = (get_from_misc(misc, GRAPH_PROBABILITIES) or "").split(",")
        if len(numbers) != len(edges):
            numbers = [None] * len(edges)
        for (head, label), number in dict(zip(edges, numbers, strict=True)).items():
            position = 0 if head == "0" else self.positions.get(head)
            if position is not None:
                yield position, label, _probability(number)

    # -- bars

    def _objects(self, read: Callable[[], tuple[_Item, ...]]) -> tuple[_Item, ...]:
        try:
            return read()
        except FormatError:
            if self.strict:
                raise
            return ()

    def _frame(self, frame: Frame) -> list[Bar]:
        def is_placed(argument: Argument) -> bool:
            return argument.start is not None or argument.head is not None

        arguments = frame.arguments[:_MOST]
        loose = ", ".join(argument.role for argument in arguments if not is_placed(argument))
        sense = f"{frame.sense} ({loose})" if loose else frame.sense
        bars = [self._bar(frame.predicate, frame.predicate, sense, "predicate", frame.score)]
        for argument in filter(is_placed, arguments):
            first, last = argument.start or argument.head or 1, argument.end or argument.head or 1
            bars.append(self._bar(first, last, argument.role, "role", argument.score))
        return bars


def _some(spans: Sequence[_Spanning]) -> Iterator[_Spanning]:
    """The spans, without those that begin at a word where many do."""
    begun: dict[int, int] = {}  # by word: how many spans begin there
    for span in spans:
        begun[span.start] = begun.get(span.start, 0) + 1
        if begun[span.start] <= _MOST:
            yield span


def _id(node: EmptyNode | int) -> str:
    return str(node) if isinstance(node, int) else f"{node.id[0]}.{node.id[1]}"


def _extends(label: str, relation: str) -> bool:
    """Whether the label of an edge is the relation of the tree, alone or with more behind it."""
    label = drawn(label)
    return label == relation or label.startswith(relation + ":")


def _probability(text: str | None) -> float | None:
    """The number in an attribute, or None if it is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value <= 1.001 else None


def _is_low(probability: float | None) -> bool:
    return probability is not None and probability < UNCERTAIN
