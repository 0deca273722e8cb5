"""Formats with one word on each line and an entity tag, and formats of tokens alone.

The former are IOB2 of Universal NER, two columns, CoNLL-2003 and nested ``.biose``; the latter are horizontal and
vertical text. Tags stay in the column NER as they were read, and ``sentence.ents`` decodes them. Everything else on a
line is kept in columns of its own and written back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from depparse.document.annotations.entities import ENTITY_COLUMN
from depparse.document.columns import comment_name
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.document.spans import encode_tags
from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_input, open_output

UNER_COLUMNS = ("FORM", ENTITY_COLUMN, "UNER:OTHER", "UNER:ANNOTATOR")
CONLL2003_COLUMNS = ("FORM", "XPOS", "CHUNK", ENTITY_COLUMN)
TWO_COLUMNS = ("FORM", ENTITY_COLUMN)
_TAG = re.compile(r"O|(?:[BIESLU]-)?[^\s|,]+(?:[|,](?:[BIESLU]-)?[^\s|,]+)*")
_DOCSTART = "-DOCSTART-"


def _lines(path: PathLike | BinaryIO) -> Iterator[tuple[int, str]]:
    with open_input(path) as stream:
        for number, raw in enumerate(stream, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                message = f"not UTF-8: byte 0x{raw[error.start]:02x} ({error.reason}); convert the file to UTF-8"
                raise FormatError(message, path=name_of(path), line=number) from None
            yield number, line.rstrip("\r\n")


def _blocks(path: PathLike | BinaryIO) -> Iterator[list[tuple[int, str]]]:
    """Runs of lines between lines that are empty or blank (WNUT-17 separates sentences by a lone tab)."""
    block: list[tuple[int, str]] = []
    for number, line in _lines(path):
        if line.strip(" \t"):
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def iter_iob2(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """Sentences of Universal NER: comments, then lines ``number word tag other annotator`` with tabs.

    The last two cells may be missing.
    """
    return placed(_tagged(path, UNER_COLUMNS, numbered=True))


def iter_two_column(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """Sentences of lines ``word tag``, separated by a tab or a blank."""
    return placed(_tagged(path, TWO_COLUMNS))


def iter_conll2003(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """Sentences of lines ``word part-of-speech chunk tag``, with blanks between; ``-DOCSTART-`` is ``# newdoc``."""
    return placed(_tagged(path, CONLL2003_COLUMNS))


def _tagged(path: PathLike | BinaryIO, names: Sequence[str], *, numbered: bool = False) -> Iterator[Sentence]:
    name = name_of(path)
    new_document = False
    for block in _blocks(path):
        if block[0][1].split()[0] == _DOCSTART:
            new_document = True
            block = block[1:]
            if not block:
                continue
        n_comments = 0
        # A word may be a # sign or a hashtag, so only a line before the words and without a tab is a comment.
        while n_comments < len(block) and _is_comment(block[n_comments][1], numbered):
            n_comments += 1
        comments = [line for _, line in block[:n_comments]]
        if new_document:
            comments.insert(0, "# newdoc")
            new_document = False
        rows: list[dict[str, str]] = []
        for number, line in block[n_comments:]:
            cells = line.split("\t") if "\t" in line else _split(line)
            rows.append(_row(cells, names, numbered, len(rows) + 1, name, number))
        if not rows:
            message = "comments without a sentence; remove them, or the empty line after them"
            raise FormatError(message, path=name, line=block[0][0])
        filled_columns = [column for column in names if any(column in row for row in rows)]
        yield Sentence({column: [row.get(column, "_") for row in rows] for column in filled_columns}, comments)


def _is_comment(line: str, numbered: bool) -> bool:
    return line.startswith("#") if numbered else line.startswith("# ") and "\t" not in line


def _split(line: str) -> list[str]:
    """The cells between blanks; a no-break space in a cell stands for a blank."""
    return [cell.replace("\u00a0", " ") for cell in re.split(" +", line.strip(" "))]


def _row(cells: list[str], names: Sequence[str], numbered: bool, expected: int, path: str, line: int) -> dict[str, str]:
    if numbered:
        if cells[0] != str(expected):
            raise FormatError(f"expected word number {expected}, found {cells[0]!r}", path=path, line=line, column="ID")
        cells = cells[1:]
    needed = names.index(ENTITY_COLUMN) + 1
    if not needed <= len(cells) <= len(names):
        wanted = " ".join([*(["ID"] if numbered else []), *("TAG" if n == ENTITY_COLUMN else n for n in names)])
        count = len(cells) + numbered
        raise FormatError(f"expected the columns {wanted}, found {count} columns", path=path, line=line)
    if not cells[0].strip():
        raise FormatError("a word with an empty form", path=path, line=line, column="FORM")
    row = dict(zip(names, cells, strict=False))
    if not _TAG.fullmatch(row[ENTITY_COLUMN]):
        message = f"expected an entity tag such as O, B-PER or I-PER, found {row[ENTITY_COLUMN]!r}"
        raise FormatError(message, path=path, line=line, column="TAG")
    return row


