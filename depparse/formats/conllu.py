"""CoNLL-U and CoNLL-U Plus, read as a stream and without loss.

The reader repairs harmless faults: CRLF line ends, a BOM, further empty lines, a missing empty line at the end. With
`strict` it refuses all of these except CRLF, and a lone carriage return, as the official scorer does. Trees with cycles
or several roots are read as they stand: ``depparse corpora check`` reports them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import BinaryIO, NoReturn

from depparse.arguments import check_type
from depparse.document.columns import CONLLU_COLUMNS, SURROGATE
from depparse.document.document import Conversion, Document
from depparse.document.lines import ids as word_ids
from depparse.document.lines import valid_heads
from depparse.document.output import texts, write_each
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import Fail, FormatError
from depparse.files import PathLike, name_of, open_input, open_output

_NUMBER = re.compile("[1-9][0-9]*")
_BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 20  # bytes
_INTERNED = 1 << 18  # the most strings that are kept for sharing while a document is read


def read_conllu(path: PathLike | BinaryIO, *, strict: bool = False) -> Document:
    """The document in a CoNLL-U file (``-`` for standard input, ``.gz`` unpacked). Raises FormatError."""
    shared: dict[str, str] = {}
    return Document(_share_strings(sentence, shared) for sentence in iter_conllu(path, strict=strict))


def iter_conllu(
    path: PathLike | BinaryIO, *, strict: bool = False, keep: Callable[[str], bool] | None = None
) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U file, one at a time, in constant memory. Raises FormatError.

    With `keep`, only sentences are read for whose lines it is true. It is called for every sentence, in order.
    """
    with open_input(path) as stream:
        source = blocks(stream, name_of(path), strict)
        if keep is not None:
            source = ((line, block) for line, block in source if keep(block))
        yield from placed(parse_blocks(source, CONLLU_COLUMNS, name_of(path)))


