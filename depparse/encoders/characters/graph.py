"""Vectors of words from their characters as a graph of OpenVINO; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.characters.codec import CharactersCodec, SpeltWords
from depparse.features.batch import Batch, Ints
from depparse.layers.graph import NEVER, Array, Graphs, ops
from depparse.layers.stored import NoGraph, StoredWeights


class CharactersGraph:
    """The convolutions."""

    def __init__(self, codec: CharactersCodec, weights: StoredWeights, graphs: Graphs) -> None:
        if codec.config.kind != "cnn":
            raise NoGraph(f"characters of the kind {codec.config.kind} have no graph, only cnn has")
        self._embedding = weights.table("embedding.weight", len(codec.vocabulary))
        self.width, self._windows = codec.config.width, codec.config.windows
        embedded = graphs.parameter(-1, -1, codec.config.embedding)
        values = ops.transpose(embedded, graphs.constant(np.array([0, 2, 1])))
        masks = [graphs.parameter(-1, 1, -1) for _ in self._windows]
        outputs = []
        for number, mask in enumerate(masks):
            filters = weights.under(f"convolutions.{number}")
            kernel = graphs.constant(filters.array("weight"))
            y = ops.convolution(values, kernel, strides=[1], pads_begin=[0], pads_end=[0], dilations=[1])
            y = ops.add(y, graphs.constant(filters.array("bias")[:, None]))
            outputs.append(ops.relu(ops.reduce_max(ops.add(y, mask), graphs.constant(np.array(2)))))
        self._convolve = graphs.compile([embedded, *masks], [ops.concat(outputs, 1)])

    def __call__(self, data: SpeltWords[Ints], _batch: Batch) -> list[Array]:
        """The vectors ``[batch, words, width]``."""
        spelt, sizes, words = data
        positions = np.arange(spelt.shape[1])
        embedded = self._embedding[spelt] * (positions < sizes[:, None])[..., None]
        masks = []
        for window in self._windows:
            # A word shorter than the window has one window, with zeros behind it.
            last = (sizes - window).clip(min=0)[:, None]
            beyond = positions[: spelt.shape[1] - window + 1] > last
            masks.append(np.where(beyond, np.float32(NEVER), np.float32(0))[:, None])
        (vectors,) = self._convolve(embedded, *masks)
        return [vectors[words]]


GRAPH = CharactersGraph
