"""Dependency paths between a word and all others, without networks: their config, and which step comes after which.
No torch here; path_lstm.py makes embeddings of paths."""

from __future__ import annotations

from typing import Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.registry import PartConfig
from depparse.structs.checks import Integers

Array = TypeVar("Array")  # of NumPy or of torch


class PathsConfig(PartConfig):
    """Embeddings of paths."""

    type: Literal["paths"] = "paths"
    width: int = Field(64, ge=1)  # units
    word_width: int = Field(64, ge=1)  # units of a word of the path
    relation_width: int = Field(32, ge=1)  # units of the embedding of a relation with its direction
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, the same units for a whole sentence


class PathInputs(NamedTuple, Generic[Array]):
    """What paths are made of; heads and relations are those of `Arcs`."""

    words: Array  # [batch, words, word width]
    heads: Array  # [batch, words]
    relations: Array  # [batch, words]


class Level(NamedTuple):
    """The words at the same distance from their predicates: a cell each."""

    predicates: Integers
    words: Integers
    before: Integers  # the word before each on its path, the word itself at distance 0
    cells: Integers  # the cell of the level before that has the path to that word


def levels(heads: Integers, predicates: Integers) -> list[Level]:
    """The trees as they hang from predicates, the predicates themselves first. O(predicates · words · longest path).

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
