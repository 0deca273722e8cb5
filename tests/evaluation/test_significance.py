"""Bootstrap and randomization, against slow versions, exact answers and what must hold."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

import depparse
from depparse.data.document import Document
from depparse.errors import ConfigError, EvaluationError
from depparse.evaluation.significance import (
    Interval,
    _common_ends,
    _count_blocks,
    _f1,
    _resamples,
    bootstrap,
    difference_of_runs,
    paired_test,
)
from depparse.evaluation.ud import compare

RIGHT, WRONG = "a/X/0/root b/X/1/obj c/X/1/obl", "a/X/0/root b/X/1/obj c/X/2/obl"


def test_counts_of_blocks_are_the_scores_of_their_texts(make_conllu):
    rng = random.Random(3)
    parts = ["".join(rng.choices("abA", k=rng.randint(1, 30))) for _ in range(12)]
    gold, system = ([make_conllu(rng, part) for part in parts] for _ in range(2))
    comparison = compare(*(Document.from_conllu("".join(texts)) for texts in (gold, system)))
    counts = _count_blocks(comparison, _common_ends(comparison.gold, comparison.system))
    assert len(counts) >= 12  # at least the borders of the parts
    names = list(comparison.measures)
    expected = [[v for n in names for v in (s[n].gold, s[n].system, s[n].correct)] for s in [comparison.scores]]
    assert np.array_equal(counts.sum(axis=0), expected[0])
    assert _f1(counts.sum(axis=0)).tolist() == [comparison.scores[name].f1 for name in names]


def test_blocks_end_where_all_files_end_a_sentence(trees):
    gold = trees("a/X/0/r b/X/1/x", "c/X/0/r", "d/X/0/r", "e/X/0/r")
    first = compare(gold, trees("a/X/0/r", "b/X/0/r c/X/1/x", "d/X/0/r", "e/X/0/r"))
    second = compare(gold, trees("a/X/0/r b/X/1/x", "c/X/0/r", "d/X/0/r e/X/1/x"))
    assert _common_ends(first.gold, first.system).tolist() == [3, 4, 5]
    assert _common_ends(first.gold, first.system, second.system).tolist() == [3, 5]
    words = 3 * list(first.measures).index("Words")
    assert _count_blocks(first, np.array([3, 4, 5]))[:, words].tolist() == [3, 1, 1]
    assert paired_test(first, second, 50)["Words"].value == 0


def test_resamples_draw_as_many_blocks():
    weights = np.concatenate(list(_resamples(7, 100, 1)))
    assert weights.shape == (100, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert abs(weights.mean(axis=0) - 1).max() < 0.4
    assert weights.max() > 2


def test_interval_is_that_of_the_binomial(trees):
    """With sentences of one right or wrong word the score of a resample is binomial: exact quantiles are known."""
    n, n_right = 400, 300
    gold = trees(*["a/X/0/root b/X/1/obj"] * n)
    system = trees(*["a/X/0/root b/X/1/obj"] * n_right, *["a/X/0/root b/X/1/obl"] * (n - n_right))
    intervals = bootstrap(compare(gold, system), 4000, seed=5)
    deviation = (0.75 * 0.25 / n) ** 0.5 / 2  # half of the words are roots
    assert intervals["LAS"].low == pytest.approx(0.875 - 1.96 * deviation, abs=0.002)
    assert intervals["LAS"].high == pytest.approx(0.875 + 1.96 * deviation, abs=0.002)
    assert (intervals["UAS"].low, intervals["UAS"].high) == (1, 1)
    narrow = bootstrap(compare(gold, system), 4000, seed=5, confidence=0.5)["LAS"]
    assert intervals["LAS"].low < narrow.low < 0.875 < narrow.high < intervals["LAS"].high


def test_seeds_and_sizes_of_pieces(trees, monkeypatch):
    comparison = compare(trees(*[RIGHT] * 20), trees(*[RIGHT] * 12, *[WRONG] * 8))
    assert bootstrap(comparison, 300, seed=1) == bootstrap(comparison, 300, seed=1)
    assert bootstrap(comparison, 300, seed=1) != bootstrap(comparison, 300, seed=2)
    monkeypatch.setattr("depparse.evaluation.significance._CELLS", 100)
    weights = list(_resamples(20, 12, 1))
    assert [len(w) for w in weights] == [5, 5, 2]


def test_randomization_gives_the_exact_p_value(trees):
    """With few sentences all ways to swap can be listed."""
    gold = trees(*[RIGHT] * 8)
    first = compare(gold, trees(*[RIGHT] * 7, WRONG))
    second = compare(gold, trees(*[WRONG] * 5, *[RIGHT] * 3))
    signs = [1] * 5 + [0] * 2 + [-1]  # by how many right words the first is ahead, per sentence
    swapped = [
        abs(sum(s * x for s, x in zip(signs, flips, strict=True))) for flips in itertools.product((1, -1), repeat=8)
    ]
    exact = sum(value >= abs(sum(signs)) for value in swapped) / len(swapped)
    test = paired_test(first, second, 20000, seed=2)
    assert test["UAS"].value == first.scores["UAS"].f1 - second.scores["UAS"].f1 == pytest.approx(4 / 24)
    assert test["UAS"].p_value == pytest.approx(exact, abs=0.015)
    assert test["Words"].p_value == 1
    assert test["UAS"].interval.low < 4 / 24 < test["UAS"].interval.high


def test_a_clear_difference_and_none(trees):
    gold = trees(*[RIGHT] * 60)
    good, bad = compare(gold, trees(*[RIGHT] * 58, *[WRONG] * 2)), compare(gold, trees(*[WRONG] * 30, *[RIGHT] * 30))
    test = paired_test(good, bad, 999)
    assert test["LAS"].p_value == 1 / 1000
    assert test["LAS"].interval.low > 0
    back = paired_test(bad, good, 999)
    assert back["LAS"].value == -test["LAS"].value
    same = paired_test(good, good, 200)["LAS"]
    assert (same.value, same.interval.low, same.interval.high, same.p_value) == (0, 0, 0, 1)


def test_pairs_share_their_resamples(trees):
    """Both systems wrong in the same sentences: the scores vary, the difference does not."""
    gold = trees(*[RIGHT] * 30)
    system = compare(gold, trees(*[WRONG] * 15, *[RIGHT] * 15))
    assert bootstrap(system, 200)["UAS"].low < system.scores["UAS"].f1
    assert paired_test(system, compare(gold, trees(*[WRONG] * 15, *[RIGHT] * 15)), 200)["UAS"].interval.high == 0


def test_refusals(trees):
    one, other = compare(trees("a/X/0/r"), trees("a/X/0/r")), compare(trees("b/X/0/r"), trees("b/X/0/r"))
    with pytest.raises(EvaluationError, match="one gold file"):
        paired_test(one, other)
    with pytest.raises(ConfigError, match="at least 1, not 0"):
        bootstrap(one, 0)
    with pytest.raises(ConfigError, match=r"between 0 and 1, not at 95"):
        bootstrap(one, 10, confidence=95)


def test_empty_documents(trees):
    empty = compare(trees(), trees())
    assert bootstrap(empty, 10)["LAS"].high == 0
    assert paired_test(empty, empty, 10)["LAS"].p_value == 1
    assert depparse.evaluate(trees(), trees())["LAS"].f1 == 0


def test_runs_are_compared_over_blocks_and_runs():
    random_ = np.random.default_rng(5)
    gold = random_.integers(1, 6, 40)

    def run(right: float) -> np.ndarray:
        found = random_.integers(1, 6, 40)
        return np.stack([gold, found, np.floor(right * np.minimum(gold, found))], axis=1).astype(float)

    first, second = [run(0.9), run(0.7)], [run(0.5), run(0.6), run(0.4)]
    value, interval = difference_of_runs(first, second, 2000)
    means = [np.mean([_f1(counts.sum(axis=0)).item() for counts in runs]) for runs in (first, second)]
    assert value == pytest.approx(means[0] - means[1])
    assert interval.low < value < interval.high

    # A plain version: draw sentences, draw runs.
    rng, draws = np.random.default_rng(9), []
    for _ in range(2000):
        blocks = rng.integers(0, 40, 40)
        sides = []
        for runs in (first, second):
            drawn = [runs[number][blocks].sum(axis=0) for number in rng.integers(0, len(runs), len(runs))]
            sides.append(np.mean([2 * right / (gold + system) for gold, system, right in drawn]))
        draws.append(sides[0] - sides[1])
    assert [interval.low, interval.high] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.02)

    # Of the same runs, seeds alone differ, or nothing does.
    one_block = [np.array([[4.0, 4.0, right]]) for right in (1, 3)]
    value, interval = difference_of_runs(one_block, one_block)
    assert (value, interval.low, interval.high) == (0.0, -0.5, 0.5)
    assert difference_of_runs(first[:1], first[:1])[1] == Interval(0.0, 0.0)
    with pytest.raises(EvaluationError, match="on one gold file"):
        difference_of_runs(first, one_block)
    with pytest.raises(ConfigError, match="at least one of each"):
        difference_of_runs(first, [])
