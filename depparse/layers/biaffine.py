"""A helper of all biaffine forms (Dozat & Manning 2017, *Deep Biaffine Attention for Neural Dependency Parsing*)."""

from __future__ import annotations

import torch
from torch import Tensor


def with_one(values: Tensor) -> Tensor:
    """The values with a last unit of 1, ``[…, width + 1]``, which gives a biaffine form linear and constant terms."""
    return torch.cat([values, torch.ones_like(values[..., :1])], -1)
