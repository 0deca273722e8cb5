"""Scores by torch."""

from __future__ import annotations

from typing import Any

import torch

from depparse.features.batch import Batch
from depparse.model.model import Model, TorchReading
from depparse.tasks.task import Stage


class TorchScorer:
    """A model's networks, in evaluation mode."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @torch.inference_mode()
    def read(self, batch: Batch) -> InferenceReading:
        """Runs the encoder."""
        self.model.eval()
        return InferenceReading(self.model.read(batch))


class InferenceReading:
    """A `TorchReading` without gradients."""

    def __init__(self, reading: TorchReading) -> None:
        self._reading = reading

    @torch.inference_mode()
    def scores(self, task: str, batch: Batch) -> Any:
        """The scores of a task, as arrays."""
        return self._reading.scores(task, batch)

    def stage(self, task: str) -> Stage:
        """The second stages of the task's network."""
        return self._reading.stage(task)
