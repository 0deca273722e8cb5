"""Arrow tables and Parquet files: lossless, streamed, atomic; and the Parquet forms of the hub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import conllu
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame, Span
from depparse.errors import FormatError
from depparse.formats import arrow
from depparse.formats.arrow import from_arrow, iter_parquet, read_parquet, to_arrow, write_parquet
from depparse.formats.conllu import iter_conllu, read_conllu
from depparse.formats.hub import sentences_from_rows
from depparse.formats.table import read, write
from tests.formats.documents import TRICKY, conllup, read_plus

PLUS = "# global.columns = ID FORM NER text mwts up:Pred\n1\tBea\tB-PER\tx\t_\t_\n2\tslept\tO\ty\tz\tsleep.01\n\n"


def test_tables_and_files_keep_everything(samples: Path, tmp_path: Path) -> None:
    files = [file for ending in ("conllu", "conllup", "iob2", "biose") for file in samples.glob(f"*/*.{ending}")]
    documents = [read(file) for file in sorted(files)]
    path = tmp_path / "x.parquet"
    for document in [*documents, Document.from_conllu(TRICKY), read_plus(PLUS, tmp_path), Document()]:
        write_parquet(document, path)
        for copy in (from_arrow(to_arrow(document)), from_arrow(document.to_arrow()), read_parquet(path), read(path)):
            assert conllup(copy) == conllup(document)
            assert [s.columns for s in copy] == [s.columns for s in document]
            assert copy.ents == document.ents
            assert [s.frames for s in copy] == [s.frames for s in document]
            assert [s.start_char for s in copy] == [s.start_char for s in document]
        assert read_parquet(path).column_names == document.column_names


def test_a_table_has_a_row_for_each_sentence() -> None:
    row = to_arrow(Document.from_conllu(TRICKY)).to_pylist()[0]
    assert (row["sent_id"], row["text"]) == ("s1", "Ann didn't sleep , and Bob 10 000 hours")
    assert row["FORM"][:3] == ["Ann", "did", "n't"]
    assert row["HEAD"] == [4, 4, 4, 0, 6, 4, 6, 4]
    assert row["UPOS"][5:] == [None, "NUM", "SYM"]
    assert row["LEMMA"][5:] == ["", None, "_"]
    assert (row["mwts"][0]["start"], row["mwts"][0]["end"], row["mwts"][0]["cells"]["FORM"]) == (2, 3, "didn't")
    assert [node["id"] for node in row["empty_nodes"]] == ["0.1", "6.1", "6.2"]
    assert row["ents"] is row["frames"] is None
    assert to_arrow(Document.from_conllu(TRICKY)).schema.field("HEAD").type == pa.list_(pa.int32())


def test_tables_of_treebanks_can_be_joined(samples: Path) -> None:
    one = to_arrow(read(samples / "UD_Turkish-Sample" / "tr_sample-ud-dev.conllu"))
    two = to_arrow(read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"))
    assert len(pa.concat_tables([one, two])) == len(one) + len(two)


def test_scores_survive() -> None:
    sentence = Sentence.from_forms(["Ann", "sleeps"])
    sentence.ents = [Span(1, 1, "PER", score=0.5)]
    sentence.frames = [Frame(2, "sleep.01", [Argument("A0", 1, score=0.25)], 0.75)]
    back = from_arrow(to_arrow(Document([sentence])))[0]
    assert back.ents == sentence.ents
    assert (back.ents[0].score, back.ents[0].text) == (0.5, "Ann")
    assert back.frames == sentence.frames
    assert (back.frames[0].score, back.frames[0].arguments[0].score) == (0.75, 0.25)


def test_without_metadata_columns_come_from_the_first_sentence(samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-up-dev.conllup")
    assert from_arrow(to_arrow(document).replace_schema_metadata()).column_names == document.column_names


@pytest.mark.parametrize(
    ("key", "stored", "message"),
    [
        ("depparse", b'{"columns": ["ID", "F\xacRM"]}', "the metadata 'depparse' is not JSON"),
        ("depparse", b"{", "the metadata 'depparse' is not JSON"),
        ("depparse", b"[" * 200_000, "the metadata 'depparse' is not JSON"),
        ("depparse", b"[1]", "expected the metadata 'depparse' as a dictionary"),
        ("depparse", b'{"format": 1}', "expected the columns as a list"),
        ("depparse", b'{"columns": ["ID"]}', "the columns name FORM"),
        ("huggingface", b"\xac", "the metadata 'huggingface' is not JSON"),
        ("huggingface", b'{"info": 3}', "expected the info of the metadata as a dictionary"),
        ("huggingface", b'{"info": {"features": [3]}}', "expected the features of the metadata as a dictionary"),
        (
            "huggingface",
            b'{"info": {"features": {"upos": {"_type": "ClassLabel", "names": [1]}}}}',
            "expected a label name as a string",
        ),
    ],
)
def test_damaged_metadata(key: str, stored: bytes, message: str, samples: Path, tmp_path: Path) -> None:
    table = to_arrow(read(samples / "UD_English-Sample" / "en_sample-up-dev.conllup"))
    if key == "huggingface":
        table = pa.table({"tokens": [["Ann"]], "upos": [[0]]})
    path = tmp_path / "damaged.parquet"
    pq.write_table(table.replace_schema_metadata({key: stored}), path)
    with pytest.raises(FormatError, match=re.escape(message)):
        read(path)


def test_files_are_streamed_in_row_groups(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "ROWS", 7)
    source = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    read_so_far = 0
    read_by_row = []

    def counted() -> Iterator[Sentence]:
        nonlocal read_so_far
        for sentence in iter_conllu(source):
            read_so_far += 1
            yield sentence

    def watched(sentence: Sentence, original: Any = arrow._row) -> dict[str, object]:
        read_by_row.append(read_so_far)
        row: dict[str, object] = original(sentence)
        return row

    monkeypatch.setattr(arrow, "_row", watched)
    path = tmp_path / "x.parquet"
    write_parquet(counted(), path)
    # No more than one batch is read ahead of the row that is written.
    assert all(read <= number + 7 for number, read in enumerate(read_by_row))
    groups = pq.ParquetFile(path).metadata
    assert groups.num_row_groups == -(-read_so_far // 7) > 5
    stream = iter_parquet(path)
    assert next(stream).sent_id == read_conllu(source)[0].sent_id
    assert conllup(Document([*[read_conllu(source)[0]], *stream])) == conllup(read_conllu(source))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_parquet(Document.from_conllu(TRICKY), path)
    before = path.read_bytes()

    def broken() -> Iterator[Sentence]:
        yield Sentence.from_forms(["a"])
        raise FormatError("broken")

    with pytest.raises(FormatError):
        write_parquet(broken(), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]


def test_a_column_that_comes_late_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "ROWS", 2)
    sentences = [Sentence.from_forms(["a"]), Sentence.from_forms(["b"]), Sentence({"FORM": ["c"], "NEW": ["x"]})]
    with pytest.raises(FormatError, match="sentence 2: column NEW: this column first appears after 2 sentences; name"):
        write_parquet(iter(sentences), tmp_path / "x.parquet")
    write_parquet(iter(sentences), tmp_path / "x.parquet", columns=["FORM", "NEW"])
    assert read_parquet(tmp_path / "x.parquet")[2].columns == {"FORM": ["c"], "NEW": ["x"]}
    write_parquet(Document(sentences), tmp_path / "x.parquet")
    assert read_parquet(tmp_path / "x.parquet")[2].columns == {"FORM": ["c"], "NEW": ["x"]}
    with pytest.raises(FormatError, match="sentence 0: column FORM: the schema does not have this column"):
        write_parquet(sentences, tmp_path / "x.parquet", columns=["NEW"])


def changed(**fields: Any) -> pa.Table:
    row = to_arrow(Document.from_conllu(TRICKY)).slice(0, 1).to_pylist()[0] | fields
    return pa.Table.from_pylist([row])


CELLS = {"FORM": "x"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"UPOS": ["X"]}, "table, row 0: sentence s1, column UPOS: expected 8 values, one for each word, found 1"),
        ({"UPOS": [1] * 8}, "table, row 0: sentence s1: expected a cell as a string, found int 1"),
        ({"UPOS": "NOUN"}, "expected the column UPOS as a list, found str 'NOUN'"),
        ({"UPOS": ["a\nb"] * 8}, "column UPOS: a cell holds no tab and no line break, but 'a\\nb' does"),
        ({"FORM": None}, "column FORM: a sentence without forms"),
        ({"HEAD": [9] * 8}, "column HEAD: head 9 is outside the sentence, which has 8 words"),
        ({"comments": ["x"]}, "a comment is one line that begins with #, not 'x'"),
        ({"comments": [1]}, "table, row 0: expected a comment as a string, found int 1"),
        ({"mwts": [{"start": 2, "end": 9, "cells": CELLS}]}, "multiword token 2-9 goes beyond the last word, 8"),
        ({"mwts": [{"start": 9, "end": 9, "cells": CELLS}]}, "9-9 is outside the sentence of 8 words, or stands in it"),
        ({"mwts": [{"start": 2, "end": 3, "cells": CELLS}] * 2}, "2-3 is outside the sentence of 8 words, or stands"),
        ({"mwts": [{"start": 2, "cells": CELLS}]}, "expected a multiword token with a start and an end"),
        ({"mwts": [{"start": 2, "end": 3}]}, "expected the cells of a line as a dictionary, found NoneType None"),
        ({"empty_nodes": [{"id": "9.1", "cells": CELLS}]}, "9.1 is outside the sentence of 8 words, or stands in it"),
        ({"empty_nodes": [{"id": "8.2", "cells": CELLS}]}, "found '8.2'"),
        ({"empty_nodes": [{"id": "8", "cells": CELLS}]}, "the ID of an empty node is written 8.1, not '8'"),
        ({"ents": [{"start": 1, "end": 99, "type": "X"}]}, "expected end to be a word from 1 to 8, found int 99"),
    ],
)
def test_an_error_of_a_broken_table_says_where_and_why(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError) as error:
        from_arrow(changed(**fields))
    assert message in str(error.value)


def test_an_error_of_a_broken_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no\.parquet: cannot be read: no such file"):
        read_parquet(tmp_path / "no.parquet")
    (tmp_path / "x.parquet").write_text(TRICKY, encoding="utf-8")
    with pytest.raises(FormatError, match=r"x\.parquet: not a Parquet file"):
        read_parquet(tmp_path / "x.parquet")
    with pytest.raises(FormatError, match="cannot be written"):
        write_parquet([], tmp_path / "none" / "x.parquet")
    pq.write_table(pa.table({"sentence": ["a b"]}), tmp_path / "x.parquet")
    with pytest.raises(
        FormatError, match=r"no field is known to hold the words; there are sentence. Say which: fields"
    ):
        read_parquet(tmp_path / "x.parquet")


def test_conversion_through_parquet_loses_nothing(samples: Path, tmp_path: Path) -> None:
    source = samples / "UD_English-Sample" / "en_sample-up-dev.conllup"
    write(read(source), tmp_path / "x.parquet")
    write(read(tmp_path / "x.parquet"), tmp_path / "x.conllup")
    assert (tmp_path / "x.conllup").read_bytes() == source.read_bytes()


# -- the forms of the hub


def old_row(sentence: conllu.TokenList) -> dict[str, Any]:
    """A row of ``universal_dependencies`` as its loading script made it: all lines, printed values and no IDs."""
    forms = [token["form"] for token in sentence]
    row: dict[str, Any] = {
        "idx": sentence.metadata.get("sent_id", "0"),
        "text": sentence.metadata.get("text", " ".join(forms)),
        "tokens": forms,
        "lemmas": [token["lemma"] for token in sentence],
        "upos": [token["upos"] for token in sentence],
        "xpos": [token["xpos"] for token in sentence],
    }
    for name in ("feats", "head", "deprel", "deps", "misc"):
        row[name] = [str(token[name]) for token in sentence]
    return row


def new_row(sentence: Sentence) -> dict[str, Any]:
    """A row of ``commul/universal_dependencies``: raw columns, lines with their IDs, and marks in the comments."""

    def optional(cell: str) -> str | None:
        return None if cell == "_" else cell

    marks = {"sent_id": "__SENT_ID__", "text": "__TEXT__"}
    comments = [line[1:].strip() for line in sentence.comments]
    columns = sentence.columns
    row: dict[str, Any] = {
        "sent_id": sentence.sent_id or "0",
        "text": sentence.comment("text") or " ".join(columns["FORM"]),
        "comments": [marks.get(line.partition(" = ")[0], line) for line in comments if line],
        "tokens": columns["FORM"],
        "lemmas": columns["LEMMA"],
    }
    for name in ("UPOS", "HEAD", "DEPREL"):
        row[name.lower()] = columns[name]
    for name in ("XPOS", "FEATS", "DEPS", "MISC"):
        row[name.lower()] = list(map(optional, columns[name]))
    row["mwt"] = [
        {"id": f"{m.start}-{m.end}", "form": m.cells["FORM"]}
        | {name: optional(m.cells[name.upper()]) for name in ("feats", "misc")}
        for m in sentence.mwts
    ]
    row["empty_nodes"] = [
        {"id": f"{n.id[0]}.{n.id[1]}"} | {name.lower(): cell for name, cell in n.cells.items()}
        for n in sentence.empty_nodes
    ]
    return row


def structure(document: Document) -> list[Any]:
    return [
        (s.sent_id, s.text, s.columns, [(m.start, m.end) for m in s.mwts], [n.id for n in s.empty_nodes])
        for s in document
    ]


def test_rows_of_the_new_universal_dependencies_are_read(samples: Path, tmp_path: Path) -> None:
    for file in sorted(samples.glob("*/*-ud-*.conllu")):
        document = read_conllu(file)
        pq.write_table(pa.Table.from_pylist([new_row(s) for s in document]), tmp_path / "x.parquet")
        assert read_parquet(tmp_path / "x.parquet").to_conllu() == document.to_conllu()
    document = Document.from_conllu(TRICKY.replace("\t\t", "\t_\t"))
    converted = Document(sentences_from_rows(map(new_row, document)))
    assert structure(converted)[0] == structure(document)[0]
    assert converted[1].columns == document[1].columns
    assert converted[0].comments[1] == "# no blank after the sign"
    invented_comments = ["# sent_id = 0", "# text = \u2028x\u0085"]  # which the data set adds
    assert converted[1].comments == ["# newpar", "# newpar", *invented_comments]
    wrong_row = new_row(Document.from_conllu(OLD.replace("# text", "# other"))[0])
    # The data set makes the text of the words, which is wrong.
    assert wrong_row["text"].startswith("Je parle de le de de vin , ")
    text = next(sentences_from_rows([wrong_row | {"comments": []}])).text
    assert text == "Je parle du de de vin, du moins."


def test_rows_of_the_old_universal_dependencies_are_read(samples: Path, tmp_path: Path) -> None:
    for file in sorted(samples.glob("*/*-ud-*.conllu")):
        document = read_conllu(file)
        rows = [old_row(sentence) for sentence in conllu.parse(file.read_text(encoding="utf-8"))]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
        back = read_parquet(tmp_path / "x.parquet")
        assert structure(back) == structure(document)
        assert [[m.cells for m in s.mwts] for s in back] == [[m.cells for m in s.mwts] for s in document]


OLD = """\
# sent_id = f1
# text = Je parle du de de vin, du moins.
1\tJe\tje\tPRON\t_\t_\t2\tnsubj\t2:nsubj|2.1:nsubj\t_
2\tparle\tparler\tVERB\t_\t_\t0\troot\t0:root\t_
2.1\tboit\tboire\tVERB\t_\t_\t_\t_\t2:conj\t_
3-4\tdu\t_\t_\t_\t_\t_\t_\t_\t_
3\tde\tde\tADP\t_\t_\t7\tcase\t_\t_
4\tle\tle\tDET\t_\t_\t7\tdet\t_\t_
5\tde\tde\tX\t_\t_\t7\tdep\t_\t_
6\tde\tde\tX\t_\t_\t7\tdep\t_\t_
7\tvin\tvin\tNOUN\t_\tGender=Masc\t2\tobl\t2:obl:de\tSpaceAfter=No
8\t,\t,\tPUNCT\t_\t_\t2\tpunct\t_\t_
9-10\tdu\t_\t_\t_\t_\t_\t_\t_\t_
9\tde\tde\tADP\t_\t_\t11\tcase\t_\t_
10\tle\tle\tDET\t_\t_\t11\tdet\t_\tOdd|X=_
11\tmoins\tmoins\tNOUN\t_\t_\t2\tobl\t_\tSpaceAfter=No
12\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_

