"""A step of the loop: whatever makes batches and tells their losses is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import pytest
import torch
from torch import Tensor, nn

from depparse.document.document import Document
from depparse.training.checkpoint import State
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from depparse.training.optim import OptimizerConfig
from depparse.training.processes import Processes
from depparse.training.step import step
from tests.models import small_model
from tests.sentences import partly_annotated


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


def test_steps_of_several_batches() -> None:
    """Each step has so many batches, and the last of an epoch has the rest."""
    numbers = [Number(float(value)) for value in range(10)]
    config = TrainingConfig(epochs=2, batch_words=2, accumulate=4, precision="fp32")
    records = list(train(Mean(), numbers, config, lambda: 0.0))
    steps = [record for record in records if isinstance(record, Step)]
    assert [(record.epoch, record.step, record.steps) for record in steps] == [
        (epoch, 3 * (epoch - 1) + number, 6) for epoch in (1, 2) for number in (1, 2, 3)
    ]
    assert [record.words for record in steps] == [4, 4, 2] * 2
    evaluation = records[3]
    assert isinstance(evaluation, Evaluation)
    mean = sum(record.losses["mean"] * record.words for record in steps[:3]) / 10
    assert evaluation.losses["mean"] == pytest.approx(mean)


@pytest.mark.parametrize("weights", [{}, {"tagger": 3.0}])
def test_the_gradient_of_several_batches_is_that_of_one(weights: dict[str, float]) -> None:
    document = Document.from_conllu(partly_annotated())  # some sentences have no heads, others no lemmas
    sizes = [(8,), (5, 3), (1, 1, 6), (1,) * 8]
    gradients, told = [], []
    for size in sizes:
        model = small_model(document=document).eval()  # without dropout, which differs
        examples = iter([model.example(sentence, targets=True) for sentence in document])
        parts = [list(islice(examples, number)) for number in size]
        assert next(examples, None) is None
        state = State(model, torch.optim.SGD(model.parameters(), lr=0.0), None, torch.amp.GradScaler(enabled=False))
        told.append(step(model, state, parts, Processes(), torch.float32, 1e9, weights))
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    (n_words, losses), expected = told[0], gradients[0]
    assert n_words == document.num_words
    assert max(gradient.abs().max() for gradient in expected.values()) > 0.1
    for (other_words, other_losses), found in zip(told[1:], gradients[1:], strict=True):
        assert other_words == n_words
        assert other_losses == pytest.approx(losses, rel=1e-5)
        assert found.keys() == expected.keys()
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-6)