def parse_conllu(text: str, *, name: str = "input") -> Iterator[Sentence]:
    """The sentences in a string of CoNLL-U. Raises FormatError."""
    check_type(text, str, "text", "CoNLL-U as a string; depparse.read reads files")
    try:
        stream = BytesIO(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise FormatError(f"{SURROGATE}, but the line has {text[error.start]!r}", path=name, line=line) from None
    return placed(parse_blocks(blocks(stream, name, False), CONLLU_COLUMNS, name))


def write_conllu(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes CoNLL-U; the file appears when it is complete."""
    write_each(sentences, path, lambda sentence, _: sentence.to_conllu())


def iter_conllup(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U Plus file. Its first line names the columns, ``# global.columns = ID FORM …``."""
    with open_input(path) as stream:
        yield from placed(_conllup(stream, name_of(path))[1])


def read_conllup(path: PathLike | BinaryIO) -> Document:
    """The document in a CoNLL-U Plus file, with its column names."""
    with open_input(path) as stream:
        names, sentences = _conllup(stream, name_of(path))
        return Document(sentences, names)


def _conllup(stream: BinaryIO, name: str) -> tuple[tuple[str, ...], Iterator[Sentence]]:
    """Column names and sentences. The header belongs to the file, so it is no comment of the first sentence."""
    source = blocks(stream, name, False)
    number, block = next(source, (1, ""))
    if not block:
        return CONLLU_COLUMNS, iter(())
    header, _, body = block.partition("\n")
    key, _, value = header.partition("=")
    names = tuple(value.split())
    if key.split() != ["#", "global.columns"]:
        shortened = header if len(header) <= 60 else header[:59] + "…"
        raise FormatError(
            f"a CoNLL-U Plus file begins with '# global.columns = ID FORM …', not with {shortened!r}",
            path=name,
            line=number,
        )
    if "FORM" not in names or len(set(names)) < len(names):
        raise FormatError("global.columns names FORM and no column twice", path=name, line=number)
    return names, parse_blocks(chain([(number + 1, body)] if body else [], source), names, name)


def write_conllup(sentences: Iterable[Sentence], path: PathLike, names: Iterable[str] | None = None) -> None:
    """Writes CoNLL-U Plus with the columns `names`.

    By default these are ID and the columns of the first sentence; for a Document, its own columns and then all further
    ones of its sentences. Raises FormatError for a sentence that cannot be written, or has more columns.
    """
    if names is None and isinstance(sentences, Document):
        every = (name for sentence in sentences for name in sentence.column_names)
        names = dict.fromkeys((*sentences.column_names, *every))
    with open_output(path) as out:
        out.writelines(conllup_lines(sentences, names, path))


def conllup_lines(
    sentences: Iterable[Sentence], names: Iterable[str] | None = None, path: PathLike = "output"
) -> Iterator[str]:
    """The text of a CoNLL-U Plus file, header first, one sentence at a time; errors call the file `path`."""
    values = None if names is None else [name for name in names if name != "ID"]
    chosen = names is not None

    def text_of(sentence: Sentence, number: int) -> str:
        nonlocal values
        if values is None:
            values = sentence.column_names
        header = "" if number > 1 else f"# global.columns = ID {' '.join(values)}\n"
        if header and ("FORM" not in values or header.split()[4:] != list(dict.fromkeys(values))):
            raise FormatError(f"columns have FORM, and different names without blanks, unlike {values}")
        if not chosen:
            for name in (name for name in sentence.column_names if name not in values):
                if any(cell != "_" for cell in sentence.columns.get(name, "?")):
                    message = "the first sentence lacks this column; write a Document, which knows all columns"
                    raise FormatError(message, column=name)
        return header + sentence.to_conllup(values)

    return texts(sentences, path, text_of)


def blocks(stream: BinaryIO, name: str, strict: bool) -> Iterator[tuple[int, str]]:
    """(number of its first line, its text) of each block of lines between empty lines; `name` is for errors."""
    pending, returns, line, at_start = b"", b"", 1, True
    while data := stream.read1(_CHUNK) if hasattr(stream, "read1") else stream.read(_CHUNK):
        if at_start:
            if strict and data.startswith(_BOM):
                raise FormatError("the file begins with a byte order mark (BOM); save it without", path=name, line=1)
            data, at_start = data.removeprefix(_BOM), False
        data, returns = returns + data, b""
        if b"\r" in data:
            # A chunk may end between a carriage return and its line feed, so the return waits for the next chunk.
            kept = data.rstrip(b"\r")
            returns, data = data[len(kept) :], re.sub(rb"\r+\n", b"\n", kept)
            if strict and b"\r" in data:
                place = line + (pending + data).count(b"\n", 0, len(pending) + data.index(b"\r"))
                raise FormatError("a carriage return inside a line; remove it", path=name, line=place)
        pending += data
        cut = pending.rfind(b"\n\n")
        if cut < 0:
            continue
        text, pending = _decode(pending[:cut], name, line), pending[cut + 2 :]
        for block in text.split("\n\n"):
            body = block.strip("\n")
            if strict and (body != block or not body):
                raise _too_many(name, line if not body or block[0] == "\n" else line + body.count("\n") + 2)
            if body:
                yield line + block.index(body), body
            line += block.count("\n") + 2
    pending += returns
    body = _decode(pending, name, line).strip("\n")
    if strict and any(not text.startswith("#") for text in body.split("\n") if text):
        message = "the file ends without an empty line after its last sentence; add one"
        raise FormatError(message, path=name, line=line + pending.rstrip(b"\n").count(b"\n"))
    if body:
        yield line + pending.index(body.encode()), body
    elif pending and strict:
        raise _too_many(name, line)


def _too_many(name: str, line: int) -> FormatError:
    return FormatError("an empty sentence: an empty line too many; remove it", path=name, line=line)


def _decode(data: bytes, name: str, line: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = line + data.count(b"\n", 0, error.start)
        byte = data[error.start]
        raise FormatError(
            f"not UTF-8: byte 0x{byte:02x} ({error.reason}); convert the file to UTF-8", path=name, line=place
        ) from None


def parse_blocks(source: Iterable[tuple[int, str]], names: tuple[str, ...], path: str) -> Iterator[Sentence]:
    """The sentences in (first line, text) pairs. `names` are the columns; errors call the file `path`."""
    id_column = names.index("ID") if "ID" in names else -1
    values = tuple(name for name in names if name != "ID")
    width = len(names)
    for line, block in source:
        lines = block.split("\n")
        n_comments = 0
        while n_comments < len(lines) and lines[n_comments].startswith("#"):
            n_comments += 1
        rows = [text.split("\t") for text in lines[n_comments:]]
        fail = _reporter(path, lines[:n_comments], line + n_comments)
        if not rows:
            raise fail("comments without a sentence; remove them, or the empty line after them", -1)  # the last comment
        if set(map(len, rows)) != {width}:
            _explain_width(rows, width, fail)
        ids = tuple(row[id_column] for row in rows) if id_column >= 0 else word_ids(len(rows))
        mwts: list[MultiwordToken] = []
        nodes: list[EmptyNode] = []
        words = rows
        if ids != word_ids(len(rows)):
            words = sort_rows(rows, ids, names, id_column, mwts, nodes, fail)
        columns = dict(zip(names, map(list, zip(*words, strict=True)), strict=True))
        columns.pop("ID", None)
        if "HEAD" in columns and not valid_heads(len(words)).issuperset(columns["HEAD"]):
            explain_head(rows, ids, names.index("HEAD"), len(words), fail)
        if "" in columns["FORM"]:
            empty = next(i for i, row in enumerate(rows) if not row[names.index("FORM")])
            raise fail("a word with an empty form; write _ for none", empty, "FORM")
        sentence = Sentence({name: columns[name] for name in values}, lines[:n_comments], mwts, nodes)
        sentence.place = f"{path}:{line}"
        yield sentence


def _reporter(path: str, comments: list[str], first_line: int) -> Fail:
    def fail(message: str, row: int | None = None, column: str | None = None) -> FormatError:
        sent_id = Sentence({"FORM": []}, comments).sent_id
        return FormatError(message, path=path, line=first_line + (row or 0), sent_id=sent_id, column=column)

    return fail


def _explain_width(rows: list[list[str]], width: int, fail: Fail) -> NoReturn:
    for number, row in enumerate(rows):
        if len(row) == width:
            continue
        text = "\t".join(row)
        if text.startswith("#"):
            raise fail("a comment inside a sentence; comments stand before its first word", number)
        if not text.strip():
            raise fail("a line of blanks where an empty line was expected; remove the blanks", number)
        hint = "; the columns seem to be separated by blanks" if len(row) == 1 and len(text.split()) >= width else ""
        raise fail(f"expected {width} columns separated by tabs, found {len(row)}{hint}", number)
    raise AssertionError("called without a line of wrong width")


def explain_head(rows: list[list[str]], ids: tuple[str, ...], head: int, length: int, fail: Fail) -> NoReturn:
    """Raises the error for the first wrong HEAD; `head` is the index of that column in `rows`."""
    for number, row in enumerate(rows):
        if ids[number].isdigit() and row[head] not in valid_heads(length):
            cell = row[head]
            if _NUMBER.fullmatch(cell):
                raise fail(f"head {cell[:20]} is outside the sentence, which has {length} words", number, "HEAD")
            raise fail(f"a head is a word ID, 0 or _, not {cell!r}", number, "HEAD")
    raise AssertionError("called without a wrong head")


def sort_rows(
    rows: list[list[str]],
    ids: tuple[str, ...],
    names: tuple[str, ...],
    id_column: int,
    mwts: list[MultiwordToken],
    nodes: list[EmptyNode],
    fail: Fail,
) -> list[list[str]]:
    """Returns the rows of words, adds the other rows to `mwts` and `nodes`, and checks the order of the IDs."""
    words: list[list[str]] = []
    covered, last_node = 0, 0
    for number, (id, row) in enumerate(zip(ids, rows, strict=True)):
        if id == str(len(words) + 1):
            words.append(row)
            last_node = 0
            continue
        cells = {name: cell for i, (name, cell) in enumerate(zip(names, row, strict=True)) if i != id_column}
        if id == f"{len(words)}.{last_node + 1}":
            last_node += 1
            if mwts and mwts[-1].start > len(words):
                raise fail(f"empty node {id} stands before the multiword token that follows it", number, "ID")
            nodes.append(EmptyNode((len(words), last_node), cells))
            continue
        first, dash, last = id.partition("-")
        if dash and first == str(len(words) + 1) and _NUMBER.fullmatch(last):
            if len(last) > 9:  # more words than any sentence has; int() refuses very long numbers
                raise fail(f"multiword token {id[:20]}… goes beyond the sentence", number, "ID")
            if int(first) <= covered:
                raise fail(f"multiword token {id} overlaps the one before, which ends at {covered}", number, "ID")
            if int(last) >= int(first):
                covered = int(last)
                mwts.append(MultiwordToken(int(first), covered, cells))
                continue
        expected = f"{len(words) + 1} (or a multiword token from there, or the empty node {len(words)}.{last_node + 1})"
        if id.startswith("#"):
            raise fail("a comment inside a sentence; comments stand before its first word", number)
        raise fail(f"expected ID {expected}, found {id!r}", number, "ID")
    if not words:
        raise fail("a sentence without words", 0)
    if covered > len(words):
        raise fail(
            f"multiword token {mwts[-1].start}-{covered} goes beyond the last word, {len(words)}", len(rows) - 1, "ID"
        )
    return words


def _share_strings(sentence: Sentence, shared: dict[str, str]) -> Sentence:
    """Makes equal cells one object, so that a treebank takes several times less memory and is pickled faster."""
    if len(shared) > _INTERNED:
        shared.clear()
    for name, column in sentence.columns.items():
        sentence.columns[name] = list(map(shared.setdefault, column, column))
    return sentence


CONVERSION = Conversion(Document.to_conllu, lambda text: Document(parse_conllu(text)))
