"""Networks as graphs of OpenVINO, by which they run without torch. No torch here.

A part of a model that has a file ``graph.py`` builds its graph there from the stored weights. The precision says how
graphs compute: in full (``fp32``, the numbers of torch up to rounding), in bfloat16 (``bf16``), or with linear layers
of integers (``int8``). With ``int8``, a matrix has a scale for each row, and a vector has one for each `_GROUP` of its
units, so that a word has the same numbers in any batch.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.errors import DepparseError
from depparse.layers.stored import Precision, StoredWeights

# The tools of OpenVINO that convert models take most of the time of its import, and can report
# their use to its maker. Without them, it is imported all the same; they stay importable by their own name.
_TOOLS = "openvino.tools.ovc"
_hides_tools = "openvino" not in sys.modules
if _hides_tools:
    sys.modules[_TOOLS] = None  # type: ignore[assignment]
try:
    import openvino
    from openvino import opset13
finally:
    if _hides_tools:
        del sys.modules[_TOOLS]

ops: Any = opset13  # the operators of graphs
Array = NDArray[Any]
Node = Any  # a value of a graph
ROWS = 512  # vectors that are computed at once: more take more memory and no less time
_GROUP = 128  # units of a vector that share a scale
NEVER = -1e30  # added to scores of what must not be chosen; its exponential is 0


class Graphs:
    """Builds and compiles graphs, all with the same precision and number of threads."""

    def __init__(self, precision: Precision = "fp32", threads: int = 0) -> None:
        self.precision, self.threads = precision, threads or available_threads()

    @staticmethod
    def parameter(*axes: int, dtype: type = np.float32) -> Node:
        """An input with these axes; -1 is any length."""
        return ops.parameter(list(axes), dtype)

    @staticmethod
    def constant(values: Any) -> Node:
        """The values as a part of the graph."""
        return ops.constant(np.asarray(values, order="C"))

    def linear(self, x: Node, weights: StoredWeights, n_units: int | None = None) -> Node:
        """``x · weight^T + bias``. Raises NoGraph if `n_units` are expected and the weights have others."""
        stored, scale = weights.stored("weight")
        n_units = len(stored) if n_units is None else n_units
        weights.check("weight", n_units)
        if stored.shape[1] % _GROUP == 0 and (
            self.precision == "int8" or (self.precision == "bf16" and scale is not None)
        ):
            if scale is None or scale.ndim != 1:
                stored, scale = _quantized(weights.array("weight"))
            numbers = ops.convert(self.constant(stored), np.float32)
            matrix = ops.multiply(numbers, self.constant(scale.astype(np.float32)[:, None]))
        else:
            matrix = self.constant(weights.array("weight"))
        y = ops.matmul(x, matrix, False, True)
        return ops.add(y, self.constant(weights.array("bias", n_units))) if "bias" in weights else y

    def normalize(self, x: Node, weights: StoredWeights, epsilon: float = 1e-5) -> Node:
        """Layer normalization."""
        normed = ops.mvn(x, self.constant(np.array([-1])), True, epsilon, "INSIDE_SQRT")
        scaled = ops.multiply(normed, self.constant(weights.array("weight")))
        return ops.add(scaled, self.constant(weights.array("bias")))

    def compile(self, inputs: Sequence[Node], outputs: Sequence[Node], *, by_row: bool = False) -> Function:
        """The function from the inputs to the outputs. It is compiled when it is first called.

        With `by_row`, inputs and outputs have a first axis of rows that do not depend on each other.
        """
        settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": self.threads, "NUM_STREAMS": 1}
        settings["INFERENCE_PRECISION_HINT"] = "bf16" if self.precision == "bf16" else "f32"
        settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = _GROUP if self.precision == "int8" else 0
        return Function(openvino.Model(list(outputs), list(inputs)), settings, by_row=by_row)


def perceptron(x: Node, weights: StoredWeights, graphs: Graphs, n_units: int) -> Node:
    """A hidden layer with GELU, then a linear layer: ``nn.Sequential(Linear, GELU, dropout, Linear)``."""
    return graphs.linear(ops.gelu(graphs.linear(x, weights.under("0")), "ERF"), weights.under("3"), n_units)


def leaky_relu(x: Node) -> Node:
    """``nn.LeakyReLU(0.1)``."""
    return ops.prelu(x, ops.constant(np.float32(0.1)))


def with_one(values: Array) -> Array:
    """The values with a last unit of 1, ``[…, width + 1]``, as in `depparse.layers.biaffine`."""
    return np.concatenate([values, np.ones_like(values[..., :1])], -1)


def round_up(size: int) -> int:
    """The next greater power of two from 16 to 512, then the next multiple of 512.

    OpenVINO prepares code for each shape that it meets, which takes time and memory, so shapes should be few.
    """
    return 1 << max(4, (size - 1).bit_length()) if size <= ROWS else -(-size // ROWS) * ROWS


def _with_rows(values: Array, size: int) -> Array:
    """The values with rows of zeros behind them, `size` rows in all. (`np.pad` takes several times as long.)"""
    if len(values) == size:
        return values
    padded = np.zeros((size, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


def exclude_arcs(arc_scores: Array, lengths: NDArray[np.int64]) -> None:
    """Sets ``arc_scores[batch, dependents, heads]`` to -inf where the head is padding or the dependent itself.

    ``lengths[batch]`` are the numbers of words without ROOT, which is at position 0.
    """
    positions = np.arange(arc_scores.shape[1])
    np.copyto(arc_scores, -np.inf, where=(positions > lengths[:, None])[:, None])
    arc_scores[:, positions, positions] = -np.inf


class Function:
    """A graph that is compiled on its first call. Several threads may call it at once."""

    def __init__(self, graph: openvino.Model, settings: dict[str, Any], *, by_row: bool = False) -> None:
        self._graph: openvino.Model | None = graph
        self._settings, self._lock = settings, Lock()
        self._idle: list[Any] = []  # requests; appending to a list and popping from it are atomic
        self._by_row, self._ranks = by_row, [len(node.get_partial_shape()) for node in graph.inputs]

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs for these inputs, as new arrays. Raises DepparseError in a forked process.

        If the graph works by rows, several leading axes of the inputs may stand for the rows.
        """
        with self._lock, _explained():
            core = _core()
            if self._graph is not None:
                self._compiled = core.compile_model(self._graph, "CPU", self._settings)
                self._graph = None
        if not self._by_row:
            return self._compute(arrays)
        leading = arrays[0].shape[: arrays[0].ndim - self._ranks[0] + 1]
        n_rows = math.prod(leading)
        rows = [array.reshape(n_rows, *array.shape[len(leading) :]) for array in arrays]
        pieces = []
        for first in range(0, max(1, n_rows), ROWS):
            piece = [array[first : first + ROWS] for array in rows]
            size = round_up(max(1, len(piece[0])))
            padded = [_with_rows(each, size) for each in piece]
            pieces.append([output[: len(piece[0])] for output in self._compute(padded)])
        joined = (parts[0] if len(parts) == 1 else np.concatenate(parts) for parts in zip(*pieces, strict=True))
        return [output.reshape(*leading, *output.shape[1:]) for output in joined]

    def _compute(self, arrays: Sequence[Array]) -> list[Array]:
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        tensors = {number: openvino.Tensor(np.ascontiguousarray(array)) for number, array in enumerate(arrays)}
        with _explained():
            request.infer(tensors)
        outputs = [output.data.copy() for output in request.output_tensors]
        self._idle.append(request)
        return outputs


