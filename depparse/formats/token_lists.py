"""Documents as `conllu.TokenList`s of the library conllu, and back.

A TokenList cannot hold these things, so they are lost: all but the last of several comments with one key; the blanks
around the ``#`` and ``=`` of a comment, and the ``=`` of a comment without a value; upper and lower case in the names
of columns beyond CoNLL-U; entities and frames that are not in the columns, and all scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_iterable, check_type
from depparse.document.annotations.records import shown
from depparse.document.columns import CONLLU_COLUMNS, parse_deps, parse_misc
from depparse.document.document import Conversion, Document
from depparse.document.sentence import Sentence
from depparse.errors import Fail
from depparse.formats.assemble import column_names_of, from_rows, joined_names, reporter

if TYPE_CHECKING:
    from conllu import TokenList

_DICTIONARIES = ("FEATS", "MISC")
_NULLABLE = ("XPOS", "FEATS", "HEAD", "DEPS", "MISC")  # None for "_"; conllu keeps other columns as strings
_OLD_NAMES = {"upostag": "UPOS", "xpostag": "XPOS"}


def to_token_lists(doc: Document | Iterable[Sentence]) -> list[TokenList]:
    """A TokenList for each sentence, as ``conllu.parse`` makes them.

    ``id`` is 3, (3, '-', 4) for a multiword token or (3, '.', 1) for an empty node; ``feats`` and ``misc`` are
    dictionaries and ``deps`` a list of (relation, head). If such a value would be written differently from the cell (as
    for ``A=1|A=2``), the cell stays a string, so that ``serialize`` gives the lines of the file.
    """
    column_names = doc.column_names if isinstance(doc, Document) else CONLLU_COLUMNS
    token_lists = [_token_list(sentence, column_names) for sentence in doc]
    for first in token_lists[:1] if column_names != CONLLU_COLUMNS else ():
        # conllu keeps the header of CoNLL-U Plus with the first sentence, before all other comments.
        header = {"global.columns": " ".join(column_names)}
        first.metadata = type(first.metadata)({**header, **first.metadata})
    return token_lists


def _token_list(sentence: Sentence, column_names: Sequence[str]) -> TokenList:
    from conllu import Metadata, Token, TokenList

    names = joined_names(column_names, [sentence])
    order = list(dict.fromkeys((*column_names, *names)))
    if "ID" not in order:
        order.insert(0, "ID")
    keys = [name.lower() for name in order]
    tokens = []
    for id, cells in sentence.rows(names):
        values = dict(zip(names, cells, strict=True))
        row = [_id_value(id) if name == "ID" else _value(name, values[name]) for name in order]
        tokens.append(Token(zip(keys, row, strict=True)))
    metadata = Metadata()
    for line in sentence.comments:
        key, equals, value = line[1:].partition("=")
        metadata[key.strip()] = value.strip() if equals else None
    return TokenList(tokens, metadata, default_fields=keys)


def _id_value(id: str) -> int | tuple[int, str, int]:
    for sign in "-.":
        first, separator, second = id.partition(sign)
        if separator:
            return int(first), sign, int(second)
    return int(id)


def _value(name: str, cell: str) -> Any:
    if name not in _NULLABLE:
        return cell
    if cell == "_":
        return None
    value: Any = cell
    if name == "HEAD":
        value = int(cell) if cell.isascii() and cell.isdigit() else cell
    elif name == "DEPS":
        pairs = parse_deps(cell)
        if all(head.replace(".", "", 1).isdecimal() and head[0] != "." and head[-1] != "." for head, _ in pairs):
            value = [(relation, _id_value(head)) for head, relation in pairs]
    elif name in _DICTIONARIES:
        attributes = parse_misc(cell).items()
        value = {key: "" if part is None else None if part == "_" else part for key, part in attributes}
    return value if _text(value) == cell else cell


def from_token_lists(token_lists: Iterable[TokenList]) -> Document:
    """The document in TokenLists of ``conllu.parse`` or `to_token_lists`. Raises FormatError if one is broken."""
    from conllu import TokenList

    check_iterable(token_lists, "token_lists", "a list of TokenLists, as conllu.parse gives them")
    sentences = []
    for number, token_list in enumerate(token_lists):
        check_type(token_list, TokenList, f"TokenList {number}", "a conllu.TokenList")
        sentences.append(_sentence(token_list, number))
    names = column_names_of(sentences[0] if sentences else None)
    return Document(sentences, names)


def _sentence(token_list: TokenList, number: int) -> Sentence:
    comments = [f"# {key} = {value}" if value else f"# {key}" for key, value in token_list.metadata.items()]
    fail = reporter(f"TokenList {number}", comments, "token", 0)
    keys = list(dict.fromkeys(key for token in token_list for key in token))
    header = next((line.partition("=")[2].split() for line in comments if line.startswith("# global.columns")), [])
    column_of = {name.lower(): name for name in (*CONLLU_COLUMNS, *header)} | _OLD_NAMES
    names = {key: column_of.get(key.lower(), key.upper()) for key in keys if key != "id"}
    if "FORM" not in names.values():
        raise fail("tokens without a form", column="FORM")
    ids, rows = [], []
    for position, token in enumerate(token_list):
        ids.append(_id_text(token.get("id", position + 1), position, fail))
        rows.append([_cell(token.get(key), name, position, fail) for key, name in names.items()])
    return from_rows(list(names.values()), ids, rows, comments, fail)


def _id_text(value: object, position: int, fail: Fail) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, tuple) and len(value) == 3:
        return "".join(map(str, value))
    raise fail(f"an id is 3, (3, '-', 4) or (3, '.', 1), not {shown(value)}", position, "ID")


def _cell(value: object, name: str, position: int, fail: Fail) -> str:
    text = _text(value)
    if text is None:
        raise fail(
            f"expected a string, a number, a dictionary or a list of pairs, found {shown(value)}", position, name
        )
    return text


def _text(value: object) -> str | None:
    """The cell for a value of conllu; None if conllu has no values of that type."""
    if value is None:
        return "_"
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, Mapping):
        parts = [key if part == "" else f"{key}={'_' if part is None else part}" for key, part in value.items()]
        return "|".join(parts) or "_"
    if isinstance(value, list) and all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in value):
        heads = ["".join(map(str, head)) if isinstance(head, tuple) else str(head) for _, head in value]
        return "|".join(f"{head}:{relation}" for head, (relation, _) in zip(heads, value, strict=True)) or "_"
    return None


CONVERSION = Conversion(to_token_lists, from_token_lists)
