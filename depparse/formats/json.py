"""Documents as dictionaries, lists, strings and numbers; JSON, and JSON lines with a sentence on each line.

``json.schema.json`` in this folder is the JSON Schema of both; docs/formats.md explains the keys. JSON of before there
was a version, which has FEATS as text and neither ``text`` nor ``sent_id``, is read too.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from depparse.document.annotations import kinds
from depparse.document.annotations.records import as_dict, as_list, as_text, shown
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS, format_feats, parse_feats
from depparse.document.document import Conversion, Document
from depparse.document.output import texts, write_each
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError, Fail, FormatError
from depparse.files import PathLike, name_of, open_input, open_output
from depparse.formats.assemble import (
    DERIVED,
    as_column_names,
    as_comments,
    characters_of,
    column_names_of,
    free_name,
    from_rows,
    is_number,
    reporter,
)

VERSION = 1
_KEYS = {"FORM": "text"} | {name: name.lower() for name in CONLLU_COLUMNS if name != "FORM"}
_FROM_COMMENTS = ("sent_id", "text")


def schema() -> dict[str, Any]:
    """The JSON Schema of a document; ``$defs/line`` in it is that of a JSON line."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name("json.schema.json").read_text(encoding="utf-8"))
    return content


def _key(column: str) -> str:
    return _KEYS.get(column) or free_name(column, (*_KEYS.values(), *DERIVED))


# -- out


def document_to_dict(doc: Document) -> dict[str, Any]:
    """The document as dictionaries, lists, strings and numbers, fit for JSON; `document_from_dict` reads them again.

    ``{"version": 1, "columns": [names, ID included], "sentences": [{"sent_id", "text", "start_char", "comments":
    [lines], "tokens": [rows], "ents", "frames"}]}``. A row is a line of the file. Its keys are Stanza's: ``id`` (3;
    [3, 4] for a multiword token; "3.1" for an empty node), ``text``, ``lemma`` … ``misc``, ``head`` as a number,
    ``feats`` as a dictionary; other columns keep their names. Unannotated cells are left out. Offsets (``start_char``,
    ``end_char``) are derived and not read back. Sentences have the columns in ``sentence_columns``, by default those of
    the document, or else ``columns`` of their own. Annotation that is objects, such as ``ents``, has its scores. Raises
    FormatError for a sentence that no file could hold.
    """
    sentences = list(placed(doc.sentences))
    header = _header(doc.column_names, sentences[:1])
    names = header.get("sentence_columns") or _values(doc.column_names)
    return header | {"sentences": [sentence_to_dict(sentence, names) for sentence in sentences]}


def _header(column_names: Sequence[str], first: Sequence[Sentence]) -> dict[str, Any]:
    """What a document says before its sentences; `first` is its first sentence, if there is one."""
    header: dict[str, Any] = {"version": VERSION, "columns": list(column_names)}
    if first and first[0].column_names != _values(column_names):
        header["sentence_columns"] = first[0].column_names
    return header


def _values(column_names: Sequence[str]) -> list[str]:
    return [name for name in column_names if name != "ID"]


