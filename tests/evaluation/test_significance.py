"""Bootstrap and randomization, against slow versions, exact answers and what must hold."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

import depparse
from depparse.document.document import Document
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation import significance
from depparse.evaluation.metrics import UAS, metrics_of
from depparse.evaluation.pair import Pair
from depparse.evaluation.scores import TREES
from depparse.evaluation.significance import common_ends, count_blocks, f1_of, resamples

METRICS = metrics_of(TREES)
NAMES = [metric.name for metric in METRICS]


def bootstrap(pair, *arguments, **options):
    return significance.bootstrap(pair, METRICS, *arguments, **options)


def paired_test(first, second, *arguments, **options):
    return significance.paired_test(first, second, METRICS, *arguments, **options)


RIGHT, WRONG = "a/X/0/root b/X/1/obj c/X/1/obl", "a/X/0/root b/X/1/obj c/X/2/obl"


def test_counts_of_blocks_are_the_scores_of_their_texts(make_conllu):
    rng = random.Random(3)
    passages = ["".join(rng.choices("abA", k=rng.randint(1, 30))) for _ in range(12)]
    gold, system = ([make_conllu(rng, passage) for passage in passages] for _ in range(2))
    pair = Pair(*(Document.from_conllu("".join(texts)) for texts in (gold, system)))
    counts = count_blocks(pair, METRICS, common_ends(pair.gold.segmentation, pair.system.segmentation))
    assert len(counts) >= 12  # at least the borders of the passages
    scores = [metric.score(pair) for metric in METRICS]
    expected = [value for score in scores for value in (score.gold, score.system, score.correct)]
    assert np.array_equal(counts.sum(axis=0), expected)
    assert f1_of(counts.sum(axis=0)).tolist() == [score.f1 for score in scores]


def test_blocks_end_where_all_files_end_a_sentence(trees):
    gold = trees("a/X/0/r b/X/1/x", "c/X/0/r", "d/X/0/r", "e/X/0/r")
    first = Pair(gold, trees("a/X/0/r", "b/X/0/r c/X/1/x", "d/X/0/r", "e/X/0/r"))
    second = Pair(gold, trees("a/X/0/r b/X/1/x", "c/X/0/r", "d/X/0/r e/X/1/x"))
    sides = [side.segmentation for side in (first.gold, first.system, second.system)]
    assert common_ends(*sides[:2]).tolist() == [3, 4, 5]
    assert common_ends(*sides).tolist() == [3, 5]
    words = 3 * NAMES.index("Words")
    assert count_blocks(first, METRICS, np.array([3, 4, 5]))[:, words].tolist() == [3, 1, 1]
    assert paired_test(first, second, 50)["Words"].value == 0


def test_resamples_draw_as_many_blocks():
    weights = np.concatenate(list(resamples(7, 100, 1)))
    assert weights.shape == (100, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert abs(weights.mean(axis=0) - 1).max() < 0.4
    assert weights.max() > 2


def test_interval_is_that_of_the_binomial(trees):
    """With sentences of one right or wrong word the score of a resample is binomial: exact quantiles are known."""
    n, n_right = 400, 300
    gold = trees(*["a/X/0/root b/X/1/obj"] * n)
    system = trees(*["a/X/0/root b/X/1/obj"] * n_right, *["a/X/0/root b/X/1/obl"] * (n - n_right))
    intervals = bootstrap(Pair(gold, system), 4000, seed=5)
    deviation = (0.75 * 0.25 / n) ** 0.5 / 2  # half of the words are roots
    assert intervals["LAS"].low == pytest.approx(0.875 - 1.96 * deviation, abs=0.002)
    assert intervals["LAS"].high == pytest.approx(0.875 + 1.96 * deviation, abs=0.002)
    assert (intervals["UAS"].low, intervals["UAS"].high) == (1, 1)
    narrow = bootstrap(Pair(gold, system), 4000, seed=5, confidence=0.5)["LAS"]
    assert intervals["LAS"].low < narrow.low < 0.875 < narrow.high < intervals["LAS"].high


def test_a_seed_gives_the_same_intervals_in_bounded_pieces(trees, monkeypatch):
    comparison = Pair(trees(*[RIGHT] * 20), trees(*[RIGHT] * 12, *[WRONG] * 8))
    assert bootstrap(comparison, 300, seed=1) == bootstrap(comparison, 300, seed=1)
    assert bootstrap(comparison, 300, seed=1) != bootstrap(comparison, 300, seed=2)
    monkeypatch.setattr("depparse.evaluation.significance._CELLS", 100)
    weights = list(resamples(20, 12, 1))
    assert [len(w) for w in weights] == [5, 5, 2]


def test_randomization_gives_the_exact_p_value(trees):
    """With few sentences all ways to swap can be listed."""
    gold = trees(*[RIGHT] * 8)
    first = Pair(gold, trees(*[RIGHT] * 7, WRONG))
    second = Pair(gold, trees(*[WRONG] * 5, *[RIGHT] * 3))
    signs = [1] * 5 + [0] * 2 + [-1]  # by how many right words the first is ahead, per sentence
    swapped = [
        abs(sum(s * x for s, x in zip(signs, flips, strict=True))) for flips in itertools.product((1, -1), repeat=8)
    ]
    exact = sum(value >= abs(sum(signs)) for value in swapped) / len(swapped)
    test = paired_test(first, second, 20000, seed=2)
    assert test["UAS"].value == UAS.score(first).f1 - UAS.score(second).f1 == pytest.approx(4 / 24)
    assert test["UAS"].p_value == pytest.approx(exact, abs=0.015)
    assert test["Words"].p_value == 1
    assert test["UAS"].interval.low < 4 / 24 < test["UAS"].interval.high


def test_a_clear_difference_is_significant_and_none_is_not(trees):
    gold = trees(*[RIGHT] * 60)
    good, bad = Pair(gold, trees(*[RIGHT] * 58, *[WRONG] * 2)), Pair(gold, trees(*[WRONG] * 30, *[RIGHT] * 30))
    test = paired_test(good, bad, 999)
    assert test["LAS"].p_value == 1 / 1000
    assert test["LAS"].interval.low > 0
    back = paired_test(bad, good, 999)
    assert back["LAS"].value == -test["LAS"].value
    same = paired_test(good, good, 200)["LAS"]
    assert (same.value, same.interval.low, same.interval.high, same.p_value) == (0, 0, 0, 1)


def test_pairs_share_their_resamples(trees):
    """Both systems are wrong in the same sentences: the scores vary, the difference does not."""
    gold = trees(*[RIGHT] * 30)
    system = Pair(gold, trees(*[WRONG] * 15, *[RIGHT] * 15))
    assert bootstrap(system, 200)["UAS"].low < UAS.score(system).f1
    assert paired_test(system, Pair(gold, trees(*[WRONG] * 15, *[RIGHT] * 15)), 200)["UAS"].interval.high == 0


def test_wrong_arguments_are_refused(trees):
    first, second = Pair(trees("a/X/0/r"), trees("a/X/0/r")), Pair(trees("b/X/0/r"), trees("b/X/0/r"))
    with pytest.raises(EvaluationError, match="one gold file"):
        paired_test(first, second)
    with pytest.raises(ConfigError, match="at least 1, not 0"):
        bootstrap(first, 0)
    with pytest.raises(ConfigError, match=r"between 0 and 1, not at 95"):
        bootstrap(first, 10, confidence=95)


def test_empty_documents_have_scores_of_zero(trees):
    empty = Pair(trees(), trees())
    assert bootstrap(empty, 10)["LAS"].high == 0
    assert paired_test(empty, empty, 10)["LAS"].p_value == 1
    assert depparse.evaluate(trees(), trees())["LAS"].f1 == 0


def test_means_over_runs_and_test_sets(trees):
    """Of one run on one test set, they are those of the pair; of several, means of draws that belong together."""
    gold = trees(*[RIGHT] * 30)
    pairs = [Pair(gold, trees(*[WRONG] * n, *[RIGHT] * (30 - n))) for n in (3, 9, 15)]
    las = next(metric for metric in METRICS if metric.name == "LAS")
    counts = significance.count_runs(pairs, las)
    assert counts.shape == (3, 30, 3)
    assert significance.mean_intervals([counts[:1]]) == [bootstrap(pairs[0])["LAS"]]
    assert significance.mean_differences([counts[:1]], [counts[1:2]]) == [paired_test(*pairs[:2])["LAS"]]
    (difference,) = significance.mean_differences([counts[:2], counts[1:]], [counts[1:], counts[1:]])
    assert difference.value == pytest.approx((6 / 30 / 3) / 2)  # one word of three is wrong; the second test is a tie
    # The middle of the mean's interval is the mean, and it is narrower than that of a single test set.
    both, single = significance.mean_intervals([counts, counts])[0], significance.mean_intervals([counts])[0]
    mean = f1_of(counts.sum(axis=1)).mean()
    assert both.low < mean < both.high
    assert both.high - both.low < 0.85 * (single.high - single.low)


def test_corrected_p_values():
    assert significance.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])  # by hand
    assert significance.holm([0.5, 0.9]) == [1.0, 1.0]
    assert significance.holm([]) == []
