"""Transformers with only their first layers, and with layers that are computed again in the backward pass."""

from __future__ import annotations

import copy
import json
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers.models.ibert.quant_modules import QuantLinear
from transformers.pytorch_utils import Conv1D

from depparse.encoders.transformer import layers, pretrained
from depparse.encoders.transformer.settings import first_layers
from depparse.errors import ConfigError, ModelError
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from depparse.packing import pack
from tests.families import FEW, KINDS, transformer_of_type
from tests.models import small_model
from tests.pretrained import MINILM, needs_minilm, tiny_transformer, transformer_of
from tests.sentences import two_sentences

# Types whose network normalizes the states after its last layer, and where; there are more among the slow ones.
NORMALIZED = {
    "gpt2": "ln_f",
    "llama": "norm",
    "modernbert": "final_norm",
    "recurrent_gemma": "final_norm",
    "roberta-prelayernorm": "LayerNorm",
    "t5": "final_layer_norm",
    "xlm-roberta-xl": "encoder.LayerNorm",
}
# Types whose last layer is of another kind than those before it.
NOT_CUT = {
    "gpt_neox_japanese": "its weights lack layers.[01].attention.dense_bias",
    "olmo_hybrid": "at least one attention layer",
}
SENTENCES = [["Tom", "sees", "apples"], ["apples"] * 60]


def states_of(model: Model, *, with_attention: bool = False) -> tuple[Tensor, ...]:
    """All hidden states of the transformer for some subwords and, if asked for, all attentions."""
    whole = transformer_of(model).pretrained
    ids = torch.arange(4, 24).view(2, 10)
    options = {"output_attentions": True} if with_attention else {}
    output = whole(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True, **options)
    return (*output.hidden_states, *(output.attentions if with_attention else ()))


# -- depth


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_layers_compute_what_they_compute_in_the_whole_network(kind: str, depth: int, tmp_path: Path) -> None:
    settings = transformer_of_type(kind, tmp_path / "t")
    whole = small_model("none", [settings]).eval()
    if kind in NOT_CUT and depth < 3:
        with pytest.raises(ConfigError, match=NOT_CUT[kind]):
            small_model("none", [settings | {"depth": depth}])
        return
    model = small_model("none", [settings | {"depth": depth}]).eval()
    assert transformer_of(model).pretrained.config.num_hidden_layers == depth
    assert transformer_of(model).mix.shape == (depth,)  # the config asks for four layers
    n_weights, n_whole = (
        sum(p.numel() for p in transformer_of(each).pretrained_parameters()) for each in (model, whole)
    )
    assert (n_weights < n_whole) is (depth < 3 and kind != "albert")  # the layers of ALBERT are one
    with torch.no_grad():
        expected, states = states_of(whole), states_of(model)
        if kind in NORMALIZED and depth < 3:
            normalize = attrgetter(NORMALIZED[kind])(transformer_of(model).pretrained)
            expected = (*expected[:depth], normalize(expected[depth]))
    assert len(states) == depth + 1
    compared = depth + (depth == 3 or (kind in FEW and kind != "mamba"))  # Mamba gives its last states twice
    assert all(torch.equal(*pair) for pair in zip(states[:compared], expected[:compared], strict=True))
    save(model, tmp_path / "m")
    assert Pipeline(load(tmp_path / "m"))(SENTENCES).to_conllu() == Pipeline(model)(SENTENCES).to_conllu()


