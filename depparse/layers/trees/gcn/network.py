"""Graph convolutions over the tree (Marcheggiani & Titov 2017, *Encoding Sentences with Graph Convolutional Networks
for Semantic Role Labeling*).

A word gets messages from its head, from its dependents and from itself. Each of these directions has a matrix, and each
relation has a bias in each direction. A gate of the same form, a scalar, says how much each message counts:

    h'_v = ReLU(Σ_u σ(h_u · w_direction + c_relation) (W_direction h_u + b_relation))

Where we differ:

- ROOT is a node like the words.
- Dropout leaves out the same units at all words of a sentence; the paper leaves out whole messages.
- Messages and gates of a word to itself have a bias; those along arcs have only that of the relation and direction.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.layers.dropout import SharedDropout
from depparse.layers.trees.gcn.config import GCNConfig
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax import at_heads, sum_to_heads


class GCN(nn.Module):
    """The layers, from ``[batch, words, input width]`` to ``[batch, words, width]``. O(words)."""

    def __init__(self, config: GCNConfig, input_width: int, n_relations: int) -> None:
        super().__init__()
        self.width = config.width
        self.layers = nn.ModuleList(
            _Convolution(config.width if layer else input_width, config.width, n_relations)
            for layer in range(config.layers)
        )
        self.dropout = SharedDropout(config.dropout)

    def forward(self, values: Tensor, arcs: Arcs[Tensor], lengths: Tensor) -> Tensor:
        """The output of the last layer; `lengths` are not needed."""
        for layer in self.layers:
            values = self.dropout(layer(values, arcs))
        return values


class _Convolution(nn.Module):
    """One layer: the sum of the gated messages to each word, through a ReLU."""

    def __init__(self, input_width: int, width: int, n_relations: int) -> None:
        super().__init__()
        # Each output holds a message and, as its last unit, the gate. An unknown relation has no bias.
        self.from_self = nn.Linear(input_width, width + 1)
        self.from_head, self.from_dependent = (nn.Linear(input_width, width + 1, bias=False) for _ in range(2))
        self.head_biases, self.dependent_biases = (
            nn.Embedding(n_relations, width + 1, padding_idx=0) for _ in range(2)
        )
        for biases in (self.head_biases, self.dependent_biases):
            nn.init.zeros_(biases.weight)

    def forward(self, values: Tensor, arcs: Arcs[Tensor]) -> Tensor:
        from_head = at_heads(arcs, self.from_head(values)) + self.head_biases(arcs.relations)
        from_dependent = self.from_dependent(values) + self.dependent_biases(arcs.relations)
        messages = _gated(self.from_self(values)) + _gated(from_head) * arcs.known
        return torch.relu(messages + sum_to_heads(arcs, _gated(from_dependent)))


def _gated(messages: Tensor) -> Tensor:
    """The messages, each multiplied by its gate, which is the last unit."""
    return messages[..., :-1] * messages[..., -1:].sigmoid()


SYNTAX = GCN
