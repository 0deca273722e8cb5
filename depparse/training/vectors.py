"""Vectors of frozen inputs, computed once for all epochs and kept in a file."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from depparse.encoders.input import KeepsVectors
from depparse.features.batch import Example, plan_batches
from depparse.layers.tensors import Layout, to_arrays, to_tensors
from depparse.model.model import Model
from depparse.training.examples import Examples
from depparse.training.processes import Processes

_WORDS = 3_000  # of a batch, with padding
_SECONDS = 30.0  # between messages


class WithVectors:
    """Examples whose features, for the inputs of some numbers, are vectors ``[words with ROOT, …]`` from files."""

    def __init__(self, examples: Examples[Example], arrays: dict[int, NDArray[Any]]) -> None:
        self._examples, self._arrays = examples, arrays
        self.lengths, self.sources = examples.lengths, examples.sources
        self._begins = _begins(examples.lengths)

    def take(self, numbers: Sequence[int]) -> list[Example]:
        """The examples of these numbers, in this order."""
        return [
            self._with_vectors(number, example)
            for number, example in zip(numbers, self._examples.take(numbers), strict=True)
        ]

    def _with_vectors(self, number: int, example: Example) -> Example:
        rows = slice(self._begins[number], self._begins[number + 1])
        own = {place: array[rows] for place, array in self._arrays.items()}
        return replace(example, features=[own.get(place, each) for place, each in enumerate(example.features)])


def with_kept_vectors(
    model: Model,
    examples: Examples[Example],
    folder: Path,
    processes: Processes,
    precision: torch.dtype = torch.float32,
    say: Callable[[str], None] = lambda _: None,
) -> Examples[Example]:
    """The examples with the vectors of the model's frozen inputs, as far as these can keep them, in files in `folder`.

    Files that are there already are those of this run. Of several processes, the main one computes. The examples
    themselves if no input keeps vectors.
    """
    inputs = {
        number: network
        for number, network in enumerate(model.encoder.inputs)
        if isinstance(network, KeepsVectors) and network.keeps_vectors
    }
    arrays: dict[int, NDArray[Any]] = {}
    for number, network in inputs.items():
        path = folder / f"{number}.npy"
        if processes.main and not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            network.to(processes.device).eval()
            _write(model, network, number, examples, path, precision, say)
        processes.wait()
        arrays[number] = np.load(path, mmap_mode="r")
    return WithVectors(examples, arrays) if arrays else examples


@torch.no_grad()
def _write(
    model: Model,
    network: KeepsVectors,
    number: int,
    examples: Examples[Example],
    path: Path,
    precision: torch.dtype,
    say: Callable[[str], None],
    stored: type[np.floating[Any]] = np.float16,
) -> None:
    """Writes the vectors of all words of all examples, each example's ROOT before its words, to a file.

    They are stored in two bytes a number or, if a number is too large for that, in four.
    """
    begins, device = _begins(examples.lengths), next(network.parameters()).device
    array: np.memmap[Any, Any] | None = None
    unfinished, n_words = path.with_suffix(".part"), 0
    began = told = time.monotonic()
    for numbers in plan_batches(examples.lengths, _WORDS):
        batch = model.codec.collate([replace(example, targets={}) for example in examples.take(numbers)])
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            vectors = network.vectors_to_keep(to_tensors(batch.inputs[number], device), Layout.of(batch, device))
        if array is None:
            array = np.lib.format.open_memmap(unfinished, "w+", stored, (begins[-1], *vectors.shape[2:]))
            say(f"vectors of input {number}, computed once: {array.nbytes / 2**20:,.0f} MiB in {path}")
        values = to_arrays(vectors)
        if stored is np.float16 and np.abs(values).max() > np.finfo(stored).max:
            del array
            _write(model, network, number, examples, path, precision, say, np.float32)
            return
        for each, rows in zip(numbers, values, strict=True):
            array[begins[each] : begins[each + 1]] = rows[: 1 + examples.lengths[each]]
        n_words += batch.n_words
        if (now := time.monotonic()) - told > _SECONDS:
            told = now
            say(f"vectors: {n_words:,} words, {n_words / (now - began):,.0f} words/s")
    if array is not None:
        array.flush()
        unfinished.rename(path)


def _begins(lengths: Sequence[int]) -> list[int]:
    """The number of each example's first row, and behind them the number of all rows: a word each, and ROOT."""
    return [0, *itertools.accumulate(1 + length for length in lengths)]
