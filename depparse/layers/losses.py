"""A loss that several tasks use."""

from __future__ import annotations

from torch import Tensor, nn

from depparse.features.vocabulary import IGNORE


def cross_entropy(scores: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """The mean loss of ``scores[…, labels]`` for ``targets[…]`` over the annotated words.

    Without annotated words it is 0, with a gradient of 0. `smoothing` is the share of probability that is spread evenly
    over all labels.
    """
    labels = targets.flatten()
    total = nn.functional.cross_entropy(
        scores.flatten(0, -2).float(), labels, ignore_index=IGNORE, label_smoothing=smoothing, reduction="sum"
    )
    return total / (labels != IGNORE).sum().clamp(min=1)
