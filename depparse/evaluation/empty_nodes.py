"""Scores of empty nodes, which the shared tasks' metrics leave out: the nodes themselves, and the edges over them.

A node is right if a gold node, which no other one is counted with, hangs on the same words with the same relations
(without subtypes) and the same words hang on it, else if they have such a word in common; if none has any, both must be
in the same sentence. IDs, forms and tags do not count, as treebanks differ in whether and how they fill them in.

An edge over empty nodes is what an edge becomes when nodes are collapsed (`depparse.document.graphs`). It is right if
dependent, head and the whole path are the same, as in ELAS after collapsing.
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

Above = frozenset[tuple[int, str]]  # words of gold, each with a relation or path


@dataclass(frozen=True, slots=True)
class _Node:
    """An empty node: the words it hangs on, each with its relation or path, and those that hang on it."""

    above: Above
    below: frozenset[int]
    sentence: int  # of gold, where the word before the node is; -1 if there is no such word in gold
    place: int  # where it counts in gold

    def is_as(self, other: _Node) -> bool:
        return self.below == other.below and (bool(self.below) or self.sentence == other.sentence)

    def is_like(self, other: _Node) -> bool:
        return bool(self.below & other.below)


def measure_nodes(pair: Pair) -> Measure:
    """The empty nodes, by the sentence of the words before them. Raises FormatError for one with a broken head."""
    document, places = pair.gold.document, pair.places
    sentences = np.repeat(np.arange(len(document)), [len(sentence) for sentence in document]).tolist()
    gold_nodes = list(_nodes(pair.gold, places.gold, sentences))
    system_nodes = list(_nodes(pair.system, places.system, sentences))
    open_nodes: dict[Above, list[_Node]] = {}
    for node in gold_nodes:
        open_nodes.setdefault(node.above, []).append(node)
    right: list[_Node] = []  # of gold
    rest = system_nodes
    for fits in (_Node.is_as, _Node.is_like):
        nodes, rest = rest, []
        for node in nodes:
            same_above = open_nodes.get(node.above, [])
            partner = next((other for other in same_above if fits(node, other)), None)
            if partner is None:
                rest.append(node)
            else:
                same_above.remove(partner)
                right.append(partner)
    in_gold, in_system, correct = (
        count_places(document, (node.place for node in nodes)) for nodes in (gold_nodes, system_nodes, right)
    )
    return Measure(in_gold, in_system, correct, unit="sentence")


def measure_edges(pair: Pair) -> Measure:
    """The edges over empty nodes, by the sentence of their dependents. Raises FormatError as `measure_nodes`."""
    places = pair.places
    return measure_units(pair, Counter(_edges(pair.gold, places.gold)), Counter(_edges(pair.system, places.system)))


def _nodes(side: Side, places: Places, gold_sentences: Sequence[int]) -> Iterator[_Node]:
    for sentence, words in _with_nodes(side, places):
        edges = edges_of(sentence)
        for node, ways in edges_to_nodes(sentence).items():
            above = [(_place(head, words, f"the empty node {node}", side, sentence), label) for head, label in ways]
            below = (place for place, row in zip(words, edges, strict=True) if any(head == node for head, _ in row))
            before = max(int(node.partition(".")[0]), 1)
            near = words[before - 1] if words else -1
            yield _Node(
                frozenset((place, universal_path(label)) for place, label in above),
                frozenset(below),
                gold_sentences[near] if near >= 0 else -1,
                counting_place(words, before),
            )


def _edges(side: Side, places: Places) -> Iterator[Unit]:
    """Where each edge over empty nodes counts, its dependent, its head, and the path."""
    for sentence, words in _with_nodes(side, places):
        for word, edges in enumerate(collapsed_edges(sentence), 1):
            for head, path in edges:
                if ">" in path:
                    place = _place(head, words, f"a node over word {word}", side, sentence)
                    yield counting_place(words, word), (words[word - 1], place, path)


def _with_nodes(side: Side, places: Places) -> Iterator[tuple[Sentence, list[int]]]:
    """The sentences that have edges over empty nodes or may have, with the places of their words."""
    for sentence, words in zip(side.document, places, strict=True):
        if sentence.empty_nodes or any(">" in cell for cell in sentence.columns.get("DEPS", ())):
            yield sentence, words


def _place(head: str, words: Sequence[int], what: str, side: Side, sentence: Sentence) -> int:
    """The place in gold of a head, or ROOT. Raises FormatError if it is no word."""
    if not (head.isdecimal() and int(head) <= len(words)):
        problem = f"{what} has the head {head!r}, which is no word of the sentence"
        raise FormatError(problem, path=side.name, sent_id=sentence.sent_id, column="DEPS")
    return ROOT if head == "0" else words[int(head) - 1]


EMPTY_NODES = Section(
    "Empty nodes",
    "empty_nodes",
    held=lambda document: any(sentence.empty_nodes for sentence in document),
    # A system that predicts no graph has no nodes either: nothing is asked of it here.
    offered=lambda document: any(cell != "_" for sentence in document for cell in sentence.columns.get("DEPS", ())),
)
