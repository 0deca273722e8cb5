"""A layer over trees: a vector of the head of each word."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax import at_heads
from depparse.registry import PartConfig


class AboveConfig(PartConfig):
    """The settings under model.tasks.NAME.syntax of a recipe."""

    type: Literal["above"] = "above"
    width: int = Field(16, ge=1)  # units


class Above(nn.Module):
    """``[batch, words, input width]`` to ``[batch, words, width]``."""

    Config = AboveConfig

    def __init__(self, config: AboveConfig, input_width: int, n_relations: int) -> None:
        super().__init__()
        self.width = config.width
        self.head = nn.Linear(input_width, config.width)

    def forward(self, values: Tensor, arcs: Arcs[Tensor], lengths: Tensor) -> Tensor:
        return at_heads(arcs, self.head(values))
