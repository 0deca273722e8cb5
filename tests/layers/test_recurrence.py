"""The linear recurrence against its definition, and its gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from depparse.layers import recurrence


def plain_recurrence(decay: Tensor, drive: Tensor) -> Tensor:
    """The definition, as a loop over time: `decay`, `drive` and the result are ``[batch, times, width]``."""
    state = torch.zeros_like(drive[:, 0])
    states = []
    for time in range(drive.shape[1]):
        state = decay[:, time] * state + drive[:, time]
        states.append(state)
    return torch.stack(states, 1)


@given(st.integers(1, 4), st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_the_recurrence_is_its_definition(batch: int, times: int, width: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for run in (recurrence.linear_recurrence, recurrence._scan):
        results = []
        for function in (plain_recurrence, run):
            generator.manual_seed(seed)
            decay = torch.rand(batch, times, width, generator=generator).requires_grad_()
            drive = torch.randn(batch, times, width, generator=generator).requires_grad_()
            weights = torch.randn(batch, times, width, generator=generator)
            states = function(decay, drive)
            (states * weights).sum().backward()
            results.append(
                (states.detach(), *(torch.zeros_like(x) if x.grad is None else x.grad for x in (decay, drive)))
            )
        for ours, plain in zip(*reversed(results), strict=True):
            torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("backwards", [0, 2, 3])
def test_gradients_are_right_in_double_precision(kernel: bool, backwards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrence, "_compiled", lambda *tensors: kernel)
    torch.manual_seed(0)
    decay = torch.rand(2, 5, 3, dtype=torch.float64, requires_grad=True)
    drive = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, y: recurrence.linear_recurrence(x, y, backwards), (decay, drive))
    both = recurrence.linear_recurrence(decay, drive, backwards)
    split = 3 - backwards
    torch.testing.assert_close(both[..., :split], plain_recurrence(decay, drive)[..., :split])
    reversed_ = plain_recurrence(decay.flip(1), drive.flip(1)).flip(1)
    torch.testing.assert_close(both[..., split:], reversed_[..., split:])
