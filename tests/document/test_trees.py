"""Cycles, roots, projectivity and reachability, against definitions written out as code."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.trees import (
    chained_spans,
    children,
    cycles,
    find_cycle,
    nonprojective_arcs,
    path,
    roots,
    subtree,
    top_word,
    unreachable,
    whole_tree,
)
from depparse.formats.table import read
from tests.strategies import heads_of_any_kind


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Trees under ROOT, of any shape and order."""
    length = draw(st.integers(1, 25))
    order = draw(st.permutations(range(1, length + 1)))
    heads = [0] * length
    for position, word in enumerate(order[1:], 1):
        heads[word - 1] = order[draw(st.integers(0, position - 1))]
    return heads


def ancestors(heads: Sequence[int | None], word: int) -> set[int]:
    heads_above: set[int] = set()
    head = heads[word - 1]
    while head is not None and head not in heads_above:
        heads_above.add(head)
        head = heads[head - 1] if head else None
    return heads_above


def nonprojective_by_definition(heads: Sequence[int | None]) -> list[tuple[int, int]]:
    return [
        (head, word)
        for word, head in enumerate(heads, 1)
        if head is not None
        and any(head not in ancestors(heads, w) and w != head for w in range(min(head, word) + 1, max(head, word)))
    ]


def crossing(heads: Sequence[int]) -> bool:
    """Whether two arcs cross when ROOT stands at the left: another definition, the same for trees."""
    spans = [(min(arc), max(arc)) for arc in enumerate(heads, 1)]
    return any(a < c < b < d for a, b in spans for c, d in spans)


@given(heads_of_any_kind(12, 0))
def test_nonprojective_arcs_are_those_of_the_definition(heads: list[int | None]) -> None:
    assert nonprojective_arcs(heads) == nonprojective_by_definition(heads)


@given(trees())
def test_trees_with_nonprojective_arcs_have_crossing_arcs(heads: list[int]) -> None:
    assert nonprojective_arcs(heads) == nonprojective_by_definition(heads)
    assert bool(nonprojective_arcs(heads)) == crossing(heads)
    assert find_cycle(heads) is None
    assert len(roots(heads)) == 1


@pytest.mark.parametrize("length", range(5))
def test_every_short_list_of_heads_agrees_with_the_definitions(length: int) -> None:
    for heads in product(range(length + 1), repeat=length):
        assert nonprojective_arcs(heads) == nonprojective_by_definition(heads), heads
        on_cycle = {word for word in range(1, length + 1) if word in ancestors(heads, word)}
        assert {word for cycle in cycles(heads) for word in cycle} == on_cycle


@given(heads_of_any_kind(12, 0))
def test_cycles_are_those_of_the_definition(heads: list[int | None]) -> None:
    all_cycles = cycles(heads)
    for cycle in all_cycles:
        assert cycle[0] == min(cycle)
        assert [heads[word - 1] for word in cycle] == cycle[1:] + cycle[:1]
    words = [word for cycle in all_cycles for word in cycle]
    assert sorted(words) == [word for word in range(1, len(heads) + 1) if word in ancestors(heads, word)]
    assert find_cycle(heads) == (all_cycles[0] if all_cycles else None)


