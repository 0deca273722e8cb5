"""Checks of the input of every algorithm of this folder, in one place, and the errors that say what is wrong.

Scores are ``[dependents, heads]``, in a batch ``[batch, dependents, heads]``: ``scores[d, h]`` is the score of ``h``
being the head of ``d``, and position 0 is ROOT. Row 0 and the diagonal are ignored, whatever they hold. ``-inf``
forbids an arc; so does any number below -1e300, such as the lowest float64. NaN is an error, and so is any number above
1e300, because sums would overflow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.errors import DepparseError

ArcScores = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LIMIT = 1e300
# The kinds of errors that a kernel can find in a sentence; it returns the word beside the kind.
FINE, BAD_SCORE, NO_HEAD, NO_TREE = 0, 1, 2, 3


def check_scores(scores: ArcScores) -> Floats:
    """A float64 copy of ``scores[dependents, heads]`` with -inf in row 0 and on the diagonal. O(n²).

    Raises DepparseError if it is not square, holds a bad score, or leaves a word without any head.
    """
    copy = np.array(scores, dtype=np.float64, order="C")
    if copy.ndim != 2 or copy.shape[0] != copy.shape[1] or not len(copy):
        raise DepparseError(f"expected scores [dependents, heads], square, with ROOT at 0; got shape {copy.shape}")
    np.fill_diagonal(copy, -np.inf)
    copy[0] = -np.inf
    copy[copy < -LIMIT] = -np.inf
    bad = np.isnan(copy) | (copy > LIMIT)
    if bad.any():
        raise tree_error(BAD_SCORE, int(np.flatnonzero(bad.any(1))[0]))
    headless = np.isneginf(copy[1:]).all(1)
    if headless.any():
        raise tree_error(NO_HEAD, 1 + int(np.flatnonzero(headless)[0]))
    return copy


def check_batch(scores: ArcScores, lengths: NDArray[np.integer[Any]]) -> tuple[ArcScores, Integers]:
    """Contiguous ``scores[batch, dependents, heads]`` and ``lengths[batch]`` (words without ROOT) of the right shape.

    float32 scores stay float32, because most sentences only need comparisons; a kernel copies the scores of the others
    to float64. The kernels check the values, because they read them anyway, and never read the padding.
    """
    lengths = np.asarray(lengths)
    scores = np.asarray(scores)
    if scores.ndim != 3 or scores.shape[1] != scores.shape[2] or not scores.shape[1]:
        raise DepparseError(f"expected scores [batch, dependents, heads] with ROOT at 0; got shape {scores.shape}")
    if lengths.shape != scores.shape[:1] or (lengths.size and lengths.dtype.kind not in "iu"):
        raise DepparseError(
            f"expected {len(scores)} whole numbers as lengths; got shape {lengths.shape} of {lengths.dtype}"
        )
    if lengths.size and not 0 <= lengths.min() <= lengths.max() < scores.shape[1]:
        raise DepparseError(
            f"expected lengths from 0 to {scores.shape[1] - 1} words, without ROOT, as the scores have "
            f"{scores.shape[1]} positions; got {lengths.min()} to {lengths.max()}"
        )
    dtype = np.float32 if scores.dtype == np.float32 else np.float64
    return np.ascontiguousarray(scores, dtype=dtype), np.ascontiguousarray(lengths, dtype=np.int64)


def check_heads(heads: NDArray[np.integer[Any]]) -> Integers:
    """Contiguous ``heads[words]`` with ROOT at 0. Raises DepparseError for another shape or for fractions."""
    heads = np.asarray(heads)
    if heads.ndim != 1 or not len(heads) or heads.dtype.kind not in "iu":
        raise DepparseError(f"expected whole numbers heads[words] with ROOT at 0; got {heads.dtype} {heads.shape}")
    return np.ascontiguousarray(heads, dtype=np.int64)


def check_length(length: int, longest: int) -> None:
    """Raises DepparseError if a sentence is too long for an algorithm of cubic time."""
    if length > longest:
        raise DepparseError(
            f"a sentence of {length} words is longer than the {longest} that projective algorithms, of time "
            "O(words³), are allowed; split the sentence, raise max_projective_length, or do without projective"
        )


def check_problems(problems: Integers) -> None:
    """Raises DepparseError for the first sentence of a batch with a problem: ``problems[batch, (kind, word)]``."""
    if problems[:, 0].any():
        sentence = int(np.flatnonzero(problems[:, 0])[0])
        raise tree_error(int(problems[sentence, 0]), int(problems[sentence, 1]), sentence)


def tree_error(kind: int, word: int = 0, sentence: int | None = None) -> DepparseError:
    """The error for a problem of this kind. `sentence` counts from 0 in its batch."""
    place = "" if sentence is None else f"sentence {sentence} of the batch: "
    if kind == BAD_SCORE:
        return DepparseError(
            f"{place}the arc scores of word {word} hold NaN, +inf or a number above {LIMIT:g}; "
            "expected finite scores, and -inf for forbidden arcs"
        )
    if kind == NO_HEAD:
        return DepparseError(f"{place}every arc of word {word} is forbidden (-inf), so there is no tree; permit one")
    return DepparseError(
        f"{place}the permitted arcs hold no such tree (one root, no cycle, without crossing arcs if projective); "
        "take back a required or forbidden arc"
    )
