"""The names by which models are served and found."""

from __future__ import annotations

from pathlib import Path

import pytest

from depparse.errors import ConfigError
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.facts import DataFile, Facts
from depparse.server.limits import Refusal
from depparse.server.models import Models, ServedModel, load_all, named
from tests.models import FACTS, clear_pipeline, small_model


def model(name: str, *languages: str) -> ServedModel:
    data = tuple(DataFile(split="train", file=language, sha256="", language=language) for language in languages)
    return ServedModel(name, Pipeline(None, facts=Facts(data=data)))


def test_models_are_found_as_udpipe_finds_them() -> None:
    new, old = model("czech-pdt-ud-2.17-251125", "Czech"), model("czech-pdt-ud-2.5-191206", "Czech")
    english, sami = model("ewt", "English"), model("giella", "North Sami")
    models = Models([new, old, english, sami])
    assert models.default is models.find(None) is new
    for name in ("czech", "cs", "ces", "cze", "czech-pdt", "czech-pdt-ud", "czech-pdt-ud-2.17", new.name):
        assert models.find(name) is new
    assert models.find("czech-pdt-ud-2.5") is models.find(old.name) is old
    for name in ("english", "en", "eng", "ewt"):
        assert models.find(name) is english
    assert models.find("north sami") is models.find("north_sami") is models.find("sme") is sami
    for name in ("", "czec", "German", "ewt-"):
        with pytest.raises(Refusal) as caught:
            models.find(name)
        assert (caught.value.status, caught.value.kind) == (404, "model")


def test_a_model_of_several_languages_is_told_by_which_it_was_asked_for() -> None:
    several = ServedModel(
        "multi",
        Pipeline(
            small_model(treebanks=("UD_English-A", "UD_Thai-B")),
            facts=Facts(data=model("", "English", "Thai").pipeline.facts.data),
        ),
    )
    models = Models([several, model("ewt", "Czech")])
    assert models.find("th") is models.find("thai") is several
    assert [models.language(name) for name in ("th", "thai", "tha", "en", "English".lower())] == ["th"] * 3 + ["en"] * 2
    # Its name and the default say nothing, nor does the language of a model that has no other.
    assert [models.language(name) for name in ("multi", None, "cs", "no such")] == [None] * 4


def test_a_name_is_preferred_to_the_alias_of_another_model() -> None:
    english, en = model("ewt", "English"), model("en")
    assert Models([english, en]).find("en") is en
    assert Models([english, en]).find("eng") is english


def test_names_of_models_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "a=b").mkdir(parents=True)
    assert named(["en", "fr=runs/x", "runs/ewt", "runs/y/model", "z=https://a=b"]) == {
        "en": "en", "fr": "runs/x", "ewt": "runs/ewt", "y": "runs/y/model", "z": "https://a=b"
    }  # fmt: skip
    assert named(["runs/a=b"]) == {"a=b": "runs/a=b"}
    for wrong in ("=x", "x=", "", "."):
        if wrong != ".":
            with pytest.raises(ConfigError, match="--model is NAME=FOLDER"):
                named([wrong])
    with pytest.raises(ConfigError, match="two models are called ewt; name one of them: --model NAME=FOLDER"):
        named(["a/ewt", "b/ewt"])


def test_what_a_model_tells() -> None:
    pipeline = clear_pipeline()
    pipeline.facts = FACTS
    served = load_all(["x=folder"], {"folder": pipeline}.__getitem__).default
    assert (served.name, served.components) == ("x", ["tokenizer", "tagger", "parser"])
    assert served.taggers == {"tagger", "lemmatizer"}
    assert served.parsers == {"dependencies"}
    assert served.acknowledgements == ["sv_test-ud-train.conllu (CC0 1.0)"]
    assert model("words").components == ["tokenizer"]


def test_servers_have_models_with_different_names() -> None:
    with pytest.raises(ConfigError, match="a server needs a model"):
        Models([])
    with pytest.raises(ConfigError, match="two models are called en"):
        Models([model("en"), model("en")])
