"""Documents as Arrow tables and Parquet files, one row for each sentence, to train from data larger than memory.

A row has the fields ``sent_id`` and ``text`` (derived), ``comments`` (whole lines), and all columns as lists over the
words: ``FORM`` … ``MISC`` and any further ones, as strings, HEAD as int32. An unannotated cell is null; the whole list
is null if the sentence has no such column. ``mwts`` and ``empty_nodes`` have their cells. Annotation that is objects
(``ents``, ``frames`` …) has a field, filled if the objects have scores or the cells do not say everything. Nothing of
a file is lost. The metadata have the columns of the document; libraries that keep no metadata have a field ``columns``.

Tables with a row for each line, as `Document.to_pandas` makes them, are read, too.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_type
from depparse.document.annotations import kinds
from depparse.document.annotations.records import as_dict, as_list, as_text, shown
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS
from depparse.document.document import Conversion, Document
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import Fail, FormatError
from depparse.files import PathLike, open_output
from depparse.formats.assemble import (
    as_column_names,
    as_comments,
    column_names_of,
    free_name,
    from_columns,
    joined_names,
    node_id,
    reporter,
    schema_metadata,
)
from depparse.formats.pandas import from_lines, has_lines

if TYPE_CHECKING:
    import pyarrow

    from depparse.document.annotations.kind import Kind

ROWS = 1000  # sentences in a record batch and in a row group of a Parquet file
NAMES = "columns"  # the field with the columns of the document
_OWN = ("sent_id", "text", "comments", "mwts", "empty_nodes", NAMES)
_METADATA = "depparse"


def _own_fields() -> frozenset[str]:
    """The names of the fields that hold no columns."""
    return _fields_with(kinds())


@cache
def _fields_with(all_kinds: tuple[Kind, ...]) -> frozenset[str]:
    return frozenset((*_OWN, *(kind.record for kind in all_kinds if kind.record is not None)))


def _field(column: str) -> str:
    """The name of the field for a column, marked with ``column:`` if another field has the name of the column."""
    return free_name(column, _own_fields())


def schema(columns: Iterable[str] = VALUE_COLUMNS, column_names: Sequence[str] = CONLLU_COLUMNS) -> pyarrow.Schema:
    """The schema of a table for sentences with `columns`; `column_names` are those of the document, ID included."""
    import pyarrow as pa

    columns = [name for name in columns if name != "ID"]
    string, number = pa.string(), pa.int32()
    strings = pa.list_(string)
    cells = pa.struct([pa.field(name, string) for name in columns])
    fields = [("sent_id", string), ("text", string), ("comments", strings)]
    fields += [(_field(name), pa.list_(number) if name == "HEAD" else strings) for name in columns]
    fields += [
        ("mwts", pa.list_(pa.struct({"start": number, "end": number, "cells": cells}))),
        ("empty_nodes", pa.list_(pa.struct({"id": string, "cells": cells}))),
    ]
    fields += [(kind.record, kind.arrow_type()) for kind in kinds() if kind.record is not None]
    metadata = {_METADATA: json.dumps({"format": 1, "columns": list(column_names)}).encode()}
    return pa.schema(fields, metadata)


# -- out


def to_arrow(doc: Document, columns: Sequence[str] | None = None) -> pyarrow.Table:
    """The document as a table with one row for each sentence, and the fields that this module names.

    `from_arrow` makes the document of it again. The table has the `columns` (without ID), by default those of CoNLL-U
    and of the sentences. Raises FormatError for a sentence with another column.
    """
    import pyarrow as pa

    fields = schema(columns or joined_names(CONLLU_COLUMNS, doc.sentences), doc.column_names)
    return pa.Table.from_batches(record_batches(placed(doc.sentences), fields), fields)


def record_batches(sentences: Iterable[Sentence], fields: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """The sentences in batches of `ROWS`. Raises FormatError for a sentence with a column that `fields` lacks."""
    import pyarrow as pa

    field_names = set(fields.names)
    numbered = enumerate(sentences)
    while chunk := list(itertools.islice(numbered, ROWS)):
        rows = []
        for number, sentence in chunk:
            fail = reporter(f"sentence {number}", sentence.comments)
            if new := [name for name in sentence.column_names if _field(name) not in field_names]:
                message = f"this column first appears after {ROWS} sentences; name all in columns= beforehand"
                raise fail(message if number >= ROWS else "the schema does not have this column", column=new[0])
            try:
                sentence.check()
            except FormatError as error:
                raise fail(error.message, column=error.column) from None
            rows.append(_row(sentence))
        yield pa.RecordBatch.from_pylist(rows, schema=fields)


def _row(sentence: Sentence) -> dict[str, object]:
    row: dict[str, object] = {"sent_id": sentence.sent_id, "text": sentence.text, "comments": sentence.comments}
    forms = sentence.columns["FORM"]
    for name, column in sentence.columns.items():
        if name == "FORM":
            row[name] = column
        elif name == "HEAD":
            row[name] = sentence.heads
        elif name == "LEMMA":  # `_` as the lemma of an underscore in the text is a value
            pairs = zip(column, forms, strict=True)
            row[name] = [None if cell == "_" and form != "_" else cell for cell, form in pairs]
        else:
            row[_field(name)] = [None if cell == "_" else cell for cell in column]
    for name in sentence.column_names[len(sentence.columns) :]:  # only lines of tokens and nodes have them
        row[_field(name)] = [None] * len(sentence)
    row["mwts"] = [{"start": m.start, "end": m.end, "cells": _stored(m.cells)} for m in sentence.mwts]
    row["empty_nodes"] = [{"id": f"{n.id[0]}.{n.id[1]}", "cells": _stored(n.cells)} for n in sentence.empty_nodes]
    return row | {kind.record: kind.stored(sentence) for kind in kinds() if kind.record is not None}


def _stored(cells: Mapping[str, str]) -> dict[str, str | None]:
    return {name: None if cell == "_" else cell for name, cell in cells.items()}


def write_parquet(sentences: Iterable[Sentence], path: PathLike, columns: Sequence[str] | None = None) -> None:
    """Writes a Parquet file with `ROWS` sentences in a row group, in constant memory; it appears when it is complete.

    `columns` (without ID) are those of the sentences. By default they are taken from the document or, if `sentences`
    is none, from its first `ROWS` sentences.
    """
    import pyarrow.parquet as pq

    source, fields = with_schema(sentences, columns)
    with open_output(path) as out, pq.ParquetWriter(out.buffer, fields, compression="zstd") as writer:
        for batch in record_batches(source, fields):
            writer.write_batch(batch)


def with_schema(
    sentences: Iterable[Sentence], columns: Sequence[str] | None = None
) -> tuple[Iterator[Sentence], pyarrow.Schema]:
    """The sentences and their schema, for `columns` or else for the columns of a document or of the first `ROWS`."""
    if isinstance(sentences, Document):
        names = columns or joined_names(CONLLU_COLUMNS, sentences.sentences)
        return placed(sentences.sentences), schema(names, sentences.column_names)
    source = iter(sentences)
    first = list(itertools.islice(source, ROWS))
    names = columns or joined_names(CONLLU_COLUMNS, first)
    return itertools.chain(first, source), schema(names, column_names_of(first[0] if first else None))


# -- in


def from_arrow(table: pyarrow.Table) -> Document:
    """The document in a table of `to_arrow`, or of the hub's forms (`depparse.formats.hub`). Raises FormatError."""
    import pyarrow as pa

    check_type(table, pa.Table, "table", "a pyarrow.Table")
    return _document(table.schema, table.to_batches(), "table")


