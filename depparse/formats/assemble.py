"""Sentences from parts that are no CoNLL-U text: dictionaries, tables, objects of other libraries.

The parts are checked as the reader checks a file, so what is accepted here can be written and read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from depparse.document.annotations.records import SURROGATE, as_list, as_text, is_unicode
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import Fail, FormatError
from depparse.formats.conllu import explain_head, sort_rows, valid_heads


def reporter(place: str, comments: Iterable[object] = (), row_name: str = "row", first: int = 1) -> Fail:
    """Errors of one sentence that stands at `place`; its rows are called `row_name` and counted from `first`."""

    def fail(message: str, row: int | None = None, column: str | None = None) -> FormatError:
        lines = [line for line in comments if isinstance(line, str)]
        where = place if row is None else f"{place}, {row_name} {row + first}"
        return FormatError(message, path=where, sent_id=Sentence({"FORM": []}, lines).sent_id, column=column)

    return fail


def from_rows(
    names: Sequence[str], ids: Sequence[str], rows: Sequence[list[str]], comments: Sequence[str], fail: Fail
) -> Sentence:
    """The sentence of `rows` in file order: their IDs as in a file, and their cells in the columns `names`."""
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
    """The sentence of `columns` over its words, with its multiword tokens and empty nodes."""
    length = len(columns["FORM"])
    for name, column in columns.items():
        if len(column) != length:
            raise fail(f"expected {length} values, one a word, found {len(column)}", column=name)
    names = tuple(columns)
    loose = Sentence(dict(columns), comments, mwts, nodes)
    lines = list(loose.rows(names))
    if len(lines) != length + len(mwts) + len(nodes):
        # rows() passes over what has no place of its own
        given = [f"{m.start}-{m.end}" for m in mwts] + [f"{n.id[0]}.{n.id[1]}" for n in nodes]
        found = [id for id, _ in lines]
        lost = next((id for id in given if id not in found or given.count(id) > 1), given[0])
        raise fail(f"{lost} is outside the sentence of {length} words, or stands in it twice", column="ID")
    return from_rows(names, [id for id, _ in lines], [list(cells) for _, cells in lines], comments, fail)


def _check_comments(comments: Sequence[str], fail: Fail) -> None:
    for line in comments:
        if not line.startswith("#") or "\n" in line:
            raise fail(f"a comment is one line that begins with #, not {line!r}")
        if not is_unicode(line):
            raise fail(f"{SURROGATE}, but the comment {line!r} does")


def as_comments(value: object, fail: Fail) -> list[str]:
    """The value, which is a list of comments."""
    return [as_text(line, "a comment", fail) for line in as_list(value, "the comments", fail)]


def node_id(id: object, fail: Fail) -> tuple[int, int]:
    """(8, 1) for the ID ``8.1`` of an empty node."""
    word, dot, number = as_text(id, "the ID of an empty node", fail).partition(".")
    if not (dot and word.isascii() and word.isdigit() and number.isascii() and number.isdigit()):
        raise fail(f"the ID of an empty node is written 8.1, not {id!r}", column="ID")
    return int(word), int(number)


def joined_names(column_names: Sequence[str], sentences: Iterable[Sentence]) -> list[str]:
    """The columns after ID: those of CoNLL-U or the document first, then what the sentences have besides."""
    names = dict.fromkeys(name for name in column_names if name != "ID")
    for sentence in sentences:
        for name in sentence.columns:
            names.setdefault(name)
    return list(names)


def column_names_of(sentence: Sentence | None) -> tuple[str, ...]:
    """The columns of the file that begins with `sentence`, as far as it tells: all of CoNLL-U's, and its own."""
    if sentence is None or not set(VALUE_COLUMNS) <= set(sentence.columns):
        return CONLLU_COLUMNS
    return ("ID", *sentence.columns)


# -- what dictionaries and frames share

DERIVED = ("start_char", "end_char")  # offsets in the text, which are not read back


def free_name(column: str, taken: Iterable[str]) -> str:
    """The name of a further column, marked if something else has that name already."""
    return f"column:{column}" if column in taken else column


def is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and str(int(cell)) == cell


def characters_of(sentence: Sentence, id: str) -> tuple[int | None, int | None]:
    if "." in id:
        return None, None
    first, dash, _ = id.partition("-")
    start, end = sentence.token_chars()[int(first)] if dash else sentence.word_chars()[int(id) - 1]
    if start is None or end is None:
        return None, None
    return start + sentence.start_char, end + sentence.start_char
