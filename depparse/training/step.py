"""One step of the optimizer: the gradient of a batch, over all processes; clipped; applied."""

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

    `weights` are those of tasks in the sum of the losses, where they are not 1. Returns the words of the batch and the
    mean loss a word of each task, without weights. DepparseError if a loss is no number.
    """
    state.optimizer.zero_grad(set_to_none=True)
    names = list(model.learned)
    device = processes.device
    losses = torch.zeros(len(names), device=device)
    counts = torch.zeros(1 + len(names), device=device)  # words, and those that each task learns from
    if examples:
        batch: Any = model.collate(examples)  # of the model's own kind
        counts[0] = batch.n_words
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            found = model.losses(batch)
        losses = torch.stack([found[name] for name in names])
    if processes.count > 1:
        # Losses are means over words. So weighed, they add up to the mean over the whole batch; nearly so where a task
        # has several columns that are annotated at different words.
        if examples:
            counts[1:] = torch.tensor([model.count_targets(name, batch) for name in names])
        here, counts = counts, processes.add(counts)
        losses = losses * (here / counts.clamp(min=1))[1:]
    weighted = losses * torch.tensor([weights.get(name, 1.0) for name in names], device=device)
    scaled = state.scaler.scale(weighted.sum())  # without examples too, as the scaler asks for it
    if examples:
        scaled.backward()  # type: ignore[no-untyped-call]
    processes.add_gradients(model.parameters())
    shown = dict(zip(names, processes.add(losses.detach()).tolist(), strict=True))
    _check(shown)
    state.scaler.unscale_(state.optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    if state.average is not None:
        state.average.update(model)
    return int(counts[0]), shown


def _check(losses: dict[str, float]) -> None:
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise DepparseError(
                f"the loss of the task {name} is {loss}: training diverged; a smaller learning_rate, "
                "a longer warmup (training.optimizer) or training.precision=fp32 may help"
            )
