"""Rows of public data sets in the forms of the Hugging Face hub, as sentences.

- Universal Dependencies with ``sent_id, text, comments, tokens … misc, mwt, empty_nodes``: nothing is lost except
  the blanks after the ``#`` of comments.
- Universal Dependencies in the older form ``idx, text, tokens, lemmas, upos, xpos, feats, head, deprel, deps, misc``,
  where columns are printed Python values, comments are gone, and the lines of multiword tokens and empty nodes stand
  among the words without their IDs. The text helps to find these IDs again.
- Sets for token classification: ``tokens`` with ``ner_tags`` (and ``annotator``, or ``pos_tags`` and ``chunk_tags``).

Tags may be strings, or numbers of a ClassLabel whose names the schema has or the caller gives.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from depparse.document.annotations.entities import ENTITY_COLUMN
from depparse.document.annotations.records import as_dict, as_list, as_text
from depparse.document.columns import format_deps
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import Fail
from depparse.formats.assemble import as_comments, from_columns, from_rows, node_id, reporter, schema_metadata
from depparse.formats.hub_lines import line_ids

if TYPE_CHECKING:
    import pyarrow

FIELDS = {
    "tokens": "FORM",
    "words": "FORM",
    "lemmas": "LEMMA",
    "upos": "UPOS",
    "xpos": "XPOS",
    "feats": "FEATS",
    "head": "HEAD",
    "deprel": "DEPREL",
    "deps": "DEPS",
    "misc": "MISC",
    "pos_tags": "XPOS",
    "chunk_tags": "CHUNK",
    "ner_tags": ENTITY_COLUMN,
    "ner": ENTITY_COLUMN,
    "annotator": "UNER:ANNOTATOR",
}
_SENTENCE_IDS = ("sent_id", "idx", "id")
_PRINTED = ("FEATS", "HEAD", "DEPREL", "DEPS", "MISC")  # printed by str() in the older form, so None is "None"
_PLACES = {"__SENT_ID__": "sent_id", "__TEXT__": "text"}  # in `comments`, for comments with a field of their own
Labels = Mapping[str, Sequence[str]]


def label_names(schema: pyarrow.Schema, place: str = "data set") -> dict[str, list[str]]:
    """The label names of ClassLabel fields, which the library datasets keeps in the metadata of Arrow and Parquet.

    Raises FormatError if the metadata is damaged.
    """
    fail = reporter(place)
    info = as_dict(schema_metadata(schema, "huggingface", fail).get("info") or {}, "the info of the metadata", fail)
    names = {}
    for field, feature in as_dict(info.get("features") or {}, "the features of the metadata", fail).items():
        while isinstance(feature, dict) and isinstance(feature.get("feature"), dict):
            feature = feature["feature"]
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names"):
            labels = as_list(feature["names"], f"the label names of {field!r}", fail)
            names[field] = [as_text(label, "a label name", fail) for label in labels]
    return names


def sentences_from_rows(
    rows: Iterable[Mapping[str, Any]],
    labels: Labels | None = None,
    fields: Mapping[str, str] | None = None,
    place: str = "data set",
) -> Iterator[Sentence]:
    """The sentences in rows of the hub's forms. Raises FormatError.

    `labels` gives the names of the numbers in a field: ``{"ner_tags": ["O", "B-PER", …]}``. `fields` gives the column
    of a field that `FIELDS` does not have: ``{"labels": "NER"}``; '' leaves a field out. All other fields are left out.
    """
    return placed(_sentences(rows, labels or {}, fields or {}, place))


def _sentences(
    rows: Iterable[Mapping[str, Any]], labels: Labels, fields: Mapping[str, str], place: str
) -> Iterator[Sentence]:
    for number, row in enumerate(rows):
        where = f"{place}, row {number}"
        columns = _columns_of(row, fields, reporter(where))
        sent_id = next((str(row[name]) for name in _SENTENCE_IDS if row.get(name) not in (None, "")), None)
        id_comment = [] if sent_id is None else [f"# sent_id = {_line(sent_id)}"]
        fail = reporter(where, id_comment, "token")
        cells = {column: _cells(row[field], field, column, labels, fail) for field, column in columns.items()}
        text = None if row.get("text") is None else _line(as_text(row["text"], "the text", fail))
        if "mwt" in row or "empty_nodes" in row:
            names = tuple(cells)
            mwts = [_mwt(as_dict(item, "a multiword token", fail), names, fail) for item in row.get("mwt") or []]
            nodes = [_node(as_dict(item, "an empty node", fail), names, fail) for item in row.get("empty_nodes") or []]
            sentence = from_columns(cells, id_comment, mwts, nodes, fail)
        else:
            lines = [list(line) for line in _lines(cells, fail)]
            sentence = from_rows(list(cells), line_ids(cells, text, fail), lines, id_comment, fail)
        sentence.place = where
        _set_comments(sentence, as_comments(row.get("comments") or [], fail), cells["FORM"], text)
        yield sentence


def _columns_of(row: Mapping[str, Any], fields: Mapping[str, str], fail: Fail) -> dict[str, str]:
    """The column of each field to be read, FORM first."""
    if missing := [field for field in fields if field not in row]:
        raise fail(f"there is no field {missing[0]!r}; there are {', '.join(row)}")
    chosen = {field: column for field, column in fields.items() if column}
    if len(set(chosen.values())) < len(chosen):
        raise fail(f"two fields for one column in {chosen}")
    for field, column in FIELDS.items():
        if field in row and field not in fields and column not in chosen.values() and row[field] is not None:
            chosen[field] = column
    if "FORM" not in chosen.values():
        message = f"no field is known to hold the words; there are {', '.join(row)}. Say which: fields={{'…': 'FORM'}}"
        raise fail(message, column="FORM")
    return dict(sorted(chosen.items(), key=lambda item: item[1] != "FORM"))


def _lines(cells: Mapping[str, list[str]], fail: Fail) -> Iterator[tuple[str, ...]]:
    length = len(cells["FORM"])
    for column, values in cells.items():
        if len(values) != length:
            raise fail(f"expected {length} values, one for each word, found {len(values)}", column=column)
    return zip(*cells.values(), strict=True)


def _cells(values: object, field: str, column: str, labels: Labels, fail: Fail) -> list[str]:
    names = labels.get(field)
    cells = []
    for number, value in enumerate(as_list(values, f"the field {field}", fail)):
        if isinstance(value, int) and column != "HEAD":
            value = _label(value, field, names, number, column, fail)
        cell = "_" if value is None else str(value) if isinstance(value, int) else as_text(value, "a value", fail)
        if column != "FORM":
            cell = (_unprinted(cell) if column in _PRINTED else cell) or "_"
        cells.append(cell)
    return cells


def _label(value: int, field: str, names: Sequence[str] | None, number: int, column: str, fail: Fail) -> str | None:
    if names is None:
        message = f"the numbers of the field {field!r} have no names; pass labels={{'{field}': ['O', 'B-PER', …]}}"
        raise fail(message, number, column)
    if value == -1:  # what the library datasets writes for a missing label
        return None
    if not 0 <= value < len(names):
        raise fail(f"{value} is no label of {field!r}, which has {len(names)}", number, column)
    return names[value]


def _unprinted(cell: str) -> str:
    """The cell of CoNLL-U for a printed value of the library conllu; any other cell is returned unchanged."""
    if cell == "None":
        return "_"
    text = cell
    if text.startswith("OrderedDict(") and text.endswith(")"):
        text = text.removeprefix("OrderedDict(")[:-1] or "{}"
    if not text.startswith(("{", "[")):
        return cell
    try:
        value = ast.literal_eval(text)
        if isinstance(value, list) and text is cell:
            return format_deps((_id(head), relation) for relation, head in value)
        items = dict(value).items()
        return "|".join(key if part == "" else f"{key}={'_' if part is None else part}" for key, part in items) or "_"
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return cell


def _id(head: object) -> str:
    return "".join(map(str, head)) if isinstance(head, tuple) else str(head)


def _mwt(item: dict[str, object], names: Sequence[str], fail: Fail) -> MultiwordToken:
    id = as_text(item.get("id"), "the ID of a multiword token", fail)
    match = re.fullmatch(r"([0-9]+)-([0-9]+)", id)
    if match is None:
        raise fail(f"the ID of a multiword token is written 3-4, not {id!r}", column="ID")
    return MultiwordToken(int(match[1]), int(match[2]), _line_cells(item, names, fail))


def _node(item: dict[str, object], names: Sequence[str], fail: Fail) -> EmptyNode:
    return EmptyNode(node_id(item.get("id"), fail), _line_cells(item, names, fail))


def _line_cells(item: dict[str, object], names: Sequence[str], fail: Fail) -> dict[str, str]:
    values = {name: item.get(name.lower()) for name in names}
    return {name: as_text(value, "a value", fail) if value else "_" for name, value in values.items()}


def _line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text)


def _set_comments(sentence: Sentence, stored: Sequence[str], forms: Sequence[str], text: str | None) -> None:
    """Sets the comments of the row, with sent_id, which the sentence has already, and text in their places."""
    lines = [line if line.startswith("#") else f"# {line}" for line in map(_line, stored) if line not in _PLACES]
    if len(lines) < len(stored):
        values = {"sent_id": sentence.sent_id, "text": text}
        ordinary = iter(lines)
        placed_lines = [
            f"# {_PLACES[line]} = {values[_PLACES[line]]}" if line in _PLACES else next(ordinary) for line in stored
        ]
        sentence.comments = placed_lines
        return
    sentence.comments = lines + [line for line in sentence.comments if line not in lines]
    # For a sentence without a text, the data set joined the forms by spaces; that is no text to keep.
    if text is not None and sentence.comment("text") is None and (text != " ".join(forms) or text == sentence.text):
        sentence.set_comment("text", text)
