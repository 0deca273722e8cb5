"""Scripts and the dictionary of multiword tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.segmentation.expansion import Expansions, candidates, expand


def learned(pairs: dict[str, tuple[str, ...]], singles: tuple[str, ...] = ()) -> Expansions:
    return Expansions.learn(pairs.items(), singles)


def test_a_script_serves_tokens_it_was_not_made_from() -> None:
    found = learned({"don't": ("do", "n't"), "couldn't": ("could", "n't"), "it's": ("it", "'s")})
    number = found.number("don't", ("do", "n't"))
    assert number is not None
    assert found.number("couldn't", ("could", "n't")) == number
    assert found.best("wouldn't", [number]) == ("would", "n't")
    assert found.best("WOULDN'T", [number]) == ("WOULD", "N'T")
    assert found.best("Mustn't", [number]) == ("Must", "n't")


def test_words_that_are_cut_off_must_be_there() -> None:
    (script,) = {*candidates("ובבית", ("ו", "ב", "בית"))} & {*candidates("ובעיר", ("ו", "ב", "עיר"))}
    assert expand(script, "ובגן") == ("ו", "ב", "גן")
    assert expand(script, "שבגן") is None


def test_words_that_are_not_in_the_token() -> None:
    found = learned({"du": ("de", "le"), "aux": ("à", "les"), "Du": ("De", "le")})
    assert found.best("du", []) == ("de", "le")
    assert found.best("Du", []) == ("De", "le")
    number = found.number("aux", ("à", "les"))
    assert number is not None
    assert found.best("AUX", [number]) == ("À", "LES")


def test_only_tokens_of_one_expansion_are_known_and_only_those_never_single_are_always_several() -> None:
    pairs = [("des", ("de", "les")), ("dont", ("do", "nt")), ("x", ("a", "b")), ("x", ("c", "d"))]
    found = Expansions.learn(pairs, ["des", "le"])
    assert found.known == {"des": ("de", "les"), "dont": ("do", "nt")}
    assert found.always == {"dont"}


def test_the_first_script_that_fits_is_taken_and_none_that_does_not() -> None:
    found = learned({"don't": ("do", "n't"), "du": ("de", "le")})
    numbers = [found.number("don't", ("do", "n't")), found.number("du", ("de", "le"))]
    assert found.best("nt", [number for number in numbers[:1] if number]) == ()


@given(
    st.text(min_size=1, max_size=8).filter(str.strip),
    st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=4),
)
def test_a_candidate_makes_exactly_the_words(token: str, words: list[str]) -> None:
    for script in candidates(token, words):
        assert expand(script, token) == tuple(words)


@given(st.text(min_size=1, max_size=8))
def test_no_word_is_empty(token: str) -> None:
    pairs = {
        "don't": ("do", "n't"),
        "du": ("de", "le"),
        "ובבית": ("ו", "ב", "ה", "בית"),
        "İstanbulda": ("İstanbul", "da"),
    }
    found = learned(pairs)
    assert len(found.known) == 4
    for script in found.scripts:
        words = expand(script, token)
        assert words is None or all(words)


@pytest.mark.parametrize("token", ["don't", "unseen's"])
def test_saved_and_read_it_is_the_same(token: str) -> None:
    found = learned({"don't": ("do", "n't"), "it's": ("it", "'s")}, ("it",))
    again = Expansions.from_json(found.to_json())
    assert (again.scripts, again.known, again.always) == (found.scripts, found.known, found.always)
    assert again.best(token, [1, 2]) == found.best(token, [1, 2])
