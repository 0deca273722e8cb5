"""Trees by sequence labelling: targets, the best tree of scores, and a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.features.batch import Batch, Example
from depparse.features.vocabulary import IGNORE
from depparse.formats.conllu import read_conllu
from depparse.model_folder.store import save
from depparse.structs.tree_labels import ENCODINGS
from depparse.structs.trees import is_tree
from depparse.tasks.sequence_labels import LabelArrays, SequenceLabelsCodec, SequenceLabelsConfig
from tests.models import annotated, learned
from tests.recipes import TINY
from tests.sentences import three_sentences


def codec_of(encoding: str, data: list[Sentence] | None = None) -> SequenceLabelsCodec:
    config = SequenceLabelsConfig.model_validate({"type": "sequence_labels", "encoding": encoding})
    codec = SequenceLabelsCodec.build(config, three_sentences() if data is None else data)
    assert codec is not None
    return codec


def batch_of(data: list[Sentence]) -> Batch:
    examples = [Example(sentence, len(sentence), []) for sentence in data]
    return Batch(examples, np.array(list(map(len, data))), np.zeros(len(data), np.int64), [], {})


def certain(codec: SequenceLabelsCodec, data: list[Sentence]) -> LabelArrays[Any]:
    """Scores that are high for the targets."""
    targets = codec.collate([codec.targets(sentence) for sentence in data])
    sizes = (len(codec.labels), len(codec.relations), len(codec.tags))
    return LabelArrays(*(
        np.where(numbers[..., None] == np.arange(size), 9.0, 0.0).astype(np.float32)
        for numbers, size in zip(targets, sizes, strict=True)
    ))  # fmt: skip


def no_stage(name: str, *inputs: object) -> Any:
    raise AssertionError("the task has no second stage")


def test_targets_are_the_labels_of_the_tree_or_nothing() -> None:
    codec = codec_of("arc_hybrid")
    assert codec.targets(three_sentences()[0]).labels == codec.labels.numbers(["L", "", "L", "RR"])
    crossing = codec.targets(three_sentences()[1])
    assert crossing.labels == [IGNORE] * 5
    assert codec.relations.strings(crossing.relations) == ["det", "nsubj", "root", "advmod", "advmod"]
    assert codec.targets(three_sentences()[2]) == ([IGNORE], [IGNORE], [IGNORE])
    assert codec_of("relative_by_tag").tags.items[0] == "ADV"
    (finding,) = codec.findings(three_sentences())
    assert finding.startswith("sentences with trees that the encoding arc_hybrid cannot say")
    assert finding.endswith(": 1 (first: sentence 2)")
    assert codec_of("hierarchical").findings(three_sentences()) == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_certain_labels_give_their_trees(encoding: str, samples: Path) -> None:
    data = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu").sentences + three_sentences()[:2]
    codec = codec_of(encoding, data)
    again = SequenceLabelsCodec.from_json(codec.config, json.loads(json.dumps(codec.to_json())))
    trees = again.decode(certain(codec, data), batch_of(data), no_stage)
    said = 0
    for sentence, tree in zip(data, trees, strict=True):
        assert is_tree(np.array([0, *tree.heads]))
        if codec._labels(sentence) is None:
            continue
        said += 1
        copy = sentence.copy()
        codec.annotate(copy, tree)
        assert copy.heads == sentence.heads
        # The relation ``root`` goes with the head 0, all others come from the scores.
        assert copy.columns["DEPREL"] == sentence.columns["DEPREL"]
    assert said > 0.8 * len(data)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_scores_give_trees_with_one_root(encoding: str) -> None:
    codec, chance = codec_of(encoding), np.random.default_rng(1)
    data = [Sentence.from_forms(["a"] * n) for n in (1, 2, 3, 7, 12)] * 4
    sizes = (len(codec.labels), len(codec.relations), len(codec.tags))
    scores = LabelArrays(*(chance.normal(size=(len(data), 13, size)).astype(np.float32) for size in sizes))
    for tree in codec.decode(scores, batch_of(data), no_stage):
        assert is_tree(np.array([0, *tree.heads]))
        assert [head == 0 for head in tree.heads] == [label == "root" for label in tree.labels]


def test_an_encoding_that_there_is_not_is_one_line() -> None:
    tasks = {"parser": {"type": "sequence_labels", "encoding": "relativ"}}
    with pytest.raises(ConfigError, match=r"encoding: .*'absolute', 'relative'.* not 'relativ'"):
        depparse.train(TINY | {"model": TINY["model"] | {"tasks": tasks}}, treebank="corpora/samples/UD_English-Sample")


@pytest.mark.parametrize(("encoding", "width"), [("hierarchical", 32), ("relative_by_tag", 0)])
def test_a_few_sentences_are_learned_by_heart_and_a_model_comes_back_from_disk(
    encoding: str, width: int, tmp_path: Path
) -> None:
    document = Document(three_sentences()[:2])
    tasks = {"parser": {"type": "sequence_labels", "encoding": encoding, "width": width, "dropout": 0.0}}
    model = learned(tasks, document)
    parsed = annotated(model, document)
    assert [sentence.heads for sentence in parsed] == [sentence.heads for sentence in document]
    assert [s.columns["DEPREL"] for s in parsed] == [s.columns["DEPREL"] for s in document]
    save(model, tmp_path / "model")
    again = depparse.load(tmp_path / "model")(document)
    assert [sentence.heads for sentence in again] == [sentence.heads for sentence in document]
