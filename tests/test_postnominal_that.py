"""The study of *that* after nouns, on sentences of our own: what it finds, changes and counts, and the whole of it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

import depparse
from depparse.document.document import Document
from tests.conftest import ROOT

TAGS = "WDT-THAT", "IN-THAT"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("postnominal_that")


def sentence(rows: str) -> str:
    """A sentence of rows `form lemma upos xpos head deprel [feats]`."""
    lines = []
    for number, row in enumerate(rows.splitlines(), 1):
        form, lemma, upos, xpos, head, deprel, feats = [*row.split(), "_"][:7]
        lines.append("\t".join([str(number), form, lemma, upos, xpos, feats, head, deprel, "_", "_"]))
    return "\n".join([*lines, "", ""])


CLAUSE = """\
the the DET DT 2 det
{noun} {noun} NOUN NN 0 root
that that {that}
I I PRON PRP 5 nsubj
read read VERB VBP 2 {relation}
"""


def relative(noun: str) -> str:
    """the NOUN that I read"""
    return sentence(CLAUSE.format(noun=noun, that="PRON WDT 5 obj PronType=Rel", relation="acl:relcl"))


def complement(noun: str) -> str:
    """the NOUN that I read"""
    return sentence(CLAUSE.format(noun=noun, that="SCONJ IN 5 mark", relation="acl"))


NO_NOUN = """\
Tom Tom PROPN NNP 2 nsubj
knows know VERB VBZ 0 root
that that SCONJ IN 5 mark
dogs dog NOUN NNS 5 nsubj
bark bark VERB VBP 2 ccomp
"""
DETERMINER = """\
that that DET DT 2 det PronType=Dem
dog dog NOUN NN 3 nsubj
barks bark VERB VBZ 0 root
"""
FURTHER_DOWN = """\
book book NOUN NN 0 root
that that PRON WDT 6 obj PronType=Rel
I I PRON PRP 4 nsubj
say say VERB VBP 1 acl:relcl
Tom Tom PROPN NNP 6 nsubj
read read VERB VBD 4 ccomp
"""
OTHERS = "".join(map(sentence, (NO_NOUN, DETERMINER, FURTHER_DOWN)))


def test_both_uses_are_found_and_nothing_else(study: Any) -> None:
    document = Document.from_conllu(relative("book") + complement("fact") + OTHERS)
    assert [(use.sentence, use.word, use.tag, use.noun) for use in study.find(document)] == [
        (0, 3, TAGS[0], "book"),
        (1, 3, TAGS[1], "fact"),
        (4, 2, TAGS[0], "book"),
    ]


def test_the_rules_change_the_tags_of_these_words_alone(study: Any, tmp_path: Path) -> None:
    text = relative("book") + complement("fact") + OTHERS
    (tmp_path / "x.conllu").write_text(text, encoding="utf-8")
    path, changed, refused = study.relabel([tmp_path / "x.conllu"] * 2, tmp_path / "out")
    assert (changed, refused) == (6, 0)
    found = depparse.read(path)
    words = [found[use.sentence].words[use.word - 1] for use in study.find(found)]
    assert [word.xpos for word in words] == [TAGS[0], TAGS[1], TAGS[0]] * 2
    for word in words:
        word.xpos = "WDT" if word.xpos == TAGS[0] else "IN"
    assert found.to_conllu() == text * 2


def test_rates_are_those_of_the_complementizer(study: Any) -> None:
    pairs = [
        (TAGS[1], TAGS[1]),
        (TAGS[1], TAGS[0]),
        (TAGS[1], "IN"),
        (TAGS[0], TAGS[1]),
        (TAGS[0], TAGS[0]),
        (TAGS[0], "WDT"),
    ]
    assert study.rates(pairs) == {"accuracy": 2 / 6, "precision": 1 / 2, "recall": 1 / 3, "F1": 2 / 5}
    assert study.rates([(TAGS[0], TAGS[0])]) == {"accuracy": 1.0, "precision": 0.0, "recall": 0.0, "F1": 0.0}
    assert set(study.rates([]).values()) == {0.0}


def test_a_noun_is_given_its_more_frequent_tag(study: Any) -> None:
    train = study.find(Document.from_conllu(complement("fact") * 2 + relative("fact") + relative("book")))
    test = study.find(Document.from_conllu(relative("fact") + complement("book") + complement("idea")))
    assert study.by_noun(train, test) == [(TAGS[0], TAGS[1]), (TAGS[1], TAGS[0]), (TAGS[1], TAGS[0])]


@pytest.mark.slow
def test_the_whole_study_tells_nouns_apart(study: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "UD_English-Own"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        text = "".join(relative("book") + complement("fact") + relative("letter") for _ in range(12))
        (folder / f"en_own-ud-{split}.conllu").write_text(text, encoding="utf-8")
    options = ["--sizes", "6,all", "--folds", "3", "--epochs", "60", "--page", str(tmp_path / "page")]
    study.main([str(folder), str(tmp_path / "out"), *options])
    page = (tmp_path / "page" / "postnominal_that.md").read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    assert (tmp_path / "page" / "postnominal_that.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert "The patterns find 108 words in UD_English-Own; the rules changed 108 of them and refused 0." in page
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert ["`WDT-THAT`", "relative pronoun (*the book that I read*)", "24", "24", "24", "72"] in rows
    assert ["*fact*", "36", "0"] in rows
    assert ["36, all", "the noun alone", "100.00", "100.00", "100.00", "100.00"] in rows
    assert ["", "always relative", "66.67", "0.00", "0.00", "0.00"] in rows
    (tagger,) = [row for row in rows if row[:2] == ["36, all", "tagger"]]
    assert float(tagger[2]) > 90
    assert [row[0] for row in rows[-2:]] == ["6", "36, all"]
    assert all("to" in cell for row in rows[-2:] for cell in row[1:])
