"""The check of a treebank: what is broken in its files, and what will hurt training.

Each file is read once, as a stream; what concerns several files is told at the end. `depparse.data.findings` says
what can be found. To add a check: a line there, and the lines here that find it.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from depparse.data import conllu
from depparse.data.columns import CONLLU_COLUMNS, ENTITY_COLUMN, FRAME_COLUMNS, get_from_misc
from depparse.data.comparisons import check_columns, check_splits, check_unknown, check_unseen
from depparse.data.files import PathLike, name_of, open_input
from depparse.data.findings import Finding, Findings
from depparse.data.sentence import ENTITY_KEYS, FRAME_KEYS, Sentence
from depparse.data.spans import decode_frames
from depparse.data.treebank import Statistics, Treebank, spell
from depparse.data.trees import find_cycle, unreachable
from depparse.errors import FormatError

LONG_SENTENCE = 200  # words
LONG_TOKEN = 100  # characters
FORMULA = 5  # words; shorter sentences recur by themselves

_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffd]")
_BLANKS = re.compile(r"^[^\S\n]|[^\S\n]$|[^\S\n]{2}", re.MULTILINE)
_KEY = re.compile(r"#\s*(?:(?:sent_id|text)\s*=|(?:newpar|newdoc)\b)")
_CANONICAL = re.compile(r"# (?:(?:sent_id|text) = |newpar|newdoc)")


def check(path: PathLike | Treebank) -> list[Finding]:
    """What is wrong with a treebank (a folder, or a file of CoNLL-U), errors first.

    Broken files are findings too. FormatError only if there is no treebank to check.
    """
    treebank = path if isinstance(path, Treebank) else Treebank.open(path)
    findings = Findings()
    sent_ids: set[str] = set()
    files = {split: CheckedFile(split, file, findings, sent_ids) for split, file in treebank.splits.items()}
    for file in files.values():
        file.check()
    if treebank.folder is not None or len(files) > 1:
        check_splits(files, findings)
    check_columns(files, findings)
    for file in files.values():
        check_unknown(file, findings)
    if "train" in files:
        check_unseen(files, findings)
    return findings.results()


class CheckedFile:
    """One file in the course of a check."""

    def __init__(self, split: str, path: Path, findings: Findings, sent_ids: set[str]) -> None:
        self.split, self.path, self.findings, self.sent_ids = split, path, findings, sent_ids
        self.statistics = Statistics()
        self.first: dict[tuple[str, str], str] = {}  # (column, label) to the place where it first stands
        self.sentences: Counter[int] = Counter()  # hashes of their words
        self.places: dict[int, str] = {}
        self._name = os.path.basename(name_of(path))
        self._line = 0
        self._mismatches: list[str] = []  # places where the text is not what the tokens spell
        self._underscores: list[str] = []  # places where form and lemma are `_`
        self._marked = self._closed = False  # whether entity tags mark beginnings, as in IOB2, and ends, as in BIOES
        self._unopened: list[tuple[str, str]] = []  # (place, tag) that continues nothing
        self._unended: list[tuple[str, str]] = []  # (place, tag) that should have been an end

    def check(self) -> None:
        for sentence in self._read():
            self.statistics.add(sentence)
            self._comments(sentence)
            self._forms(sentence)
            self._labels(sentence)
            self._tree(sentence)
            self._graph(sentence)
            self._frames(sentence)
            self._entities(sentence)
        if not self.statistics.sentences:
            self.findings.add("empty-file", self._name)
            return
        self._text()
        # In IO and IOB1 any tag may begin an entity, and in IOB2 any may end it.
        broken = self._unopened * self._marked + self._unended * self._closed
        for place, tag in broken:
            self.findings.add("entity-tags", place, tag)
        if self.statistics.nonprojective:
            share = 100 * self.statistics.nonprojective / self.statistics.trees
            self.findings.add("nonprojective", "", f"{self.split} {share:.1f} %", self.statistics.nonprojective)

    def _read(self) -> Iterator[Sentence]:
        """The sentences; those that cannot be read are findings, and so is what the reader repairs."""
        names: tuple[str, ...] = CONLLU_COLUMNS
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
        except FormatError as error:  # from the file itself: missing, or not UTF-8 from here on
            self._unreadable(error)
        except OSError as error:
            self._unreadable(FormatError(str(error)))
        else:
            watched.report(self.findings, self._name)

    def _unreadable(self, error: FormatError) -> None:
        place = self._name if error.line is None else f"{self._name}:{error.line}"
        column = f" (column {error.column})" if error.column else ""
        self.findings.add("unreadable", place, error.message + column)

    def _place(self, sentence: Sentence | None = None, word: int = 0) -> str:
        """Where the sentence begins, or the line of a word (from 1)."""
        if sentence is None or not word:
            return f"{self._name}:{self._line}"
        before = sum(mwt.start <= word for mwt in sentence.mwts) + sum(n.id[0] < word for n in sentence.empty_nodes)
        return f"{self._name}:{self._line + len(sentence.comments) + before + word - 1}"

    def _comments(self, sentence: Sentence) -> None:
        sent_id = sentence.sent_id
        if sent_id is None:
            self.findings.add("missing-sent-id", self._place())
        elif sent_id in self.sent_ids:
            self.findings.add("duplicate-sent-id", self._place())
        else:
            self.sent_ids.add(sent_id)
        text = sentence.comment("text")
        if text is None:
            self.findings.add("missing-text", self._place())
        elif text.split() != spell(sentence)[0].split():  # kinds of white space do not matter here
            self._mismatches.append(self._place())
        if any("\t" in line for line in sentence.comments):
            self.findings.add("tab-in-comment", self._place())
        if any(_KEY.match(line) and not _CANONICAL.match(line) for line in sentence.comments):
            self.findings.add("comment-form", self._place())

    def _forms(self, sentence: Sentence) -> None:
        forms = sentence.columns["FORM"]
        joined = "\n".join(forms)
        for code, pattern in (("control-characters", _ODD), ("blanks-in-form", _BLANKS)):
            if pattern.search(joined):
                words = [word for word, form in enumerate(forms, 1) if pattern.search(form)]
                self.findings.add(code, self._place(sentence, words[0]), count=len(words))
        if not joined.isascii() and not unicodedata.is_normalized("NFC", joined):
            self.findings.add("not-nfc", self._place())
        if max(map(len, forms)) > LONG_TOKEN:
            words = [word for word, form in enumerate(forms, 1) if len(form) > LONG_TOKEN]
            self.findings.add("long-token", self._place(sentence, words[0]), count=len(words))
        if len(forms) > LONG_SENTENCE:
            self.findings.add("long-sentence", self._place())
        if "_" in forms:
            lemmas = sentence.columns.get("LEMMA", forms)
            for word, (form, lemma) in enumerate(zip(forms, lemmas, strict=True), 1):
                if form == lemma == "_":
                    self._underscores.append(self._place(sentence, word))
        for mwt in sentence.mwts:
            if mwt.start == mwt.end:
                self.findings.add("single-word-mwt", self._place(sentence, mwt.start))
        if len(forms) >= FORMULA:
            key = hash(joined)
            self.sentences[key] += 1
            self.places.setdefault(key, self._place())

    def _labels(self, sentence: Sentence) -> None:
        for name, column in sentence.columns.items():
            if "" in column:
                self.findings.add("empty-cell", self._place(sentence, column.index("") + 1), name)
        for name in ("UPOS", "DEPREL", "FEATS"):
            column = sentence.columns.get(name, [])
            for label in set(column):
                if (name, label) not in self.first:
                    self.first[name, label] = self._place(sentence, column.index(label) + 1)

    def _tree(self, sentence: Sentence) -> None:
        heads = sentence.heads
        roots = [word for word, head in enumerate(heads, 1) if head == 0]
        relations = sentence.columns.get("DEPREL", [])
        if len(roots) > 1:
            self.findings.add("several-roots", self._place(sentence, roots[1]))
        if not roots and None not in heads:
            self.findings.add("no-root", self._place())
        if cycle := find_cycle(heads):
            self.findings.add("cycle", self._place(sentence, cycle[0]))
        for word, (head, relation) in enumerate(zip(heads, relations, strict=False), 1):
            if (head == 0) != (relation == "root") and head is not None and relation != "_":
                self.findings.add("root-relation" if head == 0 else "root-elsewhere", self._place(sentence, word))

    def _graph(self, sentence: Sentence) -> None:
        deps = sentence.columns.get("DEPS", [])
        if deps.count("_") == len(deps):
            return
        cells = {str(word): cell for word, cell in enumerate(deps, 1)}
        cells |= {f"{node.id[0]}.{node.id[1]}": node.cells.get("DEPS", "_") for node in sentence.empty_nodes}
        graph: dict[str, list[str]] = {}
        for node, cell in cells.items():
            graph[node] = []
            for part in cell.split("|") if cell != "_" else ():
                head, colon, relation = part.partition(":")
                if (head in cells or head == "0") and colon and relation:
                    graph[node].append(head)
                else:
                    self.findings.add("enhanced-head", self._place(sentence, int(node.partition(".")[0])), part)
        if lost := unreachable(graph):
            place = self._place(sentence, int(lost[0].partition(".")[0]))
            self.findings.add("enhanced-unreachable", place, count=len(lost))

    def _frames(self, sentence: Sentence) -> None:
        columns = [sentence.columns.get(name) for name in FRAME_COLUMNS]
        joint = "|"
        if columns[0] is None:
            misc = sentence.columns.get("MISC", [])
            if not _any_holds(misc, FRAME_KEYS[0]):
                return
            joint = ","
            columns = [[get_from_misc(cell, key) or "_" for cell in misc] for key in FRAME_KEYS]
        blank = ["_"] * len(sentence)
        for word, (sense, *cells) in enumerate(zip(*(column or blank for column in columns), strict=True), 1):
            if not _are_arguments(sense, cells[0], cells[1], len(sentence), joint):
                shown = " and ".join(cell for cell in cells if cell not in ("_", ""))
                self.findings.add("frame-arguments", self._place(sentence, word), shown)

    def _entities(self, sentence: Sentence) -> None:
        tags = sentence.columns.get(ENTITY_COLUMN)
        if tags is None:
            misc = sentence.columns.get("MISC", [])
            key = next((key for key in ENTITY_KEYS if _any_holds(misc, key)), None)
            if key is None:
                return
            tags = [(get_from_misc(cell, key) or "O").replace(",", "|") for cell in misc]
        open_tags: list[tuple[str, str]] = []  # (type, tag) that may be continued at this word
        before: set[str] = set()  # types at the word before
        for word, cell in enumerate([*tags, "O"], 1):
            still_open: list[tuple[str, str]] = []
            types = set()
            for tag in () if cell in ("O", "_", "-", "") else cell.split("|"):
                prefix, dash, type = tag.partition("-")
                if tag == "O":
                    continue
                if not dash or prefix not in ("B", "I", "E", "S", "L", "U"):
                    prefix, type = "I", tag
                types.add(type)
                self._closed |= prefix in ("E", "S", "L", "U")
                if prefix in ("B", "S", "U"):
                    self._marked |= type not in before
                elif (found := next((item for item in open_tags if item[0] == type), None)) is not None:
                    open_tags.remove(found)
                else:
                    self._unopened.append((self._place(sentence, word), tag))
                if prefix in ("B", "I"):
                    still_open.append((type, tag))
            self._unended += [(self._place(sentence, word - 1), tag) for _, tag in open_tags]
            open_tags, before = still_open, types

    def _text(self) -> None:
        """What the file as a whole tells of its text: where it is absent, single words and sentences are not told."""
        counts = self.statistics
        withheld = counts.words - counts.filled["FORM"]
        if withheld > counts.words / 2:
            self.findings.add("forms-withheld", self._name, count=withheld)
            return
        self.findings.add_all("literal-underscore", self._underscores)
        if counts.unspaced or counts.tokens < 2:
            self.findings.add_all("text-mismatch", self._mismatches)
        elif self._mismatches or not counts.texts:
            self.findings.add("no-spacing", self._name)
        else:
            self.findings.add("all-spaced", self._name)


def _any_holds(misc: list[str], key: str) -> bool:
    return key + "=" in "\n".join(misc) and any(get_from_misc(cell, key) is not None for cell in misc)


def _are_arguments(sense: str, heads: str, spans: str, length: int, joint: str) -> bool:
    """Whether the argument cells of a word can be read, and their places are words of a sentence of `length`."""
    try:
        frames = decode_frames([sense], [heads], [spans], joint)
    except ValueError:
        return False
    for argument in (argument for frame in frames for argument in frame.arguments):
        places = [place for place in (argument.head, argument.start, argument.end) if place is not None]
        if not all(1 <= place <= length for place in places):
            return False
        if argument.start is not None and argument.end is not None and argument.start > argument.end:
            return False
    return True


class _Watched:
    """A stream that notes what the reader repairs on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._tail = b"\n\n"  # the last bytes; a file begins as if after a sentence
        self._begun = self._marks = self._empty_lines = False

    def read1(self, size: int) -> bytes:
        data = self._stream.read(size)
        new = data if self._begun else data.removeprefix(b"\xef\xbb\xbf")
        self._begun = True
        seen = self._tail + new
        self._marks |= len(new) < len(data) or b"\r\n" in seen
        self._empty_lines |= b"\n\n\n" in seen.replace(b"\r\n", b"\n")
        self._tail = seen[-5:]
        return data

    def report(self, findings: Findings, name: str) -> None:
        if not self._tail.replace(b"\r\n", b"\n").endswith(b"\n\n"):
            findings.add("no-empty-line", name)
        if self._empty_lines:
            findings.add("empty-lines", name)
        if self._marks:
            findings.add("line-ends", name)
