"""Matches as objects, counts of them, and sentences that are broken, changed or have no tree."""

from __future__ import annotations

from pathlib import Path

import pytest

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, FormatError
from depparse.formats.conllu import iter_conllu, parse_conllu
from depparse.treebanks.query.counts import Counts
from depparse.treebanks.query.files import FileSearch
from depparse.treebanks.query.search import ArcFound, parse_pattern

SENTENCE = """\
# sent_id = s1
1\tAnn\tAnn\tPROPN\t_\t_\t3\tnsubj\t3:nsubj|3:obj\tNER=B-PER,S-X
2\tLee\tLee\tPROPN\t_\t_\t1\tflat\t1:flat\tNER=I-PER
3\tsees\tsee\tVERB\t_\t_\t0\troot\t0:root\tUPPred=see.01|UPArgSpans=A0:1-2,A1:4-5
4\tthe\tthe\tDET\t_\t_\t5\tdet\t5:det\t_
5\tBank\tbank\tNOUN\t_\t_\t3\tobj\t3:obj\tNER=B-ORG

"""


@pytest.fixture
def doc() -> Document:
    return Document(parse_conllu(SENTENCE))


def test_a_match_has_what_its_names_stand_for(doc: Document) -> None:
    (match,) = doc.query("pattern { e: V -[obj]-> O } optional { f: O -[amod]-> A } optional { O -[det]-> D }")
    assert match.sentence is doc[0]
    assert match["V"] == doc[0][2]
    assert match["e"] == ArcFound(doc[0][2], "obj", doc[0][4], "tree")
    assert match["A"] is None
    assert match["f"] is None
    assert match.ids == {"V": "3", "O": "5", "D": "4"}
    assert list(match.nodes) == ["V", "O", "D"]
    assert list(match.arcs) == ["e"]
    assert repr(match) == "<Match V=3 sees, O=5 Bank, D=4 the, e=obj>"
    with pytest.raises(KeyError):
        match["Z"]
    expected = {"V.lemma": "see", "e.1": "obj", "e.2": None, "A.lemma": None, "f.label": None, "delta(V,O)": "2"}
    assert {key: match.value(key) for key in expected} == expected
    assert (match.value("e.delta"), match.value("delta(O,V)"), match.value("delta(V,A)")) == ("2", "-2", None)
    assert (match.value("{ V << O; O -[det]-> X }"), match.value("{ O << V }")) == ("yes", "no")


def test_words_of_a_match_can_be_changed(doc: Document) -> None:
    for match in list(doc.query("pattern { X [upos=NOUN] }")):
        match["X"].lemma = "BANK"
    assert doc[0][4].lemma == "BANK"
    assert len(doc.query("pattern { X [lemma=BANK] }")) == 1
    doc[0].columns["HEAD"][1] = "9"  # no reader allows this
    assert len(doc.query("pattern { X -> Y }")) == 3


def test_several_arcs_between_two_words_are_told_apart_by_a_name(doc: Document) -> None:
    assert len(doc.query("pattern { V -[E:nsubj|E:obj]-> S; S [form=Ann] }")) == 1
    found = doc.query("pattern { e: V -[E:nsubj|E:obj]-> S; S [form=Ann] }")
    assert sorted(match["e"].label for match in found) == ["nsubj", "obj"]
    assert len(doc.query("pattern { e: V -[E:*]-> S; f: V -[E:*]-> S }")) == 2
    assert doc.query("pattern { e: V -> S; f: V -> S }") == []


def test_entities_and_roles_are_found(doc: Document) -> None:
    assert [match.ids["X"] for match in doc.query("pattern { X [entity=PER] }")] == ["1"]
    assert [match.ids["X"] for match in doc.query("pattern { X [inside=PER] }")] == ["1", "2"]
    assert [match.ids["X"] for match in doc.query("pattern { X [entity=X|ORG] }")] == ["1", "5"]
    assert [match.ids["X"] for match in doc.query("pattern { X [entity<>PER] }")] == ["5"]
    assert doc.query("pattern { X [entity=PER] }")[0].value("X.entity_text") == "Ann Lee|Ann"
    (match,) = doc.query("pattern { X [form=Lee]; Y [upos=VERB] }")
    assert [(span.type, span.text) for span in match.entities["X"]] == [("PER", "Ann Lee")]
    assert "Y" not in match.entities
    assert match.to_dict()["nodes"]["X"]["entities"][0]["text"] == "Ann Lee"
    found = doc.query("pattern { e: P -[S:*]-> A; P [sense=see.01] }")
    assert [(match["e"].label, match.ids["A"], match["e"].layer) for match in found] == [
        ("A0", "1", "roles"),
        ("A1", "5", "roles"),  # the head word of the span
    ]


def test_broken_annotation_is_an_error_only_if_it_is_asked_for(doc: Document) -> None:
    doc[0].columns["MISC"][2] = "UPPred=see.01|UPArgHeads=A0:99"
    assert len(doc.query("pattern { X [upos=VERB] }")) == 1
    with pytest.raises(FormatError, match="sentence s1"):
        doc.query("pattern { X [sense] }")


