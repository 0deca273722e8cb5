"""The format of a file, told by its first lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from depparse.formats import first_lines
from depparse.formats.first_lines import format_of, input_files

ROW = "1\tTom\tTom\tPROPN\t_\t_\t0\troot\t_\t_\n"


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (ROW, "conllu"),
        ("\ufeff" + ROW, "conllu"),
        ("\n\n# a comment\n1-2\tIt's" + 8 * "\t_" + "\n" + ROW, "conllu"),
        (ROW.replace("\n", "\r\n"), "conllu"),
        ("# sent_id = 1\nTom sees\n", "conllu"),
        ("#newpar\nTom sees\n", "conllu"),
        ("# global.columns = ID FORM\n1\tTom\n", "conllup"),
        # Broken CoNLL-U is CoNLL-U, so that an error says what is broken.
        (ROW.replace("\t_\n", "\n"), "conllu"),
        (ROW.replace("\t", "  "), "conllu"),
        ("one" + ROW[1:], "conllu"),
        ("", "conllu"),
        (" \n\n", "conllu"),
        ("Hi there.\n", "text"),
        ("# A heading\n\nHi there.\n", "text"),
        ("#hashtag", "text"),
        ("# text of a song\n", "text"),
        ("1 in 10 people has a cat and 9 in 10 people do not\n", "text"),
        ("1\tIntroduction\t5\n", "text"),
        ("\tAn indented line with\ttabs\n", "text"),
        ("\ufeffHi there.", "text"),
    ],
)
def test_first_lines_tell_the_format(head: str, format: str) -> None:
    assert format_of(head.encode()) == format


def test_endings_and_the_user_go_first(tmp_path: Path) -> None:
    for name in ("a.txt", "b.conllu", "c.horizontal", "d.out", "e"):
        (tmp_path / name).write_text(ROW, encoding="utf-8")
    files = [tmp_path / name for name in ("a.txt", "b.conllu", "c.horizontal", "d.out", "e")]
    assert [file.format for file in input_files(files)] == ["text", "conllu", "horizontal", "conllu", "conllu"]
    assert [file.recognized for file in input_files(files)] == [False] * 3 + [True] * 2
    assert {file.format for file in input_files(files, "vertical")} == {"vertical"}
    assert [file.format for file in input_files(files[2:], unknown="text")] == ["horizontal", "text", "text"]
    assert input_files(input_files(files)) == input_files(files)


@pytest.mark.parametrize("text", ["", "# a comment\n" + 3 * ROW + "\n", "Hi there.\nHow are you?\n" * 20_000])
def test_a_stream_loses_nothing_by_being_looked_at(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    (file,) = input_files("-")
    assert file.format == ("text" if text.startswith("Hi") else "conllu")
    assert file.stream is not None
    assert file.stream.read() == text.encode()
    assert file.stream.name == "standard input"


def test_a_slow_stream_is_waited_for() -> None:
    class Bytewise:
        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def read1(self, size: int) -> bytes:
            return self.data.read(1)

    head = first_lines._first_lines(Bytewise(b"# a\n\n" + ROW.encode() + b"more"))  # type: ignore[arg-type]
    assert format_of(head) == "conllu"
