"""The classifiers of tags as a graph of OpenVINO; see network.py."""

from __future__ import annotations

from depparse.encoders.codec import Widths
from depparse.layers.graph import Array, Graphs, perceptron
from depparse.layers.stored import EncodedArrays, StoredWeights
from depparse.tasks.tagger.codec import TaggerCodec


class TaggerGraph:
    """A perceptron for each column."""

    def __init__(self, codec: TaggerCodec, weights: StoredWeights, graphs: Graphs, widths: Widths) -> None:
        values = graphs.parameter(-1, -1, widths.context + widths.inputs)
        classifiers = [weights.under(f"classifiers.{column}") for column in codec.vocabularies]
        self._classify = graphs.compile([values], [perceptron(values, each, graphs) for each in classifiers])

    def __call__(self, encoded: EncodedArrays, _trees: None) -> list[Array]:
        """For each column, the scores of its labels ``[batch, words, labels]``."""
        return self._classify(encoded.both)


GRAPH = TaggerGraph
