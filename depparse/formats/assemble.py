"""Sentences made of rows or columns that come from dictionaries, tables or objects of other libraries.

These are checked as the reader checks a file, so every sentence made here can be written and read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from depparse.document.annotations.records import as_dict, as_list, as_text, shown
from depparse.document.columns import CONLLU_COLUMNS, SURROGATE, VALUE_COLUMNS, is_unicode
from depparse.document.lines import valid_heads
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import Fail, FormatError
from depparse.formats.conllu import explain_head, sort_rows

if TYPE_CHECKING:
    import pyarrow


def reporter(place: str, comments: Iterable[object] = (), row_name: str = "row", first: int = 1) -> Fail:
    """Makes errors about the sentence at `place`, whose rows are called `row_name` and counted from `first`."""

    def fail(message: str, row: int | None = None, column: str | None = None) -> FormatError:
        lines = [line for line in comments if isinstance(line, str)]
        where = place if row is None else f"{place}, {row_name} {row + first}"
        return FormatError(message, path=where, sent_id=Sentence({"FORM": []}, lines).sent_id, column=column)

    return fail


def from_rows(
    names: Sequence[str], ids: Sequence[str], rows: Sequence[list[str]], comments: Sequence[str], fail: Fail
) -> Sentence:
    """The sentence of `rows` in file order, with IDs as in a file. `names` are the columns of their cells."""
    _check_comments(comments, fail)
    if not rows:
        raise fail("a sentence without words")
    for number, row in enumerate(rows):
        line = "".join(row)
        if "\t" in line or "\n" in line:
            column, cell = next((c, cell) for c, cell in zip(names, row, strict=True) if "\t" in cell or "\n" in cell)
            raise fail(f"a cell holds no tab and no line break, but {cell!r} does", number, column)
        if not is_unicode(line):
            column, cell = next((c, cell) for c, cell in zip(names, row, strict=True) if not is_unicode(cell))
            raise fail(f"{SURROGATE}, but {cell!r} does", number, column)
    mwts: list[MultiwordToken] = []
    nodes: list[EmptyNode] = []
    words = list(rows)
    if any(id != str(number) for number, id in enumerate(ids, 1)):
        words = sort_rows(words, tuple(ids), tuple(names), -1, mwts, nodes, fail)
    columns = dict(zip(names, map(list, zip(*words, strict=True)), strict=True))
    if "" in columns["FORM"]:
        form = list(names).index("FORM")
        empty = next(i for i, row in enumerate(rows) if not row[form] and ids[i].isdigit())
        raise fail("a word with an empty form; write _ for none", empty, "FORM")
    if "HEAD" in columns and not valid_heads(len(words)).issuperset(columns["HEAD"]):
        explain_head(list(rows), tuple(ids), list(names).index("HEAD"), len(words), fail)
    return Sentence(columns, comments, mwts, nodes)


def from_columns(
    columns: Mapping[str, list[str]],
    comments: Sequence[str],
    mwts: Sequence[MultiwordToken],
    nodes: Sequence[EmptyNode],
    fail: Fail,
) -> Sentence:
    """The sentence with these columns of its words, multiword tokens and empty nodes."""
    length = len(columns["FORM"])
    for name, column in columns.items():
        if len(column) != length:
            raise fail(f"expected {length} values, one for each word, found {len(column)}", column=name)
    names = tuple(columns)
    unchecked = Sentence(dict(columns), comments, mwts, nodes)
    lines = list(unchecked.rows(names))
    if len(lines) != length + len(mwts) + len(nodes):
        # rows() leaves out a token or node whose ID lies outside the sentence or is taken
        given_ids = [f"{m.start}-{m.end}" for m in mwts] + [f"{n.id[0]}.{n.id[1]}" for n in nodes]
        line_ids = [id for id, _ in lines]
        lost = next((id for id in given_ids if id not in line_ids or given_ids.count(id) > 1), given_ids[0])
        raise fail(f"{lost} is outside the sentence of {length} words, or stands in it twice", column="ID")
    return from_rows(names, [id for id, _ in lines], [list(cells) for _, cells in lines], comments, fail)


def _check_comments(comments: Sequence[str], fail: Fail) -> None:
    for line in comments:
        if not line.startswith("#") or "\n" in line:
            raise fail(f"a comment is one line that begins with #, not {line!r}")
        if not is_unicode(line):
            raise fail(f"{SURROGATE}, but the comment {line!r} does")


def as_comments(value: object, fail: Fail) -> list[str]:
    """The value, which must be a list of comments."""
    return [as_text(line, "a comment", fail) for line in as_list(value, "the comments", fail)]


def as_column_names(value: object, fail: Fail) -> list[str]:
    """The value, which must be the names of the columns of a document."""
    names = [as_text(name, "the name of a column", fail) for name in as_list(value, "the columns", fail)]
    if "FORM" not in names or len(set(names)) < len(names):
        raise fail(f"the columns name FORM and no column twice, unlike {shown(names)}")
    return names


def schema_metadata(schema: pyarrow.Schema, key: str, fail: Fail) -> dict[str, object]:
    """The dictionary that a schema keeps under `key` as JSON, empty if it has none: some libraries drop it."""
    stored = (schema.metadata or {}).get(key.encode())
    try:
        return {} if stored is None else as_dict(json.loads(stored), f"the metadata {key!r}", fail)
    except (ValueError, RecursionError) as error:
        raise fail(f"the metadata {key!r} is not JSON: {error}") from None


def node_id(id: object, fail: Fail) -> tuple[int, int]:
    """The ID of an empty node as a pair: (8, 1) for ``8.1``."""
    word, dot, number = as_text(id, "the ID of an empty node", fail).partition(".")
    if not (dot and word.isascii() and word.isdigit() and number.isascii() and number.isdigit()):
        raise fail(f"the ID of an empty node is written 8.1, not {id!r}", column="ID")
    return int(word), int(number)


def joined_names(column_names: Sequence[str], sentences: Iterable[Sentence]) -> list[str]:
    """The columns after ID: those in `column_names` first, then further ones of the sentences."""
    names = dict.fromkeys(name for name in column_names if name != "ID")
    for sentence in sentences:
        for name in sentence.column_names:
            names.setdefault(name)
    return list(names)


def column_names_of(sentence: Sentence | None) -> tuple[str, ...]:
    """The columns of the file that begins with `sentence`: its own if all of CoNLL-U are among them, else CoNLL-U's."""
    if sentence is None or not set(VALUE_COLUMNS) <= set(sentence.columns):
        return CONLLU_COLUMNS
    return ("ID", *sentence.columns)


# -- what dictionaries and frames share

DERIVED = ("start_char", "end_char")  # keys of offsets in the text, which are not read back


def free_name(column: str, taken: Iterable[str]) -> str:
    """The name of the field for `column`, marked with ``column:`` if its name is taken."""
    return f"column:{column}" if column in taken or column.startswith("column:") else column


_DIGITS = 9  # more than the ID of any word has; reading much longer numbers takes long


def is_number(cell: str) -> bool:
    """Whether the cell is a number in the form that ``str`` gives it, so that it can be kept as a number."""
    return len(cell) <= _DIGITS and cell.isascii() and cell.isdigit() and (cell[0] != "0" or cell == "0")


def characters_of(sentence: Sentence, id: str) -> tuple[int | None, int | None]:
    """The offsets in the document's text of the line with that ID; (None, None) if they cannot be told."""
    if "." in id:
        return None, None
    first, dash, _ = id.partition("-")
    start, end = sentence.token_chars()[int(first)] if dash else sentence.word_chars()[int(id) - 1]
    if start is None or end is None:
        return None, None
    return start + sentence.start_char, end + sentence.start_char
