"""The kinship of two words in the basic tree, as input for scores of pairs of words.

Most of an enhanced graph follows from the tree: an arc is an arc of the tree too; or it leads from a conjunct's
sibling, from the head of the head, or to the subject of an open complement. So each pair of words that are near in the
tree has a vector. It is made from their kinship, from the relations of both to their heads, and from the relation of
the dependent's head.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from depparse.layers.trees.reader import Arcs

# Words further apart than this many words are kin only as head and dependent; else all pairs might be siblings.
WINDOW = 64
# What the head of a pair is to its dependent; if several are true, the first one counts.
KINSHIPS = ("head", "dependent", "grandparent", "sibling", "sibling of the head", "dependent of a sibling")


class Kin(NamedTuple):
    """The pairs of words that are kin, in the order of sentences, dependents and heads."""

    pairs: Tensor  # [pairs, 3]: sentence, dependent, head
    kinships: Tensor  # [pairs]: index of the kinship in KINSHIPS
    relations: Tensor  # [pairs, 3]: those of the dependent, of the head, and of the dependent's head in the tree


def find_kin(arcs: Arcs[Tensor], present: Tensor) -> Kin:
    """All pairs of kin; ``present[batch, words]`` is True at words and ROOT. O(batch · words²)."""
    heads, has_head = arcs.heads, arcs.known.squeeze(-1)
    grand = heads.gather(1, heads)
    has_grand = has_head & has_head.gather(1, heads)
    words = torch.arange(heads.shape[1], device=heads.device).expand_as(heads)
    # A missing head is -1 on the dependent's side and -2 on the head's, so that it is equal to no other number.
    of_dependent, of_head = heads.masked_fill(~has_head, -1), heads.masked_fill(~has_head, -2)
    grand_of_dependent, grand_of_head = grand.masked_fill(~has_grand, -1), grand.masked_fill(~has_grand, -2)
    nothing = len(KINSHIPS)
    numbers = torch.full((*heads.shape, heads.shape[1]), nothing, dtype=torch.uint8, device=heads.device)
    # In reverse order, as each kinship overwrites those before it.
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
    """The network that gives each pair of kin a vector, ``[pairs, width]``."""

    def __init__(self, width: int, n_relations: int) -> None:
        super().__init__()
        self.n_relations = n_relations
        self.embeddings = nn.ModuleList(nn.Embedding(len(KINSHIPS) * n_relations, width) for _ in range(3))

    def forward(self, kin: Kin) -> Tensor:
        """A GELU of the sum of three embeddings, one for each relation together with the kinship."""
        numbers = kin.kinships[:, None] * self.n_relations + kin.relations
        vectors = (embedding(column) for embedding, column in zip(self.embeddings, numbers.unbind(-1), strict=True))
        return nn.functional.gelu(reduce(torch.add, vectors))
