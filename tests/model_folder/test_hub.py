"""Models go to a hub and come from there: a local one that speaks the routes that the library of the real one uses."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import pytest

import depparse
from depparse.errors import ConfigError, ModelError
from depparse.model_folder.find import SIZES
from depparse.model_folder.store import save
from tests.conftest import ROOT
from tests.local_hub import TOKEN, LocalHub, local_hub
from tests.models import FACTS, clear_pipeline
from tests.sentences import two_sentences


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A local hub that the library takes for the real one, and a cache of its own."""
    with local_hub() as server:
        template = "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.url)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.chdir(tmp_path)
        yield server


@pytest.fixture
def nlp() -> depparse.Pipeline:
    """A small pipeline with facts."""
    pipeline = clear_pipeline()
    pipeline.facts = FACTS
    return pipeline


def test_a_model_goes_to_the_hub_and_comes_back(hub: LocalHub, nlp: depparse.Pipeline, tmp_path: Path) -> None:
    url = nlp.push_to_hub("user/small", private=True, commit_message="The first one", token=TOKEN)
    repository = hub.repositories["user/small"]
    (commit,) = repository.commits
    assert url == f"{hub.url}/user/small/commit/{commit}"
    assert (repository.private, repository.messages) == (True, ["The first one"])
    assert repository.files.keys() == SIZES.keys()
    assert b"\nlibrary_name: depparse\n" in repository.files["README.md"]
    assert b"\n- name: small\n" in repository.files["README.md"]  # the name of the model, in its results
    expected = nlp(two_sentences()).to_conllu()
    asked = len(hub.requests)
    for options in ({}, {"cache_dir": tmp_path / "other"}, {"revision": commit}, {"revision": "main"}):
        loaded = depparse.Pipeline.from_pretrained("user/small", token=TOKEN, runtime="torch", **options)
        assert loaded(two_sentences()).to_conllu() == expected
        assert loaded.facts == nlp.facts
    part = depparse.Pipeline.from_pretrained("user/small", token=TOKEN, without="tagger")
    assert part.facts.packing is not None
    assert part.facts.packing.model is not None
    assert (part.facts.packing.model.name, part.facts.packing.model.commit) == ("user/small", commit)
    files = [path for method, path in hub.requests[asked:] if method == "GET" and "/resolve/" in path]
    assert {path.rpartition("/")[2] for path in files} == SIZES.keys()
    assert len(files) == 2 * len(SIZES)  # once for each cache
    asked = len(hub.requests)
    for same in (
        depparse.Pipeline.from_pretrained("user/small", local_files_only=True),
        depparse.Pipeline.from_pretrained("user/small", cache_dir=tmp_path / "other", local_files_only=True),
        depparse.load("user/small"),
        depparse.Pipeline.from_pretrained("en", without=["srl", "enhanced"]),
    ):
        assert isinstance(same, depparse.Pipeline)
    assert len(hub.requests) == asked  # nothing was asked
    # A second push is a second commit, and another model is fetched.
    nlp.card = "# Mine\n"
    nlp.push_to_hub("small", token=TOKEN, weights="int8")
    assert len(repository.commits) == 2
    assert depparse.load("user/small").card == depparse.load("user/small", revision=commit).card
    changed = depparse.load("user/small", fetch=False)
    with pytest.raises(ModelError, match=r"cannot be fetched from the Hugging Face hub: .*404"):
        depparse.load("user/small", fetch=True)  # a private one needs the token
    repository.private = False
    fresh = depparse.load("user/small", fetch=True)
    assert fresh.card.endswith("---\n\n# Mine\n")
    assert fresh.card != changed.card


def test_only_the_files_of_a_model_come_and_none_that_is_too_large(hub: LocalHub, nlp: depparse.Pipeline) -> None:
    nlp.push_to_hub("user/small", token=TOKEN)
    evil = {"pytorch_model.bin": pickle.dumps("x"), "modeling.py": b"raise RuntimeError", "tokenizer.json": b"{}"}
    hub.repositories["user/small"].commit(evil, "more")
    depparse.Pipeline.from_pretrained("user/small")
    asked = {path.rpartition("/")[2] for _, path in hub.requests if "/resolve/" in path}
    assert asked == SIZES.keys()
    hub.repositories["user/large"] = hub.repositories["user/small"]
    hub.sizes["vocab.json"] = 2**28 + 1
    with pytest.raises(ModelError) as caught:
        depparse.Pipeline.from_pretrained("user/large")
    assert str(caught.value) == (
        "user/large: not fetched from the Hugging Face hub: vocab.json has 268,435,457 bytes, but such a file of a "
        "model 268,435,456 at most"
    )
    assert not any("user/large/resolve" in path for _, path in hub.requests)


