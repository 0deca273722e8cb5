"""The engine of the segmenter that computes scores by torch."""

from __future__ import annotations

import torch
from torch import Tensor

from depparse.errors import ModelError
from depparse.layers.tensors import to_arrays, to_tensors
from depparse.segmentation.batch import TokenBatch
from depparse.segmentation.network import SegmenterNetwork
from depparse.segmentation.segmenter import Segmenter
from depparse.segmentation.symbols import Floats, Ints


class TorchSegmenterScorer:
    """Scores of the network for the segmenter (a `SegmenterScorer`). The states stay on the network's device."""

    def __init__(self, network: SegmenterNetwork) -> None:
        self.network = network

    @torch.inference_mode()
    def ends(self, symbols: Ints) -> tuple[Tensor, Floats]:
        """The first stage: see `Scorer.ends`."""
        self._stop_training()
        states, ends = self.network.ends(to_tensors(symbols, self.network.device))
        return states, to_arrays(ends)

    @torch.inference_mode()
    def tokens(self, states: Tensor, tokens: TokenBatch) -> tuple[Floats, Floats]:
        """The second stage: see `Scorer.tokens`."""
        self._stop_training()
        sentences, scripts = self.network.tokens(states, *to_tensors(tokens, self.network.device))
        return to_arrays(sentences), to_arrays(scripts)

    def _stop_training(self) -> None:
        if self.network.training:
            self.network.eval()


def network_of(segmenter: Segmenter) -> SegmenterNetwork:
    """The network of the segmenter. Raises ModelError if an engine other than torch computes the scores."""
    if not isinstance(segmenter.scorer, TorchSegmenterScorer):
        engine = type(segmenter.scorer).__name__
        raise ModelError(f"the weights of a segmenter are needed in torch, but {engine} computes its scores")
    return segmenter.scorer.network
