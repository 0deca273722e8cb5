"""Dictionaries, pandas frames and TokenLists: conversion loses nothing, and other data gives clear errors."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import conllu
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import FormatError
from depparse.formats.conllu import read_conllu, write_conllu
from depparse.formats.pandas import from_pandas, to_pandas
from depparse.formats.table import read
from depparse.formats.token_lists import from_token_lists, to_token_lists
from tests.formats.documents import TRICKY, all_samples, conllup, read_plus

PLUS = """\
# global.columns = ID FORM NER text id start_char up:Pred
# sent_id = p1
1\tBea\tB-PER\tx\t_\t7\t_
2\tslept\tO\ty\tz\t_\tsleep.01

"""
Convert = Callable[[Document], Document]


def through_json(doc: Document) -> Document:
    return Document.from_dict(json.loads(json.dumps(doc.to_dict())))


def through_pandas(doc: Document) -> Document:
    return from_pandas(doc.to_pandas())


# -- dictionaries


def test_dictionaries_keep_everything(samples: Path, tmp_path: Path) -> None:
    for document in [*all_samples(samples), Document.from_conllu(TRICKY), read_plus(PLUS, tmp_path), Document()]:
        restored = through_json(document)
        assert conllup(restored) == conllup(document)
        assert restored.to_conllu() == document.to_conllu()
        assert restored.column_names == document.column_names
        assert [list(s.columns) for s in restored] == [list(s.columns) for s in document]
        assert restored.ents == document.ents
        assert [s.frames for s in restored] == [s.frames for s in document]
        assert all(sentence._values is None for sentence in restored)


def test_a_dictionary_has_tokens_with_offsets_and_entities() -> None:
    data = Document.from_conllu(TRICKY).to_dict()
    assert list(data) == ["version", "columns", "sentences"]
    assert data["version"] == 1
    assert data["columns"][:3] == ["ID", "FORM", "LEMMA"]
    first = data["sentences"][0]
    assert list(first) == ["sent_id", "text", "start_char", "comments", "tokens", "ents"]
    assert (first["sent_id"], first["text"]) == ("s1", "Ann didn't sleep , and Bob 10 000 hours")
    assert first["comments"][1] == "#no blank after the sign"
    ids = [token["id"] for token in first["tokens"]]
    assert ids == ["0.1", 1, [2, 3], 2, 3, 4, 5, 6, "6.1", "6.2", 7, 8]
    assert first["tokens"][1] == {
        "id": 1,
        "text": "Ann",
        "lemma": "Ann",
        "upos": "PROPN",
        "feats": {"Number": "Sing"},
        "head": 4,
        "deprel": "nsubj",
        "deps": "4:nsubj",
        "start_char": 0,
        "end_char": 3,
    }
    assert first["tokens"][2]["text"] == "didn't"
    assert (first["tokens"][2]["start_char"], first["tokens"][2]["end_char"]) == (4, 10)
    assert first["tokens"][-1]["lemma"] == "_"
    assert first["tokens"][9] == {"id": "6.2", "text": "_"}
    # Offsets are unknown behind the first word that the text does not have.
    assert first["ents"] == [{"start": 6, "end": 6, "type": "PER", "text": "Bob", "start_char": None, "end_char": None}]
    assert "start_char" not in first["tokens"][7]
    assert "frames" not in first
    assert "ents" not in data["sentences"][1]
    start = data["sentences"][1]["tokens"][0]
    assert Document.from_conllu(TRICKY).text[start["start_char"] : start["end_char"]] == "x"


def test_offsets_follow_the_order_of_the_sentences() -> None:
    document = Document.from_conllu(TRICKY)
    document.sentences.reverse()
    token = document.to_dict()["sentences"][1]["tokens"][1]
    assert document.text[token["start_char"] : token["end_char"]] == "Ann"


def test_scores_of_entities_and_frames_survive() -> None:
    document = Document([Sentence.from_forms(["Ann", "Lee", "sleeps"])])
    document[0].ents = [Span(1, 2, "PER", score=np.float32(0.5))]  # type: ignore[arg-type]
    document[0].frames = [Frame(3, "sleep.01", [Argument("A0", 2, 1, 2, score=0.25)], score=0.75)]
    restored = through_json(document)[0]
    assert restored.ents == document[0].ents
    assert restored.ents[0].score == 0.5
    assert restored.ents[0].text == "Ann Lee"
    assert restored.frames == document[0].frames
    assert (restored.frames[0].score, restored.frames[0].arguments[0].score) == (0.75, 0.25)


def test_the_score_of_an_argument_alone_survives() -> None:
    sentence = Sentence({"FORM": ["a"], "UP:PRED": ["_"], "UP:ARGHEADS": ["_"], "UP:ARGSPANS": ["_"]})
    sentence.frames = [Frame(1, "x", [Argument("A0", 1, 1, 1, score=0.5)])]
    assert through_json(Document([sentence]))[0].frames[0].arguments[0].score == 0.5
    assert Document([sentence]).to_dict()["sentences"][0]["frames"][0]["arguments"][0]["score"] == 0.5


def test_entities_that_tags_cannot_express_survive() -> None:
    document = Document([Sentence.from_forms(["a", "b", "c"])])
    document[0].ents = [Span(1, 2, "X"), Span(2, 3, "X")]
    assert document[0].ents != Sentence(document[0].columns).ents
    assert through_json(document)[0].ents == document[0].ents


def test_broken_frames_are_kept_as_columns() -> None:
    sentence = Sentence({"FORM": ["a"], "UP:PRED": ["x"], "UP:ARGHEADS": ["A0:1"], "UP:ARGSPANS": ["A1:1-1"]})
    data = Document([sentence]).to_dict()
    assert "frames" not in data["sentences"][0]
    assert conllup(Document.from_dict(data)) == sentence.to_conllup()


def test_a_handmade_dictionary_needs_only_words() -> None:
    tokens = [{"id": 1, "text": "Ja", "head": None}, {"id": [2], "text": "."}]
    document = Document.from_dict({"sentences": [{"tokens": tokens}]})
    assert [word.text for word in document[0].words] == ["Ja", "."]
    assert document[0].heads == [None, None]


WORD = {"id": 1, "text": "a"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "document: expected the document as a dictionary, found list []"),
        ({}, "document: the key 'sentences' is missing; expected what Document.to_dict gives"),
        ({"sentences": 3}, "document: expected the sentences as a list, found int 3"),
        ({"sentences": [3]}, "sentences[0]: expected a sentence as a dictionary, found int 3"),
        ({"sentences": [{}]}, "sentences[0]: the key 'tokens' is missing; expected what Document.to_dict gives"),
        ({"sentences": [{"tokens": []}]}, "sentences[0]: a sentence without words"),
        ({"sentences": [{"tokens": ["x"]}]}, "sentences[0], token 0: expected a dictionary, found str 'x'"),
        (
            {"sentences": [{"tokens": [{"text": "a"}]}]},
            'sentences[0], token 0: column ID: expected id as 3, [3, 4] or "3.1", found NoneType None',
        ),
        ({"sentences": [{"tokens": [{"id": True, "text": "a"}]}]}, "found bool True"),
        ({"sentences": [{"tokens": [{"id": 1}]}]}, "sentences[0], token 0: column FORM: the key 'text' is missing"),
        ({"sentences": [{"tokens": [WORD | {"id": 2}]}]}, "token 0: column ID: expected ID 1 "),
        ({"sentences": [{"tokens": [WORD | {"text": ""}]}]}, "token 0: column FORM: a word with an empty form"),
        ({"sentences": [{"tokens": [WORD | {"text": None}]}]}, "expected text as a string, found NoneType None"),
        ({"sentences": [{"tokens": [WORD | {"upos": 5}]}]}, "column UPOS: expected upos as a string, found int 5"),
        ({"sentences": [{"tokens": [WORD | {"upos": "A\tB"}]}]}, "column UPOS: a cell holds no tab and no line break"),
        ({"sentences": [{"tokens": [WORD | {"head": "1"}]}]}, "column HEAD: expected head as a number, found str '1'"),
        ({"sentences": [{"tokens": [WORD | {"head": 2}]}]}, "column HEAD: head 2 is outside the sentence"),
        ({"sentences": [{"tokens": [WORD | {"ner": "O"}]}]}, "token 0: unknown key 'ner'; this document has the col"),
        ({"sentences": [{"tokens": [{"id": [1, 2], "text": "ab"}, WORD]}]}, "goes beyond the last word"),
        ({"columns": ["ID"], "sentences": []}, "document: the columns name FORM and no column twice"),
        ({"columns": ["FORM", 1], "sentences": []}, "document: expected the name of a column as a string"),
        (
            {"sentences": [{"comments": ["# sent_id = s", "x"], "tokens": [WORD]}]},
            "sentences[0]: sentence s: a comment is one line that begins with #, not 'x'",
        ),
        ({"sentences": [{"comments": "# x", "tokens": [WORD]}]}, "expected the comments as a list, found str '# x'"),
        ({"sentences": [{"tokens": [WORD], "ents": [{}]}]}, "expected an entity with a start and an end"),
        (
            {"sentences": [{"tokens": [WORD], "ents": [{"start": 1, "end": 2, "type": "X"}]}]},
            "sentences[0]: expected end to be a word from 1 to 1, found int 2",
        ),
        (
            {"sentences": [{"tokens": [WORD], "ents": [{"start": 1, "end": 1, "type": "X", "score": "high"}]}]},
            "expected score to be a number, found str 'high'",
        ),
        ({"sentences": [{"tokens": [WORD], "frames": [{"sense": "x"}]}]}, "a frame names the word of its predicate"),
        (
            {"sentences": [{"tokens": [WORD], "frames": [{"predicate": 1, "sense": "x"}]}]},
            "expected the arguments of a frame as a list, found NoneType None",
        ),
        (
            {"sentences": [{"tokens": [WORD], "frames": [{"predicate": 1, "sense": "x", "arguments": [{}]}]}]},
            "expected the role of an argument as a string",
        ),
    ],
)
def test_an_error_of_a_broken_dictionary_says_where_and_why(data: Any, message: str) -> None:
    before = copy.deepcopy(data)
    with pytest.raises(FormatError) as error:
        Document.from_dict(data)
    assert message in str(error.value)
    assert data == before


CELL = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 4) | st.sampled_from(["_", "x", "1", "1.1", "# a", "FORM"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("columns sentences comments tokens id text head ents start end type frames".split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_other_data_is_a_format_error(data: Any) -> None:
    for value in (data, {"sentences": data}, {"sentences": [{"tokens": data}]}, {"sentences": [{"tokens": [data]}]}):
        try:
            document = Document.from_dict(value)
        except FormatError:
            continue
        assert through_json(document).to_conllu() == document.to_conllu()


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Sentences with anything in their cells, multiword tokens and empty nodes."""
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        length = draw(st.integers(1, 4))
        comments = draw(st.lists(CELL.map(lambda value: f"#{value}"), max_size=2))
        lines = list(comments)
        covered = 0
        for word in range(length + 1):
            if word:
                if word > covered and draw(st.booleans()):
                    covered = draw(st.integers(word, length))
                    lines.append("\t".join([f"{word}-{covered}", *draw(st.lists(CELL, min_size=9, max_size=9))]))
                cells = draw(st.lists(CELL, min_size=9, max_size=9))
                cells[5] = draw(st.sampled_from(["_", *map(str, range(length + 1))]))
                lines.append("\t".join([str(word), *cells]))
            for number in range(draw(st.integers(0, 1))):
                cells = draw(st.lists(CELL, min_size=9, max_size=9))
                lines.append("\t".join([f"{word}.{number + 1}", *cells]))
        text += "\n".join(lines) + "\n\n"
    return Document.from_conllu(text)


