"""Arguments of wrong types, in all public functions: one DepparseError that says what was expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import depparse
from depparse import Constraints, DepparseError, Document, Pipeline, Request, Sentence, Span
from depparse.printable import clean
from tests.models import small_model
from tests.sentences import two_sentences

NLP: Any = Pipeline(small_model())
DOCUMENT = two_sentences()
SENTENCE: Any = DOCUMENT[0]
depparse_: Any = depparse
WORDS = [["a", "b"]]


def train(**arguments: Any) -> Any:
    return depparse_.train(arguments.pop("config", "demo"), **arguments)


def constrained(constraints: Any) -> Any:
    return NLP(WORDS, constraints=constraints)


# What is called, and a part of the message.
CALLS: list[tuple[Callable[[], Any], str]] = [
    (lambda: train(train="none.conllu"), "none.conllu: cannot be read: no such file"),
    (lambda: train(train="a\0.conllu"), "train is a path, and"),
    (lambda: train(config=3), "config is a name, a file, a table or a RecipeConfig, not 3"),
    (lambda: train(train=3), "train is a path or a list of paths, not 3"),
    (lambda: train(train=[3]), "train is a path, as text or pathlib.Path, not 3"),
    (lambda: train(train="x", set=3), "set is a mapping or a list of texts"),
    (lambda: train(train="x", set={3: 4}), "a key of set is text"),
    (lambda: train(train="x", set=[4]), "an item of set is text"),
    (lambda: train(set="data.train=3"), "config key data.train"),
    (lambda: train(train="x", set="model.encoder.inputs.².width=3"), "has the items 0 to"),
    (lambda: train(train="x", set=f"model.encoder.inputs.{'1' * 5_000}.width=3"), "has the items 0 to"),
    (lambda: train(train="x", set=f"training.epochs={'9' * 5_000}"), "config key training.epochs"),
    (lambda: train(train="x", set=f"training.epochs={'[' * 3_000}"), "config key training.epochs"),
    (lambda: train(train="x", set="training.epochs=\ud800"), "config key training.epochs"),
    (lambda: train(train="x", output=3), "output is a path"),
    (lambda: train(train="x", base=3), "base is a path"),
    (lambda: train(train="x", seed="1"), "seed is a whole number"),
    (lambda: depparse_.load(3), "the name of a model is a path"),
    (lambda: depparse_.load(["en"]), "the name of a model is a path"),
    (lambda: depparse_.load("a\0b"), "cannot be one"),
    (lambda: depparse_.load("en", device=3), "device is the name of a device"),
    (lambda: depparse_.load("en", without=3), "without is a name or a list of names"),
    (lambda: depparse_.load("a/b", revision=3), "revision is a branch"),
    (lambda: depparse_.Pipeline("en"), "load one: depparse.load('en')"),
    (lambda: depparse_.Pipeline(3), "the codec of the model is a ModelCodec"),
    (lambda: NLP(3), "expected a text, a Document or sentences"),
    (lambda: NLP([["a\tb"]]), "tab"),
    (lambda: NLP("x", keep=3), "keep is a name"),
    (lambda: NLP("x", k_best="2"), "k_best is a number of trees, at least 1, not '2'"),
    (lambda: NLP("x", probabilities="yes"), "probabilities is True or False"),
    (lambda: NLP("x", presplit=1), "presplit is True or False"),
    (lambda: NLP("x", treebank=3), "treebank is the name"),
    (lambda: NLP("x", batch_words=2.5), "batch_words is a number of words"),
    (lambda: NLP("x", request=3), "request is what pipeline.request"),
    (lambda: constrained(3), "constraints is a list"),
    (lambda: constrained(Constraints()), "constraints is a list"),
    (lambda: constrained([3]), "constraint 1 is an object of Constraints"),
    (lambda: Constraints(required=5), "required is a list of arcs"),  # type: ignore[arg-type]
    (lambda: Constraints(required=[1]), "required is a list of arcs"),  # type: ignore[list-item]
    (lambda: Constraints(required=[(1, 2, 3)]), "required is a list of arcs"),  # type: ignore[list-item]
    (lambda: Constraints(required={1: 2}), "required is a list of arcs"),  # type: ignore[arg-type]
    (lambda: Constraints(forbidden=[("a", "b")]), "forbidden is a list of arcs"),  # type: ignore[list-item]
    (lambda: Constraints(forbidden=[(float("nan"), 1)]), "forbidden is a list of arcs"),  # type: ignore[list-item]
    (lambda: Constraints(labels=[(1, "x")]), "labels is a mapping"),  # type: ignore[arg-type]
    (lambda: Constraints(labels={"1": "x"}), "labels is a mapping"),  # type: ignore[dict-item]
    (lambda: Constraints(labels={1: 3}), "labels is a mapping"),  # type: ignore[dict-item]
    (lambda: list(NLP.pipe(3)), "pipe takes many texts"),
    (lambda: list(NLP.pipe(["x"], workers="2")), "workers is a number of processes, at least 1, not '2'"),
    (lambda: list(NLP.pipe(["x"], batch_size=2.5)), "batch_size is a number of inputs"),
    (lambda: list(NLP.pipe(["x", "y", 3])), "input 3: expected a text"),
    (lambda: list(NLP.annotate_stream("abc")), "the input is a Document or a list"),
    (lambda: list(NLP.annotate_stream(3)), "the input is a Document or a list"),
    (lambda: list(NLP.annotate_stream([SENTENCE, DOCUMENT])), "sentence 2 is a Sentence"),
    (lambda: list(NLP.annotate_stream(DOCUMENT, workers=None)), "workers is a number"),
    (lambda: list(NLP.segment(3)), "a text to be segmented is text"),
    (lambda: list(NLP.segment(["a", 3])), "a piece of text is text"),
    (lambda: list(NLP.read(3)), "paths is a list of files"),
    (lambda: list(NLP.read(["a\0"])), "a file is a path, and"),
    (lambda: list(NLP.read(["a.txt"], format=3)), "format is the name"),
    (lambda: list(NLP.read("none.txt")), "none.txt: cannot be read: no such file"),
    (lambda: NLP.reanalyze("x"), "gold is a Document"),
    (lambda: NLP.reanalyze(DOCUMENT, raw=True, wrap="x"), "wrap is a number of characters"),
    (lambda: list(NLP.analyses("abc")), "the input is a Document or a list"),
    (lambda: NLP.save(3), "folder is a path"),
    (lambda: NLP.save("a\0b"), "folder is a path"),
    (lambda: NLP.save("/dev/null/x"), "cannot be made"),
    (lambda: Request(keep=3), "keep is a name"),  # type: ignore[arg-type]
    (lambda: Request(expand=3), "expand is True or False"),  # type: ignore[arg-type]
    (lambda: depparse_.draw_svg(DOCUMENT), "draw each of its sentences"),
    (lambda: depparse_.draw_tree(DOCUMENT), "draw each of its sentences"),
    (lambda: depparse_.draw_svg("x"), "what is drawn is a Sentence"),
    (lambda: depparse_.draw_svg(SENTENCE, width="x"), "width is a number of columns or pixels"),
    (lambda: depparse_.draw_svg(SENTENCE, show=5), "show is names of what a drawing shows"),
    (lambda: depparse_.draw_tree(SENTENCE, show=[5]), "each item of show is a name"),
    (lambda: depparse_.draw_tree(SENTENCE, width=2.5), "width is a number of columns or pixels"),
    (lambda: depparse_.evaluate(3, 4), "gold is a path or a Document"),
    (lambda: depparse_.evaluate(DOCUMENT, SENTENCE), "system is a path or a Document"),
    (lambda: depparse_.write_conllu(DOCUMENT, "a\0"), "cannot be written"),
    (lambda: depparse_.write_conllu(DOCUMENT, "/"), "cannot be written: is a directory"),
    (lambda: depparse_.read_conllu("a\0"), "cannot be read"),
    (lambda: Document("abc"), "sentences is a list of sentences"),  # type: ignore[arg-type]
    (lambda: Document(3), "sentences is a list of sentences"),  # type: ignore[arg-type]
    (lambda: Document([3]), "a document holds objects of Sentence"),  # type: ignore[list-item]
    (lambda: Sentence.from_forms(3), "forms is a list of words"),  # type: ignore[arg-type]
    (lambda: Sentence.from_forms("abc"), "forms is a list of words"),
    (lambda: Sentence(3), "the columns of a sentence are a dictionary"),  # type: ignore[arg-type]
    (lambda: Sentence({}), "the columns of a sentence are a dictionary"),
    (lambda: setattr(SENTENCE, "ents", 3), ""),
    (lambda: setattr(SENTENCE, "ents", [3]), ""),
    (lambda: setattr(SENTENCE, "ents", [Span("a", 1, "x")]), "an entity lies within words"),  # type: ignore[arg-type]
    (lambda: setattr(SENTENCE, "ents", [Span(1, 1, 3)]), "the type of an entity"),  # type: ignore[arg-type]
    (lambda: setattr(SENTENCE, "frames", [3]), ""),
    (lambda: setattr(SENTENCE.words[0], "upos", 3), ""),
    (lambda: setattr(SENTENCE.words[0], "head", "x"), ""),
]


@pytest.mark.parametrize(("call", "message"), CALLS, ids=range(len(CALLS)))
def test_a_wrong_argument_is_one_error(
    call: Callable[[], Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DepparseError) as caught:
        call()
    assert message in str(caught.value)
    assert clean(str(caught.value)) == str(caught.value)
    assert len(str(caught.value)) < 1_000


def test_right_arguments_of_other_types_are_taken(tmp_path: Path) -> None:
    import numpy as np

    arcs = Constraints(required=[[np.int64(1), np.int64(0)]], forbidden={(2, 0)}, labels={np.int64(2): "obj"})  # type: ignore[list-item,dict-item]
    assert NLP(WORDS, constraints=iter([arcs]))[0].heads == [0, 1]
    assert len(list(NLP.pipe(iter(["a b", WORDS]), batch_size=np.int64(2)))) == 2
    (tmp_path / "a.txt").write_text("a b", encoding="utf-8")
    assert len(list(NLP.read(tmp_path / "a.txt"))) == 1
