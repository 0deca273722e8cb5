"""Where two words stand to each other in the basic tree, as input for scores of pairs of words.

Most of an enhanced graph follows from the tree: an arc is one of the tree; or it leads from a conjunct's sibling, from
the head of the head, or to the subject of an open complement. So a pair of words that are so near has a vector, made of
their kinship, of the relations of both, and of that of the dependent's head.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from depparse.layers.trees.reader import Arcs

WINDOW = 64  # words; what is further apart is kin as head and dependent alone, as siblings could be all pairs
# What the head is to the dependent of a pair: the first one that holds counts.
KINSHIPS = ("head", "dependent", "grandparent", "sibling", "sibling of the head", "dependent of a sibling")


class Kin(NamedTuple):
    """Pairs of words that are kin, in the order of sentences, dependents and heads."""

    pairs: Tensor  # [pairs, 3]: sentence, dependent, head
    kinships: Tensor  # [pairs]: number of the kinship in KINSHIPS
    relations: Tensor  # [pairs, 3]: of the dependent, of the head, and of the dependent's head in the tree


def find_kin(arcs: Arcs[Tensor], present: Tensor) -> Kin:
    """All pairs of kin; ``present[batch, words]`` is True at words and ROOT. O(batch · words²)."""
    heads, has_head = arcs.heads, arcs.known.squeeze(-1)
    grand = heads.gather(1, heads)
    has_grand = has_head & has_head.gather(1, heads)
    words = torch.arange(heads.shape[1], device=heads.device).expand_as(heads)
    # No number of a word, so that what has no head is kin to nothing.
    of_dependent, of_head = heads.masked_fill(~has_head, -1), heads.masked_fill(~has_head, -2)
    grand_of_dependent, grand_of_head = grand.masked_fill(~has_grand, -1), grand.masked_fill(~has_grand, -2)
    nothing = len(KINSHIPS)
    numbers = torch.full((*heads.shape, heads.shape[1]), nothing, dtype=torch.uint8, device=heads.device)
    # The last ones first: what comes later covers them.
    for kinship, left, right in (
        (5, of_dependent, grand_of_head),
        (4, grand_of_dependent, of_head),
        (3, of_dependent, of_head),
        (2, grand_of_dependent, words),
    ):
        numbers.masked_fill_(left[:, :, None] == right[:, None, :], kinship)
    far = torch.ones(numbers.shape[1:], dtype=torch.bool, device=heads.device).tril(-WINDOW - 1)
    numbers.masked_fill_(far | far.T, nothing)
    numbers.masked_fill_(words[:, :, None] == of_head[:, None, :], 1)
    numbers.masked_fill_(of_dependent[:, :, None] == words[:, None, :], 0)
    numbers.masked_fill_(~present[:, None, :], nothing).diagonal(dim1=1, dim2=2).fill_(nothing)
    pairs = (numbers < nothing).nonzero()
    sentence, dependent, head = pairs.unbind(-1)
    chosen = [arcs.relations[sentence, word] for word in (dependent, head, heads[sentence, dependent])]
    return Kin(pairs, numbers[sentence, dependent, head].long(), torch.stack(chosen, -1))


class Kinship(nn.Module):
    """``[pairs, width]`` of pairs of kin."""

    def __init__(self, width: int, n_relations: int) -> None:
        super().__init__()
        self.n_relations = n_relations
        self.embeddings = nn.ModuleList(nn.Embedding(len(KINSHIPS) * n_relations, width) for _ in range(3))

    def forward(self, kin: Kin) -> Tensor:
        """The sum of embeddings of the relations, of each in this kinship, through a GELU."""
        numbers = kin.kinships[:, None] * self.n_relations + kin.relations
        parts = (embedding(column) for embedding, column in zip(self.embeddings, numbers.unbind(-1), strict=True))
        return nn.functional.gelu(reduce(torch.add, parts))