@given(documents())
@settings(max_examples=60)
def test_any_document_survives_dictionaries_tables_graphs_and_token_lists(document: Document) -> None:
    assert through_json(document).to_conllu() == document.to_conllu()
    assert Document.of("polars", document.to("polars")).to_conllu() == document.to_conllu()
    for graphs in (document.to("networkx"), [sentence.to_networkx(enhanced=True) for sentence in document]):
        assert Document.of("networkx", graphs).to_conllu() == document.to_conllu()
    lists = list(to_token_lists(document))
    lines = [line for line in document.to_conllu().split("\n") if not line.startswith("#")]
    assert [line for t in lists for line in t.serialize().split("\n")[:-1] if not line.startswith("#")] == lines[:-1]


# -- pandas


def test_frames_keep_what_a_file_has(samples: Path, tmp_path: Path) -> None:
    for document in [*all_samples(samples), Document.from_conllu(TRICKY), read_plus(PLUS, tmp_path), Document()]:
        back = through_pandas(document)
        assert back.to_conllu() == document.to_conllu().replace("\t\t", "\t_\t")
        assert back.column_names == document.column_names
        assert back.ents == document.ents
    names = PLUS.partition("\n")[0].split()[4:]
    assert [s.to_conllup(names) for s in through_pandas(read_plus(PLUS, tmp_path))] == [PLUS.partition("\n")[2]]


