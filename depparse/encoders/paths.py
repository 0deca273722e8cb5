"""Embeddings of the dependency paths between a word and all others (Roth & Lapata 2016, *Neural Semantic Role Labeling
with Dependency Path Embeddings*).

An LSTM reads the words from a predicate to another word along the tree, each with the relation and the direction, up or
down, by which it is reached; its last state is the embedding of the path. The path to a word is that to the word before
it on the path and one step more. So the LSTM runs once over the tree as it hangs from the predicate, all words at the
same distance and all predicates together: O(predicates · words) steps of the LSTM, one after the other only as far as
the longest path. Where we differ: word, relation and direction are one item of the path, not several, and a word is
what the inputs of the encoder say of it, which tells of its part of speech too.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from depparse.encoders.dropout import SharedDropout
from depparse.encoders.trees import Arcs
from depparse.registry import PartConfig
from depparse.structs.checks import Integers


class PathsConfig(PartConfig):
    """Embeddings of paths."""

    type: Literal["paths"] = "paths"
    width: int = Field(64, ge=1)  # units
    word_width: int = Field(64, ge=1)  # units of a word of the path
    relation_width: int = Field(32, ge=1)  # units of the embedding of a relation with its direction
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, the same units for a whole sentence


class PathInputs(NamedTuple):
    """What paths are made of."""

    words: Tensor  # [batch, words, word width]
    arcs: Arcs[Tensor]


class Level(NamedTuple):
    """The words at the same distance from their predicates: a cell each."""

    predicates: Integers
    words: Integers
    before: Integers  # the word before each on its path, the word itself at distance 0
    places: Integers  # the cell of the level before that has the path to that word


class Paths(nn.Module):
    """``[batch, words, input width]``, trees and places of predicates to ``[predicates, words, width]``."""

    def __init__(self, config: PathsConfig, input_width: int, n_relations: int) -> None:
        super().__init__()
        self.width, self.n_relations = config.width, n_relations
        self.word = nn.Sequential(nn.Linear(input_width, config.word_width), SharedDropout(config.dropout))
        # The start of a path, then relations up, then relations down.
        self.steps = nn.Embedding(1 + 2 * n_relations, config.relation_width)
        self.cell = nn.LSTMCell(config.word_width + config.relation_width, config.width)

    def prepare(self, values: Tensor, arcs: Arcs[Tensor]) -> PathInputs:
        return PathInputs(self.word(values), arcs)

    def forward(self, inputs: PathInputs, places: Tensor) -> Tensor:
        """For ``places[predicates, 2]``, sentence and word, the path to each word; zeros where there is none."""
        sentence, word = places.T
        heads = inputs.arcs.heads[sentence]
        relations = inputs.arcs.relations[sentence]
        paths = inputs.words.new_zeros(len(places), inputs.words.shape[1], self.width)
        hidden = cell = inputs.words.new_zeros(1, self.width)
        found: list[Tensor] = []
        rows: list[Tensor] = []
        for distance, level in enumerate(levels(heads.numpy(force=True), word.numpy(force=True))):
            predicates, words, before, earlier = (torch.as_tensor(part, device=heads.device) for part in level)
            down = heads[predicates, words] == before
            step = torch.where(down, self.n_relations, 0) + torch.where(
                down, relations[predicates, words], relations[predicates, before]
            )
            step = torch.zeros_like(words) if not distance else 1 + step
            item = torch.cat([inputs.words[sentence[predicates], words], self.steps(step)], -1)
            hidden, cell = self.cell(item, (hidden[earlier], cell[earlier]))
            found.append(hidden)
            rows.append(predicates * paths.shape[1] + words)
        if not found:
            return paths
        return paths.flatten(0, 1).index_copy(0, torch.cat(rows), torch.cat(found).to(paths.dtype)).view_as(paths)


def levels(heads: Integers, predicates: Integers) -> list[Level]:
    """The trees as they hang from predicates, the predicates themselves first.

    ``heads[predicates, words]``: the head of each word in the sentence of each predicate, 0 for ROOT or none;
    ``predicates[predicates]`` are their words. ROOT is on no path. What hangs on a cycle has a path once, if at all.
    """
    rows = np.arange(len(predicates))
    before = heads.copy()
    reached: NDArray[np.bool_] = np.zeros(heads.shape, dtype=bool)
    current, climbing = predicates, rows
    before[rows, predicates] = 0
    reached[rows, predicates] = True
    while len(climbing):  # what is above a predicate is reached from below
        above = heads[climbing, current]
        on = (above > 0) & ~reached[climbing, above]
        climbing, current, above = climbing[on], current[on], above[on]
        before[climbing, above] = current
        reached[climbing, above] = True
        current = above
    found, place = [], np.full(heads.shape, -1)
    todo = before > 0
    new = rows, predicates, predicates, np.zeros_like(rows)
    while len(new[0]):
        level = Level(*new)
        found.append(level)
        place[:] = -1
        place[level.predicates, level.words] = np.arange(len(level.words))
        row, word = np.nonzero(todo)
        earlier = place[row, before[row, word]]
        next_to = earlier >= 0
        row, word, earlier = row[next_to], word[next_to], earlier[next_to]
        todo[row, word] = False
        new = row, word, before[row, word], earlier
    return found
