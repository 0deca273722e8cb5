"""The classifier of edit scripts as a graph of OpenVINO; see network.py."""

from __future__ import annotations

from depparse.encoders.codec import Widths
from depparse.layers.graph import Array, Graphs, perceptron
from depparse.layers.stored import EncodedArrays, StoredWeights
from depparse.tasks.lemmatizer.codec import LemmatizerCodec


class LemmatizerGraph:
    """A perceptron with one hidden layer."""

    def __init__(self, codec: LemmatizerCodec, weights: StoredWeights, graphs: Graphs, widths: Widths) -> None:
        values = graphs.parameter(-1, widths.context + widths.inputs)
        scores = perceptron(values, weights.under("classifier"), graphs, len(codec.scripts))
        self._classify = graphs.compile([values], [scores], by_row=True)

    def __call__(self, encoded: EncodedArrays, _trees: None) -> Array:
        """Scores of scripts, ``[batch, words, scripts]``."""
        return self._classify(encoded.both)[0]


GRAPH = LemmatizerGraph