def read_parquet(path: PathLike) -> Document:
    """The document in a Parquet file, ours or of the hub's forms. Raises FormatError."""
    with parquet_file(path) as file, _explained(path):
        return _document(file.schema_arrow, file.iter_batches(batch_size=ROWS), os.fspath(path))


def _document(fields: pyarrow.Schema, batches: Iterable[pyarrow.RecordBatch], place: str) -> Document:
    if has_lines(fields):
        return from_lines(fields, batches)
    named: Sequence[str] | None = None
    if is_own(fields.names) and NAMES in fields.names:
        batches = [batch for batch in batches if len(batch)]
        named = as_column_names(batches[0].column(NAMES)[0].as_py(), reporter(place)) if batches else None
    sentences = list(placed(sentences_from_batches(fields, batches, place)))
    return Document(sentences, named or column_names(fields, sentences, place))


def iter_parquet(
    path: PathLike, fields: Mapping[str, str] | None = None, labels: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Sentence]:
    """The sentences of a Parquet file, ours or of the hub's forms, in constant memory. Raises FormatError.

    `fields` and `labels` are for the hub's forms: see `depparse.formats.hub.sentences_from_rows`.
    """
    with parquet_file(path) as file, _explained(path):
        batches = file.iter_batches(batch_size=ROWS)
        yield from placed(sentences_from_batches(file.schema_arrow, batches, os.fspath(path), fields, labels))


def parquet_file(path: PathLike) -> Any:
    """The opened file. Raises FormatError if it cannot be read or is no Parquet file."""
    import pyarrow.parquet as pq

    try:
        open(path, "rb").close()  # open() gives the plain reason if the file cannot be read
    except OSError as error:
        message = (error.strerror or str(error)).lower()
        raise FormatError(f"cannot be read: {message}", path=os.fspath(path)) from error
    with _explained(path):
        return pq.ParquetFile(path)