def entity_tags(sentence: Sentence, scheme: str) -> list[str]:
    """The tags of a sentence in ``IOB2`` or ``BIOES``. Tags that look like that scheme stay as read, even if broken."""
    tags = sentence.columns.get(ENTITY_COLUMN)
    if tags is not None:
        single_tags = [part for tag in tags if tag != "O" for part in re.split(r"[|,]", tag)]
        prefixes = {part[: part.find("-")] for part in single_tags}
        if prefixes <= {"B", "I"} if scheme == "IOB2" else prefixes <= {"B", "I", "E", "S"} and prefixes & {"E", "S"}:
            return tags
    return encode_tags(sentence.ents, len(sentence), scheme)


def write_iob2(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes the five columns of Universal NER, with comments before each sentence."""
    with open_output(path) as out:
        for sentence in sentences:
            other, annotator = (sentence.columns.get(name, ["-"] * len(sentence)) for name in UNER_COLUMNS[2:])
            rows = zip(sentence.columns["FORM"], entity_tags(sentence, "IOB2"), other, annotator, strict=True)
            lines = [f"{number}\t" + "\t".join(cells) for number, cells in enumerate(rows, 1)]
            out.write("\n".join([*sentence.comments, *lines, "", ""]))


def write_two_column(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes lines ``word<TAB>tag`` in IOB2, without comments."""
    _write_pairs(sentences, path, "IOB2")


def write_biose(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes lines ``word<TAB>tag`` in BIOES, tags of nested entities joined by a bar, without comments."""
    _write_pairs(sentences, path, "BIOES")


def _write_pairs(sentences: Iterable[Sentence], path: PathLike, scheme: str) -> None:
    with open_output(path) as out:
        for sentence in sentences:
            pairs = zip(sentence.columns["FORM"], entity_tags(sentence, scheme), strict=True)
            out.write("".join(f"{form}\t{tag}\n" for form, tag in pairs) + "\n")


def write_conll2003(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes lines ``word part-of-speech chunk tag`` with blanks between; those inside words become no-break spaces."""
    with open_output(path) as out:
        for sentence in sentences:
            if any(comment_name(line) == "newdoc" for line in sentence.comments):
                out.write(f"{_DOCSTART} -X- -X- O\n\n")
            blank = ["_"] * len(sentence)
            columns = [sentence.columns.get(name, blank) for name in CONLL2003_COLUMNS[:3]]
            for *cells, tag in zip(*columns, entity_tags(sentence, "IOB2"), strict=True):
                out.write(" ".join(cell.replace(" ", "\u00a0") for cell in (*cells, tag)) + "\n")
            out.write("\n")


def iter_horizontal(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a file with one on each line, tokens separated by blanks. Empty lines separate paragraphs.

    A no-break space stands for a space inside a token.
    """
    return placed(_horizontal(path))


def _horizontal(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    new_paragraph = False
    for _, line in _lines(path):
        forms = re.split("[ \t]+", line.strip(" \t"))
        if forms == [""]:
            new_paragraph = True
            continue
        comments = ["# newpar"] if new_paragraph else []
        new_paragraph = False
        yield Sentence.from_forms([form.replace("\u00a0", " ") for form in forms], comments)


def iter_vertical(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a file with one token on each line; empty lines end sentences. Text after a tab is ignored."""
    forms = ([line.split("\t")[0] for _, line in block] for block in _blocks(path))
    return placed(Sentence.from_forms(words) for words in forms)


def write_horizontal(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes one sentence on each line, tokens separated by blanks; blanks inside tokens become no-break spaces."""
    with open_output(path) as out:
        for number, sentence in enumerate(sentences):
            line = " ".join(token.text.replace(" ", "\u00a0") for token in sentence.tokens)
            out.write(("\n" if number and sentence.starts_paragraph else "") + line + "\n")


def write_vertical(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes one token on each line, and an empty line after each sentence."""
    with open_output(path) as out:
        for sentence in sentences:
            out.write("".join(token.text + "\n" for token in sentence.tokens) + "\n")