def test_a_frame_has_a_row_for_each_line_and_typed_columns() -> None:
    frame = Document.from_conllu(TRICKY).to_pandas()
    assert list(frame.columns[:7]) == ["sentence", "sent_id", "comments", "id", "kind", "token", "FORM"]
    assert frame["id"].tolist() == ["0.1", "1", "2-3", "2", "3", "4", "5", "6", "6.1", "6.2", "7", "8", "1"]
    assert frame["kind"].tolist()[:4] == ["empty", "word", "token", "word"]
    assert frame["token"].tolist()[2:5] == ["didn't"] * 3
    assert pd.isna(frame["token"][0])
    assert frame["sentence"].tolist() == [0] * 12 + [1]
    assert frame["HEAD"].dtype == "Int64"
    assert frame["start_char"].dtype == "Int64"
    assert isinstance(frame["UPOS"].dtype, pd.StringDtype)
    assert frame[frame.kind == "word"].UPOS.value_counts()["PROPN"] == 1
    assert frame["sent_id"].tolist()[:2] == ["s1", "s1"]
    assert frame["FORM"][9] == "_"
    assert frame["comments"].notna().tolist() == [True] + [False] * 11 + [True]


def test_words_that_csv_takes_for_missing() -> None:
    text = "sentence,id,FORM,LEMMA,UPOS,HEAD,DEPREL\n0,1,a,a,X,2,x\n0,2,null,null,X,0,root\n0,3,NA,NA,X,2,x\n"
    with pytest.raises(FormatError, match=r"sentence 0 of the frame, row 2: column FORM: a line without a form"):
        from_pandas(pd.read_csv(io.StringIO(text)))
    document = from_pandas(pd.read_csv(io.StringIO(text), keep_default_na=False))
    assert [(word.text, word.lemma) for word in document[0].words] == [("a", "a"), ("null", "null"), ("NA", "NA")]


