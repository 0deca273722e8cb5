"""Scores of empty nodes, which the shared tasks' metrics leave out: the nodes themselves, and the edges over them.

A node is right if a gold node, which no other one is counted with, hangs on the same words with the same relations
(without subtypes) and the same words hang on it, else if they have such a word in common; if none has any, both must be
in the same sentence. IDs, forms and tags do not count, as treebanks differ in whether and how they fill them in.

An edge over empty nodes is what an edge becomes when nodes are collapsed (`depparse.data.enhanced`). It is right if
dependent, head and the whole path are the same, as in ELAS after collapsing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from depparse.data.document import Document
from depparse.data.enhanced import collapsed, edges_of, edges_to_nodes
from depparse.errors import FormatError
from depparse.evaluation.annotation import ROOT, Edges, universal_path
from depparse.evaluation.tables import Table, percent
from depparse.evaluation.ud import Comparison, Score, compare

Above = frozenset[tuple[int, str]]  # words of gold, each with a relation or path


@dataclass(frozen=True, slots=True)
class EmptyNodeScores:
    """Of the nodes, and of the edges over them."""

    nodes: Score
    edges: Score

    def table(self) -> Table:
        """In percent."""
        rows = [
            (
                name,
                percent(score.precision),
                percent(score.recall),
                percent(score.f1),
                str(score.gold),
                str(score.system),
            )
            for name, score in (("nodes", self.nodes), ("edges", self.edges))
        ]
        return Table("Empty nodes", ("", "Precision", "Recall", "F1", "Gold", "System"), rows)

    def __str__(self) -> str:
        return str(self.table())


def evaluate_empty_nodes(
    gold: Document, system: Document, names: tuple[str, str] = ("gold", "system")
) -> EmptyNodeScores:
    """Scores of the empty nodes of `system` against those of `gold`, along aligned words.

    Raises EvaluationError if the texts differ and FormatError unless all sentences have trees. `names` is how errors
    call the documents.
    """
    comparison = compare(collapsed(gold), collapsed(system), names)
    to_gold = [*comparison.alignment.to_gold.tolist(), ROOT]  # ROOT is -1, the last place
    gold_sentences = [number for number, sentence in enumerate(gold) for _ in range(len(sentence))]
    gold_nodes = list(_nodes(gold, range(gold.num_words), gold_sentences))
    system_nodes = list(_nodes(system, to_gold, gold_sentences))
    open_ones: dict[Above, list[_Node]] = {}
    for node in gold_nodes:
        open_ones.setdefault(node.above, []).append(node)
    rest = [node for node in system_nodes if not _take(open_ones.get(node.above, []), node.is_as)]
    rest = [node for node in rest if not _take(open_ones.get(node.above, []), node.is_like)]
    score = Score(len(gold_nodes), len(system_nodes), len(system_nodes) - len(rest))
    return EmptyNodeScores(score, _score_edges(comparison, to_gold))


def _take(nodes: list[_Node], wanted: Callable[[_Node], bool]) -> bool:
    """Takes the first one that is wanted out, if there is one."""
    found = next((node for node in nodes if wanted(node)), None)
    if found is not None:
        nodes.remove(found)
    return found is not None


@dataclass(frozen=True, slots=True)
class _Node:
    """Of an empty node: the words it hangs on, each with its relation or path, and those that hang on it."""

    above: Above
    below: frozenset[int]
    sentence: int  # of gold, where the word before the node is; -1 if there is no such word in gold

    def is_as(self, other: _Node) -> bool:
        return self.below == other.below and (bool(self.below) or self.sentence == other.sentence)

    def is_like(self, other: _Node) -> bool:
        return bool(self.below & other.below)


def _nodes(document: Document, places: Sequence[int], gold_sentences: Sequence[int]) -> Iterator[_Node]:
    """The empty nodes; `places` are the words of the document as words of gold."""
    first = 0
    for sentence in document:
        edges = edges_of(sentence)
        for node, ways in edges_to_nodes(sentence).items():
            for head, _ in ways:
                if not (head.isdecimal() and int(head) <= len(sentence)):
                    problem = f"the empty node {node} has the head {head!r}, which is no word of the sentence"
                    raise FormatError(problem, sent_id=sentence.sent_id, column="DEPS")
            heads = (ROOT if head == "0" else places[first + int(head) - 1] for head, _ in ways)
            above = zip(heads, (universal_path(path) for _, path in ways), strict=True)
            below = (places[first + word] for word, row in enumerate(edges) if any(head == node for head, _ in row))
            near = places[first + max(int(node.partition(".")[0]), 1) - 1] if len(sentence) else -1
            yield _Node(frozenset(above), frozenset(below), gold_sentences[near] if near >= 0 else -1)
        first += len(sentence)


def _score_edges(comparison: Comparison, to_gold: Sequence[int]) -> Score:
    over = {number for number, path in enumerate(comparison.codes.path.names()) if ">" in path}

    def edges_over(edges: Edges, places: Sequence[int]) -> Counter[tuple[int, int, int]]:
        rows = zip(edges.dependents.tolist(), edges.heads.tolist(), edges.paths.tolist(), strict=True)
        return Counter((places[word], places[head], path) for word, head, path in rows if path in over)

    gold = edges_over(comparison.gold_annotation.edges, [*range(len(comparison.gold)), ROOT])
    system = edges_over(comparison.system_annotation.edges, to_gold)
    return Score(gold.total(), system.total(), (gold & system).total())
