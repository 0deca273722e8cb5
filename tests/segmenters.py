"""A stand-in for a segmenter: what the model folder asks of one, without a network that segments."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from depparse.config import Config


class SegmenterConfig(Config):
    width: int = 70


class Segmenter(nn.Module):
    def __init__(self, config: SegmenterConfig, characters: list[str]) -> None:
        super().__init__()
        self.config, self.characters = config, characters
        torch.manual_seed(2)
        self.embedding = nn.Embedding(len(characters), config.width)

    def to_json(self) -> Any:
        return self.characters

    @classmethod
    def from_json(cls, config: SegmenterConfig, data: Any) -> Segmenter:
        return cls(config, data)


@pytest.fixture
def segmenter(monkeypatch: pytest.MonkeyPatch) -> Segmenter:
    """One, with its class in the place of that of the package."""
    name = "depparse.segmentation.segmenter"
    module: Any = ModuleType(name)
    module.Segmenter, module.SegmenterConfig = Segmenter, SegmenterConfig
    monkeypatch.setitem(sys.modules, name, module)
    return Segmenter(SegmenterConfig(), [chr(point) for point in range(32, 132)]).eval()