def test_empty_cells_of_csv_are_unannotated() -> None:
    text = "sentence,id,FORM,LEMMA,UPOS,XPOS,FEATS,HEAD,DEPREL,DEPS,MISC\n0,1,Go,go,VERB,,,0,root,,\n"
    document = from_pandas(pd.read_csv(io.StringIO(text), keep_default_na=False))
    assert document.to_conllu() == "1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    with pytest.raises(FormatError, match=r"row 1: column FORM: a word with an empty form"):
        from_pandas(pd.read_csv(io.StringIO(text.replace("Go", "")), keep_default_na=False))


def test_no_frame_of_what_no_file_can_hold() -> None:
    with pytest.raises(FormatError, match="column FORM: word 1: text holds no lone surrogates"):
        Document([Sentence({"FORM": ["\ud800"]})]).to_pandas()


def test_a_frame_through_csv() -> None:
    document = Document.from_conllu(TRICKY.replace("\t\t", "\t_\t"))
    text = to_pandas(document).to_csv(index=False)
    back = from_pandas(pd.read_csv(io.StringIO(text), dtype={"id": "string"}, keep_default_na=False, na_values=[""]))
    assert back.to_conllu() == document.to_conllu()


def test_changed_and_handmade_frames_are_read() -> None:
    frame = Document.from_conllu(TRICKY).to_pandas()
    frame["UPOS"] = frame["UPOS"].str.lower()
    assert from_pandas(frame[frame.sentence == 0])[0].words[0].upos == "propn"
    bare = pd.DataFrame({"sentence": [3, 3], "sent_id": ["x", "x"], "id": [1, 2], "FORM": ["a", "b"]})
    assert from_pandas(bare).to_conllu().startswith("# sent_id = x\n1\ta\t_")


def test_an_error_of_a_broken_frame_says_where_and_why() -> None:
    frame = Document.from_conllu(TRICKY).to_pandas()
    with pytest.raises(FormatError, match="frame: the column 'id' is missing; expected a frame as"):
        from_pandas(frame.drop(columns="id"))
    with pytest.raises(
        FormatError, match=r"sentence 0 of the frame, row 1: sentence s1, column ID: expected ID 1 .*'2'"
    ):
        from_pandas(frame[(frame.id == "2") | (frame.id == "3")].assign(comments=["# sent_id = s1", None]))


# -- conllu


