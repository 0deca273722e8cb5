"""The settings of the context layer linear_recurrent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from depparse.registry import PartConfig


class LinearRecurrentConfig(PartConfig):
    """The settings of stacked bidirectional linear recurrences."""

    type: Literal["linear_recurrent"] = "linear_recurrent"
    width: int = Field(400, ge=2)  # units
    layers: int = Field(3, ge=1)
    expansion: float = Field(2.0, gt=0)  # width of the feed-forward layer, as a multiple of `width`
    dropout: float = Field(0.33, ge=0, lt=1)  # probability that a unit is dropped, in a whole sentence


CONFIG = LinearRecurrentConfig
