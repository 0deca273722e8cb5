"""Constituents by spans and by labels: targets, trees of any scores, the loss, and models."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

import depparse
from depparse.document.constituents import Constituent, check_tree
from depparse.document.document import Document
from depparse.document.kinds import get_kind
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError
from depparse.features.batch import Batch, Example
from depparse.features.vocabulary import IGNORE
from depparse.formats.brackets import iter_ptb
from depparse.formats.table import read, write
from depparse.model.model import Model
from depparse.model_folder.store import save
from depparse.packing import pack
from depparse.structs.constituent_labels import ENCODINGS
from depparse.structs.constituents import binarized
from depparse.tasks.constituent_labels import ConstituentLabelsCodec, ConstituentLabelsConfig
from depparse.tasks.constituents import (
    Constituents,
    ConstituentsCodec,
    ConstituentsConfig,
    ScoredTree,
    SpanScores,
    SpanTargets,
    _LogPartition,
)
from tests.models import annotated, annotated_copies, learn, loss_of, model_of, random_model

# A chain of labels for one word, a flat node of four children, a root without a label, and one word.
TREES = """\
(ROOT (S (NP (NNP Anna)) (VP (VBD saw) (NP (DT the) (JJ old) (JJ red) (NN car)) (PP (IN at) (NP (NN night)))) (. .)))
( (S (NP-SBJ (PRP She)) (VP (VBZ sleeps))))
(ROOT (INTJ (UH No)))
"""
TASKS: dict[str, dict[str, Any]] = {
    "spans": {"type": "constituents", "span_width": 32, "label_width": 32, "dropout": 0.0},
    **{
        name: {"type": "constituent_labels", "encoding": name, "width": 32, "dropout": 0.0, "smoothing": 0.0}
        for name in ENCODINGS
    },
}


def sentences() -> list[Sentence]:
    return list(iter_ptb(io.BytesIO(TREES.encode())))


def trees(document: list[Sentence] | Document) -> list[list[Constituent]]:
    return [list(sentence.annotation("constituents")) for sentence in document]


def odd_sentences() -> dict[str, Sentence]:
    """Sentences whose constituents some task cannot learn."""
    odd = {name: Sentence.from_forms(["a", "b", "c"]) for name in ("none", "no root", "plus", "blank")}
    odd["no root"].annotate("constituents", [Constituent(1, 2, "A")])
    odd["plus"].annotate("constituents", [Constituent(1, 3, "A+B")])
    odd["blank"].annotate("constituents", [Constituent(1, 3, "A"), Constituent(2, 3, "of two")])
    return odd


def batch_of(data: list[Sentence]) -> Batch:
    examples = [Example(sentence, len(sentence), [], number=n) for n, sentence in enumerate(data, 1)]
    return Batch(examples, np.array(list(map(len, data))), np.zeros(len(data), np.int64), [], {})


def labels_codec(encoding: str, data: list[Sentence]) -> ConstituentLabelsCodec:
    config = ConstituentLabelsConfig.model_validate({"encoding": encoding})
    codec = ConstituentLabelsCodec.build(config, data)
    assert codec is not None
    return codec


def spans_codec(data: list[Sentence], **settings: Any) -> ConstituentsCodec:
    codec = ConstituentsCodec.build(ConstituentsConfig.model_validate(settings), data)
    assert codec is not None
    return codec


# -- targets


def test_spans_of_a_binary_tree_have_their_last_child_apart() -> None:
    tree = trees(sentences())[0]
    assert binarized(tree, 9) == [
        (1, 9, "ROOT+S"), (1, 8, None), (1, 1, "NP"), (2, 8, "VP"), (2, 6, None), (2, 2, None), (3, 6, "NP"),
        (3, 5, None), (3, 4, None), (3, 3, None), (4, 4, None), (5, 5, None), (6, 6, None), (7, 8, "PP"), (7, 7, None),
        (8, 8, "NP"), (9, 9, None),
    ]  # fmt: skip
    assert binarized([], 0) == []


def test_what_is_not_annotated_or_rare_is_not_learned() -> None:
    codec = spans_codec(sentences(), min_count=2)
    assert codec.labels.items == ["NP", "VP"]
    assert codec.targets(sentences()[1]) == [(1, 2, IGNORE), (1, 1, IGNORE), (2, 2, 2)]
    targets = codec.collate([codec.targets(sentence) for sentence in (odd_sentences()["none"], *sentences())])
    assert codec.count_targets(targets) == 12
    assert (targets.labels[0] == IGNORE).all()
    assert ConstituentsCodec.build(ConstituentsConfig(), [odd_sentences()["none"]]) is None
    labels = labels_codec("tetratags", sentences())
    assert labels.root == "ROOT"
    rows = [labels.targets(sentence) for sentence in (odd_sentences()["none"], *sentences())]
    assert set(np.ravel(rows[0])) == {IGNORE}
    assert labels.count_targets(labels.collate(rows)) == 12
    assert ConstituentLabelsCodec.build(ConstituentLabelsConfig(), [odd_sentences()["none"]]) is None


def test_trees_that_are_not_learned_are_told() -> None:
    data = [*sentences(), *odd_sentences().values()]
    (finding,) = spans_codec(sentences()).findings(data)
    assert finding == "trees without a root, or with + in labels, are not learned: 2 (first: sentence 5)"
    for encoding in ENCODINGS:
        (finding,) = labels_codec(encoding, sentences()).findings(data)
        assert finding.startswith(f"trees that the encoding {encoding} cannot say")
        assert finding.endswith("are not learned: 3 (first: sentence 5)")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_labels_say_roots_without_a_name(encoding: str) -> None:
    for text in ("( (UH No))", "( (NP (NN a)) (NP (NN b)))", "(A ( (NN a) (NN b)) (NN c))"):
        (sentence,) = iter_ptb(io.BytesIO(text.encode()))
        tree = trees([sentence])[0]
        assert ENCODINGS[encoding].decode(ENCODINGS[encoding].encode(tree, len(sentence))) == tree


# -- scores


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_certain_labels_give_their_trees(encoding: str) -> None:
    codec = labels_codec(encoding, sentences())
    targets = codec.collate([codec.targets(sentence) for sentence in sentences()])
    pairs = zip(targets, codec.parts, strict=True)
    scores = [(numbers[..., None] == np.arange(len(part))).astype(np.float32) for numbers, part in pairs]
    assert codec.decode(scores, batch_of(sentences()), no_stage) == trees(sentences())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_scores_of_labels_give_trees_with_a_root(encoding: str) -> None:
    codec, chance = labels_codec(encoding, sentences()), np.random.default_rng(1)
    again = ConstituentLabelsCodec.from_json(codec.config, json.loads(json.dumps(codec.to_json())))
    data = [Sentence.from_forms(["a"] * n) for n in (1, 2, 3, 9)] * 10
    scores = [chance.normal(size=(len(data), 10, len(part))).astype(np.float32) for part in codec.parts]
    for sentence, tree in zip(data, again.decode(scores, batch_of(data), no_stage), strict=True):
        check_tree(tree, len(sentence))
        assert (tree[0].start, tree[0].end) == (1, len(sentence))


def no_stage(name: str, *inputs: object) -> Any:
    raise AssertionError("the task has no second stage")


def test_any_scores_of_spans_give_trees_with_a_root() -> None:
    codec, chance = spans_codec(sentences()), np.random.default_rng(1)
    data = [Sentence.from_forms(["a"] * n) for n in (1, 2, 3, 9)] * 3
    scores = SpanScores(*(chance.normal(size=(12, 10, 10)).astype(np.float32) for _ in range(3)))

    def stage(name: str, firsts: np.ndarray, lasts: np.ndarray, spans: np.ndarray) -> tuple[np.ndarray]:
        assert spans.shape == (12, 17, 2)
        return (chance.normal(size=(12, 17, codec.n_labels)),)

    for sentence, (tree, probabilities) in zip(data, codec.decode(scores, batch_of(data), stage), strict=True):
        check_tree(tree, len(sentence))
        assert (tree[0].start, tree[0].end) == (1, len(sentence))
        assert len(tree) == len(probabilities)
        assert all(0 < probability <= 1 for probability in probabilities)


def test_probabilities_are_written_in_the_order_of_brackets() -> None:
    sentence = sentences()[1]
    prediction = ScoredTree(trees([sentence])[0], [0.96, 0.96, 0.8, 0.75])  # the root, S, NP-SBJ; VP
    spans_codec(sentences()).write_probabilities(sentence, prediction)
    assert [cell.partition("|")[0] for cell in sentence.misc_cells] == [
        "ConstituentProb=0.9600,0.9600,0.8000", "ConstituentProb=0.7500"
    ]  # fmt: skip
    get_kind("constituents").clear_probabilities(sentence)
    assert "Prob" not in "".join(sentence.misc_cells)


def test_long_sentences_are_refused_by_name() -> None:
    codec = spans_codec(sentences(), max_length=8)
    codec.check_length(8)
    with pytest.raises(DepparseError, match=r"sentence 1: a sentence of 9 words is longer than the 8 .* raise max_len"):
        codec.decode(SpanScores(*[np.zeros((1, 10, 10), np.float32)] * 3), batch_of(sentences()[:1]), no_stage)


def test_the_gradient_of_the_partition_is_that_of_small_steps() -> None:
    scores = torch.randn(2, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)
    assert gradcheck(_LogPartition.apply, (scores, torch.tensor([4, 2])), atol=1e-4)


def test_the_loss_is_that_of_the_probability_of_the_tree() -> None:
    """Of three words there are two binary trees."""
    model = random_model({"task": TASKS["spans"]}, Document(sentences()))
    network = model.tasks["task"]
    assert isinstance(network, Constituents)
    scores = SpanScores(torch.zeros(1, 4, 4), torch.zeros(1, 4, 32), torch.zeros(1, 4, 32))
    scores.spans[0, 1, 2], scores.spans[0, 2, 3] = 2.0, -1.0
    spans = torch.tensor([[[1, 3], [1, 2], [1, 1], [2, 2], [3, 3]]])
    with torch.no_grad():
        loss = network.loss(scores, SpanTargets(spans, torch.full((1, 5), IGNORE)))
    assert float(loss) == pytest.approx(-np.log(np.exp(2) / (np.exp(2) + np.exp(-1))) / 3)


# -- models


@pytest.fixture(
    scope="module",
    params=[name if name in ("spans", "tetratags") else pytest.param(name, marks=pytest.mark.slow) for name in TASKS],
)
def model(request: pytest.FixtureRequest) -> Model:
    """A model that learned the trees, beside a sentence without one."""
    data = [*sentences(), odd_sentences()["none"]]
    tasks = {"constituents": TASKS[request.param], "tagger": {"type": "tagger", "width": 32, "dropout": 0.0}}
    model = model_of(tasks, Document(data), dropout=0.0)
    learn(model, data)
    return model


def test_trees_are_learned_by_heart_and_come_back_from_disk(model: Model, tmp_path: Path) -> None:
    document = Document(sentences())
    assert trees(annotated(model, document)) == trees(document)
    save(model, tmp_path / "model")
    pack(tmp_path / "model", output=tmp_path / "packed", weights="int8")
    for name in ("model", "packed"):
        again = depparse.load(tmp_path / name)([s.columns["FORM"] for s in document])
        assert trees(again) == trees(document)
        assert [s.columns["XPOS"] for s in again] == [s.columns["XPOS"] for s in document]


def test_sentences_are_annotated_alike_alone_and_together(model: Model) -> None:
    forms = [["Anna"], ["She", "saw", "Anna"], ["the"] * 12, ["No", "car", "sleeps", "at", "night", "."]]
    document = Document([Sentence.from_forms(each) for each in forms])
    together, alone = annotated_copies(model, document), annotated_copies(model, document, batch_words=1, order=-1)
    assert trees(together) == trees(alone)
    for sentence in together:
        check_tree(sentence.annotation("constituents"), len(sentence))
        assert sentence.annotation("constituents")[0].end == len(sentence)


def test_sentences_without_constituents_teach_nothing(model: Model) -> None:
    nothing = odd_sentences()["none"]
    nothing.columns.pop("XPOS", None)
    model.eval()
    with torch.no_grad():
        assert float(loss_of(model, "constituents", nothing)) == 0
        both = loss_of(model, "constituents", *sentences(), nothing)
        assert float(both) == pytest.approx(float(loss_of(model, "constituents", *sentences())), rel=1e-4, abs=1e-5)


# -- runs

TINY = {
    "training.epochs": 1,
    "training.precision": "fp32",
    "model.encoder.inputs": [{"type": "words", "width": 16}],
    "model.encoder.context.width": 16,
    "model.tasks.dependencies": {"type": "dependencies", "arc_width": 16, "label_width": 8},
}


@pytest.mark.parametrize("recipe", ["constituents", "constituent_labels"])
def test_recipes_give_dependencies_and_constituents_of_one_sentence(recipe: str, tmp_path: Path) -> None:
    train, dev = tmp_path / "train.conllu", tmp_path / "dev.ptb"
    document = Document(sentences())
    for sentence in document:
        sentence.columns["HEAD"] = [str(word) for word in range(len(sentence))]
        sentence.columns["DEPREL"] = ["root", *["dep"] * (len(sentence) - 1)]
    write(document, train)
    write(Document(sentences()), dev)
    nlp = depparse.train(recipe, train=train, dev=dev, set=TINY, output=tmp_path / "run")
    assert '"Brackets"' in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8")
    parsed = nlp(Document([Sentence.from_forms(forms) for forms in (["She", "saw", "Anna"], [], ["No"])]))
    assert [len(sentence.annotation("constituents")) > 0 for sentence in parsed] == [True, False, True]
    assert parsed[0].heads.count(0) == 1
    assert "Constituents=(" in parsed[0].to_conllu()
    write(Document([parsed[0], parsed[2]]), tmp_path / "out.ptb")
    assert trees(read(tmp_path / "out.ptb")) == [trees(parsed)[0], trees(parsed)[2]]
