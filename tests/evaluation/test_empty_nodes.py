"""Empty nodes and their edges that are right, on cases worked out by hand."""

from __future__ import annotations

import pytest

from depparse.document.document import Document
from depparse.errors import EvaluationError, FormatError
from depparse.evaluation.empty_nodes import EMPTY_NODES
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import SectionReport
from depparse.evaluation.scores import Score

GOLD = """\
1\tTom\t_\t_\t_\t_\t2\tnsubj\t2:nsubj\t_
2\tdrank\t_\t_\t_\t_\t0\troot\t0:root\t_
3\ttea\t_\t_\t_\t_\t2\tobj\t2:obj\t_
4\tAnna\t_\t_\t_\t_\t2\tconj\t4.1:nsubj\t_
4.1\tdrank\t_\t_\t_\t_\t_\t_\t2:conj:and\t_
5\tmilk\t_\t_\t_\t_\t4\torphan\t4.1:obj|5.1:obj\t_
5.1\t_\t_\t_\t_\t_\t_\t_\t4.1:xcomp\t_
5.2\t_\t_\t_\t_\t_\t_\t_\t2:obl\t_

"""


def evaluate_empty_nodes(gold: Document, system: Document) -> SectionReport:
    return SectionReport.of(Pair(gold, system), EMPTY_NODES)


def node_and_edge_scores(report: SectionReport) -> tuple[Score, Score]:
    nodes, edges = report.scores.values()
    return nodes, edges


def score(system: str) -> tuple[Score, Score]:
    return node_and_edge_scores(evaluate_empty_nodes(Document.from_conllu(GOLD), Document.from_conllu(system)))


@pytest.mark.parametrize(
    ("old", "new", "nodes", "edges"),
    [
        ("", "", (3, 3), (3, 3)),
        ("drank\t_\t_\t_\t_\t_\t_\t2:conj:and", "_\t_\t_\t_\t_\t_\t_\t2:conj:and", (3, 3), (3, 3)),
        # With another subtype above both, the nodes are right, and the paths are not.
        ("2:conj:and", "2:conj:or", (3, 3), (3, 0)),
        # The node has another head, and so the node that hangs on it is wrong too.
        ("2:conj:and", "3:conj:and", (3, 1), (3, 0)),
        # One of the two words that hang on the node has another head.
        ("4.1:nsubj", "2:nsubj", (3, 3), (2, 2)),
        # A node without words is right only beside one without words.
        ("4.1:obj|5.1:obj", "4.1:obj|5.2:obj", (3, 1), (3, 2)),
        ("5.2\t_\t_\t_\t_\t_\t_\t_\t2:obl\t_\n", "", (2, 2), (3, 3)),
    ],
)
def test_nodes_are_right_by_their_words_and_heads(
    old: str, new: str, nodes: tuple[int, int], edges: tuple[int, int]
) -> None:
    assert score(GOLD.replace(old, new) if old else GOLD) == (Score(3, *nodes), Score(3, *edges))


def test_words_are_aligned_and_texts_must_be_the_same() -> None:
    # "drank" is two words, and all that follows has other IDs.
    lines = [
        "1\tTom\t_\t_\t_\t_\t2\tnsubj\t2:nsubj\t_",
        "2\tdra\t_\t_\t_\t_\t0\troot\t0:root\t_",
        "3\tnk\t_\t_\t_\t_\t2\tdep\t2:dep\t_",
        "4\ttea\t_\t_\t_\t_\t2\tobj\t2:obj\t_",
        "5\tAnna\t_\t_\t_\t_\t2\tconj\t5.1:nsubj\t_",
        "5.1\t_\t_\t_\t_\t_\t_\t_\t4:conj:and\t_",
        "6\tmilk\t_\t_\t_\t_\t5\torphan\t5.1:obj\t_",
    ]
    assert score("\n".join([*lines, "", ""])) == (Score(3, 1, 0), Score(3, 2, 0))
    gold = Document.from_conllu(GOLD.replace("2:conj:and", "3:conj:and"))
    report = evaluate_empty_nodes(gold, Document.from_conllu("\n".join([*lines, "", ""])))
    assert node_and_edge_scores(report) == (Score(3, 1, 1), Score(3, 2, 2))
    assert [row[:4] for row in report.table().rows] == [
        ("nodes", "100.00", "33.33", "50.00"),
        ("edges", "100.00", "66.67", "80.00"),
    ]
    with pytest.raises(EvaluationError):
        score("1\tx\t_\t_\t_\t_\t0\troot\t0:root\t_\n\n")


def node(id: str, deps: str) -> str:
    return f"{id}\t_\t_\t_\t_\t_\t_\t_\t{deps}\t_\n"


def text(nodes: str, deps: str = "_") -> str:
    return f"1\ta\t_\t_\t_\t_\t0\troot\t0:root\t_\n{nodes}2\tb\t_\t_\t_\t_\t1\tdep\t{deps}\t_\n\n"


def counts(gold: str, system: str) -> tuple[int, int, int]:
    nodes, _ = node_and_edge_scores(evaluate_empty_nodes(Document.from_conllu(gold), Document.from_conllu(system)))
    return nodes.gold, nodes.system, nodes.correct


def test_the_order_of_nodes_does_not_count() -> None:
    above = "1:conj"
    nodes = [node(f"1.{number}", above) for number in (1, 2)]
    # One word hangs on node 1.1 and both on 1.2; in the system, it is the other way round.
    gold = text("".join(nodes), "1.1:x|1.2:x").replace("0:root", "0:root|1.2:x")
    system = text("".join(nodes), "1.1:x|1.2:x").replace("0:root", "0:root|1.1:x")
    assert counts(gold, system) == (2, 2, 2)


def test_nodes_without_words_count_in_their_sentence() -> None:
    with_node, without = text(node("1.1", "0:root")), text("")
    assert counts(with_node + without, with_node + without) == (1, 1, 1)
    assert counts(with_node + without, without + with_node) == (1, 1, 0)


@pytest.mark.parametrize("head", ["99", "x"])
def test_a_node_whose_head_is_no_word_is_an_error(head: str) -> None:
    document = Document.from_conllu(text(node("1.1", "1:conj")))
    document[0].empty_nodes[0].cells["DEPS"] = f"{head}:conj"
    with pytest.raises(FormatError, match=rf"the empty node 1\.1 has the head '{head}', which is no word"):
        evaluate_empty_nodes(document, document)
