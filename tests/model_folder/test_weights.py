"""Weights in one or two bytes: how far they may be off, which are stored so, and that analyses stay the same."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.evaluation.ud import evaluate
from depparse.formats.table import read
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.description import Weights
from depparse.model_folder.store import load, save
from depparse.model_folder.weights import decode, encode
from depparse.training.loop import TrainingConfig
from depparse.training.optim import OptimizerConfig
from tests.models import learn, small_model


@settings(max_examples=50)
@given(
    st.sampled_from([(64, 64), (4096, 33), (40, 5, 40), (32, 64, 5), (3, 64, 64), (70, 3, 30)]),
    st.integers(0, 99),
    st.floats(-30, 30),
)
def test_no_value_is_off_by_more_than_half_its_rows_scale(shape: tuple[int, ...], seed: int, size: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    value = torch.randn(shape, generator=generator) * torch.rand(shape, generator=generator).round() * 2.0**size
    value[0] = 0
    stored = encode({"m": value}, "int8")
    assert list(stored) == ["m", "m:scale"]
    assert stored["m"].dtype == torch.int8
    scale = stored["m:scale"].float()
    assert scale.shape == shape[: scale.dim()]
    # A row is the last axis, or more axes where that is short, and takes four bytes more for its scale.
    assert sum(tensor.nbytes for tensor in stored.values()) < 0.3 * value.nbytes
    again = decode(stored)["m"]
    rows, decoded_rows = value.flatten(scale.dim()), again.flatten(scale.dim())
    torch.testing.assert_close(scale, rows.abs().amax(-1) / 127, rtol=1e-3, atol=0)
    assert ((rows - decoded_rows).abs() <= scale[..., None] * 0.5001).all()
    assert again.shape == shape
    assert again.dtype == torch.float32
    # Weights that were stored once are stored alike again.
    assert torch.equal(encode({"m": again}, "int8")["m"], stored["m"])


def test_only_large_matrices_of_moderate_numbers_are_stored_in_bytes() -> None:
    state = {
        "vector": torch.randn(9000),
        "little": torch.randn(30, 30),
        "huge": torch.randn(60) * 1e9,
        "numbers": torch.arange(90_000).view(300, 300),
        "matrix": torch.randn(100, 100),
    }
    for name, value in decode(encode(state, "float32")).items():
        assert torch.equal(value, state[name])
    for weights in ("float16", "int8"):
        stored = encode(state, cast(Weights, weights))
        again = decode(stored)
        assert list(again) == list(state)
        assert {name: stored[name].dtype for name in ("vector", "little", "huge", "numbers")} == {
            "vector": torch.float16,
            "little": torch.float16,
            "huge": torch.float32,
            "numbers": torch.int64,
        }
        for name, value in state.items():
            assert again[name].dtype == value.dtype
            in_bytes = stored[name].dtype == torch.int8
            torch.testing.assert_close(again[name], value, rtol=1e-3, atol=0.03 if in_bytes else 1e-6)
        assert (stored["matrix"].dtype == torch.int8) == (weights == "int8")


def test_a_model_in_bytes_parses_nearly_as_before(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    gold, dev = read(folder / "en_sample-ud-train.conllu"), read(folder / "en_sample-ud-dev.conllu")
    model = small_model("none", document=gold)
    config = TrainingConfig(
        epochs=10, precision="fp32", evaluate_every=10, optimizer=OptimizerConfig(learning_rate=1e-2, average="none")
    )
    learn(model, gold, config)
    parsed = {}
    for weights in ("float32", "float16", "int8"):
        save(model, tmp_path / weights, weights=cast(Weights, weights))
        again = load(tmp_path / weights)
        assert all(parameter.dtype == torch.float32 for parameter in again.parameters())
        parsed[weights] = Pipeline(again)(Document([*gold, *dev]))
    assert parsed["float32"].to_conllu() == Pipeline(model)(Document([*gold, *dev])).to_conllu()
    for weights, least in (("float16", 0.99), ("int8", 0.96)):
        scores = evaluate(parsed["float32"], parsed[weights])
        assert min(scores[name].f1 for name in ("UPOS", "UFeats", "Lemmas", "LAS")) >= least
    sizes = {name: (tmp_path / name / "model.safetensors").stat().st_size for name in parsed}
    assert sizes["int8"] < sizes["float16"] < sizes["float32"]
    assert torch.int8 in {tensor.dtype for tensor in load_file(tmp_path / "int8" / "model.safetensors").values()}


def test_an_unknown_type_of_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="weights are stored as float32, float16, int8, not as 'int4'"):
        save(small_model(), tmp_path / "m", weights=cast(Weights, "int4"))
    assert not (tmp_path / "m").exists()
