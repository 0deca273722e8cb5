"""Documents as pandas frames, one row for each line of the file, and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_type
from depparse.document.document import Conversion, Document
from depparse.document.raw_text import placed
from depparse.formats.assemble import (
    DERIVED,
    characters_of,
    column_names_of,
    free_name,
    from_rows,
    is_number,
    joined_names,
    reporter,
)

if TYPE_CHECKING:
    import pandas
    import pyarrow

_LINE = ("sentence", "sent_id", "comments", "id", "kind", "token")  # the first columns of a frame


def to_pandas(doc: Document) -> pandas.DataFrame:
    """A frame with one row for each line of the file, in order. `from_pandas` makes the document of it again.

    Its columns are ``sentence`` (from 0), ``sent_id``, ``comments`` (the lines before the sentence, on its first row
    only), ``id`` as text, ``kind`` (token for a multiword token, word, empty), ``token`` (the surface token that the
    line belongs to), the columns under their own names, ``start_char``, ``end_char``. HEAD and the offsets are Int64,
    all others strings; an unannotated cell is NA.

    The frame does not keep scores of entities and frames, nor a HEAD of a multiword token or an empty node that is no
    number. An empty cell becomes ``_`` in `from_pandas`. Raises FormatError for a sentence that no file could hold.
    """
    import pandas

    names = joined_names(doc.column_names, doc.sentences)
    lines: dict[str, list[Any]] = {name: [] for name in _LINE}
    cells: list[tuple[str, ...]] = []
    starts: list[int | None] = []
    ends: list[int | None] = []
    for number, sentence in enumerate(placed(doc.sentences)):
        sentence.check()
        comments: str | None = "\n".join(sentence.comments)
        surface = {word.id: token.text for token in sentence.tokens for word in token.words}
        for id, row in sentence.rows(names):
            kind = "token" if "-" in id else "empty" if "." in id else "word"
            token = None if kind == "empty" else surface[int(id.partition("-")[0])]
            for name, value in zip(_LINE, (number, sentence.sent_id, comments, id, kind, token), strict=True):
                lines[name].append(value)
            comments = None
            cells.append(row)
            start, end = characters_of(sentence, id)
            starts.append(start)
            ends.append(end)
    data: dict[str, Any] = {name: pandas.array(lines[name], dtype="string") for name in _LINE}
    data["sentence"] = pandas.array(lines["sentence"], dtype="int64")
    data["kind"] = pandas.Categorical(lines["kind"], categories=["token", "word", "empty"])
    for position, name in enumerate(names):
        column: list[Any] = [None if row[position] == "_" and name != "FORM" else row[position] for row in cells]
        if name == "HEAD":
            heads = [int(cell) if cell is not None and is_number(cell) else None for cell in column]
            data[name] = pandas.array(heads, dtype="Int64")
        else:
            data[free_name(name, (*_LINE, *DERIVED))] = pandas.array(column, dtype="string")
    data["start_char"], data["end_char"] = pandas.array(starts, dtype="Int64"), pandas.array(ends, dtype="Int64")
    frame = pandas.DataFrame(data)
    frame.attrs["columns"] = list(doc.column_names)
    return frame


def from_pandas(frame: pandas.DataFrame) -> Document:
    """The document in a frame that has whole sentences: rows in order, ``sentence``, ``id`` (as text) and ``FORM``.

    The comments come from the column ``comments`` or, without it, from ``sent_id``. The rows of a sentence stand
    together. A column without any value is kept as an unannotated one, and an empty value becomes ``_``. Raises
    FormatError, with the row, for a line without a form.
    """
    import pandas

    check_type(frame, pandas.DataFrame, "frame", "a pandas.DataFrame")
    fail = reporter("frame")
    for needed in ("sentence", "id", "FORM"):
        if needed not in frame.columns:
            raise fail(f"the column {needed!r} is missing; expected a frame as Document.to_pandas makes it")
    labels = [str(label) for label in frame.columns if label not in (*_LINE, *DERIVED)]
    names = [label.removeprefix("column:") for label in labels]
    columns = [_cells(frame[label], fill="" if label == "FORM" else "_") for label in labels]
    missing = frame["FORM"].isna().tolist()
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
        if True in missing[start:end]:
            hint = "pandas takes words such as null, NA and None for missing values: read the file with"
            message = f"a line without a form; if it comes from a file, {hint} keep_default_na=False"
            raise fail(message, missing[start:end].index(True), "FORM")
        sentences.append(from_rows(names, ids[start:end], rows, lines, fail))
    column_names = frame.attrs.get("columns")
    return Document(sentences, column_names or column_names_of(sentences[0] if sentences else None))


def has_lines(fields: pyarrow.Schema) -> bool:
    """Whether a table of Arrow with these fields has a row for each line, as `to_pandas` makes it."""
    import pyarrow as pa

    kind = fields.field("FORM").type if "FORM" in fields.names else pa.null()
    return not (pa.types.is_null(kind) or pa.types.is_nested(kind))


def from_lines(fields: pyarrow.Schema, batches: Iterable[pyarrow.RecordBatch]) -> Document:
    """The document in a table of Arrow that has a row for each line. Raises FormatError."""
    import pyarrow as pa

    return from_pandas(pa.Table.from_batches(batches, fields).to_pandas())


def _cells(column: pandas.Series[Any], fill: str = "") -> list[str]:
    """The values as cells. An empty one becomes `fill`, since readers of CSV tell it from a missing one or not."""
    pairs = zip(column.isna().tolist(), column.tolist(), strict=True)
    return ["_" if na else _cell(value) or fill for na, value in pairs]


def _cell(value: object) -> str:
    """The value as a cell. A whole float becomes an integer: pandas reads integers with gaps from CSV as floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


CONVERSION = Conversion(to_pandas, from_pandas)
