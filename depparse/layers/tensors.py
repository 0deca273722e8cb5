"""Conversion between NumPy arrays and tensors: codecs do not know torch, and networks do not know sentences."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from depparse.features.batch import Batch


class Layout(NamedTuple):
    """The shape of a batch: word 0 of each sentence is ROOT, and padding follows the words."""

    lengths: Tensor  # [batch], words without ROOT
    mask: Tensor  # [batch, words], True at real words, False at ROOT and padding
    sources: Tensor  # [batch], number of the treebank

    @classmethod
    def of(cls, batch: Batch, device: torch.device) -> Layout:
        """The layout of the batch, on `device`."""
        lengths, sources = torch.from_numpy(batch.lengths), torch.from_numpy(batch.sources)
        positions = torch.arange(batch.shape[1])
        mask = (positions > 0) & (positions <= lengths[:, None])
        return cls(lengths.to(device), mask.to(device), sources.to(device))

    @property
    def present(self) -> Tensor:
        """``[batch, words]``: True at real words and ROOT, False at padding."""
        present = self.mask.clone()
        present[:, 0] = True
        return present


def to_tensors(value: Any, device: torch.device) -> Any:
    """The value with tensors on `device` for its arrays, which may be in NamedTuples, lists, tuples and dictionaries.

    Other items stay. On the CPU, a tensor shares the memory of a writable array.
    """
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value if value.flags.writeable else value.copy()).to(device)
    return _each(value, lambda item: to_tensors(item, device))


def to_arrays(value: Any) -> Any:
    """The value with arrays for its tensors, as in `to_tensors`. bfloat16 becomes float32, which NumPy has."""
    if isinstance(value, Tensor):
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy(force=True)
    return _each(value, to_arrays)


def _each(value: Any, convert: Any) -> Any:
    """The container with each item converted; any other value stays."""
    if isinstance(value, dict):
        return {key: convert(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return type(value)._make(map(convert, value))
    return type(value)(map(convert, value)) if isinstance(value, (list, tuple)) else value


def as_arrays(value: Any) -> tuple[NDArray[Any], ...]:
    """A tensor, or a tuple of several, as a tuple of arrays."""
    arrays = to_arrays(value)
    return arrays if isinstance(arrays, tuple) else (arrays,)
