"""Labelled brackets by hand, rule by rule of EVALB."""

from __future__ import annotations

from pathlib import Path

import pytest

import depparse
from depparse.document.document import Document
from depparse.evaluation.constituents import bare_label, measure_brackets, measure_unlabelled
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import report


def trees(tmp_path: Path, *texts: str) -> Document:
    path = tmp_path / "trees.ptb"
    path.write_text("\n".join(texts), encoding="utf-8")
    return depparse.read(path)


@pytest.mark.parametrize(
    ("gold", "system", "counts", "unlabelled"),
    [
        pytest.param("(S (NP (A a) (B b)) (C c))", "(S (NP (A a) (B b)) (C c))", (2, 2, 2), (2, 2, 2), id="equal"),
        pytest.param("(S (NP (A a) (B b)) (C c))", "(S (VP (A a) (B b)) (C c))", (2, 2, 1), (2, 2, 2), id="label"),
        pytest.param("(S (NP (A a) (B b)) (C c))", "(S (A a) (NP (B b) (C c)))", (2, 2, 1), (2, 2, 1), id="span"),
        pytest.param("(ROOT (S (A a)))", "(TOP (S (A a)))", (1, 1, 1), (1, 1, 1), id="roots do not count"),
        pytest.param("( (S (A a)))", "(S (A a))", (1, 1, 1), (1, 1, 1), id="nor do brackets without a label"),
        pytest.param("(S (NP-SBJ-1 (A a)) (B b))", "(S (NP=2 (A a)) (B b))", (2, 2, 2), (2, 2, 2), id="functions"),
        pytest.param("(S (PRT (A a)) (B b))", "(S (ADVP (A a)) (B b))", (2, 2, 2), (2, 2, 2), id="PRT is ADVP"),
        pytest.param(
            "(S (NP (A a) (, ,)) (B b))", "(S (NP (A a)) (, ,) (B b))", (2, 2, 2), (2, 2, 2), id="punctuation"
        ),
        pytest.param(
            "(S (A a) (X (. .)))", "(S (A a) (. .))", (1, 1, 1), (1, 1, 1), id="constituents of punctuation alone"
        ),
        pytest.param(
            "(S (A a) (, ,))", "(S (A a) (X (B ,)))", (1, 1, 1), (1, 1, 1), id="gold says what is punctuation"
        ),
        pytest.param(
            "(NP (NP (NP (A a))))", "(NP (NP (A a)))", (3, 2, 2), (3, 2, 2), id="as often as both have a constituent"
        ),
        pytest.param("(S (A a) (B b))", "(X (S (A a) (B b)))", (1, 2, 1), (1, 2, 1), id="one too many"),
    ],
)
def test_rules(gold: str, system: str, counts: tuple[int, ...], unlabelled: tuple[int, ...], tmp_path: Path) -> None:
    pair = Pair(trees(tmp_path, gold), trees(tmp_path, system))
    for measure, expected in ((measure_brackets(pair), counts), (measure_unlabelled(pair), unlabelled)):
        assert (int(measure.gold.sum()), int(measure.system.sum()), int(measure.correct.sum())) == expected


def test_labels_are_bare() -> None:
    assert [bare_label(label) for label in ("NP", "NP-SBJ-1", "NP=2", "PRT", "-LRB-", "WHNP-1=3")] == [
        "NP", "NP", "NP", "ADVP", "-LRB-", "WHNP"
    ]  # fmt: skip


def test_a_report(tmp_path: Path) -> None:
    gold = trees(tmp_path, "(S (NP (A a) (B b)) (C c))", "(S (NP (A a)) (B b))")
    system = trees(tmp_path, "(S (NP (A a) (B b)) (C c))", "(S (VP (A a)) (B b))")
    depparse.write(gold, tmp_path / "gold.ptb")
    depparse.write(system, tmp_path / "system.ptb")
    (table,) = report(tmp_path / "gold.ptb", tmp_path / "system.ptb").tables()
    assert table.title == "Constituents"
    assert [(row[0], row[3]) for row in table.rows] == [
        ("NP", "66.67"), ("S", "100.00"), ("VP", "0.00"), ("labelled", "75.00"), ("unlabelled", "100.00")
    ]  # fmt: skip


def test_words_that_differ_are_aligned(tmp_path: Path) -> None:
    pair = Pair(trees(tmp_path, "(S (NP (A ab)) (B c))"), trees(tmp_path, "(S (NP (A a) (A b)) (B c))"))
    measure = measure_brackets(pair)
    assert (int(measure.gold.sum()), int(measure.system.sum())) == (2, 2)
    assert int(measure.correct.sum()) == 0
