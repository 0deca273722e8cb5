"""Scores by group, on cases worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import depparse
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.breakdown import _is_projective, breakdown
from depparse.evaluation.dimensions import DIMENSIONS
from depparse.evaluation.metrics import UAS, metrics_of
from depparse.evaluation.pair import Pair, read_pair
from depparse.evaluation.report import report
from depparse.evaluation.scores import TREES, Rates


def by_name(pair, by):
    return {group.name: group for group in breakdown(pair, by)}


def test_groups_by_relation_have_precision_and_recall(trees):
    gold = trees("a/X/0/root b/X/1/obj c/X/1/obj d/X/1/obl:in e/X/1/obl")
    system = trees("a/X/0/root b/X/1/obj c/X/2/obj d/X/1/obj e/X/1/obl:at")
    groups = by_name(Pair(gold, system), "deprel")
    assert list(groups) == ["obj", "obl", "root"]
    obj = groups["obj"]
    assert (obj.gold, obj.system) == (2, 3)
    assert obj.las == Rates(precision=1 / 3, recall=1 / 2, f1=2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert obj.uas == Rates(precision=2 / 3, recall=1 / 2, f1=2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2))
    assert groups["obl"].las == Rates(1.0, 0.5, 2 / 3)
    assert groups["root"].to_dict() == {
        "group": "root",
        "gold": 1,
        "system": 1,
        "UAS": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
        "LAS": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
    }


def test_a_group_that_one_side_lacks_scores_zero(trees):
    groups = by_name(Pair(trees("a/X/0/root b/X/1/obj"), trees("a/X/0/root b/X/1/iobj")), "deprel")
    assert groups["obj"].las == groups["iobj"].las == Rates(0.0, 0.0, 0.0)
    assert (groups["iobj"].gold, groups["iobj"].system) == (0, 1)
    assert groups["obj"].uas.recall == groups["iobj"].uas.precision == 1.0
    assert groups["obj"].uas.precision == 0.0


def test_groups_by_tag_are_those_of_each_side(trees):
    gold = trees("a/VERB/0/root b/NOUN/1/obj c/NOUN/1/obl")
    groups = by_name(Pair(gold, trees("a/VERB/0/root b/VERB/1/obj c/NOUN/2/obl")), "upos")
    assert list(groups) == ["NOUN", "VERB"]
    assert (groups["NOUN"].gold, groups["NOUN"].system) == (2, 1)
    assert groups["NOUN"].uas == Rates(0.0, 0.5, 0.0)
    assert groups["VERB"].uas == Rates(1.0, 1.0, 1.0)


def chain(length):
    return " ".join(f"a/X/{i}/dep" for i in range(length))


def test_groups_by_sentence_length_have_their_bounds(trees):
    gold = trees(*map(chain, (1, 5, 6, 10, 11, 20, 21, 50, 51, 70)))
    groups = by_name(Pair(gold, gold), "length")
    sizes = {name: group.gold for name, group in groups.items()}
    assert sizes == {"1-5": 6, "6-10": 16, "11-20": 31, "21-30": 21, "41-50": 50, "51+": 121}


def test_groups_by_arc_length_are_counted_on_each_side(trees):
    gold = trees("a/X/0/root b/X/1/x c/X/1/x d/X/1/x e/X/1/x f/X/1/x g/X/1/x")
    system = trees("a/X/2/x b/X/0/root c/X/1/x d/X/1/x e/X/1/x f/X/1/x g/X/5/x")
    groups = by_name(Pair(gold, system), "arc-length")
    counts = {name: (group.gold, group.system, group.uas.recall) for name, group in groups.items()}
    assert counts == {"root": (1, 1, 0.0), "1": (1, 1, 0.0), "2": (1, 2, 1.0), "3-5": (3, 3, 1.0), "6-10": (1, 0, 0.0)}
    assert groups["2"].uas.precision == 0.5
    far = trees(" ".join(["a/X/0/root", *["b/X/1/x"] * 25]))
    sizes = {group.name: group.gold for group in breakdown(Pair(far, far), "arc-length")}
    assert sizes == {"root": 1, "1": 1, "2": 1, "3-5": 3, "6-10": 5, "11-20": 10, "21+": 5}


def test_groups_by_projectivity_count_sentences_and_arcs(trees):
    gold = trees("a/X/0/root b/X/1/x", "a/X/3/x b/X/4/x c/X/0/root d/X/3/x")
    system = trees("a/X/0/root b/X/1/x", "a/X/3/x b/X/3/x c/X/0/root d/X/3/x")
    groups = by_name(Pair(gold, system), "projectivity")
    counts = {name: (group.gold, group.system, group.uas.recall) for name, group in groups.items()}
    assert counts == {
        "projective sentence": (2, 6, 1.0),
        "non-projective sentence": (4, 0, 0.75),
        "projective arc": (5, 6, 1.0),
        "non-projective arc": (1, 0, 0.0),
    }


def test_projective_arcs_are_those_of_the_definition(trees):
    """An arc is projective if its head dominates every word in between; all trees of 5 words are checked."""
    checked = 0
    for heads in itertools.product(range(6), repeat=5):
        if heads.count(0) != 1 or any(not ancestors(heads, word) for word in range(1, 6)):
            continue
        pair = Pair(*[trees(" ".join(f"a/X/{head}/x" for head in heads))] * 2)
        expected = [
            all(head in ancestors(heads, k) for k in range(min(word, head) + 1, max(word, head)))
            for word, head in enumerate(heads, 1)
        ]
        assert np.array_equal(_is_projective(pair.gold.segmentation, pair.gold.annotation), expected), heads
        checked += 1
    assert checked == 5**4


def ancestors(heads, word):
    """All ancestors up to 0, or nothing if there is a cycle."""
    heads_above = []
    while word != 0:
        word = heads[word - 1]
        if word in heads_above:
            return []
        heads_above.append(word)
    return heads_above


def test_every_word_is_in_a_group_of_each_dimension(samples):
    path = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    pair = read_pair(path, path)
    for by in DIMENSIONS:
        total = sum(group.gold for group in breakdown(pair, by))
        assert total == len(pair.gold.segmentation) * (2 if by == "projectivity" else 1)


def test_empty_documents_have_no_groups(trees):
    pair = Pair(trees(), trees())
    assert [breakdown(pair, by) for by in DIMENSIONS] == [[]] * len(DIMENSIONS)


def test_an_unknown_dimension_is_refused(trees):
    with pytest.raises(
        ConfigError, match="deprel, length, arc-length, projectivity, upos, direction, genre, not by 'xpos'"
    ):
        breakdown(Pair(trees("a/X/0/root"), trees("a/X/0/root")), "xpos")


def test_only_the_words_that_a_pattern_finds_are_scored(trees, tmp_path):
    gold = trees("a/DET/2/det b/NOUN/3/nsubj c/VERB/0/root", "d/DET/2/det e/NOUN/0/root")
    system = trees("a/DET/3/det b/NOUN/3/obj c/VERB/0/root", "d/DET/2/det e/X/0/root")
    nouns = Pair(gold, system, of=depparse.parse_pattern("pattern { N [upos=NOUN] }"))
    scores = {metric.name: metric.score(nouns) for metric in metrics_of(TREES) if metric.counts_words(nouns)}
    for name, right in (("UPOS", 1), ("UAS", 2), ("LAS", 1)):
        score = scores[name]
        assert (score.gold, score.system, score.correct, score.aligned) == (2, 2, right, 2), name
    assert "UCM" not in scores
    determiners = Pair(gold, system, of=depparse.parse_pattern("pattern { H -[det]-> X }"))
    assert (UAS.score(determiners).correct, UAS.score(determiners).gold) == (1, 2)
    with pytest.raises(ConfigError, match="UCM counts no words, so it is not scored of some of them"):
        next(metric for metric in metrics_of(TREES) if metric.name == "UCM").score(nouns)
    with pytest.raises(ConfigError, match="the words of one node are scored: call it X instead of H or D in pattern"):
        Pair(gold, system, of=depparse.parse_pattern("pattern { H -[det]-> D }"))
    # A gold word that the system does not have is wrong.
    joined = trees("ab/NOUN/2/nsubj c/VERB/0/root", "d/DET/2/det e/NOUN/0/root")
    of_joined = UAS.score(Pair(gold, joined, of=depparse.parse_pattern("pattern { N [upos=NOUN] }")))
    assert (of_joined.gold, of_joined.system, of_joined.correct) == (2, 1, 1)
    files = [tmp_path / "gold.conllu", tmp_path / "system.conllu"]
    for file, document in zip(files, (gold, system), strict=True):
        file.write_text(document.to_conllu(), encoding="utf-8")
    told = report(*files, of="pattern { N [upos=NOUN] }", samples=20)
    assert told.system.f1["LAS"] == 0.5
    assert told.tables()[0].title == "Trees, of the 2 gold words that match pattern { N [upos=NOUN] }"
    assert told.to_dict()["of"] == "pattern { N [upos=NOUN] }"
    with pytest.raises(EvaluationError, match=r"gold\.conllu holds no words that match pattern \{ N \[upos=NUM\] \}"):
        report(*files, of="pattern { N [upos=NUM] }")
    with pytest.raises(
        ConfigError, match=r"groups of words \(by\) and the words of a pattern \(of\) do not go together"
    ):
        report(*files, of="pattern { N [upos=NOUN] }", by=["deprel"])
