"""Scores by torch are arrays, and those of the networks in evaluation mode."""

from __future__ import annotations

import numpy as np
import torch

from depparse.runtimes.torch import TorchScorer
from depparse.tasks.dependencies.codec import DependencyScores
from tests.models import clear_pipeline, parser_of
from tests.sentences import two_sentences


def test_scores_are_those_of_the_networks_in_evaluation_mode_as_arrays() -> None:
    model = clear_pipeline().model
    assert model is not None
    batch = model.collate([model.example(sentence) for sentence in two_sentences()])
    model.eval()
    with torch.inference_mode():
        expected = model(batch)
    model.train()  # with dropout
    reading = TorchScorer(model).read(batch)
    assert not model.training
    tags = reading.scores("tagger")
    assert all(isinstance(column, np.ndarray) for column in tags)
    for column, of_network in zip(tags, expected["tagger"], strict=True):
        np.testing.assert_array_equal(column, of_network.numpy())
    trees = reading.scores("dependencies")
    assert isinstance(trees, DependencyScores)
    np.testing.assert_array_equal(trees.arc_scores, expected["dependencies"].arc_scores.numpy())


def test_a_stage_is_a_method_of_the_network() -> None:
    model = clear_pipeline().model
    assert model is not None
    batch = model.collate([model.example(sentence) for sentence in two_sentences()])
    reading = TorchScorer(model).read(batch)
    scores = reading.scores("dependencies")
    heads = np.random.default_rng(1).integers(0, 7, (2, 8, 3))
    (found,) = reading.stage("dependencies")("label_scores", scores.label_dependents, scores.label_heads, heads)
    assert isinstance(found, np.ndarray)
    vectors = torch.from_numpy(scores.label_dependents), torch.from_numpy(scores.label_heads)
    expected = parser_of(model).label_scores(*vectors, torch.from_numpy(heads))
    np.testing.assert_array_equal(found, expected.detach().numpy())
