"""One step of the optimizer: the gradient is summed over batches and over all processes, clipped, and applied."""

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
    parts: Sequence[Sequence[Item]],
    processes: Processes,
    precision: torch.dtype,
    clip: float,
    weights: Mapping[str, float],
) -> tuple[int, dict[str, float]]:
    """Learns from batches, of which `parts` are the examples that this process takes of each.

    The gradient is that of one batch with all examples, but only one batch is in memory at a time. `weights` has the
    weights of tasks in the sum of the losses; all other tasks have 1. Returns the number of words, and the mean loss
    per word of each task, unweighted. Raises DepparseError if a loss is infinite or NaN.
    """
    state.optimizer.zero_grad(set_to_none=True)
    names = list(learner.learned)
    device = processes.device
    batches = [learner.collate(examples) for examples in parts if examples]
    shares = torch.ones(len(batches), len(names), device=device)
    n_words = torch.tensor(sum(batch.n_words for batch in batches), device=device)
    if processes.count > 1 or len(batches) > 1:
        # Losses are means over words. Weighted by the share of its words that each batch has, they add up to the mean
        # over all batches; only nearly, if a task has several columns that are annotated at different words.
        counts = [[learner.count_targets(name, batch) for name in names] for batch in batches]
        shares = torch.tensor(counts, dtype=torch.float32, device=device).view_as(shares)
        sums = processes.add(torch.cat([n_words[None], shares.sum(0)]))
        n_words, shares = sums[0], shares / sums[1:].clamp(min=1)
    losses = torch.zeros(len(names), device=device)
    task_weights = torch.tensor([weights.get(name, 1.0) for name in names], device=device)
    for batch, share in zip(batches, shares, strict=True):
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            by_task = learner.losses(batch)
        of_batch = torch.stack([by_task[name] for name in names]) * share
        losses += of_batch.detach()
        state.scaler.scale((of_batch * task_weights).sum()).backward()
    if not batches:
        state.scaler.scale(losses.sum())  # the scaler needs a call in each step
    processes.add_gradients(state.model.parameters())
    mean_losses = dict(zip(names, processes.add(losses).tolist(), strict=True))
    _check(mean_losses)
    state.scaler.unscale_(state.optimizer)
    torch.nn.utils.clip_grad_norm_(state.model.parameters(), clip)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    if state.average is not None:
        state.average.update(state.model)
    return int(n_words), mean_losses


def _check(losses: dict[str, float]) -> None:
    """Raises DepparseError if a loss is infinite or NaN."""
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise DepparseError(
                f"the loss of the task {name} is {loss}: training diverged; a smaller learning_rate, "
                "a longer warmup (training.optimizer) or training.precision=fp32 may help"
            )
