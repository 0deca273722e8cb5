"""Recipes by name, file or dictionary, with overrides of all kinds; mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

import depparse
from depparse.errors import ConfigError
from depparse.training.recipe import read_recipe
from tests.recipes import TINY


def test_recipes_are_found_by_name_and_mistakes_are_told(tmp_path: Path, samples: Path) -> None:
    folder = str(samples / "UD_English-Sample")
    names = [
        "adapters",
        "agreement",
        "bilstm",
        "constituent_labels",
        "constituents",
        "demo",
        "joint",
        "large",
        "ner",
        "recurrent",
        "sequence_labels",
        "small",
        "srl",
        "transformer",
        "transitions",
    ]
    for name in names:
        config = read_recipe(name, ["training.epochs=3"], [folder])
        assert config.training.epochs == 3
        assert config.data.train[0].endswith("en_sample-ud-train.conllu")
        assert config.data.dev[0].endswith("en_sample-ud-dev.conllu")
    with pytest.raises(
        ConfigError, match=r"config key training\.epoch does not exist; did you mean epochs\? there are"
    ):
        read_recipe("recurrent", ["training.epoch=3"])
    with pytest.raises(ConfigError, match=r"config key training\.epochs: .* not 'many'"):
        read_recipe("recurrent", ["training.epochs=many"])
    with pytest.raises(
        ConfigError,
        match=r"no recipe 'recurent', nor a TOML file; did you mean recurrent\? there are: adapters, agreement",
    ):
        read_recipe("recurent")
    with pytest.raises(ConfigError, match="key=value"):
        read_recipe("recurrent", ["training.epochs"])


def test_overrides_may_be_of_all_kinds_and_mistakes_are_told(samples: Path) -> None:
    folder = str(samples / "UD_English-Sample")
    config = read_recipe(TINY, {"training.epochs": 5, "model.encoder.inputs.0.width": 8}, [folder], {"dev": ["d"]})
    assert (config.training.epochs, config.model.encoder.inputs[0].width) == (5, 8)  # type: ignore[union-attr]
    assert config.data.dev == ("d",)
    assert read_recipe(config, {"data.test": "t"}).data.test == ("t",)
    assert read_recipe(config) == config
    assert TINY["training"]["epochs"] == 2
    with pytest.raises(ConfigError, match=r"training\.epoch does not exist; did you mean epochs"):
        depparse.train(TINY, treebank=folder, set={"training.epoch": 1})
    with pytest.raises(
        ConfigError, match=r"config key trainin does not exist; did you mean training\? there are: segm"
    ):
        depparse.train(TINY, treebank=folder, set={"trainin": 1})
    with pytest.raises(ConfigError, match="metric: 'LSA' is no score; there are Tokens, "):
        depparse.train(TINY, treebank=folder, set={"metric": "LSA"})


def test_a_context_layer_can_be_left_out_by_an_override() -> None:
    assert read_recipe("recurrent", "model.encoder.context=none").model.encoder.context is None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.encoder.inputs=[]", r"model\.encoder\.inputs: .*at least 1"),
        ("model.tasks.items.type=tagger", "items cannot be the name of a task"),
        ('model.tasks.tagger.columns=["upos"]', "'UPOS', 'XPOS' or 'FEATS', not 'upos'"),
    ],
)
def test_settings_that_no_network_can_have_are_refused(
    setting: str, message: str, tmp_path: Path, samples: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        depparse.train(TINY, treebank=samples / "UD_English-Sample", set=setting, output=tmp_path / "run")


def test_weights_are_of_existing_tasks(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    with pytest.raises(ConfigError, match=r"training\.weights\.tager: there is no such task; did you mean tagger\?"):
        depparse.train(TINY, treebank=folder, set=["training.weights.tager=0.5"], output=tmp_path / "a")
    with pytest.raises(ConfigError, match=r"training\.weights\.tagger: .* greater than or equal to 0"):
        depparse.train(TINY, treebank=folder, set=["training.weights.tagger=-1"], output=tmp_path / "b")
