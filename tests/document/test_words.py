"""Views of words, tokens and empty nodes: their names, and writing through them."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import DepparseError
from tests.sentences import TWO_PARAGRAPHS


def test_views_have_the_names_of_stanza(document: Document) -> None:
    word = document.sentences[0].words[1]
    assert (word.id, word.text, word.lemma, word.upos, word.xpos) == (2, "does", "do", "AUX", "VBZ")
    assert (word.feats, word.head, word.deprel, word.deps, word.misc) == ("Mood=Ind|Person=3", 4, "aux", "4:aux", None)
    assert word.feats_dict == {"Mood": "Ind", "Person": "3"}
    assert document.sentences[0].words[7].deps_list == [("4", "obj"), ("8.1", "dep")]
    assert document.sentences[0].words[4].misc_dict == {"SpaceAfter": "No"}
    token = document.sentences[0].tokens[1]
    assert (token.id, token.text, [w.text for w in token.words]) == ((2, 3), "doesn't", ["does", "n't"])
    assert document.sentences[0].words[2].token == token
    assert document.sentences[0].words[3].token.id == (4,)
    node = document.sentences[0].empty_nodes[0]
    assert (node.id, node.text, node.lemma, node.deps, node.xpos) == ((8, 1), "bu", "boire", "4:dep", None)


def test_words_are_a_sequence(document: Document) -> None:
    words = document[0].words
    assert len(words) == 10
    assert words[-1].text == "."
    assert [word.id for word in words[7:]] == [8, 9, 10]
    assert words[2] in words
    with pytest.raises(IndexError):
        words[10]


def test_writing_an_attribute_writes_the_column(document: Document) -> None:
    sentence = document[0]
    word = sentence.words[0]
    word.upos, word.lemma, word.head, word.deprel = "X", None, 8, "dep"
    word.feats = {"Number": "Plur", "Case": "Nom", "abbr": "Yes"}
    word.misc = {"Gloss": "J", "Flag": None}
    word.deps = [("8.1", "dep"), ("8", "x"), ("4", "nsubj")]
    line = sentence.to_conllu().splitlines()[4]
    assert line == "1\tJohn\t_\tX\tNNP\tabbr=Yes|Case=Nom|Number=Plur\t8\tdep\t4:nsubj|8:x|8.1:dep\tGloss=J|Flag"
    word.text = "Jon"
    assert word.start_char is None
    sentence.set_comment("text", "Jon" + sentence.text[4:])
    assert word.end_char == 3
    sentence.tokens[1].misc = "SpaceAfter=No"
    assert not sentence.tokens[1].space_after
    assert sentence.to_conllu().splitlines()[5].endswith("SpaceAfter=No")


def test_wrong_values_are_refused(document: Document) -> None:
    word = document[0].words[0]
    with pytest.raises(ValueError, match="between 0 and 10"):
        word.head = 11
    with pytest.raises(ValueError, match="no tab"):
        word.lemma = "a\tb"
    with pytest.raises(ValueError, match="lies within words 1 to 10"):
        document[0].ents = [Span(9, 11, "PER")]


def test_literal_underscores_are_words(document: Document) -> None:
    word = document[3].words[0]
    assert (word.text, word.lemma, word.xpos) == ("_", "_", None)


def test_setters_refuse_what_would_break_the_file(document: Document) -> None:
    sentence = document[0]
    word = sentence.words[0]
    for change in (
        lambda: sentence.set_comment("x", "a\nb"),
        lambda: setattr(word, "head", True),
        lambda: setattr(word, "head", "1"),
        lambda: setattr(word, "lemma", 3),
        lambda: setattr(sentence, "ents", [Span(1, 1, "A|B")]),
        lambda: setattr(sentence, "ents", [Span(1, 1, "A,B")]),
        lambda: setattr(sentence, "frames", [Frame(0, "x.01")]),
        lambda: setattr(sentence, "frames", [Frame(11, "x.01")]),
        lambda: setattr(sentence, "frames", [Frame(1, "x.01"), Frame(1, "y.01")]),
        lambda: setattr(sentence, "frames", [Frame(1, "a|b")]),
        lambda: setattr(sentence, "frames", [Frame(1, "x.01", [Argument("A,0", 1)])]),
    ):
        with pytest.raises(ValueError, match=r"not|at most one frame|one line"):
            change()
    assert document.to_conllu() == TWO_PARAGRAPHS


def test_every_word_knows_its_token(document: Document) -> None:
    for sentence in document:
        for token in sentence.tokens:
            assert [word.token for word in token.words] == [token] * len(token.words)


def test_to_set_a_feature_or_an_attribute_changes_the_cell() -> None:
    cells = "\t".join(["1", "Go", "go", "VERB", "_", "b=1|A=2|odd", "0", "root", "_", "A=1|A=2|=|Flag"])
    sentence = Document.from_conllu(f"{cells}\n\n")[0]
    word = sentence.words[0]
    word.feats_dict["Case"] = "Acc"
    assert word.feats == "A=2|b=1|Case=Acc|odd"
    word.misc_dict["Gloss"] = "x"
    word.misc_dict["Typo"] = None
    assert word.misc == "A=1|A=2|=|Flag|Gloss=x|Typo"
    misc = word.misc_dict
    del misc["A"]
    assert misc.pop("Gloss") == "x"
    assert misc.pop("None", 3) == 3
    assert misc.setdefault("New", "1") == misc["New"] == "1"
    misc |= {"Other": "2"}
    misc.update(SpaceAfter="No")
    assert word.misc == "=|Flag|Typo|New=1|Other=2|SpaceAfter=No"
    assert not sentence.space_after
    misc.clear()
    assert (word.misc, misc) == (None, {})
    feats = word.feats_dict
    assert json.loads(json.dumps(feats)) == feats == copy.deepcopy(feats) == pickle.loads(pickle.dumps(feats))
    assert type(copy.deepcopy(feats)) is dict  # it belongs to no word
    while feats:
        feats.popitem()
    assert word.feats is None
    with pytest.raises(KeyError):
        del feats["Case"]
    for wrong in ("a|b", "", 3):
        with pytest.raises(DepparseError):
            word.feats_dict["Case"] = wrong  # type: ignore[assignment]
    assert (word.feats, sentence.columns["FEATS"]) == (None, ["_"])


@given(st.dictionaries(st.text(max_size=2), st.none() | st.text(max_size=3), max_size=3))
def test_a_cell_reads_back_as_what_was_set(attributes: dict[str, str | None]) -> None:
    word = Document.from_conllu("1\ta" + "\t_" * 8 + "\n\n")[0].words[0]
    try:
        word.misc = attributes
    except DepparseError:
        assert word.misc is None
    else:
        assert word.misc_dict == attributes
    try:
        word.feats = attributes
    except DepparseError:
        assert word.feats is None
    else:
        assert word.feats_dict == {name: value for name, value in attributes.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "feats",
            {"Case": ["Acc", "Nom"]},
            "of Case in FEATS is text without the sign |, not ['Acc', 'Nom']; join",
        ),
        (
            "feats",
            {"Case": "Acc|Nom"},
            "of Case in FEATS is text without the sign |, not 'Acc|Nom'; join",
        ),
        ("feats", {"Case": ""}, "a feature has a value, or None to be left out"),
        ("feats", {"A=b": "c"}, "a name in FEATS is text without the signs = and |, not 'A=b'"),
        ("feats", 5, "FEATS is text, a dictionary or None, not 5"),
        ("misc", {"Gloss": "x|y"}, "value of Gloss in MISC is text without the sign |, not 'x|y'; write \\p for it"),
        ("misc", {"_": None}, "a name in MISC is text"),
        ("misc", ["A"], "MISC is text, a dictionary or None, not ['A']"),
        ("misc", {"A": "\t"}, "no tab"),
        ("deps", [("a", "nsubj")], "a head in DEPS is an ID such as 3 or 8.1, not 'a'"),
        ("deps", [("1", "a|b")], "a relation in DEPS is text without the sign |, not 'a|b'"),
        ("deps", ["1:a"], "DEPS has pairs of a head and a relation, not '1:a'"),
        ("deps", 5, "DEPS is text, a list of pairs or None, not 5"),
    ],
)
def test_values_that_a_cell_cannot_hold(name: str, value: object, message: str) -> None:
    word = Document.from_conllu("1\ta" + "\t_" * 8 + "\n\n")[0].words[0]
    with pytest.raises(DepparseError) as caught:
        setattr(word, name, value)
    assert message in str(caught.value)
    assert getattr(word, name) is None


def test_none_leaves_a_feature_out_and_heads_may_be_numbers() -> None:
    word = Document.from_conllu("1\ta" + "\t_" * 8 + "\n\n")[0].words[0]
    word.feats = {"Number": None, "Case": "Acc"}
    word.deps = [(0, "root"), ("1.1", "x")]
    assert (word.feats, word.deps) == ("Case=Acc", "0:root|1.1:x")
