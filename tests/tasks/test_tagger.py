"""Tags: counted labels, targets, the best labels, and the network against its formulas."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Example
from depparse.features.vocabulary import IGNORE
from depparse.layers.tensors import Layout, to_tensors
from depparse.tasks.tagger.codec import TaggerCodec, TaggerConfig
from depparse.tasks.tagger.network import Tagger
from tests.models import model_of

# Of UPOS, the most frequent label is not the first, and two are equally frequent; XPOS is not annotated.
TAGGED = """\
1\tthe\t_\tDET\t_\t_\t_\t_\t_\t_
2\tcats\t_\tNOUN\t_\tNumber=Plur\t_\t_\t_\t_
3\tsleep\t_\tVERB\t_\tNumber=Plur\t_\t_\t_\t_

1\tcat\t_\tNOUN\t_\tNumber=Sing\t_\t_\t_\t_
2\tnow\t_\t_\t_\t_\t_\t_\t_\t_
3\tdog\t_\tNOUN\t_\tNumber=Sing\t_\t_\t_\t_
4\truns\t_\tVERB\t_\tNumber=Sing\t_\t_\t_\t_
5\ta\t_\tDET\t_\t_\t_\t_\t_\t_

"""


def sentences() -> list[Sentence]:
    return Document.from_conllu(TAGGED).sentences


def codec_of(**settings: Any) -> TaggerCodec:
    codec = TaggerCodec.build(TaggerConfig.model_validate(settings), sentences())
    assert codec is not None
    return codec


def batch_of(codec: TaggerCodec) -> Batch:
    """The two sentences side by side, without inputs."""
    examples = [Example(sentence, len(sentence), []) for sentence in sentences()]
    targets = {"tagger": codec.collate([codec.targets(sentence) for sentence in sentences()])}
    return Batch(examples, np.array([3, 5]), np.zeros(2, np.int64), [], targets)


def no_stage(name: str, *inputs: object) -> Any:
    raise AssertionError("a tagger has no second stage")


# -- labels


def test_labels_are_counted_and_stand_by_frequency_and_then_by_name() -> None:
    codec = codec_of()
    assert codec.to_json() == {
        "UPOS": ["NOUN", "DET", "VERB"],
        "FEATS": ["Number=Sing", "_", "Number=Plur"],  # the lack of features is a label
    }
    assert codec.writes == ("UPOS", "FEATS")  # the data annotates no XPOS


def test_columns_are_those_of_the_config_that_the_data_annotates() -> None:
    assert codec_of(columns=("FEATS", "UPOS")).writes == ("FEATS", "UPOS")
    assert codec_of(columns=("XPOS", "UPOS")).writes == ("UPOS",)
    assert TaggerCodec.build(TaggerConfig(columns=("XPOS",)), sentences()) is None
    assert TaggerCodec.build(TaggerConfig(), [Sentence.from_forms(["a"])]) is None
    # Where no word has features, a column of them says nothing.
    bare = Sentence({"FORM": ["a"], "UPOS": ["X"], "FEATS": ["_"]})
    codec = TaggerCodec.build(TaggerConfig(), [bare])
    assert codec is not None
    assert codec.writes == ("UPOS",)


# -- targets


def test_targets_are_the_numbers_of_labels_and_ignored_where_there_is_none() -> None:
    codec = codec_of()
    assert [codec.targets(sentence) for sentence in sentences()] == [
        [[1, 0, 2], [1, 2, 2]],
        [[0, IGNORE, 0, 2, 1], [0, 1, 0, 0, 1]],
    ]
    # Labels that the training data does not have cannot be learned, nor a column that is not there.
    other = Sentence({"FORM": ["a", "b"], "UPOS": ["INTJ", "NOUN"]})
    assert codec.targets(other) == [[IGNORE, 0], [IGNORE, IGNORE]]


def test_targets_of_a_batch_leave_root_and_padding_out() -> None:
    upos, feats = batch_of(codec_of()).targets["tagger"]
    assert upos.tolist() == [[IGNORE, 1, 0, 2, IGNORE, IGNORE], [IGNORE, 0, IGNORE, 0, 2, 1]]
    assert feats.tolist() == [[IGNORE, 1, 2, 2, IGNORE, IGNORE], [IGNORE, 0, 1, 0, 0, 1]]


# -- predictions


def test_the_best_label_of_each_word_is_found() -> None:
    codec = codec_of()
    batch = batch_of(codec)
    scores = [np.zeros((2, 6, 3), np.float32), np.full((2, 6, 3), -1.0, np.float32)]
    scores[0][:, 0] = scores[0][0, 4:] = [9.0, 0.0, 0.0]  # the scores of ROOT and padding are not used
    scores[0][0, 1:4] = [[0.1, 0.2, 0.3], [3.0, 2.0, 1.0], [-1.0, 5.0, -2.0]]
    scores[0][1, 1:, 1] = 1.0
    scores[1][0, 1:4, 2] = 0.0
    scores[1][1, [2, 4], 1] = 0.0
    assert codec.decode(scores, batch, no_stage) == [
        [[2, 0, 1], [2, 2, 2]],
        [[1, 1, 1, 1, 1], [0, 1, 0, 1, 0]],
    ]


@given(st.randoms(use_true_random=False))
def test_scores_that_favour_the_targets_give_them_back(random: Any) -> None:
    codec = codec_of()
    batch = batch_of(codec)
    numbers = [[[random.randrange(3) for _ in range(length)] for _ in range(2)] for length in (3, 5)]
    scores = [np.zeros((2, 6, 3), np.float32) for _ in range(2)]
    for sentence, columns in enumerate(numbers):
        for column, labels in enumerate(columns):
            for word, label in enumerate(labels, 1):
                scores[column][sentence, word, label] = 1.0
    assert codec.decode(scores, batch, no_stage) == numbers


def test_labels_are_written_to_their_columns_alone() -> None:
    sentence = Sentence({"FORM": ["a", "b"], "UPOS": ["X", "X"], "XPOS": ["x", "y"], "MISC": ["A=1", "_"]})
    codec_of().annotate(sentence, [[2, 0], [1, 2]])
    assert sentence.columns == {
        "FORM": ["a", "b"],
        "UPOS": ["VERB", "NOUN"],
        "XPOS": ["x", "y"],
        "MISC": ["A=1", "_"],
        "FEATS": ["_", "Number=Plur"],
    }


def test_a_codec_survives_json() -> None:
    codec = codec_of(columns=("FEATS", "UPOS"))
    again = TaggerCodec.from_json(codec.config, json.loads(json.dumps(codec.to_json())))
    assert again.writes == codec.writes
    for sentence in sentences():
        assert again.targets(sentence) == codec.targets(sentence)


# -- the network


def network_of(codec: TaggerCodec, seed: int = 1) -> Tagger:
    torch.manual_seed(seed)
    return Tagger(codec, Widths(context=4, inputs=3)).eval()


def encoded_of(batch: Batch) -> Encoded:
    generator = torch.Generator().manual_seed(2)
    return Encoded(torch.randn(*batch.shape, 4, generator=generator), torch.randn(*batch.shape, 3, generator=generator))


def test_scores_are_those_of_a_perceptron_over_context_and_inputs() -> None:
    codec = codec_of(width=5)
    batch, network = batch_of(codec), network_of(codec)
    encoded = encoded_of(batch)
    scores = network(encoded, Layout.of(batch, torch.device("cpu")))
    assert [tuple(column.shape) for column in scores] == [(2, 6, 3), (2, 6, 3)]
    for column, column_scores in zip(codec.writes, scores, strict=True):
        hidden, _, _, output = network.classifiers[column]  # type: ignore[misc]
        values = torch.cat([encoded.context[1, 2], encoded.inputs[1, 2]])
        units = hidden.weight @ values + hidden.bias
        units = units * (1 + torch.erf(units / math.sqrt(2))) / 2  # GELU
        torch.testing.assert_close(column_scores[1, 2], output.weight @ units + output.bias)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_the_mean_over_annotated_words_summed_over_columns(smoothing: float) -> None:
    codec = codec_of(smoothing=smoothing)
    batch, network = batch_of(codec), network_of(codec)
    scores = network(encoded_of(batch), Layout.of(batch, torch.device("cpu")))
    expected = 0.0
    for column, targets in zip(scores, batch.targets["tagger"], strict=True):
        logarithms = column.log_softmax(-1)
        words = [place for place in np.ndindex(2, 6) if targets[place] != IGNORE]
        losses = [
            -((1 - smoothing) * logarithms[place][targets[place]] + smoothing * logarithms[place].mean()).item()
            for place in words
        ]
        assert len(words) == (7 if column is scores[0] else 8)
        expected += sum(losses) / len(words)
    loss = network.loss(scores, to_tensors(batch.targets["tagger"], torch.device("cpu")))
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_where_nothing_is_annotated_nothing_is_learned() -> None:
    network = network_of(codec_of())
    scores = [torch.randn(1, 3, 3, requires_grad=True) for _ in range(2)]
    nothing, something = torch.full((1, 3), IGNORE), torch.tensor([[IGNORE, 0, IGNORE]])
    loss = network.loss(scores, [nothing, something])
    loss.backward()
    assert scores[0].grad is not None
    assert not scores[0].grad.any()
    assert scores[1].grad is not None
    assert scores[1].grad.any(-1).tolist() == [[False, True, False]]
    assert network.loss(scores, [nothing, nothing]).item() == 0.0


def test_a_model_learns_the_columns_that_its_config_names() -> None:
    model = model_of({"tags": {"type": "tagger", "columns": ["UPOS"], "width": 8}}, Document.from_conllu(TAGGED))
    assert model.codec.writes == {"tags": ("UPOS",)}
    batch = model.collate([model.example(sentence, targets=True) for sentence in sentences()])
    assert [column.tolist()[1] for column in batch.targets["tags"]] == [[IGNORE, 0, IGNORE, 0, 2, 1]]
    assert [tuple(column.shape) for column in model(batch)["tags"]] == [(2, 6, 3)]
