"""Documents as dictionaries, lists, strings and numbers, and as JSON; and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from depparse.document.annotations import kinds
from depparse.document.annotations.records import as_dict, as_list, as_text, shown
from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.document import Conversion, Document
from depparse.document.output import texts
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import Fail, FormatError
from depparse.files import PathLike, name_of, open_input, open_output
from depparse.formats.assemble import DERIVED, as_comments, characters_of, free_name, from_rows, is_number, reporter

_KEYS = {"FORM": "text"} | {name: name.lower() for name in CONLLU_COLUMNS if name != "FORM"}


def _key(column: str) -> str:
    return _KEYS.get(column) or free_name(column, (*_KEYS.values(), *DERIVED))


def document_to_dict(doc: Document) -> dict[str, Any]:
    """The document as dictionaries, lists, strings and numbers, fit for JSON; `document_from_dict` reads them again.

    ``{"columns": [names, ID included], "sentences": [{"comments": [lines], "tokens": [rows], "ents", "frames"}]}``.
    A row is a line of the file. Its keys are Stanza's: ``id`` (3; [3, 4] for a multiword token; "3.1" for an empty
    node), ``text``, ``lemma`` … ``misc``, ``head`` as a number; other columns keep their names. Unannotated cells are
    left out. ``start_char`` and ``end_char`` are derived and not read back. A sentence whose columns are not those of
    the document has ``columns`` of its own. Annotation that is objects, such as ``ents``, has its scores.
    """
    names = tuple(doc.column_names)
    return {"columns": list(names), "sentences": [_sentence_to_dict(s, names) for s in placed(doc.sentences)]}


def iter_json(
    sentences: Iterable[Sentence], column_names: Sequence[str] = CONLLU_COLUMNS, path: PathLike = "output"
) -> Iterator[str]:
    """The JSON of `document_to_dict`, as ``json.dumps(…, indent=1)`` writes it, one sentence at a time."""
    names = json.dumps(list(column_names), ensure_ascii=False, indent=1).replace("\n", "\n ")
    yield f'{{\n "columns": {names},\n "sentences": ['
    empty = True

    def text_of(sentence: Sentence, number: int) -> str:
        data = json.dumps(_sentence_to_dict(sentence, column_names), ensure_ascii=False, indent=1)
        return ("\n  " if number == 1 else ",\n  ") + data.replace("\n", "\n  ")

    for text in texts(placed(sentences), path, text_of):
        yield text
        empty = False
    yield "]\n}" if empty else "\n ]\n}"


def _sentence_to_dict(sentence: Sentence, column_names: Sequence[str]) -> dict[str, Any]:
    sentence.check()
    names = tuple(sentence.column_names)
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
        # `_` as the lemma of an underscore in the text is a value.
        if cell != "_" or name == "FORM" or (name == "LEMMA" and form == "_" and id.isdigit()):
            row[_key(name)] = int(cell) if name == "HEAD" and is_number(cell) else cell
    start, end = characters_of(sentence, id)
    if start is not None and end is not None:
        row["start_char"], row["end_char"] = start, end
    return row


def document_from_dict(data: dict[str, Any]) -> Document:
    """The document that `document_to_dict` made. Raises FormatError, with the place, if `data` is no such document.

    Only ``sentences`` and their ``tokens`` with ``id`` and ``text`` must be there.
    """
    fail = reporter("document")
    content = as_dict(data, "the document", fail)
    columns = _column_names(content.get("columns", list(CONLLU_COLUMNS)), fail)
    if "sentences" not in content:
        raise fail("the key 'sentences' is missing; expected what Document.to_dict gives")
    sentences = as_list(content["sentences"], "the sentences", fail)
    names = [name for name in columns if name != "ID"]
    return Document([_sentence_from_dict(item, i, names) for i, item in enumerate(sentences)], columns)


def _column_names(value: object, fail: Fail) -> list[str]:
    names = [as_text(name, "the name of a column", fail) for name in as_list(value, "the columns", fail)]
    if "FORM" not in names or len(set(names)) < len(names):
        raise fail(f"the columns name FORM and no column twice, unlike {shown(names)}")
    return names


def _sentence_from_dict(value: object, number: int, names: Sequence[str]) -> Sentence:
    fail = reporter(f"sentences[{number}]")
    item = as_dict(value, "a sentence", fail)
    comments = as_comments(item.get("comments", []), fail)
    fail = reporter(f"sentences[{number}]", comments, "token", 0)
    if "columns" in item:
        names = [name for name in _column_names(item["columns"], fail) if name != "ID"]
    if "tokens" not in item:
        raise fail("the key 'tokens' is missing; expected what Document.to_dict gives")
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
    ids = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(ids) == 1 and isinstance(ids[0], str):
        return ids[0]
    if not 1 <= len(ids) <= 2 or not all(isinstance(id, int) and not isinstance(id, bool) for id in ids):
        raise fail(f'expected id as 3, [3, 4] or "3.1", found {shown(value)}', position, "ID")
    return "-".join(map(str, ids))


def _cells_from(token: dict[str, object], keys: dict[str, str], id: str, position: int, fail: Fail) -> list[str]:
    if "text" not in token:
        raise fail("the key 'text' is missing", position, "FORM")
    if unknown := [key for key in token if key not in keys and key != "id" and key not in DERIVED]:
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


# -- files


def read_json(path: PathLike | BinaryIO) -> Document:
    """The document in a file of JSON. Raises FormatError."""
    with open_input(path) as stream:
        try:
            data = json.load(stream)
        except ValueError as error:
            raise FormatError(f"not JSON: {error}", path=name_of(path)) from None
        except RecursionError:
            raise FormatError("no document: the JSON is nested too deeply", path=name_of(path)) from None
    return document_from_dict(data)


def iter_json_sentences(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences in a file of JSON, which is read as a whole. Raises FormatError."""
    yield from read_json(path)


def write_json(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes sentences (or a Document) as JSON, one sentence at a time."""
    names = sentences.column_names if isinstance(sentences, Document) else CONLLU_COLUMNS
    with open_output(path) as out:
        out.writelines(iter_json(sentences, names, path))
        out.write("\n")


CONVERSION = Conversion(document_to_dict, document_from_dict)
