"""One form for signs that are written in several."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.text.variants import alike, fold_digits, restore_apostrophes, unify_apostrophes


@pytest.mark.parametrize("form", ["n’t", "n´t", "n`t", "nʼt", "n＇t", "n‘t", "n't"])
def test_apostrophes_of_words_are_one_sign(form: str) -> None:
    assert unify_apostrophes(form) == "n't"


@pytest.mark.parametrize("form", ["’", "`", "``", "´", "‘’", "-", "‘hello"])
def test_quotes_by_themselves_stay(form: str) -> None:
    assert unify_apostrophes(form) == form


@given(st.text(max_size=9))
def test_the_length_stays(form: str) -> None:
    assert len(unify_apostrophes(form)) == len(form)


def test_an_apostrophe_is_restored_as_the_form_has_it() -> None:
    assert restore_apostrophes("o'clock", "O’CLOCK") == "o’clock"
    assert restore_apostrophes("o'clock", "O'CLOCK") == "o'clock"


def test_digits_of_any_script_are_one() -> None:
    points = np.array([ord(char) for char in "a1９२Ⅻ½"], np.uint32)
    assert "".join(map(chr, fold_digits(points).tolist())) == "a000Ⅻ½"


def test_quotes_and_dashes_have_others_that_are_alike() -> None:
    assert alike(ord("“"))[0] == ord('"')
    assert alike(ord("—"))[0] == ord("-")
    assert alike(ord("a")) == ()
