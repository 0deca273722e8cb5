"""Binary trees over the words of a sentence: their probabilities, and the best one; trees of constituents made binary.

The score of a tree is the sum of the scores of its spans, ``scores[first, last]``, from a first to a last word counted
from 0; others than those with ``first <= last`` are ignored. Spans of one word are in each tree. O(words³) time,
O(words²) memory, float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from depparse.document.constituents import Constituent, joined
from depparse.errors import DepparseError
from depparse.structs.checks import Floats, Integers
from depparse.structs.compiled import compiled


def binarized(tree: Sequence[Constituent], n_words: int) -> list[tuple[int, int, str | None]]:
    """The spans of a binary tree with the constituents: first and last words, from 1, and joined labels.

    Spans that are no constituents have the label None. A node of more than two children has its last child at the right
    and all others at the left. O(words · children).
    """
    labels = {(start, end): label for start, end, label in joined(tree)}
    spans: list[tuple[int, int, str | None]] = []
    waiting = [(1, n_words)] if n_words else []
    while waiting:
        start, end = waiting.pop()
        spans.append((start, end, labels.get((start, end))))
        if start < end:
            last_child = next((first for first in range(start + 1, end) if (first, end) in labels), end)
            waiting += [(last_child, end), (start, last_child - 1)]
    return spans


def best_spans(scores: NDArray[np.floating]) -> list[tuple[int, int]]:
    """The first and last words of the spans of the best tree, by CKY, as brackets open: larger ones before smaller.

    Of trees with the same score, that with the leftmost splits wins. Raises DepparseError if a score is not finite.
    """
    values = _checked(scores)
    splits = np.zeros(values.shape, np.int64)
    _cky(values, splits)
    spans: list[tuple[int, int]] = []
    waiting = [(0, len(values) - 1)] if len(values) else []
    while waiting:
        first, last = waiting.pop()
        spans.append((first, last))
        if first < last:
            split = int(splits[first, last])
            waiting += [(split + 1, last), (first, split)]
    return spans


def span_probabilities(scores: NDArray[np.floating]) -> tuple[float, Floats]:
    """The logarithm of Σ exp(score) over all trees, and the probabilities of spans ``[first, last]``, its gradient.

    By the inside and outside algorithms (Baker 1979). Raises DepparseError if a score is not finite.
    """
    values = _checked(scores)
    probabilities = np.zeros(values.shape)
    return (_inside_outside(values, probabilities) if len(values) else 0.0), probabilities


def _checked(scores: NDArray[np.floating]) -> Floats:
    """A float64 copy of the scores."""
    copy = np.array(scores, np.float64, order="C")
    if copy.ndim != 2 or copy.shape[0] != copy.shape[1]:
        raise DepparseError(f"expected scores [words, words] of spans; got shape {copy.shape}")
    if not np.isfinite(copy[np.triu_indices(len(copy))]).all():
        raise DepparseError("a span has no finite score")
    return copy


@compiled
def _cky(values: Floats, splits: Integers) -> None:
    """Adds to ``values[first, last]`` the best sum of the spans inside, and writes behind which words these split."""
    n_words = len(values)
    for width in range(1, n_words):
        for first in range(n_words - width):
            last = first + width
            best, best_split = -np.inf, first
            for split in range(first, last):
                value = values[first, split] + values[split + 1, last]
                if value > best:
                    best, best_split = value, split
            values[first, last] += best
            splits[first, last] = best_split


@compiled
def _inside_outside(values: Floats, probabilities: Floats) -> float:
    """The log-partition. Writes the probabilities of spans, and to ``values`` the sums over the trees of each."""
    n_words = len(values)
    parts = np.zeros((n_words, n_words))  # the sums without the score of the span itself
    for width in range(1, n_words):
        for first in range(n_words - width):
            last = first + width
            best = -np.inf
            for split in range(first, last):
                best = max(best, values[first, split] + values[split + 1, last])
            total = 0.0
            for split in range(first, last):
                total += np.exp(values[first, split] + values[split + 1, last] - best)
            parts[first, last] = best + np.log(total)
            values[first, last] += parts[first, last]
    probabilities[0, n_words - 1] = 1.0
    for width in range(n_words - 1, 0, -1):
        for first in range(n_words - width):
            last = first + width
            probability = probabilities[first, last]
            if probability == 0.0:
                continue
            for split in range(first, last):
                # Each term is a share of its sum, never above 1, so no range of scores overflows or cancels.
                share = probability * np.exp(values[first, split] + values[split + 1, last] - parts[first, last])
                probabilities[first, split] += share
                probabilities[split + 1, last] += share
    return float(values[0, n_words - 1])
