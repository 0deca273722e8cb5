"""All formats: each reads what it writes, samples come back byte for byte, and errors say where a file is broken."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import UNTYPED, Span
from depparse.errors import ConfigError, FormatError
from depparse.formats import table as formats
from depparse.formats import tagged
from tests.packages import install

ENTITIES = "conllu conllup iob2 biose two-column conll2003 json jsonl parquet".split()


@pytest.fixture
def document(samples: Path) -> Document:
    return formats.read(samples / "UD_English-Sample" / "en_sample-ner-dev.iob2")


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_format_reads_what_it_writes(name: str, document: Document, tmp_path: Path) -> None:
    path = tmp_path / "file"
    formats.write(document, path, name)
    again = formats.read(path, name)
    if name not in ("text", "horizontal"):  # without multiword tokens, formats that hold tokens keep the words
        assert [s.columns["FORM"] for s in again] == [s.columns["FORM"] for s in document]
    assert again.num_words > 0
    if name in ENTITIES:
        assert again.ents == document.ents
        assert len(again.ents) > 5
    formats.write(again, tmp_path / "again", name)
    if name != "parquet":
        assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("pattern", ["*.iob2", "*.biose", "*.conllu", "*.conllup"])
def test_samples_come_back_byte_for_byte(pattern: str, samples: Path, tmp_path: Path) -> None:
    paths = sorted(samples.glob(f"*/{pattern}"))
    assert len(paths) >= 3
    for path in paths:
        target = tmp_path / path.name
        formats.write(formats.read(path), target)
        assert target.read_bytes() == path.read_bytes()


@pytest.mark.shared
def test_entity_files_come_back_byte_for_byte(shared: Path, tmp_path: Path) -> None:
    ner = shared / "ner"
    paths = [*ner.glob("UNER*/*.iob2"), *ner.glob("wnut17/emerging*"), *shared.glob("treebanks/*/*.biose")]
    assert len(paths) >= 14
    for path in paths:
        name = {".iob2": "iob2", ".biose": "biose"}.get(path.suffix, "two-column")
        formats.write(formats.read(path, name), tmp_path / "out", name)
        assert (tmp_path / "out").read_bytes() == path.read_bytes(), path


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "sentences", "words", "entities"),
    [
        ("ner/UNER_Chinese-GSDSIMP/zh_gsdsimp-ud-dev.iob2", 500, 12663, 753),
        ("ner/UNER_English-EWT/en_ewt-ud-test.iob2", 2077, 25097, 1088),
        ("ner/UNER_Swedish-Talbanken/sv_talbanken-ud-dev.iob2", 504, 9797, 23),
        ("ner/wnut17/emerging.dev.conll", 1009, 15733, 836),
        ("ner/wnut17/wnut17train.conll", 3394, 62730, 1975),
        ("treebanks/UD_Hebrew-IAHLTKnesset-NE/he_iahltknesset-ne-ud-dev.biose", 268, 5829, 213),
        ("treebanks/UD_Hebrew-IAHLTKnesset-NE/he_iahltknesset-ne-ud-train.biose", 996, 23514, 710),
    ],
)
def test_real_files_have_the_counts_of_data_md(
    path: str, sentences: int, words: int, entities: int, shared: Path
) -> None:
    document = formats.read(shared / path)
    assert (len(document), document.num_words, len(document.ents)) == (sentences, words, entities)


def test_the_sample_has_nested_entities(samples: Path) -> None:
    document = formats.read(samples / "UD_German-Sample" / "de_sample-ner-train.biose")
    nested = [
        (a, b) for s in document for a in s.ents for b in s.ents if a is not b and a.start <= b.start <= b.end <= a.end
    ]
    assert len(nested) >= 3


def test_conll2003_comes_back_with_entities_and_documents(tmp_path: Path) -> None:
    first, second = "EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n", "Peter NNP B-NP B-PER\nPan NNP I-NP I-PER\n\n"
    text = "-DOCSTART- -X- -X- O\n\n" + first + second
    document = formats.read(io.BytesIO(text.encode()), "conll2003")
    assert document.ents == [Span(1, 1, "ORG"), Span(1, 2, "PER")]
    assert [word.xpos for word in document.iter_words()] == ["NNP", "VBZ", "NNP", "NNP"]
    assert document[0].starts_paragraph
    formats.write(document, tmp_path / "out", "conll2003")
    assert (tmp_path / "out").read_text(encoding="utf-8") == text


def test_assigned_entities_are_written_in_the_scheme_of_the_format(document: Document, tmp_path: Path) -> None:
    sentence = document[0]
    sentence.ents = [Span(1, 2, "X"), Span(3, 3, "Y")]
    assert tagged.entity_tags(sentence, "IOB2")[:3] == ["B-X", "I-X", "B-Y"]
    assert tagged.entity_tags(sentence, "BIOES")[:3] == ["B-X", "E-X", "S-Y"]


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("iob2", "1\ta\tO\t-\t-\n3\tb\tO\t-\t-\n\n", 2, "expected word number 2, found '3'"),
        ("iob2", "# text = a\n1\ta\n\n", 2, "expected the columns ID FORM TAG UNER:OTHER UNER:ANNOTATOR, found 2"),
        ("iob2", "# only\n\n", 1, "comments without a sentence"),
        ("two-column", "a\tO\n\nb\tO\tO\n\n", 3, "expected the columns FORM TAG, found 3"),
        ("two-column", "a\tB-PER ORG\n", 1, "expected an entity tag"),
        ("biose", "\tO\n", 1, "empty form"),
        ("conll2003", "a NN O\n", 1, "expected the columns FORM XPOS CHUNK TAG, found 3"),
        ("conll2003", "a NN O O\n\n\u00a0 \n", 3, "expected the columns FORM XPOS CHUNK TAG, found 1"),
        ("iob2", "\n\x0b\n", 2, "expected word number 1, found"),
        ("two-column", "a\tO\nb\rc\tO\n", 2, "a carriage return inside a line"),
        ("horizontal", "x a\rb y\n", 1, "a carriage return inside a line"),
        ("vertical", "x\n\na\rb\n", 3, "a carriage return inside a line"),
        ("vertical", "x\n\ty\n", 2, "a tab where a token was expected"),
    ],
)
def test_an_error_of_a_broken_entity_file_says_where_and_why(name: str, text: str, line: int, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        formats.read(io.BytesIO(text.encode()), name)
    assert caught.value.line == line


def test_a_word_may_be_the_sign_of_comments(tmp_path: Path) -> None:
    text = "# SYM O O\n1 CD O O\nhit NN O O\n\n"
    document = formats.read(io.BytesIO(text.encode()), "conll2003")
    assert document[0].columns["FORM"] == ["#", "1", "hit"]
    formats.write(document, tmp_path / "out", "conll2003")
    assert (tmp_path / "out").read_text(encoding="utf-8") == text
    pairs = formats.read(io.BytesIO(b"# a comment\n# O\n1 B-X\n\n"), "two-column")[0]
    assert (pairs.comments, pairs.columns["FORM"]) == (["# a comment"], ["#", "1"])


def test_a_comment_may_hold_a_tab() -> None:
    """As those of MultiCoNER do."""
    sentence = formats.read(io.BytesIO(b"# id 2c8f5b49-44df\tdomain=en\nthe\tO\nlake\tB-LOC\n\n"), "two-column")[0]
    assert sentence.comments == ["# id 2c8f5b49-44df\tdomain=en"]
    assert (sentence.columns["FORM"], sentence.ents) == (["the", "lake"], (Span(2, 2, "LOC"),))
    four = formats.read(io.BytesIO(b"# id 2c8f5b49-44df\tdomain=en\nthe _ _ O\nlake _ _ B-LOC\n\n"), "conll2003")[0]
    assert (four.comments, four.columns["FORM"], four.ents) == (sentence.comments, ["the", "lake"], sentence.ents)


@pytest.mark.parametrize(("tags", "scheme"), [("O B I I O", "two-column"), ("O B I E O", "biose")])
def test_tags_without_types_are_entities_of_one_type(tags: str, scheme: str, tmp_path: Path) -> None:
    text = "".join(f"{word}\t{tag}\n" for word, tag in zip("abcde", tags.split(), strict=True)) + "\n"
    document = formats.read(io.BytesIO(text.encode()), scheme)
    assert document.ents == [Span(2, 4, UNTYPED)]
    assert Document.from_conllu(document.to_conllu()).ents == document.ents
    formats.write(document, tmp_path / "out", scheme)
    assert (tmp_path / "out").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["iob2", "horizontal", "vertical", "text"])
def test_bad_utf8_names_the_line(name: str) -> None:
    with pytest.raises(FormatError, match=r"input:2: not UTF-8: byte 0xfe"):
        formats.read(io.BytesIO(b"# \n\xfe\n"), name)


def test_bad_json_is_a_format_error() -> None:
    with pytest.raises(FormatError, match="not JSON"):
        formats.read(io.BytesIO(b"{"), "json")
    with pytest.raises(FormatError, match="nested too deeply"):
        formats.read(io.BytesIO(b"[" * 200_000), "json")


@pytest.mark.parametrize("value", ["Bonn", "PROPN", "a comment", "LOC", "Gloss", "Value", "go.01", "ARG0"])
def test_lone_surrogates_in_json_are_refused(value: str) -> None:
    columns = {"FORM": ["Bonn"], "UPOS": ["PROPN"], "MISC": ["Gloss=Value"], "NER": ["B-LOC"]}
    columns |= {"UP:PRED": ["go.01"], "UP:ARGHEADS": ["ARG0:1"], "UP:ARGSPANS": ["_"]}
    text = json.dumps(Document([Sentence(columns, ["# a comment"])]).to_dict())
    assert formats.read(io.BytesIO(text.encode()), "json")[0].words[0].text == "Bonn"
    broken = text.replace(value, "x" + "\\ud800")
    assert broken != text
    with pytest.raises(FormatError, match="lone surrogates"):
        formats.read(io.BytesIO(broken.encode()), "json")


def test_a_format_is_found_by_its_name_or_ending() -> None:
    assert formats.guess_format("a/b.conllu.gz") == "conllu"
    assert formats.guess_format("x.TXT") == "text"
    assert formats.guess_format("-", "conllu") == "conllu"
    with pytest.raises(FormatError, match=r"x\.foo: the ending '\.foo' names no format; say which: conllu"):
        formats.guess_format("x.foo")
    with pytest.raises(ConfigError, match="no format 'conlu'; did you mean conllu"):
        formats.get_format("conlu")
    with pytest.raises(ConfigError, match="no format 'conlu'; did you mean conllu"):
        formats.guess_format("x.conllu", "conlu")  # also where the ending tells


def test_horizontal_and_vertical_use_tokens(samples: Path, tmp_path: Path) -> None:
    document = formats.read(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu")
    formats.write(document, tmp_path / "h", "horizontal")
    lines = [line for line in (tmp_path / "h").read_text(encoding="utf-8").split("\n") if line]
    assert len(lines) == len(document)
    assert lines[0].split(" ") == [token.text for token in document[0].tokens]
    assert any("10\u00a0000" in line for line in lines)  # a blank inside a token
    again = formats.read(tmp_path / "h", "horizontal")
    assert [s.columns["FORM"] for s in again] == [[t.text for t in s.tokens] for s in document]
    assert [s.starts_paragraph for s in again][1:] == [s.starts_paragraph for s in document][1:]
    formats.write(document, tmp_path / "v", "vertical")
    assert [s.columns["FORM"] for s in formats.read(tmp_path / "v", "vertical")] == [
        [t.text for t in s.tokens] for s in document
    ]


@pytest.mark.parametrize("name", ["conllup", "json", "jsonl", "parquet"])
def test_column_names_survive(name: str, samples: Path, tmp_path: Path) -> None:
    source = samples / "UD_English-Sample" / "en_sample-up-dev.conllup"
    document = formats.read(source)
    formats.write(document, tmp_path / "file", name)
    assert formats.read(tmp_path / "file", name).column_names == document.column_names
    formats.write(formats.read(tmp_path / "file", name), tmp_path / "back.conllup")
    assert (tmp_path / "back.conllup").read_bytes() == source.read_bytes()


def test_conll2003_keeps_words_with_blanks_and_documents(samples: Path, tmp_path: Path) -> None:
    document = formats.read(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu")
    formats.write(document, tmp_path / "a", "conll2003")
    again = formats.read(tmp_path / "a", "conll2003")
    assert [s.columns["FORM"] for s in again] == [s.columns["FORM"] for s in document]
    documents = sum(any(c.startswith("# newdoc") for c in s.comments) for s in document)
    assert sum(s.comment("newdoc") is not None for s in again) == documents > 0


def test_iob2_keeps_comments_of_any_form(tmp_path: Path) -> None:
    source = Document.from_conllu("#no blank\n# a\ttab\n1\ta" + "\t_" * 8 + "\n\n")
    formats.write(source, tmp_path / "a.iob2")
    assert formats.read(tmp_path / "a.iob2")[0].comments == ["#no blank", "# a\ttab"]


def test_json_is_written_as_a_stream(tmp_path: Path, samples: Path) -> None:
    for file in [*sorted(samples.glob("*/*-ud-*")), *sorted(samples.glob("*/*-ner-*")), None]:
        document = Document() if file is None else formats.read(file)
        formats.write(iter(document), tmp_path / "stream.json")
        formats.write(document, tmp_path / "whole.json")
        whole = json.dumps(document.to_dict(), ensure_ascii=False, indent=1) + "\n"
        assert (tmp_path / "whole.json").read_text(encoding="utf-8") == whole
        assert formats.read(tmp_path / "stream.json").to_conllu() == document.to_conllu()


# A format of another package has a sentence on each line. Its reader does not say where sentences begin in the text.
LINES = """
from depparse.document.sentence import Sentence
from depparse.files import open_input, open_output
from depparse.formats.table import Format

