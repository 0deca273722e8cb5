"""Vectors of words from their characters as a graph of OpenVINO; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.characters.codec import CharactersCodec, SpeltWords
from depparse.features.batch import Batch, Ints
from depparse.layers.graph import NEVER, Array, Graphs, ops, round_up
from depparse.layers.stored import NoGraph, StoredWeights

_WORDS = 128  # words that are read at once


class CharactersGraph:
    """The convolutions."""

    def __init__(self, codec: CharactersCodec, weights: StoredWeights, graphs: Graphs) -> None:
        if codec.config.kind != "cnn":
            raise NoGraph(f"characters of the kind {codec.config.kind} have no graph, only cnn has")
        self._embedding = weights.array("embedding.weight", len(codec.vocabulary), codec.config.embedding)
        self.width, self._windows = codec.config.width, codec.config.windows
        embedded = graphs.parameter(-1, -1, codec.config.embedding)
        values = ops.transpose(embedded, graphs.constant(np.array([0, 2, 1])))
        masks = [graphs.parameter(-1, 1, -1) for _ in self._windows]
        outputs = []
        shares = [self.width // len(masks)] * len(masks)
        shares[-1] += self.width - sum(shares)
        for number, (mask, share) in enumerate(zip(masks, shares, strict=True)):
            filters = weights.under(f"convolutions.{number}")
            sizes = share, codec.config.embedding, self._windows[number]
            kernel = graphs.constant(filters.array("weight", *sizes))
            y = ops.convolution(values, kernel, strides=[1], pads_begin=[0], pads_end=[0], dilations=[1])
            y = ops.add(y, graphs.constant(filters.array("bias", share)[:, None]))
            outputs.append(ops.relu(ops.reduce_max(ops.add(y, mask), graphs.constant(np.array(2)))))
        self._convolve = graphs.compile([embedded, *masks], [ops.concat(outputs, 1)])

    def __call__(self, data: SpeltWords[Ints], _batch: Batch) -> list[Array]:
        """The vectors ``[batch, words, width]``."""
        spelt, sizes, words = data
        # Words of similar lengths are read together, since most words are shorter than the longest.
        lengths = np.array([round_up(max(size, *self._windows)) for size in range(int(sizes.max()) + 1)])[sizes]
        vectors = np.empty((len(spelt), self.width), np.float32)
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(lengths == length)
            for first in range(0, len(rows), _WORDS):
                chosen = rows[first : first + _WORDS]
                vectors[chosen] = self._read(spelt[chosen, :length], sizes[chosen], length)
        return [vectors[words]]

    def _read(self, spelt: Ints, sizes: Ints, length: int) -> Array:
        """The vectors of words of at most `length` characters, ``[words, width]``."""
        n_words, n_characters = spelt.shape
        padded = np.zeros((round_up(n_words), length), np.int64)
        padded[:n_words, :n_characters] = spelt
        all_sizes = np.ones(len(padded), np.int64)
        all_sizes[:n_words] = sizes
        positions = np.arange(length)
        embedded = self._embedding[padded] * (positions < all_sizes[:, None])[..., None]
        masks = []
        for window in self._windows:
            # A word shorter than the window has one window, with zeros behind it.
            last = (all_sizes - window).clip(min=0)[:, None]
            beyond = positions[: length - window + 1] > last
            masks.append(np.where(beyond, np.float32(NEVER), np.float32(0))[:, None])
        return self._convolve(embedded, *masks)[0][:n_words]


GRAPH = CharactersGraph
