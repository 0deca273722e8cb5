"""Differences between analyses: that all are found, and only they."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import depparse
from depparse.document.document import Document
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.differences import Differences, diff
from depparse.formats.table import read
from depparse.visualize.differences import draw_differences, draw_lines

GOLD = """\
# sent_id = a
1	Anna	Anna	PROPN	NNP	Number=Sing	2	nsubj	2:nsubj	_
2	saw	see	VERB	VBD	Tense=Past	0	root	0:root	_
3-4	didn't	_	_	_	_	_	_	_	_
3	did	do	AUX	VBD	_	2	aux	2:aux	_
4	n't	not	PART	RB	_	2	advmod	2:advmod	SpaceAfter=No
5	.	.	PUNCT	.	_	2	punct	2:punct	_

# sent_id = b
1	Tom	Tom	PROPN	NNP	Number=Sing	2	nsubj	2:nsubj	_
2	left	leave	VERB	VBD	Tense=Past	0	root	0:root	_

"""


def document(text: str = GOLD) -> Document:
    return Document.from_conllu(text)


def told(differences: Differences) -> list[tuple[Any, ...]]:
    return [(p.name, d.word, d.kind, d.gold, *d.systems) for p in differences.passages for d in p.differences]


def test_the_same_has_no_differences() -> None:
    result = diff(document(), document(), document())
    assert result.passages == []
    assert result.compared == 2
    assert result.names == ("gold", "system 1", "system 2")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("HEAD", "5", ("a", 1, "head", "2 saw", "5 .")),
        ("DEPREL", "nsubj:pass", ("a", 1, "label", "nsubj", "nsubj:pass")),
        ("UPOS", "NOUN", ("a", 1, "upos", "PROPN", "NOUN")),
        ("XPOS", "NN", ("a", 1, "xpos", "NNP", "NN")),
        ("FEATS", "_", ("a", 1, "feats", "Number=Sing", "_")),
        ("LEMMA", "anna", ("a", 1, "lemma", "Anna", "anna")),
        ("DEPS", "2:obj|3:nsubj", ("a", 1, "graph", "2:nsubj", "2:obj 3:nsubj")),
    ],
)
def test_each_column(column: str, value: str, expected: tuple[Any, ...]) -> None:
    other = document()
    other[0].columns[column][0] = value
    assert told(diff(document(), other)) == [expected]


def test_words_of_a_multiword_token_that_are_tokens_elsewhere() -> None:
    """The words are the same, so they are compared further; the token is told once."""
    split = document(GOLD.replace("3-4\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_\n", ""))
    split[0].columns["MISC"][2] = "SpaceAfter=No"
    assert told(diff(document(), split)) == [("a", 3, "tokens", "didn't", "did n't")]
    assert told(diff(split, document())) == [("a", 3, "tokens", "did n't", "didn't")]


def test_trees_need_not_be_complete() -> None:
    other = document()
    other[0].columns["HEAD"][:3] = ["_", "1", "9"]
    assert told(diff(document(), other)) == [
        ("a", 1, "head", "2 saw", "–"), ("a", 2, "head", "0 ROOT", "1 Anna"), ("a", 3, "head", "2 saw", "–"),
    ]  # fmt: skip


def test_what_one_side_does_not_annotate_is_not_compared() -> None:
    other = document()
    for sentence in other:
        for column in ("XPOS", "DEPS", "LEMMA"):
            sentence.columns[column] = ["_"] * len(sentence)
    assert told(diff(document(), other)) == []


def test_other_sentences_and_words() -> None:
    """One sentence instead of two, and a multiword token that is a plain word."""
    text = """\
1	Anna	Anna	PROPN	NNP	Number=Sing	2	nsubj	2:nsubj	_
2	saw	see	VERB	VBD	Tense=Past	0	root	0:root	_
3	didn't	do	AUX	VBD	_	2	aux	2:aux	SpaceAfter=No
4	.	.	PUNCT	.	_	2	punct	2:punct	_
5	Tom	Tom	PROPN	NNP	Number=Sing	6	nsubj	6:nsubj	_
6	left	leave	VERB	VBD	Tense=Past	2	conj	2:conj	_

