"""Bounds the memory that a model folder can make networks take: its config may ask for any size, its weights cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.nn.modules import module as registration

from depparse.errors import ModelError

# Networks may register a weight twice, or one that is not saved, so they may hold some times what the file has.
_TIMES, _MORE_NUMBERS, _MORE_TENSORS = 4, 10_000_000, 1_000


@contextmanager
def bounded_by(numbers: int, tensors: int) -> Iterator[None]:
    """Within the block, networks that this thread makes have about as many weights as a file, at most a few times more.

    The file has `numbers` in `tensors`. Larger networks raise ModelError while they are made. Torch makes a weight
    before it is registered here, but fills it later, and memory that is not filled is not taken.
    """
    thread = threading.get_ident()
    left = [_TIMES * numbers + _MORE_NUMBERS, _TIMES * tensors + _MORE_TENSORS]

    def count(_module: Any, name: str, value: Tensor | None) -> None:
        if value is None or threading.get_ident() != thread:
            return
        left[0] -= value.numel()
        left[1] -= 1
        if min(left) < 0:
            raise ModelError(f"the config describes a larger network than there are weights for, seen at {name!r}")

    hooks = [
        registration.register_module_parameter_registration_hook(count),
        registration.register_module_buffer_registration_hook(count),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
