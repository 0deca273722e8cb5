"""What large encoders need: adapters of low rank, learning rates by layer, and the recipes that use them."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

import depparse
from depparse.errors import ConfigError
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from depparse.packing import pack
from depparse.training.loop import Step, TrainingConfig, train
from depparse.training.optim import OptimizerConfig, make_optimizer, set_rate
from tests.families import KINDS, STEPS, transformer_of_type
from tests.models import learn, small_model
from tests.pretrained import tiny_transformer, transformer_of
from tests.sentences import two_sentences

SENTENCES = [["Tom", "sees", "apples"], ["Whom", "did", "Anna", "see", "sleeping", "?"]]
LORA = {"lora": {"rank": 2, "alpha": 8.0, "dropout": 0.0}}


def vectors(model: Model) -> torch.Tensor:
    """The vectors ``[sentences, words, width]`` of the words of two sentences."""
    batch = model.collate([model.example(sentence) for sentence in two_sentences()])
    with torch.inference_mode():
        return model.eval().read(batch).encoded.context


# -- learning rates by layer


@pytest.mark.parametrize("kind", KINDS)
def test_each_layer_has_a_rate_of_its_own(kind: str, tmp_path: Path) -> None:
    model = small_model("none", [transformer_of_type(kind, tmp_path / "t")])
    rates = {
        id(weight): group["lr"]
        for group in make_optimizer(model, OptimizerConfig(pretrained_learning_rate=8.0, layer_decay=0.5)).param_groups
        for weight in group["params"]
    }
    network = transformer_of(model).pretrained
    seen = {rates[id(weight)] for weight in network.parameters()}
    shared = kind == "albert"  # whose layers are one
    assert seen == ({8.0, 1.0} if shared else {8.0, 4.0, 2.0, 1.0})
    embedding = network.get_input_embeddings() if kind != "bert" else network.embeddings["word_embeddings"]
    assert rates[id(embedding.weight)] == 1.0
    for name, weight in network.named_parameters():
        numbers = [int(part) for part in name.split(".") if part.isdecimal()]
        if numbers and not shared:
            assert rates[id(weight)] == 8.0 * 0.5 ** (2 - numbers[0]), name
    own = {id(weight) for weight in network.parameters()}
    assert {rate for weight, rate in rates.items() if weight not in own} == {OptimizerConfig().learning_rate}


def test_the_first_layers_can_stay_as_they_are(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("wordpiece", tmp_path / "t", frozen_layers=2)])
    model.losses(model.collate([model.example(sentence, targets=True) for sentence in two_sentences()]))[
        "tagger"
    ].backward()
    network = transformer_of(model).pretrained
    learned = {name for name, weight in network.named_parameters() if weight.grad is not None}
    assert learned == {name for name, _ in network.named_parameters() if name.startswith("encoder.layer.2.")}
    assert learned


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"frozen_layers": 2, "frozen": True}, "inputs.0.frozen_layers leaves layers untrained, beside frozen = true"),
        ({"frozen_layers": 2, **LORA}, "inputs.0.frozen_layers leaves layers untrained, beside lora"),
        ({"frozen_layers": 4}, "frozen_layers = 4, but the transformer has 3 layers"),
    ],
)
def test_layers_that_cannot_stay_are_refused(other: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        small_model("none", [tiny_transformer("wordpiece", tmp_path / "t") | other])


def test_rates_by_layer_rise_and_fall_together(tmp_path: Path) -> None:
    model = small_model("none", [tiny_transformer("wordpiece", tmp_path / "t")])
    config = OptimizerConfig(learning_rate=0.1, pretrained_learning_rate=8.0, layer_decay=0.5)
    optimizer = make_optimizer(model, config)
    assert len(optimizer.param_groups) == 2 + 4 * 2  # matrices and vectors of three layers, of embeddings, of the rest
    set_rate(optimizer, 0.25)
    assert {group["lr"] for group in optimizer.param_groups} == {0.025, 2.0, 1.0, 0.5, 0.25}
    assert len(make_optimizer(model, config.model_copy(update={"layer_decay": 1.0})).param_groups) == 4


# -- adapters of low rank


@pytest.mark.parametrize("kind", KINDS)
def test_only_adapters_learn_and_saved_models_have_none(kind: str, tmp_path: Path) -> None:
    settings = transformer_of_type(kind, tmp_path / "t")
    if kind in ("ibert", "squeezebert"):
        with pytest.raises(ConfigError, match=f"lora adapts linear layers, and a transformer of the type {kind} has"):
            small_model("none", [settings | LORA])
        return
    model = small_model("none", [settings | LORA])
    network = transformer_of(model).pretrained
    plain = small_model("none", [settings])
    assert torch.equal(vectors(model), vectors(plain))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    learn(model, two_sentences(), STEPS)
    after = network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    adapters = {name for name in before if ".adapter." in name}
    assert changed
    assert changed <= adapters
    assert len(changed) > len(adapters) / 2
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    assert transformer_of(again).pretrained.state_dict().keys() == transformer_of(plain).pretrained.state_dict().keys()
    assert Pipeline(again)(SENTENCES).to_conllu() == Pipeline(model)(SENTENCES).to_conllu()
    torch.testing.assert_close(vectors(again), vectors(model), rtol=1e-3, atol=1e-5)


def test_a_model_with_adapters_is_packed_like_any_other(tmp_path: Path) -> None:
    settings = tiny_transformer("wordpiece", tmp_path / "t") | LORA
    model = small_model("none", [settings])
    learn(model, two_sentences(), STEPS)
    save(model, tmp_path / "m")
    pack(tmp_path / "m", output=tmp_path / "p")
    assert Pipeline(load(tmp_path / "p"))(SENTENCES).to_conllu() == Pipeline(model)(SENTENCES).to_conllu()


def test_adapters_that_nothing_would_train_are_refused(tmp_path: Path) -> None:
    settings = tiny_transformer("wordpiece", tmp_path / "t", frozen=True) | LORA
    with pytest.raises(ConfigError, match=r"inputs.0.lora trains adapters, but with frozen = true nothing"):
        small_model("none", [settings])
    with pytest.raises(ConfigError, match=r"inputs.0.lora.rank: input should be greater than or equal to 1, not 0"):
        small_model("none", [settings | {"frozen": False, "lora": {"rank": 0}}])


# -- recipes


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xlm-roberta", "electra", "t5"])
@pytest.mark.parametrize("recipe", ["large", "adapters"])
def test_recipes_of_large_encoders_train(recipe: str, kind: str, samples: Path, tmp_path: Path) -> None:
    changes = {
        "model.encoder.inputs.0.name": transformer_of_type(kind, tmp_path / "t")["name"],
        "segmentation": "none",
        "training.epochs": 2,
        "training.accumulate": 2,
        "training.batch_words": 100,
    }
    nlp = depparse.train(recipe, treebank=samples / "UD_English-Sample", set=changes, output=tmp_path / "run")
    again = depparse.load(tmp_path / "run")
    assert again(SENTENCES).to_conllu() == nlp(SENTENCES).to_conllu()
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text(encoding="utf-8"))
    (settings, _) = config["model"]["encoder"]["inputs"]
    assert ("lora" in settings) is (recipe == "adapters")


@pytest.mark.parametrize("average", ["ema", "none"])
def test_interrupted_training_of_adapters_goes_on(average: str, tmp_path: Path) -> None:
    """To the last bit, as without an interruption."""
    settings = tiny_transformer("wordpiece", tmp_path / "t") | LORA
    optimizer = OptimizerConfig(average=average, layer_decay=0.5)
    config = TrainingConfig(epochs=4, batch_words=9, precision="fp32", checkpoint_seconds=1e9, optimizer=optimizer)

    def learned(name: str, stop: int | None, *, resume: bool = False) -> Model:
        model = small_model("none", [settings])
        examples = [model.example(sentence, targets=True) for sentence in two_sentences()]
        for record in train(model, examples, config, lambda: 0.5, checkpoint=tmp_path / name, resume=resume):
            if isinstance(record, Step) and record.step == stop:
                signal.raise_signal(signal.SIGINT)
        return model

    expected = learned("whole", None).state_dict()
    with pytest.raises(KeyboardInterrupt):
        learned("checkpoint", 3)
    found = learned("checkpoint", None, resume=True).state_dict()
    assert any(".adapter." in name for name in expected)
    assert all(torch.equal(found[name], value) for name, value in expected.items())
