"""Optimizers: their rates, averages of weights and what triggers them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from depparse.training.loop import Evaluation, TrainingConfig, train
from depparse.training.optim import Average, OptimizerConfig, make_optimizer, non_monotonic, rate_at, set_rate
from tests.models import small_model
from tests.recipes import QUICK
from tests.sentences import two_sentences


def test_the_non_monotonic_trigger_compares_with_older_scores() -> None:
    rising = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert not any(non_monotonic(rising[:end], 5) for end in range(8))
    # The last score is worse than the ones just before it, but not than an older one.
    assert not non_monotonic([0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2], 5)
    assert non_monotonic([0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2], 5)
    assert not non_monotonic([0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.3], 5)
    assert not non_monotonic([0.3, 0.9, 0.9, 0.9, 0.9, 0.2], 5)  # too early
    assert non_monotonic([0.3, 0.2], 0)


def test_averages_leave_frozen_weights_out() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    model[0].requires_grad_(False)
    assert set(Average(model, "ema", 0.9).weights) == {"1.weight", "1.bias"}


def test_asgd_is_the_mean_from_the_trigger_on() -> None:
    model = nn.Linear(1, 1, bias=False)
    average = Average(model, "asgd", 0.9)

    def step(value: float) -> None:
        with torch.no_grad():
            model.weight.fill_(value)
        average.update(model)

    step(100.0)
    step(4.0)
    with average.inside(model):
        assert model.weight.item() == 4.0
    average.trigger()
    step(5.0)
    step(9.0)
    average.trigger()  # a second trigger changes nothing
    with average.inside(model):
        assert model.weight.item() == pytest.approx((4 + 5 + 9) / 3)
    assert model.weight.item() == 9.0


def test_learning_rates_rise_and_fall() -> None:
    config = OptimizerConfig(warmup=0.1, decay="linear", floor=0.0)
    rates = [rate_at(step, 100, config) for step in range(100)]
    assert rates[0] < rates[5] < rates[10] == max(rates)
    assert rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    assert rate_at(50, 100, OptimizerConfig(decay="none")) == 1.0


@pytest.mark.parametrize("average", ["ema", "asgd"])
def test_averages_are_in_the_model_only_while_it_is_evaluated(average: str) -> None:
    document = two_sentences()
    model = small_model()
    examples = [model.example(sentence, targets=True) for sentence in document]
    settings = QUICK.optimizer.model_copy(update={"average": average, "trigger": 2})
    config = TrainingConfig(epochs=8, precision="fp32", optimizer=settings)
    weight_pairs = []
    before = torch.zeros(0)
    scores = iter([0.5, 0.6, 0.55, 0.5, 0.55, 0.7, 0.7, 0.7])
    for record in train(model, examples, config, lambda: next(scores)):
        weights = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
        if isinstance(record, Evaluation):
            weight_pairs.append((weights, before))
        else:
            before = weights
    differ = [not torch.equal(*pair) for pair in weight_pairs]
    # The fifth score is worse than the best of those more than two evaluations before it.
    assert differ == ([True] * 8 if average == "ema" else [False] * 5 + [True] * 3)


def test_sgd_and_adamw_are_two_optimizers() -> None:
    document = two_sentences()
    ends = []
    for kind in ("adamw", "sgd"):
        model = small_model()
        examples = [model.example(sentence, targets=True) for sentence in document]
        settings = OptimizerConfig.model_validate(
            {"kind": kind, "learning_rate": 0.1, "decay": "none", "warmup": 0, "average": "none", "weight_decay": 0}
        )
        before = model.tasks["dependencies"].arcs.detach().clone()  # type: ignore[union-attr, operator]
        config = TrainingConfig(epochs=1, batch_words=1000, precision="fp32", optimizer=settings)
        list(train(model, examples, config, lambda: 0.0))
        after = model.tasks["dependencies"].arcs.detach()  # type: ignore[union-attr, operator]
        ends.append((after - before).abs().max().item())
    # The first step of Adam has the length of the learning rate in every direction, that of SGD follows the gradient.
    assert ends[0] == pytest.approx(0.1, rel=1e-3)
    assert 0 < ends[1] < 0.1


def test_weights_that_an_input_calls_pretrained_have_their_own_rate() -> None:
    class Input(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows, self.project = nn.Embedding(2, 3), nn.Linear(3, 4)

        def pretrained_parameters(self) -> Iterator[nn.Parameter]:
            return self.rows.parameters()

    model = nn.ModuleDict({"inputs": nn.ModuleList([Input()]), "task": nn.Linear(4, 1)})
    config = OptimizerConfig(learning_rate=0.1, pretrained_learning_rate=0.001, weight_decay=0.5)
    optimizer = make_optimizer(model, config)
    rates = {id(weight): group["lr"] for group in optimizer.param_groups for weight in group["params"]}
    decays = {id(weight): group["weight_decay"] for group in optimizer.param_groups for weight in group["params"]}
    for name, weight in model.named_parameters():
        assert rates[id(weight)] == (0.001 if "rows" in name else 0.1), name
        assert decays[id(weight)] == (0.5 if name.endswith("weight") else 0.0), name
    set_rate(optimizer, 0.5)
    assert {group["lr"] for group in optimizer.param_groups} == {0.05, 0.0005}
