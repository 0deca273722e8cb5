"""Places where a token or a sentence surely ends, or surely does not, and what the training data says of them."""

from __future__ import annotations

import pytest

from depparse.segmentation.abbreviations import is_abbreviation, shorten
from depparse.segmentation.borders import Borders
from depparse.segmentation.passages import Passage
from depparse.segmentation.symbols import read_symbols
from depparse.text.spacing import RawToken

NOTHING = Borders.learn([])


def passage(*sentences: str) -> Passage:
    """A passage with the tokens between spaces; ``|`` stands for a token border without a space."""
    text, tokens = "", list[RawToken]()
    for sentence in sentences:
        for word in sentence.split():
            text += " " if text else ""
            for form in word.split("|"):
                tokens.append(RawToken(len(text), len(text) + len(form)))
                text += form
        tokens[-1].ends_sentence = True
    return Passage(text, tokens, len(tokens))


def pieces(borders: Borders, text: str) -> str:
    """The text with ``|`` where a token surely ends, and ``_`` where one surely does not."""
    symbols = read_symbols(text)
    inside, edges = borders.apply(symbols)
    marks = ["_" if joined else "|" if edge else "" for joined, edge in zip(inside, edges, strict=True)]
    return "".join(chr(point) + mark for point, mark in zip(symbols.points.tolist(), marks, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("has 5,185 of", "has 5_,_1_8_5 of"),
        ("on 10/6/2010.", "on 1_0_/_6_/_2_0_1_0."),
        ("3/4", "3/4"),  # a fraction may be three tokens
        ("at 5:30pm", "at 5_:_3_0pm"),
        ("१२३", "१_२_३"),
        ("a@b.io.", "a_@_b_._i_o|."),
        ("(http://t.example/A1).", "(|h_t_t_p_:_/_/_t_._e_x_a_m_p_l_e_/_A_1|)."),
        ("then...@sam_88", "then...|@_s_a_m___8_8|"),
        ("#old🍕🍔LOL", "#_o_l_d|🍕_🍔|LOL"),
        ("J. Hale", "J. Hale"),  # too few to tell
        ("请访问https://a.io/b。谢谢", "请访问|h_t_t_p_s_:_/_/_a_._i_o_/_b|。谢谢"),
        ("“www.a.io/b”…", "“|w_w_w_._a_._i_o_/_b|”…"),
        ("联系a@b.io谢谢", "联系|a_@_b_._i_o|谢谢"),
        ("@小明今天", "@小明今天"),
        ("www.a.io،", "w_w_w_._a_._i_o|،"),
        ("the 2nd", "the 2nd"),
    ],
)
def test_where_the_training_data_has_no_such_thing_borders_are_at_the_edges(text: str, expected: str) -> None:
    assert pieces(NOTHING, text) == expected


def test_the_training_data_has_the_last_word() -> None:
    cut = Borders.learn([passage("1|,|500 and 2|,|000 and 3|,|000", "www.a.example|으로")])
    assert pieces(cut, "4,000 www.b.example") == "4,0_0_0 www.b.example|"
    grown = Borders.learn([passage("<http://a.example> <http://b.example>", "x x")])
    assert "web" not in grown.begin
    assert "web" in grown.whole


def test_one_exception_in_many_counts_for_nothing() -> None:
    numbers = " ".join(f"{number},000" for number in range(1, 100))
    assert "number" in Borders.learn([passage(numbers + " 7|,|000")]).whole
    assert "number" not in Borders.learn([passage("1,000 7|,|000 8|,|000")]).whole


def test_sentences_go_on_after_abbreviations_if_they_always_do() -> None:
    inside = [passage("see Mr. Hale and Mrs. Wu|.")] * 10
    assert Borders.learn(inside).abbreviations
    assert not Borders.learn(inside[:5]).abbreviations  # too few to tell
    assert not Borders.learn([*inside, *[passage("at 5 p.m.")] * 5]).abbreviations


@pytest.mark.parametrize("form", ["Mr.", "p.m.", "U.S.", "é.", "i.e."])
def test_abbreviations(form: str) -> None:
    assert is_abbreviation(form)


@pytest.mark.parametrize("form", [".", "Mr", "5.", "a.b", "...", "x.com.1."])
def test_no_abbreviations(form: str) -> None:
    assert not is_abbreviation(form)


def test_words_inside_sentences_are_shortened_and_their_places_are_right() -> None:
    original = passage("So General Parkinson|, of Berlin said School|.", "Monday came|.")
    (shortened,) = shorten([original], 1.0)
    assert shortened.text == "So G. Parkinson, of Be. said School. Monday came."
    assert shortened.forms == ["So", "G.", "Parkinson", ",", "of", "Be.", "said", "School", ".", "Monday", "came", "."]
    assert [token.ends_sentence for token in shortened.tokens] == [t.ends_sentence for t in original.tokens]
    (unchanged,) = shorten([original], 0.0)
    assert (unchanged.text, unchanged.tokens) == (original.text, original.tokens)


def test_the_share_of_shortened_words_is_kept() -> None:
    many = [passage("and Alabama and Bolivia and Croatia and Denmark and so")] * 25
    forms = [form for shortened in shorten(many, 0.25) for form in shortened.forms]
    assert sum(map(is_abbreviation, forms)) == 25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("met Mrs. Wu", ["Mrs"]),
        ("in Mai.\nHe", ["Mai"]),
        ("in Mai.\n\nHe", []),  # a paragraph ends
        ("in Mai.", []),
        ("in Bern. McAx. Monday. it. A-Do. Do.it Ok", ["Bern"]),
    ],
)
def test_short_words_before_full_stops_are_doubtful(text: str, words: list[str]) -> None:
    symbols = read_symbols(text)
    borders = Borders.learn([passage("see Mr. Hale and Mrs. Wu|.")] * 10)
    places = [(word, text.index(word) + len(word) - 1) for word in words]
    assert [(word, int(symbols.offsets[last])) for word, last in borders.doubtful(symbols)] == places
    assert not list(NOTHING.doubtful(symbols))


def test_saved_and_read_borders_are_the_same() -> None:
    borders = Borders.learn([passage("1|,|500 and 2|,|000", "a@b.io")])
    assert Borders.from_json(borders.to_json()) == borders
