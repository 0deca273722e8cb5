"""Several tasks over one encoder: from files of different kinds, and how their losses are weighed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import depparse
from depparse.errors import ConfigError
from depparse.model.model import Model
from depparse.training.loop import TrainingConfig, train
from depparse.training.run import Record
from tests.models import small_model
from tests.recipes import TINY
from tests.runs import scored
from tests.sentences import two_sentences


def test_one_recipe_trains_everything_from_three_files(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_English-Sample"
    given = {
        split: [folder / f"en_sample-{name.format(split)}" for name in ("ud-{}.conllu", "ner-{}.iob2", "up-{}.conllup")]
        for split in ("train", "dev")
    }
    small = {
        "segmentation": None,
        "model.encoder.inputs": [{"type": "words", "width": 32}, {"type": "characters", "width": 32}],
        "model.encoder.context.width": 64,
        "model.encoder.context.layers": 1,
        "model.encoder.dropout": 0.0,
        "model.tasks.dependencies.arc_width": 50,
        "model.tasks.enhanced.arc_width": 50,
        "model.tasks.srl.decoder": "arcs",
        "training.epochs": 8,
        "training.evaluate_every": 8,
        "training.batch_words": 150,
        "training.optimizer.learning_rate": 8e-3,
    }
    records: list[Record] = []
    nlp = depparse.train("joint", **given, set=small, output=tmp_path / "run", listen=records.append)
    assert nlp.parts == ("tagger", "lemmatizer", "dependencies", "enhanced", "ner", "srl")
    # Each dev file is scored on what it annotates, and no more.
    trees, entities, roles = (dict(record.scores or {}) for record in scored(records, "model"))
    assert trees["UPOS"].f1 > 0.6
    assert {"NER", "Predicates"}.isdisjoint(trees)
    assert {"UPOS", "Predicates"}.isdisjoint(entities)
    assert "NER" in entities
    assert roles["Predicates"].f1 > 0.6
    # What was learned of a file is there on text of any other, all of it.
    train = depparse.read(given["train"][0])
    doc = nlp([sentence.columns["FORM"] for sentence in train])
    assert all(cell != "_" for sentence in doc for name in ("UPOS", "HEAD", "DEPS") for cell in sentence.columns[name])
    assert sum(len(sentence.frames) for sentence in doc) > 50
    assert {span.type for span in doc.ents} & {"PER", "LOC", "ORG"}


def test_weights_are_of_tasks_that_there_are(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    with pytest.raises(ConfigError, match=r"training\.weights\.tager: there is no such task; did you mean tagger\?"):
        depparse.train(TINY, treebank=folder, set=["training.weights.tager=0.5"], output=tmp_path / "a")
    with pytest.raises(ConfigError, match=r"training\.weights\.tagger: .* greater than or equal to 0"):
        depparse.train(TINY, treebank=folder, set=["training.weights.tagger=-1"], output=tmp_path / "b")


def test_weights_of_losses() -> None:
    """A task of weight 0 learns nothing, but its loss is told; twice the weight is twice the gradient."""

    def after(weights: dict[str, float]) -> tuple[Model, dict[str, float]]:
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

    plain, losses = after({})
    without, told = after({"tagger": 0.0})
    assert told == losses
    assert moved(without, "tagger") == 0.0 < moved(plain, "tagger")
    assert moved(without, "dependencies") == moved(plain, "dependencies")
    twice, _ = after({"tagger": 2.0})
    assert moved(twice, "tagger") == pytest.approx(2 * moved(plain, "tagger"), rel=1e-4)
