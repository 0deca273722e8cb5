"""What biaffine forms share (Dozat & Manning 2017, *Deep Biaffine Attention for Neural Dependency Parsing*)."""

from __future__ import annotations

import torch
from torch import Tensor


def with_one(values: Tensor) -> Tensor:
    """``[…, width + 1]``: a constant unit after the others makes a biaffine form hold the linear and constant terms."""
    return torch.cat([values, torch.ones_like(values[..., :1])], -1)
