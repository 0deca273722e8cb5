"""Text wrapped into lines, and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.raw_text import iter_text
from depparse.errors import FormatError
from depparse.formats.conllu import read_conllu
from depparse.text import rules
from depparse.text.wrap import wrapped, write_exact_text


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
def test_lines_are_wrapped_at_the_width(text: str, width: int, lines: list[str]) -> None:
    assert "".join(wrapped([text], width)).split("\n") == lines


@given(st.lists(st.text("ab  今"), max_size=12), st.integers(1, 9))
def test_wrapping_does_not_depend_on_the_pieces_and_loses_nothing(pieces: list[str], width: int) -> None:
    whole = "".join(wrapped(["".join(pieces)], width))
    assert "".join(wrapped(pieces, width)) == whole
    assert "".join(whole.split()) == "".join("".join(pieces).split())
    for line in whole.split("\n"):
        assert len(line) <= width or " " not in line


@pytest.mark.shared
def test_a_wrapped_treebank_keeps_its_words_and_paragraphs(shared: Path) -> None:
    document = read_conllu(shared / "treebanks" / "UD_English-EWT" / "en_ewt-ud-dev.conllu")
    whole = "".join(wrapped(iter_text(document), 80))
    assert [p.split() for p in whole.split("\n\n")] == [p.split() for p in document.text.split("\n\n")]
    assert all(len(line) <= 80 or " " not in line for line in whole.split("\n"))


def test_half_a_pair_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"out.txt, sentence 1: .*text holds no lone surrogates, but"):
        write_exact_text(rules.segment(["a \ud83d b"]), tmp_path / "out.txt")
    assert not list(tmp_path.iterdir())
