"""Layers over trees as graphs of OpenVINO; see syntax.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from depparse.layers.graph import Array, Graphs
from depparse.layers.stored import NoGraph, StoredWeights
from depparse.layers.trees.reader import LAYERS, Arcs
from depparse.registry import PartConfig


class SyntaxGraph:
    """The input and, behind it, the output of layers over trees; without a config, the input alone."""

    def __init__(
        self, config: PartConfig | None, weights: StoredWeights, graphs: Graphs, input_width: int, n_relations: int
    ) -> None:
        self.width, self._layers = input_width, None
        if config is not None:
            graph = LAYERS.attribute_of(config.type, "graph", "GRAPH") if LAYERS.is_folder(config.type) else None
            if graph is None:
                raise NoGraph(f"{config.type} has no graph for OpenVINO")
            self._layers = graph(config, weights.under("layers"), graphs, input_width, n_relations)
            self.width += self._layers.width

    def __call__(self, values: Array, arcs: Arcs[Any] | None) -> Array:
        """The vectors ``[batch, words, width]``; `arcs` may be None if there are no layers."""
        return values if self._layers is None else np.concatenate([values, self._layers(values, arcs)], -1)
