"""A context layer: a convolution over each word and its neighbours."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.registry import PartConfig


class WindowConfig(PartConfig):
    """The settings under model.encoder.context of a recipe."""

    type: Literal["window"] = "window"
    width: int = Field(64, ge=1)  # units
    reach: int = Field(2, ge=1)  # words to the left and to the right


class Window(nn.Module):
    """``[batch, words, input width]`` to ``[batch, words, width]``."""

    Config = WindowConfig

    def __init__(self, config: WindowConfig, input_width: int) -> None:
        super().__init__()
        self.width = config.width
        self.convolution = nn.Conv1d(input_width, config.width, 2 * config.reach + 1, padding=config.reach)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        positions = torch.arange(values.shape[1], device=values.device)
        present = positions <= lengths[:, None]  # ROOT and the words: no padding is to be seen
        visible = (values * present[..., None]).transpose(1, 2)
        return torch.relu(self.convolution(visible)).transpose(1, 2)
