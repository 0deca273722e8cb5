"""Dependency paths between a word and all others, without networks: their config, and the order of their steps.

No torch here; path_lstm.py makes embeddings of paths.
"""

from __future__ import annotations

from typing import Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.registry import PartConfig
from depparse.structs.checks import Integers

Array = TypeVar("Array")  # of NumPy or of torch


class PathsConfig(PartConfig):
    """The settings of embeddings of paths."""

    type: Literal["paths"] = "paths"
    width: int = Field(64, ge=1)  # units
    word_width: int = Field(64, ge=1)  # units of a word of the path
    relation_width: int = Field(32, ge=1)  # units of the embedding of a relation with its direction
    dropout: float = Field(0.33, ge=0, lt=1)  # probability that a unit is dropped, in a whole sentence


class PathInputs(NamedTuple, Generic[Array]):
    """The arrays that paths are made from; heads and relations are those of `Arcs`."""

    words: Array  # [batch, words, word width]
    heads: Array  # [batch, words]
    relations: Array  # [batch, words]


class Level(NamedTuple):
    """All words at the same distance from a predicate. Each pair of a predicate and such a word is a cell."""

    predicates: Integers  # [cells]
    words: Integers  # [cells]
    before: Integers  # [cells], the word before it on the path; at distance 0 the word itself
    cells: Integers  # [cells], the index of that word's cell in the level before


def levels(heads: Integers, predicates: Integers) -> list[Level]:
    """The levels of the trees as they hang from predicates, beginning with the predicates themselves.

    ``heads[predicates, words]`` is the head of each word in the sentence of each predicate, 0 for ROOT or none;
    ``predicates[predicates]`` is the word of each predicate. ROOT is on no path. In a graph with a cycle, a word has at
    most one path. O(predicates · words · longest path).
    """
    rows = np.arange(len(predicates))
    before = heads.copy()
    reached: NDArray[np.bool_] = np.zeros(heads.shape, dtype=bool)
    current, climbing = predicates, rows
    before[rows, predicates] = 0
    reached[rows, predicates] = True
    while len(climbing):  # words above a predicate are reached from the word below them, all others from their head
        above = heads[climbing, current]
        goes_on = (above > 0) & ~reached[climbing, above]
        climbing, current, above = climbing[goes_on], current[goes_on], above[goes_on]
        before[climbing, above] = current
        reached[climbing, above] = True
        current = above
    by_distance, cell = [], np.full(heads.shape, -1)
    todo = before > 0
    new = rows, predicates, predicates, np.zeros_like(rows)
    while len(new[0]):
        level = Level(*new)
        by_distance.append(level)
        cell[:] = -1
        cell[level.predicates, level.words] = np.arange(len(level.words))
        row, word = np.nonzero(todo)
        earlier = cell[row, before[row, word]]
        next_to = earlier >= 0
        row, word, earlier = row[next_to], word[next_to], earlier[next_to]
        todo[row, word] = False
        new = row, word, before[row, word], earlier
    return by_distance
