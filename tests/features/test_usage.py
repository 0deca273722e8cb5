"""Which labels treebanks use: counted, applied to scores, and saved."""

from __future__ import annotations

import numpy as np
import pytest

from depparse.features.usage import Usage
from depparse.features.vocabulary import IGNORE

USED = Usage.count([[0, 2], [1, IGNORE], [2], [IGNORE]], [0, 1, 0, 2], 3, 4)


def test_labels_are_those_that_a_treebank_uses() -> None:
    assert USED.used.tolist() == [[True, False, True, False], [False, True, False, False], [False] * 4]
    assert [USED.annotates(source) for source in range(3)] == [True, True, False]


@pytest.mark.parametrize("shape", [(3, 4), (3, 5, 4), (3, 5, 2, 4)])
def test_scores_of_other_labels_are_impossible(shape: tuple[int, ...]) -> None:
    scores = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    restricted = USED.restrict(scores, np.array([1, 0, 2]))
    assert np.isneginf(restricted[0][..., [0, 2, 3]]).all()
    assert (restricted[0][..., 1] == scores[0][..., 1]).all()
    assert (restricted[1][..., [0, 2]] == scores[1][..., [0, 2]]).all()
    assert np.isneginf(restricted[1][..., [1, 3]]).all()
    assert (restricted[2] == scores[2]).all()  # no annotation says nothing about labels


def test_it_is_saved_as_the_numbers_of_labels() -> None:
    assert USED.to_json() == [[0, 2], [1], []]
    assert (Usage.from_json(USED.to_json(), 4).used == USED.used).all()
    for wrong in ([[4]], [[-1]], [["0"]], [[True]]):
        with pytest.raises((ValueError, IndexError)):
            Usage.from_json(wrong, 4)