@contextmanager
def _explained() -> Iterator[None]:
    """Raises DepparseError for an error of OpenVINO, such as weights of the wrong shape cause."""
    try:
        yield
    except RuntimeError as error:
        reason = reason_of(error)
        raise DepparseError(f"OpenVINO cannot compute the model: {reason}; runtime='torch' may tell more") from None


def reason_of(error: Exception) -> str:
    """What is wrong, in one line: the last line of an error of OpenVINO, since those before say where it was found."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()


@cache
def computes_in(precision: Precision) -> bool:
    """Whether this processor computes a linear layer in that precision, with about the right results.

    Other precisions than fp32 start OpenVINO.
    """
    if precision == "fp32":
        return True
    if precision == "bf16":
        return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    random = np.random.default_rng(0)
    matrix, values = (random.normal(size=(2 * _GROUP, _GROUP)).astype(np.float32) for _ in range(2))
    graphs = Graphs(precision, threads=1)
    x = graphs.parameter(-1, _GROUP)
    (result,) = graphs.compile([x], [graphs.linear(x, StoredWeights({"weight": matrix}))])(values)
    error = np.abs(result - values @ matrix.T).max()
    return bool(error < 0.05 * np.sqrt(_GROUP))  # False also if the result is NaN


def available_threads() -> int:
    """The number of threads that OMP_NUM_THREADS says or else one for each processor that this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_started: list[tuple[int, Any]] = []  # the process in which OpenVINO was started, and its core
_starting = Lock()


def has_started() -> bool:
    """Whether OpenVINO has been started in this process or its parent, so that it does not run in a fork."""
    return bool(_started)


def is_fork() -> bool:
    """Whether OpenVINO has been started in the process from which this one was forked, and so does not run here."""
    return any(process != os.getpid() for process, _ in _started)


def _core() -> Any:
    """OpenVINO, started in this process. Its threads do not survive a fork, and it would wait for them forever."""
    with _starting:
        if not _started:
            _started.append((os.getpid(), openvino.Core()))
    if is_fork():
        raise DepparseError(
            "this process was forked after OpenVINO had been used, which then cannot run here: load the model after "
            "the fork, do not use it before, or load it with runtime='torch'"
        )
    return _started[0][1]


def _quantized(matrix: Array) -> tuple[Array, Array]:
    """The matrix as int8, and the scale of each row."""
    scale = np.abs(matrix).max(1) / 127
    numbers = np.round(matrix / np.where(scale > 0, scale, 1)[:, None])
    return numbers.astype(np.int8), scale
