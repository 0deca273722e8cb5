"""Stacked bidirectional LSTMs or GRUs.

Dropout between layers drops the same units at all words of a sentence (Gal & Ghahramani 2016). Weight drop drops
recurrent weights for a whole batch (Merity, Keskar & Socher 2018, *Regularizing and Optimizing LSTM Language Models*).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from depparse.layers.dropout import SharedDropout


class BiLSTM(nn.Module):
    """The recurrent layers, from ``[batch, words, input width]`` to ``[batch, words, width]``. O(words)."""

    def __init__(
        self,
        input_width: int,
        *,
        width: int,
        layers: int = 1,
        cell: Literal["lstm", "gru"] = "lstm",
        dropout: float = 0.0,
        weight_drop: float = 0.0,
    ) -> None:
        """`width` counts the units of both directions together; `dropout` and `weight_drop` are probabilities."""
        super().__init__()
        self.weight_drop, self.width = weight_drop, width // 2 * 2
        kind = nn.LSTM if cell == "lstm" else nn.GRU
        self.layers = nn.ModuleList(
            kind(self.width if layer else input_width, self.width // 2, bidirectional=True, batch_first=True)
            for layer in range(layers)
        )
        self.dropout = SharedDropout(dropout)
        for name, weight in self.layers.named_parameters():
            if "weight_hh" in name:
                nn.init.orthogonal_(weight)
            elif "weight_ih" in name:
                nn.init.xavier_uniform_(weight)
            else:
                nn.init.zeros_(weight)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """The states of the last layer. `lengths` are words without ROOT."""
        words = values.shape[1]
        # ROOT stands before the words, so a sentence is one longer than its words.
        cpu_lengths = (lengths + 1).cpu()
        for layer in self.layers:
            packed = pack_padded_sequence(values, cpu_lengths, batch_first=True, enforce_sorted=False)
            out: PackedSequence = torch.func.functional_call(layer, self._weights(layer), (packed,))[0]
            values, _ = pad_packed_sequence(out, batch_first=True, total_length=words)
            values = self.dropout(values)
        return values

    def _weights(self, layer: nn.Module) -> dict[str, Tensor]:
        """The weights of a layer; in training some recurrent ones are zero for this batch."""
        if not self.training or not self.weight_drop:
            return dict(layer.named_parameters())
        return {
            name: nn.functional.dropout(weight, self.weight_drop) if "weight_hh" in name else weight
            for name, weight in layer.named_parameters()
        }
