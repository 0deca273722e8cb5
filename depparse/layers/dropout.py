"""Dropout of the same units at all words of a sentence, and dropout of whole inputs of a word."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SharedDropout(nn.Module):
    """Drops the same units at every word of a sentence (Gal & Ghahramani 2016)."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, values: Tensor) -> Tensor:
        """The values ``[batch, words, width]``, in training with some units 0 and the others scaled up."""
        if not self.training or not self.probability:
            return values
        keep = 1 - self.probability
        mask = torch.rand(values.shape[0], 1, values.shape[2], device=values.device) < keep
        return values * (mask / keep).to(values.dtype)


class InputDropout(nn.Module):
    """Drops whole inputs (words, characters …) of a word, and scales up its other inputs (Dozat & Manning 2017)."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, parts: list[Tensor]) -> list[Tensor]:
        """The inputs ``[batch, words, width of the input]``, in training with some of them 0."""
        if not self.training or not self.probability or len(parts) < 2:
            return parts
        masks = [torch.rand(part.shape[:2], device=part.device) >= self.probability for part in parts]
        n_kept = torch.stack(masks).sum(0).clamp(min=1)
        scale = len(parts) / n_kept
        return [part * (mask * scale)[..., None].to(part.dtype) for part, mask in zip(parts, masks, strict=True)]
