"""The loop over batches: models learn by it, it ends early or stops, and losses of tasks are weighted."""

from __future__ import annotations

import pytest
import torch

import depparse
from depparse.errors import DepparseError
from depparse.model.model import Model
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from tests.models import annotated, small_model
from tests.recipes import CONTEXTS, QUICK
from tests.sentences import two_sentences


@pytest.mark.parametrize(
    "context",
    [name if name == "linear_recurrent" else pytest.param(name, marks=pytest.mark.slow) for name in CONTEXTS],
)
def test_two_sentences_are_learned_by_heart(context: str) -> None:
    document = two_sentences()
    model = small_model(context)
    examples = [model.example(sentence, targets=True) for sentence in document]
    config = QUICK.model_copy(update={"epochs": 250, "evaluate_every": 250})
    losses = [record.losses for record in train(model, examples, config, lambda: 0.0) if isinstance(record, Step)]
    assert sum(losses[-1].values()) < sum(losses[0].values())
    scores = depparse.evaluate(document, annotated(model, document))
    expected = ("UPOS", "XPOS", "UFeats", "Lemmas") if context == "none" else ("AllTags", "Lemmas", "LAS_subtypes")
    assert {name: scores[name].f1 for name in expected} == dict.fromkeys(expected, 1.0)


def test_training_that_diverges_stops() -> None:
    document = two_sentences()
    model = small_model()
    with torch.no_grad():
        model.tasks["dependencies"].arcs[0, 0] = float("nan")  # type: ignore[index, union-attr]
    examples = [model.example(sentence, targets=True) for sentence in document]
    with pytest.raises(DepparseError, match="loss of the task dependencies is nan: training diverged"):
        list(train(model, examples, TrainingConfig(epochs=1), lambda: 0.0))


def test_patience_ends_a_run() -> None:
    model = small_model()
    examples = [model.example(sentence, targets=True) for sentence in two_sentences()]
    scores = iter([0.1, 0.3, 0.2, 0.4, 0.4, 0.3, 0.9])
    config = TrainingConfig(epochs=7, patience=2, precision="fp32")
    records = [r for r in train(model, examples, config, lambda: next(scores)) if isinstance(r, Evaluation)]
    assert [(r.score, r.improved) for r in records[-3:]] == [(0.4, True), (0.4, False), (0.3, False)]
    assert len(records) == 6


def test_epochs_depend_on_the_size_of_the_data() -> None:
    assert [TrainingConfig().sized(words).epochs for words in (0, 6_329, 50_502, 204_577, 10**8)] == [
        100,
        81,
        41,
        25,
        8,
    ]
    assert TrainingConfig(epochs=3).sized(10**8).epochs == 3


def test_losses_of_tasks_are_weighted() -> None:
    """A task of weight 0 learns nothing, but its loss is told; twice the weight is twice the gradient."""

    def train_with(weights: dict[str, float]) -> tuple[Model, dict[str, float]]:
        torch.manual_seed(1)
        model = small_model()
        examples = [model.example(sentence, targets=True) for sentence in two_sentences()]
        optimizer = {"kind": "sgd", "learning_rate": 0.1, "clip": 1e9, "weight_decay": 0.0, "average": "none"}
        config = TrainingConfig.model_validate(
            {"epochs": 1, "precision": "fp32", "batch_words": 100, "weights": weights, "optimizer": optimizer}
        )
        torch.manual_seed(1)
        (first, *_) = list(train(model, examples, config, lambda: 0.0))
        return model, first.losses

    def moved(model: Model, task: str) -> float:
        torch.manual_seed(1)
        before = dict(small_model().named_parameters())
        name = next(name for name in before if name.startswith(f"tasks.{task}.") and before[name].dim() > 1)
        return (dict(model.named_parameters())[name] - before[name]).norm().item()

    plain, losses = train_with({})
    without, other_losses = train_with({"tagger": 0.0})
    assert other_losses == losses
    assert moved(without, "tagger") == 0.0 < moved(plain, "tagger")
    assert moved(without, "dependencies") == moved(plain, "dependencies")
    twice, _ = train_with({"tagger": 2.0})
    assert moved(twice, "tagger") == pytest.approx(2 * moved(plain, "tagger"), rel=1e-4)
