"""The settings of graph convolutions over trees. No torch here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from depparse.registry import PartConfig


class GCNConfig(PartConfig):
    """The settings of graph convolutions."""

    type: Literal["gcn"] = "gcn"
    width: int = Field(200, ge=1)  # units
    layers: int = Field(1, ge=1)  # also the number of arcs that information can travel
    dropout: float = Field(0.33, ge=0, lt=1)  # probability that a unit is dropped, in a whole sentence


CONFIG = GCNConfig
