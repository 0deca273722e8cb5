"""Both log-partitions and their gradients: against enumeration, counting, exact arithmetic and finite differences."""

from __future__ import annotations

import math
from fractions import Fraction
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings

from depparse.errors import DepparseError
from depparse.structs import inside_outside, matrix_tree

from .oracles import FORBIDDEN, all_trees, random_scores, score_matrices, tree_scores

MODULES = pytest.mark.parametrize("module", [matrix_tree, inside_outside], ids=lambda module: module.__name__)


def enumerate_marginals(scores: np.ndarray, module: ModuleType) -> tuple[float, np.ndarray]:
    n = len(scores) - 1
    trees = all_trees(n, projective=module is inside_outside)
    totals = tree_scores(scores, trees)
    if totals.max() == FORBIDDEN:
        return FORBIDDEN, np.zeros_like(scores)
    weights = np.exp(totals - totals.max())
    marginals = np.zeros((n + 1, n + 1))
    for tree, weight in zip(trees, weights / weights.sum(), strict=True):
        marginals[np.arange(1, n + 1), tree[1:]] += weight
    return float(totals.max() + np.log(weights.sum())), marginals


@MODULES
@settings(max_examples=200)
@given(scores=score_matrices())
def test_equals_enumeration(module: ModuleType, scores: np.ndarray) -> None:
    total, marginals = enumerate_marginals(scores, module)
    if total == FORBIDDEN:
        with pytest.raises(DepparseError, match=r"permitted arcs hold no such tree|every arc of word \d is forbidden"):
            module.log_partition(scores)
        with pytest.raises(DepparseError, match=r"permitted arcs hold no such tree|every arc of word \d is forbidden"):
            module.arc_marginals(scores)
        return
    assert module.log_partition(scores) == pytest.approx(total, rel=1e-13, abs=1e-12)
    np.testing.assert_allclose(module.arc_marginals(scores), marginals, atol=1e-11)


@MODULES
@pytest.mark.parametrize("n", [1, 2, 3, 7, 40, 120])
def test_equal_scores_count_trees(module: ModuleType, n: int) -> None:
    if module is matrix_tree:
        count = n ** (n - 1)  # Cayley
    else:
        count = math.comb(3 * n - 2, n - 1) // n  # Yuret 1998
    assert module.log_partition(np.full((n + 1, n + 1), 2.5)) == pytest.approx(math.log(count) + 2.5 * n, rel=1e-13)
    marginals = module.arc_marginals(np.zeros((n + 1, n + 1)))
    np.testing.assert_allclose(marginals[:, 0].sum(), 1, rtol=1e-11)
    if module is matrix_tree:
        np.testing.assert_allclose(marginals[1:, 0], 1 / n, rtol=1e-11)


@MODULES
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
@pytest.mark.parametrize("forbidden", [0.0, 0.5])
def test_rows_sum_to_one(module: ModuleType, scale: float, forbidden: float) -> None:
    for n in (1, 30, 100):
        scores = random_scores(n, n, scale=scale, forbidden=forbidden if n > 1 else 0)
        marginals = module.arc_marginals(scores.astype(np.float32))
        assert marginals.dtype == np.float64
        assert (marginals >= 0).all()
        assert (marginals[0] == 0).all()
        assert (np.diagonal(marginals) == 0).all()
        assert (marginals[scores == FORBIDDEN] == 0).all()
        np.testing.assert_allclose(marginals[1:].sum(1), 1, atol=1e-11)
        assert marginals[:, 0].sum() == pytest.approx(1, abs=1e-11)


@MODULES
def test_marginals_are_the_gradient(module: ModuleType) -> None:
    n, step = 12, 1e-5
    scores = np.nan_to_num(random_scores(5, n), posinf=0)
    marginals = module.arc_marginals(scores)
    for d in range(1, n + 1):
        for h in range(n + 1):
            if d != h:
                up, down = scores.copy(), scores.copy()
                up[d, h] += step
                down[d, h] -= step
                slope = (module.log_partition(up) - module.log_partition(down)) / (2 * step)
                assert marginals[d, h] == pytest.approx(slope, abs=1e-8)


