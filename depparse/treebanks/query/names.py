"""Patterns from text, with all names checked: what is compared has to be searched for, and no name is used twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from depparse.errors import ConfigError, closest
from depparse.treebanks.query.pattern import Clauses, PatternTree, Term
from depparse.treebanks.query.syntax import ARC_FEATURES, Block, Reader

_KEYWORD = re.compile(r"\w+")
_KINDS = ("pattern", "with", "without", "optional", "global")
_LONGEST, _MOST = 100_000, 100  # characters, and blocks or names, of a pattern; nobody writes a longer one


def parse(text: str) -> PatternTree:
    """The pattern in a text. Raises ConfigError, with line and column, for what is no pattern."""
    if not isinstance(text, str):
        raise ConfigError(f"a pattern is text, such as pattern {{ X [upos=NOUN] }}, not {text!r:.60}")
    if len(text) > _LONGEST:
        raise ConfigError(f"a pattern has at most {_LONGEST:,} characters, not {len(text):,}")
    reader = Reader(text)
    return read_blocks(reader, reader.at_end)


def read_blocks(reader: Reader, ends: Callable[[], bool], further: str = "") -> PatternTree:
    """The pattern whose blocks come next, until it `ends`; `further` keywords are told in errors."""
    blocks: list[Block] = []
    while not ends() or not blocks:
        place = reader.skip()
        keyword = reader.take(_KEYWORD)
        if keyword is None or keyword[0] not in _KINDS:
            reader.place = place
            raise reader.error(f"expected {', '.join(_KINDS[:-1])}{further} or global, and then {{")
        reader.need_sign("{")
        blocks.append(reader.clauses(keyword[0]))
        if len(blocks) > _MOST or len({name for block in blocks for name in block.names("node", "arc")}) > _MOST:
            raise reader.error(f"a pattern has at most {_MOST} blocks, and as many names", place)
    main = [block for block in blocks if block.kind == "pattern"]
    matching = _check_main(reader, main)
    others = [block for block in blocks if block.kind not in ("pattern", "global")]
    checked = [(block, _check_other(reader, block, matching)) for block in others]
    _check_optional(reader, checked)
    return PatternTree(
        matching,
        tuple(clauses for _, clauses in checked if clauses.kind != "optional"),
        tuple(clauses for _, clauses in checked if clauses.kind == "optional"),
        tuple(fact for block in blocks for fact in block.facts),
    )


def parse_key(text: str, tree: PatternTree) -> Term | Clauses:
    """What matches are counted by: a feature of a node or an arc, a distance, or clauses between braces.

    Raises ConfigError for anything else, and for a name that the pattern has not.
    """
    scopes = (tree.matching, *tree.optional)
    nodes = {name for clauses in scopes for name in clauses.nodes}
    arcs = {name for clauses in scopes for name in clauses.arcs}
    reader = Reader(text, "key")
    key: Term | Clauses
    if reader.takes("{"):
        block = reader.clauses("with")
        for name, place in block.names("node", "arc").items():
            if any(name in (*clauses.nodes, *clauses.arcs) for clauses in tree.optional):
                raise reader.error(f"{name} is of an optional part, which a key between braces cannot ask for", place)
        key = _check_other(reader, block, tree.matching)
    else:
        key = reader.term()
        _check_uses(reader, reader.block, nodes, arcs)
    if not reader.at_end():
        raise reader.error("expected the end of the key")
    return key


def _check_main(reader: Reader, blocks: Iterable[Block]) -> Clauses:
    """All pattern blocks as one."""
    whole = Block("pattern")
    for block in blocks:
        whole.items += block.items
        whole.uses += block.uses
        whole.empty |= block.empty
    nodes, arcs = list(whole.names("node")), list(whole.names("arc"))
    _check_arcs(reader, whole, ())
    _check_uses(reader, whole, nodes, arcs)
    return Clauses(
        "pattern", tuple(whole.items), _in_order(whole, "node"), _in_order(whole, "arc"), frozenset(whole.empty)
    )


def _check_other(reader: Reader, block: Block, main: Clauses) -> Clauses:
    """The clauses of another block, which may use the names of the pattern."""
    _check_arcs(reader, block, main.arcs)
    nodes, arcs = {*main.nodes, *block.names("node")}, {*main.arcs, *block.names("arc")}
    _check_uses(reader, block, nodes, arcs)
    new_nodes = tuple(name for name in _in_order(block, "node") if name not in main.nodes)
    empty = frozenset(block.empty.difference(main.nodes) | main.empty)
    return Clauses(block.kind, tuple(block.items), new_nodes, _in_order(block, "arc"), empty)


def _in_order(block: Block, role: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, used_as, _ in block.uses if used_as == role))


def _check_arcs(reader: Reader, block: Block, taken: Iterable[str]) -> None:
    """Raises ConfigError if two arcs have one name."""
    seen = set(taken)
    for name, role, place in block.uses:
        if role == "arc":
            if name in seen:
                raise reader.error(f"two arcs have the name {name}", place)
            seen.add(name)


def _check_uses(reader: Reader, block: Block, nodes: Iterable[str], arcs: Iterable[str]) -> None:
    """Raises ConfigError for a name that is of no node or arc, as it would have to be."""
    nodes, arcs = set(nodes), set(arcs)
    for name, role, place in block.uses:
        owner, _, feature = name.partition(".")
        if role in ("node", "arc") and name in nodes and name in arcs:
            raise reader.error(f"{name} is the name of both a node and an arc; rename one", place)
        if role == "used arc" and name not in arcs:
            raise reader.error(f"no arc is called {name}; name one: {name}: X -> Y{_hint(name, arcs)}", place)
        if role == "used node" and name not in nodes:
            raise reader.error(f"no node is called {name}{_hint(name, nodes)}", place)
        if role == "used" and name not in nodes | arcs:
            raise reader.error(f"no node or arc is called {name}{_hint(name, nodes | arcs)}", place)
        if role == "feature" and owner in arcs and feature not in ARC_FEATURES:
            raise reader.error(f"an arc has {', '.join(ARC_FEATURES)}, but no {feature}", place)
        if role == "feature" and owner in nodes and feature in ("label", "1", "2", "3"):
            raise reader.error(
                f"a node has no {feature}; name the arc to it, e: X -> {owner}, and write e.{feature}", place
            )


def _hint(name: str, names: Iterable[str]) -> str:
    return "".join(f"; did you mean {close}?" for close in closest(name, names))


def _check_optional(reader: Reader, checked: list[tuple[Block, Clauses]]) -> None:
    """Raises ConfigError if the name of an optional part is used outside of it, where it may stand for nothing."""
    for block, clauses in checked:
        if clauses.kind != "optional":
            continue
        for name in (*clauses.nodes, *clauses.arcs):
            for other, _ in checked:
                if other is not block and (places := other.names("node", "arc")) and name in places:
                    message = f"{name} is the name of an optional part too; give it another name here"
                    raise reader.error(message, places[name])
