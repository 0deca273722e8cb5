"""Every family of pretrained encoders is trained, saved and loaded, and analyses alike in batches of any size."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.encoders.transformer.families import FAMILIES, REFUSED
from depparse.encoders.transformer.settings import DROPPED, SETTINGS, check_settings
from depparse.errors import ModelError
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from tests.conftest import ROOT
from tests.families import FEW, KINDS, STEPS, transformer_of_type
from tests.models import annotated_copies, learn, small_model
from tests.pretrained import transformer_of
from tests.sentences import two_sentences

# Sentences of one word, of usual lengths, and of several windows.
SENTENCES = [["Tom"], ["Tom", "sees", "apples"], ["apples", "don't", "mind"] * 12, ["Whom", "did", "Tom", "see", "?"]]


def vectors(model: Model, *sentences: list[str]) -> torch.Tensor:
    """The vectors ``[sentences, words, width]`` of the words of a batch."""
    batch = model.collate([model.example(Sentence.from_forms(sentence)) for sentence in sentences])
    with torch.inference_mode():
        return model.eval().read(batch).encoded.context


@pytest.mark.parametrize("kind", KINDS)
def test_every_family_learns_and_reads_alike_in_batches_of_any_size(kind: str, tmp_path: Path) -> None:
    assert {field.name for field in fields(CONFIG_MAPPING[kind])} <= SETTINGS | DROPPED
    model = learn_and_read_alike(transformer_of_type(kind, tmp_path / "t"), tmp_path)
    # What the documentation says of the family.
    assert sees_only_the_left(model) is (kind in documented_families()[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("albert", {"num_hidden_groups": 3}),
        ("deberta-v2", {"conv_kernel_size": 3}),
        ("falcon", {"alibi": True}),
        ("falcon", {"new_decoder_architecture": True, "num_kv_heads": 1}),
        ("gemma3_text", {"use_bidirectional_attention": True}),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}}),
        ("longt5", {"encoder_attention_type": "transient-global"}),
        ("mistral", {"sliding_window": None}),
        ("mobilebert", {"normalization_type": "layer_norm", "use_bottleneck": False, "embedding_size": 16}),
        ("opt", {"do_layer_norm_before": False}),
        ("xlm", {"sinusoidal_embeddings": True, "n_langs": 2}),
    ],
)
def test_families_with_other_settings_read_alike_too(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    model = learn_and_read_alike(transformer_of_type(kind, tmp_path / "t", **settings), tmp_path)
    assert sees_only_the_left(model) is (kind in ("falcon", "llama", "mistral", "opt"))


def learn_and_read_alike(settings: dict[str, Any], folder: Path) -> Model:
    """Trains, saves and loads a model with that input, whose analyses must not depend on batches; returns it."""
    model = small_model("none", [settings | {"window": 32}])
    before = [weight.detach().clone() for weight in transformer_of(model).pretrained.parameters()]
    learn(model, two_sentences(), STEPS)
    pairs = zip(before, transformer_of(model).pretrained.parameters(), strict=True)
    assert sum(not torch.equal(*pair) for pair in pairs) > len(before) / 2
    # The folder of the encoder is not needed by a saved model.
    save(model, folder / "m")
    Path(settings["name"]).rename(folder / "elsewhere")
    again = load(folder / "m")
    together = vectors(again, *SENTENCES)
    assert torch.equal(together, vectors(model, *SENTENCES))
    for number, sentence in enumerate(SENTENCES):
        alone = vectors(again, sentence)[0]
        torch.testing.assert_close(together[number, : len(sentence) + 1], alone, rtol=1e-3, atol=1e-5)
    document = Document([Sentence.from_forms(sentence) for sentence in SENTENCES])
    analyses = [
        [sentence.to_conllu() for sentence in annotated_copies(again, document, batch_words, order)]
        for batch_words, order in ((1, 1), (40, 1), (1000, 1), (1000, -1))
    ]
    assert all(analysis == analyses[0] for analysis in analyses)
    return again


def sees_only_the_left(model: Model) -> bool:
    """Whether another last word changes nothing in the vectors of the words before it."""
    first, second = (vectors(model, ["Tom", "sees", word])[0] for word in ("apples", "Anna"))
    return torch.allclose(first[:3], second[:3], atol=1e-6)


@pytest.mark.parametrize("kind", ["mamba", "fnet", pytest.param("longformer", marks=pytest.mark.slow)])
def test_attention_that_there_is_not_is_told_in_a_line(kind: str, tmp_path: Path) -> None:
    model = small_model("none", [transformer_of_type(kind, tmp_path / "t")])
    transformer_of(model).show_inside(frozenset({"attention"}))
    with pytest.raises(ModelError, match=f"type {kind} does not give the attention that a task asks for"):
        vectors(model, ["Tom", "sees"])


@pytest.mark.parametrize("kind", ["bart", "gpt2", "llama", "mamba", "roberta", "t5", "xlnet"])
def test_weights_are_found_in_models_for_generating_and_filling(kind: str, tmp_path: Path) -> None:
    settings = transformer_of_type(kind, tmp_path / "t")
    config = AutoConfig.from_pretrained(tmp_path / "t")
    whole_type = AutoModelForMaskedLM if kind == "roberta" else AutoModelForCausalLM
    if kind in ("bart", "t5"):
        whole_type = AutoModelForSeq2SeqLM
    torch.manual_seed(9)
    whole = whole_type.from_config(config)
    for file in (tmp_path / "t").glob("model*"):
        file.unlink()
    whole.save_pretrained(tmp_path / "t")
    model = small_model("none", [settings])
    expected = whole.base_model.encoder if kind in ("bart", "t5") else whole.base_model
    states, weights = transformer_of(model).pretrained.state_dict(), expected.state_dict()
    assert {name for name in weights if not name.startswith("pooler.")} <= states.keys()
    assert all(torch.equal(states[name], value) for name, value in weights.items())


def documented_families() -> tuple[set[str], set[str]]:
    """The families that read both ways, and those that read from left to right, as the documentation lists them."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:the whole sentence|its encoder, .*?|the words to the left) \| (.*?) \|$", text, re.M)
    both, encoders, left = (set(re.findall(r"`([\w-]+)`", row)) for row in rows)
    return both | encoders, left


def test_the_documentation_lists_all_families() -> None:
    both, left = documented_families()
    assert not both & left
    assert both | left == set(FAMILIES)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FEW)
def test_recipes_train_every_sort_of_family(kind: str, samples: Path, tmp_path: Path) -> None:
    changes = {
        "model.encoder.inputs.0.name": transformer_of_type(kind, tmp_path / "t")["name"],
        "segmentation": "none",
        "training.epochs": 1,
        "training.batch_words": 200,
    }
    nlp = depparse.train("transformer", treebank=samples / "UD_English-Sample", set=changes, output=tmp_path / "run")
    again = depparse.load(tmp_path / "run")
    assert [again([sentence]).to_conllu() for sentence in SENTENCES] == [nlp([s]).to_conllu() for s in SENTENCES]


@pytest.mark.parametrize(("kind", "reason"), [*REFUSED.items(), ("vit", "there is no 'vit' among those that are read")])
def test_what_cannot_be_read_is_told_in_a_line(kind: str, reason: str) -> None:
    with pytest.raises(ModelError, match=re.escape(reason)) as caught:
        check_settings({"model_type": kind, "vocab_size": 9, "hidden_size": 4})
    assert "\n" not in str(caught.value)
