"""The engine that computes scores by OpenVINO. Tasks without a graph are computed by torch, if it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.encoders.codec import CONTEXTS, INPUTS, Widths
from depparse.errors import DepparseError, ModelError
from depparse.features.batch import Batch
from depparse.layers.graph import Array, Graphs, reason_of
from depparse.layers.stored import EncodedArrays, NoGraph, Precision, StoredWeights
from depparse.model.codec import TASKS, ModelCodec, ModelConfig
from depparse.segmentation.batch import TokenBatch
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.graph import SegmenterGraph
from depparse.segmentation.symbols import Floats, Ints
from depparse.tasks.task import Stage


class OpenVinoScorer:
    """A model's networks. Raises NoGraph if a part of the encoder has no graph."""

    def __init__(
        self, config: ModelConfig, codec: ModelCodec, stored: Mapping[str, Array], precision: Precision = "fp32"
    ) -> None:
        self.precision: Precision = precision
        self._arguments = config, codec, StoredWeights(stored), precision
        self._networks = _Networks(*self._arguments)

    def read(self, batch: Batch) -> OpenVinoReading:
        """Runs the encoder on the batch."""
        return OpenVinoReading(self._networks, batch)

    def __getstate__(self) -> Any:
        return self._arguments

    def __setstate__(self, state: Any) -> None:
        self._arguments, self._networks, self.precision = state, _Networks(*state), state[-1]


class OpenVinoReading:
    """A batch that the encoder has read (`depparse.runtimes.scorer.Reading`)."""

    def __init__(self, networks: _Networks, batch: Batch) -> None:
        self._networks, self._batch = networks, batch
        self._encoded = networks.encode(batch)

    def scores(self, task: str, trees: Any = None) -> Any:
        """The scores of a task, as arrays. `trees` are arrays, or None if the task reads no trees."""
        network = self._networks.task(task)
        encoded = self._encoded[self._networks.numbers[task]] if len(self._encoded) > 1 else self._encoded[0]
        return network.scores(encoded, self._batch, trees)

    def stage(self, task: str) -> Stage:
        """A function that runs the second stages of the task's network."""
        return self._networks.task(task).stage  # type: ignore[no-any-return]


class _Networks:
    """The networks. Those of tasks are made when they are first needed."""

    def __init__(self, config: ModelConfig, codec: ModelCodec, weights: StoredWeights, precision: Precision) -> None:
        self.numbers = {name: number for number, name in enumerate(config.tasks)}
        self._config, self._codec, self._weights, self._graphs = config, codec, weights, Graphs(precision)
        self._tasks: dict[str, Any] = {}
        for name in codec.tasks:
            if not TASKS.is_own(config.tasks[name].type):
                raise NoGraph(f"the task {name} is of another package, whose networks only torch computes")
        encoder = weights.under("encoder")
        parts = zip(config.encoder.inputs, codec.encoder.inputs, strict=True)
        self._inputs = [
            _graph_of(INPUTS, part.type)(each, encoder.under(f"inputs.{number}"), self._graphs)
            for number, (part, each) in enumerate(parts)
        ]
        input_width = sum(network.width for network in self._inputs)
        self._context = None
        if (context := config.encoder.context) is not None:
            graph = _graph_of(CONTEXTS, context.type)
            self._context = graph(context, encoder.under("context"), self._graphs, input_width)
        self._widths = Widths(self._context.width if self._context is not None else input_width, input_width)

    def encode(self, batch: Batch) -> list[EncodedArrays]:
        """What all tasks read of the batch; or the context layer's and each task's own, if inputs differ by task."""
        pairs = zip(self._inputs, batch.inputs, strict=True)
        vectors = [network(data, batch) for network, data in pairs]
        joined = [
            np.concatenate([each[min(number, len(each) - 1)] for each in vectors], -1)
            for number in range(max(map(len, vectors)))
        ]
        if self._context is None:
            encoded = [EncodedArrays(values, values, batch.lengths) for values in joined]
        else:
            context = self._context(joined[0], batch.lengths)
            encoded = [EncodedArrays(context, values, batch.lengths) for values in joined]
        return encoded[1:] or encoded

    def task(self, name: str) -> Any:
        """The network of the task. Raises DepparseError if it has no graph and there is no torch, ModelError for wrong
        weights."""
        if name not in self._tasks:
            try:
                self._tasks[name] = self._make(name)
            except DepparseError:
                raise
            except Exception as error:  # weights of wrong shapes make OpenVINO, torch and NumPy raise all kinds
                raise ModelError(f"the weights of the task {name} do not fit together: {reason_of(error)}") from None
        return self._tasks[name]

    def _make(self, name: str) -> Any:
        """A new network of the task; see `task`."""
        config, codec = self._config.tasks[name], self._codec.tasks[name]
        weights = self._weights.under(f"tasks.{name}")
        try:
            return _GraphTask(_graph_of(TASKS, config.type)(codec, weights, self._graphs, self._widths))
        except NoGraph:
            pass
        try:
            from depparse.runtimes.torch import TorchTask
        except ImportError:
            raise DepparseError(
                f"the task {name} needs torch, which is not installed: pip install torch, or leave the task "
                f"out (--without {name}, without={name!r})"
            ) from None
        return TorchTask(config, codec, self._widths, weights)


class _GraphTask:
    """The graph of a task."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def scores(self, encoded: EncodedArrays, _batch: Batch, trees: Any) -> Any:
        """The scores of the batch. `trees` are arrays, or None if the task reads no trees."""
        return self._graph(encoded, trees)

    def stage(self, name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Calls the second stage of that name."""
        outputs = getattr(self._graph, name)(*inputs)
        return outputs if isinstance(outputs, tuple) else (outputs,)


class OpenVinoSegmenterScorer:
    """Scores of the segmenter's network (a `depparse.segmentation.segmenter.SegmenterScorer`), in full precision."""

    def __init__(self, config: SegmenterConfig, codec: SegmenterCodec, stored: Mapping[str, Array]) -> None:
        self._arguments = config, codec.sizes, StoredWeights(stored, "segmenter.")
        self._graph = SegmenterGraph(*self._arguments, Graphs())

    def ends(self, symbols: Ints) -> tuple[Floats, Floats]:
        """The first stage: see `SegmenterScorer.ends`."""
        return self._graph.ends(symbols)

    def tokens(self, states: Floats, tokens: TokenBatch) -> tuple[Floats, Floats]:
        """The second stage: see `SegmenterScorer.tokens`."""
        return self._graph.tokens(states, tokens)

    def __getstate__(self) -> Any:
        return self._arguments

    def __setstate__(self, state: Any) -> None:
        self._arguments = state
        self._graph = SegmenterGraph(*self._arguments, Graphs())


def _graph_of(parts: Any, name: str) -> Any:
    """The graph of the part of that name. Raises NoGraph if there is none."""
    graph = parts.attribute_of(name, "graph", "GRAPH") if parts.is_folder(name) else None
    if graph is None:
        raise NoGraph(f"{name} has no graph for OpenVINO")
    return graph
