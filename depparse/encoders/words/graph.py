"""Vectors of words looked up in NumPy, without torch; see network.py."""

from __future__ import annotations

from depparse.encoders.words.codec import WordsCodec
from depparse.features.batch import Batch, Ints
from depparse.layers.graph import Array, Graphs
from depparse.layers.stored import StoredWeights


class WordsGraph:
    """The table of vectors."""

    def __init__(self, codec: WordsCodec, weights: StoredWeights, _graphs: Graphs) -> None:
        self.width = codec.config.width
        self._embedding = weights.array("embedding.weight", len(codec.vocabulary), self.width)

    def __call__(self, numbers: Ints, _batch: Batch) -> list[Array]:
        """The vectors ``[batch, words, width]``."""
        return [self._embedding[numbers]]


GRAPH = WordsGraph
