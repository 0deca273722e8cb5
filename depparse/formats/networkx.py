"""Sentences as graphs of networkx, and back without loss.

A graph has a node for each word, by its ID, and the node 0 for ROOT. The attributes of a node are those of a token in
JSON (`depparse.formats.json`), FEATS being text: ``text``, ``lemma``, ``upos``, ``misc`` …; what is not annotated is
left out. An edge leads from a head to its dependent and has the relation as ``deprel``.

- The *basic* graph is a DiGraph with the edges of HEAD and DEPREL. It is an arborescence if the sentence has a tree.
- The *enhanced* graph is a MultiDiGraph with the edges of DEPS, by relation, and a node for each empty node, "8.1".
  HEAD and DEPREL are attributes of its nodes.

The attributes of a graph are ``sent_id``, ``text``, and in ``sentence`` the JSON of all else that is no word: comments,
multiword tokens, entities, roles. All attributes are text or numbers, as GraphML asks for.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_iterable, check_type
from depparse.document.annotations.records import as_dict, as_list
from depparse.document.columns import VALUE_COLUMNS, checked_deps, format_deps, format_feats, parse_deps
from depparse.document.document import Conversion, Document
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError, Fail
from depparse.formats.assemble import column_names_of, is_number, reporter
from depparse.formats.json import sentence_from_dict, sentence_to_dict
from depparse.libraries import library

if TYPE_CHECKING:
    import networkx

Row = dict[str, Any]
_OF_GRAPH = ("sent_id", "text")


def to_networkx(sentences: Document | Iterable[Sentence], *, enhanced: bool = False) -> list[networkx.DiGraph]:
    """A graph for each sentence: the basic or the enhanced one, as this module says. Raises FormatError."""
    nx = library("networkx")
    source = placed(sentences.sentences) if isinstance(sentences, Document) else sentences
    return [_graph(sentence, nx.MultiDiGraph() if enhanced else nx.DiGraph()) for sentence in source]


def _graph(sentence: Sentence, graph: Any) -> Any:
    data = sentence_to_dict(sentence, VALUE_COLUMNS)
    enhanced = graph.is_multigraph()
    nodes, others = {}, []
    for row in data["tokens"]:
        if isinstance(row["id"], int) or (enhanced and isinstance(row["id"], str)):
            nodes[row.pop("id")] = row
        else:
            others.append(row)
    graph.graph |= {key: data.pop(key) for key in _OF_GRAPH if key in data}
    graph.graph["sentence"] = json.dumps(data | {"tokens": others}, ensure_ascii=False)
    edges: list[tuple[Any, ...]] = []
    for id, row in nodes.items():
        if isinstance(row.get("feats"), dict):
            row["feats"] = format_feats(row["feats"])
        if enhanced:
            known = _known(row.get("deps"), nodes)
            edges += [(_id(head), id, relation, {"deprel": relation}) for head, relation in known]
            if format_deps(known) == row.get("deps"):
                del row["deps"]
        elif "head" in row:
            edges.append((row.pop("head"), id, {"deprel": row.pop("deprel")} if "deprel" in row else {}))
    graph.add_node(0, text="ROOT")
    graph.add_nodes_from(nodes.items())
    graph.add_edges_from(edges)
    return graph


def _known(cell: str | None, nodes: Container[int | str]) -> list[tuple[str, str]]:
    """The edges in a cell of DEPS that come from ROOT or from one of the nodes, none twice."""
    edges = dict.fromkeys(parse_deps(cell))
    return [(head, relation) for head, relation in edges if head == "0" or _id(head) in nodes]


def _id(node: object) -> int | str:
    """The ID of a node, as a number if it is that of a word: GraphML makes all IDs text."""
    return int(node) if isinstance(node, Integral) or (isinstance(node, str) and is_number(node)) else str(node)


def from_networkx(graphs: Iterable[networkx.DiGraph] | networkx.DiGraph) -> Document:
    """The document in graphs of `to_networkx`, of both sorts, or in similar ones; the edges are what counts.

    A node needs an ID and a ``text``. The column names of a CoNLL-U Plus file are those of the first sentence. Raises
    FormatError, also for an attribute that is no column.
    """
    nx = library("networkx")
    if isinstance(graphs, nx.Graph):
        graphs = [graphs]
    check_iterable(graphs, "graphs", "a list of DiGraphs of networkx")
    sentences = []
    for number, graph in enumerate(graphs):
        check_type(graph, nx.DiGraph, f"graph {number}", "a DiGraph or a MultiDiGraph")
        sentences.append(_sentence(graph, f"graph {number}"))
    return Document(sentences, column_names_of(sentences[0] if sentences else None))


def _sentence(graph: Any, place: str) -> Sentence:
    fail = reporter(place)
    try:
        data = as_dict(json.loads(graph.graph.get("sentence", "{}")), "the attribute 'sentence'", fail)
    except (TypeError, ValueError) as error:
        raise fail(f"the attribute 'sentence' is no JSON of Document.to('networkx'): {error}") from None
    tokens = as_list(data.get("tokens", []), "the tokens", fail)
    nodes = {_id(node) for node in graph}
    for node, attributes in graph.nodes(data=True):
        if (id := _id(node)) != 0:
            edges = [(str(_id(head)), edge.get("deprel")) for head, _, edge in graph.in_edges(node, data=True)]
            row = {"id": id, **attributes}
            tokens.append(row | (_deps if graph.is_multigraph() else _head)(row, edges, nodes, fail))
    tokens.sort(key=_place)
    own = {key: graph.graph[key] for key in _OF_GRAPH if key in graph.graph}
    return sentence_from_dict(data | own | {"tokens": tokens}, place, VALUE_COLUMNS)


def _head(row: Row, edges: list[tuple[str, str | None]], _nodes: Container[int | str], fail: Fail) -> Row:
    """The head and the relation of a word, from the only edge to it."""
    if len(edges) > 1:
        raise fail(f"{len(edges)} edges lead to the node {row['id']}; enhanced graphs are MultiDiGraphs", column="HEAD")
    return {"head": _id(edges[0][0])} | ({} if edges[0][1] is None else {"deprel": edges[0][1]}) if edges else {}


def _deps(row: Row, edges: list[tuple[str, str | None]], nodes: Container[int | str], fail: Fail) -> Row:
    """The cell of DEPS: the one of the node if it has these edges, or else a new one."""
    if sorted(_known(row.get("deps"), nodes)) == sorted(edges):
        return {}
    try:
        return {"deps": checked_deps(edges)}
    except DepparseError as error:
        raise fail(f"the node {row['id']}: {error}", column="DEPS") from None


def _place(row: object) -> tuple[int, int, int]:
    """Where the line of a token stands in a file: a multiword token before its words, an empty node behind its word."""
    id = row.get("id") if isinstance(row, dict) else None
    if isinstance(id, list) and id and isinstance(id[0], int):
        return id[0], 0, 0
    word, _, node = str(id).partition(".")
    return (int(word), int(node or 0), 1) if is_number(word) and is_number(node or "0") else (0, 0, 0)


CONVERSION = Conversion(to_networkx, from_networkx)
