"""What small inputs get before numba is imported is what compiled loops give."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.structs import mst, recurrence
from depparse.structs.mst import decode
from depparse.structs.recurrence import states_of


@given(st.integers(0, 2**32 - 1), st.integers(0, 7), st.integers(1, 4))
def test_trees_are_the_same(seed: int, words: int, sentences: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-3, 4, (sentences, words + 1, words + 1)).astype(np.float32)
    scores[random.random(scores.shape) < 0.1] = random.choice([-np.inf, np.inf, np.nan, -1e38])
    lengths = random.integers(0, words + 1, sentences)
    trees = mst._greedy_trees(*mst.check_batch(scores, lengths))
    if trees is not None:
        np.testing.assert_array_equal(trees, decode(scores, lengths))


def test_most_sentences_with_clear_scores_need_nothing_else() -> None:
    scores = np.zeros((1, 4, 4))
    scores[0, [1, 2, 3], [2, 0, 2]] = 1
    trees = mst._greedy_trees(*mst.check_batch(scores, np.array([3])))
    assert trees is not None
    assert trees.tolist() == [[0, 2, 0, 2]]


@pytest.mark.parametrize("backwards", [0, 3, 5])
def test_states_are_the_same(backwards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    decay, drive = random.random((2, 4, 9, 5)).astype(np.float32)
    expected = states_of(decay, drive, backwards)
    monkeypatch.setattr(recurrence, "is_loaded", lambda: False)
    np.testing.assert_array_equal(states_of(decay, drive, backwards), expected)


def test_a_sentence_needs_no_numba() -> None:
    code = """
import sys, depparse
nlp = depparse.load("en", runtime="openvino", without=["enhanced", "srl"])
text = "Anna liked the new school."
first = nlp(text).to_conllu()
assert "numba" not in sys.modules
import numba
assert nlp(text).to_conllu() == first
"""
    subprocess.run([sys.executable, "-c", code], check=True)
