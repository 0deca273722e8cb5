"""Constituent trees: in cells, in MISC, in brackets, in JSON and Arrow, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import depparse
from depparse.document.constituents import Constituent
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError, FormatError

BRACKETS = """\
# sent_id = 1
( (S
    (NP-SBJ-1 (DT The) (NN cat))
    (VP (VBD saw) (NP (NP (PRP him)) (-NONE- *T*)) (PP (-NONE- *)))
    (-LRB- -LRB-) (X=2 (UH oh)) (. .)))
(NP (NN Yes))
"""
SPANS = [(1, 7, ""), (1, 7, "S"), (1, 2, "NP-SBJ-1"), (3, 4, "VP"), (4, 4, "NP"), (4, 4, "NP"), (6, 6, "X=2")]
TREE = [Constituent(*span) for span in SPANS]


@pytest.fixture
def document(tmp_path: Path) -> Document:
    (tmp_path / "trees.ptb").write_text(BRACKETS, encoding="utf-8")
    return depparse.read(tmp_path / "trees.ptb")


def test_brackets_are_read(document: Document) -> None:
    first, second = document
    assert first.columns["FORM"] == ["The", "cat", "saw", "him", "(", "oh", "."]
    assert first.columns["XPOS"] == ["DT", "NN", "VBD", "PRP", "-LRB-", "UH", "."]
    assert list(first.annotation("constituents")) == TREE
    assert first.sent_id == "1"
    assert list(second.annotation("constituents")) == [Constituent(1, 1, "NP")]
    assert first.columns["CONSTITUENTS"][:4] == ["((S(NP-SBJ-1*", "*)", "(VP*", "(NP(NP*)))"]


@pytest.mark.parametrize("ending", ["ptb", "conllu", "conllup", "json", "jsonl", "parquet"])
def test_trees_come_back_from_every_format_that_holds_them(ending: str, document: Document, tmp_path: Path) -> None:
    depparse.write(document, tmp_path / f"out.{ending}")
    again = depparse.read(tmp_path / f"out.{ending}")
    assert [list(s.annotation("constituents")) for s in again] == [list(s.annotation("constituents")) for s in document]
    assert [s.columns["XPOS"] for s in again] == [s.columns["XPOS"] for s in document]
    if ending == "ptb":
        text = (tmp_path / "out.ptb").read_text(encoding="utf-8").splitlines()
        assert text[1].startswith("( (S (NP-SBJ-1 (DT The) (NN cat)) (VP (VBD saw) (NP (NP (PRP him)))) (-LRB- -LRB-)")


def test_misc_has_a_label_of_any_characters() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    tree = [Constituent(1, 2, "A|B,(=)* %é"), Constituent(2, 2, "")]
    sentence.annotate("constituents", reversed(tree))
    assert list(sentence.annotation("constituents")) == tree
    again = Document.from_conllu(sentence.to_conllu()).sentences[0]
    assert list(again.annotation("constituents")) == tree
    assert "|" not in again.columns["MISC"][0]


def test_random_trees_come_back() -> None:
    chance = random.Random(1)
    for _ in range(300):
        n_words = chance.randint(1, 8)
        tree: list[Constituent] = []
        waiting = [(1, n_words)]
        while waiting:
            start, end = waiting.pop()
            tree += [Constituent(start, end, chance.choice(["NP", "", "S-TPC-1", "A=2"]))] * chance.randint(0, 2)
            if start < end:
                split = chance.randint(start, end - 1)
                waiting += [(start, split), (split + 1, end)]
        sentence = Sentence.from_forms(["w"] * n_words)
        sentence.annotate("constituents", tree, in_columns=chance.random() < 0.5)
        assert sorted(sentence.annotation("constituents")) == sorted(tree)
        (again,) = Document.from_conllu(sentence.to_conllu())
        assert again.annotation("constituents") == sentence.annotation("constituents")


def test_trees_that_a_sentence_cannot_have_are_refused() -> None:
    sentence = Sentence.from_forms(["a", "b", "c"])
    with pytest.raises(DepparseError, match="crosses a constituent that ends with the word 2"):
        sentence.annotate("constituents", [Constituent(1, 2, "A"), Constituent(2, 3, "B")])
    with pytest.raises(DepparseError, match="not within a sentence of 3 words"):
        sentence.annotate("constituents", [Constituent(1, 4, "A")])
    with pytest.raises(DepparseError, match="objects of the class Constituent, not"):
        sentence.annotate("constituents", [(1, 2, "A")])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["(A*", "*"], r"the bracket \(A is not closed"),
        (["(A*)", "*)"], "closes more of them than are open"),
        (["(A", "*)"], "is no brackets around a star"),
    ],
)
def test_broken_cells_say_where(cells: list[str], message: str) -> None:
    sentence = Sentence({"FORM": ["a", "b"], "CONSTITUENTS": cells})
    with pytest.raises(FormatError, match=message):
        sentence.annotation("constituents")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(S (NN a)", ":1: the file ends before 1 brackets of the tree that begins in line 1 are closed"),
        ("(S (NN a))\nb", ":2: expected the bracket that opens a tree, found 'b'"),
        ("(S (NN a b))", ":1: expected a bracket, found 'b'"),
        ("(S (NN a) b)", ":1: expected a bracket, found 'b'"),
        ("(S (NN a (B b)))", ":1: a bracket behind a word"),
        ("(S (NN a) (b))", ":1: brackets with nothing but 'b' in them"),
        ("(S (-NONE- *))", ":1: a tree without words"),
        ("(" * 2000, "more than 1000 brackets in brackets"),
    ],
)
def test_broken_brackets_say_where(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "broken.ptb").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError) as error:
        depparse.read(tmp_path / "broken.ptb")
    assert message in str(error.value)


def test_what_brackets_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError,
        match="word 2: a word holds no blank, bracket or lone surrogate, unless it is one bracket, but 'b c' does",
    ):
        depparse.write([Sentence.from_forms(["a", "b c"])], tmp_path / "out.ptb")
    depparse.write([Sentence.from_forms(["a", "("])], tmp_path / "out.ptb")
    assert (tmp_path / "out.ptb").read_text(encoding="utf-8") == "( (_ a) (_ -LRB-))\n"


@pytest.mark.slow
def test_real_trees_come_back(shared: Path, tmp_path: Path) -> None:
    document = depparse.read(shared / "constituency" / "GUM" / "gum-dev.ptb")
    for ending in ("ptb", "conllu"):
        depparse.write(document, tmp_path / f"out.{ending}")
        again = depparse.read(tmp_path / f"out.{ending}")
        assert [s.annotation("constituents") for s in again] == [s.annotation("constituents") for s in document]
        assert [s.columns["FORM"] for s in again] == [s.columns["FORM"] for s in document]
