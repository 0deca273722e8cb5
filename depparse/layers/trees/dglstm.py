"""Dependency-guided LSTM layers (Jie & Lu 2019, *Dependency-Guided LSTM-CRF for Named Entity Recognition*).

The first LSTM reads each word with its head and an embedding of their relation, [h; h_head; v_relation]; each further
one reads what an interaction function g makes of the word and its head, as the LSTM before has them:

    self: h    concatenation: [h; h_head]    addition: h + h_head    mlp: ReLU(W h + V h_head + b), twice as wide

Two layers and the mlp are the paper's best (there L = 1, as the first one is not counted). Where we differ: words are
those of the encoder, in context; the head of the root is ROOT, not the root itself; without a head, h_head is zero.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.encoders.bilstm.config import BiLSTMConfig
from depparse.encoders.bilstm.network import BiLSTM
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax import at_heads
from depparse.registry import PartConfig

Interaction = Literal["self", "concatenation", "addition", "mlp"]


class DGLSTMConfig(PartConfig):
    """Bidirectional LSTMs that see heads."""

    type: Literal["dglstm"] = "dglstm"
    width: int = Field(200, ge=2)  # units of both directions together
    layers: int = Field(2, ge=1)
    interaction: Interaction = "mlp"
    relation_width: int = Field(50, ge=1)  # units of the embedding of a relation
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, the same units for a whole sentence
    weight_drop: float = Field(0.2, ge=0, lt=1)  # probability that a recurrent weight is dropped for a batch


class DGLSTM(nn.Module):
    """``[batch, words, input width]`` to ``[batch, words, width]``. O(words)."""

    Config = DGLSTMConfig

    def __init__(self, config: DGLSTMConfig, input_width: int, n_relations: int) -> None:
        super().__init__()
        lstm = BiLSTMConfig(width=config.width, layers=1, dropout=config.dropout, weight_drop=config.weight_drop)
        self.relations = nn.Embedding(n_relations, config.relation_width, padding_idx=0)
        self.first = BiLSTM(lstm, 2 * input_width + config.relation_width)
        self.width = self.first.width
        interactions = [_Interaction(config.interaction, self.width) for _ in range(1, config.layers)]
        self.interactions = nn.ModuleList(interactions)
        self.lstms = nn.ModuleList(BiLSTM(lstm, interaction.width) for interaction in interactions)

    def forward(self, values: Tensor, arcs: Arcs[Tensor], lengths: Tensor) -> Tensor:
        seen = torch.cat([values, at_heads(arcs, values), self.relations(arcs.relations)], -1)
        values = self.first(seen, lengths)
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
