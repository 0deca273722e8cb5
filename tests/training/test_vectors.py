"""Vectors of frozen inputs that are computed once: the same losses, gradients and models as without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import depparse
from depparse.model.model import Model
from depparse.training.examples import InMemory
from depparse.training.prepare import prepare
from depparse.training.processes import Processes
from depparse.training.recipe import read_recipe
from depparse.training.vectors import WithVectors, with_kept_vectors
from tests.models import model_of
from tests.pretrained import tiny_transformer
from tests.recipes import PARSER, TINY
from tests.sentences import two_sentences


def frozen_model(folder: Path, **settings: Any) -> Model:
    config = {**tiny_transformer("wordpiece", folder), "frozen": True, "layers": 2, **settings}
    words = {"type": "words", "width": 8, "min_count": 1}
    return model_of(PARSER, inputs=[words, config], context="linear_recurrent", dropout=0.0)


def test_losses_and_gradients_are_those_of_the_network(tmp_path: Path) -> None:
    model = frozen_model(tmp_path / "encoder", mix="task")
    examples = InMemory([model.example(sentence, targets=True) for sentence in two_sentences()])
    kept = with_kept_vectors(model, examples, tmp_path / "vectors", Processes())
    assert isinstance(kept, WithVectors)
    model.eval()  # without dropout
    found = []
    for source in (examples, kept):
        model.zero_grad()
        loss = sum(model.losses(model.collate(source.take([1, 0]))).values(), torch.zeros(()))
        loss.backward()
        gradients = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
        found.append((float(loss.detach()), gradients))
    (loss, gradients), (kept_loss, kept_gradients) = found
    assert kept_loss == pytest.approx(loss, rel=1e-3)
    assert gradients.keys() == kept_gradients.keys()
    assert "encoder.inputs.1.mix" in gradients
    for name, gradient in gradients.items():
        torch.testing.assert_close(kept_gradients[name], gradient, rtol=2e-2, atol=2e-3)


def test_the_file_is_read_and_not_made_anew(tmp_path: Path) -> None:
    model = frozen_model(tmp_path / "encoder")
    examples = InMemory([model.example(sentence, targets=True) for sentence in two_sentences()])
    with_kept_vectors(model, examples, tmp_path, Processes())
    (path,) = tmp_path.glob("*.npy")
    array = np.load(path)
    rows = sum(1 + length for length in examples.lengths)
    assert array.shape == (rows, 2, model.encoder.inputs[1].width)
    assert array.dtype == np.float16
    np.save(path, np.zeros_like(array))
    features = with_kept_vectors(model, examples, tmp_path, Processes()).take([0])[0].features
    assert not features[1].any()
    assert not isinstance(features[0], np.ndarray)


def test_nothing_is_kept_where_the_network_is_trained(tmp_path: Path) -> None:
    model = frozen_model(tmp_path / "encoder", frozen=False)
    examples = InMemory([model.example(sentence, targets=True) for sentence in two_sentences()])
    assert with_kept_vectors(model, examples, tmp_path / "vectors", Processes()) is examples
    assert not (tmp_path / "vectors").exists()


def test_numbers_that_are_too_large_for_two_bytes_take_four(tmp_path: Path) -> None:
    model = frozen_model(tmp_path / "encoder")
    network: Any = model.encoder.inputs[1]
    read = network.vectors_to_keep
    network.vectors_to_keep = lambda *inputs: 1e6 * read(*inputs)
    examples = InMemory([model.example(sentence, targets=True) for sentence in two_sentences()])
    with_kept_vectors(model, examples, tmp_path / "vectors", Processes())
    array = np.load(tmp_path / "vectors" / "1.npy")
    assert array.dtype == np.float32
    assert np.abs(array).max() > 1e5
    assert np.isfinite(array).all()


def test_vectors_of_another_run_are_not_taken(tmp_path: Path, samples: Path) -> None:
    """A run that was killed before its first checkpoint leaves its vectors; another run in the folder makes its own."""
    frozen = {**tiny_transformer("wordpiece", tmp_path / "encoder"), "frozen": True}
    config = read_recipe(TINY, {"model.encoder.inputs": [frozen]}, [str(samples / "UD_English-Sample")])
    left = tmp_path / "run" / "vectors" / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "0.npy").write_bytes(b"x")
    prepare(config, tmp_path / "run", False, Processes())
    assert not left.exists()


def test_a_run_keeps_vectors_until_it_ends(tmp_path: Path, samples: Path) -> None:
    frozen = {**tiny_transformer("wordpiece", tmp_path / "encoder"), "frozen": True}
    seen: list[list[Path]] = []
    nlp = depparse.train(
        TINY,
        treebank=samples / "UD_English-Sample",
        output=tmp_path / "run",
        set={"model.encoder.inputs": [frozen], "training.epochs": 2},
        listen=lambda record: seen.append(list((tmp_path / "run").glob("vectors/*/*.npy"))),
    )
    assert max(map(len, seen)) == 1
    assert not (tmp_path / "run" / "vectors").exists()
    # The model that was trained with kept vectors reads sentences by itself.
    assert nlp("Anna sleeps.")[0].columns["HEAD"]
    assert nlp.facts.scores