@given(st.one_of(heads_of_any_kind(12, 0), trees()))
def test_nonprojective_arcs_are_the_same_by_the_table_alone(heads: list[int | None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("depparse.document.trees._SHORT", 0)
        assert nonprojective_arcs(heads) == nonprojective_by_definition(heads)


@pytest.mark.parametrize("reach", [2, 10, 120])
@pytest.mark.parametrize("seed", range(4))
def test_nonprojective_arcs_of_long_sentences_are_those_of_the_definition(seed: int, reach: int) -> None:
    rng = random.Random(seed)
    heads = [0] + [rng.randint(max(1, word - reach), word - 1) for word in range(2, 121)]
    heads[60:] = [1] * 60 if seed % 2 else heads[60:]
    assert nonprojective_arcs(heads) == nonprojective_by_definition(heads)
    mirrored = [121 - head if head else 0 for head in reversed(heads)]
    assert nonprojective_arcs(mirrored) == nonprojective_by_definition(mirrored)


def test_examples_by_hand_are_right() -> None:
    assert nonprojective_arcs([]) == []
    assert nonprojective_arcs([0]) == []
    assert nonprojective_arcs([2, 0, 2]) == []
    # "hearing is scheduled on issue today": "on issue" hangs on "hearing", across the verb
    assert nonprojective_arcs([3, 3, 0, 5, 1, 3]) == [(1, 5)]
    assert roots([0, 1, 0]) == [1, 3]
    assert find_cycle([2, 3, 1, 0]) == [1, 2, 3]
    assert cycles([1, 3, 2]) == [[1], [2, 3]]


def test_a_long_chain_needs_no_recursion() -> None:
    chain = list(range(5000))
    assert nonprojective_arcs(chain) == []
    assert find_cycle(chain) is None
    assert nonprojective_arcs([*range(2, 5001), 0]) == []


@given(
    st.dictionaries(st.sampled_from("1 2 3 4 5 5.1".split()), st.lists(st.sampled_from("0 1 2 3 4 5 5.1 9".split())))
)
def test_unreachable_nodes_are_those_of_a_plain_search(graph: dict[str, list[str]]) -> None:
    reached = {"0"}
    for _ in graph:
        reached |= {node for node, heads in graph.items() if reached & set(heads)}
    assert unreachable(graph) == [node for node in graph if node not in reached]


def is_chained(heads: Sequence[int | None], first: int, last: int) -> bool:
    """Whether arcs lead from the first word to the last, always to the right: any way is tried."""
    linked = {(min(word, head), max(word, head)) for word, head in enumerate(heads, 1) if head}
    return first == last or any(
        (first, middle) in linked and is_chained(heads, middle, last) for middle in range(first + 1, last + 1)
    )


def is_connected(heads: Sequence[int], first: int, last: int) -> bool:
    """Whether arcs within the span are one fewer than its words, in a tree."""
    inside = range(first, last + 1)
    return sum(heads[word - 1] in inside for word in inside) == len(inside) - 1


@given(heads_of_any_kind(12, 0), st.none() | st.integers(1, 5))
def test_chained_spans_are_those_that_enumeration_finds(heads: list[int | None], max_width: int | None) -> None:
    widest = max_width or len(heads)
    places = range(1, len(heads) + 1)
    spans = [(first, last) for first in places for last in places if 0 <= last - first < widest]
    assert chained_spans(heads, max_width) == [span for span in spans if is_chained(heads, *span)]


@given(trees())
def test_in_projective_trees_chained_spans_are_the_connected_ones(heads: list[int]) -> None:
    places = range(1, len(heads) + 1)
    connected = [(i, j) for i in places for j in places if i <= j and is_connected(heads, i, j)]
    if not nonprojective_arcs(heads):
        assert chained_spans(heads) == connected


def test_where_arcs_cross_a_connected_span_may_need_arcs_to_the_left() -> None:
    heads = [3, 3, 0, 2]  # 1 - 3 - 2 - 4
    assert is_connected(heads, 1, 4)
    assert (1, 4) not in chained_spans(heads)


def test_the_top_word_of_a_span_is_the_nearest_to_the_root(samples: Path) -> None:
    heads = [2, 0, 2, 5, 3, None]
    assert [top_word(heads, *span) for span in ((1, 6), (3, 5), (4, 5), (1, 1), (6, 6))] == [2, 3, 5, 1, None]
    assert top_word([3, 3, 0, 3], 1, 2) == 1  # equally near the root
    assert top_word([2, 3, 0, 3], 1, 4) == 3
    assert top_word([4, 3, 0, 3], 1, 2) == 2  # the other one hangs on a word below the root
    assert top_word([2, 3, 4, 2], 1, 1) == 1  # above it is a cycle
    assert top_word([2, 3, 1], 1, 3) is None
    arguments = [
        (argument, sentence.heads)
        for sentence in read(samples / "UD_English-Sample" / "en_sample-up-train.conllup")
        for frame in sentence.frames
        for argument in frame.arguments
    ]
    assert len(arguments) > 50
    for argument, tree in arguments:
        assert argument.start is not None
        assert argument.end is not None
        assert top_word(tree, argument.start, argument.end) == argument.head


@given(heads_of_any_kind(8))
def test_children_subtrees_and_paths(heads: list[int | None]) -> None:
    """Against walks over a graph; cycles and words without a head are no obstacle."""
    words = range(1, len(heads) + 1)
    arcs = networkx.Graph([(word, head) for word, head in enumerate(heads, 1) if head and head != word])
    arcs.add_nodes_from(words)
    for word in words:
        assert children(heads, word) == [w for w in words if heads[w - 1] == word]
        assert subtree(heads, word) == [w for w in words if w == word or word in ancestors(heads, w)]
        for other in words:
            found = path(heads, word, other)
            assert bool(found) == networkx.has_path(arcs, word, other)
            if found:
                assert (found[0], found[-1]) == (word, other)
                assert len(set(found)) == len(found)
                assert all(heads[a - 1] == b or heads[b - 1] == a for a, b in pairwise(found))
                if not cycles(heads):
                    assert found == networkx.shortest_path(arcs, word, other)


def test_long_chains_are_no_obstacle() -> None:
    length = 20_000
    chain: list[int | None] = list(range(length))
    assert subtree(chain, 1) == list(range(1, length + 1))
    assert path(chain, length, 1) == list(range(length, 0, -1))


@given(heads_of_any_kind(7))
def test_a_whole_tree_keeps_all_heads_that_it_can(heads: list[int | None]) -> None:
    whole, attached = whole_tree(heads)
    root = whole.index(0) + 1
    assert roots(whole) == [root]
    assert subtree(whole, root) == list(range(1, len(heads) + 1))
    kept = [word for word in range(1, len(heads) + 1) if word not in attached | {root}]
    assert all(whole[word - 1] == heads[word - 1] for word in kept)
    assert all(whole[word - 1] == root for word in attached)


def test_a_whole_tree_is_mended_in_the_same_place_always() -> None:
    assert whole_tree([2, 0, 2]) == ([2, 0, 2], set())
    assert whole_tree([None, 0, 0]) == ([2, 0, 2], {1, 3})
    assert whole_tree([2, 3, 1]) == ([0, 3, 1], set())
    assert whole_tree([0, 3, 2]) == ([0, 1, 2], {2})
    assert whole_tree([None, 1]) == ([0, 1], set())
