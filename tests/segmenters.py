"""A small segmenter with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from depparse.formats.conllu import iter_conllu
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.network import SegmenterConfig
from depparse.segmentation.passages import make_passages
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.torch_scorer import network_of


@pytest.fixture
def segmenter(samples: Path) -> Segmenter:
    """One, of the French sample, which has multiword tokens."""
    passages = list(make_passages(iter_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"), 40))
    torch.manual_seed(2)
    config = SegmenterConfig(embedding=16, width=64, layers=2, words=16, token_width=64, token_layers=1)
    return SegmenterLearner.build(config, passages).segmenter


def described(segmenter: Segmenter) -> dict[str, Any]:
    """What `describe` says of it."""
    network = network_of(segmenter)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return network.config.model_dump() | {"parameters": parameters}
