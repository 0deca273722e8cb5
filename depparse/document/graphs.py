"""Empty nodes of enhanced graphs, collapsed into paths and expanded again.

The graph of a sentence with gapping has empty nodes. Scores and parsers know only words, so these nodes are collapsed:
the edges over them become one edge, whose label is the path. ``conj>nsubj`` leads from a verb to the subject of a verb
that is left out (Bouma, Seddah & Zeman 2020, *IWPT 2020 Shared Task*; ELAS is defined on such labels).

Collapsing loses the nodes without a word below them, and which of two nodes with the same label a path leads over.
Lossless collapsing puts the IDs of nodes into paths (``conj>8.1>nsubj``, as the official tool does) and their lines
into comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from depparse.document.columns import CONLLU_COLUMNS, comment_key, format_deps, parse_deps
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode
from depparse.errors import FormatError

Edge = tuple[str, str]  # (head, label); the head is an ID as text
_COMMENT = "empty_node"  # its value is the line of the node
_N_CELLS = len(CONLLU_COLUMNS) - 1  # in the line of a node, after its ID
_MOST_PATHS = 1000  # to one node; densely linked nodes can have exponentially many
_FUNCTION = frozenset(("cc", "punct", "mark", "case"))  # relations that do not tell where a node stands


def edges_of(sentence: Sentence) -> list[list[Edge]]:
    """The edges to each word, as DEPS has them."""
    return [parse_deps(cell) for cell in sentence.columns.get("DEPS", ["_"] * len(sentence))]


def edges_to_nodes(sentence: Sentence, *, ids: bool = False) -> dict[str, list[Edge]]:
    """The edges that lead from words or the root to each empty node, by its ID; over other empty nodes, they are paths.

    With `ids`, the paths name the nodes in between by their IDs. Paths do not go round cycles of empty nodes. Raises
    FormatError if more paths lead to a node than in any graph of a treebank.
    """
    edges_above = {f"{node.id[0]}.{node.id[1]}": parse_deps(node.cells.get("DEPS")) for node in sentence.empty_nodes}

    def paths(node: str, seen: tuple[str, ...]) -> Iterator[Edge]:
        for head, label in edges_above.get(node, ()):
            if "." not in head:
                yield head, label
            elif head not in seen:
                for top, path in paths(head, (*seen, head)):
                    yield top, _over(path, head, label, ids)

    edges: dict[str, list[Edge]] = {}
    for node in edges_above:
        node_paths = list(islice(paths(node, (node,)), _MOST_PATHS + 1))
        if len(node_paths) > _MOST_PATHS:
            problem = f"more than {_MOST_PATHS:,} paths over other empty nodes lead to the node {node}"
            raise FormatError(problem, path=sentence.place, sent_id=sentence.sent_id, column="DEPS")
        edges[node] = list(dict.fromkeys(node_paths))
    return edges


def collapsed_edges(sentence: Sentence, *, ids: bool = False) -> list[list[Edge]]:
    """The edges to each word, none twice, with paths instead of edges from empty nodes; `ids` as in `edges_to_nodes`.

    An edge from a node that no path leads to is left out, or with `ids` kept as it is.
    """
    nodes = edges_to_nodes(sentence, ids=ids)

    def paths(edge: Edge) -> list[Edge]:
        head, label = edge
        if "." not in head:
            return [edge]
        over_nodes = [(top, _over(path, head, label, ids)) for top, path in nodes.get(head, ())]
        return over_nodes or ([edge] if ids else [])

    return [list(dict.fromkeys(path for edge in edges for path in paths(edge))) for edges in edges_of(sentence)]


def _over(path: str, node: str, label: str, ids: bool) -> str:
    return f"{path}>{node}>{label}" if ids else f"{path}>{label}"


def collapse(sentence: Sentence, *, lossless: bool = False) -> Sentence:
    """A copy without empty nodes. If `lossless`, `expand` gives the graph back, unless its labels have the sign >."""
    copy = sentence.copy()
    copy.empty_nodes = []
    if sentence.empty_nodes:
        cells = sentence.columns.get("DEPS", ["_"] * len(sentence))
        collapsed = collapsed_edges(sentence, ids=lossless)
        # A cell without an edge from an empty node stays as it was written.
        copy.columns["DEPS"] = [
            format_deps(edges) if any("." in head for head, _ in parse_deps(cell)) else cell
            for cell, edges in zip(cells, collapsed, strict=True)
        ]
    if lossless:
        for node in sentence.empty_nodes:
            cells = [f"{node.id[0]}.{node.id[1]}", *(node.cells.get(name, "_") for name in CONLLU_COLUMNS[1:])]
            cells += (f"{name}={cell}" for name, cell in node.cells.items() if name not in CONLLU_COLUMNS)
            copy.comments.append(f"# {_COMMENT} = " + "\t".join(cells))
    return copy


def collapsed(document: Iterable[Sentence]) -> Document:
    """The sentences, each collapsed, as scores that count paths over empty nodes need them."""
    return Document(map(collapse, document))


def expand(sentence: Sentence) -> Sentence:
    """A copy with the empty nodes that paths in DEPS lead over, and those in the comments of a lossless collapse.

    Raises FormatError for a path over a node, named by its ID, that the comments do not have.
    """
    copy = sentence.copy()
    nodes = [*copy.empty_nodes, *_nodes_in_comments(sentence)]
    node_ids = {f"{node.id[0]}.{node.id[1]}" for node in nodes}
    comments = [line for line in sentence.comments if comment_key(line) != _COMMENT]
    copy.comments, copy.empty_nodes = comments, nodes
    expanded: list[list[Edge]] = []  # with the edges of paths that name their nodes by ID
    for edges in edges_of(sentence):
        expanded.append([])
        for head, label in edges:
            steps = label.split(">")
            if len(steps) > 2 and steps[-2].replace(".", "", 1).isdecimal():
                if steps[-2] not in node_ids:
                    problem = f"the path {label!r} leads over a node that no comment # {_COMMENT} has"
                    raise FormatError(problem, path=sentence.place, sent_id=sentence.sent_id, column="DEPS")
                head, label = steps[-2], steps[-1]
            if (head, label) not in expanded[-1]:
                expanded[-1].append((head, label))
    if any(">" in label for edges in expanded for _, label in edges):
        expanded, new_nodes = expanded_edges(expanded, [node.id for node in nodes])
        copy.empty_nodes = sorted([*nodes, *new_nodes], key=lambda node: node.id)
    if any(">" in cell for cell in sentence.columns.get("DEPS", ())):
        pairs = zip(sentence.columns["DEPS"], expanded, strict=True)
        copy.columns["DEPS"] = [format_deps(set(edges)) if ">" in cell else cell for cell, edges in pairs]
    return copy


def expanded_edges(
    edges: Sequence[Sequence[Edge]], taken: Iterable[tuple[int, int]] = ()
) -> tuple[list[list[Edge]], list[EmptyNode]]:
    """The edges of each word with the last edge of a path instead of the path, and the empty nodes on the paths.

    Paths with the same head and beginning lead over the same node. So do paths that go on from there by the same edges
    to the same words: their node has several heads. A node is put behind the first content word below it that stands
    right of its head, as the copy of a verb does, and has nothing but its edges. `taken` are the IDs of existing nodes.
    Two edges of a word may become equal.
    """
    below: dict[Edge, list[Edge]] = {}  # by the beginning of a path, thus by node: (word, rest of the path to it)
    for word, row in enumerate(edges, 1):
        for head, label in row:
            steps = label.split(">")
            for end in range(1, len(steps)):
                below.setdefault((head, ">".join(steps[:end])), []).append((str(word), ">".join(steps[end:])))
    used = set(taken)
    nodes: dict[frozenset[Edge], EmptyNode] = {}
    ids: dict[Edge, str] = {}
    for (head, path), words in below.items():  # a path comes after the paths that it begins with
        edge = _last_edge(head, path, ids)
        node = nodes.get(frozenset(words))
        if node is None:
            content = [int(word) for word, ending in words if ending.partition(":")[0] not in _FUNCTION]
            content = content or [int(words[0][0])]
            behind = next((word for word in content if word > int(head.partition(".")[0])), content[0])
            number = next(number for number in range(1, len(used) + 2) if (behind, number) not in used)
            used.add((behind, number))
            node = EmptyNode((behind, number), dict.fromkeys(CONLLU_COLUMNS[1:], "_"))
            nodes[frozenset(words)] = node
        node.cells["DEPS"] = format_deps({*parse_deps(node.cells["DEPS"]), edge})
        ids[head, path] = f"{node.id[0]}.{node.id[1]}"
    return [[_last_edge(*edge, ids) for edge in row] for row in edges], sorted(nodes.values(), key=lambda node: node.id)


def _last_edge(head: str, path: str, ids: dict[Edge, str]) -> Edge:
    before, _, label = path.rpartition(">")
    return (ids[head, before] if before else head), label


def _nodes_in_comments(sentence: Sentence) -> Iterator[EmptyNode]:
    for line in sentence.comments:
        key, _, value = line[1:].partition("=")
        if key.strip() != _COMMENT:
            continue
        id, *cells = value.removeprefix(" ").split("\t")
        word, dot, number = id.partition(".")
        if not (
            word.isdecimal()
            and dot
            and number.isdecimal()
            and len(cells) >= _N_CELLS
            and all("=" in cell for cell in cells[_N_CELLS:])
        ):
            raise FormatError(f"{line!r} is no line of an empty node", path=sentence.place, sent_id=sentence.sent_id)
        more = (cell.split("=", 1) for cell in cells[_N_CELLS:])  # columns of CoNLL-U Plus
        yield EmptyNode((int(word), int(number)), dict(zip(CONLLU_COLUMNS[1:], cells, strict=False)) | dict(more))