def read(path):
    with open_input(path) as stream:
        for line in stream:
            yield Sentence.from_forms(line.decode().split())

def write(sentences, path):
    with open_output(path) as out:
        for sentence in sentences:
            out.write(" ".join(sentence.columns["FORM"]) + "\\n")

LINES = Format("a sentence a line", (".lines",), read, write, has_comments=False)
"""


def test_a_format_of_another_package_is_used_like_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "other-formats", "[depparse.formats]\nlines = other_formats:LINES\nno = json:loads\n", LINES)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "a.lines").write_text("Ann slept\nBob left\n", encoding="utf-8")
    assert formats.format_names()[-2:] == ["lines", "no"]
    starts = [sentence.words[0].start_char for sentence in formats.iter_sentences(tmp_path / "a.lines")]
    assert starts == [0, len("Ann slept ")]
    document = formats.read(tmp_path / "a.lines")
    assert document.text == "Ann slept Bob left"
    formats.write(document, tmp_path / "b.lines")
    assert (tmp_path / "b.lines").read_bytes() == (tmp_path / "a.lines").read_bytes()
    with pytest.raises(ConfigError, match=r"the entry point 'no' of depparse\.formats is no Format"):
        formats.get_format("no")
    with pytest.warns(UserWarning, match=r"the entry point 'no' of depparse\.formats is no Format"):
        assert formats.guess_format("a.unknown", "conllu") == "conllu"  # the broken format hinders no other file
    sys.modules.pop("other_formats")