"""


def test_lines_without_ids_are_recognized_by_the_text() -> None:
    row = old_row(conllu.parse(OLD)[0])
    assert row["feats"][8] == "{'Gender': 'Masc'}"  # the data set prints values like this
    assert Document(sentences_from_rows([row])).to_conllu() == OLD
    ordered = row | {"feats": ["None"] * 8 + ["OrderedDict([('Gender', 'Masc')])"] + ["None"] * 6}
    assert Document(sentences_from_rows([ordered])).to_conllu() == OLD
    with pytest.raises(
        FormatError, match="data set, row 0, token 4: sentence f1, column ID: which words belong to the"
    ):
        list(sentences_from_rows([row | {"text": "Something else."}]))


def test_of_several_readings_the_one_with_joined_words_is_taken() -> None:
    # Both "aa aa a" and "aa a aa" spell the text, but only in the first is each token spelled like its words.
    row = {
        "tokens": ["aa", "a", "a", "aa", "a", "a", "a"],
        "text": "aaaaa",
        "upos": ["_", "X", "X", "_", "X", "X", "X"],
    }
    sentence = next(sentences_from_rows([row | {"head": ["None", "0", "1", "None", "1", "1", "1"]}]))
    assert [(m.start, m.end) for m in sentence.mwts] == [(1, 2), (3, 4)]
    assert sentence.columns["FORM"] == ["a"] * 5


def test_without_a_text_tokens_spelled_like_their_words_are_recognized() -> None:
    rows = old_row(conllu.parse(TRICKY.replace("0.1\t_\t_\t_\t_\t_\t_\t_\t_", "0.1\t_\t_\t_\t_\t_\t_\t_\t1:x"))[0])
    rows["text"] = None
    for name in ("deps", "upos"):  # the second empty node has nothing that tells it from a token
        rows[name][9] = {"deps": "[('x', 1)]", "upos": "X"}[name]
    sentence = next(sentences_from_rows([rows]))
    assert [(m.start, m.end) for m in sentence.mwts] == [(2, 3)]
    assert [n.id for n in sentence.empty_nodes] == [(0, 1), (6, 1), (6, 2)]


def test_unannotated_lines_are_words() -> None:
    row = {"tokens": ["a", "b"], "head": ["None", "None"], "upos": [None, None]}
    assert next(sentences_from_rows([row])).columns == {"FORM": ["a", "b"], "UPOS": ["_"] * 2, "HEAD": ["_"] * 2}


def test_numbers_of_entity_tags_need_names(tmp_path: Path) -> None:
    rows = [{"id": "7", "tokens": ["Ann", "Lee", "#", "_"], "ner_tags": [1, 2, 0, -1]}]
    labels = {"ner_tags": ["O", "B-PER", "I-PER"]}
    sentence = next(sentences_from_rows(rows, labels))
    assert sentence.columns == {"FORM": ["Ann", "Lee", "#", "_"], "NER": ["B-PER", "I-PER", "O", "_"]}
    assert (sentence.sent_id, [span.text for span in sentence.ents]) == ("7", ["Ann Lee"])
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    assert next(iter_parquet(tmp_path / "x.parquet", labels=labels)).columns == sentence.columns
    with pytest.raises(FormatError) as error:
        read_parquet(tmp_path / "x.parquet")
    assert str(error.value).endswith(
        "x.parquet, row 0, token 1: sentence 7, column NER: the numbers of the field 'ner_tags' have no names; "
        "pass labels={'ner_tags': ['O', 'B-PER', …]}"
    )
    with pytest.raises(FormatError, match="column NER: 2 is no label of 'ner_tags', which has 2"):
        list(sentences_from_rows(rows, {"ner_tags": ["O", "B-PER"]}))


def test_fields_of_other_names_may_be_given() -> None:
    row = {"sent": ["a", "b"], "labels": ["O", "B-X"], "tokens": ["x", "y", "z"], "pos_tags": [0, 1]}
    fields = {"sent": "FORM", "labels": "NER", "pos_tags": "UPOS"}
    sentence = next(sentences_from_rows([row], {"pos_tags": ["DET", "NOUN"]}, fields))
    assert sentence.columns == {"FORM": ["a", "b"], "NER": ["O", "B-X"], "UPOS": ["DET", "NOUN"]}
    kept = next(sentences_from_rows([row], None, {"pos_tags": "", "sent": ""}))
    assert kept.columns == {"FORM": ["x", "y", "z"]}
    with pytest.raises(FormatError, match="there is no field 'words'; there are sent, labels, tokens, pos_tags"):
        list(sentences_from_rows([row], None, {"words": "FORM"}))
    with pytest.raises(FormatError, match="two fields for one column"):
        list(sentences_from_rows([row], None, {"sent": "FORM", "tokens": "FORM"}))
    with pytest.raises(FormatError, match="column NER: expected 2 values, one for each word, found 3"):
        list(sentences_from_rows([{"tokens": ["a", "b"], "ner_tags": ["O", "O", "O"]}]))


def test_cells_that_only_look_like_printed_values_stay() -> None:
    row = {"tokens": ["a"], "lemmas": ["None"], "misc": ["{broken"], "feats": ["[1, 2]"]}
    assert next(sentences_from_rows([row])).columns == {
        "FORM": ["a"],
        "LEMMA": ["None"],
        "FEATS": ["[1, 2]"],
        "MISC": ["{broken"],
    }


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("UD_English-EWT/en_ewt-ud-dev.conllu", marks=pytest.mark.slow),
        pytest.param("UD_French-Sequoia/fr_sequoia-ud-dev.conllu", marks=pytest.mark.slow),
        "UD_Hebrew-IAHLTKnesset-NE/he_iahltknesset-ne-ud-test.conllu",
        "UD_Tamil-TTB/ta_ttb-ud-dev.conllu",
        pytest.param("UD_Turkish-IMST/tr_imst-ud-dev.conllu", marks=pytest.mark.slow),
    ],
)
def test_real_treebanks_survive_tables(shared: Path, tmp_path: Path, name: str) -> None:
    file = shared / "treebanks" / name
    document = read_conllu(file)
    write_parquet(iter_conllu(file), tmp_path / "x.parquet")
    assert conllup(iter_parquet(tmp_path / "x.parquet")) == conllup(document)
    assert conllup(Document(sentences_from_rows(map(new_row, document)))) == conllup(document)
    rows = (old_row(sentence) for sentence in conllu.parse(file.read_text(encoding="utf-8")))
    restored, expected = structure(Document(sentences_from_rows(rows))), structure(document)
    differing = [other[0] for one, other in zip(restored, expected, strict=True) if one != other]
    assert differing == []


def test_a_stream_opens_its_file_at_the_first_item(tmp_path: Path) -> None:
    stream = iter_parquet(tmp_path / "x.parquet")  # which is not there yet
    write_parquet(Document.from_conllu(TRICKY), tmp_path / "x.parquet")
    assert [sentence.place for sentence in stream] == [f"{tmp_path / 'x.parquet'}, row {row}" for row in (0, 1)]
    with pytest.raises(FormatError, match="cannot be read: no such file"):
        next(iter_parquet(tmp_path / "none.parquet"))
