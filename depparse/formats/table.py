"""All formats that depparse reads and writes: a function each, and one line in `FORMATS`."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.document import Document
from depparse.document.sentence import Sentence, placed
from depparse.errors import ConfigError, FormatError
from depparse.files import PathLike, name_of, open_input, open_output
from depparse.formats import conllu, tagged
from depparse.text import raw as text
from depparse.text import rules

Reader = Callable[[PathLike | BinaryIO], Iterator[Sentence]]
Writer = Callable[[Iterable[Sentence], PathLike], None]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: what it holds, the endings of its files, and how to read and write it."""

    description: str
    extensions: tuple[str, ...]
    read: Reader
    write: Writer


def _read_json(path: PathLike | BinaryIO) -> Document:
    with open_input(path) as stream:
        try:
            data = json.load(stream)
        except ValueError as error:
            raise FormatError(f"not JSON: {error}", path=name_of(path)) from None
        except RecursionError:
            raise FormatError("no document: the JSON is nested too deeply", path=name_of(path)) from None
    return Document.from_dict(data)


def _iter_json(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    yield from _read_json(path)


def _write_json(sentences: Iterable[Sentence], path: PathLike) -> None:
    from depparse.formats.export import iter_json

    names = sentences.column_names if isinstance(sentences, Document) else CONLLU_COLUMNS
    with open_output(path) as out:
        out.writelines(iter_json(sentences, names))
        out.write("\n")


def _read_parquet(path: PathLike | BinaryIO) -> Document:
    from depparse.formats.arrow import read_parquet

    return read_parquet(_file(path))


def _iter_parquet(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    from depparse.formats.arrow import iter_parquet

    return placed(iter_parquet(_file(path)))


def _file(path: PathLike | BinaryIO) -> PathLike:
    if not isinstance(path, (str, os.PathLike)) or os.fspath(path) == "-":
        raise FormatError("Parquet is read from a file, not from a stream", path=name_of(path))
    return path


def _write_parquet(sentences: Iterable[Sentence], path: PathLike) -> None:
    from depparse.formats.arrow import write_parquet

    write_parquet(sentences, path)


FORMATS: dict[str, Format] = {
    "conllu": Format("CoNLL-U", (".conllu",), conllu.iter_conllu, conllu.write_conllu),
    "conllup": Format("CoNLL-U Plus", (".conllup",), conllu.iter_conllup, conllu.write_conllup),
    "iob2": Format("entities as in Universal NER", (".iob2",), tagged.iter_iob2, tagged.write_iob2),
    "biose": Format("word and (nested) BIOES tag", (".biose",), tagged.iter_two_column, tagged.write_biose),
    "two-column": Format("word and IOB2 tag", (".conll", ".tsv"), tagged.iter_two_column, tagged.write_two_column),
    "conll2003": Format("CoNLL-2003 columns", (), tagged.iter_conll2003, tagged.write_conll2003),
    "horizontal": Format("a sentence a line", (".horizontal",), tagged.iter_horizontal, tagged.write_horizontal),
    "vertical": Format("a token a line", (".vertical", ".vert"), tagged.iter_vertical, tagged.write_vertical),
    "text": Format("plain text", (".txt",), rules.iter_text_sentences, text.write_text),
    "json": Format("JSON of Document.to_dict", (".json",), _iter_json, _write_json),
    "parquet": Format("Parquet, a sentence a row", (".parquet",), _iter_parquet, _write_parquet),
}


def get_format(name: str) -> Format:
    """The format of that name. ConfigError with a suggestion if there is none."""
    if name not in FORMATS:
        close = difflib.get_close_matches(name, FORMATS, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(FORMATS)}"
        raise ConfigError(f"there is no format {name!r}; {hint}")
    return FORMATS[name]


def guess_format(path: PathLike | BinaryIO, default: str | None = None) -> str:
    """The name of the format by the ending of the file, ``.gz`` aside. FormatError where it tells nothing."""
    file = name_of(path).removesuffix(".gz")
    ending = os.path.splitext(file)[1].lower()
    for name, format in FORMATS.items():
        if ending in format.extensions:
            return name
    if default is None:
        raise FormatError(f"the ending {ending!r} names no format; say which: {', '.join(FORMATS)}", path=name_of(path))
    return default


def iter_sentences(path: PathLike | BinaryIO, format: str | None = None) -> Iterator[Sentence]:
    """The sentences of a file in any format, which its ending tells unless given. Raises FormatError."""
    return get_format(format or guess_format(path)).read(path)


def read(path: PathLike | BinaryIO, format: str | None = None) -> Document:
    """The document in a file of any format, which its ending tells unless given. Raises FormatError."""
    name = format or guess_format(path)
    whole = {"conllup": conllu.read_conllup, "json": _read_json, "parquet": _read_parquet}.get(name)
    return whole(path) if whole is not None else Document(get_format(name).read(path))


def write(sentences: Iterable[Sentence], path: PathLike, format: str | None = None) -> None:
    """Writes sentences (or a Document) in any format, which the ending tells unless given."""
    name = format or guess_format(path)
    if name == "conllup" and isinstance(sentences, Document):
        columns = [column for s in sentences.sentences[:1] for column in s.columns]
        names = [*sentences.column_names, *(c for c in columns if c not in sentences.column_names)]
        conllu.write_conllup(sentences, path, names)
    else:
        get_format(name).write(sentences, path)