def test_a_regular_expression_that_takes_exponential_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depparse.treebanks.query.pattern.SECONDS", 0.2)
    doc = Document([Sentence.from_forms(["a" * 50 + "c"])])
    with pytest.raises(
        ConfigError, match=r"'\(a\|aa\)\+' did not come to an end in 0.2 seconds on 'a+c': write it with fewer"
    ):
        list(doc.query('pattern { X [form=re"(a|aa)+"] }'))


def test_sentences_without_annotation_have_words() -> None:
    sentence = Sentence.from_forms(["a", "b"])
    for pattern, number in {
        "pattern { X [] }": 2, "pattern { X -> Y }": 0, "pattern { X [!upos, !lemma, !deprel, !Number, !entity] }": 2,
        "pattern { X < Y }": 1, "pattern { X -[E:*]-> * }": 0, "global { is_tree }": 0, "pattern { * -> X }": 0,
    }.items():  # fmt: skip
        assert parse_pattern(pattern).count(sentence) == number, pattern


def test_counts_have_tables(doc: Document) -> None:
    pattern = parse_pattern("pattern { e: X -> Y }")
    counts = Counts(pattern, ["e.label", "X.upos", "{ X << Y }"])
    counts.add(doc.query(pattern))
    head, rows = counts.table(2)
    assert head == ("e.label", "X.upos", "{ X << Y }", "matches", "%")
    assert rows == [
        ("det", "NOUN", "no", "1", "25.0"),
        ("flat", "PROPN", "yes", "1", "25.0"),
        ("2 more", "", "", "2", "50.0"),
        ("all", "", "", "4", "100.0"),
    ]
    lengths = Counts(pattern, ["e.delta"])
    lengths.add(doc.query(pattern))
    assert [row[0] for row in lengths.table()[1]] == ["-2", "-1", "1", "2", "all"]  # numbers are in order
    crossed = Counts(pattern, ["X.upos", "e.label"])
    crossed.add(doc.query(pattern))
    assert crossed.table(1) == (
        ("X.upos / e.label", "det", "flat", "nsubj", "obj", "all"),
        [("VERB", "", "", "1", "1", "2"), ("2 more", "1", "1", "", "", "2"), ("all", "1", "1", "1", "1", "4")],
    )
    empty = Counts(pattern, ["X.upos", "e.label"])
    assert empty.table() == (("X.upos / e.label", "all"), [("all", "0")])
    assert Counts(pattern, ["X.upos"]).table()[1] == [("all", "0", "")]
    with pytest.raises(ConfigError, match="no node or arc is called Z"):
        Counts(pattern, ["Z.upos"])


def test_many_values_of_a_second_key_share_a_column() -> None:
    sentence = Sentence.from_forms(map(str, range(30)))
    pattern = parse_pattern("pattern { X [] }")
    counts = Counts(pattern, ["X.empty", "X.form"])
    counts.add(pattern.matches(sentence))
    head, rows = counts.table()
    assert head == ("X.empty / X.form", *map(str, range(12)), "18 more", "all")
    assert rows[0] == ("_", *["1"] * 12, "18", "30")


def test_sentences_without_the_words_of_a_pattern_are_not_even_read(tmp_path: Path) -> None:
    broken = SENTENCE.replace("sees", "hears").replace("\t3\tobj\t", "\tx\tobj\t").replace("see", "hear")
    path = tmp_path / "x.conllu"
    path.write_text(broken + SENTENCE, encoding="utf-8")
    search = FileSearch([str(path)], parse_pattern("pattern { X [form=sees] }"))
    assert [match.sentence.place for matches in search for match in matches] == [f"{path}:8"]
    assert search.sentences == 2
    with pytest.raises(FormatError, match="a head is a word ID"):
        list(FileSearch([str(path)], parse_pattern("pattern { X [upos=VERB] }")))
    assert len(list(iter_conllu(path, keep=lambda lines: "hears" not in lines))) == 1


def test_the_look_at_the_lines_takes_no_attribute_for_a_column(tmp_path: Path) -> None:
    path = tmp_path / "x.conllu"
    path.write_text(SENTENCE.replace("NER=B-ORG", "Form=q|MWT=w|Note=n"), encoding="utf-8")
    for test in ("Form=q", "MWT=w", "MISC:Note=n", "UPOS=NOUN", "FORM=Bank", "DEPREL=obj", "MISC:Form<>x", "HEAD=3"):
        assert sum(FileSearch([str(path)], parse_pattern(f"pattern {{ X [{test}, id=5] }}")).counts()) == 1, test


def test_all_samples_have_as_many_words_as_the_search_finds(samples: Path) -> None:
    pattern = parse_pattern("pattern { X [] }")
    for file in samples.glob("*/*.conllu"):
        document = depparse.read(file)
        assert sum(map(pattern.count, document)) == document.num_words
