"""Graphs in which every word can be reached from ROOT: the enhanced dependencies of UD.

An arc is there or not by itself, with the score as its log-odds. The most probable graph of all has the arcs of
positive score; if some words are out of reach then, the most probable one with all in reach has more of them. Which
ones is what a maximum spanning tree tells (Chu & Liu 1965, Edmonds 1967), in which the arcs that are there cost nothing
and every other one what it takes from the probability: graph and tree together are exactly the best graph.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from depparse.structs.checks import ArcScores, check_scores
from depparse.structs.mst import maximum_spanning_tree

Bools = NDArray[np.bool_]


def best_graph(scores: ArcScores) -> Bools:
    """``arcs[words, words]``, of dependents and heads, of the best graph for ``scores[dependents, heads]``. O(n²).

    Raises DepparseError if a score is NaN or +inf, or if the arcs that -inf does not forbid leave a word out of reach.
    """
    checked = check_scores(scores)
    arcs: Bools = checked > 0
    if not reached(arcs).all():
        # The tree has one child of its root, and so ROOT, which may have more, is that child: a word like the others.
        size = len(checked)
        gains = np.full((size + 1, size + 1), -np.inf)
        gains[1, 0] = 0.0
        np.minimum(checked[1:], 0.0, out=gains[2:, 1:])
        tree = maximum_spanning_tree(gains)
        arcs[np.arange(1, size), tree[2:] - 1] = True
    return arcs


def reached(arcs: Bools) -> Bools:
    """The words that can be reached from ROOT by ``arcs[dependents, heads]``, ROOT among them. O(n²)."""
    seen = np.zeros(len(arcs), bool)
    stack = [0]
    seen[0] = True
    while stack:
        new = np.flatnonzero(arcs[:, stack.pop()] & ~seen)
        seen[new] = True
        stack += new.tolist()
    return seen
