"""The settings of dependency-guided LSTM layers, without torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from depparse.registry import PartConfig

Interaction = Literal["self", "concatenation", "addition", "mlp"]


class DGLSTMConfig(PartConfig):
    """The settings of bidirectional LSTMs that read each word with its head."""

    type: Literal["dglstm"] = "dglstm"
    width: int = Field(200, ge=2)  # units of both directions together
    layers: int = Field(2, ge=1)
    interaction: Interaction = "mlp"
    relation_width: int = Field(50, ge=1)  # units of the embedding of a relation
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, the same units for a whole sentence
    weight_drop: float = Field(0.2, ge=0, lt=1)  # probability that a recurrent weight is dropped for a batch


CONFIG = DGLSTMConfig
