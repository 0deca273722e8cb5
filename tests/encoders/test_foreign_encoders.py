"""Encoders of others: nothing that a folder says imports, fetches, asks or runs anything, or takes much memory."""

from __future__ import annotations

import builtins
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from depparse.encoders.transformer.families import FAMILIES
from depparse.encoders.transformer.settings import SETTINGS, check_settings
from depparse.errors import ConfigError, ModelError
from depparse.files import hash_file
from depparse.model_folder.store import load, save
from tests.models import small_model
from tests.pretrained import tiny_transformer

EVIL = "raise SystemExit('code of a foreign folder was run')\n"
CODE = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", "evil.Evil"]}
# What a folder may say, by key; transformers would follow each of them.
KEYS: list[tuple[str, Any]] = [
    ("auto_map", CODE),
    ("auto_map", {"AutoModel": "some/repository--evil.Evil"}),
    ("_name_or_path", "some/repository"),
    ("name_or_path", "some/repository"),
    ("attn_implementation", "some/repository"),
    ("_attn_implementation", "some/repository:function"),
    ("_attn_implementation_internal", "some/repository"),
    ("experts_implementation", "some/repository"),
    ("quantization_config", {"quant_method": "gptq", "bits": 4}),
    ("trust_remote_code", True),
    ("use_kernels", True),
    ("backbone", "resnet50"),
    ("use_timm_backbone", True),
    ("use_pretrained_backbone", True),
    ("backbone_config", {"model_type": "timm_backbone", "backbone": "resnet50"}),
    ("encoder", {"model_type": "bert"}),
    ("text_config", {"model_type": "bert"}),
    ("sub_configs", {"text_config": "evil.Evil"}),
    ("adapters", {"evil": "evil.Evil"}),
    ("_adapter_model_path", "some/repository"),
    ("transformers_weights", "pytorch_model.bin"),
    ("pruned_heads", {"0": [0]}),
    ("per_layer_config", {"0": {"hidden_size": 5}}),
    ("distributed_config", {"tp_size": 2}),
    ("custom_pipelines", {"evil": {"impl": "evil.Evil"}}),
    ("__class__", "evil.Evil"),
]
# Values of accepted settings that are wrong, or too large for the weights.
VALUES: list[tuple[str, Any]] = [
    ("model_type", "encoder-decoder"),
    ("model_type", "vision-encoder-decoder"),
    ("model_type", "timm_backbone"),
    ("model_type", "detr"),
    ("model_type", "rag"),
    ("model_type", "../evil"),
    ("model_type", ["roberta"]),
    ("model_type", None),
    ("hidden_size", 10**9),
    ("hidden_size", 100_000),
    ("hidden_size", "16"),
    ("hidden_size", True),
    ("hidden_size", 17),
    ("num_hidden_layers", 10**6),
    ("num_hidden_layers", 1_000),
    ("num_attention_heads", 0),
    ("num_attention_heads", 3),
    ("intermediate_size", 131_072),
    ("vocab_size", 10**12),
    ("vocab_size", 10**7),
    ("vocab_size", 7),
    ("max_position_embeddings", 10**12),
    ("max_position_embeddings", 10**6),
    ("type_vocab_size", 0),
    ("pad_token_id", -1),
    ("pad_token_id", 10**6),
    ("hidden_act", "os.system"),
    ("hidden_act", {"type": "gelu"}),
    ("hidden_dropout_prob", float("nan")),
    ("layer_norm_eps", float("inf")),
    ("is_decoder", True),
    ("add_cross_attention", True),
    ("is_encoder_decoder", True),
    ("position_embedding_type", "evil.Evil"),
]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with code that must not be run, first on the path of imports; no network, and nobody to ask."""

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise AssertionError(f"a question or a connection: {arguments}")

    (tmp_path / "evil.py").write_text(EVIL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(builtins, "input", refuse)
    yield tmp_path
    assert "evil" not in sys.modules


def model_folder(kind: str, folder: Path, **settings: Any) -> None:
    """Saves a model with a tiny encoder whose settings are changed to these."""
    save(small_model("none", [tiny_transformer(kind, folder.parent / "t")]), folder)
    data = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    data["encoder"][0]["config"] |= settings
    (folder / "vocab.json").write_text(json.dumps(data), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["vocab.json"] = hash_file(folder / "vocab.json")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "evil.py").write_text(EVIL, encoding="utf-8")


@pytest.mark.parametrize("kind", ["wordpiece", "bytes"])
@pytest.mark.parametrize(("key", "value"), KEYS)
def test_no_model_folder_is_followed(key: str, value: Any, kind: str, watched: Path) -> None:
    model_folder(kind, watched / "m", **{key: value})
    with pytest.raises(ModelError, match=f"setting '{key}' is not accepted of a transformer of the type"):
        load(watched / "m")


@pytest.mark.parametrize("kind", ["wordpiece", "bytes"])
@pytest.mark.parametrize(("key", "value"), VALUES)
def test_no_value_takes_memory_or_another_network(key: str, value: Any, kind: str, watched: Path) -> None:
    model_folder(kind, watched / "m", **{key: value})
    with pytest.raises(ModelError) as caught:
        load(watched / "m")
    assert "\n" not in str(caught.value)


def test_settings_without_effect_are_dropped(watched: Path) -> None:
    others = {"tokenizer_class": "evil.Evil", "torch_dtype": "__class__", "dtype": "os", "task_specific_params": CODE}
    model_folder("bytes", watched / "m", **others, id2label={"0": "evil"}, unknown=None)
    kept = load(watched / "m").encoder.codec.inputs[0].settings
    assert kept["model_type"] == "roberta"
    assert not {"unknown", "id2label", *others} & set(kept)


@pytest.mark.parametrize(("key", "value"), [*KEYS, ("tokenizer_class", "evil.Evil")])
def test_no_folder_of_an_encoder_is_followed(key: str, value: Any, watched: Path) -> None:
    """In training: what is no setting of the network is not read; code and quantization are errors."""
    settings = tiny_transformer("bytes", watched / "t")
    for name in ("config.json", "tokenizer_config.json"):
        data = json.loads((watched / "t" / name).read_text(encoding="utf-8")) | {key: value}
        (watched / "t" / name).write_text(json.dumps(data), encoding="utf-8")
    (watched / "t" / "evil.py").write_text(EVIL, encoding="utf-8")
    (watched / "t" / "adapter_config.json").write_text('{"base_model_name_or_path": "some/repository"}', "utf-8")
    if key in ("auto_map", "quantization_config", "adapters", "pruned_heads"):
        with pytest.raises(ConfigError, match=rf"config\.json has {key}, and only plain encoders are read"):
            small_model("none", [settings])
    else:
        assert key not in small_model("none", [settings]).encoder.codec.inputs[0].settings


def test_pickled_weights_are_not_read(watched: Path) -> None:
    settings = tiny_transformer("bytes", watched / "t")
    torch.save(load_file(watched / "t" / "model.safetensors"), watched / "t" / "pytorch_model.bin")
    (watched / "t" / "model.safetensors").rename(watched / "elsewhere.safetensors")
    with pytest.raises(ConfigError, match=r"it has no model\.safetensors, and weights of other formats are not read"):
        small_model("none", [settings])
    index = watched / "t" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": "../elsewhere.safetensors"}}), encoding="utf-8")
    with pytest.raises(ConfigError, match="is no file of its folder"):
        small_model("none", [settings])
    index.write_text(json.dumps({"weight_map": {"x": "pytorch_model.bin"}}), encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        small_model("none", [settings])


def test_an_encoder_in_several_files(watched: Path) -> None:
    settings = tiny_transformer("bytes", watched / "t")
    whole = small_model("none", [settings]).state_dict()
    tensors = load_file(watched / "t" / "model.safetensors")
    (watched / "t" / "model.safetensors").unlink()
    names = {name: f"model-{len(name) % 2}.safetensors" for name in tensors}
    for file in set(names.values()):
        part = {name: value for name, value in tensors.items() if names[name] == file}
        save_file(part, watched / "t" / file)
    index = watched / "t" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": names}), encoding="utf-8")
    parts = small_model("none", [settings]).state_dict()
    encoder = [name for name in whole if "pretrained" in name and "pooler" not in name]
    assert len(encoder) > 40
    assert all(torch.equal(parts[name], whole[name]) for name in encoder)


def test_weights_that_are_missing_are_an_error(watched: Path) -> None:
    settings = tiny_transformer("bytes", watched / "t")
    tensors = load_file(watched / "t" / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.bias"]
    save_file(tensors, watched / "t" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"its weights lack encoder\.layer\.1\.output\.dense\.bias"):
        small_model("none", [settings])


def test_older_settings_are_accepted() -> None:
    """Such as transformers 4 wrote, with settings of other tasks and of the generation of text."""
    plain = {
        "model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 8, "position_embedding_type": "absolute", "pad_token_id": 0,
    }  # fmt: skip
    old = {
        "top_k": 50,
        "_attn_implementation_autoset": True,
        "pruned_heads": {},
        "tokenizer_class": None,
        "prefix": None,
    }
    assert check_settings(plain | old) == plain


def test_positions_that_a_network_has_a_table_of_are_bounded() -> None:
    """GPT-Neo makes a mask of all pairs of positions before there is a weight that could be counted."""
    plain = {"vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1, "max_position_embeddings": 131_072}
    assert check_settings({"model_type": "llama", **plain})["max_position_embeddings"] == 131_072
    for kind in ("gpt_neo", "roberta", "bart"):
        with pytest.raises(ModelError, match=f"a transformer of the type {kind} cannot have 131,072 positions"):
            check_settings({"model_type": kind, **plain})


@pytest.mark.parametrize(("key", "value"), KEYS)
def test_no_family_accepts_what_would_be_followed(key: str, value: Any) -> None:
    for kind in FAMILIES:
        with pytest.raises(
            ModelError, match=f"the setting '{key}' is not accepted of a transformer of the type {kind}"
        ):
            check_settings({"model_type": kind, "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1, key: value})


@pytest.mark.parametrize("value", [10**40, -(10**40), float("nan"), "os.system", {"evil": "evil.Evil"}, ["evil.Evil"]])
def test_every_setting_has_values_of_its_kind_alone(value: Any) -> None:
    plain = {"model_type": "llama", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1}
    for name in SETTINGS:
        with pytest.raises(ModelError) as caught:
            check_settings(plain | {name: value})
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
