"""Vectors of pairs of words that are near in the basic tree, as input for their scores (kin.py).

A vector is made from the kinship of the words, from the relations of both, and from the relation of the dependent's
head.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn

from depparse.layers.tensors import to_arrays, to_tensors
from depparse.layers.trees.kin import KINSHIPS, Kin, find_kin
from depparse.layers.trees.reader import Arcs


class Kinship(nn.Module):
    """All pairs of kin ``[pairs, 3]``, as `Kin.pairs`, and their vectors ``[pairs, width]``."""

    def __init__(self, width: int, n_relations: int) -> None:
        super().__init__()
        self.n_relations = n_relations
        self.embeddings = nn.ModuleList(nn.Embedding(len(KINSHIPS) * n_relations, width) for _ in range(3))

    def forward(self, arcs: Arcs[Tensor]) -> tuple[Tensor, Tensor]:
        """A vector is the GELU of the sum of three embeddings, one for each relation in this kinship."""
        kin: Kin[Tensor] = to_tensors(find_kin(to_arrays(arcs)), arcs.heads.device)
        columns = kin.rows(self.n_relations).unbind(-1)
        embedded = (embedding(column) for embedding, column in zip(self.embeddings, columns, strict=True))
        return kin.pairs, nn.functional.gelu(reduce(torch.add, embedded))
