"""One file during the check of a treebank, and the findings that it shows by itself."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from depparse.document.annotations import kinds
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import name_of, open_input
from depparse.formats import conllu
from depparse.formats import table as formats
from depparse.treebanks.findings import LONG_SENTENCE, LONG_TOKEN, Findings
from depparse.treebanks.treebank import Statistics, format_of, spell

FORMULA = 5  # words; shorter sentences recur without having been copied

_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffd]")
_BLANKS = re.compile(r"^[^\S\n]|[^\S\n]$|[^\S\n]{2}", re.MULTILINE)
_KEY = re.compile(r"#\s*(?:(?:sent_id|text)\s*=|(?:newpar|newdoc)\b)")
_CANONICAL = re.compile(r"# (?:(?:sent_id|text) = |newpar|newdoc)")


class CheckedFile:
    """One file during a check. `sent_ids` is shared by the files of a treebank."""

    def __init__(self, split: str, path: Path, findings: Findings, sent_ids: set[str]) -> None:
        self.split, self.path, self.findings, self.sent_ids = split, path, findings, sent_ids
        self.statistics = Statistics()
        self.columns: set[str] = set()  # those that it has, or could have
        self.first: dict[tuple[str, str], str] = {}  # by (column, label): the place where it first stands
        self.sentences: Counter[int] = Counter()  # by the hash of their words: how often it occurs
        self.places: dict[int, str] = {}  # by the same hash: the place of the first such sentence
        self._name = os.path.basename(name_of(path))
        self._line = 0
        self._mismatches: list[str] = []  # places where the text is not what the tokens spell
        self._underscores: list[str] = []  # places where form and lemma are `_`

    def check(self) -> None:
        """Reads the file and adds its findings."""
        checkers = [checker for kind in kinds() if (checker := kind.checker(self)) is not None]
        for sentence in self._read():
            self.statistics.add(sentence)
            self.columns.update(sentence.columns)
            self._comments(sentence)
            self._forms(sentence)
            self._labels(sentence)
            for checker in checkers:
                checker.check(sentence)
        if not self.statistics.sentences:
            self.findings.add("empty-file", self._name)
            return
        self._text()
        for checker in checkers:
            checker.finish()

    def find(self, code: str, place: str = "", example: str = "", count: int = 1) -> None:
        """Counts `count` more findings of this code, at a place, with an example for the message."""
        self.findings.add(code, place, example, count)

    def _read(self) -> Iterator[Sentence]:
        """The sentences. Unreadable ones become findings; in formats other than CoNLL-U, the first ends the file."""
        name = format_of(self.path)
        if name in ("conllu", "conllup"):
            yield from self._read_conllu()
            return
        try:
            for sentence in formats.iter_sentences(self.path, name):
                line = (sentence.place or "").rpartition(":")[2]
                self._line = int(line) if line.isdigit() else self._line + 1
                yield sentence
        except FormatError as error:
            self._unreadable(error)

    def _read_conllu(self) -> Iterator[Sentence]:
        """The sentences of CoNLL-U or CoNLL-U Plus. Faults that the reader repairs become findings too."""
        names: tuple[str, ...] = CONLLU_COLUMNS
        self.columns.update(VALUE_COLUMNS)
        plus = self._name.removesuffix(".gz").endswith(".conllup")
        try:
            with open_input(self.path) as stream:
                watched = _Watched(stream)
                for line, block in conllu.blocks(cast(BinaryIO, watched), self._name, False):
                    self._line = line
                    if plus and line == 1 and block.startswith("# global.columns"):
                        names = tuple(block.partition("\n")[0].partition("=")[2].split())
                        if "FORM" not in names:
                            raise FormatError("global.columns names no column FORM", line=1)
                    try:
                        yield from conllu.parse_blocks([(line, block)], names, self._name)
                    except FormatError as error:
                        self._unreadable(error)
        except FormatError as error:  # the file is missing, or not UTF-8 from here on
            self._unreadable(error)
        except OSError as error:
            self._unreadable(FormatError(str(error)))
        else:
            watched.report(self.findings, self._name)

    def _unreadable(self, error: FormatError) -> None:
        place = self._name if error.line is None else f"{self._name}:{error.line}"
        column = f" (column {error.column})" if error.column else ""
        self.findings.add("unreadable", place, error.message + column)

    def place(self, sentence: Sentence | None = None, word: int = 0) -> str:
        """``file:line`` of a word (from 1) of the sentence that was read last, or of its beginning."""
        if sentence is None or not word:
            return f"{self._name}:{self._line}"
        before = sum(mwt.start <= word for mwt in sentence.mwts) + sum(n.id[0] < word for n in sentence.empty_nodes)
        return f"{self._name}:{self._line + len(sentence.comments) + before + word - 1}"

    def _comments(self, sentence: Sentence) -> None:
        sent_id = sentence.sent_id
        if sent_id is None:
            self.findings.add("missing-sent-id", self.place())
        elif sent_id in self.sent_ids:
            self.findings.add("duplicate-sent-id", self.place())
        else:
            self.sent_ids.add(sent_id)
        text = sentence.comment("text")
        if text is None:
            self.findings.add("missing-text", self.place())
        elif text.split() != spell(sentence)[0].split():  # the kind of white space does not matter here
            self._mismatches.append(self.place())
        if any("\t" in line for line in sentence.comments):
            self.findings.add("tab-in-comment", self.place())
        if any(_KEY.match(line) and not _CANONICAL.match(line) for line in sentence.comments):
            self.findings.add("comment-form", self.place())

    def _forms(self, sentence: Sentence) -> None:
        forms = sentence.columns["FORM"]
        joined = "\n".join(forms)
        for code, pattern in (("control-characters", _ODD), ("blanks-in-form", _BLANKS)):
            if pattern.search(joined):
                words = [word for word, form in enumerate(forms, 1) if pattern.search(form)]
                self.findings.add(code, self.place(sentence, words[0]), count=len(words))
        if not joined.isascii() and not unicodedata.is_normalized("NFC", joined):
            self.findings.add("not-nfc", self.place())
        if max(map(len, forms)) > LONG_TOKEN:
            words = [word for word, form in enumerate(forms, 1) if len(form) > LONG_TOKEN]
            self.findings.add("long-token", self.place(sentence, words[0]), count=len(words))
        if len(forms) > LONG_SENTENCE:
            self.findings.add("long-sentence", self.place())
        if "_" in forms:
            lemmas = sentence.columns.get("LEMMA", forms)
            for word, (form, lemma) in enumerate(zip(forms, lemmas, strict=True), 1):
                if form == lemma == "_":
                    self._underscores.append(self.place(sentence, word))
        for mwt in sentence.mwts:
            if mwt.start == mwt.end:
                self.findings.add("single-word-mwt", self.place(sentence, mwt.start))
        if len(forms) >= FORMULA:
            key = hash(joined)
            self.sentences[key] += 1
            self.places.setdefault(key, self.place())

    def _labels(self, sentence: Sentence) -> None:
        for name, column in sentence.columns.items():
            if "" in column:
                self.findings.add("empty-cell", self.place(sentence, column.index("") + 1), name)
        for name in self.statistics.label_counts:
            column = sentence.columns.get(name, [])
            for label in set(column):
                if (name, label) not in self.first:
                    self.first[name, label] = self.place(sentence, column.index(label) + 1)

    def _text(self) -> None:
        """Adds the findings about the text of the whole file; if its forms are withheld, no others."""
        counts = self.statistics
        withheld = counts.words - counts.filled["FORM"]
        if withheld > counts.words / 2:
            self.findings.add("forms-withheld", self._name, count=withheld)
            return
        self.findings.add_all("literal-underscore", self._underscores)
        if counts.unspaced or counts.tokens < 2:
            self.findings.add_all("text-mismatch", self._mismatches)
        elif "MISC" not in self.columns:  # the format has no place for spacing
            pass
        elif self._mismatches or not counts.texts:
            self.findings.add("no-spacing", self._name)
        else:
            self.findings.add("all-spaced", self._name)


class _Watched:
    """A stream that notes the faults that the reader repairs."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._tail = b"\n\n"  # the last bytes read; at first, those that end a sentence
        self._begun = self._marks = self._empty_lines = False

    def read1(self, size: int) -> bytes:
        """The next bytes, at most `size`."""
        data = self._stream.read(size)
        new = data if self._begun else data.removeprefix(b"\xef\xbb\xbf")
        self._begun = True
        window = self._tail + new
        self._marks |= len(new) < len(data) or b"\r\n" in window
        self._empty_lines |= b"\n\n\n" in window.replace(b"\r\n", b"\n")
        self._tail = window[-5:]
        return data

    def report(self, findings: Findings, name: str) -> None:
        """Adds a finding for each kind of fault in the file `name`."""
        if not self._tail.replace(b"\r\n", b"\n").endswith(b"\n\n"):
            findings.add("no-empty-line", name)
        if self._empty_lines:
            findings.add("empty-lines", name)
        if self._marks:
            findings.add("line-ends", name)
