"""Tasks come after those that write what they read; two tasks never write the same column; parsers are known by what
they can do."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import depparse
from depparse.config import parse
from depparse.errors import ConfigError, ModelError
from depparse.files import hash_file
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import TASKS, ModelConfig
from depparse.model.extension import extend
from depparse.model.order import check_columns, is_parser, order_tasks
from depparse.model_folder.store import load, save
from depparse.training.jackknife import jackknife
from depparse.training.recipe import read_recipe
from tests.models import model_of, small_model
from tests.packages import install
from tests.recipes import INPUTS
from tests.recipes import TASKS as SMALL
from tests.sentences import two_sentences


def codec(reads: str, writes: str) -> Any:
    return SimpleNamespace(reads=tuple(reads.split()), writes=tuple(writes.split()))


def test_tasks_stand_after_what_they_read() -> None:
    tasks = {
        "graph": codec("HEAD LEMMA", "DEPS"),
        "tags": codec("", "UPOS"),
        "tree": codec("UPOS", "HEAD DEPREL"),
        "lemmas": codec("UPOS OTHER", "LEMMA"),
    }
    assert order_tasks(tasks) == ("tags", "tree", "lemmas", "graph")
    assert order_tasks(dict(reversed(tasks.items()))) == ("tags", "lemmas", "tree", "graph")
    assert order_tasks({"graph": tasks["graph"]}) == ("graph",)  # what nobody writes is in the data
    assert order_tasks({"own": codec("UPOS", "UPOS")}) == ("own",)
    ring = {"a": codec("XPOS", "UPOS"), "b": codec("UPOS", "XPOS"), "c": codec("", "LEMMA")}
    with pytest.raises(ConfigError, match=r"^the tasks a, b read what each other writes \(UPOS, XPOS\), so none"):
        order_tasks(ring)


@pytest.mark.parametrize("source", ["given", "own"])
def test_tasks_whose_networks_read_trees_stand_after_the_parser(source: str) -> None:
    reader = SimpleNamespace(reads=(), writes=("NER",), reads_trees=source, read_trees=lambda batch: None)
    tagger = SimpleNamespace(reads=(), writes=("UPOS",), reads_trees=None, read_trees=lambda batch: None)
    parser = SimpleNamespace(reads=("UPOS",), writes=("HEAD", "DEPREL"), parses_trees=True)
    assert order_tasks({"ner": reader, "tree": parser, "tags": tagger}) == ("tags", "tree", "ner")  # type: ignore[dict-item]
    assert order_tasks({"ner": reader, "tags": tagger}) == ("ner", "tags")  # type: ignore[dict-item]
    tagger.reads_trees = source
    with pytest.raises(ConfigError, match=r"^the tasks tree, tags read what each other writes \(DEPREL, HEAD, UPOS\)"):
        order_tasks({"tree": parser, "tags": tagger})  # type: ignore[dict-item]


def test_a_codec_that_parses_trees_is_a_parser() -> None:
    assert is_parser(TASKS.codec("dependencies"))
    assert is_parser(small_model().codec.tasks["dependencies"])
    assert not is_parser(TASKS.codec("tagger"))
    assert not is_parser(SimpleNamespace(parses_trees=False))  # though it has the attribute


def test_a_column_has_one_writer() -> None:
    check_columns({"a": codec("", "UPOS"), "b": codec("UPOS", "HEAD")})
    with pytest.raises(ConfigError, match=r"^config key model\.tasks\.b: writes HEAD, and so does the task a;"):
        check_columns({"a": codec("", "HEAD DEPREL"), "b": codec("", "HEAD DEPREL")})


def test_two_parsers_are_refused_in_a_config_and_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.tasks\.b: writes HEAD, and so does the task a"):
        model_of({"a": SMALL["dependencies"], "b": SMALL["dependencies"]})
    save(model_of({"a": SMALL["dependencies"]}), tmp_path / "m")
    config, vocab, manifest = (
        json.loads((tmp_path / "m" / name).read_text("utf-8"))
        for name in ("config.json", "vocab.json", "manifest.json")
    )
    config["model"]["tasks"]["b"], vocab["tasks"]["b"] = config["model"]["tasks"]["a"], vocab["tasks"]["a"]
    for name, data in (("config.json", config), ("vocab.json", vocab)):
        (tmp_path / "m" / name).write_text(json.dumps(data), encoding="utf-8")
        manifest[name] = hash_file(tmp_path / "m" / name)
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match=r"m/config\.json: config key model\.tasks\.b: writes HEAD, and so does"):
        load(tmp_path / "m")


def test_a_new_task_replaces_one_of_the_base() -> None:
    base = small_model()
    other = SMALL["tagger"] | {"columns": ["XPOS"]}
    with pytest.raises(ConfigError, match=r'by replaces = "tagger"$'):
        extend(base, parse(ModelConfig, {"tasks": {"new": other}}).tasks, two_sentences().sentences)
    base = small_model()
    wrong = parse(ModelConfig, {"tasks": {"new": other | {"replaces": "taggr"}}}).tasks
    with pytest.raises(ConfigError, match=r"tasks\.new\.replaces: the base model has no task taggr; did you mean"):
        extend(base, wrong, two_sentences().sentences)
    config = parse(ModelConfig, {"tasks": {"new": other | {"replaces": "tagger"}}}).tasks
    notes = extend(base, config, two_sentences().sentences, freeze=True)
    assert notes[0] == "note: tagger of the base model is replaced by new"
    assert list(base.tasks) == ["lemmatizer", "dependencies", "new"]
    assert base.learned == ("new",)
    assert base.codec.writes["new"] == ("XPOS",)
    assert "replaces" not in base.config.tasks["new"].model_dump(mode="json")  # so the folder loads by itself


def test_replacing_takes_a_base() -> None:
    task = SMALL["tagger"] | {"replaces": "tagger"}
    with pytest.raises(ConfigError, match=r"tasks\.new\.replaces: no base model has the task tagger; give one"):
        read_recipe({"model": {"tasks": {"new": task}}})


# -- a parser of another kind


@pytest.fixture
def star(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser of star.py, as an entry point of another package."""
    install(tmp_path / "site", "stars", "[depparse.tasks]\nstar = tests.model.star:Star\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


def test_a_second_kind_of_parser_is_one_file(star: None, tmp_path: Path) -> None:
    ner = {"type": "ner", "width": 8, "syntax": {"type": "gcn", "width": 8}, "trees": "own"}
    document = two_sentences()
    for sentence in document:
        sentence.columns["NER"] = ["O"] * len(sentence)
        sentence.columns["NER"][0] = "B-PER"
    model = model_of({"ner": ner, "star": {"type": "star"}}, document)
    assert model.codec.parser() == "star"
    assert model.codec.order == ("star", "ner")  # entities read the trees
    batch = model.collate([model.example(sentence, targets=True) for sentence in document])
    torch.stack(list(model.losses(batch).values())).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.tasks["ner"].syntax.parameters())
    pipeline = Pipeline(model)
    pipeline.save(tmp_path / "m")
    for nlp in (pipeline, depparse.load(tmp_path / "m")):
        sentence = nlp([["Tom", "sees", "Anna"]]).sentences[0]
        root = sentence.heads.index(0) + 1
        assert sentence.heads == [0 if word == root else root for word in range(1, 4)]
    for options in ({"probabilities": True}, {"k_best": 2}, {"keep": "head"}, {"constraints": [None]}):
        with pytest.raises(ConfigError, match="the task star predicts one tree and nothing about others"):
            pipeline([["Tom"]], **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="so does the task star"):
        extend(model, parse(ModelConfig, {"tasks": {"tree": SMALL["dependencies"]}}).tasks, document.sentences)


def test_jackknifing_takes_any_parser(star: None, tmp_path: Path) -> None:
    recipe = {
        "model": {"encoder": {"inputs": INPUTS}, "tasks": {"star": {"type": "star"}}},
        "training": {"epochs": 1, "precision": "fp32"},
    }
    document = jackknife(recipe, two_sentences(), tmp_path / "folds", 2)
    assert all(sentence.heads.count(0) == 1 for sentence in document)
    recipe["model"]["tasks"] = {"tagger": SMALL["tagger"]}  # type: ignore[index]
    with pytest.raises(ConfigError, match="a task that predicts trees"):
        jackknife(recipe, two_sentences(), tmp_path / "others", 2)
