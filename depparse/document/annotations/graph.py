"""The enhanced graph: the column DEPS, and empty nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depparse.document.annotations.kind import CheckedFile, Code, Kind
from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.document.trees import unreachable

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence

GRAPH_COLUMN, GRAPH_PROBABILITIES = "DEPS", "DepsProb"
_CODES = {
    "enhanced-head": Code(
        "error", "nodes",
        "DEPS names heads that do not exist, or is not head:relation ({examples}): no graph to learn",
        "correct DEPS",
    ),
    "enhanced-unreachable": Code(
        "warning", "nodes",
        "not reachable from the root in DEPS, which UD forbids: a graph parser learns loose pieces",
        "correct DEPS",
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
    """Finds edges that lead nowhere, and nodes that no path leads to."""

    def __init__(self, file: CheckedFile) -> None:
        self.file = file

    def check(self, sentence: Sentence) -> None:
        """Finds them in a sentence, if it has a graph."""
        deps = sentence.columns.get(GRAPH_COLUMN, [])
        if deps.count("_") == len(deps):
            return
        cells = {str(word): cell for word, cell in enumerate(deps, 1)}
        cells |= {f"{node.id[0]}.{node.id[1]}": node.cells.get(GRAPH_COLUMN, "_") for node in sentence.empty_nodes}
        heads: dict[str, list[str]] = {}
        for node, cell in cells.items():
            heads[node] = []
            for edge in cell.split("|") if cell != "_" else ():
                head, colon, relation = edge.partition(":")
                if (head in cells or head == "0") and colon and relation:
                    heads[node].append(head)
                else:
                    self.file.find("enhanced-head", self.file.place(sentence, _word(node)), edge)
        if lost := unreachable(heads):
            self.file.find("enhanced-unreachable", self.file.place(sentence, _word(lost[0])), count=len(lost))

    def finish(self) -> None:
        """Does nothing, as no finding depends on the whole file."""


def _word(node: str) -> int:
    """The word with that ID, or the word that the empty node with that ID stands behind."""
    return int(node.partition(".")[0])


KIND = GraphKind()