"""
    result = diff(document(), document(text))
    assert told(result) == [
        ("a", 3, "words", "did", "didn't"),
        ("a", 4, "words", "n't", "didn't"),
        ("a", 5, "sentences", "end", "–"),
        ("a", 7, "head", "0 ROOT", "2 saw"),
        ("a", 7, "label", "root", "conj"),
        ("a", 7, "graph", "0:root", "2:conj"),
    ]
    (passage,) = result.passages
    assert (len(passage.gold), len(passage.systems[0]), passage.length) == (2, 1, 7)
    assert told(diff(document(text), document()))[0] == ("1", 3, "words", "didn't", "did n't")


def test_words_that_only_a_system_has() -> None:
    gold = "1-2\tdu" + "\t_" * 8 + "\n" + "".join(
        f"{id}\t{form}\t_\t_\t_\t_\t{head}\t{label}\t_\t_\n"
        for id, form, head, label in ((1, "de", 0, "root"), (2, "le", 1, "dep"))
    )  # fmt: skip
    system = gold.replace("1-2", "1-3").replace("2\tle", "2\tx\t_\t_\t_\t_\t1\tdep\t_\t_\n3\tle")
    assert told(diff(document(gold + "\n"), document(system + "\n"))) == [("1", 1, "words", "–", "x")]


def test_entities_and_roles() -> None:
    gold, other = document(), document()
    gold[0].ents, other[0].ents = [Span(1, 1, "PER")], [Span(1, 2, "PER")]
    gold[1].ents = other[1].ents = [Span(1, 1, "PER")]
    gold[0].frames = [Frame(2, "see.01", [Argument("ARG0", 1, 1, 1), Argument("ARGM-NEG", 4, 4, 4)])]
    other[0].frames = [Frame(2, "see.02", [Argument("ARG1", 1, 1, 1), Argument("ARGM-NEG", 4, 4, 4)])]
    assert set(told(diff(gold, other))) == {
        ("a", 1, "entities", "PER: Anna", "–"),
        ("a", 1, "entities", "–", "PER: Anna saw"),
        ("a", 2, "roles", "see.01", "see.02"),
        ("a", 2, "roles", "ARG0: Anna", "–"),
        ("a", 2, "roles", "–", "ARG1: Anna"),
    }


def test_counts_are_those_of_the_scores(samples: Path) -> None:
    """The official metrics count the aligned words that are right; differences are the others."""
    gold = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    rng = random.Random(1)
    system = Document([sentence.copy() for sentence in gold])
    for sentence in system:
        for column in ("UPOS", "XPOS", "LEMMA"):
            cells = sentence.columns[column]
            sentence.columns[column] = [rng.choice(cells) if rng.random() < 0.3 else cell for cell in cells]
        if rng.random() < 0.5 and len(sentence) > 1:  # a chain: another tree
            sentence.columns["HEAD"] = [str(n) for n in range(len(sentence))]
            sentence.columns["DEPREL"] = ["root", *["dep"] * (len(sentence) - 1)]
    scores = depparse.evaluate(gold, system)
    result = diff(gold, system)
    for kind, metric in (("upos", "UPOS"), ("xpos", "XPOS"), ("head", "UAS")):
        n_found = sum(len(p.differences) for p in result.filter(kind=kind).passages)
        assert n_found == gold.num_words - round(scores[metric].recall * gold.num_words) > 20
    assert result.filter(kind="lemma").passages


def test_two_systems_stand_side_by_side() -> None:
    one, other = document(), document()
    one[0].columns["UPOS"][0] = "NOUN"
    other[0].columns["UPOS"][1] = "AUX"
    one[1].columns["UPOS"][0] = other[1].columns["UPOS"][0] = "X"
    result = diff(document(), one, other)
    assert told(result) == [
        ("a", 1, "upos", "PROPN", "NOUN", "PROPN"),
        ("a", 2, "upos", "VERB", "VERB", "AUX"),
        ("b", 1, "upos", "PROPN", "X", "X"),
    ]
    counts, confusions = result.tables()
    assert counts.rows == [("upos", "2", "2")]
    assert confusions.rows[0] == ("upos PROPN → X", "1", "1")


def test_what_was_not_compared_is_not_said_to_agree() -> None:
    """One system lacks a column, the other splits a word otherwise."""
    one, other = document(), document()
    for sentence in one:
        sentence.columns["LEMMA"] = ["_"] * len(sentence)
    other[0].columns["LEMMA"][0] = "x"
    assert told(diff(document(), one, other)) == [("a", 1, "lemma", "Anna", "", "x")]
    counts, *_ = diff(document(), one, other).tables()
    assert counts.rows == [("lemma", "0", "1")]


def test_each_system_loses_its_own_edges() -> None:
    gold, one, other = document(), document(), document()
    gold[0].columns["DEPS"][0] = "2:nsubj|3:x"
    one[0].columns["DEPS"][0], other[0].columns["DEPS"][0] = "2:nsubj", "3:x"
    assert told(diff(gold, one, other))[:2] == [
        ("a", 1, "graph", "3:x", "–", "3:x"), ("a", 1, "graph", "2:nsubj", "2:nsubj", "–"),
    ]  # fmt: skip


def test_heads_are_told_by_their_place_in_the_text() -> None:
    """Word 7 depends on word 7 - 1 in its own sentence, and in the system on a word of the sentence before."""
    joined = GOLD.replace("\n# sent_id = b\n1\tTom", "6\tTom").replace("2\tleft", "7\tleft")
    joined = joined.replace("Past\t0\troot\t0:root\t_\n\n", "Past\t2\tconj\t2:conj\t_\n\n")
    result = told(diff(document(), document(joined)))
    assert ("a", 6, "head", "7 left", "2 saw") in result
    assert ("a", 6, "graph", "7:nsubj", "2:nsubj") in result


def test_empty_nodes_are_told_by_the_word_before_them() -> None:
    node = "2.1\tx\tx\tVERB\t_\t_\t_\t_\t0:root\t_\n"
    gold = GOLD.replace("3-4\tdidn't", node + "3-4\tdidn't").replace("2\tpunct\t2:punct", "2\tpunct\t2.1:punct")
    other = gold.replace("2.1:punct", "2:punct")
    assert told(diff(document(gold), document(gold))) == []
    assert told(diff(document(gold), document(other))) == [("a", 5, "graph", "2.1:punct", "2:punct")]


def test_long_texts_take_no_longer_a_word() -> None:
    """Counted in steps of the comparison, not in seconds: each word is looked at a bounded number of times."""
    text = "".join(f"{n}\tw\t_\tX\t_\t_\t{n - 1}\t{'root' if n == 1 else 'd'}\t_\t_\n" for n in range(1, 3001)) + "\n"
    other = "".join("1\tw\t_\tX\t_\t_\t0\troot\t_\t_\n\n" for _ in range(3000))
    result = diff(document(text), document(other))
    assert len(result.passages) == 1
    assert sum(one.kind == "sentences" for one in result.passages[0].differences) == 2999


def test_filters() -> None:
    other = document()
    other[0].columns["UPOS"] = ["X"] * 5
    other[0].columns["DEPREL"][0] = "obl:tmod"
    other[1].columns["DEPREL"][0] = "obj"
    result = diff(document(), other)
    assert {one[1] for one in told(result.filter(upos="AUX,PART"))} == {3, 4}
    assert told(result.filter(kind="label", relation="obl")) == [("a", 1, "label", "nsubj", "obl:tmod")]
    assert [one[0] for one in told(result.filter(relation=["nsubj"], kind=["label"]))] == ["a", "b"]
    assert told(result.filter(word="TOM")) == [("b", 1, "label", "nsubj", "obj")]
    assert told(result.filter(word=",")) == []
    other[0].columns["FEATS"][0] = "X=Y"
    gold = document()
    gold[0].columns["DEPREL"][0] = "prep_of"
    assert told(diff(gold, other).filter(relation="prep_of", kind="feats")) == [("a", 1, "feats", "Number=Sing", "X=Y")]
    assert [p.name for p in result.filter(min_words=3).passages] == ["a"]
    assert [p.name for p in result.filter(max_words=2).passages] == ["b"]
    assert [p.name for p in result.worst_first().passages] == ["a", "b"]
    with pytest.raises(ConfigError, match="there is no kind of difference 'heads'; did you mean head"):
        result.filter(kind="heads")


def test_what_cannot_be_compared() -> None:
    with pytest.raises(ConfigError, match="nothing to compare"):
        diff(document())
    with pytest.raises(EvaluationError):
        diff(document(), document(GOLD.replace("Tom", "Tim")))


def test_drawings_show_all_and_escape_what_is_foreign() -> None:
    hostile = "<script>alert(1)</script>\x1b[2J\u202e"
    gold, other = document(), document()
    for each in (gold, other):
        each[0].columns["FORM"][0] = "<b>Anna&"
        each[0].columns["XPOS"][1] = hostile
    other[0].columns["XPOS"][1] += "x"
    other[0].columns["DEPREL"][0] = "obj"
    result = diff(gold, other)
    lines = "".join(draw_lines(result))
    assert "# a  (2 of 5 words differ)" in lines
    assert [line.split() for line in lines.splitlines()[3:4]] == [["1", "<b>Anna&", "label", "nsubj", "obj"]]
    page = "".join(draw_differences(result))
    for drawing in (lines, page):
        assert "\x1b" not in drawing
        assert "\u202e" not in drawing
    assert "<script" not in page
    assert "<b>" not in page
    body = page[page.index("<section") :]
    root = ElementTree.fromstring(f"<body>{body}</body>".replace("&ndash;", "–"))
    assert next(mark.text for mark in root.iter("mark")) == "obj"
    assert len(root.findall(".//details")) == 2
    assert len([e for e in root.iter() if e.tag.endswith("svg")]) == 2
    colored = "".join(draw_lines(result, color=True))
    assert "\x1b[33mobj" in colored


def test_a_notebook_draws_differences() -> None:
    other = document()
    for sentence in other:
        sentence.columns["UPOS"][0] = "<b>"
    html = diff(document(), other)._repr_html_()
    assert html.startswith('<div class="depparse-box">')
    assert html.count("<svg") == 4
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "Nothing differs" in diff(document(), document())._repr_html_()
    many = Document([document()[0] for _ in range(9)])
    wrong = Document([other[0].copy() for _ in range(9)])
    assert "… and 4 more pieces of text" in diff(many, wrong)._repr_html_()


def test_all_as_json() -> None:
    other = document()
    other[1].columns["UPOS"][0] = "X"
    data = diff(document(), other).to_dict()
    assert data["sentences"] == 2
    (passage,) = data["passages"]  # type: ignore[misc]
    assert passage["differences"] == [
        {"kind": "upos", "word": 1, "form": "Tom", "gold": "PROPN", "systems": ["X"], "upos": "PROPN"}
        | {"relation": "nsubj"}
    ]