def test_what_is_pushed_after_the_sizes_were_read_is_not_fetched(
    hub: LocalHub, nlp: depparse.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp.push_to_hub("user/small", token=TOKEN)
    repository = hub.repositories["user/small"]
    (first,) = repository.commits
    ask = huggingface_hub.HfApi.model_info

    def ask_and_push(self: huggingface_hub.HfApi, *arguments: Any, **options: Any) -> Any:
        info = ask(self, *arguments, **options)
        repository.commit({"vocab.json": b"x" * 1000}, "another one")
        return info

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", ask_and_push)
    assert depparse.Pipeline.from_pretrained("user/small").facts == nlp.facts
    assert len(repository.commits) == 2
    assert depparse.load("user/small").facts == nlp.facts  # without the network
    assert {path.split("/")[4] for _, path in hub.requests if "/resolve/" in path} == {first}


def test_a_foreign_or_damaged_repository_is_one_line(hub: LocalHub, nlp: depparse.Pipeline) -> None:
    nlp.push_to_hub("user/small", token=TOKEN)
    repository = hub.repositories["user/small"]
    repository.commit({"vocab.json": b"{}"}, "damage")
    with pytest.raises(ModelError, match=r"damaged: vocab\.json is not the file that was saved; copy the model again"):
        depparse.Pipeline.from_pretrained("user/small")
    repository.commits["0" * 40] = {"config.json": b'{"model_type": "bert"}', "pytorch_model.bin": b"x"}
    with pytest.raises(ModelError, match=r"not a depparse model: vocab\.json, model\.safetensors, manifest\.json miss"):
        depparse.Pipeline.from_pretrained("user/small")


def test_what_the_hub_refuses_is_one_line(
    hub: LocalHub, nlp: depparse.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("user/none", {}, r"^user/none: cannot be fetched from the Hugging Face hub: .*404"),
        (
            "user/none",
            {"local_files_only": True},
            r"^user/none: no such .* fetched .* before; if it is one of the hub, fetch it by local_files_only=False$",
        ),
        ("./none", {}, r"^\./none: no such model folder$"),
        ("none", {}, r"^none: no such model folder, nor a model of that name"),
    ]
    for name, options, message in cases:
        with pytest.raises(ModelError, match=message) as caught:
            depparse.Pipeline.from_pretrained(name, **options)
        assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match=r"^user/small: cannot be brought to the Hugging Face hub: .*401"):
        nlp.push_to_hub("user/small", token="wrong")
    with pytest.raises(ModelError, match=r"^a/b/c: cannot be brought to the Hugging Face hub: Repo id must be"):
        nlp.push_to_hub("a/b/c", token=TOKEN)
    with pytest.raises(ConfigError, match="only a model on the hub has revisions, but en is the folder"):
        depparse.Pipeline.from_pretrained("en", revision="v1")
    nlp.push_to_hub("user/small", token=TOKEN)
    with pytest.raises(ModelError, match=r"^user/small: cannot be fetched from the Hugging Face hub: .*404"):
        depparse.Pipeline.from_pretrained("user/small", revision="v1")
    # A hub that is out of order or out of reach is not needed for what was fetched before.
    loaded = depparse.Pipeline.from_pretrained("user/small")
    hub.failure = 503
    assert depparse.Pipeline.from_pretrained("user/small").card == loaded.card

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert depparse.Pipeline.from_pretrained("user/small").card == loaded.card
    with pytest.raises(ModelError, match=r"^user/other: cannot be fetched from the Hugging Face hub: .*refused"):
        depparse.Pipeline.from_pretrained("user/other")
    with pytest.raises(ModelError, match=r"^user/other: cannot be brought to the Hugging Face hub: .*refused"):
        nlp.push_to_hub("user/other", token=TOKEN)


def test_the_environment_names_the_hub(nlp: depparse.Pipeline, tmp_path: Path) -> None:
    """As a user sets it, in a process of their own."""
    nlp.save(tmp_path / "model")
    code = (
        "import depparse\n"
        f"print(depparse.load({str(tmp_path / 'model')!r}).push_to_hub('user/mine'))\n"
        "print(depparse.Pipeline.from_pretrained('user/mine').facts.languages())\n"
    )
    with local_hub() as server:
        environment = os.environ | {"HF_ENDPOINT": server.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "home")}
        environment |= {"PYTHONPATH": str(ROOT)}
        result = subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
        )
    commit = next(iter(server.repositories["user/mine"].commits))
    assert result.stdout.splitlines() == [f"{server.url}/user/mine/commit/{commit}", "['Swedish']"]


def test_a_base_from_the_hub_is_named_with_its_commit(hub: LocalHub, nlp: depparse.Pipeline, tmp_path: Path) -> None:
    from depparse.model_folder.facts import Origin
    from depparse.model_folder.find import find

    nlp.push_to_hub("user/base", token=TOKEN)
    origin = Origin.of("user/base", find("user/base", fetch=True))
    assert (origin.name, [origin.commit]) == ("user/base", list(hub.repositories["user/base"].commits))
    save(clear_pipeline().model, tmp_path / "runs" / "base")
    assert Origin.of("runs/base", tmp_path / "runs" / "base").commit == ""
