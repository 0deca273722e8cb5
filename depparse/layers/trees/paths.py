"""Dependency paths from a predicate to all other words: their settings, and the order in which an LSTM reads them.

This file does without torch; path_lstm.py makes embeddings of paths.
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
    """The settings of path embeddings."""

    type: Literal["paths"] = "paths"
    width: int = Field(64, ge=1)  # units of a path
    word_width: int = Field(64, ge=1)  # units of a word of the path
    relation_width: int = Field(32, ge=1)  # units of the embedding of a relation with its direction
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, the same units for a whole sentence


class PathInputs(NamedTuple, Generic[Array]):
    """The input of path embeddings; heads and relations are those of `Arcs`."""

    words: Array  # [batch, words, word width]
    heads: Array  # [batch, words]
    relations: Array  # [batch, words]


class Level(NamedTuple):
    """The words at the same distance from their predicates. Each array has one item for each word."""

    predicates: Integers
    words: Integers
    before: Integers  # the word before it on its path; at distance 0 the word itself
    cells: Integers  # the index, in the level before, of the path to that word


def levels(heads: Integers, predicates: Integers) -> list[Level]:
    """The levels of trees whose roots are the predicates, the predicates first. O(predicates · words · longest path).

    ``heads[predicates, words]`` are the heads in the sentence of each predicate, 0 for ROOT or none;
    ``predicates[predicates]`` are the words of the predicates. ROOT is on no path. If heads form a cycle, each word
    still has at most one path.
    """
    rows = np.arange(len(predicates))
    before = heads.copy()
    reached: NDArray[np.bool_] = np.zeros(heads.shape, dtype=bool)
    current, climbing = predicates, rows
    before[rows, predicates] = 0
    reached[rows, predicates] = True
    while len(climbing):  # words above a predicate are reached from below
        above = heads[climbing, current]
        goes_on = (above > 0) & ~reached[climbing, above]
        climbing, current, above = climbing[goes_on], current[goes_on], above[goes_on]
        before[climbing, above] = current
        reached[climbing, above] = True
        current = above
    by_distance, cell = [], np.full(heads.shape, -1)
    waiting = before > 0
    new = rows, predicates, predicates, np.zeros_like(rows)
    while len(new[0]):
        level = Level(*new)
        by_distance.append(level)
        cell[:] = -1
        cell[level.predicates, level.words] = np.arange(len(level.words))
        row, word = np.nonzero(waiting)
        earlier = cell[row, before[row, word]]
        next_to = earlier >= 0
        row, word, earlier = row[next_to], word[next_to], earlier[next_to]
        waiting[row, word] = False
        new = row, word, before[row, word], earlier
    return by_distance
