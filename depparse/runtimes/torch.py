"""The engine that computes scores by torch."""

from __future__ import annotations

import torch

from depparse.features.batch import Batch
from depparse.model.model import Model, TorchReading


class TorchScorer:
    """A model's networks, in evaluation mode."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @torch.inference_mode()
    def read(self, batch: Batch) -> TorchReading:
        """Runs the encoder on the batch, after switching the model to evaluation mode."""
        if self.model.training:
            self.model.eval()
        return self.model.read(batch)
