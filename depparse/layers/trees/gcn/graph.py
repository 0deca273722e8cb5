"""Graph convolutions over the tree as graphs of OpenVINO; see network.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from depparse.layers.graph import Array, Graphs, Node, ops
from depparse.layers.stored import StoredWeights
from depparse.layers.trees.gcn.config import GCNConfig
from depparse.layers.trees.reader import Arcs


class GCNGraph:
    """Linear layers in graphs; messages go along the arcs in NumPy."""

    def __init__(
        self, config: GCNConfig, weights: StoredWeights, graphs: Graphs, input_width: int, n_relations: int
    ) -> None:
        self.width = config.width
        self._layers = []
        for number in range(config.layers):
            own = weights.under(f"layers.{number}")
            values = graphs.parameter(-1, config.width if number else input_width)
            n_units = config.width + 1
            messages = [graphs.linear(values, own.under(name), n_units) for name in ("from_head", "from_dependent")]
            to_self = _gated(graphs.linear(values, own.under("from_self"), n_units), graphs, config.width)
            biases = [own.array(f"{name}_biases.weight", n_relations, n_units) for name in ("head", "dependent")]
            self._layers.append((graphs.compile([values], [to_self, *messages], by_row=True), biases))

    def __call__(self, values: Array, arcs: Arcs[Any]) -> Array:
        """The output ``[batch, words, width]`` of the last convolution."""
        n_words = values.shape[1]
        flat = arcs.heads + n_words * np.arange(len(values))[:, None]  # numbers of heads in the whole batch
        known = np.flatnonzero(arcs.known)
        heads, relations = flat.ravel()[known], arcs.relations.ravel()[known]
        order = heads.argsort(kind="stable")
        by_head = heads[order]
        starts = np.flatnonzero(np.diff(by_head, prepend=-1))
        for function, (head_biases, dependent_biases) in self._layers:
            to_self, from_head, from_dependent = (each.reshape(-1, each.shape[-1]) for each in function(values))
            to_self[known] += _gate(from_head[heads] + head_biases[relations])
            gated = _gate(from_dependent[known[order]] + dependent_biases[relations[order]])
            if len(starts):
                to_self[by_head[starts]] += np.add.reduceat(gated, starts)
            values = np.maximum(to_self, 0).reshape(len(values), n_words, -1)
        return values


def _gated(messages: Node, graphs: Graphs, width: int) -> Node:
    """The messages times their gates, which are the last units."""
    sizes = graphs.constant(np.array([width, 1]))
    vectors, gates = ops.variadic_split(messages, graphs.constant(np.array(-1)), sizes).outputs()
    return ops.multiply(vectors, ops.sigmoid(gates))


def _gate(messages: Array) -> Array:
    """The same for an array."""
    gated: Array = messages[:, :-1] / (1 + np.exp(-messages[:, -1:]))
    return gated


GRAPH = GCNGraph
