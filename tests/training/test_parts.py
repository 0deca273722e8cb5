"""Parts of training: the trigger and mean of NT-ASGD, temperature, batches on devices, interrupts."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from depparse.features.batch import count_targets
from depparse.layers.tensors import Layout, to_tensors
from depparse.training.examples import plan_epoch
from depparse.training.loop import TrainingConfig
from depparse.training.optim import Average, non_monotonic
from tests.models import small_model
from tests.sentences import two_sentences


def test_the_non_monotonic_trigger() -> None:
    rising = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert not any(non_monotonic(rising[:end], 5) for end in range(8))
    # Worse than the last ones, but not than any before them.
    assert not non_monotonic([0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2], 5)
    assert non_monotonic([0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2], 5)
    assert not non_monotonic([0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.3], 5)
    assert not non_monotonic([0.3, 0.9, 0.9, 0.9, 0.9, 0.2], 5)  # too early
    assert non_monotonic([0.3, 0.2], 0)


def test_epochs_by_the_size_of_the_data() -> None:
    assert [TrainingConfig().sized(words).epochs for words in (0, 6_329, 50_502, 204_577, 10**8)] == [
        100,
        81,
        41,
        25,
        8,
    ]
    assert TrainingConfig(epochs=3).sized(10**8).epochs == 3


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
    average.trigger()  # once is for all
    with average.inside(model):
        assert model.weight.item() == pytest.approx((4 + 5 + 9) / 3)
    assert model.weight.item() == 9.0


def test_temperature_samples_treebanks() -> None:
    sources = [0] * 900 + [1] * 100
    lengths = [1 + number % 20 for number in range(1000)]

    def epoch(temperature: float, seed: int = 1) -> list[int]:
        plan = plan_epoch(lengths, sources, 100, temperature, random.Random(seed))
        assert all(sum(lengths[number] + 1 for number in batch) <= 100 for batch in plan)
        return [number for batch in plan for number in batch]

    assert sorted(epoch(1)) == list(range(1000))
    square = epoch(2)  # 30 to 10
    assert Counter(sources[number] for number in square) == {0: 750, 1: 250}
    counts = Counter(square)
    assert max(counts[number] for number in range(900)) == 1
    assert {counts[number] for number in range(900, 1000)} == {2, 3}
    assert epoch(2) == square
    assert epoch(2, seed=2) != square


def test_a_batch_moves_as_a_whole() -> None:
    model = small_model()
    batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])

    def devices(value: object) -> set[str]:
        if isinstance(value, torch.Tensor):
            return {value.device.type}
        items = list(value.values()) if isinstance(value, dict) else value
        return set().union(*map(devices, items)) if isinstance(items, (list, tuple)) else set()

    for data in (batch.inputs, batch.targets):
        moved = to_tensors(data, torch.device("meta"))
        assert devices(moved) == {"meta"}
        assert type(moved) is type(data)
    assert devices(Layout.of(batch, torch.device("meta"))) == {"meta"}
    # On the processor, nothing is copied.
    lengths = Layout.of(batch, torch.device("cpu")).lengths
    batch.lengths[0] = 5
    assert lengths[0] == 5


def test_annotated_words_are_counted() -> None:
    labels = np.array([[-100, 3, -100], [-100, 1, 2]])
    assert count_targets(labels) == 3
    assert count_targets((labels, labels)) == 6
    assert count_targets(np.ones((2, 2), np.bool_)) is None
    assert count_targets((labels, np.ones((2, 2)))) is None
    assert count_targets({"other": "form"}) is None
    # All words, where the targets of a task do not tell.
    model = small_model()
    batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])
    assert model.count_targets("lemmatizer", batch) == 13
    batch.targets["lemmatizer"] = {"other": "form"}
    assert model.count_targets("lemmatizer", batch) == 13
    assert model.count_targets("dependencies", batch) == 26
