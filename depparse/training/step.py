"""One step of the optimizer: the gradient of a batch is summed over all processes, clipped, and applied."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from depparse.errors import DepparseError
from depparse.model.model import Model
from depparse.segmentation.learner import SegmenterLearner
from depparse.training.checkpoint import State
from depparse.training.processes import Processes


def step(
    model: Model | SegmenterLearner,
    state: State,
    examples: Sequence[Any],
    processes: Processes,
    precision: torch.dtype,
    clip: float,
    weights: Mapping[str, float],
) -> tuple[int, dict[str, float]]:
    """Learns from a batch, of which `examples` are the part of this process.

    `weights` has the weights of tasks in the sum of the losses; all other tasks have 1. Returns the number of words in
    the batch, and the mean loss per word of each task, unweighted. Raises DepparseError if a loss is infinite or NaN.
    """
    state.optimizer.zero_grad(set_to_none=True)
    names = list(model.learned)
    device = processes.device
    losses = torch.zeros(len(names), device=device)
    counts = torch.zeros(1 + len(names), device=device)  # number of words; number of words that each task learns from
    if examples:
        batch: Any = model.collate(examples)  # of the type that this model has
        counts[0] = batch.n_words
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            by_task = model.losses(batch)
        losses = torch.stack([by_task[name] for name in names])
    if processes.count > 1:
        # Losses are means over words. Weighted by the share of its words that each process has, they add up to the mean
        # over the whole batch; only nearly, if a task has several columns that are annotated at different words.
        if examples:
            counts[1:] = torch.tensor([model.count_targets(name, batch) for name in names])
        own_counts, counts = counts, processes.add(counts)
        losses = losses * (own_counts / counts.clamp(min=1))[1:]
    weighted = losses * torch.tensor([weights.get(name, 1.0) for name in names], device=device)
    scaled = state.scaler.scale(weighted.sum())  # also without examples, as the scaler needs a call in each step
    if examples:
        scaled.backward()  # type: ignore[no-untyped-call]
    processes.add_gradients(model.parameters())
    mean_losses = dict(zip(names, processes.add(losses.detach()).tolist(), strict=True))
    _check(mean_losses)
    state.scaler.unscale_(state.optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    if state.average is not None:
        state.average.update(model)
    return int(counts[0]), mean_losses


def _check(losses: dict[str, float]) -> None:
    """Raises DepparseError if a loss is infinite or NaN."""
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise DepparseError(
                f"the loss of the task {name} is {loss}: training diverged; a smaller learning_rate, "
                "a longer warmup (training.optimizer) or training.precision=fp32 may help"
            )