@pytest.mark.parametrize("prefix", ["", "bert."])
def test_weights_of_further_layers_are_not_read(prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tiny_transformer("wordpiece", tmp_path / "t", depth=2)
    file = tmp_path / "t" / "model.safetensors"
    tensors = {prefix + name: value for name, value in load_file(file).items()}
    further = f"{prefix}encoder.layer.2."
    assert len(tensors) > len([name for name in tensors if not name.startswith(further)]) > 20
    save_file(tensors, file, metadata={"format": "pt"})
    read: list[str] = []

    class Watched:
        def __init__(self, *arguments: Any) -> None:
            self._file = opened(*arguments)

        def __enter__(self) -> Watched:
            self._file.__enter__()
            return self

        def __exit__(self, *arguments: Any) -> None:
            self._file.__exit__(*arguments)

        def keys(self) -> list[str]:
            return self._file.keys()

        def get_tensor(self, name: str) -> Tensor:
            read.append(name)
            return self._file.get_tensor(name)

    opened = pretrained.safe_open
    monkeypatch.setattr(pretrained, "safe_open", Watched)
    model = small_model("none", [settings])
    assert sorted(read) == sorted(name for name in tensors if not name.startswith(further))
    assert sorted(name for name in model.state_dict() if "layer.1." in name) == sorted(
        f"encoder.inputs.0.pretrained.{name.removeprefix(prefix)}" for name in tensors if "layer.1." in name
    )


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_more_layers_than_there_are_is_an_error(kind: str, tmp_path: Path) -> None:
    settings = transformer_of_type(kind, tmp_path / "t")
    problem = r"the transformer '.*' cannot be loaded: its depth is 3, so the key depth is at most 3, not 4$"
    with pytest.raises(ConfigError, match=problem):
        small_model("none", [settings | {"depth": 4}])
    with pytest.raises(ConfigError, match=r"inputs.0.depth: input should be greater than or equal to 1, not 0"):
        small_model("none", [settings | {"depth": 0}])


def test_groups_of_layers_stay_together(tmp_path: Path) -> None:
    settings = {"model_type": "albert", "num_hidden_layers": 12, "num_hidden_groups": 3}
    for depth, n_groups in ((12, 3), (8, 2), (4, 1), (3, 1), (1, 1)):
        assert first_layers(settings, depth) == settings | {"num_hidden_layers": depth, "num_hidden_groups": n_groups}
    problem = "its 12 layers share weights in 3 groups, so the key depth is a multiple of 4, not 6"
    with pytest.raises(ModelError, match=problem):
        first_layers(settings, 6)
    settings = transformer_of_type("albert", tmp_path / "t", num_hidden_layers=4, num_hidden_groups=2)
    whole = small_model("none", [settings]).eval()
    for depth in (1, 2, 4):
        model = small_model("none", [settings | {"depth": depth}]).eval()
        assert len(transformer_of(model).pretrained.encoder.albert_layer_groups) == (2 if depth == 4 else 1)
        with torch.no_grad():
            pairs = zip(states_of(model), states_of(whole)[: depth + 1], strict=True)
            assert all(torch.equal(*pair) for pair in pairs)


@needs_minilm
def test_a_shallow_model_is_packed(tmp_path: Path) -> None:
    model = small_model("none", [MINILM | {"depth": 3, "layers": 4, "mix": "task"}]).eval()
    assert transformer_of(model).mix.shape == ((1 + 3) * 3,)
    save(model, tmp_path / "m")
    pack(tmp_path / "m", output=tmp_path / "p")
    packed = load(tmp_path / "p")
    assert transformer_of(packed).pretrained.config.num_hidden_layers == 3
    assert transformer_of(packed).pretrained.config.vocab_size < transformer_of(model).pretrained.config.vocab_size
    assert Pipeline(packed)(SENTENCES).to_conllu() == Pipeline(model)(SENTENCES).to_conllu()


def test_folders_of_whole_encoders_stay_as_they_are(tmp_path: Path) -> None:
    """Older versions read them, as long as they need none of the new keys."""
    save(small_model("none", [tiny_transformer("wordpiece", tmp_path / "t")]), tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    (settings,) = config["model"]["encoder"]["inputs"]
    assert settings["layers"] == 4
    assert not {"depth", "recompute"} & set(settings)


# -- layers that are computed again


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_layers_that_are_computed_again_have_the_same_gradients(
    kind: str, precision: torch.dtype, tmp_path: Path
) -> None:
    settings = transformer_of_type(kind, tmp_path / "t")
    if kind in ("flaubert", "xlm"):
        with pytest.raises(ConfigError, match="recompute is for layers that are whole"):
            small_model("none", [settings | {"recompute": True}])
        return
    losses, gradients, calls, following = [], [], [], []
    for recompute in (False, True):
        model = small_model("none", [settings | {"recompute": recompute}])
        batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])
        kinds = (torch.nn.Linear, torch.nn.Conv1d, Conv1D, QuantLinear)
        linear = [module for module in transformer_of(model).modules() if isinstance(module, kinds)]
        counted: list[None] = []
        for module in linear:
            module.register_forward_hook(lambda *_, counted=counted: counted.append(None))
        model.train()
        torch.manual_seed(5)
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            loss = torch.stack(list(model.losses(batch).values())).sum()
        loss.backward()
        losses.append(loss)
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
        calls.append(len(counted))
        following.append(torch.rand(1))  # the random numbers go on as if nothing had been computed again
    assert torch.equal(*losses)
    assert torch.equal(*following)
    assert gradients[0].keys() == gradients[1].keys()
    assert sum(name.startswith("encoder.inputs.0.pretrained") for name in gradients[0]) >= 15
    for name, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][name]), name
    assert calls[1] >= calls[0] + 3  # some in each layer
    model = small_model("none", [settings])
    assert (
        model.train().state_dict().keys() == small_model("none", [settings | {"recompute": True}]).state_dict().keys()
    )


@pytest.mark.parametrize("kind", ["wordpiece", "bytes"])
def test_attention_that_is_computed_again_has_the_same_gradient(kind: str, tmp_path: Path) -> None:
    settings = tiny_transformer(kind, tmp_path / "t")
    gradients, shown = [], []
    for recompute in (False, True):
        model = small_model("none", [settings | {"recompute": recompute}]).train()
        transformer_of(model).show_inside(frozenset({"attention"}))
        torch.manual_seed(5)
        states = states_of(model, with_attention=True)
        assert len(states) == 4 + 3
        torch.stack([state.square().sum() * number for number, state in enumerate(states, 1)]).sum().backward()
        shown.append(states)
        gradients.append([p.grad for p in transformer_of(model).pretrained.parameters() if p.grad is not None])
    assert all(torch.equal(*pair) for pair in zip(*shown, strict=True))
    assert len(gradients[0]) > 40
    assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))


def test_nothing_is_computed_again_without_a_gradient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(layers, "checkpoint", lambda *args, **named: (calls.append(1), checkpoint(*args, **named))[1])
    for frozen in (False, True):
        settings = tiny_transformer("wordpiece", tmp_path / "t", recompute=True, frozen=frozen)
        model = small_model("none", [settings])
        save(model, tmp_path / "m")
        Pipeline(load(tmp_path / "m"))(SENTENCES)
        assert not calls
        batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])
        model.train().losses(batch)
        assert bool(calls) is not frozen
        calls.clear()


def test_a_copy_computes_its_own_layers_again(tmp_path: Path) -> None:
    """Such as the teacher that distillation copies."""
    model = small_model("none", [tiny_transformer("wordpiece", tmp_path / "t", recompute=True)]).eval()
    expected = states_of(model)
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in transformer_of(model).pretrained.parameters():
            parameter.zero_()
    assert all(torch.equal(*pair) for pair in zip(states_of(copied), expected, strict=True))
    assert not torch.equal(states_of(model)[-1], expected[-1])
