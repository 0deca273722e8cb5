"""Raw text out, wrapped or not, and plain text in by rules."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.errors import FormatError
from depparse.formats.conllu import read_conllu
from depparse.text import rules
from depparse.text.pieces import iter_pieces
from depparse.text.wrap import wrapped, write_exact_text, write_text


def test_definition(tmp_path: Path) -> None:
    def sentence(*comments: str, misc: str = "_") -> str:
        return "".join(f"# {comment}\n" for comment in comments) + f"1\tx{'	_' * 7}\t{misc}\n\n"

    document = Document.from_conllu(
        sentence("newdoc", "newpar", "text = A b.", misc="SpaceAfter=No")
        + sentence("text =C")
        + sentence("text = D", misc="SpaceAfter=No")
        + sentence("text = e")
        + sentence("newpar id = p", "text = F")
        + sentence("newdoc id = d", "newpar", "text = G")
    )
    assert document.text == "A b.C De\n\nF\n\nG"
    assert "".join(iter_text(document)) == document.text
    write_text(document, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == b"A b.C De\n\nF\n\nG\n"
    write_text([], tmp_path / "empty.txt")
    assert (tmp_path / "empty.txt").read_bytes() == b""


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("aa bb cc", 5, ["aa bb", "cc"]),
        ("aa bb cc", 4, ["aa", "bb", "cc"]),
        ("aaaaaaaa b", 3, ["aaaaaaaa", "b"]),
        ("a\n\nb c", 1, ["a", "", "b", "c"]),
        ("今天天气很好，abcdef走", 5, ["今天天气很", "好，", "abcdef", "走"]),
        ("한국어 문장", 4, ["한국어", "문장"]),
        ("", 80, [""]),
    ],
)
def test_wrapping(text: str, width: int, lines: list[str]) -> None:
    assert "".join(wrapped([text], width)).split("\n") == lines


@given(st.lists(st.text("ab  今"), max_size=12), st.integers(1, 9))
def test_wrapping_does_not_depend_on_the_pieces_and_loses_nothing(pieces: list[str], width: int) -> None:
    whole = "".join(wrapped(["".join(pieces)], width))
    assert "".join(wrapped(pieces, width)) == whole
    assert "".join(whole.split()) == "".join("".join(pieces).split())
    for line in whole.split("\n"):
        assert len(line) <= width or " " not in line


@pytest.mark.shared
def test_wrapped_text_of_a_treebank(shared: Path) -> None:
    document = read_conllu(shared / "treebanks" / "UD_English-EWT" / "en_ewt-ud-dev.conllu")
    whole = "".join(wrapped(iter_text(document), 80))
    assert [p.split() for p in whole.split("\n\n")] == [p.split() for p in document.text.split("\n\n")]
    assert all(len(line) <= 80 or " " not in line for line in whole.split("\n"))


# -- rules


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
def test_rules(text: str, sentences: list[list[str]]) -> None:
    assert [sentence.columns["FORM"] for sentence in rules.segment([text])] == sentences
    stream = io.BytesIO(text.encode())
    assert [sentence.columns["FORM"] for sentence in rules.iter_text_sentences(stream)] == sentences


def test_paragraphs_and_spacing() -> None:
    document = Document(rules.segment(["One, two.\nThree.\n\nFour"]))
    assert "".join(iter_text(document)) == "One, two. Three.\n\nFour"
    assert [s.comments[:-2] for s in document] == [["# newdoc", "# newpar"], [], ["# newpar"]]
    assert document[0].columns["MISC"] == ["SpaceAfter=No", "_", "SpaceAfter=No", "SpacesAfter=\\n"]


# -- pieces of files


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 5))
def test_pieces_are_the_text_of_the_file(text: str, size: int) -> None:
    class Slow(io.BytesIO):
        """Gives a few bytes at a time, parts of characters too."""

        def read1(self, _: int | None = -1) -> bytes:
            return self.read(size)

    assert "".join(iter_pieces(Slow(text.encode()))) == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a\nb\n\xe9t\xe9\n", "input:3: not UTF-8: byte 0xe9 (invalid continuation byte); convert the file to UTF-8"),
        (b"x\n" * 100_000 + b"\xff", "input:100001: not UTF-8: byte 0xff (invalid start byte)"),
        (b"\xef\xbb\xbfa\n\xe2\x82", "input:2: not UTF-8: byte 0xe2 (unexpected end of data)"),
    ],
)
def test_what_is_not_utf8(data: bytes, message: str) -> None:
    with pytest.raises(FormatError) as error:
        list(rules.iter_text_sentences(io.BytesIO(data)))
    assert str(error.value).startswith(message)


def test_half_a_pair_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"out.txt: the exact text has '\\ud83d', half of a UTF-16 pair"):
        write_exact_text(rules.segment(["a \ud83d b"]), tmp_path / "out.txt")
    assert not list(tmp_path.iterdir())
