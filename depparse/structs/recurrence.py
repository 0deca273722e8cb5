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


_BLOCK = 64  # times of a block
_LEAST = 1e-30  # smaller products count as 0: near the end of the range, processors compute slowly


def states_of(decay: Array, drive: Array, backwards: int = 0) -> Array:
    """The states ``[batch, times, width]`` that `write_states` writes, by NumPy alone, which needs no compiled code.

    Times are cut into blocks, and the recurrence runs in all blocks at once, each from a state of 0. Then what the
    state before a block adds to its states is ``decay[first] · … · decay[t]`` times that state. Blocks are counted from
    the first time in both directions, so that what follows a sentence changes no bit of its states.
    """
    batch, times, width = drive.shape
    if not times:
        return np.empty_like(drive)
    n_blocks = -(-times // _BLOCK)
    if n_blocks > 1:
        missing = [(0, 0), (0, n_blocks * _BLOCK - times), (0, 0)]
        decay, drive = np.pad(decay, missing), np.pad(drive, missing)
    decay, drive = (array.reshape(batch, n_blocks, -1, width) for array in (decay, drive))
    states = np.empty_like(drive)
    forwards = width - backwards
    for units, steps, blocks in (
        (slice(forwards), range(drive.shape[2]), range(1, n_blocks)),
        (slice(forwards, None), range(drive.shape[2] - 1, -1, -1), range(n_blocks - 2, -1, -1)),
    ):
        before = np.zeros_like(drive[:, :, 0, units])
        product = np.ones_like(before)
        products = np.empty_like(drive[..., units]) if n_blocks > 1 else None
        for step in steps:
            before = before * decay[:, :, step, units] + drive[:, :, step, units]
            states[:, :, step, units] = before
            if products is not None:
                product = product * decay[:, :, step, units]
                product[product < _LEAST] = 0
                products[:, :, step] = product
        end = steps[-1]
        for block in blocks:
            earlier = block - 1 if units.stop is not None else block + 1
            assert products is not None
            states[:, block, :, units] += products[:, block] * states[:, earlier, None, end, units]
    return states.reshape(batch, -1, width)[:, :times]


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
