"""The search in files: which files are meant, and their sentences that have matches."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, FormatError
from depparse.formats.conllu import iter_conllu
from depparse.treebanks.query.search import Match, Pattern
from depparse.treebanks.treebank import format_of, iter_file

_ENDINGS = (".conllu", ".conllu.gz")


def find_files(paths: Iterable[str]) -> list[str]:
    """The files that are meant by names of files, of folders, which may have folders in them, and with a star.

    Of a folder, these are all CoNLL-U files. ``-`` is standard input. Raises FormatError if a path leads to no file.
    """
    found: dict[str, None] = {}
    for path in paths:
        if path == "-" or os.path.isfile(path):
            found[path] = None
            continue
        there = [path] if os.path.exists(path) else sorted(glob.glob(path, recursive=True))
        if not there:
            raise FormatError("cannot be read: no such file or directory", path=path)
        files = [file for name in there for file in ([name] if not os.path.isdir(name) else _files_in(Path(name)))]
        if not files:
            raise FormatError("no .conllu file in this folder", path=path)
        found |= dict.fromkeys(files)
    if not found:
        raise ConfigError("say in which files or folders to search")
    return list(found)


def _files_in(folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.name.endswith(_ENDINGS) and not file.name.startswith("."))
    return sorted(str(file) for file in files if file.is_file())


class FileSearch:
    """The sentences of files that have matches. `sentences` counts those that were searched so far.

    Of CoNLL-U files, only sentences are read whose lines hold what the pattern asks for, so that faults in others are
    not found.
    """

    def __init__(self, files: Sequence[str], pattern: Pattern) -> None:
        self.files, self.pattern, self.sentences = files, pattern, 0

    def __iter__(self) -> Iterator[list[Match]]:
        """The matches of each sentence that has any. Raises FormatError for broken files."""
        for file in self.files:
            for sentence in self._read(file):
                matches = list(self.pattern.matches(sentence))
                if matches:
                    yield matches

    def counts(self) -> Iterator[int]:
        """The number of matches of each sentence that has any; counting is faster than making them."""
        counts = (self.pattern.count(sentence) for file in self.files for sentence in self._read(file))
        return filter(None, counts)

    def _read(self, file: str) -> Iterator[Sentence]:
        if format_of(file) == "conllu":
            yield from iter_conllu(file, keep=self._may_match)
            return
        for sentence in iter_file(file):
            self.sentences += 1
            yield sentence

    def _may_match(self, lines: str) -> bool:
        self.sentences += 1
        return self.pattern.may_be_in(lines)
