"""Sentences as `DependencyGraph`s of NLTK, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_iterable, check_type
from depparse.document.document import Conversion, Document
from depparse.document.sentence import Sentence
from depparse.formats.assemble import from_rows, reporter
from depparse.libraries import library

if TYPE_CHECKING:
    from nltk.parse.dependencygraph import DependencyGraph

# The attributes of nodes, and their columns.
_COLUMNS = {"word": "FORM", "lemma": "LEMMA", "ctag": "UPOS", "tag": "XPOS", "feats": "FEATS", "head": "HEAD"}
_COLUMNS["rel"] = "DEPREL"


def _dependency_graph() -> Any:
    """The class of NLTK. Raises ConfigError, with what to install, if it cannot be imported."""
    return library("nltk.parse.dependencygraph").DependencyGraph


def to_nltk(sentences: Iterable[Sentence]) -> list[DependencyGraph]:
    """A graph for each sentence, as NLTK reads ten columns of CoNLL; ``graph.tree()`` is its `nltk.Tree`.

    NLTK keeps the form, lemma, UPOS (``ctag``), XPOS (``tag``), FEATS, HEAD and DEPREL of each word, and no more: no
    comments, multiword tokens, empty nodes, DEPS, MISC or entities. An unannotated cell is ``_``, but None as ``head``.
    """
    graph_class = _dependency_graph()
    return [_graph(sentence, graph_class()) for sentence in sentences]


def _graph(sentence: Sentence, graph: Any) -> Any:
    length = len(sentence)
    columns = {key: sentence.columns.get(name, ["_"] * length) for key, name in _COLUMNS.items()}
    for index, head in enumerate(sentence.heads):
        cells = {key: column[index] for key, column in columns.items()}
        graph.nodes[index + 1].update({"address": index + 1, **cells, "head": head})
        if head is not None:
            graph.nodes[head]["deps"][cells["rel"]].append(index + 1)
    if (root := sentence.root) is not None:
        graph.root, graph.top_relation_label = graph.nodes[root.id], root.deprel
    return graph


def from_nltk(graphs: Iterable[DependencyGraph] | DependencyGraph) -> Document:
    """The document in graphs of `to_nltk`, of NLTK's readers, or of its parsers. Raises FormatError."""
    graph_class = _dependency_graph()
    if isinstance(graphs, graph_class):
        graphs = [graphs]
    check_iterable(graphs, "graphs", "a list of DependencyGraphs of NLTK")
    sentences = []
    for number, graph in enumerate(graphs):
        check_type(graph, graph_class, f"graph {number}", "a DependencyGraph of NLTK")
        sentences.append(_sentence(graph, number))
    return Document(sentences)


def _sentence(graph: DependencyGraph, number: int) -> Sentence:
    fail = reporter(f"graph {number}", row_name="node")
    nodes: dict[int, Mapping[str, Any]] = {address: graph.nodes[address] for address in sorted(graph.nodes) if address}
    heads = {dependent: address for address, node in graph.nodes.items() for dependent in _dependents(node)}
    rows = []
    for row, (address, node) in enumerate(nodes.items()):
        if node.get("word") is None:
            raise fail("a node without a word", row, "FORM")
        cells = {key: node.get(key) for key in _COLUMNS}
        if cells["head"] is None:  # parsers of NLTK only tell dependents
            cells["head"] = heads.get(address)
        rows.append(["_" if cell is None or cell == "" else str(cell) for cell in cells.values()])
    return from_rows(list(_COLUMNS.values()), [str(address) for address in nodes], rows, [], fail)


def _dependents(node: Mapping[str, Any]) -> list[int]:
    """The addresses of the dependents, which NLTK has by their relation, or as a list."""
    deps = node.get("deps") or []
    return [address for part in deps.values() for address in part] if isinstance(deps, Mapping) else list(deps)


CONVERSION = Conversion(to_nltk, from_nltk)
