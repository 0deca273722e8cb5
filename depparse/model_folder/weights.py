"""Weights are stored as float32, as float16, or as int8 with a scale for each row. Once loaded, they are float32 again.

So storage changes the weights a little but arithmetic not at all: a sentence has the same scores in any batch.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from depparse.errors import ConfigError, ModelError
from depparse.layers.stored import SCALE
from depparse.model_folder.description import WEIGHTS, Weights

_LEAST = 1024  # numbers in an int8 tensor, at least; smaller ones, and vectors (biases, norms), become float16
_ROW = 32  # numbers in a row of int8, at least; they share a scale
_HALF = torch.finfo(torch.float16)


def as_weights(name: str) -> Weights:
    """The `name` itself, if it is that of a way to store weights; else raises ConfigError."""
    if name not in WEIGHTS:
        raise ConfigError(f"weights are stored as {', '.join(WEIGHTS)}, not as {name!r}")
    return cast(Weights, name)


def encode(state: Mapping[str, Tensor], weights: Weights) -> dict[str, Tensor]:
    """The tensors that store the weights in `state`.

    A row of an int8 tensor is its last axis, or the last few if that is short (as in convolutions). Each number is
    ``round(value / scale)``, with the row's scale ``max |value| / 127``: no value is changed by more than half of it.
    """
    stored: dict[str, Tensor] = {}
    for name, value in state.items():
        if weights == "float32" or not value.is_floating_point():
            stored[name] = value.contiguous()
        elif weights == "float16" or value.dim() < 2 or value.numel() < _LEAST:
            stored[name] = _halve(value).contiguous()
        else:
            rows = value.float().flatten(_row_axis(value.shape))
            scale = _halve(rows.abs().amax(-1) / 127, exactly=True)
            # The scale of a row of zeros is 0, by which nothing can be divided.
            numbers = (rows / torch.where(scale > 0, scale.float(), 1.0)[..., None]).round().clamp(-127, 127)
            stored[name] = numbers.to(torch.int8).view(value.shape).contiguous()
            stored[name + SCALE] = scale.contiguous()
    return stored


def decode(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that `encode` was given, up to rounding."""
    state: dict[str, Tensor] = {}
    for name, value in stored.items():
        scale = stored.get(name + SCALE)
        if scale is not None:
            rows = value.float().flatten(scale.dim())
            state[name] = rows.mul_(scale.float()[..., None]).view(value.shape)
        elif not name.endswith(SCALE):
            state[name] = value.float() if value.dtype == torch.float16 else value
    return state


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Writes a safetensors file. Raises ModelError if that fails, as on a full disk, and leaves nothing at `path`."""
    try:
        save_file(dict(tensors), path, metadata=metadata)
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())
    except (OSError, SafetensorError) as error:
        path.unlink(missing_ok=True)
        raise ModelError(f"{path}: the weights cannot be written: {error}") from None


def _halve(value: Tensor, *, exactly: bool = False) -> Tensor:
    """The tensor as float16, or unchanged if it has numbers too large for that.

    With `exactly`, it is unchanged also if it has numbers too small for the full precision of float16.
    """
    sizes = value[value != 0].abs()
    fits = not len(sizes) or (sizes.max() <= _HALF.max and (not exactly or sizes.min() >= _HALF.smallest_normal))
    return value.half() if fits else value


def _row_axis(shape: torch.Size) -> int:
    """The first of the axes that make up a row."""
    axis = len(shape) - 1
    while axis > 1 and math.prod(shape[axis:]) < _ROW:
        axis -= 1
    return axis
