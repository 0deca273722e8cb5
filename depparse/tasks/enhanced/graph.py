"""The scores of enhanced dependencies as graphs of OpenVINO; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.codec import Widths
from depparse.features.batch import Ints
from depparse.layers.graph import Array, Graphs, exclude_arcs, leaky_relu, ops
from depparse.layers.stored import EncodedArrays, StoredWeights
from depparse.layers.trees.kin import KINSHIPS, find_kin
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax_graph import SyntaxGraph
from depparse.tasks.enhanced.codec import EnhancedCodec, EnhancedConfig, GraphScores, KinVectors


class EnhancedGraph:
    """A biaffine form for arcs, and a perceptron for labels."""

    def __init__(self, codec: EnhancedCodec, weights: StoredWeights, graphs: Graphs, widths: Widths) -> None:
        config = codec.config
        n_relations = len(codec.trees.relations)
        self._syntax = SyntaxGraph(config.syntax, weights.under("syntax"), graphs, widths.context, n_relations)
        values = graphs.parameter(-1, self._syntax.width)
        dependents, heads = (
            leaky_relu(graphs.linear(values, weights.under(f"represent.{number}.0"))) for number in range(2)
        )
        # The last column of the form meets the unit that is 1 in all heads: it scores dependents by themselves.
        form = weights.array("arcs", config.arc_width + 1, config.arc_width + 1) / np.float32(config.arc_width**0.5)
        form[-1, -1] += weights.array("arc_bias", 1)[0]
        mixed, biases = (
            ops.add(ops.matmul(dependents, graphs.constant(part[:-1]), False, False), graphs.constant(part[-1]))
            for part in (form[:, :-1], form[:, -1:])
        )
        parts = [graphs.linear(values, weights.under(f"label_parts.{number}")) for number in range(2)]
        self._score = graphs.compile([values], [mixed, heads, biases, *parts], by_row=True)
        self._tree_width, self._n_relations = config.tree_width, n_relations
        if config.tree_width:
            self._compile_kin(weights, graphs)
        self._compile_labels(config, len(codec.labels), weights, graphs)

    def _compile_kin(self, weights: StoredWeights, graphs: Graphs) -> None:
        """From rows of the tables of vectors to vectors of kin, and what they add to the scores of arcs."""
        n_rows = len(KINSHIPS) * self._n_relations
        tables = [weights.array(f"kinship.embeddings.{number}.weight", n_rows) for number in range(3)]
        rows = graphs.parameter(-1, 3, dtype=np.int64)
        rows_of_all = ops.add(rows, graphs.constant(n_rows * np.arange(3)))
        embedded = ops.gather(graphs.constant(np.concatenate(tables)), rows_of_all, graphs.constant(np.array(0)))
        vectors = ops.gelu(ops.reduce_sum(embedded, graphs.constant(np.array([1])), False), "ERF")
        self._score_kin = graphs.compile(
            [rows], [vectors, graphs.linear(vectors, weights.under("arcs_of_kin"), 1)], by_row=True
        )

    def _compile_labels(self, config: EnhancedConfig, n_labels: int, weights: StoredWeights, graphs: Graphs) -> None:
        """From the sum of the vectors of both words, and the vector of their kinship with a last unit of 1, if any."""
        values = graphs.parameter(-1, config.label_width)
        inputs, hidden = [values], values
        if config.tree_width:
            inputs.append(graphs.parameter(-1, config.tree_width + 1))
            of_kin = weights.under("labels_of_kin")
            matrix = graphs.constant(np.concatenate([of_kin.array("weight"), of_kin.array("bias")[:, None]], 1))
            hidden = ops.add(values, ops.matmul(inputs[1], matrix, False, True))
        scores = graphs.linear(ops.gelu(hidden, "ERF"), weights.under("classify.2"), n_labels)
        self._label = graphs.compile(inputs, [scores], by_row=True)

    def __call__(self, encoded: EncodedArrays, trees: Arcs[Array] | None) -> GraphScores[Array]:
        """Scores of all arcs, and vectors for those of labels. O(words²).

        `trees` are read if the config has `tree_width` or `syntax`.
        """
        dependents, heads, biases, label_dependents, label_heads = self._score(self._syntax(encoded.context, trees))
        arc_scores = dependents @ heads.transpose(0, 2, 1) + biases
        kin_vectors = None
        if self._tree_width and trees is not None:
            kin = find_kin(trees)
            vectors, kin_scores = self._score_kin(kin.rows(self._n_relations))
            arc_scores[tuple(kin.pairs.T)] += kin_scores[:, 0]
            kin_vectors = KinVectors(kin.pairs, vectors)
        exclude_arcs(arc_scores, encoded.lengths)
        return GraphScores(arc_scores, label_dependents, label_heads, kin_vectors)

    def label_scores(
        self,
        label_dependents: Array,
        label_heads: Array,
        arcs: Ints,
        pairs: Ints | None = None,
        vectors: Array | None = None,
    ) -> Array:
        """The scores ``[arcs, labels]`` of the labels of ``arcs[arcs, 3]``: sentence, dependent, head.

        The other arguments are those of `GraphScores` and, if it has any, of its `KinVectors`.
        """
        sentences, dependents, heads = arcs.T
        inputs = [label_dependents[sentences, dependents] + label_heads[sentences, heads]]
        if self._tree_width:
            kin = np.zeros((len(arcs), self._tree_width + 1), np.float32)
            if pairs is not None and vectors is not None:
                arc_keys, pair_keys = (np.ravel_multi_index(tuple(of.T), _shape(label_heads)) for of in (arcs, pairs))
                are_kin = np.isin(arc_keys, pair_keys)
                kin[are_kin, :-1] = vectors[np.searchsorted(pair_keys, arc_keys[are_kin])]
                kin[are_kin, -1] = 1
            inputs.append(kin)
        return self._label(*inputs)[0]


def _shape(vectors: Array) -> tuple[int, int, int]:
    """The shape of scores of all arcs between words with these vectors ``[batch, words, width]``."""
    n_sentences, size, _ = vectors.shape
    return n_sentences, size, size


GRAPH = EnhancedGraph
