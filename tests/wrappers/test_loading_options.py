"""All wrappers load models by the same options, and pass each of them on."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import depparse
from depparse.inference import load as loading
from depparse.inference.load import Loading, Options, load
from depparse.shards import work
from depparse.wrappers import huggingface_map, ray_data

ASKED = {"device": "cpu", "runtime": "torch", "precision": "fp32", "fetch": True, "revision": "v1"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is asked of the hub, which has the bundled model."""
    calls: list[dict[str, Any]] = []

    def find(name: str, **options: Any) -> Path:
        calls.append({"name": name, **options})
        return Path(depparse.__file__).parent / "models" / "en"

    monkeypatch.setattr(loading, "find", find)
    monkeypatch.setattr(work, "find", find)
    return calls


def test_the_options_are_those_of_load() -> None:
    assert (
        set(ASKED)
        == set(Loading.__annotations__)
        == set(inspect.signature(load).parameters) - {*("name", "without", "unknown")}
    )
    assert set(Loading.__annotations__) < set(inspect.signature(huggingface_map.Annotator).parameters)
    for function in (huggingface_map.annotate, ray_data.annotate, ray_data.parse_files):
        assert Options.__name__ in str(inspect.signature(function).parameters["options"])
    assert set(Loading.__annotations__) < set(get_type_hints(Options))


def test_spacy(asked: list[dict[str, Any]]) -> None:
    pytest.importorskip("spacy")
    component = pytest.importorskip("depparse.wrappers.spacy_component")
    options = inspect.signature(component.make_tokenizer).parameters
    assert set(Loading.__annotations__) < options.keys()
    assert set(Loading.__annotations__) < component.DEFAULTS.keys()
    nlp = depparse.spacy_pipeline("user/model", **ASKED)
    assert {(call["name"], call["fetch"], call["revision"]) for call in asked} == {("user/model", True, "v1")}
    source = nlp.get_pipe("depparse").model.source
    assert {name: getattr(source, name) for name in ASKED} == ASKED


def test_stanza(asked: list[dict[str, Any]]) -> None:
    pytest.importorskip("stanza")
    nlp = depparse.stanza_pipeline("user/model", **ASKED)
    assert [(call["name"], call["fetch"], call["revision"]) for call in asked] == [("user/model", True, "v1")]
    assert nlp("Go home.").num_words == 3


def test_data_sets(asked: list[dict[str, Any]]) -> None:
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_list([{"text": "Go home."}])
    assert len(huggingface_map.annotate(rows, "user/model", **ASKED)) == 1
    assert (asked[0]["name"], asked[0]["fetch"], asked[0]["revision"]) == ("user/model", True, "v1")
