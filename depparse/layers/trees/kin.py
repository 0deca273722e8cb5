"""The kinship of two words in the basic tree, from which scores of pairs of words can be made. No torch here.

Most of an enhanced graph follows from the tree: an arc is an arc of the tree, or it comes from a conjunct's sibling or
from the head of the head, or it leads to the subject of an open complement. kinship.py has vectors of pairs of words
that are this near in the tree.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from depparse.features.batch import Ints
from depparse.layers.trees.reader import Arcs

# Words further apart are kin only as head and dependent, because all pairs of words could be siblings.
WINDOW = 64
# What the head of a pair is to its dependent in the tree; the first kinship that holds counts.
KINSHIPS = ("head", "dependent", "grandparent", "sibling", "sibling of the head", "dependent of a sibling")

Array = TypeVar("Array")  # of NumPy or of torch


class Kin(NamedTuple, Generic[Array]):
    """Pairs of words that are kin, ordered by sentence, dependent and head."""

    pairs: Array  # [pairs, 3]: sentence, dependent, head
    kinships: Array  # [pairs]: number of the kinship in KINSHIPS
    relations: Array  # [pairs, 3]: of the dependent, of the head, and of the dependent's head in the tree

    def rows(self, n_relations: int) -> Array:
        """The rows ``[pairs, 3]`` of the three tables of vectors, which have one for each kinship and relation."""
        return self.kinships[:, None] * n_relations + self.relations  # type: ignore[index,no-any-return]


def find_kin(arcs: Arcs[NDArray[Any]]) -> Kin[Ints]:
    """All pairs of kin. O(words · WINDOW), but for sorting."""
    # Words have numbers in the whole batch; two words of a sentence are as far apart in these as in the sentence.
    n_sentences, size = arcs.heads.shape
    heads = (arcs.heads + np.arange(n_sentences)[:, None] * size).ravel()
    known, relations = arcs.known.ravel(), arcs.relations.ravel()
    words = known.nonzero()[0]
    parents = heads[words]
    below = words[known[parents]]  # words that have a grandparent
    grandparents = heads[heads[below]]
    near = np.abs(below - grandparents) <= WINDOW
    families = np.sort(parents * heads.size + words)
    nephews, uncles = _near_dependents(below, grandparents, families, heads.size)
    found = [
        (words, parents),
        (parents, words),
        (below[near], grandparents[near]),
        _near_dependents(words, parents, families, heads.size),
        (nephews, uncles),
        (uncles, nephews),
    ]
    # One number for pair and kinship, so that sorting puts the first kinship of each pair first.
    kinships = np.repeat(np.arange(len(KINSHIPS)), [len(left) for left, _ in found])
    left, right = (np.concatenate(side) for side in zip(*found, strict=True))
    codes = np.sort((left * heads.size + right) * len(KINSHIPS) + kinships)
    pairs, kinships = np.divmod(codes, len(KINSHIPS))
    left, right = np.divmod(pairs, heads.size)
    counts = (np.diff(pairs, prepend=-1) > 0) & (left != right)
    left, right = left[counts], right[counts]
    return Kin(
        np.stack([left // size, left % size, right % size], -1),
        kinships[counts],
        relations[np.stack([left, right, heads[left]], -1)],
    )


def _near_dependents(words: Ints, parents: Ints, families: Ints, n_words: int) -> tuple[Ints, Ints]:
    """All pairs of one of the words and a dependent of its parent here, if they are at most WINDOW apart.

    `families` has ``head * n_words + dependent`` of all arcs, in order.
    """
    begins = np.searchsorted(families, parents * n_words + np.maximum(words - WINDOW, 0))
    ends = np.searchsorted(families, parents * n_words + np.minimum(words + WINDOW, n_words - 1), "right")
    sizes = ends - begins
    shifts = np.repeat(begins - (sizes.cumsum() - sizes), sizes)
    return np.repeat(words, sizes), families[np.arange(len(shifts)) + shifts] % n_words
