"""The elementwise linear recurrence ``h[t] = decay[t] · h[t-1] + drive[t]``, with a gradient of its own.

It is the heart of gated linear recurrent layers (Martin & Cundy 2018; Qin et al. 2023, *Hierarchically Gated Recurrent
Neural Network for Sequence Modeling*). It has no matrix product between steps, so a layer computes everything else for
all times at once, and the recurrence runs at the speed of memory: on the CPU by a compiled kernel, elsewhere by a scan
of log2(times) steps (Hillis & Steele 1986).
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from depparse.structs.recurrence import write_gradients, write_states

Array = NDArray[Any]


def linear_recurrence(decay: Tensor, drive: Tensor, backwards: int = 0) -> Tensor:
    """The states h of the recurrence, with the shape of `decay` and `drive`, ``[batch, times, width]``. O(times).

    The last `backwards` units run from the last time to the first: ``h[t] = decay[t] · h[t+1] + drive[t]``.
    """
    result: Tensor = _Recurrence.apply(decay, drive, backwards)  # type: ignore[no-untyped-call]
    return result


class _Recurrence(torch.autograd.Function):
    """The recurrence and its gradient."""

    @staticmethod
    def forward(ctx: Any, decay: Tensor, drive: Tensor, backwards: int) -> Tensor:
        if _compiled(decay, drive):
            states = torch.empty_like(drive, memory_format=torch.contiguous_format)
            write_states(_array(decay), _array(drive), states.numpy(), backwards)
        else:
            states = _scan_both(decay, drive, backwards)
        ctx.save_for_backward(decay, states)
        ctx.backwards = backwards
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        decay, states = ctx.saved_tensors
        if _compiled(decay, gradients[0]):
            to_decay, to_drive = torch.empty_like(states), torch.empty_like(states)
            arrays = _array(decay), _array(states), _array(gradients[0])
            write_gradients(*arrays, to_decay.numpy(), to_drive.numpy(), ctx.backwards)
            return to_decay, to_drive, None
        # The gradient of the drive is the same recurrence in the other direction, with the decay of the next time.
        forwards = decay.shape[-1] - ctx.backwards
        ahead, earlier = torch.zeros_like(decay), torch.zeros_like(states)
        ahead[:, :-1, :forwards], ahead[:, 1:, forwards:] = decay[:, 1:, :forwards], decay[:, :-1, forwards:]
        earlier[:, 1:, :forwards], earlier[:, :-1, forwards:] = states[:, :-1, :forwards], states[:, 1:, forwards:]
        to_drive = _scan_both(ahead.flip(1), gradients[0].flip(1), ctx.backwards).flip(1)
        return to_drive * earlier, to_drive, None


def _compiled(*tensors: Tensor) -> bool:
    """Whether the compiled kernels can take the tensors."""
    return all(x.device.type == "cpu" and x.dtype == tensors[0].dtype and x.dtype in _COMPILED for x in tensors)


_COMPILED = (torch.float32, torch.float64)


def _array(values: Tensor) -> Array:
    return values.detach().contiguous().numpy()


def _scan_both(decay: Tensor, drive: Tensor, backwards: int) -> Tensor:
    """`linear_recurrence` by scans, one for each direction."""
    if not backwards:
        return _scan(decay, drive)
    right = _scan(decay[..., :-backwards], drive[..., :-backwards])
    left = _scan(decay[..., -backwards:].flip(1), drive[..., -backwards:].flip(1)).flip(1)
    return torch.cat([right, left], -1)


def _scan(decay: Tensor, drive: Tensor) -> Tensor:
    """The states, from pairs (product of decays, state) over stretches that double in each of ``log2(times)`` steps."""
    step = 1
    while step < drive.shape[1]:
        ones, zeros = torch.ones_like(decay[:, :step]), torch.zeros_like(drive[:, :step])
        earlier_decay = torch.cat([ones, decay[:, :-step]], 1)
        earlier = torch.cat([zeros, drive[:, :-step]], 1)
        drive = drive + decay * earlier
        decay = decay * earlier_decay
        step *= 2
    return drive
