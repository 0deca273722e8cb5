"""The elementwise linear recurrence and its gradient, on arrays. `depparse.layers.recurrence` has it for torch.

The kernels run in one thread. They take a few hundredths of the time of a layer, and parallel loops of numba abort the
process if two Python threads enter them at once (workqueue) or after a fork (OpenMP of GNU).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.structs.compiled import compiled

Array = NDArray[Any]


def states_of(decay: Array, drive: Array, backwards: int = 0) -> Array:
    """The states ``[batch, times, width]`` that `write_states` writes, by NumPy, so that nothing has to be compiled."""
    states = np.empty_like(drive)
    forwards = drive.shape[2] - backwards
    for units, times in (
        (slice(forwards), range(drive.shape[1])),
        (slice(forwards, None), range(drive.shape[1] - 1, -1, -1)),
    ):
        before = np.zeros_like(states[:, :1, units]).sum(1)
        for time in times:
            before = before * decay[:, time, units] + drive[:, time, units]
            states[:, time, units] = before
    return states


@compiled
def write_states(decay: Array, drive: Array, states: Array, backwards: int) -> None:
    """Writes ``states[batch, times, width]``: ``h[t] = decay[t] · h[t-1] + drive[t]``. O(times).

    The last `backwards` units run from the last time to the first: ``h[t] = decay[t] · h[t+1] + drive[t]``.
    """
    batch, times, width = drive.shape
    forwards = width - backwards
    for row in range(batch):
        for time in range(times):
            for unit in range(forwards):
                before = states[row, time - 1, unit] * decay[row, time, unit] if time else 0
                states[row, time, unit] = before + drive[row, time, unit]
        for time in range(times - 1, -1, -1):
            for unit in range(forwards, width):
                before = states[row, time + 1, unit] * decay[row, time, unit] if time + 1 < times else 0
                states[row, time, unit] = before + drive[row, time, unit]


@compiled
def write_gradients(
    decay: Array, states: Array, gradient: Array, to_decay: Array, to_drive: Array, backwards: int
) -> None:
    """Writes the gradients to `to_decay` and `to_drive`, by a recurrence in the direction opposite to the states."""
    batch, times, width = states.shape
    forwards = width - backwards
    for row in range(batch):
        for time in range(times - 1, -1, -1):
            for unit in range(forwards):
                later = to_drive[row, time + 1, unit] * decay[row, time + 1, unit] if time + 1 < times else 0
                to_drive[row, time, unit] = gradient[row, time, unit] + later
                before = states[row, time - 1, unit] if time else 0
                to_decay[row, time, unit] = to_drive[row, time, unit] * before
        for time in range(times):
            for unit in range(forwards, width):
                later = to_drive[row, time - 1, unit] * decay[row, time - 1, unit] if time else 0
                to_drive[row, time, unit] = gradient[row, time, unit] + later
                before = states[row, time + 1, unit] if time + 1 < times else 0
                to_decay[row, time, unit] = to_drive[row, time, unit] * before
