"""Vectors of treebanks looked up in NumPy, without torch; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.treebank.codec import TreebankCodec
from depparse.features.batch import Batch
from depparse.layers.graph import Array, Graphs
from depparse.layers.stored import StoredWeights


class TreebankGraph:
    """The table of vectors."""

    def __init__(self, codec: TreebankCodec, weights: StoredWeights, _graphs: Graphs) -> None:
        self.width = codec.config.width
        self._embedding = weights.array("embedding.weight", codec.n_treebanks, self.width)

    def __call__(self, _data: None, batch: Batch) -> list[Array]:
        """The vector of each sentence's treebank at all its words, ``[batch, words, width]``."""
        return [np.repeat(self._embedding[batch.sources][:, None], batch.shape[1], 1)]


GRAPH = TreebankGraph
