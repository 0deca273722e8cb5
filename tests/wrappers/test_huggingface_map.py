"""Data sets annotated by `map`: the same as by a pipeline, in processes, from the cache, with one fingerprint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import datasets
import pytest
from datasets.fingerprint import Hasher

import depparse
from depparse.document.document import Document
from depparse.document.spans import Span
from depparse.errors import ConfigError, FormatError, ModelError
from depparse.model_folder.store import save
from depparse.wrappers.huggingface_datasets import from_dataset_dict, to_dataset, to_dataset_dict
from depparse.wrappers.huggingface_map import Annotator, annotate
from depparse.wrappers.rows import Rows
from tests.conftest import ROOT
from tests.models import clear_pipeline, model_of
from tests.sentences import two_sentences

TEXTS = ["A cat eats.  It sleeps!\n\nA dog", "", "One more text.", "Fish sleep."]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The folder of a small model."""
    folder = tmp_path / "model"
    save(clear_pipeline().model, folder)
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> datasets.Dataset:
    """Texts on disk, so that the results of `map` are cached beside them."""
    rows = {"body": TEXTS, "label": [3, 1, 4, 2], "title": ["a", "b", "c d", "e"]}
    datasets.Dataset.from_dict(rows).save_to_disk(tmp_path / "texts")
    return datasets.load_from_disk(tmp_path / "texts")


def test_map_adds_the_annotated_text_to_each_row(model: Path, texts: datasets.Dataset) -> None:
    expected = [document.to_conllu() for document in depparse.load(model).pipe(TEXTS)]
    annotator = Annotator(model, text="body")
    result = texts.map(annotator, batched=True, batch_size=3)
    assert result.column_names == ["body", "label", "title", "conllu"]
    assert list(result["conllu"]) == expected
    assert result["label"] == texts["label"]
    assert Document.from_conllu(result[0]["conllu"]).text == TEXTS[0]
    for same in (
        texts.map(annotator),
        texts.with_format("arrow").map(annotator, batched=True).with_format(None),
        texts.with_format("numpy").map(annotator, batched=True).with_format(None),
        texts.with_format("pandas").map(annotator, batched=True).with_format(None),
        texts.with_format("polars").map(annotator, batched=True).with_format(None),
    ):
        assert list(same["conllu"]) == expected
    streamed = texts.to_iterable_dataset().map(annotator, batched=True, batch_size=2)
    assert [row["conllu"] for row in streamed] == expected
    named = texts.map(Annotator(model, text="body", column="parsed", name="title", without="tagger"), batched=True)
    assert named[2]["parsed"].startswith("# newdoc id = c_d\n# newpar\n# sent_id = c_d-1\n")
    assert Document.from_conllu(named[2]["parsed"])[0].columns["UPOS"] == ["_"] * 4


