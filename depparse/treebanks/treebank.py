"""A treebank: its train, dev and test files, and counts over them.

`depparse.treebanks.checks` finds their faults.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from depparse.document.columns import VALUE_COLUMNS
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.document.trees import nonprojective_arcs
from depparse.errors import ConfigError, FormatError
from depparse.files import PathLike, name_of
from depparse.formats import table as formats
from depparse.treebanks.catalogue import find, similar

SPLITS = ("train", "dev", "test")
WHOLE = "file"  # the one split of a treebank that is a single file of another name
_ENDINGS = (".conllu", ".conllu.gz")
# These match `en_ewt-ud-train`, `train`, `my.train`; then `mytrain`; then a part of a file too large for GitHub.
_NAMES = (r"(?:^|.*[\W_]){}", r".*{}", r"(?:^|.*[\W_]){}[-_.]\w{{1,2}}(?:[-_.]\w{{1,2}})?")


def find_splits(path: PathLike) -> dict[str, Path]:
    """The CoNLL-U files of a treebank: those of a folder whose names end in train, dev and test, in this order.

    The folder may have any name and hold other files. A single file is a treebank too: its name tells its split, which
    is ``file`` if it does not. Raises FormatError if there is no such file, or if two files could be the same split.
    """
    path = Path(path)
    if not path.exists() and path != Path("-"):
        raise FormatError(f"no such file or folder{_hint(path.name)}", path=str(path))
    if not path.is_dir():
        stem = _stem(path)
        split = next((name for pattern in _NAMES for name in SPLITS if re.fullmatch(pattern.format(name), stem)), WHOLE)
        return {split: path}
    files = sorted(file for file in path.iterdir() if file.name.endswith(_ENDINGS) and not file.name.startswith("."))
    splits = {}
    for split in SPLITS:
        for pattern in _NAMES:
            matching = [file for file in files if re.fullmatch(pattern.format(split), _stem(file))]
            if len(matching) > 1:
                names = ", ".join(file.name for file in matching)
                raise FormatError(
                    f"several files for {split}: {names}; join or move them, so that one is left", path=str(path)
                )
            if matching:
                splits[split] = matching[0]
                break
    if not splits:
        raise FormatError(_explain_folder(path, files), path=str(path))
    return splits


def _hint(name: str) -> str:
    """The end of an error about a folder that is not there: how to fetch the treebank that it is named after."""
    if not name.upper().startswith("UD_"):
        return ""
    try:
        return f"; depparse corpora get {find(name).treebank} fetches this treebank"
    except ConfigError:
        return similar(name)


def _stem(file: Path) -> str:
    name = file.name.removesuffix(".gz")
    return (os.path.splitext(name)[0] if formats.guess_format(file, "") else name).lower()


def _explain_folder(path: Path, files: list[Path]) -> str:
    if files:
        return f"no file name ends in train, dev or test, as {files[0].name} does not; rename it, or name the file"
    inner = sorted(child.name for child in path.iterdir() if child.is_dir() and any(child.glob("*.conllu*")))
    if inner:
        return f"no .conllu file in this folder; name one of its folders, such as {inner[0]}"
    return "no .conllu file in this folder"


@dataclass(frozen=True, slots=True)
class Treebank:
    """A treebank: its `name`, files by split (``train``, ``dev``, ``test``, or ``file``), and folder, if any."""

    name: str
    splits: Mapping[str, Path]
    folder: Path | None = None

    @classmethod
    def open(cls, path: PathLike) -> Treebank:
        """The treebank in a folder or a file; see `find_splits`. Reads nothing yet."""
        splits, folder = find_splits(path), Path(path)
        name = folder.resolve().name if os.fspath(path) != "-" else name_of("-")
        return cls(name, splits, folder if folder.is_dir() else None)

    def iter(self, split: str) -> Iterator[Sentence]:
        """The sentences of a split, one at a time. Raises FormatError."""
        return iter_file(self._file(split))

    def read(self, split: str) -> Document:
        """The sentences of a split as a document. Raises FormatError."""
        file = self._file(split)
        return formats.read(file, format_of(file))

    def statistics(self) -> dict[str, Statistics]:
        """The statistics of each split. Raises FormatError."""
        return {split: Statistics.of(self.iter(split)) for split in self.splits}

    def _file(self, split: str) -> Path:
        if split not in self.splits:
            splits = ", ".join(self.splits)
            raise FormatError(f"the treebank {self.name} has no {split} file, only {splits}")
        return self.splits[split]


def iter_file(path: PathLike) -> Iterator[Sentence]:
    """The sentences of a file of a treebank, in the format that `format_of` tells."""
    return formats.iter_sentences(path, format_of(path))


def format_of(path: PathLike) -> str:
    """The format of a file of a treebank: the one that its ending tells, by default CoNLL-U; never plain text."""
    name = formats.guess_format(path, "conllu")
    return "conllu" if name == "text" else name


@dataclass(slots=True)
class Statistics:
    """Counts over sentences. Words are syntactic words, tokens are surface tokens; lengths are in words."""

    sentences: int = 0
    words: int = 0
    tokens: int = 0
    mwts: int = 0
    mwt_sentences: int = 0
    empty_nodes: int = 0
    trees: int = 0  # sentences with every HEAD annotated
    nonprojective: int = 0  # trees with a non-projective arc
    nonprojective_arcs: int = 0
    texts: int = 0  # sentences with a `# text` comment
    spelled: int = 0  # texts that the tokens with SpaceAfter=No spell exactly
    unspaced: int = 0  # tokens with SpaceAfter=No
    spaced_words: int = 0  # words that contain white space
    lengths: Counter[int] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)  # by column: words whose cell is not `_`
    upos: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    feats: Counter[str] = field(default_factory=Counter)

    @property
    def label_counts(self) -> dict[str, Counter[str]]:
        """The counts of labels, by column, of the columns whose labels are counted."""
        return {"UPOS": self.upos, "DEPREL": self.relations, "FEATS": self.feats}

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Statistics:
        """The statistics of sentences, in one pass. Memory grows with the number of labels, not of sentences."""
        statistics = cls()
        for sentence in sentences:
            statistics.add(sentence)
        return statistics

    def add(self, sentence: Sentence) -> list[tuple[int, int]]:
        """Counts one more sentence; returns its non-projective arcs, if every HEAD is annotated."""
        length = len(sentence)
        self.sentences += 1
        self.words += length
        self.tokens += length - sum(mwt.end - mwt.start for mwt in sentence.mwts)
        self.mwts += len(sentence.mwts)
        self.mwt_sentences += bool(sentence.mwts)
        self.empty_nodes += len(sentence.empty_nodes)
        self.lengths[length] += 1
        for name in VALUE_COLUMNS:
            column = sentence.columns.get(name)
            if column is not None:
                self.filled[name] += length - column.count("_")
        for name, counter in self.label_counts.items():
            counter.update(sentence.columns.get(name, ()))
        self.spaced_words += sum(" " in form or "\u00a0" in form for form in sentence.columns["FORM"])
        spelling, unspaced = spell(sentence)
        self.unspaced += unspaced
        text = sentence.comment("text")
        if text is not None:
            self.texts += 1
            self.spelled += text == spelling
        if "_" in sentence.columns.get("HEAD", "_"):
            return []
        arcs = nonprojective_arcs([int(head) for head in sentence.columns["HEAD"]])
        self.trees += 1
        self.nonprojective += bool(arcs)
        self.nonprojective_arcs += len(arcs)
        return arcs

    def __add__(self, other: Statistics) -> Statistics:
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Statistics(**sums)

    def share(self, column: str) -> float:
        """The share of words whose `column` is not ``_``, as a fraction of 1; 0 without words."""
        return self.filled[column] / self.words if self.words else 0.0

    def length_at(self, fraction: float) -> int:
        """The length in words that this fraction of sentences does not exceed: 0.5 is the median, 1 the longest."""
        count = 0
        for length in sorted(self.lengths):
            count += self.lengths[length]
            if count >= fraction * self.sentences:
                return length
        return 0

    def to_dict(self) -> dict[str, Any]:
        """The counts for JSON. Shares are fractions of 1; labels are sorted by falling frequency, without ``_``."""
        return {
            "sentences": self.sentences,
            "words": self.words,
            "tokens": self.tokens,
            "multiword_tokens": self.mwts,
            "sentences_with_multiword_tokens": self.mwt_sentences,
            "empty_nodes": self.empty_nodes,
            "words_with_spaces": self.spaced_words,
            "length": {
                "mean": self.words / self.sentences if self.sentences else 0.0,
                "median": self.length_at(0.5),
                "p95": self.length_at(0.95),
                "longest": self.length_at(1.0),
            },
            "trees": self.trees,
            "nonprojective_trees": self.nonprojective,
            "nonprojective_arcs": self.nonprojective_arcs,
            "texts": self.texts,
            "texts_spelled_by_tokens": self.spelled,
            "tokens_without_space_after": self.unspaced,
            "annotated": {name: self.share(name) for name in VALUE_COLUMNS[1:]},
            "upos": labels(self.upos),
            "relations": labels(self.relations),
            "feats": len(labels(self.feats)),
        }


def labels(counter: Counter[str]) -> dict[str, int]:
    """The counted labels, by falling frequency, without ``_``."""
    return {label: count for label, count in counter.most_common() if label != "_"}


def spell(sentence: Sentence) -> tuple[str, int]:
    """The text that the tokens with their ``SpaceAfter=No`` spell, and the number of tokens that have it."""
    forms = sentence.columns["FORM"]
    misc = sentence.columns.get("MISC") or ["_"] * len(forms)
    if sentence.mwts:
        forms, misc = list(forms), list(misc)
        for mwt in reversed(sentence.mwts):
            forms[mwt.start - 1 : mwt.end] = [mwt.cells.get("FORM", "_")]
            misc[mwt.start - 1 : mwt.end] = [mwt.cells.get("MISC", "_")]
    unspaced = ["SpaceAfter=No" in cell and "SpaceAfter=No" in cell.split("|") for cell in misc]
    pieces = [form if no_space else form + " " for form, no_space in zip(forms, unspaced, strict=True)]
    return "".join(pieces).removesuffix(" "), sum(unspaced)
