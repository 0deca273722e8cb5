"""Scripts and the dictionary of multiword tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.segmentation.expansion import Expansions, candidates, expand


def learned(pairs: dict[str, tuple[str, ...]], singles: tuple[str, ...] = ()) -> Expansions:
    tokens = [(token, words, False) for token, words in pairs.items()]
    return Expansions.learn(tokens + [(token, (), False) for token in singles])


def test_a_script_serves_tokens_it_was_not_made_from() -> None:
    expansions = learned({"don't": ("do", "n't"), "couldn't": ("could", "n't"), "it's": ("it", "'s")})
    number = expansions.number("don't", ("do", "n't"))
    assert number is not None
    assert expansions.number("couldn't", ("could", "n't")) == number
    assert expansions.best("wouldn't", [number]) == ("would", "n't")
    assert expansions.best("WOULDN'T", [number]) == ("WOULD", "N'T")
    assert expansions.best("Mustn't", [number]) == ("Must", "n't")


def test_words_that_are_cut_off_must_be_in_the_token() -> None:
    (script,) = {*candidates("ובבית", ("ו", "ב", "בית"))} & {*candidates("ובעיר", ("ו", "ב", "עיר"))}
    assert expand(script, "ובגן") == ("ו", "ב", "גן")
    assert expand(script, "שבגן") is None


def test_words_that_are_not_in_the_token_are_learned() -> None:
    expansions = learned({"du": ("de", "le"), "aux": ("à", "les"), "Du": ("De", "le")})
    assert expansions.best("du", []) == ("de", "le")
    assert expansions.best("Du", []) == ("De", "le")
    number = expansions.number("aux", ("à", "les"))
    assert number is not None
    assert expansions.best("AUX", [number]) == ("À", "LES")


def test_tokens_of_one_expansion_are_known_and_those_never_single_are_always_several() -> None:
    pairs = {"des": ("de", "les"), "dont": ("do", "nt"), "x": ("a", "b")}
    tokens = [*pairs.items(), ("x", ("c", "d")), ("des", ()), ("le", ())]
    expansions = Expansions.learn((token, words, False) for token, words in tokens)
    assert expansions.known == {"des": ("de", "les"), "dont": ("do", "nt")}
    assert expansions.always == {"dont"}


def test_the_first_script_that_fits_is_taken_and_none_that_does_not() -> None:
    expansions = learned({"don't": ("do", "n't"), "du": ("de", "le")})
    numbers = [expansions.number("don't", ("do", "n't")), expansions.number("du", ("de", "le"))]
    assert expansions.best("nt", [number for number in numbers[:1] if number]) == ()


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
    expansions = learned(pairs)
    assert len(expansions.known) == 4
    for script in expansions.scripts:
        words = expand(script, token)
        assert words is None or all(words)


@pytest.mark.parametrize("token", ["don't", "unseen's"])
def test_saved_and_read_expansions_are_the_same(token: str) -> None:
    expansions = learned({"don't": ("do", "n't"), "it's": ("it", "'s")}, ("it",))
    again = Expansions.from_json(expansions.to_json())
    assert (again.scripts, again.known, again.always) == (expansions.scripts, expansions.known, expansions.always)
    assert again.best(token, [1, 2]) == expansions.best(token, [1, 2])


@pytest.mark.parametrize("apostrophe", "'’`´ʼ＇")
def test_words_are_cut_from_the_token_with_its_apostrophe(apostrophe: str) -> None:
    expansions = learned({"don't": ("do", "n't"), "she’ll": ("she", "’ll")})
    assert expansions.is_always(f"don{apostrophe}t")
    assert expansions.best(f"don{apostrophe}t", []) == ("do", f"n{apostrophe}t")
    assert expansions.best(f"she{apostrophe}ll", []) == ("she", f"{apostrophe}ll")
    number = expansions.number(f"don{apostrophe}t", ("do", f"n{apostrophe}t"))
    assert number is not None
    assert expansions.best(f"couldn{apostrophe}t", [number]) == ("could", f"n{apostrophe}t")


def test_a_typo_is_learned_only_if_it_comes_again_and_is_always_split_only_if_it_comes_often() -> None:
    tokens = [("plumbers", ("plumber", "s"), True), ("horses", ("horse", "s"), True), ("horses", ("horse", "s"), True)]
    tokens += [("horses", (), False)] * 3 + [("dont", ("do", "nt"), True)] * 3 + [("im", ("i", "m"), True)] * 5
    expansions = Expansions.learn(tokens)
    assert expansions.known == {"dont": ("do", "nt"), "im": ("i", "m")}
    assert expansions.always == {"im"}
    assert expansions.number("plumbers", ("plumber", "s")) is None