@contextlib.contextmanager
def _explained(path: PathLike) -> Iterator[None]:
    """Raises FormatError for what pyarrow raises when it reads a damaged file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError, OverflowError) as error:
        raise FormatError(f"not a Parquet file, or a damaged one: {error}", path=os.fspath(path)) from None


def sentences_from_batches(
    fields: pyarrow.Schema,
    batches: Iterable[pyarrow.RecordBatch],
    place: str,
    hub_fields: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Sentence]:
    """The sentences of record batches with the schema `fields`: in our own form if it has FORM, else the hub's."""
    if has_lines(fields):
        return iter(from_lines(fields, batches))
    rows = _rows(batches, place)
    if is_own(fields.names):
        return sentences_from_own_rows(rows, place)
    from depparse.formats.hub import label_names, sentences_from_rows

    return sentences_from_rows(rows, {**label_names(fields, place), **(labels or {})}, hub_fields, place)


def _rows(batches: Iterable[pyarrow.RecordBatch], place: str) -> Iterator[dict[str, Any]]:
    for batch in batches:
        try:
            rows = batch.to_pylist()
        except UnicodeDecodeError as error:
            raise FormatError(f"a string is not UTF-8: {error}", path=place) from None
        yield from rows


def is_own(names: Sequence[str]) -> bool:
    """Whether fields with these names come from this module."""
    return "FORM" in names


def columns_of(names: Sequence[str]) -> list[str]:
    """The columns of sentences, of which fields with these names come, without ID."""
    own = _own_fields()
    return [name.removeprefix("column:") for name in names if name not in own]


def column_names(fields: pyarrow.Schema | None, sentences: Sequence[Sentence], place: str) -> Sequence[str]:
    """The columns of the document whose sentences were read from a table with the schema `fields`."""
    names = stored_names(fields, place) if fields is not None else None
    return names or column_names_of(next(iter(sentences), None))


def stored_names(fields: pyarrow.Schema, place: str) -> list[str] | None:
    """The columns of the document that the metadata of a schema tell; None if they do not."""
    fail = reporter(place)
    stored = schema_metadata(fields, _METADATA, fail)
    return as_column_names(stored.get("columns"), fail) if stored else None


def sentences_from_own_rows(rows: Iterable[Mapping[str, Any]], place: str) -> Iterator[Sentence]:
    """The sentences of rows with the fields of this module."""
    for number, row in enumerate(rows):
        yield _sentence(row, f"{place}, row {number}")


def _sentence(row: Mapping[str, Any], place: str) -> Sentence:
    if isinstance(row.get("FORM"), str):
        raise reporter(place)("a row for each line, not for each sentence; Document.from_pandas reads such a table")
    comments = as_comments(row.get("comments") or [], reporter(place))
    fail = reporter(place, comments)
    columns: dict[str, list[str]] = {}
    for field, values in row.items():
        if field in _own_fields() or values is None:
            continue
        name = field.removeprefix("column:")
        columns[name] = [_cell(value, name, fail) for value in as_list(values, f"the column {name}", fail)]
    if "FORM" not in columns:
        raise fail("a sentence without forms", column="FORM")
    mwts = [_mwt(as_dict(item, "a multiword token", fail), columns, fail) for item in row.get("mwts") or []]
    nodes = [_node(as_dict(item, "an empty node", fail), columns, fail) for item in row.get("empty_nodes") or []]
    sentence = from_columns(columns, comments, mwts, nodes, fail)
    sentence.place = place
    for kind in kinds():
        if kind.record is not None and (records := row.get(kind.record)) is not None:
            kind.from_records(sentence, records, fail)
    return sentence


def _cell(value: object, name: str, fail: Fail) -> str:
    if value is None:
        return "_"
    if name == "HEAD" and isinstance(value, int):
        return str(value)
    return as_text(value, "a cell", fail)


def _mwt(item: dict[str, object], columns: Iterable[str], fail: Fail) -> MultiwordToken:
    start, end = item.get("start"), item.get("end")
    if not isinstance(start, int) or not isinstance(end, int):
        raise fail(f"expected a multiword token with a start and an end, found {shown(item)}", column="ID")
    return MultiwordToken(start, end, _cells(item, columns, fail))


def _node(item: dict[str, object], columns: Iterable[str], fail: Fail) -> EmptyNode:
    return EmptyNode(node_id(item.get("id"), fail), _cells(item, columns, fail))


def _cells(item: dict[str, object], columns: Iterable[str], fail: Fail) -> dict[str, str]:
    cells = as_dict(item.get("cells"), "the cells of a line", fail)
    return {name: "_" if cells.get(name) is None else as_text(cells[name], "a cell", fail) for name in columns}


CONVERSION = Conversion(to_arrow, from_arrow)
