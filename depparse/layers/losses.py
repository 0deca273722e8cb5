"""Losses that several tasks use."""

from __future__ import annotations

import torch
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


def cross_entropy_of_choices(scores: Tensor, numbers: Tensor, shares: Tensor) -> Tensor:
    """The mean loss of ``scores[…, answers]`` for probabilities of answers, over the words that have any.

    ``numbers[…, choices]`` are the answers that have the probabilities ``shares[…, choices]``, IGNORE where there are
    fewer. What is left of the probability is that of all other answers together. The gradient is 0 where
    the scores give these probabilities.
    """
    asked = numbers[..., 0] != IGNORE
    numbers, shares = numbers[asked], shares[asked]
    numbers = torch.where(numbers == IGNORE, numbers[:, :1], numbers)
    logs = scores[asked].float().log_softmax(-1)
    total = -(shares * logs.gather(-1, numbers)).sum()
    others = logs.scatter(-1, numbers, float("-inf"))
    rest = 1 - shares.sum(-1)
    has_rest = (rest > 1e-6) & others.isfinite().any(-1)
    total = total - (rest[has_rest] * torch.logsumexp(others[has_rest], -1)).sum()
    return total / asked.sum().clamp(min=1)
