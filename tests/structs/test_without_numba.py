"""What small inputs get before numba is imported is what compiled loops give."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depparse.errors import DepparseError
from depparse.structs import compiled as compiled_module
from depparse.structs import mst, role_sequences
from depparse.structs.checks import check_problems
from depparse.structs.compiled import compiled, compiled_for
from depparse.structs.mst import decode
from depparse.structs.recurrence import states_of, write_states


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not imported numba, and will not soon."""
    for module in (mst, role_sequences, compiled_module):
        monkeypatch.setattr(module, "is_loaded", lambda: False)
    monkeypatch.setattr(compiled_module, "_FEW", 10**9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1), st.integers(0, 7), st.integers(1, 4))
def test_trees_are_the_same(without_numba: None, seed: int, words: int, sentences: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-3, 4, (sentences, words + 1, words + 1)).astype(np.float32)
    scores[random.random(scores.shape) < 0.1] = random.choice([-np.inf, np.inf, np.nan, -1e38])
    lengths = random.integers(0, words + 1, sentences)
    heads, problems = np.zeros(scores.shape[:2], np.int64), np.zeros((sentences, 2), np.int64)
    mst.spanning_batch(scores, lengths, heads, problems)  # compiled
    if problems[:, 0].any():
        with pytest.raises(DepparseError) as expected:
            check_problems(problems)
        with pytest.raises(DepparseError) as caught:
            decode(scores, lengths)
        assert str(caught.value) == str(expected.value)
    else:
        np.testing.assert_array_equal(decode(scores, lengths), heads)


def test_most_sentences_with_clear_scores_need_nothing_else() -> None:
    scores, heads = np.zeros((1, 4, 4)), np.zeros((1, 4), np.int64)
    scores[0, [1, 2, 3], [2, 0, 2]] = 1
    assert mst._write_greedy_trees(*mst.check_batch(scores, np.array([3])), heads).all()
    assert heads.tolist() == [[0, 2, 0, 2]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(0, 4), st.integers(1, 4), st.integers(0, 3))
def test_arguments_are_the_same(
    without_numba: None, seed: int, words: int, predicates: int, n_roles: int, n_core: int
) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-4, 5, (predicates, words, 1 + 4 * n_roles)).astype(np.float64)  # many are equal
    lengths = random.integers(0, words + 1, predicates)
    core = range(min(n_core, n_roles))
    found = role_sequences.best_arguments(scores, lengths, n_roles, core, -100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(role_sequences, "is_loaded", lambda: True)
        expected = role_sequences.best_arguments(scores, lengths, n_roles, core, -100)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("times", [0, 1, 9, 64, 65, 200])
@pytest.mark.parametrize("backwards", [0, 3, 5])
def test_states_are_the_same(backwards: int, times: int) -> None:
    random = np.random.default_rng(1)
    decay, drive = random.random((2, 4, times, 5)).astype(np.float32)
    expected = np.empty_like(drive)
    write_states(decay, drive, expected, backwards)
    np.testing.assert_array_equal(states_of(decay, drive, backwards), expected)


@pytest.mark.parametrize("times", [5, 64, 70, 130])
def test_what_follows_a_sentence_changes_no_bit_of_its_states(times: int) -> None:
    random = np.random.default_rng(1)
    decay, drive = random.random((2, 1, times, 6)).astype(np.float32)
    padded = [np.pad(array, [(0, 0), (0, 90), (0, 0)]) for array in (decay, drive)]
    np.testing.assert_array_equal(states_of(*padded, 3)[:, :times], states_of(decay, drive, 3))


def test_python_itself_does_what_is_little(monkeypatch: pytest.MonkeyPatch) -> None:
    @compiled
    def double(x: int) -> int:
        return 2 * x

    monkeypatch.setattr(compiled_module, "is_loaded", lambda: False)
    assert compiled_for(double, 1000)(3) == 6
    assert "dispatcher" not in vars(double)
    assert compiled_for(double, 10**9) is double
    assert double(3) == 6
    assert "dispatcher" in vars(double)
    monkeypatch.setattr(compiled_module, "is_loaded", lambda: True)
    assert compiled_for(double, 1) is double


@pytest.mark.parametrize("without", ["enhanced srl", ""])
def test_a_sentence_needs_no_numba(without: str) -> None:
    code = """
import sys, depparse
nlp = depparse.load("en", runtime="openvino", without=sys.argv[1].split())
text = "Anna liked the new school."
first = nlp(text).to_conllu()
assert "numba" not in sys.modules
import numba
assert nlp(text).to_conllu() == first
"""
    subprocess.run([sys.executable, "-c", code, without], check=True)
