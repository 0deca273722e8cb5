"""Constituent trees in brackets, as the Penn Treebank has them: words with their tags (XPOS) and the tree.

Empty elements (``-NONE-``) are no words, and constituents of nothing else are left out. ``-LRB-`` and the like are read
as the brackets they stand for, and written so. Lines that begin with ``#`` between trees are comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from depparse.document.constituents import Constituent, ordered
from depparse.document.output import Refused, check_cells, write_each
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, name_of
from depparse.formats.plain_lines import iter_lines

_TOKEN = re.compile(r"[()]|[^\s()]+")
_BRACKETS = {"(": "-LRB-", ")": "-RRB-", "{": "-LCB-", "}": "-RCB-", "[": "-LSB-", "]": "-RSB-"}
_NAMES = {name: bracket for bracket, name in _BRACKETS.items()}
_NOTHING = "-NONE-"
_REFUSED_TAGS = Refused(
    re.compile(rf"[\s()\ud800-\udfff]|^{_NOTHING}$"), f"a tag or label holds no blank or bracket, and is not {_NOTHING}"
)
_REFUSED_FORMS = Refused(
    re.compile(r"[\s()\ud800-\udfff]"), "a word holds no blank, bracket or lone surrogate, unless it is one bracket"
)
_DEEPEST = 1_000  # brackets in brackets


@dataclass(slots=True)
class _Bracket:
    """A bracket that is open: where its first word is, the texts in it (a label, a word), and how many brackets."""

    start: int
    texts: list[str] = field(default_factory=list)
    children: int = 0


class _Tree:
    """A tree that is being read."""

    def __init__(self, line: int, comments: list[str]) -> None:
        self.line, self.comments = line, comments
        self.forms: list[str] = []
        self.tags: list[str] = []
        self.constituents: list[Constituent] = []
        self._open: list[_Bracket] = []

    @property
    def depth(self) -> int:
        """How many brackets are open."""
        return len(self._open)

    def read(self, token: str) -> str | None:
        """Reads a bracket or a text; returns what is wrong."""
        within = self._open[-1] if self._open else _Bracket(0)
        if token == "(":
            if len(within.texts) > 1:
                return "a bracket behind a word"
            if len(self._open) == _DEEPEST:
                return f"more than {_DEEPEST} brackets in brackets"
            within.children += 1
            self._open.append(_Bracket(len(self.forms)))
            return None
        if token != ")":
            within.texts.append(token)
            return f"expected a bracket, found {token!r}" if within.children or len(within.texts) > 2 else None
        self._open.pop()
        label = within.texts[0] if within.texts else ""
        if len(within.texts) == 2:
            if label != _NOTHING:
                self.tags.append(label)
                self.forms.append(_NAMES.get(within.texts[1], within.texts[1]))
        elif not within.children:
            return f"brackets with nothing but {label!r} in them: a word has a tag before it"
        elif len(self.forms) > within.start:
            self.constituents.append(Constituent(within.start + 1, len(self.forms), label))
        return None if self._open or self.forms else "a tree without words"

    def sentence(self, name: str) -> Sentence:
        """The sentence with the tree."""
        sentence = Sentence({"FORM": self.forms, "XPOS": self.tags}, self.comments)
        sentence.place = f"{name}:{self.line}"
        # Constituents are known when they are closed, the inner ones first.
        sentence.annotate("constituents", ordered(reversed(self.constituents)), in_columns=True)
        return sentence


def iter_ptb(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a file of trees in brackets, which may extend over lines. Raises FormatError."""
    name, tree, comments = name_of(path), None, list[str]()
    number = 0
    for number, line in iter_lines(path):
        if tree is None and line.startswith("#"):
            comments.append(line)
            continue
        for token in _TOKEN.findall(line):
            if tree is None:
                if token != "(":
                    raise FormatError(
                        f"expected the bracket that opens a tree, found {token!r}", path=name, line=number
                    )
                tree, comments = _Tree(number, comments), []
            if problem := tree.read(token):
                raise FormatError(problem, path=name, line=number)
            if not tree.depth:
                yield tree.sentence(name)
                tree = None
    if tree is not None:
        message = f"the file ends before {tree.depth} brackets of the tree that begins in line {tree.line} are closed"
        raise FormatError(message, path=name, line=number)


def write_ptb(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes each tree on a line of its own, with its comments before it; words without a tree are in one bracket."""
    write_each(sentences, path, _text)


def _text(sentence: Sentence, _: int) -> str:
    forms = sentence.columns["FORM"]
    tags = sentence.columns.get("XPOS", ["_"] * len(forms))
    if not forms:
        raise FormatError("a sentence without words cannot be written in brackets")
    check_cells([_BRACKETS.get(form, form) for form in forms], "FORM", _REFUSED_FORMS)
    check_cells(tags, "XPOS", _REFUSED_TAGS)
    tree = sentence.annotation("constituents") or [Constituent(1, len(forms), "")]
    if tree[0].start > 1 or tree[0].end < len(forms):
        raise FormatError("the tree has no root, a constituent of all words, and cannot be written in brackets")
    if wrong := next((label for _, _, label in tree if _REFUSED_TAGS.pattern.search(label)), None):
        raise FormatError(f"{_REFUSED_TAGS.rule}, but the label {wrong!r} does")
    opening, closing = [""] * (len(forms) + 1), [0] * (len(forms) + 1)
    for start, end, label in tree:
        opening[start] += f"({label} "
        closing[end] += 1
    words = [
        f"{opening[word]}({tag} {_BRACKETS.get(form, form)}){')' * closing[word]}"
        for word, (form, tag) in enumerate(zip(forms, tags, strict=True), 1)
    ]
    return "".join(f"{line}\n" for line in sentence.comments) + " ".join(words) + "\n"
