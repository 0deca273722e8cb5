"""A step of the loop: whatever makes batches and tells their losses is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from depparse.training.loop import Evaluation, TrainingConfig, train
from depparse.training.optim import OptimizerConfig


@dataclass
class Number:
    """An example that is a number, with the length and source that the loop asks for."""

    value: float
    length: int = 1
    source: int = 0


class Numbers(list[float]):
    """A batch of numbers."""

    @property
    def n_words(self) -> int:
        return len(self)


class Mean(nn.Module):
    """Learns the mean of the numbers."""

    learned = ("mean",)

    def __init__(self) -> None:
        super().__init__()
        self.guess = nn.Parameter(torch.zeros(()))

    def collate(self, examples: Sequence[Number]) -> Numbers:
        return Numbers(example.value for example in examples)

    def count_targets(self, task: str, batch: Numbers) -> int:
        return len(batch)

    def losses(self, batch: Numbers) -> dict[str, Tensor]:
        return {"mean": (torch.tensor(batch) - self.guess).square().mean()}


def test_the_loop_trains_any_learner() -> None:
    learner = Mean()
    settings = OptimizerConfig(learning_rate=0.1, average="none", warmup=0, weight_decay=0)
    config = TrainingConfig(epochs=200, precision="fp32", evaluate_every=200, optimizer=settings)
    records = list(train(learner, [Number(2.0), Number(4.0)], config, lambda: 7.0))
    assert isinstance(records[-1], Evaluation)
    assert records[-1].score == 7.0
    assert abs(learner.guess.item() - 3.0) < 0.1
    assert abs(records[0].losses["mean"] - 10.0) < 1e-5  # (2² + 4²) / 2
