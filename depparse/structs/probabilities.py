"""Scores to probabilities, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.structs.checks import Floats


def sigmoid(log_odds: NDArray[np.floating[Any]]) -> Floats:
    """The probability of what has these odds. No number overflows."""
    probabilities: Floats = np.exp(-np.logaddexp(0.0, -log_odds.astype(np.float64)))
    return probabilities
