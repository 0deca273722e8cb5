"""Formats with one word on each line and an entity tag: IOB2 of Universal NER, two columns, CoNLL-2003, ``.biose``.

Tags stay in the column NER as they were read, and ``sentence.ents`` decodes them. Everything else on a
line is kept in columns of its own and written back.

A writer refuses what its reader would not take back alike, such as a no-break space where it stands for a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from depparse.document.annotations.entities import ENTITY_COLUMN
from depparse.document.columns import comment_name, is_unicode
from depparse.document.output import Refused, check_cells, write_each
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.document.spans import Span, decode_tags, encode_tags, split_tag
from depparse.errors import FormatError
from depparse.files import PathLike, name_of
from depparse.formats.plain_lines import (
    BETWEEN_BLANKS,
    BETWEEN_TABS,
    check_start,
    iter_blocks,
)

UNER_COLUMNS = ("FORM", ENTITY_COLUMN, "UNER:OTHER", "UNER:ANNOTATOR")
CONLL2003_COLUMNS = ("FORM", "XPOS", "CHUNK", ENTITY_COLUMN)
TWO_COLUMNS = ("FORM", ENTITY_COLUMN)
_TAG = re.compile(r"[^\s|,]+(?:[|,][^\s|,]+)*")
_SURE_TAG = re.compile(r"O|[BIESLU](?:-[^\s|,]*)?(?:[|,][BIESLU](?:-[^\s|,]*)?)*")  # no other text looks like it
_DOCSTART = "-DOCSTART-"


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
    for block in iter_blocks(path):
        if re.split("[ \t]", block[0][1], maxsplit=1)[0] == _DOCSTART:
            new_document = True
            block = block[1:]
            if not block:
                continue
        n_comments = 0
        while n_comments < len(block) and _is_comment(block[n_comments][1], names, numbered):
            n_comments += 1
        comments = [line for _, line in block[:n_comments]]
        if new_document:
            comments.insert(0, "# newdoc")
            new_document = False
        rows: list[dict[str, str]] = []
        for number, line in block[n_comments:]:
            rows.append(_row(_split(line), names, numbered, len(rows) + 1, name, number))
        if not rows:
            message = "comments without a sentence; remove them, or the empty line after them"
            raise FormatError(message, path=name, line=block[0][0])
        filled_columns = [column for column in names if any(column in row for row in rows)]
        sentence = Sentence({column: [row.get(column, "_") for row in rows] for column in filled_columns}, comments)
        sentence.place = f"{name}:{block[0][0]}"
        yield sentence


def _is_comment(line: str, names: Sequence[str], numbered: bool) -> bool:
    """Whether a line before the words is a comment. A word may be a # sign, so a line with all cells and a tag is none.

    A comment may hold tabs, as in MultiCoNER (``# id 5a1f<TAB>domain=en``).
    """
    if numbered or not line.startswith("# "):
        return numbered and line.startswith("#")
    cells = _split(line)
    return len(cells) != len(names) or not _SURE_TAG.fullmatch(cells[-1])


def _split(line: str) -> list[str]:
    """The cells between tabs, or between blanks, where a no-break space in a cell stands for a blank."""
    if "\t" in line:
        return line.split("\t")
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
    if not cells[0]:
        raise FormatError("a word with an empty form", path=path, line=line, column="FORM")
    row = dict(zip(names, cells, strict=False))
    if not _TAG.fullmatch(row[ENTITY_COLUMN]):
        message = f"expected an entity tag such as O, B-PER or I-PER, found {row[ENTITY_COLUMN]!r}"
        raise FormatError(message, path=path, line=line, column="TAG")
    return row


def entity_tags(sentence: Sentence, scheme: str) -> list[str]:
    """The tags of a sentence in ``IOB2`` or ``BIOES``. Tags that look like that scheme stay as read, even if broken.

    Raises FormatError for entities that these tags cannot tell, such as entities of one type that cross.
    """
    tags = sentence.columns.get(ENTITY_COLUMN)
    if tags is not None:
        prefixes = {split_tag(part)[0] for tag in tags if tag != "O" for part in re.split(r"[|,]", tag)}
        if prefixes <= {"B", "I"} if scheme == "IOB2" else prefixes <= {"B", "I", "E", "S"} and prefixes & {"E", "S"}:
            return _telling(sentence, tags, scheme)
    return _telling(sentence, encode_tags(sentence.ents, len(sentence), scheme), scheme)


def _telling(sentence: Sentence, tags: list[str], scheme: str) -> list[str]:
    decoded = decode_tags([tag.replace(",", "|") for tag in tags])
    if sorted(map(_key, decoded)) != sorted(map(_key, sentence.ents)):
        raise FormatError(f"{scheme} tags cannot tell its entities, some of which have one type and overlap")
    return tags


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.type


def _checked_tags(sentence: Sentence, scheme: str) -> list[str]:
    """The tags, each checked. Raises FormatError for a sentence without words or a tag that no reader takes."""
    if not len(sentence):
        raise FormatError("a sentence without words")
    tags = entity_tags(sentence, scheme)
    for word, tag in enumerate(tags, 1):
        if not _TAG.fullmatch(tag) or not is_unicode(tag):
            raise FormatError(f"word {word}: a tag holds no blank and is not empty, unlike {tag[:60]!r}", column="TAG")
    return tags


def _checked_forms(sentence: Sentence, refused: Refused, number: int) -> list[str]:
    """The forms of the sentence with that number, each checked."""
    forms = sentence.columns["FORM"]
    check_cells(forms, "FORM", refused)
    if forms and forms[0] == _DOCSTART:
        raise FormatError(f"a sentence that begins with the word {_DOCSTART} is read as the beginning of a document")
    check_start(forms, number)
    return forms


def write_iob2(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes the five columns of Universal NER, with comments before each sentence. Raises FormatError."""
    write_each(sentences, path, _iob2)


def _iob2(sentence: Sentence, _: int) -> str:
    tags = _checked_tags(sentence, "IOB2")
    columns = [sentence.columns["FORM"], tags]
    columns += [sentence.columns.get(name, ["-"] * len(sentence)) for name in UNER_COLUMNS[2:]]
    for name, cells in zip(UNER_COLUMNS, columns, strict=True):
        check_cells(cells, name, BETWEEN_TABS, may_be_empty=name != "FORM")
    for line in sentence.comments:
        if not line.startswith("#") or "\n" in line or "\r" in line:
            raise FormatError(f"a comment is one line that begins with #, not {line[:60]!r}")
    rows = (f"{number}\t" + "\t".join(cells) for number, cells in enumerate(zip(*columns, strict=True), 1))
    return "\n".join([*sentence.comments, *rows, "", ""])


def write_two_column(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes lines ``word<TAB>tag`` in IOB2, without comments. Raises FormatError."""
    _write_pairs(sentences, path, "IOB2")


def write_biose(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes lines ``word<TAB>tag`` in BIOES, tags of nested entities joined by a bar, without comments.

    Raises FormatError.
    """
    _write_pairs(sentences, path, "BIOES")


def _write_pairs(sentences: Iterable[Sentence], path: PathLike, scheme: str) -> None:

    def text_of(sentence: Sentence, number: int) -> str:
        tags = _checked_tags(sentence, scheme)
        forms = _checked_forms(sentence, BETWEEN_TABS, number)
        return "".join(f"{form}\t{tag}\n" for form, tag in zip(forms, tags, strict=True)) + "\n"

    write_each(sentences, path, text_of)


def write_conll2003(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes lines ``word part-of-speech chunk tag`` with blanks between; those inside words become no-break spaces.

    An empty value is written ``_``. Raises FormatError.
    """

    def text_of(sentence: Sentence, number: int) -> str:
        tags = _checked_tags(sentence, "IOB2")
        columns = [_checked_forms(sentence, BETWEEN_BLANKS, number)]
        for name in CONLL2003_COLUMNS[1:3]:
            columns.append([cell or "_" for cell in sentence.columns.get(name, ["_"] * len(sentence))])
            check_cells(columns[-1], name, BETWEEN_BLANKS)
        begins = any(comment_name(line) == "newdoc" for line in sentence.comments)
        rows = zip(*([cell.replace(" ", "\u00a0") for cell in column] for column in (*columns, tags)), strict=True)
        return (f"{_DOCSTART} -X- -X- O\n\n" if begins else "") + "".join(f"{' '.join(row)}\n" for row in rows) + "\n"

    write_each(sentences, path, text_of)
