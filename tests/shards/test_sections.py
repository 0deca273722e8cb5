"""Files are cut into sections whose sentences are those of the whole file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, FormatError
from depparse.formats import table as formats
from depparse.formats.conllu import read_conllu
from depparse.formats.first_lines import input_files
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Request
from depparse.segmentation.segmenter import Segmenter
from depparse.shards.sections import Section, cut_lines, sections_of
from depparse.shards.work import read_section
from depparse.text import rules
from depparse.text.blocks import iter_blocks
from depparse.text.spacing import build_sentences

# Signs that decide where a text is cut, or that could be lost there.
PARTS = st.sampled_from(
    "Tom sees Anna.|a| |  |\n|\n\n|\r\n|\r\n\r\n|\u2029|\u200b|\ufeff|é|e\u0301|日本|…|\t".split("|")
)
TEXTS = st.lists(PARTS, min_size=1, max_size=60).map("".join)


class SmallBlocks:
    """A segmenter by rules that reads blocks of 20 characters."""

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of the text."""
        return build_sentences((block, rules._tokens(block)) for block in iter_blocks(pieces, 20))

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences as they are."""
        yield from sentences


def numbered(pipeline: Pipeline, sections: Iterable[Section], request: Request) -> list[Sentence]:
    """The sentences of all sections; each section of text is numbered after the one before."""
    sentences: list[Sentence] = []
    for section in sections:
        if section.start == 0:
            begin = len(sentences)
        sentences += read_section(pipeline, replace(section, first=len(sentences) - begin + 1), request)
    return sentences


def conllu(sentences: Iterable[Sentence]) -> str:
    return "".join(sentence.to_conllu() for sentence in sentences)


@given(text=TEXTS, words=st.integers(1, 20), presplit=st.booleans())
def test_sections_of_text_have_the_sentences_of_the_text(
    text: str, words: int, presplit: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "t.txt"
    path.write_bytes(text.encode())
    pipeline = Pipeline(None, segmenter=SmallBlocks())
    request = pipeline.request(presplit=presplit)
    sections = list(sections_of(input_files(path), words, 20, presplit=presplit))
    assert b"".join(path.read_bytes()[section.start : section.end] for section in sections) == path.read_bytes()
    assert conllu(numbered(pipeline, sections, request)) == conllu(pipeline.read(path, request=request))


@pytest.mark.parametrize("presplit", [False, True])
def test_a_network_that_segments_reads_the_blocks_of_the_text(
    segmenter: Segmenter, samples: Path, tmp_path: Path, presplit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depparse.segmentation.segmenter.BLOCK", 150)
    text = read_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu").text
    text = re.sub(r"(?<=[.!?]) (?=\S+ \S)", "\n" if presplit else "\n\n", text)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    pipeline = Pipeline(None, segmenter=segmenter)
    request = pipeline.request(presplit=presplit)
    sections = list(sections_of(input_files(paths), 40, 150, presplit=presplit))
    assert len(sections) > 6
    assert {section.opens_paragraph for section in sections} == ({True, False} if presplit else {True})
    assert conllu(numbered(pipeline, sections, request)) == conllu(pipeline.read(paths, request=request))


def test_files_with_words_are_cut_between_sentences(samples: Path, tmp_path: Path) -> None:
    gold = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    pipeline, request = Pipeline(None), Request()
    expected = list(pipeline.read(gold))
    paths = [tmp_path / name for name in ("a.conllu", "a.jsonl", "a.horizontal", "a.conllu.gz")]
    for path in paths:
        formats.write(expected, path)
    crlf = tmp_path / "crlf.conllu"
    crlf.write_bytes(gold.read_bytes().replace(b"\n", b"\r\n"))
    for path in (*paths, crlf):
        sections = list(sections_of(input_files(path), 100, 20, presplit=False))
        assert (len(sections) > 3) == (path.name in ("a.conllu", "a.jsonl", "crlf.conllu"))
        assert conllu(numbered(pipeline, sections, request)) == conllu(pipeline.read(path))
        places = [sentence.place for sentence in pipeline.read(path)]
        assert [sentence.place for sentence in numbered(pipeline, sections, request)] == places


def test_parquet_is_cut_between_row_groups(samples: Path, tmp_path: Path) -> None:
    gold = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu").sentences
    many = [sentence for _ in range(2500 // len(gold) + 1) for sentence in gold]
    formats.write(many, tmp_path / "a.parquet")
    sections = list(sections_of(input_files(tmp_path / "a.parquet"), 20_000, 20, presplit=False))
    assert [(section.start, section.end) for section in sections] == [(0, 1), (1, 2), (2, 3)]
    assert conllu(numbered(Pipeline(None), sections, Request())) == conllu(many)


def test_lines_are_cut_at_the_first_place_beyond_the_size() -> None:
    content = b"1\n\n\n2\n\n#3\n\n\r\n44\n\n5"
    cut = re.compile(rb"\n\r*\n(?=[0-9#])")
    assert list(cut_lines(BytesIO(content), cut, 0)) == [b"1\n\n\n", b"2\n\n", b"#3\n\n\r\n", b"44\n\n", b"5"]
    assert list(cut_lines(BytesIO(content), cut, 3)) == [b"1\n\n\n2\n\n", b"#3\n\n\r\n", b"44\n\n5"]
    assert list(cut_lines(BytesIO(b""), cut, 5)) == []


def test_an_error_tells_its_line_in_the_file(samples: Path, tmp_path: Path) -> None:
    gold = (samples / "UD_English-Sample" / "en_sample-ud-train.conllu").read_text(encoding="utf-8")
    path = tmp_path / "a.conllu"
    path.write_text(gold + "1\tTom\n\n", encoding="utf-8")
    with pytest.raises(FormatError) as whole:
        list(Pipeline(None).read(path))
    sections = list(sections_of(input_files(path), 100, 20, presplit=False))
    with pytest.raises(FormatError) as cut:
        numbered(Pipeline(None), sections, Request())
    assert len(sections) > 3
    assert str(cut.value) == str(whole.value)
    path.write_text("\n" + gold, encoding="utf-8")
    with pytest.raises(FormatError, match="changed while it was parsed"):
        numbered(Pipeline(None), sections, Request())
    path = tmp_path / "a.horizontal"
    path.write_text("Tom sees Anna\n", encoding="utf-8")
    sections = list(sections_of(input_files(path), 100, 20, presplit=False))
    path.write_text("Tom\n", encoding="utf-8")
    with pytest.raises(FormatError, match="changed while it was parsed"):
        numbered(Pipeline(None), sections, Request())


def test_what_cannot_be_read_by_others_is_no_input() -> None:
    with pytest.raises(ConfigError, match="standard input cannot be cut into shards"):
        list(sections_of(input_files("-", "text"), 100, 20, presplit=False))