def iter_json(
    sentences: Iterable[Sentence], column_names: Sequence[str] = CONLLU_COLUMNS, path: PathLike = "output"
) -> Iterator[str]:
    """The JSON of `document_to_dict`, as ``json.dumps(…, indent=1)`` writes it, one sentence at a time."""
    source = placed(sentences)
    first = list(itertools.islice(source, 1))
    header = _header(column_names, first)
    names = header.get("sentence_columns") or _values(column_names)
    yield json.dumps(header, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "sentences": ['

    def text_of(sentence: Sentence, number: int) -> str:
        data = _dumped(sentence_to_dict(sentence, names), indent=1)
        return ("\n  " if number == 1 else ",\n  ") + data.replace("\n", "\n  ")

    yield from texts(itertools.chain(first, source), path, text_of)
    yield "\n ]\n}" if first else "]\n}"


def _dumped(data: dict[str, Any], indent: int | None = None) -> str:
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        raise FormatError("a score is a number, and no infinite one") from None


def sentence_to_dict(sentence: Sentence, names: Sequence[str]) -> dict[str, Any]:
    """The sentence as `document_to_dict` has it; with ``columns`` if they are others than `names`."""
    sentence.check()
    own = sentence.column_names
    result: dict[str, Any] = {} if sentence.sent_id is None else {"sent_id": sentence.sent_id}
    result |= {"text": sentence.text, "start_char": sentence.start_char, "comments": list(sentence.comments)}
    if own != list(names):
        result["columns"] = own
    result["tokens"] = [_row_to_dict(sentence, own, id, cells) for id, cells in sentence.rows(own)]
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
            row[_key(name)] = _value(name, cell)
    start, end = characters_of(sentence, id)
    if start is not None and end is not None:
        row["start_char"], row["end_char"] = start, end
    return row


def _value(name: str, cell: str) -> Any:
    """The value of a cell: a number of a head, a dictionary of features if it says what the cell says."""
    if name == "HEAD" and is_number(cell):
        return int(cell)
    if name == "FEATS":
        features = parse_feats(cell)
        try:
            return features if format_feats(features) == cell else cell
        except DepparseError:
            return cell
    return cell


# -- in


def document_from_dict(data: dict[str, Any]) -> Document:
    """The document that `document_to_dict` made. Raises FormatError, with the place, if `data` is no such document.

    Only ``sentences`` and their ``tokens`` with ``id`` and ``text`` must be there.
    """
    fail = reporter("document")
    content = as_dict(data, "the document", fail)
    _check_version(content, fail)
    columns = as_column_names(content.get("columns", list(CONLLU_COLUMNS)), fail)
    if "sentences" not in content:
        raise fail("the key 'sentences' is missing; expected what Document.to_dict gives")
    sentences = as_list(content["sentences"], "the sentences", fail)
    names = _values(columns)
    if "sentence_columns" in content:
        names = _values(as_column_names(content["sentence_columns"], fail))
    return Document([sentence_from_dict(item, f"sentences[{i}]", names) for i, item in enumerate(sentences)], columns)


def _check_version(content: dict[str, object], fail: Fail) -> None:
    version = content.get("version", VERSION)
    if type(version) is not int or version < 1:
        raise fail(f"expected the version as a number from 1 to {VERSION}, found {shown(version)}")
    if version > VERSION:
        raise fail(f"this is version {version}, but this depparse reads versions up to {VERSION}; install a newer one")


def sentence_from_dict(value: object, place: str, names: Sequence[str]) -> Sentence:
    """The sentence in a dictionary of `sentence_to_dict` with these `names`; errors call it `place`."""
    fail = reporter(place)
    item = as_dict(value, "a sentence", fail)
    comments = as_comments(item.get("comments", []), fail)
    fail = reporter(place, comments, "token", 0)
    given = {key: as_text(item[key], key, fail) for key in _FROM_COMMENTS if item.get(key) is not None}
    for key, text in given.items():
        comment = Sentence({"FORM": []}, comments).comment(key)
        if comment is not None and comment != text:
            raise fail(f"{key} is {shown(text)}, but the comment says {shown(comment)}; change both, or leave one out")
        if comment is None and key == "sent_id":
            comments.append(f"# sent_id = {text}")
    if "columns" in item:
        names = _values(as_column_names(item["columns"], fail))
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
    sentence.place = place
    if "text" in given and given["text"] != sentence.text:  # the forms and their spaces do not make it
        try:
            sentence.set_comment("text", given["text"])
        except DepparseError as error:
            raise fail(str(error)) from None
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
        if name == "FEATS" and isinstance(value, dict):
            try:
                value = format_feats(value)
            except DepparseError as error:
                raise fail(str(error), position, name) from None
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
        data = _loaded(stream.read(), name_of(path))
    document = document_from_dict(data)
    for sentence in document:
        sentence.place = f"{name_of(path)}, {sentence.place}"
    return document


def _loaded(text: bytes, path: str, line: int | None = None) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"not JSON: {error}", path=path, line=line) from None
    except RecursionError:
        raise FormatError("no document: the JSON is nested too deeply", path=path, line=line) from None


def iter_json_sentences(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences in a file of JSON, which is read as a whole. Raises FormatError."""
    yield from read_json(path)


def write_json(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes sentences (or a Document) as JSON, one sentence at a time. Raises FormatError."""
    names = sentences.column_names if isinstance(sentences, Document) else CONLLU_COLUMNS
    with open_output(path) as out:
        out.writelines(iter_json(sentences, names, path))
        out.write("\n")


def iter_jsonl(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences in a file of JSON lines, one at a time, in constant memory. Raises FormatError with the line.

    Each line is a sentence as in `document_to_dict`; without ``columns``, it has those of CoNLL-U. Empty lines are
    skipped.
    """
    return placed(_jsonl(path))


def _jsonl(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    name = name_of(path)
    with open_input(path) as stream:
        for number, line in enumerate(stream, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            data = _loaded(text, name, number)
            if isinstance(data, dict):
                _check_version(data, reporter(f"{name}:{number}"))
            yield sentence_from_dict(data, f"{name}:{number}", VALUE_COLUMNS)


def read_jsonl(path: PathLike | BinaryIO) -> Document:
    """The document in a file of JSON lines. Raises FormatError."""
    sentences = list(iter_jsonl(path))
    return Document(sentences, column_names_of(sentences[0] if sentences else None))


def write_jsonl(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes JSON lines, a sentence on each, in constant memory. Raises FormatError."""
    write_each(placed(sentences), path, _line)


def _line(sentence: Sentence, _: int) -> str:
    return _dumped({"version": VERSION} | sentence_to_dict(sentence, VALUE_COLUMNS)) + "\n"


CONVERSION = Conversion(document_to_dict, document_from_dict)
