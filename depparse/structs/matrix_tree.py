"""The log-partition and arc probabilities, by sums over all trees with one root; arcs may cross.

The matrix-tree theorem gives these sums for dependency trees (Koo, Globerson, Carreras & Collins 2007; Smith & Smith
2007; McDonald & Satta 2007); we have one root as the first paper has. O(n³) time, O(n²) memory, float64.

Where we differ: we compute no determinant or inverse of a Laplacian. Its subtractions lose every digit when scores are
large: two words that almost surely head each other make it singular. The sum is Σ_r exp(scores[r, 0]) · τ(r), where
τ(r) is the sum over all trees of the words with the root r. By the Markov chain tree theorem, τ is proportional to the
stationary distribution of the chain that walks from words to heads. Eliminating the states of the chain one by one
(Grassmann, Taksar & Heyman 1985) takes only sums, products and quotients of positive numbers. We compute them as
logarithms, so no digits are lost at any range of scores. A word that reaches no other remaining word must be the root
and is kept to the last; if there are two such words, there is no tree. Probabilities are the gradient of the
log-partition, by reverse differentiation of the elimination. All numbers on the way are expected counts from 0 to 1, so
the absolute error is about 1e-12; the relative error of tiny probabilities may be larger.
"""

from __future__ import annotations

import numpy as np

from depparse.structs.checks import NO_TREE, ArcScores, Floats, Integers, check_scores, tree_error
from depparse.structs.compiled import compiled


def log_partition(scores: ArcScores) -> float:
    """The logarithm of Σ exp(sum of ``scores[dependents, heads]``) over all trees with one root. O(n³).

    Raises DepparseError if there is no tree or a score is NaN or +inf.
    """
    return _eliminate(scores)[0]


def arc_marginals(scores: ArcScores) -> Floats:
    """The probabilities of arcs ``[dependents, heads]``; that of a tree is ∝ exp(sum of its scores). O(n³).

    Rows of words sum to 1, row 0 is 0. Raises DepparseError as `log_partition` does.
    """
    _, shifted, rates, leaving, roots, order = _eliminate(scores)
    return np.clip(_marginals(shifted, rates, leaving, roots, order), 0.0, 1.0)


def _eliminate(scores: ArcScores) -> tuple[float, Floats, Floats, Floats, Floats, Integers]:
    """The log-partition, and what `_marginals` takes: shifted scores, and what `_forward` writes."""
    shifted = check_scores(scores)
    size = len(shifted)
    rates, leaving, roots = shifted, np.zeros(size), np.zeros(size)
    order = np.arange(1, size)
    if size == 1:
        return 0.0, shifted, rates, leaving, roots, order
    # Subtracting its best score from each row changes no probability and keeps numbers small.
    shift = shifted[1:].max(1)
    shifted[1:] -= shift[:, None]
    rates = shifted.copy()
    total = _forward(shifted, rates, leaving, roots, order)
    if total == -np.inf:
        raise tree_error(NO_TREE)
    return float(total + shift.sum()), shifted, rates, leaving, roots, order


@compiled
def _log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a if b == -np.inf else a + np.log1p(np.exp(b - a))


@compiled
def _forward(scores: Floats, rates: Floats, leaving: Floats, roots: Floats, order: Integers) -> float:
    """The log-partition, -inf if there is no tree. Writes `rates`, `leaving`, `roots` and `order`, all as logarithms.

    ``rates[d, h]`` is the rate from d to h, directly and through eliminated words, when the first of the two was
    eliminated. ``leaving[k]`` is the sum of the rates from k to the words after it in `order`. ``roots[r]`` is the sum
    over trees with the root r, up to a factor that all words share.
    """
    n = len(order)
    stuck = False
    logarithm = 0.0
    for step in range(n - 1):
        total = -np.inf
        while True:
            k = order[step]
            for later in range(step + 1, n):
                total = _log_add(total, rates[k, order[later]])
            if total > -np.inf:
                break
            if stuck:
                return -np.inf
            stuck = True
            order[step], order[n - 1] = order[n - 1], order[step]
        leaving[k] = total
        logarithm += total
        for later in range(step + 1, n):
            i = order[later]
            factor = rates[i, k] - total
            if factor > -np.inf:
                for other in range(step + 1, n):
                    j = order[other]
                    if i != j:
                        rates[i, j] = _log_add(rates[i, j], factor + rates[k, j])

    roots[order[n - 1]] = 0.0
    for step in range(n - 2, -1, -1):
        k = order[step]
        total = -np.inf
        for later in range(step + 1, n):
            j = order[later]
            total = _log_add(total, roots[j] + rates[j, k])
        roots[k] = total - leaving[k]
    total = -np.inf
    for r in order:
        total = _log_add(total, scores[r, 0] + roots[r])
    return logarithm + total


@compiled
def _marginals(scores: Floats, rates: Floats, leaving: Floats, roots: Floats, order: Integers) -> Floats:
    """The arc probabilities: the gradient of `_forward`. ``x_count`` is the gradient of x, an expected count."""
    n = len(order)
    size = n + 1
    probabilities = np.zeros((size, size))
    rates_count = np.zeros((size, size))
    leaving_count = np.ones(size)
    roots_count = np.zeros(size)
    total = -np.inf
    for r in order:
        total = _log_add(total, scores[r, 0] + roots[r])
    for r in order:
        probabilities[r, 0] = roots_count[r] = np.exp(scores[r, 0] + roots[r] - total)

    for step in range(n - 1):
        k = order[step]
        count = roots_count[k]
        leaving_count[k] -= count
        if count > 0:
            for later in range(step + 1, n):
                j = order[later]
                share = count * np.exp(roots[j] + rates[j, k] - leaving[k] - roots[k])
                roots_count[j] += share
                rates_count[j, k] += share

    for step in range(n - 2, -1, -1):
        k = order[step]
        for later in range(step + 1, n):
            i = order[later]
            factor = rates[i, k] - leaving[k]
            if factor == -np.inf:
                continue
            for other in range(step + 1, n):
                j = order[other]
                if i != j and rates_count[i, j] != 0.0:
                    share = rates_count[i, j] * np.exp(factor + rates[k, j] - rates[i, j])
                    rates_count[i, k] += share
                    rates_count[k, j] += share
                    leaving_count[k] -= share
        for later in range(step + 1, n):
            j = order[later]
            rates_count[k, j] += leaving_count[k] * np.exp(rates[k, j] - leaving[k])
            if rates[k, j] > -np.inf:
                probabilities[k, j] = rates_count[k, j] * np.exp(scores[k, j] - rates[k, j])
            if rates[j, k] > -np.inf:
                probabilities[j, k] = rates_count[j, k] * np.exp(scores[j, k] - rates[j, k])
    return probabilities
