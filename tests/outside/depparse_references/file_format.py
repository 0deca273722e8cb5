"""A file format: a word a line, with six cells between tabs; an empty line after each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from depparse.document.annotations import kinds_of
from depparse.document.sentence import Sentence
from depparse.files import PathLike, name_of, open_input, open_output
from depparse.formats.conllu import blocks, parse_blocks
from depparse.formats.table import Format

COLUMNS = ("FORM", "UPOS", "HEAD", "DEPREL", "NER", "REF")


def read(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """Yields the sentences; a mistake in the file is an error that says where it is."""
    with open_input(path) as stream:
        yield from parse_blocks(blocks(stream, name_of(path), strict=False), COLUMNS, name_of(path))


def write(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes the sentences with their comments; annotation in MISC goes to the columns."""
    with open_output(path) as out:
        for sentence in sentences:
            copy = sentence.copy()
            for kind in kinds_of(COLUMNS):
                if kind.misc:
                    kind.to_columns(copy)
            lines = ["\t".join(cells) for _, cells in copy.rows(COLUMNS)]
            out.write("\n".join([*copy.comments, *lines, "", ""]))


FORMAT = Format("words, trees, entities and references", (".refs",), read, write)
