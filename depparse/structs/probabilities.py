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
