"""The elementwise linear recurrence ``h[t] = decay[t] · h[t-1] + drive[t]``, with a gradient of its own.

The heart of gated linear recurrent layers (Martin & Cundy 2018; Qin et al. 2023, *Hierarchically Gated Recurrent
Neural Network for Sequence Modeling*). It has no matrix product from step to step, so all else of the layer is computed
for all times at once, and this rest runs at the speed of memory: on the CPU a compiled kernel, parallel over batch and
width; elsewhere a scan of log2(times) steps (Hillis & Steele 1986). The plain loop is the oracle of the tests.
"""

from __future__ import annotations

from typing import Any

import numpy
import torch
from numba import njit, prange
from torch import Tensor


def plain_recurrence(decay: Tensor, drive: Tensor) -> Tensor:
    """The definition, as a loop over time: `decay`, `drive` and the result are ``[batch, times, width]``."""
    state = torch.zeros_like(drive[:, 0])
    states = []
    for time in range(drive.shape[1]):
        state = decay[:, time] * state + drive[:, time]
        states.append(state)
    return torch.stack(states, 1)


def linear_recurrence(decay: Tensor, drive: Tensor) -> Tensor:
    """The states h for `decay` and `drive`, all ``[batch, times, width]``; float32 or float64 inside. O(times)."""
    result: Tensor = _Recurrence.apply(decay, drive)  # type: ignore[no-untyped-call]
    return result


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, decay: Tensor, drive: Tensor) -> Tensor:
        states = _run(decay.contiguous(), drive.contiguous())
        ctx.save_for_backward(decay, states)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        # The gradient of the drive runs the same recurrence backwards in time, one decay ahead.
        decay, states = ctx.saved_tensors
        ahead = torch.zeros_like(decay)
        ahead[:, :-1] = decay[:, 1:]
        to_drive = _run(ahead.flip(1).contiguous(), gradients[0].flip(1).contiguous()).flip(1)
        to_decay = torch.zeros_like(decay)
        to_decay[:, 1:] = to_drive[:, 1:] * states[:, :-1]
        return to_decay, to_drive


def _run(decay: Tensor, drive: Tensor) -> Tensor:
    if drive.device.type != "cpu" or drive.dtype not in (torch.float32, torch.float64):
        return _scan(decay, drive)
    states = torch.empty_like(drive)
    _kernel(decay.detach().numpy(), drive.detach().numpy(), states.numpy())
    return states


@njit("void(f4[:,:,::1], f4[:,:,::1], f4[:,:,::1])", parallel=True, nogil=True, cache=True)
def _kernel32(decay: Any, drive: Any, states: Any) -> None:
    batch, times, width = drive.shape
    for row in prange(batch):
        states[row, 0] = drive[row, 0]
        for time in range(1, times):
            for unit in range(width):
                states[row, time, unit] = decay[row, time, unit] * states[row, time - 1, unit] + drive[row, time, unit]


def _kernel(decay: numpy.ndarray[Any, Any], drive: numpy.ndarray[Any, Any], states: numpy.ndarray[Any, Any]) -> None:
    if drive.dtype == numpy.float32:
        _kernel32(decay, drive, states)
        return
    state = numpy.zeros_like(drive[:, 0])
    for time in range(drive.shape[1]):
        state = decay[:, time] * state + drive[:, time]
        states[:, time] = state


def _scan(decay: Tensor, drive: Tensor) -> Tensor:
    """Pairs (product of decays, state) over ever longer stretches: ``log2(times)`` steps."""
    step = 1
    while step < drive.shape[1]:
        ones, zeros = torch.ones_like(decay[:, :step]), torch.zeros_like(drive[:, :step])
        earlier_decay = torch.cat([ones, decay[:, :-step]], 1)
        earlier = torch.cat([zeros, drive[:, :-step]], 1)
        drive = drive + decay * earlier
        decay = decay * earlier_decay
        step *= 2
    return drive
