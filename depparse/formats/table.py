"""All formats that depparse reads and writes, each with a line in `FORMATS`; and the functions that read any of them.

Another package adds formats by entry points of the group ``depparse.formats``, each of which names a `Format`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from depparse.document.annotations import lost_in_conllu
from depparse.document.document import Document
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, FormatError, did_you_mean
from depparse.files import PathLike, name_of
from depparse.folders import installed, load
from depparse.formats import brackets, conllu, json, tagged, tokens
from depparse.text import rules, wrap

GROUP = "depparse.formats"
Reader = Callable[[PathLike | BinaryIO], Iterator[Sentence]]
Writer = Callable[[Iterable[Sentence], PathLike], None]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: what it holds, the endings of its files, and how to read and write it."""

    description: str
    extensions: tuple[str, ...]
    read: Reader
    write: Writer
    read_document: Callable[[PathLike | BinaryIO], Document] | None = None  # set if a file says more than its sentences
    has_comments: bool = True  # and thus IDs of sentences
    names_columns: bool = False  # in the first lines, so it is best written from a Document, which knows all
    lost: Callable[[Sentence], Iterable[str]] = lambda _: ()  # the columns of a sentence that it cannot hold


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


# fmt: off
FORMATS: dict[str, Format] = {
    "conllu": Format("CoNLL-U", (".conllu",), conllu.iter_conllu, conllu.write_conllu, lost=lost_in_conllu),
    "conllup": Format(
        "CoNLL-U Plus", (".conllup",), conllu.iter_conllup, conllu.write_conllup, conllu.read_conllup,
        names_columns=True,
    ),
    "iob2": Format("entities as in Universal NER", (".iob2",), tagged.iter_iob2, tagged.write_iob2),
    "biose": Format("word and (nested) BIOES tag", (".biose",), tagged.iter_two_column, tagged.write_biose),
    "two-column": Format("word and IOB2 tag", (".conll", ".tsv"), tagged.iter_two_column, tagged.write_two_column),
    "conll2003": Format("CoNLL-2003 columns", (), tagged.iter_conll2003, tagged.write_conll2003),
    "ptb": Format("constituent trees in brackets", (".ptb", ".mrg"), brackets.iter_ptb, brackets.write_ptb),
    "horizontal": Format(
        "one sentence per line", (".horizontal",), tokens.iter_horizontal, tokens.write_horizontal, has_comments=False
    ),
    "vertical": Format(
        "one token per line", (".vertical", ".vert"), tokens.iter_vertical, tokens.write_vertical, has_comments=False
    ),
    "text": Format("plain text", (".txt",), rules.iter_text_sentences, wrap.write_text, has_comments=False),
    "json": Format("JSON of Document.to_dict", (".json",), json.iter_json_sentences, json.write_json, json.read_json),
    "jsonl": Format("JSON lines, a sentence per line", (".jsonl",), json.iter_jsonl, json.write_jsonl, json.read_jsonl),
    "parquet": Format("Parquet, one sentence per row", (".parquet",), _iter_parquet, _write_parquet, _read_parquet),
}
# fmt: on


def format_names() -> list[str]:
    """The names of all formats: those in `FORMATS`, then those of other packages."""
    return [*FORMATS, *sorted(installed(GROUP).keys() - FORMATS.keys())]


def get_format(name: str) -> Format:
    """The format of that name. Raises ConfigError, with a suggestion, if there is none."""
    if name in FORMATS:
        return FORMATS[name]
    if name not in format_names():
        raise ConfigError(f"there is no format {name!r}; {did_you_mean(name, format_names())}")
    format = load(installed(GROUP)[name])
    if not isinstance(format, Format):
        raise ConfigError(f"the entry point {name!r} of {GROUP} is no Format")
    return replace(format, read=_placing(format.read))


def _placing(read: Reader) -> Reader:
    """The reader, which also tells each sentence where it begins in the text, as the readers of depparse do."""
    return lambda path: placed(read(path))


def guess_format(path: PathLike | BinaryIO, default: str | None = None) -> str:
    """The name of the format that the ending of the file tells, ``.gz`` aside.

    If it tells none, returns `default`, or raises FormatError without one. Raises ConfigError for an unknown `default`.
    """
    if default:
        get_format(default)
    file = name_of(path).removesuffix(".gz")
    ending = os.path.splitext(file)[1].lower()
    for name, format in FORMATS.items():
        if ending in format.extensions:
            return name
    for name in format_names()[len(FORMATS) :] if ending else ():
        try:
            if ending in get_format(name).extensions:
                return name
        except ConfigError as error:  # a broken package must not hinder the reading of other files
            warnings.warn(str(error), stacklevel=2)
    if default is None:
        names = ", ".join(format_names())
        raise FormatError(f"the ending {ending!r} names no format; say which: {names}", path=name_of(path))
    return default


def iter_sentences(path: PathLike | BinaryIO, format: str | None = None) -> Iterator[Sentence]:
    """The sentences of a file in any format: `format`, or the one that the ending tells. Raises FormatError."""
    return get_format(format or guess_format(path)).read(path)


def read(path: PathLike | BinaryIO, format: str | None = None) -> Document:
    """The document in a file of any format: `format`, or the one that the ending tells. Raises FormatError."""
    chosen = get_format(format or guess_format(path))
    return chosen.read_document(path) if chosen.read_document is not None else Document(chosen.read(path))


def write(sentences: Iterable[Sentence] | Sentence, path: PathLike, format: str | None = None) -> None:
    """Writes a Document, sentences or one sentence in any format: `format`, or the one that the path's ending tells."""
    if isinstance(sentences, Sentence):
        sentences = [sentences]
    get_format(format or guess_format(path)).write(sentences, path)
