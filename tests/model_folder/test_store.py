"""The model folder: a model, a segmenter or both; older folders; folders that are wrong."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import depparse
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, ModelError
from depparse.formats.table import read
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.description import describe
from depparse.model_folder.facts import Base, Facts, Origin
from depparse.model_folder.store import load, load_parts, recover, save
from depparse.segmentation.segmenter import Segmenter, SegmenterScorer
from depparse.segmentation.torch_scorer import network_of
from tests.folders import rewrite, sign
from tests.models import annotated, small_model
from tests.pretrained import tiny_transformer
from tests.runs import weights
from tests.segmenters import described
from tests.sentences import two_sentences


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_a_model_and_a_segmenter_are_saved_in_one_folder(weights: Any, segmenter: Segmenter, tmp_path: Path) -> None:
    model = small_model().eval()
    save(model, tmp_path / "m", segmenter=segmenter, weights=weights)
    parts = load_parts(tmp_path / "m")
    assert isinstance(parts.segmenter, Segmenter)
    assert parts.segmenter.codec.to_json() == segmenter.codec.to_json()
    network, again = network_of(segmenter), network_of(parts.segmenter)
    assert not again.training
    atol = 0 if weights == "float32" else network.forms.weight.abs().max().item() / 200
    torch.testing.assert_close(again.forms.weight, network.forms.weight, rtol=0, atol=atol)
    assert parts.model is not None
    assert list(parts.model.state_dict()) == list(model.state_dict())
    analysed = annotated(load(tmp_path / "m"), two_sentences()).to_conllu()
    assert weights != "float32" or analysed == annotated(model, two_sentences()).to_conllu()
    description = describe(tmp_path / "m")
    assert description.segmenter == network.config.model_dump() | {
        "parameters": sum(p.numel() for p in network.parameters())
    }
    assert description.parameters == described(segmenter)["parameters"] + sum(
        parameter.numel() for parameter in model.parameters()
    )


def test_a_segmenter_is_saved_alone(segmenter: Segmenter, tmp_path: Path) -> None:
    save(None, tmp_path / "m", segmenter=segmenter)
    parts = load_parts(tmp_path / "m")
    assert parts.model is None
    assert parts.segmenter is not None
    assert torch.equal(network_of(parts.segmenter).forms.weight, network_of(segmenter).forms.weight)
    with pytest.raises(ModelError, match="m: holds a segmenter and no model"):
        load(tmp_path / "m")
    description = describe(tmp_path / "m")
    assert (description.parameters, description.tasks, description.inputs, description.context) == (
        described(segmenter)["parameters"],
        {},
        [],
        None,
    )
    with pytest.raises(ModelError, match="there is nothing to save"):
        save(None, tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_a_folder_of_format_1_is_read(tmp_path: Path) -> None:
    """Folders were written so before there were segmenters."""
    model = small_model()
    save(model, tmp_path / "m")
    rewrite(
        tmp_path / "m",
        "config.json",
        lambda config: {"format": 1, "writes": config["writes"], "model": config["model"]},
    )
    parts = load_parts(tmp_path / "m")
    assert parts.segmenter is None
    assert all(
        torch.equal(value, model.state_dict()[name]) for name, value in load(tmp_path / "m").state_dict().items()
    )
    assert (describe(tmp_path / "m").format, describe(tmp_path / "m").weights) == (1, "float32")


@pytest.mark.parametrize("positions", [0, 3, -5, True, 2.5, "40", 41, None, []])
def test_positions_that_no_transformer_has_are_refused(positions: Any, tmp_path: Path) -> None:
    inputs = [tiny_transformer("wordpiece", tmp_path / "t")]
    save(small_model("none", inputs), tmp_path / "m")

    def change(data: Any) -> Any:
        assert data["encoder"][0]["positions"] == 40
        data["encoder"][0]["positions"] = positions
        return data

    rewrite(tmp_path / "m", "vocab.json", change)
    message = (
        rf"the positions of a transformer are a number, at least 4 and at most 40, not {re.escape(repr(positions))}$"
    )
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "m")


def test_a_broken_tokenizer_is_one_model_error(tmp_path: Path) -> None:
    inputs = [tiny_transformer("wordpiece", tmp_path / "t")]
    save(small_model("none", inputs), tmp_path / "m")

    def change(data: Any) -> Any:
        data["encoder"][0]["tokenizer"]["normalizer"] = {"type": "NoSuch"}
        return data

    rewrite(tmp_path / "m", "vocab.json", change)
    with pytest.raises(ModelError, match="m: the tokenizer cannot be read: "):
        load(tmp_path / "m")


@pytest.mark.parametrize(
    ("name", "task", "key", "value", "message"),
    [
        ("joint", "srl", "rolesets", 5, "a vocabulary holds strings, not 5"),
        ("joint", "ner", "types", None, "a vocabulary holds strings, not None"),
        ("joint", "enhanced", "labels", 0.5, "a vocabulary holds strings, not 0.5"),
        ("nested", "ner", "max_width", 1e400, "cannot convert float infinity to integer"),
    ],
)
def test_vocabularies_of_something_else_are_one_model_error(
    name: str, task: str, key: str, value: Any, message: str, tmp_path: Path
) -> None:
    shutil.copytree(Path(__file__).parents[1] / "golden" / "format2" / name, tmp_path / "m")

    def change(data: Any) -> Any:
        task_data = data["tasks"][task]
        if isinstance(task_data[key], list):
            task_data[key][0] = value
        else:
            task_data[key] = value
        return data

    rewrite(tmp_path / "m", "vocab.json", change)
    with pytest.raises(ModelError, match=f"m: (config, vocabulary and weights do not fit together: )?{message}"):
        load(tmp_path / "m")


def test_wrong_folders_are_one_line(segmenter: Segmenter, tmp_path: Path) -> None:
    def attempt(message: str) -> None:
        with pytest.raises(ModelError, match=message) as caught:
            load_parts(tmp_path / "m")
        assert "\n" not in str(caught.value)
        save(small_model(), tmp_path / "m", segmenter=segmenter, weights="int8")

    save(small_model(), tmp_path / "m", segmenter=segmenter, weights="int8")
    rewrite(tmp_path / "m", "config.json", lambda config: config | {"weights": "int4"})
    attempt("stored as 'int4', but this version reads float32, float16, int8; update depparse")
    rewrite(tmp_path / "m", "config.json", lambda config: config | {"segmenter": {"wdith": 3}})
    attempt(r"config\.json: config key segmenter\.wdith does not exist; did you mean width")
    rewrite(tmp_path / "m", "config.json", lambda config: config | {"segmenter": None})
    attempt(r"do not fit together: Error\(s\) in loading state_dict for Model")
    rewrite(tmp_path / "m", "config.json", lambda config: config | {"model": None})
    attempt("there are weights of a model, such as encoder")
    rewrite(tmp_path / "m", "vocab.json", lambda data: data | {"segmenter": data["segmenter"] | {"words": []}})
    attempt("do not fit together: .*Segmenter")
    rewrite(tmp_path / "m", "vocab.json", lambda data: {"segmenter": data["segmenter"]})
    attempt("do not fit together: 'encoder'")
    weights = tmp_path / "m" / "model.safetensors"
    tensors = load_file(weights)
    save_file(tensors | {"segmenter.forms.weight:scale": torch.ones(3)}, weights)
    sign(tmp_path / "m", "model.safetensors")
    attempt("do not fit together: The size of tensor")
    weights.write_bytes(weights.read_bytes()[:-1])
    attempt("damaged: model.safetensors")
    load_parts(tmp_path / "m")


def test_a_segmenter_of_another_package_is_not_saved(tmp_path: Path) -> None:
    class Other:
        def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
            return iter(())

        def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
            return iter(sentences)

    with pytest.raises(ConfigError, match="cannot hold a segmenter of type Other"):
        Pipeline(small_model(), segmenter=Other()).save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_segmenter_without_weights_of_torch_is_not_saved(segmenter: Segmenter, tmp_path: Path) -> None:
    class Engine(SegmenterScorer[None]):
        pass

    other = Segmenter(segmenter.codec, Engine())
    with pytest.raises(ModelError, match="weights of a segmenter are needed in torch, but Engine computes its scores"):
        Pipeline(small_model(), segmenter=other).save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_loaded_model_parses_like_the_saved_one(tmp_path: Path, samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = small_model(document=document)
    save(model, tmp_path / "m", card="# card")
    again = load(tmp_path / "m")
    assert annotated(again, document).to_conllu() == annotated(model, document).to_conllu()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m"]
    save(model, tmp_path / "m", card="# other card")
    assert depparse.load(tmp_path / "m").card == "# other card"


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "model.safetensors"])
def test_a_damaged_model_is_one_line(name: str, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    data = bytearray((tmp_path / "m" / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "m" / name).write_bytes(bytes(data))
    with pytest.raises(ModelError, match=f"damaged: {name}"):
        load(tmp_path / "m")
    (tmp_path / "m" / name).unlink()
    with pytest.raises(ModelError, match=f"not a depparse model: {name} missing"):
        load(tmp_path / "m")


def test_a_missing_model_and_a_later_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        load(tmp_path / "nothing")
    save(small_model(), tmp_path / "m")
    rewrite(tmp_path / "m", "config.json", lambda config: config | {"format": 99})
    with pytest.raises(ModelError, match="format 99"):
        load(tmp_path / "m")


def test_a_model_survives_a_kill_while_it_is_replaced(tmp_path: Path) -> None:
    run = tmp_path / "run"
    save(small_model(), run / "model")
    expected = weights(run)
    # A kill between the two renames of a replacement leaves these folders.
    (run / ".model.old.abc").mkdir()
    (run / "model").rename(run / ".model.old.abc" / "model")
    (run / ".model.xyz").mkdir()
    recover(run / "model")
    assert weights(run) == expected
    assert [path.name for path in run.iterdir()] == ["model"]


def test_all_files_of_a_saved_model_have_the_same_permissions(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m", card="# card")
    assert len({path.stat().st_mode for path in (tmp_path / "m").iterdir()}) == 1


def test_no_path_of_the_machine_is_saved(tmp_path: Path) -> None:
    """The encoder and the vectors were read from absolute paths, and so was the base model."""
    (tmp_path / "v.vec").write_text("2 3\nTom 1 2 3\nsees 3 2 1\n", encoding="utf-8")
    inputs = [{"type": "vectors", "file": str(tmp_path / "v.vec")}, tiny_transformer("wordpiece", tmp_path / "t")]
    facts = Facts(base=Base(origin=Origin(name="en", manifest_sha256="0"), frozen=False, facts=Facts(licence="MIT")))
    save(small_model("none", inputs), tmp_path / "m", facts)
    for path in (tmp_path / "m").iterdir():
        assert str(tmp_path).encode() not in path.read_bytes(), path.name
    config = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    assert [part.get("file") or part.get("name") for part in config["model"]["encoder"]["inputs"]] == ["v.vec", "t"]
    (tmp_path / "v.vec").unlink()  # the saved model needs neither file
    shutil.rmtree(tmp_path / "t")
    nlp = depparse.load(tmp_path / "m")
    assert nlp(two_sentences()).num_words == two_sentences().num_words
    assert nlp.facts == facts


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("stored", ["float32", "int8"])
def test_weights_that_are_no_numbers_are_neither_saved_nor_loaded(value: float, stored: Any, tmp_path: Path) -> None:
    model = small_model()
    save(model, tmp_path / "m", weights=stored)
    file = tmp_path / "m" / "model.safetensors"
    tensors = load_file(file)
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name].view(-1)[-1] = value
    save_file(tensors, file)
    sign(tmp_path / "m", "model.safetensors")
    with pytest.raises(ModelError, match=f"m: the weights {re.escape(name)} hold numbers that are not finite"):
        load(tmp_path / "m")
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = value
    with pytest.raises(ModelError, match="hold numbers that are not finite"):
        save(model, tmp_path / "n", weights="float32")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    save(small_model(), tmp_path / "m")
    before = (tmp_path / "m" / "manifest.json").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a longer file cannot be written
        with pytest.raises(ModelError, match=r"cannot be written: .*File too large"):
            save(small_model(), tmp_path / "m")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("file", ["config.json", "vocab.json", "model.safetensors", "facts.json", "manifest.json"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"3", b"{}", b"\xff\xfe", b"\x00" * 64, b'{"a":' * 100_000, b"9" * 5_000,
     b'{"format":2,"model":3}', b'{"format":2,"model":{"tasks":[]},"segmenter":{}}', b'{"encoder":[3],"tasks":[]}'],
    ids=range(13),
)  # fmt: skip
def test_any_content_of_a_file_is_one_model_error(
    file: str, content: bytes, segmenter: Segmenter, tmp_path: Path
) -> None:
    save(small_model(), tmp_path / "m", segmenter=segmenter)
    (tmp_path / "m" / file).write_bytes(content)
    if file != "manifest.json":
        sign(tmp_path / "m", file)
    for read_folder in (depparse.load, describe):
        if (file, content) == ("facts.json", b"{}"):
            read_folder(tmp_path / "m")
            continue
        with pytest.raises(ModelError) as caught:
            read_folder(tmp_path / "m")
        assert "\n" not in str(caught.value)


def test_a_card_that_is_no_utf_8_is_no_error(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    (tmp_path / "m" / "README.md").write_bytes(b"caf\xe9")
    nlp = depparse.load(tmp_path / "m")
    nlp.save(tmp_path / "n")
    assert depparse.load(tmp_path / "n").card == nlp.card == "caf\ufffd"
    (tmp_path / "m" / "README.md").unlink()
    (tmp_path / "m" / "README.md").mkdir()
    assert depparse.load(tmp_path / "m").card == ""
