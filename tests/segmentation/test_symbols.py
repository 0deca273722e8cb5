"""Text as symbols and numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from depparse.segmentation.symbols import UNKNOWN, SymbolVocabulary, may_end, read_symbols


def spelt(text: str) -> str:
    return "".join(map(chr, read_symbols(text).points.tolist()))


def test_white_space_is_one_symbol_and_so_is_a_paragraph_break() -> None:
    assert spelt("a  b\tc\nd") == "a b c d"
    assert spelt("a\n\nb \n \n c\r\nd\r\n\r\ne\r\rf\u2029\u2028g") == "a\nb\nc d\ne\nf\ng"
    assert spelt("\u00a0\u3000a\u0085") == " a "
    assert spelt("") == ""
    symbols = read_symbols("a \n b")
    assert symbols.offsets.tolist() == [0, 1, 4]
    assert symbols.white.tolist() == [False, True, False]


@given(st.text())
def test_symbols_are_the_characters_that_are_not_white_in_their_places(text: str) -> None:
    symbols = read_symbols(text)
    kept = [(place, char) for place, char in enumerate(text) if not char.isspace() and char not in "\u200b\ufeff"]
    shown = ~symbols.white
    characters = map(chr, symbols.points[shown].tolist())
    found = list(zip(symbols.offsets[shown].tolist(), characters, strict=True))
    assert [place for place, _ in found] == [place for place, _ in kept]
    assert all(one == other or one == "'" for (_, one), (_, other) in zip(found, kept, strict=True))


def test_an_apostrophe_is_one_symbol_in_any_form() -> None:
    forms = {spelt(f"it{apostrophe}s they{apostrophe} ve") for apostrophe in "'’`´ʼ＇"}
    assert forms == {"it's they' ve"}
    assert spelt("‘Go’ ‘tis it‘s") == "‘Go' ‘tis it's"


def test_zero_width_spaces_are_white() -> None:
    assert spelt("\u200bStart now\u200b.\ufeff") == " Start now . "


def test_ngrams_do_not_tell_digits_apart_and_characters_do() -> None:
    vocabulary = SymbolVocabulary.learn(["10 20 30 12"] * 2, min_count=2, longest=3, most=50)
    numbers = vocabulary.numbers(read_symbols("12").points)
    others = vocabulary.numbers(read_symbols("30").points)
    assert (numbers[2:] == others[2:]).all()
    assert (numbers[0] != others[0]).all()


def test_unknown_quotes_and_dashes_count_as_those_that_are_known() -> None:
    vocabulary = SymbolVocabulary.learn(['"a" - b'] * 2, min_count=2, longest=2, most=50)
    known = vocabulary.numbers(read_symbols('"a" - b').points)
    variants = vocabulary.numbers(read_symbols("“a” ‐ b").points)
    assert (known[0] == variants[0]).all()
    assert vocabulary.numbers(read_symbols("¶").points)[0].tolist() == [UNKNOWN]


def test_lone_surrogates_are_symbols() -> None:
    assert read_symbols("a\ud800b").points.tolist() == [97, 0xD800, 98]


def ends(text: str) -> list[bool]:
    return may_end(read_symbols(text).points).tolist()


def test_no_token_ends_inside_what_is_seen_as_one_character() -> None:
    assert ends("ab") == [True, True]
    assert ends("e\u0301x") == [False, True, True]
    assert ends("ก็") == [False, True]
    assert ends("\U0001f469\u200d\U0001f680!") == [False, False, True, True]
    assert ends("\U0001f44d\U0001f3fd") == [False, True]
    assert ends("❤\ufe0f") == [False, True]
    flags = "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea"  # two flags of two letters each
    assert ends(flags) == [False, True, False, True]
    assert ends(flags[:3]) == [False, True, True]


def test_characters_not_seen_are_unknown_but_have_a_category() -> None:
    vocabulary = SymbolVocabulary.learn(["abab abab", "cab"], min_count=2, longest=3, most=2)
    characters, categories, pairs, triples = vocabulary.numbers(read_symbols("abX").points)
    assert UNKNOWN not in characters[:2]
    assert characters[2] == UNKNOWN
    assert categories[0] == categories[1] != categories[2]
    assert pairs[0] != UNKNOWN
    assert pairs[1] == UNKNOWN
    assert len(triples) == 3
    assert vocabulary.sizes == [2 + 3, vocabulary.sizes[1], 2 + 2, 2 + 2]  # 0 stands for all digits of n-grams


@given(st.text(max_size=30))
def test_numbers_are_within_their_sizes_and_the_same_after_saving(text: str) -> None:
    vocabulary = SymbolVocabulary.learn(["some text, and some more"], min_count=1, longest=4, most=5)
    numbers = vocabulary.numbers(read_symbols(text).points)
    assert all((row > 0).all() and (row < size).all() for row, size in zip(numbers, vocabulary.sizes, strict=True))
    again = SymbolVocabulary.from_json(vocabulary.to_json())
    assert np.array_equal(numbers, again.numbers(read_symbols(text).points))
