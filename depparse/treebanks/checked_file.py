"""One file during the check of a treebank, and the findings that it shows by itself."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from depparse.document.annotations import kinds
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS
from depparse.document.sentence import Sentence
from depparse.document.trees import find_cycle
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.errors import FormatError
from depparse.files import name_of, open_input
from depparse.formats import conllu
from depparse.formats import table as formats
from depparse.treebanks.findings import LONG_SENTENCE, LONG_TOKEN, Findings
from depparse.treebanks.rules.cells import CellChecker
from depparse.treebanks.rules.comments import COMMENT_RULES, Header, Seen
from depparse.treebanks.rules.lines import LINE_RULES, Lines
from depparse.treebanks.rules.rule import Hit
from depparse.treebanks.rules.sentences import SENTENCE_RULES
from depparse.treebanks.rules.trees import TREE_RULES, Tree
from depparse.treebanks.treebank import Statistics, format_of

FORMULA = 5  # words; shorter sentences recur without having been copied

_ANY_FORMAT = ("duplicate-sent-id", "text-mismatch")  # rules about comments that concern other formats too
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
_KEY = re.compile(r"#\s*(?:(?:sent_id|text)\s*=|(?:newpar|newdoc)\b)")
_CANONICAL = re.compile(r"# (?:(?:sent_id|text) = |newpar|newdoc)")


class CheckedFile:
    """One file during a check. `seen` is shared by the files of a treebank."""

    def __init__(self, split: str, path: Path, findings: Findings, seen: Seen) -> None:
        self.split, self.path, self.findings, self.seen = split, path, findings, seen
        self.statistics = Statistics()
        self.columns: set[str] = set()  # those that it has, or could have
        self.first: dict[tuple[str, str], str] = {}  # by (column, label): the place where it first stands
        self.sentences: Counter[int] = Counter()  # by the hash of their words: how often it occurs
        self.places: dict[int, str] = {}  # by the same hash: the place of the first such sentence
        self._name = os.path.basename(name_of(path))
        self._line = 0
        self._underscores: list[str] = []  # places where form and lemma are `_`
        self._line_rules = LINE_RULES.up_to(findings.level)
        self._tree_rules = TREE_RULES.up_to(findings.level)
        self._is_conllu = format_of(path) in ("conllu", "conllup")

    def check(self) -> None:
        """Reads the file and adds its findings."""
        checkers = [checker for kind in kinds() if (checker := kind.checker(self)) is not None]
        cells, self.seen.unspaced, self.seen.mismatches = CellChecker(self.findings.level), False, 0
        for sentence in self._read():
            arcs = self.statistics.add(sentence)
            self.columns.update(sentence.columns)
            self._comments(sentence)
            self._forms(sentence)
            self._note_labels(sentence)
            self._rules(sentence, arcs)
            for code, where, example in cells.check(sentence):
                self.find(code, self.place(sentence, where), example)
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
        if self._is_conllu:
            yield from self._read_conllu()
            return
        try:
            for sentence in formats.iter_sentences(self.path, format_of(self.path)):
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
                    lines = Lines.of(block)
                    for code, find in self._line_rules:
                        for offset, example in find(lines):
                            self.find(code, f"{self._name}:{line + cast(int, offset)}", example)
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

    def place(self, sentence: Sentence | None = None, word: int | MultiwordToken | EmptyNode = 0) -> str:
        """``file:line`` of a word (from 1) or other line of the sentence that was read last, or of its beginning."""
        if sentence is None or not word:
            return f"{self._name}:{self._line}"
        start = self._line + len(sentence.comments)
        if isinstance(word, EmptyNode):
            last, number = word.id
            before = sum(mwt.start <= last for mwt in sentence.mwts) + sum(n.id[0] < last for n in sentence.empty_nodes)
            return f"{self._name}:{start + last + before + number - 1}"
        first = word if isinstance(word, int) else word.start
        before = sum(mwt.start <= first for mwt in sentence.mwts) + sum(n.id[0] < first for n in sentence.empty_nodes)
        return f"{self._name}:{start + first + before - 1 - (not isinstance(word, int))}"

    def _hits(self, sentence: Sentence, code: str, hits: Iterable[Hit]) -> None:
        for where, example in hits:
            self.find(code, self.place(sentence, where), example)

    def _rules(self, sentence: Sentence, arcs: list[tuple[int, int]]) -> None:
        """Applies the rules of UD that read whole sentences."""
        level = self.findings.level
        if self._is_conllu and level > 1:
            for code, rule in SENTENCE_RULES.items():
                self._hits(sentence, code, rule.find(sentence))
        heads = sentence.heads
        if self._tree_rules and None not in heads and heads.count(0) == 1 and not find_cycle(heads):
            tree = Tree(sentence, [head or 0 for head in heads], arcs)
            for code, find in self._tree_rules:
                self._hits(sentence, code, find(tree))

    def _comments(self, sentence: Sentence) -> None:
        header = Header.of(sentence, self.seen)
        for code, rule in COMMENT_RULES.items():
            if self._is_conllu or code in _ANY_FORMAT:
                self._hits(sentence, code, rule.find(header))
        if any("\t" in line for line in sentence.comments):
            self.findings.add("tab-in-comment", self.place())
        if any(_KEY.match(line) and not _CANONICAL.match(line) for line in sentence.comments):
            self.findings.add("comment-form", self.place())

    def _forms(self, sentence: Sentence) -> None:
        forms = sentence.columns["FORM"]
        joined = "\n".join(forms)
        if _ODD.search(joined):
            words = [word for word, form in enumerate(forms, 1) if _ODD.search(form)]
            self.findings.add("control-characters", self.place(sentence, words[0]), count=len(words))
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

    def _note_labels(self, sentence: Sentence) -> None:
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
        if counts.unspaced or counts.tokens < 2 or "MISC" not in self.columns:  # without MISC, no place for spacing
            pass
        elif self.seen.mismatches or not counts.texts:
            self.findings.add("no-spacing", self._name)
        else:
            self.findings.add("all-spaced", self._name)


class _Watched:
    """A stream that notes the faults that the reader repairs, and the first line of each."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._tail = b"\n\n"  # the last bytes read; at first, those that end a sentence
        self._line = -1  # the number of the line in which the tail begins
        self._begun = False
        self._first: dict[str, int] = {}  # by code: the line of the first fault

    def read1(self, size: int) -> bytes:
        """The next bytes, at most `size`."""
        data = self._stream.read(size)
        new = data if self._begun else data.removeprefix(b"\xef\xbb\xbf")
        self._begun = True
        window = self._tail + new
        if len(new) < len(data):
            self._first["line-ends"] = 1
        for code, fault in (("line-ends", b"\r"), ("empty-lines", b"\n\n\n"), ("empty-lines", b"\n\r\n\r\n")):
            if code not in self._first and (place := window.find(fault)) >= 0:
                further = 2 if code == "empty-lines" else 0
                self._first[code] = self._line + window.count(b"\n", 0, place) + further
        self._line += window.count(b"\n", 0, max(len(window) - 5, 0))
        self._tail = window[-5:]
        return data

    def report(self, findings: Findings, name: str) -> None:
        """Adds a finding for each kind of fault in the file `name`."""
        if not self._tail.replace(b"\r\n", b"\n").endswith(b"\n\n"):
            findings.add("no-empty-line", name)
        for code, line in self._first.items():
            findings.add(code, f"{name}:{line}")
