"""A pretrained BERT as graphs of OpenVINO; see network.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from depparse.encoders.transformer.codec import Subwords, TransformerCodec
from depparse.encoders.transformer.settings import is_bert
from depparse.features.batch import Batch, Ints
from depparse.layers.graph import NEVER, ROWS, Array, Function, Graphs, Node, ops, round_up
from depparse.layers.stored import NoGraph, StoredWeights


class _Rows(NamedTuple):
    """Windows side by side in rows of one length, which are read together."""

    windows: list[list[int]]  # the windows of each row
    begins: Ints  # [windows], their places in the flattened rows
    length: int
    n_rows: int  # with empty ones


class TransformerGraph:
    """The graph of one piece, and what is around it."""

    def __init__(self, codec: TransformerCodec, weights: StoredWeights, graphs: Graphs) -> None:
        settings = codec.settings
        if not is_bert(settings):
            raise NoGraph(f"transformers of the type {settings.get('model_type')} have no graph, only BERT has")
        self.codec = codec
        weights.check("pretrained.embeddings.word_embeddings.weight", settings["vocab_size"], settings["hidden_size"])
        self._words, bert = weights.under("pretrained.embeddings.word_embeddings"), weights.under("pretrained")
        embeddings = bert.under("embeddings")
        embeddings.check("token_type_embeddings.weight", settings["type_vocab_size"], settings["hidden_size"])
        sizes = settings["max_position_embeddings"], settings["hidden_size"]
        positions = embeddings.array("position_embeddings.weight", *sizes)
        self._positions = positions + embeddings.rows("token_type_embeddings.weight", 0)
        self.width: int = settings["hidden_size"]
        self._read = self._build(bert, _mixes(codec, weights), graphs)

    def __call__(self, subwords: Subwords[Ints], batch: Batch) -> list[Array]:
        """The vectors ``[batch, words, width]`` of each mix of layers: the shared one, then those of the tasks."""
        longest, (n_sentences, n_words) = subwords.ids.shape[1], batch.shape
        sizes = subwords.mask.sum(1)
        pooled = subwords.firsts if self.codec.config.pooling == "first" else np.ones_like(subwords.firsts)
        places, words = subwords.places[pooled], subwords.words[pooled]  # both rise
        window_of = places // longest
        sums: list[Array] = []
        for rows in _pack(sizes):
            windows = np.array([window for row in rows.windows for window in row])
            states = self._read_rows(rows, subwords, windows)
            # Where each window of the batch begins in the flattened rows; -1 if it is in others.
            begin = np.full(len(sizes), -1)
            begin[windows] = rows.begins
            chosen = begin[window_of] >= 0
            index = begin[window_of[chosen]] + places[chosen] % longest
            own = words[chosen]
            starts = np.flatnonzero(np.diff(own, prepend=-1))
            if not sums:
                sums = [np.zeros((n_sentences * n_words, self.width), np.float32) for _ in states]
            for sum_, layer in zip(sums, states, strict=True):
                sum_[own[starts]] += np.add.reduceat(layer.reshape(-1, self.width)[index], starts)
        counts = np.bincount(words, minlength=n_sentences * n_words).clip(min=1)
        return [(sum_ / counts[:, None].astype(np.float32)).reshape(n_sentences, n_words, -1) for sum_ in sums]

    def _read_rows(self, rows: _Rows, subwords: Subwords[Ints], windows: Ints) -> list[Array]:
        """The mixes of the rows, ``[rows, length, width]`` each. A subword sees only its own window."""
        n_rows = rows.n_rows
        sizes = subwords.mask[windows].sum(1)
        inside = np.concatenate([np.arange(size) for size in sizes])
        places = np.repeat(rows.begins, sizes) + inside
        numbers, owners, positions = np.zeros((3, n_rows * rows.length), np.int64)
        numbers[places] = subwords.ids[np.repeat(windows, sizes), inside]
        owners[places] = np.repeat(np.arange(1, len(windows) + 1), sizes)
        positions[places] = inside
        values = self._words.rows("weight", numbers) + self._positions[positions]
        owners = owners.reshape(n_rows, rows.length)
        mask = np.where(owners[:, None, :, None] == owners[:, None, None, :], np.float32(0), np.float32(NEVER))
        return self._read(values.reshape(n_rows, rows.length, -1), mask)

    def _build(self, bert: StoredWeights, mixes: Array, graphs: Graphs) -> Function:
        """From ``values[rows, subwords, width]`` and a mask to the mixes, each of the shape of the values."""
        values, mask = graphs.parameter(-1, -1, self.width), graphs.parameter(-1, 1, -1, -1)
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


def _pack(sizes: Ints) -> Iterator[_Rows]:
    """Rows of windows of these sizes: several windows in a row, several rows together, in few different shapes."""
    order = sizes.argsort(kind="stable")
    least = min(64, round_up(int(sizes.sum())))
    first = 0
    while first < len(order):
        length = max(least, round_up(int(sizes[order[first]])))
        rows: list[list[int]] = []
        begins: list[int] = []
        filled = length
        while first < len(order) and sizes[order[first]] <= length:
            size = int(sizes[order[first]])
            if filled + size > length:
                if len(rows) >= max(1, ROWS // length):
                    break
                rows.append([])
                filled = 0
            rows[-1].append(int(order[first]))
            begins.append((len(rows) - 1) * length + filled)
            filled += size
            first += 1
        yield _Rows(rows, np.array(begins), length, 1 << (len(rows) - 1).bit_length())


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
