"""The biaffine forms of trees as graphs of OpenVINO; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.codec import Widths
from depparse.features.batch import Ints
from depparse.layers.graph import Array, Graphs, exclude_arcs, leaky_relu, ops, with_one
from depparse.layers.stored import EncodedArrays, StoredWeights
from depparse.tasks.dependencies.codec import DependencyCodec, DependencyScores


class DependenciesGraph:
    """Two biaffine forms: one of arcs, one of labels."""

    def __init__(self, codec: DependencyCodec, weights: StoredWeights, graphs: Graphs, widths: Widths) -> None:
        values = graphs.parameter(-1, widths.context)
        vectors = [leaky_relu(graphs.linear(values, weights.under(f"represent.{number}.0"))) for number in range(4)]
        width = codec.config.arc_width
        form = weights.array("arcs", width + 1, width) / np.float32(width**0.5)
        mixed = ops.add(ops.matmul(vectors[0], graphs.constant(form[:-1]), False, False), graphs.constant(form[-1]))
        self._represent = graphs.compile([values], [mixed, *vectors[1:]], by_row=True)
        self._width, self._n_labels = codec.config.label_width + 1, len(codec.labels)
        form = weights.array("label_weights", self._width, self._n_labels, self._width)
        dependents, heads = graphs.parameter(-1, self._width), graphs.parameter(-1, -1, self._width)
        matrix = graphs.constant(form.transpose(0, 2, 1).reshape(self._width, -1))
        shape = graphs.constant(np.array([-1, self._width, self._n_labels]))
        by_label = ops.reshape(ops.matmul(dependents, matrix, False, False), shape, False)
        self._label = graphs.compile([dependents, heads], [ops.matmul(heads, by_label, False, False)], by_row=True)

    def __call__(self, encoded: EncodedArrays, _trees: None) -> DependencyScores[Array]:
        """Scores of all arcs, and vectors for those of labels. O(words²)."""
        dependents, heads, label_dependents, label_heads = self._represent(encoded.context)
        arc_scores = dependents @ heads.transpose(0, 2, 1)
        exclude_arcs(arc_scores, encoded.lengths)
        return DependencyScores(arc_scores, label_dependents, label_heads)

    def label_scores(self, label_dependents: Array, label_heads: Array, heads: Ints) -> Array:
        """The scores ``[batch, words, heads, labels]`` of arcs to each word from its ``heads[batch, words, heads]``."""
        chosen = np.take_along_axis(label_heads, heads.reshape(len(heads), -1, 1), 1)
        chosen = with_one(chosen).reshape(-1, heads.shape[2], self._width)
        dependents = with_one(label_dependents).reshape(-1, self._width)
        (scores,) = self._label(dependents, chosen)
        return scores.reshape(*heads.shape, -1)


GRAPH = DependenciesGraph
