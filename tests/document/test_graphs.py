"""Enhanced graphs with empty nodes, and collapsed without them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.document.columns import CONLLU_COLUMNS, format_deps, parse_deps
from depparse.document.document import Document
from depparse.document.graphs import collapse, collapsed_edges, edges_of, expand
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode
from depparse.errors import FormatError
from depparse.formats.conllu import read_conllu


@st.composite
def graphs(draw: st.DrawFn) -> Sentence:
    """Any heads and labels, with empty nodes anywhere, in cycles and with nothing above or below them."""
    n = draw(st.integers(1, 6))
    sentence = Sentence.from_forms([f"w{number}" for number in range(n)], ["# sent_id = 1"])
    behind = draw(st.lists(st.integers(0, n), max_size=4).map(sorted))
    positions = [(word, behind[:number].count(word) + 1) for number, word in enumerate(behind)]
    ids = ["0", *map(str, range(1, n + 1)), *(f"{word}.{number}" for word, number in positions)]
    labels = st.sampled_from(["conj:and", "nsubj", "obl:in", "x"])
    edges = st.lists(st.tuples(st.sampled_from(ids), labels), max_size=3, unique=True).map(format_deps)
    sentence.columns["DEPS"] = draw(st.lists(edges, min_size=n, max_size=n))
    sentence.empty_nodes = [
        EmptyNode(position, {"FORM": "e", "DEPS": draw(edges), "MISC": "CopyOf=1"}) for position in positions
    ]
    return sentence


@given(graphs())
@settings(max_examples=300)
def test_a_lossless_collapse_is_undone(sentence: Sentence) -> None:
    before = sentence.to_conllu()
    collapsed = collapse(sentence, lossless=True)
    assert not collapsed.empty_nodes
    assert expand(collapsed).to_conllu() == before == sentence.to_conllu()
    assert expand(Document.from_conllu(collapsed.to_conllu())[0]).to_conllu() == before


@given(graphs())
@settings(max_examples=300)
def test_paths_are_those_of_a_plain_walk(sentence: Sentence) -> None:
    above = {f"{node.id[0]}.{node.id[1]}": parse_deps(node.deps) for node in sentence.empty_nodes}

    def walk(head: str, label: str, passed: list[str]) -> set[tuple[str, str]]:
        if head not in above:
            return {(head, label)}
        ways = [walk(top, f"{step}>{label}", [*passed, head]) for top, step in above[head] if head not in passed]
        return set().union(*ways)

    expected = [set().union(*(walk(*edge, []) for edge in edges)) for edges in edges_of(sentence)]
    assert list(map(set, collapsed_edges(sentence))) == expected
    assert list(map(set, edges_of(collapse(sentence)))) == expected
    # Nodes that are made of paths lead to the same paths again.
    again = expand(collapse(sentence))
    assert list(map(set, collapsed_edges(again))) == expected
    assert not any(">" in label for edges in edges_of(again) for _, label in edges)
    assert expand(again).to_conllu() == again.to_conllu()


def test_nodes_of_samples_come_back(samples: Path) -> None:
    ids_are_kept = []
    for split in ("train", "dev", "test"):
        for sentence in read_conllu(samples / "UD_English-Sample" / f"en_sample-ud-{split}.conllu"):
            assert expand(collapse(sentence, lossless=True)).to_conllu() == sentence.to_conllu()
            again = expand(collapse(sentence))
            if sentence.empty_nodes:
                ids_are_kept.append(
                    [node.id for node in sentence.empty_nodes] == [node.id for node in again.empty_nodes]
                )
                assert [node.deps for node in again.empty_nodes] == [node.deps for node in sentence.empty_nodes]
            else:
                assert again.to_conllu() == sentence.to_conllu()
    assert len(ids_are_kept) == 4


def test_a_path_over_a_lost_node_is_refused() -> None:
    sentence = Sentence.from_forms("a b".split(), ["# sent_id = s"])
    sentence.columns["DEPS"] = ["0:root", "1:conj>1.1>obj"]
    with pytest.raises(FormatError, match=r"sentence s, column DEPS: the path 'conj>1\.1>obj' leads over a node that"):
        expand(sentence)
    sentence.comments.append("# empty_node = 1.1 x")
    with pytest.raises(FormatError, match=r"'# empty_node = 1\.1 x' is no line of an empty node"):
        expand(sentence)


def test_a_collapsed_copy_is_a_copy_and_keeps_other_columns() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    sentence.columns["DEPS"] = ["0:root", "1.1:obj"]
    cells = {"DEPS": "1:conj", "MISC": "A=b\u00a0", "UP:PRED": "go.01"}
    sentence.empty_nodes = [EmptyNode((1, 1), cells)]
    collapsed = collapse(sentence, lossless=True)
    again = expand(collapsed)
    assert again.empty_nodes[0].cells == dict.fromkeys(CONLLU_COLUMNS[1:], "_") | cells
    collapsed.columns["FORM"][0] = again.columns["FORM"][1] = "c"
    assert sentence.columns["FORM"] == ["a", "b"]
    assert collapsed.columns["FORM"] == ["c", "b"]


def test_too_many_paths_over_empty_nodes_are_refused() -> None:
    sentence = Sentence.from_forms(["a"], ["# sent_id = s"])
    ids = [f"1.{number}" for number in range(1, 10)]
    deps = format_deps({("1", "x"), *((id, "x") for id in ids)})
    sentence.columns["DEPS"] = ["0:root"]
    sentence.empty_nodes = [EmptyNode((1, number), {"DEPS": deps}) for number in range(1, 10)]
    with pytest.raises(FormatError, match=r"s.*more than 1,000 paths over other empty nodes lead to the node 1\.1"):
        collapse(sentence)
