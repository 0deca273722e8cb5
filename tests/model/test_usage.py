"""Models of several treebanks: each task gives a sentence only the labels that its treebank uses."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depparse.config import parse
from depparse.document.document import Document
from depparse.errors import ModelError
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import ModelConfig
from depparse.model.extension import extend
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from tests.folders import rewrite
from tests.models import randomize
from tests.recipes import TASKS

# The first treebank has no XPOS and no relation subtypes; the second has no lemmas and no features.
FIRST = """\
1	Anna	Anna	PROPN	_	Number=Sing	2	nsubj	_	_
2	sleeps	sleep	VERB	_	Number=Sing	0	root	_	_
3	now	now	ADV	_	_	2	advmod	_	_

"""
SECOND = """\
1	Tom	_	NOUN	N	_	2	nsubj:pass	_	_
2	seen	_	AUX	V	_	0	root	_	_
3	here	_	PART	P	_	2	obl:place	_	_

"""
TREEBANKS = ("UD_English-A", "UD_English-B")
COLUMNS = ("LEMMA", "UPOS", "XPOS", "FEATS", "DEPREL")


def build() -> Model:
    """A model with random weights, which would mix all labels."""
    sentences = Document.from_conllu(FIRST + SECOND).sentences
    inputs = [{"type": "words", "width": 16, "min_count": 1}, {"type": "treebank", "width": 4}]
    config = parse(ModelConfig, {"encoder": {"inputs": inputs, "context": None}, "tasks": TASKS})
    model = Model.build(config, sentences, TREEBANKS, [0, 1])
    randomize(model, "")
    return model.eval()


def labels(document: Document) -> dict[str, set[str]]:
    return {name: {cell for s in document for cell in s.columns[name]} for name in COLUMNS}


@pytest.mark.parametrize("asked", [{}, {"probabilities": True}, {"k_best": 3}])
def test_labels_are_those_of_the_treebank(asked: dict[str, Any], tmp_path: Path) -> None:
    save(build(), tmp_path / "m")
    nlp = Pipeline(load(tmp_path / "m"))
    words = ["Anna", "Tom", "sleeps", "seen", "now", "here", "there"]
    shuffle = random.Random(1)
    given = [shuffle.choices(words, k=5) for _ in range(20)]
    first, second = (labels(nlp(given, treebank=name, **asked)) for name in TREEBANKS)
    assert first["XPOS"] == second["LEMMA"] == second["FEATS"] == {"_"}
    assert first["UPOS"] <= {"PROPN", "VERB", "ADV"}
    assert second["UPOS"] <= {"NOUN", "AUX", "PART"}
    assert second["XPOS"] <= {"N", "V", "P"}
    assert first["DEPREL"] <= {"root", "nsubj", "advmod"}
    assert second["DEPREL"] <= {"root", "nsubj:pass", "obl:place"}
    assert "_" not in first["LEMMA"]


def test_of_one_treebank_nothing_is_restricted() -> None:
    model = build()
    one = Model.build(model.config, Document.from_conllu(FIRST + SECOND).sentences, TREEBANKS[:1], [0, 0])
    assert [one.codec.tasks[name].usages for name in TASKS] == [[], [], []]  # type: ignore[attr-defined]
    assert json.dumps(one.codec.to_json()).count("usage") == 0


def test_relations_of_other_treebanks_can_be_kept() -> None:
    """As relations that no treebank has; and the head of the word is free."""
    document = Document.from_conllu(FIRST)
    document[0].columns["DEPREL"] = ["nsubj:pass", "_", "strange"]
    document[0].columns["HEAD"] = ["_"] * 3
    (sentence,) = Pipeline(build())(document, keep=["deprel"], treebank="UD_English-A")
    assert [sentence.columns["DEPREL"][word] for word in (0, 2)] == ["nsubj:pass", "strange"]
    assert sentence.columns["HEAD"].count("0") == 1


def test_a_treebank_with_one_relation_has_finite_probabilities() -> None:
    """It knows none for arcs that are not from ROOT, so they get any."""
    model = build()
    parser: Any = model.codec.tasks["dependencies"]
    root = parser.labels.number("root")
    parser.usage.used[0] = np.arange(parser.usage.used.shape[1]) == root
    parser.usage = type(parser.usage)(parser.usage.used)
    (sentence,) = Pipeline(model)([["Anna", "sleeps", "now"]], treebank="UD_English-A", probabilities=True)
    assert "nan" not in sentence.to_conllu()
    assert sentence.columns["DEPREL"].count("root") == 1


def test_a_base_learns_what_its_treebanks_use_now() -> None:
    """Data of the first treebank that has XPOS after all: it may have these tags, and keeps those that it had."""
    model = build()
    sentences = Document.from_conllu(FIRST.replace("PROPN\t_", "PROPN\tN")).sentences
    extend(model, {"tagger": model.config.tasks["tagger"]}, sentences, [0])
    tagger: Any = model.codec.tasks["tagger"]
    assert tagger.usage["XPOS"].annotates(0)
    assert tagger.usage["UPOS"].used.sum(1).tolist() == [3, 3]
    # A task that is new learns it, too.
    model = build()
    model.leave_out(["lemmatizer"])
    extend(model, {"lemmatizer": build().config.tasks["lemmatizer"]}, Document.from_conllu(FIRST).sentences, [1])
    lemmatizer: Any = model.codec.tasks["lemmatizer"]
    assert [lemmatizer.usage.annotates(source) for source in range(2)] == [False, True]


@pytest.mark.parametrize("treebanks", [[1, 2], [["a"], None], "ab", {"a": 1}])
def test_names_of_treebanks_are_strings(treebanks: Any, tmp_path: Path) -> None:
    save(build(), tmp_path / "m")
    rewrite(tmp_path / "m", "vocab.json", lambda data: data | {"treebanks": treebanks})
    with pytest.raises(ModelError, match="the names of treebanks are a list of strings"):
        load(tmp_path / "m")


def _drop_row(usage: Any) -> Any:
    return usage[:1]


def _beyond(usage: Any) -> Any:
    return [usage[0], [*usage[1], 99]]


@pytest.mark.parametrize(
    ("task", "change", "message"),
    [
        ("dependencies", _drop_row, "knows the labels of 1 treebanks, but the model has 2"),
        ("lemmatizer", _drop_row, "knows the labels of 1 treebanks, but the model has 2"),
        ("dependencies", _beyond, "do not fit together"),
        ("lemmatizer", lambda usage: 3, "do not fit together"),
    ],
)
def test_usage_that_does_not_fit_is_one_model_error(
    task: str, change: Callable[[Any], Any], message: str, tmp_path: Path
) -> None:
    save(build(), tmp_path / "m")

    def changed(data: Any) -> Any:
        data["tasks"][task]["usage"] = change(data["tasks"][task]["usage"])
        return data

    rewrite(tmp_path / "m", "vocab.json", changed)
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "m")


def test_the_callers_sentences_stay_as_they_are() -> None:
    document = Document.from_conllu(FIRST)
    (annotated,) = Pipeline(build())(document, treebank="UD_English-B")
    assert annotated.columns["LEMMA"] == ["_"] * 3  # those of the input are replaced by what the treebank has: none
    assert document.to_conllu() == FIRST
