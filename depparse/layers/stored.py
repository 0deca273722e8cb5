"""Weights as a model folder stores them, and what tasks read, for engines without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from depparse.errors import DepparseError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

Precision = Literal["fp32", "bf16", "int8"]  # in which graphs compute; see graph.py
PRECISIONS: tuple[str, ...] = get_args(Precision)
SCALE = ":scale"  # ends the name of the tensor that has the scales of an int8 tensor


@dataclass(frozen=True, slots=True)
class EncodedArrays:
    """What tasks read of a batch, as `depparse.encoders.encoder.Encoded`. Position 0 of the word axis is ROOT."""

    context: Array  # [batch, words, width]: each word in its sentence
    inputs: Array  # [batch, words, input width]: each word by itself
    lengths: NDArray[np.int64]  # [batch], words without ROOT

    @property
    def both(self) -> Array:
        """The vectors of each word in its sentence and by itself, side by side."""
        import numpy as np  # here, since descriptions of models read SCALE and need no more

        return np.concatenate([self.context, self.inputs], -1)


class NoGraph(DepparseError):  # noqa: N818 (the part has none; that is not always an error)
    """A part of a model cannot be computed by OpenVINO as it is configured."""


class StoredWeights:
    """The tensors of a model folder whose names begin with a prefix, as they are stored."""

    def __init__(self, tensors: Mapping[str, Array], prefix: str = "") -> None:
        self._tensors, self.prefix = tensors, prefix

    def under(self, name: str) -> StoredWeights:
        """The tensors of a part."""
        return StoredWeights(self._tensors, f"{self.prefix}{name}.")

    def __contains__(self, name: str) -> bool:
        return self.prefix + name in self._tensors

    def array(self, name: str, *sizes: int) -> Array:
        """The tensor in full precision, whose first axes must have these sizes. Raises NoGraph."""
        self.check(name, *sizes)
        return self.rows(name, slice(None))

    def check(self, name: str, *sizes: int) -> None:
        """Raises NoGraph unless the first axes of the tensor have these sizes."""
        shape = self.stored(name)[0].shape
        if shape[: len(sizes)] != sizes:
            raise NoGraph(f"the weights {self.prefix + name} should have the shape {sizes}, not {shape}")

    def rows(self, name: str, rows: Any) -> Array:
        """Rows of the tensor in full precision: those of these numbers, ``[…, width]``."""
        stored, scale = self.stored(name)
        values: Array = stored[rows].astype("float32")
        if scale is not None:
            scales = scale[rows].astype("float32")
            values *= scales.reshape(*scales.shape, *[1] * (values.ndim - scales.ndim))
        return values

    def stored(self, name: str) -> tuple[Array, Array | None]:
        """The tensor and, if it is int8, the scales of its rows."""
        if name not in self:
            raise NoGraph(f"there are no weights {self.prefix + name}")
        return self._tensors[self.prefix + name], self._tensors.get(self.prefix + name + SCALE)
