"""The settings of the context layer bilstm."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from depparse.registry import PartConfig


class BiLSTMConfig(PartConfig):
    """The settings of stacked bidirectional LSTMs or GRUs."""

    type: Literal["bilstm"] = "bilstm"
    cell: Literal["lstm", "gru"] = "lstm"
    width: int = Field(800, ge=2)  # units of both directions together
    layers: int = Field(3, ge=1)
    dropout: float = Field(0.33, ge=0, lt=1)  # probability that a unit is dropped, in a whole sentence
    weight_drop: float = Field(0.2, ge=0, lt=1)  # probability that a recurrent weight is dropped for a batch


CONFIG = BiLSTMConfig
