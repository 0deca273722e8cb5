"""The context layer of gated linear recurrences as graphs of OpenVINO, with the loops of structs/recurrence.py between
them; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.features.batch import Ints
from depparse.layers.graph import Array, Function, Graphs, Node, ops
from depparse.layers.stored import StoredWeights
from depparse.structs.recurrence import states_of


class LinearRecurrentGraph:
    """Graphs between which the recurrences run: each ends one block and begins the next."""

    def __init__(self, config: LinearRecurrentConfig, weights: StoredWeights, graphs: Graphs, input_width: int) -> None:
        self.width = config.width
        bounds = weights.array("bounds", config.layers, 2 * config.width)
        shares = np.exp(bounds - bounds.max(0))
        shares /= shares.sum(0)
        self._bounds = shares.cumsum(0) - shares[0]
        self._graphs, self._weights = graphs, weights
        values, present = graphs.parameter(-1, input_width), graphs.parameter(-1, 1)
        begun = self._begin(graphs.linear(values, weights.under("project")), present, 0)
        self._stages = [graphs.compile([values, present], begun, by_row=True)]
        self._stages += [self._build(block, config.layers) for block in range(config.layers)]

    def __call__(self, values: Array, lengths: Ints) -> Array:
        """The vectors ``[batch, words, width]``; sentences have ``lengths[batch]`` words without ROOT."""
        present = (np.arange(values.shape[1]) <= lengths[:, None])[..., None].astype(np.float32)
        kept, gate, decay, drive = self._stages[0](values, present)
        for number, stage in enumerate(self._stages[1:], 2):
            states = states_of(decay, drive, self.width)
            inputs = [kept, gate, states] + ([present] if number < len(self._stages) else [])
            outputs = stage(*inputs)
            if number < len(self._stages):
                kept, gate, decay, drive = outputs
        return outputs[0]

    def _begin(self, values: Node, present: Node, block: int) -> list[Node]:
        """The first half of a block: the values, the output gate, and the decay and drive of the recurrence."""
        graphs, weights, width = self._graphs, self._weights.under(f"blocks.{block}"), self.width
        gates = graphs.linear(graphs.normalize(values, weights.under("norm_mixing")), weights.under("gates"))
        sizes = graphs.constant(np.array([2 * width, 2 * width, width]))
        candidates, forget, output = ops.variadic_split(gates, graphs.constant(np.array(-1)), sizes).outputs()
        bound = self._bounds[block]
        share = ops.multiply(ops.sigmoid(forget), graphs.constant(1 - bound))
        decay = ops.add(share, graphs.constant(bound))
        drive = ops.multiply(ops.subtract(graphs.constant(np.float32(1)), decay), ops.swish(candidates))
        return [values, ops.swish(output), decay, ops.multiply(drive, present)]

    def _build(self, block: int, n_blocks: int) -> Function:
        """The graph of the second half of a block, and of the first half of the next one or the last norm."""
        graphs, weights, width = self._graphs, self._weights.under(f"blocks.{block}"), self.width
        values, gate, states = (graphs.parameter(-1, size) for size in (width, width, 2 * width))
        merged = graphs.linear(graphs.normalize(states, weights.under("norm_states")), weights.under("merge"))
        y = ops.add(values, ops.multiply(merged, gate))
        fed = graphs.linear(graphs.normalize(y, weights.under("norm_feeding")), weights.under("feed.0"))
        y = ops.add(y, graphs.linear(ops.gelu(fed, "ERF"), weights.under("feed.3")))
        if block + 1 == n_blocks:
            return graphs.compile(
                [values, gate, states], [graphs.normalize(y, self._weights.under("norm"))], by_row=True
            )
        present = graphs.parameter(-1, 1)
        return graphs.compile([values, gate, states, present], self._begin(y, present, block + 1), by_row=True)


GRAPH = LinearRecurrentGraph
