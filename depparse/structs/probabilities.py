"""Probabilities from scores, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.structs.checks import Floats


def sigmoid(log_odds: NDArray[np.floating[Any]]) -> Floats:
    """The probabilities of events with these log-odds. No number overflows."""
    probabilities: Floats = np.exp(-np.logaddexp(0.0, -log_odds.astype(np.float64)))
    return probabilities


def log_softmax(scores: NDArray[np.floating[Any]]) -> Floats:
    """Logarithms of probabilities along the last axis. A row without a finite score gives NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True)
        logarithms: Floats = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return logarithms
