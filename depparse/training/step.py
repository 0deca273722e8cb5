"""One step of the optimizer: the gradient of a batch is summed over all processes, clipped, and applied."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from depparse.errors import DepparseError
from depparse.training.checkpoint import State
from depparse.training.processes import Processes


class CountsWords(Protocol):
    """A batch, in whatever form its learner has it."""

    @property
    def n_words(self) -> int:
        """Real words in the batch."""


Item = TypeVar("Item")  # what is learned of one sentence or text
Item_contra = TypeVar("Item_contra", contravariant=True)
AnyBatch = TypeVar("AnyBatch", bound=CountsWords)


class Learner(Protocol[Item_contra, AnyBatch]):
    """What the training loop trains: an `nn.Module` that makes batches of its examples, and tells their losses."""

    @property
    def learned(self) -> Sequence[str]:
        """The names of what is trained: of each there is a loss."""

    def collate(self, examples: Sequence[Item_contra], /) -> AnyBatch:
        """The examples side by side."""

    def count_targets(self, task: str, batch: AnyBatch) -> int:
        """What of the batch the loss is a mean over."""

    def losses(self, batch: AnyBatch) -> dict[str, Tensor]:
        """Each loss, a scalar."""


def step(
    learner: Learner[Item, AnyBatch],
    state: State,
    examples: Sequence[Item],
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
    names = list(learner.learned)
    device = processes.device
    losses = torch.zeros(len(names), device=device)
    counts = torch.zeros(1 + len(names), device=device)  # number of words; number of words that each task learns from
    if examples:
        batch = learner.collate(examples)
        counts[0] = batch.n_words
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            by_task = learner.losses(batch)
        losses = torch.stack([by_task[name] for name in names])
    if processes.count > 1:
        # Losses are means over words. Weighted by the share of its words that each process has, they add up to the mean
        # over the whole batch; only nearly, if a task has several columns that are annotated at different words.
        if examples:
            counts[1:] = torch.tensor([learner.count_targets(name, batch) for name in names])
        own_counts, counts = counts, processes.add(counts)
        losses = losses * (own_counts / counts.clamp(min=1))[1:]
    weighted = losses * torch.tensor([weights.get(name, 1.0) for name in names], device=device)
    scaled = state.scaler.scale(weighted.sum())  # also without examples, as the scaler needs a call in each step
    if examples:
        scaled.backward()  # type: ignore[no-untyped-call]
    processes.add_gradients(state.model.parameters())
    mean_losses = dict(zip(names, processes.add(losses.detach()).tolist(), strict=True))
    _check(mean_losses)
    state.scaler.unscale_(state.optimizer)
    torch.nn.utils.clip_grad_norm_(state.model.parameters(), clip)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    if state.average is not None:
        state.average.update(state.model)
    return int(counts[0]), mean_losses


def _check(losses: dict[str, float]) -> None:
    """Raises DepparseError if a loss is infinite or NaN."""
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise DepparseError(
                f"the loss of the task {name} is {loss}: training diverged; a smaller learning_rate, "
                "a longer warmup (training.optimizer) or training.precision=fp32 may help"
            )
