"""The constituent tree with the best scores (`depparse.document.constituents` says what trees are)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from depparse.document.constituents import Constituent, parted
from depparse.errors import DepparseError
from depparse.structs.checks import Floats, Integers
from depparse.structs.compiled import compiled

_NONE = ""  # the label of a span that is no constituent


def best_tree(scores: NDArray[np.floating], labels: Sequence[str]) -> list[Constituent]:
    """The tree with the highest sum of the scores of its spans, by exact CKY (Stern, Andreas & Klein 2017, *A Minimal
    Span-Based Neural Constituency Parser*). O(words³ + words² · labels).

    ``scores[words, words, labels]`` are those of spans from a first to a last word, counted from 0. The first of the
    labels is "" and means that the span is no constituent; the whole sentence cannot have it. Labels may be joined.
    Trees of more than two constituents in one are binary with spans that are none; of these, the leftmost splits win.
    """
    n_words = len(scores)
    if not n_words:
        return []
    if scores.shape != (n_words, n_words, len(labels)) or len(labels) < 2 or labels[0] != _NONE:
        raise DepparseError(
            f"expected scores [words, words, labels] for labels of which the first is ''; got {scores.shape} for "
            f"{len(labels)} labels"
        )
    best = scores.argmax(-1)
    best[0, -1] = 1 + scores[0, -1, 1:].argmax()
    values = np.take_along_axis(scores, best[..., None], -1)[..., 0].astype(np.float64)
    if not np.isfinite(values[np.triu_indices(n_words)]).all():
        raise DepparseError("a span has no finite score")
    splits = np.zeros((n_words, n_words), np.int64)
    _cky(values, splits)
    tree: list[Constituent] = []
    waiting = [(0, n_words - 1)]
    while waiting:
        start, end = waiting.pop()
        if label := labels[best[start, end]]:
            tree.append(Constituent(start + 1, end + 1, label))
        if start < end:
            split = int(splits[start, end])
            waiting += [(split + 1, end), (start, split)]
    return parted(tree)


@compiled
def _cky(values: Floats, splits: Integers) -> None:
    """Adds to ``values[start, end]`` the best sum of the spans inside, and writes where these are split."""
    n_words = len(values)
    for width in range(1, n_words):
        for start in range(n_words - width):
            end = start + width
            best, best_split = -np.inf, start
            for split in range(start, end):
                value = values[start, split] + values[split + 1, end]
                if value > best:
                    best, best_split = value, split
            values[start, end] += best
            splits[start, end] = best_split
