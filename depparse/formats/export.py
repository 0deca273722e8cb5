"""Documents as dictionaries (for JSON) and as pandas frames, and back.

Arrow and Parquet are in `depparse.formats.arrow`, the objects of the library conllu in `depparse.formats.token_lists`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from depparse.document.annotations import kinds
from depparse.document.annotations.records import Fail, as_dict, as_list, as_text, shown
from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.document import Document
from depparse.document.sentence import Sentence, placed
from depparse.formats.assemble import (
    as_comments,
    column_names_of,
    from_rows,
    joined_names,
    reporter,
)

if TYPE_CHECKING:
    import pandas

_KEYS = {"FORM": "text"} | {name: name.lower() for name in CONLLU_COLUMNS if name != "FORM"}
_DERIVED = ("start_char", "end_char")
_LINE = ("sentence", "sent_id", "comments", "id", "kind", "token")  # of a frame, before the columns


def _free(column: str, taken: Iterable[str]) -> str:
    """The name of a further column, marked if something else has that name already."""
    return f"column:{column}" if column in taken else column


def _key(column: str) -> str:
    return _KEYS.get(column) or _free(column, (*_KEYS.values(), *_DERIVED))


# -- dictionaries


def document_to_dict(doc: Document) -> dict[str, Any]:
    """The document as dictionaries, lists, strings and numbers, fit for JSON; `document_from_dict` undoes it.

    ``{"columns": [names, ID included], "sentences": [{"comments": [lines], "tokens": [rows], "ents", "frames"}]}``.
    A row is a line of the file. Its keys are Stanza's: ``id`` (3; [3, 4] for a multiword token; "3.1" for an empty
    node), ``text``, ``lemma`` … ``misc``, ``head`` as a number; other columns keep their names. What is unannotated is
    left out. ``start_char`` and ``end_char`` are derived and not read back. A sentence whose columns are not those of
    the document has ``columns`` of its own. Annotation that is objects, such as ``ents``, is there with its scores.
    """
    names = tuple(doc.column_names)
    return {"columns": list(names), "sentences": [_sentence_to_dict(s, names) for s in placed(doc.sentences)]}


def iter_json(sentences: Iterable[Sentence], column_names: Sequence[str] = CONLLU_COLUMNS) -> Iterator[str]:
    """The JSON of `document_to_dict`, as ``json.dumps(…, indent=1)`` has it, a sentence at a time."""
    names = json.dumps(list(column_names), ensure_ascii=False, indent=1).replace("\n", "\n ")
    yield f'{{\n "columns": {names},\n "sentences": ['
    between = "\n  "
    for sentence in placed(sentences):
        data = json.dumps(_sentence_to_dict(sentence, column_names), ensure_ascii=False, indent=1)
        yield between + data.replace("\n", "\n  ")
        between = ",\n  "
    yield "]\n}" if between == "\n  " else "\n ]\n}"


def _sentence_to_dict(sentence: Sentence, column_names: Sequence[str]) -> dict[str, Any]:
    names = tuple(sentence.columns)
    result: dict[str, Any] = {"comments": list(sentence.comments)}
    if names != tuple(name for name in column_names if name != "ID"):
        result["columns"] = list(names)
    result["tokens"] = [_row_to_dict(sentence, names, id, cells) for id, cells in sentence.rows(names)]
    for kind in kinds():
        if kind.record is not None and (records := kind.to_json(sentence)) is not None:
            result[kind.record] = records
    return result


def _row_to_dict(sentence: Sentence, names: Sequence[str], id: str, cells: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": [int(part) for part in id.split("-")] if "-" in id else id}
    if id.isdigit():
        row["id"] = int(id)
    form = cells[names.index("FORM")]
    for name, cell in zip(names, cells, strict=True):
        # The lemma of an underscore in the text is an underscore.
        if cell != "_" or name == "FORM" or (name == "LEMMA" and form == "_" and id.isdigit()):
            row[_key(name)] = int(cell) if name == "HEAD" and _is_number(cell) else cell
    start, end = _characters(sentence, id)
    if start is not None and end is not None:
        row["start_char"], row["end_char"] = start, end
    return row


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and str(int(cell)) == cell


def _characters(sentence: Sentence, id: str) -> tuple[int | None, int | None]:
    if "." in id:
        return None, None
    first, dash, _ = id.partition("-")
    start, end = sentence.token_chars()[int(first)] if dash else sentence.word_chars()[int(id) - 1]
    if start is None or end is None:
        return None, None
    return start + sentence.start_char, end + sentence.start_char


def document_from_dict(data: dict[str, Any]) -> Document:
    """The document that `document_to_dict` made. FormatError, with the place, if it is none.

    Only ``sentences`` and their ``tokens`` with ``id`` and ``text`` must be there.
    """
    fail = reporter("document")
    content = as_dict(data, "the document", fail)
    columns = _column_names(content.get("columns", list(CONLLU_COLUMNS)), fail)
    if "sentences" not in content:
        raise fail("the key 'sentences' is missing; expected what Document.to_dict gives", -1, None)
    sentences = as_list(content["sentences"], "the sentences", fail)
    names = [name for name in columns if name != "ID"]
    return Document([_sentence_from_dict(item, i, names) for i, item in enumerate(sentences)], columns)


def _column_names(value: object, fail: Fail) -> list[str]:
    names = [as_text(name, "the name of a column", fail) for name in as_list(value, "the columns", fail)]
    if "FORM" not in names or len(set(names)) < len(names):
        raise fail(f"the columns name FORM and no column twice, unlike {shown(names)}", -1, None)
    return names


def _sentence_from_dict(value: object, number: int, names: Sequence[str]) -> Sentence:
    fail = reporter(f"sentences[{number}]")
    item = as_dict(value, "a sentence", fail)
    comments = as_comments(item.get("comments", []), fail)
    fail = reporter(f"sentences[{number}]", comments, "token", 0)
    if "columns" in item:
        names = [name for name in _column_names(item["columns"], fail) if name != "ID"]
    if "tokens" not in item:
        raise fail("the key 'tokens' is missing; expected what Document.to_dict gives", -1, None)
    keys = {_key(name): name for name in names}
    ids, rows = [], []
    for position, token in enumerate(as_list(item["tokens"], "the tokens", fail)):
        if not isinstance(token, dict):
            raise fail(f"expected a dictionary, found {shown(token)}", position, None)
        ids.append(_id_from(token, position, fail))
        rows.append(_cells_from(token, keys, ids[-1], position, fail))
    sentence = from_rows(names, ids, rows, comments, fail)
    for kind in kinds():
        if kind.record in item:
            kind.from_records(sentence, item[kind.record], fail)
    return sentence


def _id_from(token: dict[str, object], position: int, fail: Fail) -> str:
    value = token.get("id")
    parts = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    if not 1 <= len(parts) <= 2 or not all(isinstance(part, int) and not isinstance(part, bool) for part in parts):
        raise fail(f'expected id as 3, [3, 4] or "3.1", found {shown(value)}', position, "ID")
    return "-".join(map(str, parts))


def _cells_from(token: dict[str, object], keys: dict[str, str], id: str, position: int, fail: Fail) -> list[str]:
    if "text" not in token:
        raise fail("the key 'text' is missing", position, "FORM")
    if unknown := [key for key in token if key not in keys and key != "id" and key not in _DERIVED]:
        raise fail(f"unknown key {unknown[0]!r}; this document has the columns {', '.join(keys)}", position, None)
    cells = []
    for key, name in keys.items():
        value = token.get(key)
        if value is None and name != "FORM":
            value = "_"
        number = isinstance(value, int) and not isinstance(value, bool)
        if name == "HEAD" and (number or (value != "_" and id.isdigit())):
            if not number:
                raise fail(f"expected head as a number, found {shown(value)}", position, name)
            value = str(value)
        if not isinstance(value, str):
            raise fail(f"expected {key} as a string, found {shown(value)}", position, name)
        cells.append(value)
    return cells


# -- pandas


def to_pandas(doc: Document) -> pandas.DataFrame:
    """A frame with one row a line of the file, in order; `from_pandas` undoes it.

    ``sentence`` (from 0), ``sent_id``, ``comments`` (the lines before the sentence, on its first row only), ``id`` as
    text, ``kind`` (token for a multiword token, word, empty), ``token`` (the surface token that the line belongs to),
    the columns under their own names, ``start_char``, ``end_char``. HEAD and characters are Int64, the rest are
    strings; unannotated is NA.

    Not kept: scores of entities and frames, and a HEAD of a multiword token or an empty node that is no number.
    """
    import pandas

    names = joined_names(doc.column_names, doc.sentences)
    lines: dict[str, list[Any]] = {name: [] for name in _LINE}
    cells: list[tuple[str, ...]] = []
    starts: list[int | None] = []
    ends: list[int | None] = []
    for number, sentence in enumerate(placed(doc.sentences)):
        comments: str | None = "\n".join(sentence.comments)
        surface = {word.id: token.text for token in sentence.tokens for word in token.words}
        for id, row in sentence.rows(names):
            kind = "token" if "-" in id else "empty" if "." in id else "word"
            token = None if kind == "empty" else surface[int(id.partition("-")[0])]
            for name, value in zip(_LINE, (number, sentence.sent_id, comments, id, kind, token), strict=True):
                lines[name].append(value)
            comments = None
            cells.append(row)
            start, end = _characters(sentence, id)
            starts.append(start)
            ends.append(end)
    data: dict[str, Any] = {name: pandas.array(lines[name], dtype="string") for name in _LINE}
    data["sentence"] = pandas.array(lines["sentence"], dtype="int64")
    data["kind"] = pandas.Categorical(lines["kind"], categories=["token", "word", "empty"])
    for position, name in enumerate(names):
        column: list[Any] = [None if row[position] == "_" and name != "FORM" else row[position] for row in cells]
        if name == "HEAD":
            heads = [int(cell) if cell is not None and _is_number(cell) else None for cell in column]
            data[name] = pandas.array(heads, dtype="Int64")
        else:
            data[_free(name, (*_LINE, *_DERIVED))] = pandas.array(column, dtype="string")
    data["start_char"], data["end_char"] = pandas.array(starts, dtype="Int64"), pandas.array(ends, dtype="Int64")
    frame = pandas.DataFrame(data)
    frame.attrs["columns"] = list(doc.column_names)
    return frame


def from_pandas(frame: pandas.DataFrame) -> Document:
    """The document in a frame that has whole sentences: rows in order, ``sentence``, ``id`` (as text) and ``FORM``.

    Comments are those of ``comments``; without that column, ``sent_id`` becomes one. Rows of a sentence stand
    together. A column that has no value in the frame is kept as an unannotated one.
    """
    fail = reporter("frame")
    for needed in ("sentence", "id", "FORM"):
        if needed not in frame.columns:
            raise fail(f"the column {needed!r} is missing; expected a frame as Document.to_pandas makes it", -1, None)
    labels = [str(label) for label in frame.columns if label not in (*_LINE, *_DERIVED)]
    names = [label.removeprefix("column:") for label in labels]
    columns = [_cells(frame[label]) for label in labels]
    ids = _cells(frame["id"])
    sent_ids = _cells(frame["sent_id"]) if "sent_id" in frame.columns else None
    comments = _cells(frame["comments"]) if "comments" in frame.columns else None
    numbers = frame["sentence"].tolist()
    bounds = [i for i in range(len(numbers)) if i == 0 or numbers[i] != numbers[i - 1]] + [len(numbers)]
    sentences = []
    for start, end in itertools.pairwise(bounds):
        if comments is not None:
            lines = comments[start].split("\n") if comments[start] not in ("_", "") else []
        else:
            lines = [f"# sent_id = {sent_ids[start]}"] if sent_ids is not None and sent_ids[start] != "_" else []
        rows = [[column[row] for column in columns] for row in range(start, end)]
        fail = reporter(f"sentence {numbers[start]} of the frame", lines)
        sentences.append(from_rows(names, ids[start:end], rows, lines, fail))
    given = frame.attrs.get("columns")
    return Document(sentences, given or column_names_of(sentences[0] if sentences else None))


def _cells(column: pandas.Series[Any]) -> list[str]:
    return ["_" if gone else _cell(value) for gone, value in zip(column.isna().tolist(), column.tolist(), strict=True)]


def _cell(value: object) -> str:
    """A number may come as a float: what pandas makes of a column with gaps on its way through a CSV file."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
