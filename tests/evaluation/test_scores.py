"""The Scores object, and the metrics beyond the official ones on cases worked out by hand."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import depparse
from depparse.evaluation.scores import Score
from tests.official import OFFICIAL

EXTRA = ("LAS_subtypes", "UAS_nopunct", "LAS_nopunct", "UCM", "LCM")


def test_scores_are_a_mapping_with_a_table(trees):
    gold = trees("a/NOUN/2/nsubj b/VERB/0/root c/NOUN/2/obj")
    scores = depparse.evaluate(gold, trees("a/NOUN/2/nsubj b/VERB/0/root c/VERB/2/obl"))
    assert isinstance(scores, depparse.Scores)
    assert list(scores) == [*OFFICIAL, *EXTRA]
    assert len(scores) == 20
    assert scores["LAS"] == Score(gold=3, system=3, correct=2, aligned=3)
    assert scores["Words"].aligned_accuracy is None
    with pytest.raises(KeyError, match=r"there is no score .*, but: Tokens, "):
        scores["las"]
    lines = str(scores).splitlines()
    assert lines[1].split() == ["Metric", "Precision", "Recall", "F1", "AlignedAcc"]
    assert lines[11].split() == ["LAS", "66.67", "66.67", "66.67", "66.67"]
    assert lines[2].split() == ["Tokens", "100.00", "100.00", "100.00"]


def test_to_dict_is_json_of_fractions(trees):
    gold = trees("a/NOUN/2/nsubj b/VERB/0/root c/NOUN/2/obj")
    data = json.loads(json.dumps(depparse.evaluate(gold, trees("a/X/2/nsubj b/X/0/root c/X/1/obj")).to_dict()))
    assert list(data) == ["metrics"]
    assert data["metrics"]["UAS"] == {
        "precision": 2 / 3,
        "recall": 2 / 3,
        "f1": 2 / 3,
        "aligned_accuracy": 2 / 3,
        "correct": 2,
        "gold": 3,
        "system": 3,
        "aligned": 3,
    }
    assert data["metrics"]["Tokens"]["aligned_accuracy"] is None


def test_a_score_of_nothing_is_zero():
    assert Score(0, 0, 0).f1 == Score(0, 0, 0).precision == Score(0, 0, 0).recall == 0
    assert Score(0, 0, 0, 0).aligned_accuracy == 0
    assert Score(0, 0, 0).aligned_accuracy is None


def test_subtypes_count_in_las_subtypes_alone(trees):
    gold = trees("a/X/0/root b/X/1/nsubj:pass c/X/1/obl:in d/X/1/obj")
    scores = depparse.evaluate(gold, trees("a/X/0/root b/X/1/nsubj c/X/1/obl:in d/X/2/obj"))
    assert scores["LAS"].correct == 3
    assert scores["LAS_subtypes"] == Score(4, 4, 2, 4)


def test_punctuation_is_what_the_gold_file_says(trees):
    gold = trees("a/X/0/root ,/PUNCT/1/punct b/X/1/dep ./PUNCT/1/punct")
    # The system is wrong at a comma and right at a full stop that it tags otherwise: neither counts. It is wrong at b.
    scores = depparse.evaluate(gold, trees("a/X/0/root ,/PUNCT/4/punct b/PUNCT/4/dep ./SYM/1/punct"))
    assert scores["UAS_nopunct"] == scores["LAS_nopunct"] == Score(2, 2, 1, 2)
    scores = depparse.evaluate(gold, trees("a/X/0/root ,/X/1/dep b/X/1/obj ./X/1/dep"))
    assert scores["UAS_nopunct"].correct == 2
    assert scores["LAS_nopunct"].correct == 1


def test_punctuation_without_a_partner_is_what_the_system_says(trees):
    gold = trees("ab/X/0/root ./PUNCT/1/punct")
    scores = depparse.evaluate(gold, trees("a/PUNCT/0/root b/X/1/dep ./X/1/punct"))
    assert scores["UAS_nopunct"] == Score(gold=1, system=1, correct=0, aligned=0)


def test_sentences_without_an_error_are_complete_matches(trees):
    gold = trees("a/X/0/root b/X/1/obj", "c/X/0/root d/X/1/obj", "e/X/0/root f/X/1/obj", "gh/X/0/root i/X/1/obj")
    system = trees("a/X/0/root b/X/1/obj", "c/X/0/root d/X/1/obl", "e/X/2/dep f/X/0/root", "g/X/0/root h/X/1/x i/X/1/y")
    scores = depparse.evaluate(gold, system)
    assert scores["UCM"] == Score(gold=4, system=4, correct=2, aligned=4)
    assert scores["LCM"] == Score(gold=4, system=4, correct=1, aligned=4)


def test_complete_match_asks_for_the_same_sentence_and_as_many_words(trees):
    gold = trees("a/X/0/root b/X/1/obj", "c/X/0/root d/X/1/obj")
    merged = trees("a/X/0/root b/X/1/obj c/X/1/dep d/X/3/obj")
    assert depparse.evaluate(gold, merged)["UCM"] == Score(gold=2, system=1, correct=0, aligned=0)
    one_word = depparse.Document.from_conllu("1\tab\t_\t_\t_\t_\t0\troot\t_\t_\n\n")
    token = "1-2\tab" + "\t_" * 8 + "\n1\tab\t_\t_\t_\t_\t0\troot\t_\t_\n2\tx\t_\t_\t_\t_\t1\tdep\t_\t_\n\n"
    two_words = depparse.Document.from_conllu(token)
    scores = depparse.evaluate(one_word, two_words)
    assert scores["LAS"].recall == 1
    assert scores["LCM"].correct == 0
    assert depparse.evaluate(two_words, two_words)["LCM"].correct == 1


def test_scoring_imports_nothing_heavy():
    code = "import sys, depparse; depparse.evaluate; import depparse.evaluation.report; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"torch", "pandas", "datasets", "pyarrow", "seqeval", "sklearn", "scipy", "rich", "typer", "conllu"}
    assert "depparse.evaluation.ud" in loaded
    assert not heavy & set(loaded)
