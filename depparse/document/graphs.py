"""Enhanced graphs without their empty nodes, and with them again.

The graph of a sentence with gapping has nodes that are no words. Scores and parsers know words alone, so the nodes are
collapsed: edges over them become one, whose label is the path, as ``conj>nsubj`` from the verb to the subject of a verb
that is left out (Bouma, Seddah & Zeman 2020, *IWPT 2020 Shared Task*; such labels are what ELAS is defined on).

Collapsing forgets what nodes no word hangs on, and which of two nodes with the same label a path leads over. Where that
must not be, the path has their IDs (``conj>8.1>nsubj``, as in the official tool) and comments have their lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from depparse.document.columns import CONLLU_COLUMNS, comment_key, format_deps, parse_deps
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode
from depparse.errors import FormatError

Edge = tuple[str, str]  # head, an ID as text, and label
_COMMENT = "empty_node"  # its value is the line of the node
_N_CELLS = len(CONLLU_COLUMNS) - 1  # of a node behind its ID
_MOST_PATHS = 1000  # to a node; nodes that hang on one another every which way have exponentially many
_FUNCTION = frozenset(("cc", "punct", "mark", "case"))  # relations of words that do not tell where a node stands


def edges_of(sentence: Sentence) -> list[list[Edge]]:
    """The edges to each word, as DEPS has them."""
    return [parse_deps(cell) for cell in sentence.columns.get("DEPS", ["_"] * len(sentence))]


def edges_to_nodes(sentence: Sentence, *, ids: bool = False) -> dict[str, list[Edge]]:
    """The edges to each empty node, by its ID, that come from words or the root: over other empty nodes, as paths.

    With `ids`, those of the nodes in between are in the paths. A cycle of empty nodes is not gone round. Raises
    FormatError if more paths lead to a node than any graph of a treebank has.
    """
    above = {f"{node.id[0]}.{node.id[1]}": parse_deps(node.cells.get("DEPS")) for node in sentence.empty_nodes}

    def paths(node: str, seen: tuple[str, ...]) -> Iterator[Edge]:
        for head, label in above.get(node, ()):
            if "." not in head:
                yield head, label
            elif head not in seen:
                for top, path in paths(head, (*seen, head)):
                    yield top, _over(path, head, label, ids)

    found: dict[str, list[Edge]] = {}
    for node in above:
        ways = list(islice(paths(node, (node,)), _MOST_PATHS + 1))
        if len(ways) > _MOST_PATHS:
            problem = f"more than {_MOST_PATHS:,} paths over other empty nodes lead to the node {node}"
            raise FormatError(problem, sent_id=sentence.sent_id, column="DEPS")
        found[node] = list(dict.fromkeys(ways))
    return found


def collapsed_edges(sentence: Sentence, *, ids: bool = False) -> list[list[Edge]]:
    """The edges to each word with paths for edges from empty nodes, none twice; `ids` are those of `edges_to_nodes`.

    An edge from a node that no word or root leads to has no path: it is left out, or with `ids` left as it is.
    """
    nodes = edges_to_nodes(sentence, ids=ids)

    def paths(edge: Edge) -> list[Edge]:
        head, label = edge
        if "." not in head:
            return [edge]
        found = [(top, _over(path, head, label, ids)) for top, path in nodes.get(head, ())]
        return found or ([edge] if ids else [])

    return [list(dict.fromkeys(path for edge in edges for path in paths(edge))) for edges in edges_of(sentence)]


def _over(path: str, node: str, label: str, ids: bool) -> str:
    return f"{path}>{node}>{label}" if ids else f"{path}>{label}"


def collapse(sentence: Sentence, *, lossless: bool = False) -> Sentence:
    """A copy without empty nodes; `lossless`: with all that `expand` needs to give back what there was, a graph in
    which no label has the sign > already."""
    copy = sentence.copy()
    copy.empty_nodes = []
    if sentence.empty_nodes:
        cells = sentence.columns.get("DEPS", ["_"] * len(sentence))
        collapsed = collapsed_edges(sentence, ids=lossless)
        # What no edge from an empty node is in stays as it was written.
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
    """The sentences, each collapsed: what is to be scored where paths over empty nodes count."""
    return Document(map(collapse, document))


def expand(sentence: Sentence) -> Sentence:
    """A copy with the empty nodes of the paths in DEPS, and of the comments that a lossless collapse left.

    Raises FormatError for a path whose nodes the comments do not have.
    """
    nodes = [*sentence.empty_nodes, *_nodes_in_comments(sentence)]
    there = {f"{node.id[0]}.{node.id[1]}" for node in nodes}
    comments = [line for line in sentence.comments if comment_key(line) != _COMMENT]
    copy = sentence.copy()
    copy.comments, copy.empty_nodes = comments, nodes
    known: list[list[Edge]] = []  # with IDs resolved
    for edges in edges_of(sentence):
        known.append([])
        for head, label in edges:
            steps = label.split(">")
            if len(steps) > 2 and steps[-2].replace(".", "", 1).isdecimal():
                if steps[-2] not in there:
                    problem = f"the path {label!r} leads over a node that no comment # {_COMMENT} has"
                    raise FormatError(problem, sent_id=sentence.sent_id, column="DEPS")
                head, label = steps[-2], steps[-1]
            if (head, label) not in known[-1]:
                known[-1].append((head, label))
    if any(">" in label for edges in known for _, label in edges):
        known, made = expanded_edges(known, [node.id for node in nodes])
        copy.empty_nodes = sorted([*nodes, *made], key=lambda node: node.id)
    if any(">" in cell for cell in sentence.columns.get("DEPS", ())):
        pairs = zip(sentence.columns["DEPS"], known, strict=True)
        copy.columns["DEPS"] = [format_deps(set(edges)) if ">" in cell else cell for cell, edges in pairs]
    return copy


def expanded_edges(
    edges: Sequence[Sequence[Edge]], taken: Iterable[tuple[int, int]] = ()
) -> tuple[list[list[Edge]], list[EmptyNode]]:
    """Edges of each word as they were, but for paths: their last edges, and the empty nodes that they lead over.

    Paths that begin alike, at the same head, lead over the same node, and so do those over which the same edges go on
    to the same words: a node that hangs on several words. A node is put behind the first content word that hangs on it
    right of the word it hangs on, as the copy of a verb stands, and has nothing but its edges. `taken` are the IDs of
    nodes that there are already. Two edges of a word may become the same.
    """
    below: dict[Edge, list[Edge]] = {}  # of the beginning of a path, a node: words, and how the path to them goes on
    for word, row in enumerate(edges, 1):
        for head, label in row:
            steps = label.split(">")
            for end in range(1, len(steps)):
                below.setdefault((head, ">".join(steps[:end])), []).append((str(word), ">".join(steps[end:])))
    used = set(taken)
    nodes: dict[frozenset[Edge], EmptyNode] = {}
    ids: dict[Edge, str] = {}
    for (head, path), words in below.items():  # a path comes after its beginnings
        edge = _last_edge(head, path, ids)
        node = nodes.get(frozenset(words))
        if node is None:
            content = [int(word) for word, rest in words if rest.partition(":")[0] not in _FUNCTION]
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
            raise FormatError(f"{line!r} is no line of an empty node", sent_id=sentence.sent_id)
        more = (cell.split("=", 1) for cell in cells[_N_CELLS:])  # columns of CoNLL-U Plus
        yield EmptyNode((int(word), int(number)), dict(zip(CONLLU_COLUMNS[1:], cells, strict=False)) | dict(more))