@pytest.mark.slow
def test_processes_annotate_alike_before_and_after_the_model_was_used(
    model: Path, texts: datasets.Dataset, tmp_path: Path
) -> None:
    """Once OpenVINO has been used, it cannot run in a fork; with the engine torch of the parent, scores differ."""
    code = f"""
import datasets, sys
from depparse.wrappers.huggingface_map import Annotator
texts = datasets.load_from_disk({str(tmp_path / "texts")!r})
datasets.disable_caching()
annotator = Annotator({str(model)!r}, text="body")
assert annotator._model.runtime == "openvino", annotator._model
assert "depparse.layers.graph" not in sys.modules or not sys.modules["depparse.layers.graph"].has_started()
before = list(texts.map(annotator, batched=True, num_proc=2)["conllu"])
here = list(texts.map(annotator, batched=True)["conllu"])
assert sys.modules["depparse.layers.graph"].has_started()
after = list(texts.map(annotator, batched=True, num_proc=2)["conllu"])
assert before == here == after and all(text or not body for text, body in zip(before, texts["body"]))
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)


def test_the_cache_knows_the_model_and_the_request(
    model: Path, texts: datasets.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = texts.map(Annotator(model, text="body", without=["tagger", "lemmatizer"]), batched=True)
    same = Annotator(model, text="body", without="lemmatizer,tagger")
    prints = [Hasher.hash(same)]
    code = (
        "from datasets.fingerprint import Hasher\nfrom depparse.wrappers.huggingface_map import Annotator\n"
        f"print(Hasher.hash(Annotator({str(model)!r}, text='body', without='tagger lemmatizer')))"
    )
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        result = subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
        )
        prints.append(result.stdout.strip())
    assert len(set(prints)) == 1
    others = (
        Annotator(model, text="body"),
        Annotator(model, text="title", without="lemmatizer,tagger"),
        Annotator(model, text="body", without="lemmatizer,tagger", name="title"),
        Annotator(model, text="body", without="lemmatizer,tagger", runtime="torch"),
    )
    prints += map(Hasher.hash, others)
    depparse.load(model).save(model, "int8")
    monkeypatch.setattr("depparse.wrappers.huggingface_map._loaded", {})
    with pytest.raises(ModelError, match=r"is not the model any more that it was; make the annotator again"):
        same({"body": ["A text."]})
    prints.append(Hasher.hash(Annotator(model, text="body", without="lemmatizer,tagger")))
    assert len(set(prints)) == len(prints) - 2

    def refuse(self: Annotator, rows: Any) -> NoReturn:
        raise AssertionError("the cache was not used")

    monkeypatch.setattr(Annotator, "__call__", refuse)
    assert list(texts.map(same, batched=True)["conllu"]) == list(first["conllu"])


def test_annotate_makes_a_row_of_each_sentence(model: Path, texts: datasets.Dataset) -> None:
    nlp = depparse.load(model)
    expected = "".join(document.to_conllu() for document in nlp.pipe(TEXTS))
    for options in ({}, {"batch_size": 1}, {"num_proc": 2}):
        result = annotate(texts, model, text="body", **options)
        assert Document.from_dataset(result).to_conllu() == expected
        assert result.column_names[:4] == ["sent_id", "text", "comments", "FORM"]
    named = annotate(texts, model, text="body", name="title")
    assert named["sent_id"] == ["a-1", "a-2", "a-3", "c_d-1", "e-1"]
    empty = annotate(texts.select([]), model, text="body")
    assert (len(empty), empty.features) == (0, named.features)


def test_annotate_takes_sentences_and_splits(model: Path, samples: Path) -> None:
    nlp = depparse.load(model)
    treebank = to_dataset_dict(samples / "UD_French-Sample")
    result = annotate(treebank, model, keep="upos")
    for split, document in from_dataset_dict(treebank).items():
        parsed = from_dataset_dict(result)[split]
        assert parsed.to_conllu() == nlp(document, keep="upos").to_conllu()
    assert list(result) == list(treebank)


def test_what_cannot_be_annotated_is_one_line(model: Path, texts: datasets.Dataset) -> None:
    with pytest.raises(ConfigError, match=r"no column 'text'; its columns are body, label, title; say which by text=…"):
        annotate(texts, model)
    with pytest.raises(ConfigError, match=r"no column 'text'; its columns are body, label, title; say which by text=…"):
        texts.map(Annotator(model), batched=True)
    with pytest.raises(ConfigError, match=r"no column 'id'; its columns are .*; say which by name=…"):
        annotate(texts, model, text="body", name="id")
    with pytest.raises(FormatError, match=r"data set: a row has no text in the column 'label': 3"):
        annotate(texts, model, text="label")
    with pytest.raises(FormatError, match=r"a row has no text in the column 'body': None"):
        Annotator(model, text="body")({"body": None, "label": 1})
    for names, missing in ((["a", None], "None"), ([1.5, 2.5], "1.5")):
        unnamed = datasets.Dataset.from_dict({"text": ["A.", "B."], "n": names})
        with pytest.raises(FormatError, match=rf"data set: a row has no name in the column 'n': {missing}"):
            annotate(unnamed, model, name="n")
    numbered = datasets.Dataset.from_dict({"text": ["A."], "n": [7]})
    assert annotate(numbered, model, name="n")["sent_id"][0] == "7-1"
    with pytest.raises(FormatError, match=r"a stream is annotated by its map, with an Annotator$"):
        annotate(texts.to_iterable_dataset(), model)  # type: ignore[type-var]
    with pytest.raises(FormatError, match=r"expected a datasets\.Dataset, found list$"):
        annotate([{"text": "a"}], model)  # type: ignore[type-var]
    with pytest.raises(ConfigError, match="num_proc"):
        annotate(texts, model, text="body", num_proc=0)
    with pytest.raises(ConfigError, match="there is no part x to switch off"):
        Annotator(model, without="x")
    with pytest.raises(ConfigError, match="a pipeline is not asked for 'keeps'"):
        Annotator(model, keeps="x")  # type: ignore[call-arg]
    with pytest.raises(ModelError, match="no such model folder"):
        annotate(to_dataset(Document()), "./none")


def test_columns_that_are_not_asked_for_are_not_there() -> None:
    """Those of CoNLL-U are always there."""
    document = two_sentences()
    document[0].ents = [Span(1, 1, "PER")]
    nlp = depparse.Pipeline(model_of({"tagger": {"type": "tagger"}, "ner": {"type": "ner"}}, document))
    whole, part = (set(Rows(nlp.request(**asked)).schema(nlp, ["text"]).names) for asked in ({}, {"without": "ner"}))
    assert whole - part == {"NER"}
    assert "UPOS" in set(Rows(nlp.request(without="tagger")).schema(nlp, ["text"]).names)
