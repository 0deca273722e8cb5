"""A pretrained BERT as graphs of OpenVINO; see network.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from depparse.encoders.transformer.codec import Subwords, TransformerCodec, plan_pieces
from depparse.encoders.transformer.settings import is_bert
from depparse.features.batch import Batch, Ints
from depparse.layers.graph import NEVER, Array, Function, Graphs, Node, ops
from depparse.layers.stored import NoGraph, StoredWeights


class TransformerGraph:
    """The graph of one piece, and what is around it."""

    def __init__(self, codec: TransformerCodec, weights: StoredWeights, graphs: Graphs) -> None:
        settings = codec.settings
        if not is_bert(settings):
            raise NoGraph(f"transformers of the type {settings.get('model_type')} have no graph, only BERT has")
        self.codec = codec
        weights.table("pretrained.embeddings.word_embeddings.weight", settings["vocab_size"])
        self._words, bert = weights.under("pretrained.embeddings.word_embeddings"), weights.under("pretrained")
        embeddings = bert.under("embeddings")
        positions = embeddings.table("position_embeddings.weight", settings["max_position_embeddings"])
        self._positions = positions + embeddings.rows("token_type_embeddings.weight", 0)
        self.width: int = settings["hidden_size"]
        self._read = self._build(bert, _mixes(codec, weights), graphs)

    def __call__(self, subwords: Subwords[Ints], batch: Batch) -> list[Array]:
        """The vectors ``[batch, words, width]`` of each mix of layers: the shared one, then those of the tasks."""
        longest, (n_sentences, n_words) = subwords.ids.shape[1], batch.shape
        sizes = subwords.mask.sum(1)
        order = sizes.argsort(kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        subword_rank = rank[subwords.places // longest]
        pooled = subwords.firsts if self.codec.config.pooling == "first" else np.ones_like(subwords.firsts)
        sums: list[Array] = []
        for first, end in plan_pieces(sizes[order].tolist()):
            windows, length = order[first:end], int(sizes[order[end - 1]])
            values = self._words.rows("weight", subwords.ids[windows, :length]) + self._positions[:length]
            mask = np.where(subwords.mask[windows, None, None, :length] > 0, np.float32(0), np.float32(NEVER))
            states = self._read(values, mask)
            chosen = (subword_rank >= first) & (subword_rank < end) & pooled
            index = ((subword_rank - first) * length + subwords.places % longest)[chosen]
            words = subwords.words[chosen]  # rising, as the places of subwords are
            starts = np.flatnonzero(np.diff(words, prepend=-1))
            if not sums:
                sums = [np.zeros((n_sentences * n_words, self.width), np.float32) for _ in states]
            for sum_, layer in zip(sums, states, strict=True):
                sum_[words[starts]] += np.add.reduceat(layer.reshape(-1, self.width)[index], starts)
        counts = np.bincount(subwords.words[pooled], minlength=n_sentences * n_words).clip(min=1)
        return [(sum_ / counts[:, None].astype(np.float32)).reshape(n_sentences, n_words, -1) for sum_ in sums]

    def _build(self, bert: StoredWeights, mixes: Array, graphs: Graphs) -> Function:
        """From ``values[windows, subwords, width]`` and a mask to the mixes, each of the shape of the values."""
        values, mask = graphs.parameter(-1, -1, self.width), graphs.parameter(-1, 1, 1, -1)
        states = bert_layers(self.codec.settings, bert, values, mask, graphs)
        outputs = []
        for weights in mixes:
            shares = [
                ops.multiply(s, graphs.constant(w)) for s, w in zip(states[-len(weights) :], weights, strict=True)
            ]
            mixed = shares[0]
            for share in shares[1:]:
                mixed = ops.add(mixed, share)
            outputs.append(mixed)
        return graphs.compile([values, mask], outputs)


def _mixes(codec: TransformerCodec, weights: StoredWeights) -> Array:
    """The weights ``[mixes, layers]`` of the last layers: those of the shared mix, then of each task."""
    n_layers = min(codec.config.layers, codec.settings["num_hidden_layers"])
    numbers = weights.array("mix").reshape(-1, n_layers)
    exponentials = np.exp(numbers - numbers.max(1, keepdims=True))
    mixes: Array = exponentials / exponentials.sum(1, keepdims=True)
    return mixes


def bert_layers(
    settings: Mapping[str, Any], weights: StoredWeights, values: Node, mask: Node, graphs: Graphs
) -> list[Node]:
    """The states of BERT: the embeddings, normalized, and those after each layer of which there are weights."""
    epsilon = settings["layer_norm_eps"]
    states = [graphs.normalize(values, weights.under("embeddings.LayerNorm"), epsilon)]
    while f"encoder.layer.{len(states) - 1}.output.dense.weight" in weights:
        layer = weights.under(f"encoder.layer.{len(states) - 1}")
        states.append(_layer(states[-1], mask, layer, settings["num_attention_heads"], epsilon, graphs))
    return states


def _layer(x: Node, mask: Node, weights: StoredWeights, n_heads: int, epsilon: float, graphs: Graphs) -> Node:
    """A layer of BERT: attention, then a feed-forward network."""
    attention = weights.under("attention")

    def heads(name: str) -> Node:
        y = graphs.linear(x, attention.under(f"self.{name}"))
        y = ops.reshape(y, graphs.constant(np.array([0, 0, n_heads, -1])), True)
        return ops.transpose(y, graphs.constant(np.array([0, 2, 1, 3])))

    y = ops.scaled_dot_product_attention(heads("query"), heads("key"), heads("value"), mask, causal=False)
    y = ops.reshape(
        ops.transpose(y, graphs.constant(np.array([0, 2, 1, 3]))), graphs.constant(np.array([0, 0, -1])), True
    )
    added = ops.add(graphs.linear(y, attention.under("output.dense")), x)
    x = graphs.normalize(added, attention.under("output.LayerNorm"), epsilon)
    y = ops.gelu(graphs.linear(x, weights.under("intermediate.dense")), "ERF")
    added = ops.add(graphs.linear(y, weights.under("output.dense")), x)
    return graphs.normalize(added, weights.under("output.LayerNorm"), epsilon)


GRAPH = TransformerGraph
