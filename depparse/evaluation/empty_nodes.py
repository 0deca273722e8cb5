"""Scores of empty nodes, which the shared tasks' metrics leave out: the nodes themselves, and the edges over them.

A node is right if it is paired with a gold node that depends on the same words with the same relations (without
subtypes). Nodes with the same dependents are paired first, then nodes with a dependent in common; nodes without
dependents are paired within a sentence. IDs, forms and tags do not count, as not all treebanks fill them in, or alike.

An edge over empty nodes is the edge that takes their place when nodes are collapsed (`depparse.document.graphs`). It is
right if dependent, head and the whole path are the same, as in ELAS after collapsing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from depparse.document.graphs import collapsed_edges, edges_of, edges_to_nodes
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.evaluation.annotation import ROOT, universal_path
from depparse.evaluation.measures import Measure
from depparse.evaluation.pair import Pair, Places, Side
from depparse.evaluation.scores import Section
from depparse.evaluation.units import Unit, count_places, counting_place, measure_units

Above = frozenset[tuple[int, str]]  # (word of gold, relation or path to it)


@dataclass(frozen=True, slots=True)
class _Node:
    """An empty node: its heads among the words, with relations or paths, and the words that depend on it."""

    above: Above
    below: frozenset[int]
    sentence: int  # the sentence of gold that has the word before the node; -1 if gold has no such word
    place: int  # the place in gold where it counts

    def has_same_dependents(self, other: _Node) -> bool:
        """Whether the same words depend on both nodes; without such words, whether both are in the same sentence."""
        return self.below == other.below and (bool(self.below) or self.sentence == other.sentence)

    def shares_dependents(self, other: _Node) -> bool:
        """Whether any word depends on both nodes."""
        return bool(self.below & other.below)


def measure_nodes(pair: Pair) -> Measure:
    """The measure of empty nodes, by the sentence of the word before each. Raises FormatError for a broken head."""
    document, places = pair.gold.document, pair.places
    sentences = np.repeat(np.arange(len(document)), [len(sentence) for sentence in document]).tolist()
    gold_nodes = list(_nodes(pair.gold, places.gold, sentences))
    system_nodes = list(_nodes(pair.system, places.system, sentences))
    open_nodes: dict[Above, list[_Node]] = {}
    for node in gold_nodes:
        open_nodes.setdefault(node.above, []).append(node)
    right: list[_Node] = []  # the gold nodes that are paired
    unpaired = system_nodes
    for is_partner in (_Node.has_same_dependents, _Node.shares_dependents):
        nodes, unpaired = unpaired, []
        for node in nodes:
            same_above = open_nodes.get(node.above, [])
            partner = next((other for other in same_above if is_partner(node, other)), None)
            if partner is None:
                unpaired.append(node)
            else:
                same_above.remove(partner)
                right.append(partner)
    in_gold, in_system, correct = (
        count_places(document, (node.place for node in nodes)) for nodes in (gold_nodes, system_nodes, right)
    )
    return Measure(in_gold, in_system, correct, unit="sentence")


def measure_edges(pair: Pair) -> Measure:
    """The measure of edges over empty nodes, by the sentence of the dependent. Raises FormatError for a broken head."""
    places = pair.places
    return measure_units(pair, Counter(_edges(pair.gold, places.gold)), Counter(_edges(pair.system, places.system)))


def _nodes(side: Side, places: Places, gold_sentences: Sequence[int]) -> Iterator[_Node]:
    for sentence, words in _with_nodes(side, places):
        edges = edges_of(sentence)
        for node, edges_above in edges_to_nodes(sentence).items():
            above = [
                (_place(head, words, f"the empty node {node}", side, sentence), label) for head, label in edges_above
            ]
            below = (place for place, row in zip(words, edges, strict=True) if any(head == node for head, _ in row))
            before = max(int(node.partition(".")[0]), 1)
            neighbour = words[before - 1] if words else -1
            yield _Node(
                frozenset((place, universal_path(label)) for place, label in above),
                frozenset(below),
                gold_sentences[neighbour] if neighbour >= 0 else -1,
                counting_place(words, before),
            )


def _edges(side: Side, places: Places) -> Iterator[Unit]:
    """The edges over empty nodes as units: the place where each counts; then its dependent, its head and its path."""
    for sentence, words in _with_nodes(side, places):
        for word, edges in enumerate(collapsed_edges(sentence), 1):
            for head, path in edges:
                if ">" in path:
                    place = _place(head, words, f"a node over word {word}", side, sentence)
                    yield counting_place(words, word), (words[word - 1], place, path)


def _with_nodes(side: Side, places: Places) -> Iterator[tuple[Sentence, list[int]]]:
    """The sentences that may have edges over empty nodes, with the places of their words."""
    for sentence, words in zip(side.document, places, strict=True):
        if sentence.empty_nodes or any(">" in cell for cell in sentence.columns.get("DEPS", ())):
            yield sentence, words


def _place(head: str, words: Sequence[int], what: str, side: Side, sentence: Sentence) -> int:
    """The place of a head in gold, or ROOT. Raises FormatError, which calls the dependent `what`, if it is no word."""
    if not (head.isdecimal() and int(head) <= len(words)):
        problem = f"{what} has the head {head!r}, which is no word of the sentence"
        raise FormatError(problem, path=side.name, sent_id=sentence.sent_id, column="DEPS")
    return ROOT if head == "0" else words[int(head) - 1]


EMPTY_NODES = Section(
    "Empty nodes",
    "empty_nodes",
    held=lambda document: any(sentence.empty_nodes for sentence in document),
    # A system that predicts no graph has no empty nodes either, so it is not scored on them.
    offered=lambda document: any(cell != "_" for sentence in document for cell in sentence.columns.get("DEPS", ())),
)
