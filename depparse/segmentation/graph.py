"""The network of the segmenter as graphs of OpenVINO; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.encoders.linear_recurrent.graph import LinearRecurrentGraph
from depparse.layers.graph import Array, Graphs, ops, round_up
from depparse.layers.stored import StoredWeights
from depparse.segmentation.batch import SPACING, Sizes, TokenBatch
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.symbols import Floats, Ints


class SegmenterGraph:
    """Scores for the segmenter (a `SegmenterScorer`), in full precision."""

    def __init__(self, config: SegmenterConfig, sizes: Sizes, weights: StoredWeights, graphs: Graphs) -> None:
        width = config.width
        self._forms = weights.array("forms.weight", sizes.forms, config.words)
        embeddings = [weights.array(f"embeddings.{kind}.weight", size) for kind, size in enumerate(sizes.symbols)]
        symbols = graphs.parameter(-1, len(embeddings), -1, dtype=np.int64)
        present = graphs.parameter(-1, 1, -1)
        zero = graphs.constant(np.array(0))
        values = None
        for number, embedding in enumerate(embeddings):
            own = ops.gather(symbols, graphs.constant(np.array(number)), graphs.constant(np.array(1)))
            vectors = ops.gather(graphs.constant(embedding), own, zero)
            values = vectors if values is None else ops.add(values, vectors)
        values = ops.transpose(values, graphs.constant(np.array([0, 2, 1])))
        for number in range(config.layers):
            convolution, distance = weights.under(f"convolutions.{number}"), config.spread**number
            around = distance * (config.window - 1)
            y = ops.convolution(
                ops.multiply(values, present),
                graphs.constant(
                    convolution.array("weight", width, width if number else config.embedding, config.window)
                ),
                strides=[1],
                pads_begin=[around // 2],
                pads_end=[around - around // 2],
                dilations=[distance],
            )
            y = ops.relu(ops.add(y, graphs.constant(convolution.array("bias", width)[:, None])))
            values = y if number == 0 else ops.add(values, y)
        states = ops.transpose(ops.multiply(values, present), graphs.constant(np.array([0, 2, 1])))
        self._read = graphs.compile([symbols, present], [states, graphs.linear(states, weights.under("end"), 1)])
        recurrent = LinearRecurrentConfig(width=config.token_width, layers=config.token_layers, expansion=1.0)
        input_width = 3 * width + config.words + SPACING
        self._context = LinearRecurrentGraph(recurrent, weights.under("context"), graphs, input_width)
        tokens = graphs.parameter(-1, config.token_width)
        n_scores = {"sentence": 1, "script": 1 + sizes.scripts}
        scores = [graphs.linear(tokens, weights.under(name), size) for name, size in n_scores.items()]
        self._score = graphs.compile([tokens], scores, by_row=True)

    def ends(self, symbols: Ints) -> tuple[Floats, Floats]:
        """The first stage: see `SegmenterScorer.ends`. The states are ``[b, s, width]``."""
        n_symbols = symbols.shape[2]
        padded = np.pad(symbols, [(0, 0), (0, 0), (0, round_up(n_symbols) - n_symbols)])
        states, ends = self._read(padded.transpose(1, 0, 2), (padded[0] != 0)[:, None].astype(np.float32))
        return states[:, :n_symbols], ends[:, :n_symbols, 0]

    def tokens(self, states: Floats, tokens: TokenBatch) -> tuple[Floats, Floats]:
        """The second stage: see `SegmenterScorer.tokens`."""
        rows = np.arange(len(states))[:, None]
        first, last = (states[rows, places.clip(max=states.shape[1] - 1)] for places in (tokens.firsts, tokens.lasts))
        values = [first, last, _means(states, tokens), self._forms[tokens.forms], tokens.spacing]
        # The recurrence expects lengths without ROOT, but tokens have no ROOT, so one token takes its place.
        context = self._context(np.concatenate(values, -1), tokens.lengths - 1)
        sentences, scripts = self._score(context)
        return sentences[..., 0], scripts


def _means(states: Floats, tokens: TokenBatch) -> Array:
    """The mean state ``[b, t, width]`` of the symbols of each token; zeros at padding."""
    n_texts, n_symbols, width = states.shape
    means = np.zeros((*tokens.firsts.shape, width), np.float32)
    real = np.arange(tokens.firsts.shape[1]) < tokens.lengths[:, None]
    offsets = np.arange(n_texts)[:, None] * n_symbols
    begins, ends = (
        (places + offset)[real] for places, offset in ((tokens.firsts, offsets), (tokens.lasts, offsets + 1))
    )
    flat = np.concatenate([states.reshape(-1, width), np.zeros((1, width), np.float32)])  # an end may be the very last
    # Sums from each begin to the next end, and from there to the next begin, which are not used.
    sums = np.add.reduceat(flat, np.stack([begins, ends], 1).ravel())[::2]
    means[real] = sums / (ends - begins)[:, None].astype(np.float32)
    return means
