"""The classifiers of tags as a graph of OpenVINO; see network.py."""

from __future__ import annotations

from depparse.encoders.codec import Widths
from depparse.layers.graph import Array, Graphs, perceptron
from depparse.layers.stored import EncodedArrays, StoredWeights
from depparse.tasks.tagger.codec import TaggerCodec


class TaggerGraph:
    """A perceptron for each column."""

    def __init__(self, codec: TaggerCodec, weights: StoredWeights, graphs: Graphs, widths: Widths) -> None:
        values = graphs.parameter(-1, widths.context + widths.inputs)
        scores = [
            perceptron(values, weights.under(f"classifiers.{column}"), graphs, len(vocabulary))
            for column, vocabulary in codec.vocabularies.items()
        ]
        self._classify = graphs.compile([values], scores, by_row=True)

    def __call__(self, encoded: EncodedArrays, _trees: None) -> list[Array]:
        """For each column, the scores of its labels ``[batch, words, labels]``."""
        return self._classify(encoded.both)


GRAPH = TaggerGraph
