"""The settings of graph convolutions over trees. No torch here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from depparse.registry import PartConfig


class GCNConfig(PartConfig):
    """Graph convolutions."""

    type: Literal["gcn"] = "gcn"
    width: int = Field(200, ge=1)  # units
    layers: int = Field(1, ge=1)  # so many arcs a message can go
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, the same units for a whole sentence


CONFIG = GCNConfig
