"""A context layer of bidirectional gated linear recurrences in residual blocks.

It follows HGRN (Qin, Yang & Zhong 2023, *Hierarchically Gated Recurrent Neural Network for Sequence Modeling*). A block
has a forget gate, whose lower bound grows from layer to layer, so that low layers look near and high layers far; an
output gate; and a feed-forward layer. Both halves of a block are pre-norm residuals. Where we differ:

- States are real, not complex.
- Both directions run in one layer, each with candidates and forget gates of its own.
- The output gate comes after the linear layer that merges both directions, not before it.
- The feed-forward layer has a GELU, not a gated linear unit (GLU).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.layers.dropout import SharedDropout
from depparse.layers.recurrence import linear_recurrence


class LinearRecurrent(nn.Module):
    """The context layer, from ``[batch, words, input width]`` to ``[batch, words, width]``. O(words)."""

    def __init__(self, config: LinearRecurrentConfig, input_width: int) -> None:
        super().__init__()
        self.width = config.width
        self.project = nn.Linear(input_width, config.width)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        # The lower bounds are a cumulative softmax over layers: they begin at 0 and grow, and each unit learns how.
        self.bounds = nn.Parameter(torch.zeros(config.layers, config.width * 2))

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """The vectors of words in their sentences, whose ``lengths[batch]`` are in words without ROOT."""
        values = self.project(values)
        shares = self.bounds.softmax(0)
        bounds = shares.cumsum(0) - shares[0]
        # Padding must not reach words by the backward direction: with a drive of zero, its state is zero too.
        positions = torch.arange(values.shape[1], device=values.device)
        present = (positions <= lengths[:, None])[..., None].to(values.dtype)
        for block, bound in zip(self.blocks, bounds, strict=True):
            values = block(values, bound, present)
        normed: Tensor = self.norm(values)
        return normed


class _Block(nn.Module):
    """A gated linear recurrence in both directions, then a feed-forward layer."""

    def __init__(self, config: LinearRecurrentConfig) -> None:
        super().__init__()
        width, inner = config.width, int(config.width * config.expansion)
        self.norm_mixing, self.norm_feeding = nn.LayerNorm(width), nn.LayerNorm(width)
        self.gates = nn.Linear(width, 5 * width)  # candidates and forget gates of both directions, output gate
        self.merge = nn.Linear(2 * width, width)
        self.norm_states = nn.LayerNorm(2 * width)
        self.feed = nn.Sequential(
            nn.Linear(width, inner), nn.GELU(), SharedDropout(config.dropout), nn.Linear(inner, width)
        )
        self.dropout = SharedDropout(config.dropout)
        nn.init.zeros_(self.gates.bias)

    def forward(self, values: Tensor, bound: Tensor, present: Tensor) -> Tensor:
        """The values after the block; `bound` is that of the forget gates, `present` is 1 at words and 0 at padding."""
        width = values.shape[-1]
        candidates, forget, output = self.gates(self.norm_mixing(values)).split([2 * width, 2 * width, width], -1)
        decay = bound + (1 - bound) * torch.sigmoid(forget)
        drive = (1 - decay) * torch.nn.functional.silu(candidates) * present
        states = self.merge(self.norm_states(linear_recurrence(decay, drive, backwards=width)))
        values = values + self.dropout(states * torch.nn.functional.silu(output))
        fed: Tensor = values + self.dropout(self.feed(self.norm_feeding(values)))
        return fed


CONTEXT = LinearRecurrent
