"""Losses that tasks share."""

from __future__ import annotations

from torch import Tensor, nn

from depparse.features.vocabulary import IGNORE


def cross_entropy(scores: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """The mean over the annotated words of ``scores[…, labels]`` and ``targets[…]``; 0, with a gradient of 0, if there
    are none. `smoothing` is the share of probability that all labels get alike."""
    labels = targets.flatten()
    total = nn.functional.cross_entropy(
        scores.flatten(0, -2).float(), labels, ignore_index=IGNORE, label_smoothing=smoothing, reduction="sum"
    )
    return total / (labels != IGNORE).sum().clamp(min=1)