def determinant(rows: list[list[Fraction]]) -> Fraction:
    rows = [row.copy() for row in rows]
    result = Fraction(1)
    for step in range(len(rows)):
        pivot = next((row for row in range(step, len(rows)) if rows[row][step]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != step:
            rows[step], rows[pivot], result = rows[pivot], rows[step], -result
        result *= rows[step][step]
        for row in range(step + 1, len(rows)):
            factor = rows[row][step] / rows[step][step]
            rows[row] = [a - factor * b for a, b in zip(rows[row], rows[step], strict=True)]
    return result


def exact_partition(weights: list[list[Fraction]]) -> Fraction:
    """The determinant of Koo et al. (2007), with one root, of weights[dependents][heads], in fractions."""
    n = len(weights) - 1
    laplacian = [
        [sum(weights[d][k] for k in range(1, n + 1) if k != d) if d == h else -weights[d][h] for h in range(1, n + 1)]
        for d in range(1, n + 1)
    ]
    for d in range(1, n + 1):
        laplacian[d - 1][0] = weights[d][0]
    return determinant(laplacian)


@pytest.mark.parametrize("range_", [3, 200, 1400])
def test_non_projective_equals_exact_arithmetic(range_: int) -> None:
    # Scores are whole multiples of log 2, so that weights are exact fractions, up to exp(±1000).
    n = 6
    powers = np.random.default_rng(range_).integers(-range_, range_ + 1, size=(n + 1, n + 1))
    powers[1, 2] = powers[2, 1] = range_  # words that head each other
    scores = powers * math.log(2)
    weights = [
        [Fraction(2) ** int(power) if d != h else Fraction(0) for h, power in enumerate(row)]
        for d, row in enumerate(powers)
    ]
    total = exact_partition(weights)
    exponent = total.numerator.bit_length() - total.denominator.bit_length()
    logarithm = exponent * math.log(2) + math.log(total / Fraction(2) ** exponent)
    assert matrix_tree.log_partition(scores) == pytest.approx(logarithm, rel=1e-13)
    marginals = matrix_tree.arc_marginals(scores)
    for d in range(1, n + 1):
        for h in range(n + 1):
            if d != h:
                without = [row.copy() for row in weights]
                without[d][h] = Fraction(0)
                assert marginals[d, h] == pytest.approx(float(1 - exact_partition(without) / total), abs=1e-11)


@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_long_sentences_have_exact_marginals(scale: float) -> None:
    n = 300
    scores = np.full((n + 1, n + 1), FORBIDDEN)
    for word in range(1, n):
        scores[word, word + 1] = scale  # a chain up …
        scores[word + 1, word] = scale  # … and down, so each tree is given by its root
    scores[1:, 0] = scale * np.linspace(0, 1, n)
    weights = np.exp(scores[1:, 0] - scale)
    np.testing.assert_allclose(matrix_tree.arc_marginals(scores)[1:, 0], weights / weights.sum(), atol=1e-10)
    expected = scale * (n - 1) + scale + math.log(weights.sum())
    assert matrix_tree.log_partition(scores) == pytest.approx(expected, rel=1e-12)


@MODULES
def test_a_sharp_distribution_is_the_best_tree(module: ModuleType) -> None:
    n = 300
    scores = np.random.default_rng(0).normal(size=(n + 1, n + 1))
    scores[np.arange(1, n + 1), np.arange(n)] += 1000  # every word on the one before it
    scores[np.arange(1, n), np.arange(2, n + 1)] += 1100  # its neighbour tempts it into a cycle
    marginals = module.arc_marginals(scores)
    assert np.isfinite(marginals).all()
    # In the best tree, n - 1 words hang on the next one and the last on ROOT: 100 a word above the chain down.
    assert marginals[n, 0] == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(marginals[np.arange(1, n), np.arange(2, n + 1)], 1, atol=1e-9)


@MODULES
def test_words_that_must_be_root_have_exact_marginals(module: ModuleType) -> None:
    # Word 1 reaches no other word, so elimination cannot begin with it.
    scores = random_scores(0, 5)
    scores[1, 1:] = FORBIDDEN
    total, marginals = enumerate_marginals(scores, module)
    assert module.log_partition(scores) == pytest.approx(total)
    np.testing.assert_allclose(module.arc_marginals(scores), marginals, atol=1e-12)
    scores[2, 1:] = FORBIDDEN
    with pytest.raises(DepparseError, match="permitted arcs hold no such tree"):
        module.log_partition(scores)


@MODULES
def test_edge_cases_are_handled(module: ModuleType) -> None:
    assert module.log_partition(np.zeros((1, 1))) == 0
    assert module.arc_marginals(np.zeros((1, 1))).tolist() == [[0]]
    assert module.log_partition(np.array([[0, 0], [-3.5, 0]])) == -3.5
    assert module.arc_marginals(np.array([[0, 0], [-3.5, 0]])).tolist() == [[0, 0], [1, 0]]
    scores = random_scores(0, 4)
    before = scores.copy()
    module.arc_marginals(scores)
    np.testing.assert_array_equal(scores, before)
    for bad in (np.nan, np.inf):
        scores[2, 1] = bad
        with pytest.raises(DepparseError, match="arc scores of word 2 hold NaN"):
            module.arc_marginals(scores)


@MODULES
def test_the_least_number_forbids_too(module: ModuleType) -> None:
    scores = random_scores(0, 5)
    scores[2, 3] = scores[4, 0] = FORBIDDEN
    least = np.where(scores == FORBIDDEN, np.finfo(np.float64).min, scores)
    assert module.log_partition(least) == module.log_partition(scores)
    assert (module.arc_marginals(least) == module.arc_marginals(scores)).all()
    least[3] = np.finfo(np.float64).min
    with pytest.raises(DepparseError, match="every arc of word 3 is forbidden"):
        module.log_partition(least)


def test_sentences_that_are_too_long_are_refused() -> None:
    for function in (inside_outside.log_partition, inside_outside.arc_marginals):
        with pytest.raises(DepparseError, match="a sentence of 12 words is longer than the 11"):
            function(np.zeros((13, 13)), max_length=11)
