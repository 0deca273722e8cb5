"""Graphs in which every word can be reached from ROOT: the enhanced dependencies of UD.

Each arc is in the graph or not, independently of the others; its score is the log-odds. The most probable graph has
exactly the arcs of positive score. If some words cannot be reached in it, the most probable graph in which all can be
reached has further arcs. A maximum spanning tree says which (Chu & Liu 1965, Edmonds 1967): in it, arcs of the graph
cost nothing, and every other arc costs as much log-probability as it would take from the graph. The arcs of the graph
and of the tree together are exactly the best graph.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from depparse.structs.checks import ArcScores, check_scores
from depparse.structs.mst import maximum_spanning_tree

Bools = NDArray[np.bool_]


def best_graph(scores: ArcScores) -> Bools:
    """The arcs of the best graph for ``scores[dependents, heads]``, as booleans of the same shape. O(n²).

    Raises DepparseError if a score is NaN or +inf, or if the arcs that -inf does not forbid leave a word out of reach.
    """
    checked = check_scores(scores)
    arcs: Bools = checked > 0
    if not reached(arcs).all():
        # The tree algorithm gives its root one dependent, but ROOT may have several: here ROOT is that one dependent.
        size = len(checked)
        gains = np.full((size + 1, size + 1), -np.inf)
        gains[1, 0] = 0.0
        np.minimum(checked[1:], 0.0, out=gains[2:, 1:])
        tree = maximum_spanning_tree(gains)
        arcs[np.arange(1, size), tree[2:] - 1] = True
    return arcs


def reached(arcs: Bools) -> Bools:
    """The words that can be reached from ROOT by ``arcs[dependents, heads]``, ROOT among them. O(n²)."""
    is_reached = np.zeros(len(arcs), np.bool_)
    is_reached[0] = True
    new = is_reached
    while new.any():
        new = arcs[:, new].any(1) & ~is_reached
        is_reached |= new
    return is_reached
