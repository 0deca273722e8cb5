"""JSON and JSON lines: their schema, the keys that come from comments, versions, streams, errors with their line."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import DepparseError, FormatError
from depparse.formats import json as json_format
from depparse.formats import table as formats
from tests.formats.documents import TRICKY, conllup
from tests.strategies import nasty_documents

SCHEMA = json_format.schema()
DOCUMENTS = jsonschema.Draft202012Validator(SCHEMA)
LINES = DOCUMENTS.evolve(schema=SCHEMA["$defs"]["line"])


def of_lines(*lines: Any) -> Document:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return formats.read(io.BytesIO(text.encode()), "jsonl")


def with_everything() -> Document:
    document = Document.from_conllu(TRICKY)
    document[0].ents = [Span(1, 1, "PER", score=0.5), Span(6, 7, "X")]
    document[0].frames = [Frame(4, "sleep.01", [Argument("A0", 1, 1, 1, score=0.25), Argument("A1")], score=0.75)]
    return document


# -- the schema


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["version"]["const"] == json_format.VERSION


def test_what_is_written_fits_the_schema(samples: Path, tmp_path: Path) -> None:
    files = [*samples.glob("*/*.conllu"), *samples.glob("*/*.conllup"), *samples.glob("*/*.iob2")]
    for document in [*map(formats.read, sorted(files)), with_everything(), Document()]:
        DOCUMENTS.validate(document.to_dict())
        formats.write(document, tmp_path / "x.jsonl")
        for line in (tmp_path / "x.jsonl").read_text(encoding="utf-8").split("\n")[:-1]:
            LINES.validate(json.loads(line))


@given(nasty_documents())
@settings(deadline=None, max_examples=60)
def test_nothing_that_can_be_written_breaks_the_schema(sentences: list[Sentence]) -> None:
    try:
        data = Document(sentences).to_dict()
    except DepparseError:
        return
    DOCUMENTS.validate(json.loads(json.dumps(data)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"sentences": [{"tokens": []}]},
        {"sentences": [{"tokens": [{"id": 0, "text": "a"}]}]},
        {"sentences": [{"tokens": [{"id": 1, "text": "a", "feats": {"Case": ["Acc"]}}]}]},
        {"sentences": [{"tokens": [{"id": 1, "text": "a"}], "ents": [{"start": 1, "end": 1}]}]},
        {"sentences": [{"tokens": [{"id": 1, "text": "a"}], "comments": ["no sign"]}]},
        {"version": 2, "sentences": []},
        {"columns": ["ID"], "sentences": []},
    ],
)
def test_the_schema_and_the_reader_refuse_the_same(wrong: dict[str, Any]) -> None:
    assert not DOCUMENTS.is_valid(wrong)
    with pytest.raises(FormatError):
        Document.from_dict(wrong)


# -- keys


def test_features_are_a_dictionary_unless_that_would_change_the_cell() -> None:
    cells = ["Case=Acc,Nom|Number=Sing", "b=1|A=2", "A=1|A=2", "odd", "A=", "_"]
    document = Document([Sentence({"FORM": list("abcdef"), "FEATS": cells})])
    tokens = document.to_dict()["sentences"][0]["tokens"]
    assert tokens[0]["feats"] == {"Case": "Acc,Nom", "Number": "Sing"}
    assert [token.get("feats") for token in tokens[1:]] == ["b=1|A=2", "A=1|A=2", "odd", "A=", None]
    assert Document.from_dict(document.to_dict())[0].columns["FEATS"] == cells
    unordered = {"tokens": [{"id": 1, "text": "a", "feats": {"b": "1", "A": "2"}}]}
    assert of_lines(unordered)[0].columns["FEATS"] == ["A=2|b=1"]


def test_ids_and_texts_of_sentences_made_by_hand() -> None:
    tokens = [{"id": 1, "text": "Ann"}, {"id": 2, "text": "sleeps", "misc": "SpaceAfter=No"}, {"id": 3, "text": "."}]
    sentence = of_lines({"sent_id": "s1", "text": "Ann sleeps.", "tokens": tokens})[0]
    assert sentence.comments == ["# sent_id = s1"]  # the tokens make the text
    assert of_lines({"text": "Ann  sleeps.", "tokens": tokens})[0].comments == ["# text = Ann  sleeps."]
    assert of_lines({"tokens": tokens})[0].comments == []


def test_keys_that_contradict_comments_are_an_error() -> None:
    line = {"sent_id": "b", "comments": ["# sent_id = a"], "tokens": [{"id": 1, "text": "a"}]}
    with pytest.raises(FormatError, match=r"input:2: sentence a: sent_id is str 'b', but the comment says str 'a'"):
        of_lines("", line)
    with pytest.raises(FormatError, match="a comment is one line, but"):
        of_lines(line | {"sent_id": "a", "text": "A\nb"})


def test_offsets_of_a_sentence_are_in_the_text_of_the_document() -> None:
    document = Document.from_conllu(TRICKY)
    for sentence in document.to_dict()["sentences"]:
        assert document.text[sentence["start_char"] :].startswith(sentence["text"][:3])


# -- versions


def test_the_json_of_before_is_read() -> None:
    old = {
        "columns": ["ID", "FORM", "FEATS", "HEAD"],
        "sentences": [
            {
                "comments": ["# sent_id = s1", "# text = Ann"],
                "tokens": [{"id": 1, "text": "Ann", "feats": "Number=Sing", "head": 0, "start_char": 0, "end_char": 3}],
                "ents": [{"start": 1, "end": 1, "type": "PER", "text": "Ann", "start_char": 0, "end_char": 3}],
            },
            {"comments": [], "columns": ["FORM"], "tokens": [{"id": 1, "text": "a"}]},
        ],
    }
    document = Document.from_dict(old)
    assert document[0].columns == {"FORM": ["Ann"], "FEATS": ["Number=Sing"], "HEAD": ["0"], "MISC": ["NER=B-PER"]}
    assert (document[0].sent_id, document[0].ents, document[1].columns) == ("s1", (Span(1, 1, "PER"),), {"FORM": ["a"]})


@pytest.mark.parametrize(
    ("version", "message"), [(2, "this is version 2, but"), ("1", "expected the version as a number")]
)
def test_other_versions(version: object, message: str) -> None:
    with pytest.raises(FormatError, match=f"document: {message}"):
        Document.from_dict({"version": version, "sentences": []})
    with pytest.raises(FormatError, match=f"input:1: {message}"):
        of_lines({"version": version, "tokens": [{"id": 1, "text": "a"}]})


# -- files


def test_columns_are_not_repeated(samples: Path, tmp_path: Path) -> None:
    document = formats.read(samples / "UD_English-Sample" / "en_sample-ner-dev.iob2")
    formats.write(iter(document), tmp_path / "x.json")
    data = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert data["sentence_columns"] == ["FORM", "NER", "UNER:OTHER", "UNER:ANNOTATOR"]
    assert not any("columns" in sentence for sentence in data["sentences"])
    assert conllup(formats.read(tmp_path / "x.json")) == conllup(document)


def test_lines_are_complete_by_themselves(samples: Path, tmp_path: Path) -> None:
    document = Document([*with_everything(), *formats.read(samples / "UD_English-Sample" / "en_sample-ner-dev.iob2")])
    formats.write(document, tmp_path / "x.jsonl.gz")
    lines = gzip.decompress((tmp_path / "x.jsonl.gz").read_bytes()).decode().split("\n")
    assert len(lines) == len(document) + 1
    for line, sentence in zip(lines, document, strict=False):
        again = of_lines(line)[0]
        assert conllup([again]) == conllup([sentence])
        assert (again.ents, again.frames) == (sentence.ents, sentence.frames)
    assert of_lines("\ufeff" + lines[0], "", "  ", lines[1])[1].place == "input:4"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "input:2: not JSON"),
        ("[" * 200_000, "input:2: no document: the JSON is nested too deeply"),
        ("[]", "input:2: expected a sentence as a dictionary, found list"),
        ({"tokens": [{"id": 1, "text": "a", "head": 2}]}, "input:2, token 0: column HEAD: head 2 is outside"),
        ({"tokens": [{"id": 1, "text": "a", "feats": {"A": 1}}]}, "input:2, token 0: column FEATS: the value of A"),
    ],
)
def test_broken_lines(line: Any, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        of_lines({"tokens": [{"id": 1, "text": "a"}]}, line)
    assert str(caught.value).startswith(message)


def test_scores_that_are_no_numbers_are_not_written(tmp_path: Path) -> None:
    document = with_everything()
    document[0].ents[0].score = float("nan")
    for name in ("json", "jsonl"):
        with pytest.raises(FormatError, match="sentence 1: sentence s1: a score is a number"):
            formats.write(document, tmp_path / "x", name)


def test_lines_are_read_and_written_in_constant_memory(tmp_path: Path) -> None:
    def sentences(number: int) -> Iterator[Sentence]:
        for count in range(number):
            yield Sentence.from_forms(["word"] * 20, [f"# sent_id = {count}"])

    peaks = []
    for number in (500, 2000):
        tracemalloc.start()
        formats.write(sentences(number), tmp_path / "x.jsonl")
        assert sum(1 for _ in formats.iter_sentences(tmp_path / "x.jsonl")) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
