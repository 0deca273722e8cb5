"""A sentence as the search sees it: nodes by number, their features as lists, arcs by layer. All is made on first use.

Nodes count from 0: first all words, then all empty nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from depparse.document.columns import parse_deps, parse_feats, parse_misc
from depparse.document.sentence import Sentence
from depparse.document.trees import top_word
from depparse.document.words import EmptyNode, Word
from depparse.errors import ConfigError
from depparse.treebanks.query.pattern import GRAPH

ROOT, NO_HEAD = -1, -2  # in the place of a head
_MOST = 1 << 16  # results that a memo keeps
_COLUMNS = {name.lower(): name for name in ("FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")}
Values = list[str | None]
Edges = list[tuple[int, str]]  # the node at the other end and the label of each arc
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Memo(dict[_Key, _Value]):
    """The results of a function, remembered: what treebanks repeat is computed once, and then only looked up."""

    def __init__(self, function: Callable[[_Key], _Value]) -> None:
        self._function = function

    def __missing__(self, key: _Key) -> _Value:
        if len(self) >= _MOST:
            self.clear()
        value = self[key] = self._function(key)
        return value


_HEADS: Memo[str, int] = Memo(lambda cell: NO_HEAD if cell == "_" else int(cell) - 1)


@lru_cache(maxsize=64)
def _in_feats(name: str) -> Memo[str | None, str | None]:
    """The value of a feature, by the cell of FEATS."""
    return Memo(lambda cell: parse_feats(cell).get(name))


class Steps:
    """How many nodes searches may still try, so that a stranger's pattern cannot take time without bound."""

    def __init__(self, left: int) -> None:
        self.left, self._all = left, left

    def take(self) -> None:
        """Takes one step. Raises ConfigError if none is left."""
        self.left -= 1
        if self.left < 0:
            message = "the search takes more than {:,} steps in a sentence; say how its nodes are related"
            raise ConfigError(message.format(self._all))


