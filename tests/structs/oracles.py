"""The oracles of the algorithms: all trees, computed as plainly as possible and apart from the package."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from depparse.structs.automaton import Automaton

FORBIDDEN = -np.inf


def reaches_root(heads: tuple[int, ...], word: int) -> bool:
    for _ in heads:
        word = heads[word]
        if word == 0:
            return True
    return False


def is_below(heads: tuple[int, ...], word: int, ancestor: int) -> bool:
    for _ in heads:
        if word == ancestor:
            return True
        word = heads[word]
    return False


def crosses_nothing(heads: tuple[int, ...]) -> bool:
    """Every word between a word and its head is below that head."""
    return all(
        is_below(heads, between, head)
        for word, head in enumerate(heads)
        if word
        for between in range(min(word, head) + 1, max(word, head))
    )


@lru_cache
def all_trees(n: int, projective: bool = False) -> np.ndarray:
    """heads[trees, words] of every tree of n words with one root."""
    trees = [
        (0, *heads)
        for heads in itertools.product(range(n + 1), repeat=n)
        if heads.count(0) == min(n, 1) and all(reaches_root((0, *heads), word) for word in range(1, n + 1))
    ]
    return np.array([heads for heads in trees if not projective or crosses_nothing(heads)])


def tree_scores(scores: np.ndarray, trees: np.ndarray) -> np.ndarray:
    """scores[trees] of heads[trees, words]: the sum over their arcs."""
    words = np.arange(1, len(scores))
    return scores.astype(np.float64)[words, trees[:, 1:]].sum(1)


def tree_score(scores: np.ndarray, heads: np.ndarray) -> float:
    """The score of one tree, heads[words]."""
    return float(tree_scores(scores, heads[None])[0])


def random_scores(seed: int, n: int, *, forbidden: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Normal scores with a share of forbidden arcs, and rubbish where no algorithm may look."""
    generator = np.random.default_rng(seed)
    scores = scale * generator.normal(size=(n + 1, n + 1))
    scores[generator.random(scores.shape) < forbidden] = FORBIDDEN
    np.fill_diagonal(scores, np.nan)
    scores[0] = np.inf
    return scores


@st.composite
def score_matrices(draw: st.DrawFn, longest: int = 5) -> np.ndarray:
    """Scores with ties, forbidden arcs and long tails, often without any tree."""
    n = draw(st.integers(1, longest))
    numbers = draw(
        st.sampled_from(
            [
                st.integers(-2, 2).map(float),
                st.floats(-1e3, 1e3),
                st.one_of(st.just(FORBIDDEN), st.integers(-1, 1).map(float)),
                st.one_of(st.just(FORBIDDEN), st.floats(-50, 50)),
            ]
        )
    )
    cells = draw(st.lists(numbers, min_size=(n + 1) ** 2, max_size=(n + 1) ** 2))
    return np.array(cells).reshape(n + 1, n + 1)


def at_most_once(n_labels: int, labels: Collection[int]) -> Automaton:
    """The automaton of the sequences with at most one of `labels`, such as the beginnings of a core role."""
    others = [label for label in range(n_labels) if label not in labels]
    before, after = dict.fromkeys(others, (0,)), dict.fromkeys(others, (1,))
    return Automaton(n_labels, [before | dict.fromkeys(labels, (1,)), after], (0,), (0, 1))