def test_token_lists_are_those_of_conllu(samples: Path) -> None:
    files = sorted(samples.glob("*/*.conllu*"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        ours, theirs = list(to_token_lists(read(file))), conllu.parse(text)
        assert ours == list(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.metadata == other.metadata
            assert [list(token) for token in mine] == [list(token) for token in other]
            assert mine.serialize() == other.serialize()
        assert conllup(from_token_lists(theirs)) == conllup(read(file))
        assert from_token_lists(theirs).column_names == read(file).column_names


def test_cells_that_dictionaries_cannot_hold_stay_strings() -> None:
    first = to_token_lists(Document.from_conllu(TRICKY))[0]
    assert first[5]["misc"] == "A=1|A=2|=|"
    assert first[6]["misc"] == {"X": "a=b", "Y": None}
    assert first[2]["id"] == (2, "-", 3)
    assert first[2]["misc"] == {"SpaceAfter": "No", "Odd": ""}
    assert first[7]["deps"] == [("nsubj", (6, ".", 1)), ("conj:and", 4)]
    assert first[-1]["deps"] == "none of these"
    assert (first[-1]["lemma"], first[-1]["xpos"], first[0]["head"]) == ("_", None, None)
    assert first.metadata["no blank after the sign"] is None
    assert first.filter(upos="PROPN")[0]["form"] == "Ann"


def test_token_lists_lose_only_the_form_and_repetition_of_comments() -> None:
    restored = from_token_lists(to_token_lists(Document.from_conllu(TRICKY)))
    assert [s.to_conllu().split("\n")[len(s.comments) :] for s in restored] == [
        s.to_conllu().split("\n")[len(s.comments) :] for s in Document.from_conllu(TRICKY)
    ]
    assert restored[1].comments == ["# newpar"]
    text = "# text = Ann didn't sleep , and Bob 10 000 hours"
    assert restored[0].comments[1:3] == ["# no blank after the sign", text]


def test_token_lists_of_a_file_without_ids_have_ids(tmp_path: Path) -> None:
    path = tmp_path / "x.conllup"
    path.write_text("# global.columns = FORM NER\na\tO\nb\tO\n\n", encoding="utf-8")
    first = to_token_lists(read(path))[0]
    assert [dict(token) for token in first] == [{"id": i, "form": f, "ner": "O"} for i, f in ((1, "a"), (2, "b"))]
    assert from_token_lists([first])[0].columns == read(path)[0].columns


def test_handmade_token_lists_are_read_or_are_clear_errors() -> None:
    tokens = conllu.TokenList([{"id": 1, "form": "a", "upostag": "X", "feats": {"A": "b"}}], conllu.Metadata())
    assert from_token_lists([tokens]).to_conllu() == "1\ta\t_\tX\t_\tA=b\t_\t_\t_\t_\n\n"
    with pytest.raises(FormatError, match=r"TokenList 0, token 0: column FEATS: expected a string, .* found set"):
        from_token_lists([conllu.TokenList([{"id": 1, "form": "a", "feats": {"A"}}])])
    with pytest.raises(FormatError, match="TokenList 0, token 0: column ID: an id is 3"):
        from_token_lists([conllu.TokenList([{"id": "1", "form": "a"}])])
    with pytest.raises(FormatError, match="TokenList 0: column FORM: tokens without a form"):
        from_token_lists([conllu.TokenList([{"id": 1}])])


# -- real treebanks, and imports


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "treebanks/UD_English-EWT/en_ewt-ud-dev.conllu",
        "treebanks/UD_French-Sequoia/fr_sequoia-ud-dev.conllu",
        "treebanks/UD_Hebrew-IAHLTKnesset-NE/he_iahltknesset-ne-ud-test.conllu",
        "treebanks/UD_Tamil-TTB/ta_ttb-ud-dev.conllu",
        "srl/UP_English-EWT/en_ewt-up-dev.conllup",
    ],
)
def test_real_treebanks_survive_all_conversions(shared: Path, name: str) -> None:
    document = read(shared / name)
    assert conllup(through_json(document)) == conllup(document)
    assert conllup(through_pandas(document)) == conllup(document)
    back = from_token_lists(to_token_lists(document))
    assert [s.columns for s in back] == [s.columns for s in document]


def test_libraries_are_imported_only_where_they_are_used(samples: Path, tmp_path: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    code = (
        "import sys, depparse, depparse.formats.arrow, depparse.formats.json, depparse.formats.pandas\n"
        "import depparse.formats.hub, depparse.formats.token_lists, depparse.wrappers.huggingface_datasets\n"
        f"depparse.Document.from_dict(depparse.read_conllu({str(path)!r}).to_dict())\n"
        "print(*[name for name in ('pandas', 'pyarrow', 'datasets', 'conllu', 'numpy') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""


def test_converted_documents_are_written_like_others(tmp_path: Path) -> None:
    path = tmp_path / "tricky.conllu"
    write_conllu(through_json(Document.from_conllu(TRICKY)), path)
    assert read_conllu(path).to_conllu() == TRICKY
