"""The kinship of two words in the basic tree, as input for the scores of pairs of words.

Most of an enhanced graph follows from the tree: an arc is an arc of the tree, or it comes from a conjunct's sibling or
from the head of the head, or it leads to the subject of an open complement. So two words that are this near in the tree
have a vector, made from their kinship, from the relations of both, and from the relation of the dependent's head.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from depparse.layers.trees.reader import Arcs

# Words further apart are kin only as head and dependent, because all pairs of words could be siblings.
WINDOW = 64
# What the head of a pair is to its dependent in the tree; the first kinship that holds counts.
KINSHIPS = ("head", "dependent", "grandparent", "sibling", "sibling of the head", "dependent of a sibling")


class Kin(NamedTuple):
    """Pairs of words that are kin, ordered by sentence, dependent and head."""

    pairs: Tensor  # [pairs, 3]: sentence, dependent, head
    kinships: Tensor  # [pairs]: number of the kinship in KINSHIPS
    relations: Tensor  # [pairs, 3]: of the dependent, of the head, and of the dependent's head in the tree


def find_kin(arcs: Arcs[Tensor], present: Tensor) -> Kin:
    """All pairs of kin; ``present[batch, words]`` is True at words and ROOT. O(batch · words²)."""
    heads, has_head = arcs.heads, arcs.known.squeeze(-1)
    grand = heads.gather(1, heads)
    has_grand = has_head & has_head.gather(1, heads)
    words = torch.arange(heads.shape[1], device=heads.device).expand_as(heads)
    # Missing heads get numbers that no word has, different on both sides, so that they match nothing.
    of_dependent, of_head = heads.masked_fill(~has_head, -1), heads.masked_fill(~has_head, -2)
    grand_of_dependent, grand_of_head = grand.masked_fill(~has_grand, -1), grand.masked_fill(~has_grand, -2)
    not_kin = len(KINSHIPS)
    numbers = torch.full((*heads.shape, heads.shape[1]), not_kin, dtype=torch.uint8, device=heads.device)
    # The last kinships come first, because later ones overwrite them.
    for kinship, left, right in (
        (5, of_dependent, grand_of_head),
        (4, grand_of_dependent, of_head),
        (3, of_dependent, of_head),
        (2, grand_of_dependent, words),
    ):
        numbers.masked_fill_(left[:, :, None] == right[:, None, :], kinship)
    distant = torch.ones(numbers.shape[1:], dtype=torch.bool, device=heads.device).tril(-WINDOW - 1)
    numbers.masked_fill_(distant | distant.T, not_kin)
    numbers.masked_fill_(words[:, :, None] == of_head[:, None, :], 1)
    numbers.masked_fill_(of_dependent[:, :, None] == words[:, None, :], 0)
    numbers.masked_fill_(~present[:, None, :], not_kin).diagonal(dim1=1, dim2=2).fill_(not_kin)
    pairs = (numbers < not_kin).nonzero()
    sentence, dependent, head = pairs.unbind(-1)
    relations = [arcs.relations[sentence, word] for word in (dependent, head, heads[sentence, dependent])]
    return Kin(pairs, numbers[sentence, dependent, head].long(), torch.stack(relations, -1))


class Kinship(nn.Module):
    """Vectors ``[pairs, width]`` of pairs of kin."""

    def __init__(self, width: int, n_relations: int) -> None:
        super().__init__()
        self.n_relations = n_relations
        self.embeddings = nn.ModuleList(nn.Embedding(len(KINSHIPS) * n_relations, width) for _ in range(3))

    def forward(self, kin: Kin) -> Tensor:
        """The GELU of the sum of three embeddings, one for each relation in this kinship."""
        numbers = kin.kinships[:, None] * self.n_relations + kin.relations
        embedded = (embedding(column) for embedding, column in zip(self.embeddings, numbers.unbind(-1), strict=True))
        return nn.functional.gelu(reduce(torch.add, embedded))