class View:
    """What a sentence has for the search, which takes its `steps` if there is a bound."""

    __slots__ = ("_edges", "_features", "_heads", "_numbers", "empty", "found", "length", "sentence", "size", "steps")

    def __init__(self, sentence: Sentence, steps: Steps | None = None) -> None:
        self.sentence, self.length, self.steps = sentence, len(sentence), steps
        self.empty: list[EmptyNode] = sentence.empty_nodes
        self.size = self.length + len(self.empty)
        self.found: dict[Any, Any] = {}  # what parts of a search have found out about the sentence
        self._heads: list[int] | None = None
        self._features: dict[str, Values] = {}
        self._edges: dict[tuple[str, int], Edges] = {}  # by layer and node: the arcs to it
        self._numbers: dict[str, int] | None = None  # of nodes and ROOT by ID

    def node(self, number: int) -> Word | EmptyNode:
        """The word or empty node of that number."""
        return Word(self.sentence, number) if number < self.length else self.empty[number - self.length]

    def place(self, number: int) -> tuple[int, int]:
        """Where the node stands: its ID as two numbers, of which the second is 0 for words."""
        return (number + 1, 0) if number < self.length else self.empty[number - self.length].id

    # -- the tree

    @property
    def heads(self) -> list[int]:
        """The head of each node: a number, `ROOT` or `NO_HEAD`."""
        if self._heads is None:
            cells = self.sentence.columns.get("HEAD")
            heads = [NO_HEAD] * self.length if cells is None else [_HEADS[cell] for cell in cells]
            if heads and max(heads) >= self.length:  # a sentence that was changed since it was read
                heads = [head if head < self.length else NO_HEAD for head in heads]
            self._heads = heads + [NO_HEAD] * len(self.empty)
        return self._heads

    # -- features

    def feature(self, name: str) -> Values:
        """The values of a feature of all nodes; None where it is not defined."""
        values = self._features.get(name)
        if values is None:
            values = self._features[name] = self._feature(name)
        return values

    def _feature(self, name: str) -> Values:
        if name in _COLUMNS:
            return self._column(_COLUMNS[name])
        if name in _COMPUTED:
            return _COMPUTED[name](self)
        if name in self.sentence.columns:
            return self._column(name)
        column, colon, attribute = name.partition(":")
        if colon and column in ("FEATS", "MISC"):
            return self._of_feats(attribute) if column == "FEATS" else self._of_misc(attribute)
        values = self._of_feats(name)
        in_misc = self._of_misc(name)
        if in_misc.count(None) < self.size:
            return [other if value is None else value for value, other in zip(values, in_misc, strict=True)]
        return values

    def _column(self, name: str) -> Values:
        cells = self.sentence.columns.get(name)
        values: Values
        if cells is None:
            values = [None] * self.length
        elif name == "LEMMA" and "_" in cells:  # the lemma of an underscore is an underscore
            forms = self.sentence.columns["FORM"]
            values = [None if cell == "_" != form else cell for cell, form in zip(cells, forms, strict=True)]
        elif name == "FORM" or "_" not in cells:
            values = list(cells) if self.empty else cells  # type: ignore[assignment]
        else:
            values = [None if cell == "_" else cell for cell in cells]
        if self.empty:
            cells_of_nodes = (node.cells.get(name, "_") for node in self.empty)
            values += [None if cell == "_" else cell for cell in cells_of_nodes]
        return values

    def _of_feats(self, name: str) -> Values:
        memo = _in_feats(name)
        return [memo[cell] for cell in self.feature("feats")]

    def _of_misc(self, name: str) -> Values:
        """The values of an attribute of MISC; an attribute without = has an empty one."""
        values: Values = [None] * self.size
        for number, cell in enumerate(self.feature("misc")):
            if cell is not None and name in cell:
                misc = parse_misc(cell)
                if name in misc:
                    values[number] = misc[name] or ""
        return values

    def _ids(self) -> Values:
        return [*map(str, range(1, self.length + 1)), *map(_id, self.empty)]

    def _is_empty(self) -> Values:
        return [None] * self.length + ["Yes"] * len(self.empty)

    def _multiword_forms(self) -> Values:
        values: Values = [None] * self.size
        for multiword in self.sentence.mwts:
            for number in range(multiword.start - 1, min(multiword.end, self.length)):
                values[number] = multiword.cells.get("FORM", "_")
        return values

    def _senses(self) -> Values:
        values: Values = [None] * self.size
        for frame in self.sentence.frames:
            values[frame.predicate - 1] = frame.sense
        return values

    def _entities(self) -> Values:
        return self._by_node((self._top(span.start, span.end), span.type) for span in self.sentence.ents)

    def _entity_texts(self) -> Values:
        return self._by_node((self._top(span.start, span.end), span.text) for span in self.sentence.ents)

    def _inside(self) -> Values:
        spans = self.sentence.ents
        return self._by_node((word - 1, span.type) for span in spans for word in range(span.start, span.end + 1))

    def _by_node(self, pairs: Iterable[tuple[int, str]]) -> Values:
        """The values of each node, joined by bars."""
        values: Values = [None] * self.size
        for number, value in pairs:
            values[number] = value if (before := values[number]) is None else f"{before}|{value}"
        return values

    def _top(self, first: int, last: int) -> int:
        """The node of the word among these (IDs) that is nearest to the root; the first if they have no heads."""
        heads = [None if head == NO_HEAD else head + 1 for head in self.heads[: self.length]]
        return (top_word(heads, first, last) or first) - 1

    # -- arcs of other layers

    def edges_to(self, layer: str, node: int) -> Edges:
        """The arcs of the enhanced graph or of semantic roles to a node: (head or `ROOT`, label)."""
        edges = self._edges.get((layer, node))
        if edges is None:
            edges = self._edges[layer, node] = self._graph_edges(node) if layer == GRAPH else self._roles(node)
        return edges

    def edges_from(self, layer: str, node: int) -> Edges:
        """The arcs of the layer from a node: (dependent, label)."""
        away: list[Edges] | None = self.found.get(layer)
        if away is None:
            away = self.found[layer] = [[] for _ in range(self.size)]
            for dependent in range(self.size):
                for head, label in self.edges_to(layer, dependent):
                    if head != ROOT:
                        away[head].append((dependent, label))
        return away[node]

    def _graph_edges(self, node: int) -> Edges:
        cell = self.feature("deps")[node]
        if cell is None:
            return []
        if self._numbers is None:
            self._numbers = _numbers(self.length)
            if self.empty:
                self._numbers = self._numbers | {_id(node): i for i, node in enumerate(self.empty, self.length)}
        numbers = self._numbers
        return [(numbers[head], label) for head, label in dict.fromkeys(parse_deps(cell)) if head in numbers]

    def _roles(self, node: int) -> Edges:
        edges: dict[int, Edges] | None = self.found.get("frames")
        if edges is None:
            edges = self.found["frames"] = {}
            for frame in self.sentence.frames:
                for argument in frame.arguments:
                    start = argument.start
                    if argument.head is not None or start is not None:
                        head = argument.head - 1 if argument.head else self._top(start or 1, argument.end or start or 1)
                        edges.setdefault(head, []).append((frame.predicate - 1, argument.role))
        return edges.get(node, [])


@lru_cache(maxsize=512)
def _numbers(length: int) -> dict[str, int]:
    """The numbers of words, by their IDs, and that of ROOT."""
    return {id: number for number, id in enumerate(map(str, range(length + 1)), ROOT)}


def _id(node: EmptyNode) -> str:
    return f"{node.id[0]}.{node.id[1]}"


_COMPUTED: dict[str, Callable[[View], Values]] = {
    "id": View._ids,
    "empty": View._is_empty,
    "mwt": View._multiword_forms,
    "sense": View._senses,
    "entity": View._entities,
    "entity_text": View._entity_texts,
    "inside": View._inside,
}
FEATURES = (*_COLUMNS, *_COMPUTED)
