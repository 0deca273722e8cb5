"""Sentences and tokens by rules."""

from __future__ import annotations

import io

import pytest

from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.errors import FormatError
from depparse.text import rules


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello there, Mr. Smith. Bye!", [["Hello", "there", ",", "Mr", ".", "Smith", "."], ["Bye", "!"]]),
        (
            '"Really?" he asked. “Never.” So',
            [['"', "Really", "?", '"', "he", "asked", "."], ["“", "Never", ".", "”"], ["So"]],
        ),
        ("It costs 3.50, or 1,000.", [["It", "costs", "3.50", ",", "or", "1,000", "."]]),
        ("See https://x.example/a?b=c. OK", [["See", "https://x.example/a?b=c", "."], ["OK"]]),
        ("Write to a.b@c.example...", [["Write", "to", "a.b@c.example", "..."]]),
        ("C'est l'été, n'est-ce pas?", [["C'est", "l'été", ",", "n'est-ce", "pas", "?"]]),
        ("今天好。我们去！", [["今", "天", "好", "。"], ["我", "们", "去", "！"]]),
        ("Go 👩🏽‍🚀🇸🇪 now", [["Go", "👩🏽‍🚀", "🇸🇪", "now"]]),
        ("नमस्ते दुनिया। ठीक", [["नमस्ते", "दुनिया", "।"], ["ठीक"]]),
        ("One\ntwo.\n\n \n\nThree", [["One", "two", "."], ["Three"]]),
        ("می‌خواهم so\u00adft 葛\U000e0100城", [["می‌خواهم", "so\u00adft", "葛\U000e0100", "城"]]),
        ("End.\n\n) He said", [["End", "."], [")", "He", "said"]]),
        (" \n\t\n", []),
        ("", []),
    ],
)
def test_rules_find_sentences_and_tokens(text: str, sentences: list[list[str]]) -> None:
    assert [sentence.columns["FORM"] for sentence in rules.segment([text])] == sentences
    stream = io.BytesIO(text.encode())
    assert [sentence.columns["FORM"] for sentence in rules.iter_text_sentences(stream)] == sentences


def test_paragraphs_and_spacing_are_kept() -> None:
    document = Document(rules.segment(["One, two.\nThree.\n\nFour"]))
    assert "".join(iter_text(document)) == "One, two. Three.\n\nFour"
    assert [s.comments[:-2] for s in document] == [["# newdoc", "# newpar"], [], ["# newpar"]]
    assert document[0].columns["MISC"] == ["SpaceAfter=No", "_", "SpaceAfter=No", "SpacesAfter=\\n"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a\nb\n\xe9t\xe9\n", "input:3: not UTF-8: byte 0xe9 (invalid continuation byte); convert the file to UTF-8"),
        (b"x\n" * 100_000 + b"\xff", "input:100001: not UTF-8: byte 0xff (invalid start byte)"),
        (b"\xef\xbb\xbfa\n\xe2\x82", "input:2: not UTF-8: byte 0xe2 (unexpected end of data)"),
    ],
)
def test_bytes_that_are_not_utf8_are_an_error_with_their_line(data: bytes, message: str) -> None:
    with pytest.raises(FormatError) as error:
        list(rules.iter_text_sentences(io.BytesIO(data)))
    assert str(error.value).startswith(message)
