"""Dependency-guided LSTM layers (Jie & Lu 2019, *Dependency-Guided LSTM-CRF for Named Entity Recognition*).

The first LSTM reads each word with its head and an embedding of their relation, [h; h_head; v_relation]. Each further
one reads the result of an interaction function g of the word and its head, both taken from the LSTM before:

    self: h    concatenation: [h; h_head]    addition: h + h_head    mlp: ReLU(W h + V h_head + b), twice as wide

Two layers and the mlp are the paper's best (there L = 1, as the first one is not counted). Where we differ: words have
the vectors of the encoder, in context; the head of the root is ROOT, not the root itself; without a head, h_head is
zero; recurrent weights are dropped for a batch (weight drop, `depparse.layers.bilstm`).
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from depparse.layers.bilstm import BiLSTM
from depparse.layers.trees.dglstm.config import DGLSTMConfig, Interaction
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax import at_heads


class DGLSTM(nn.Module):
    """The layers, from ``[batch, words, input width]`` to ``[batch, words, width]``. O(words)."""

    def __init__(self, config: DGLSTMConfig, input_width: int, n_relations: int) -> None:
        super().__init__()
        lstm = partial(BiLSTM, width=config.width, dropout=config.dropout, weight_drop=config.weight_drop)
        self.relations = nn.Embedding(n_relations, config.relation_width, padding_idx=0)
        self.first = lstm(2 * input_width + config.relation_width)
        self.width = self.first.width
        interactions = [_Interaction(config.interaction, self.width) for _ in range(1, config.layers)]
        self.interactions = nn.ModuleList(interactions)
        self.lstms = nn.ModuleList(lstm(interaction.width) for interaction in interactions)

    def forward(self, values: Tensor, arcs: Arcs[Tensor], lengths: Tensor) -> Tensor:
        """The output of the last LSTM; ``lengths[batch]`` are in words without ROOT."""
        joined = torch.cat([values, at_heads(arcs, values), self.relations(arcs.relations)], -1)
        values = self.first(joined, lengths)
        for interaction, lstm in zip(self.interactions, self.lstms, strict=True):
            values = lstm(interaction(values, at_heads(arcs, values)), lengths)
        return values


class _Interaction(nn.Module):
    """The function g of a word and its head."""

    def __init__(self, kind: Interaction, width: int) -> None:
        super().__init__()
        self.kind = kind
        self.width = width if kind in ("self", "addition") else 2 * width
        self.mix = nn.Linear(2 * width, self.width) if kind == "mlp" else None

    def forward(self, values: Tensor, heads: Tensor) -> Tensor:
        if self.kind == "self":
            return values
        if self.kind == "addition":
            return values + heads
        both = torch.cat([values, heads], -1)
        return both if self.mix is None else torch.relu(self.mix(both))


SYNTAX = DGLSTM
