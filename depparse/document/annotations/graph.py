"""The enhanced graph: the column DEPS, and empty nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depparse.document.annotations.kind import CheckedFile, Code, Kind
from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.document.trees import unreachable

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence
    from depparse.document.words import EmptyNode

GRAPH_COLUMN, GRAPH_PROBABILITIES = "DEPS", "DepsProb"
_CODES = {
    "enhanced-head": Code(
        "error", "nodes",
        "DEPS names heads that do not exist, or is not head:relation ({examples}): no graph to learn",
        "correct DEPS", 2,
    ),
    "enhanced-loop": Code("error", "nodes", "a word is its own head in DEPS", "correct DEPS", 2),
    "enhanced-unreachable": Code(
        "error", "nodes",
        "not reachable from the root in DEPS, which UD forbids: a graph parser learns loose pieces",
        "correct DEPS", 2,
    ),
    "graph-missing": Code(
        "error", "sentences", "without DEPS, although others have it: UD asks for graphs of all sentences, or of none",
        "annotate them, or remove DEPS everywhere", 2,
    ),
    "enhanced-root": Code(
        "warning", "nodes", "in DEPS, the head is 0 but the relation is not root, or the other way round: {examples}",
        "correct DEPS", 3,
    ),
    "enhanced-orphan": Code(
        "warning", "nodes", "orphan in DEPS, although the file has empty nodes for what was left out",
        "add an empty node, and relations to it", 3,
    ),
}  # fmt: skip


class GraphKind(Kind):
    """Graphs. Words depend on each other over empty nodes, so either the whole graph is kept or nothing of it.

    Lines of empty nodes are part of a file like those of multiword tokens: `strip` leaves them.
    """

    name = "graph"
    columns = keep = (GRAPH_COLUMN,)
    probabilities = (GRAPH_PROBABILITIES,)
    follows = TREE_COLUMNS
    codes = _CODES

    def put_back(self, sentence: Sentence, original: Sentence) -> None:
        """Makes the graph that of the original, empty nodes included."""
        super().put_back(sentence, original)
        sentence.empty_nodes = [node.copy() for node in original.empty_nodes]

    def discard(self, sentence: Sentence) -> None:
        """Removes the graph, empty nodes included."""
        self.strip(sentence)
        sentence.empty_nodes = []

    def checker(self, file: CheckedFile) -> GraphChecker:
        """A checker of the graphs in the file."""
        return GraphChecker(file)


class GraphChecker:
    """Finds edges that lead nowhere, nodes that no path leads to, and sentences without a graph."""

    def __init__(self, file: CheckedFile) -> None:
        self.file = file
        self.graphs = 0
        self.missing: list[str] = []  # places of sentences without a graph
        self.orphans: list[str] = []  # places of edges that are called orphan
        self.nodes = False  # whether the file has empty nodes

    def check(self, sentence: Sentence) -> None:
        """Finds them in a sentence, if it has a graph."""
        deps = sentence.columns.get(GRAPH_COLUMN, [])
        nodes = sentence.empty_nodes
        if deps.count("_") == len(deps) and not nodes:
            if deps:
                self.missing.append(self.file.place())
            return
        self.graphs += 1
        self.nodes |= bool(nodes)
        places: dict[str, int | EmptyNode] = {str(word): word for word in range(1, len(deps) + 1)}
        places |= {f"{node.id[0]}.{node.id[1]}": node for node in nodes}
        cells = dict(zip(places, [*deps, *(node.cells.get(GRAPH_COLUMN, "_") for node in nodes)], strict=True))
        heads: dict[str, list[str]] = {}
        for node, cell in cells.items():
            heads[node] = []
            for edge in cell.split("|") if cell != "_" else ():
                head, colon, relation = edge.partition(":")
                if (head in cells or head == "0") and colon and relation:
                    heads[node].append(head)
                    code = "enhanced-loop" if head == node else ""
                    if (head == "0") != (relation.partition(":")[0] == "root"):
                        code = "enhanced-root"
                    if code:
                        self.file.find(code, self.file.place(sentence, places[node]), edge)
                    if relation.partition(":")[0] == "orphan":
                        self.orphans.append(self.file.place(sentence, places[node]))
                else:
                    self.file.find("enhanced-head", self.file.place(sentence, places[node]), edge)
        if lost := unreachable(heads):
            place = self.file.place(sentence, places[lost[0]])
            self.file.find("enhanced-unreachable", place, count=len(lost))

    def finish(self) -> None:
        """Finds sentences without a graph in a file that has graphs, and orphans in one that has empty nodes."""
        for place in self.missing if self.graphs else ():
            self.file.find("graph-missing", place)
        for place in self.orphans if self.nodes else ():
            self.file.find("enhanced-orphan", place)


KIND = GraphKind()
