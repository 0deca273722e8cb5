"""The findings that a check of a treebank can make. Each code says what is wrong and what to do.

Here are the findings about files and about training; the rules of UD are in `depparse.treebanks.rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from depparse.document.annotations import kinds
from depparse.document.annotations.kind import Code
from depparse.errors import ConfigError
from depparse.treebanks.rules.cells import CELL_RULES
from depparse.treebanks.rules.comments import COMMENT_RULES
from depparse.treebanks.rules.lines import LINE_RULES
from depparse.treebanks.rules.sentences import SENTENCE_RULES
from depparse.treebanks.rules.trees import TREE_RULES

SEVERITIES = ("error", "warning", "note")
LONG_SENTENCE = 200  # words
LONG_TOKEN = 100  # characters
_EXAMPLES = 5  # examples named in a message


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a check: it concerns `count` of `unit` (words, sentences …), the first of them at `places`.

    A place is ``file:line``. `subject` is the column in question, if the code can concern several. `level` is that of
    the rule of UD that is broken, None if there is none.
    """

    severity: str
    code: str
    subject: str
    count: int
    unit: str
    places: tuple[str, ...]
    message: str
    remedy: str
    level: int | None

    def to_dict(self) -> dict[str, Any]:
        """The finding for JSON."""
        return asdict(self)


# A kind of annotation has the findings about itself, and each table of rules has its own.
_IN_FILES = {
    # -- the files
    "unreadable": Code(
        "error", "sentences", "cannot be read, so every command refuses the file: {examples}", "correct the file", 1
    ),
    "empty-file": Code("error", "files", "the file holds no sentence that can be read", "get the file again"),
    "no-train": Code(
        "warning", "files", "there is no train file: no model can be trained on this treebank as it is",
        "name another file for training, or train on another treebank of the language",
    ),
    "small-train": Code(
        "warning", "words", "the train file is small: a model trained on it alone will be weak",
        "add treebanks of the same or a related language, or use a pretrained encoder",
    ),
    "no-dev": Code(
        "note", "files", "there is no dev file: training cannot tell by itself when to stop", "hold out a part of train"
    ),
    "no-empty-line": Code(
        "error", "files", "the last sentence ends without an empty line: the official scorer refuses the file",
        "add a line end (--fix)", 1,
    ),
    "empty-lines": Code(
        "error", "files", "the file has superfluous empty lines: the official scorer refuses it",
        "remove them (--fix)", 1,
    ),
    "line-ends": Code(
        "error", "files",
        "lines hold carriage returns or the file begins with a byte order mark: other tools take them as data",
        "let lines end in LF (--fix, but not for a carriage return inside a line)", 1,
    ),
    # -- comments
    "comment-form": Code(
        "note", "sentences", "a comment is not written '# sent_id = …', '# text = …': we read it, other tools miss it",
        "write comments with one space after '#' and around '=' (--fix)",
    ),
    "tab-in-comment": Code(
        "warning", "sentences", "a comment holds a tab: tools that split lines at tabs take it for a word",
        "replace the tab by a space",
    ),
    # -- text
    "forms-withheld": Code(
        "error", "words", "most forms are '_', as in treebanks given out without their text: there is nothing to learn",
        "merge the text in, as the README of the treebank says",
    ),
    "no-spacing": Code(
        "warning", "files", "SpaceAfter=No is nowhere although tokens must touch: raw text from it is unlike real text",
        "restore SpaceAfter=No from the text; do not train segmentation on it",
    ),
    "all-spaced": Code(
        "note", "files", "all tokens stand apart, in the text too: segmentation learnt from it leaves punctuation on",
        "use other data to train segmentation for ordinary text",
    ),
    "control-characters": Code(
        "note", "words", "forms hold control or zero-width characters: often a trace of conversion",
        "look at them",
    ),
    "long-sentence": Code(
        "warning", "sentences",
        f"longer than {LONG_SENTENCE} words: often an error of segmentation, and it takes much memory",
        "look at it; leave it out of training if memory runs short",
    ),
    "long-token": Code(
        "note", "words", f"longer than {LONG_TOKEN} characters: encoders with a limit cut such words", "look at them"
    ),
    "literal-underscore": Code(
        "note", "words", "form and lemma are '_': an underscore in the text, which other tools take for no value",
        "nothing to do here",
    ),
    "single-word-mwt": Code(
        "note", "tokens", "multiword tokens of one word: their form differs from the word's, or they say nothing",
        "look at them",
    ),
    # -- columns
    "unannotated": Code(
        "note", "words", "{subject} is '_' {examples}, which give no loss: what is never filled is never learnt",
        "nothing, or annotate it",
    ),
    "unannotated-tree": Code(
        "warning", "words", "{subject} is '_' {examples}, which give no loss: the parser learns from fewer arcs",
        "annotate them, or leave the sentences out",
    ),
    "annotated-elsewhere": Code(
        "warning", "words", "{subject} is annotated in some files only ({examples}): learnt or measured, but not both",
        "do not compare scores for it",
    ),
    "unseen-upos": Code(
        "warning", "words", "UPOS in dev or test that train never has: {examples}; no model can predict them",
        "expect these errors",
    ),
    "unseen-relation": Code(
        "note", "words", "relations in dev or test that train never has: {examples}; no model can predict them",
        "expect these errors; LAS ignores subtypes",
    ),
    "unseen-feature": Code(
        "note", "words", "features in dev or test that train never has: {examples}; no model can predict them",
        "expect these errors",
    ),
    "unseen-feats": Code(
        "note", "words", "combinations of features in dev or test that train never has, though it has each feature",
        "a model that predicts FEATS as a whole gets these wrong",
    ),
}  # fmt: skip
_ACROSS_FILES = {
    "overlap": Code(
        "warning", "sentences",
        "sentences of dev or test stand in train word by word ({examples}): scores come out too high",
        "remove them from train",
    ),
    "some-overlap": Code(
        "note", "sentences", "a few sentences of dev or test stand in train word by word ({examples}): formulas?",
        "look at them",
    ),
}  # fmt: skip


def codes() -> dict[str, Code]:
    """All codes of findings by name, in the order in which findings are listed."""
    own: dict[str, Code] = dict(_IN_FILES)
    for table in (LINE_RULES, COMMENT_RULES, SENTENCE_RULES, CELL_RULES, TREE_RULES):
        own |= {name: rule.code for name, rule in table.items()}
    kind_codes: dict[str, Code] = {}
    for kind in kinds():
        if taken := [code for code in kind.codes if code in own or code in _ACROSS_FILES]:
            raise ConfigError(f"the kind {kind.name} has the code {taken[0]}, which is one of all treebanks already")
        kind_codes |= kind.codes
    return own | kind_codes | _ACROSS_FILES


@dataclass(slots=True)
class _Record:
    count: int = 0
    places: list[str] = field(default_factory=list)
    examples: Counter[str] = field(default_factory=Counter)


class Findings:
    """Collects findings, without those of rules above `level`, and with at most so many `places` for each.

    Findings with one code but different columns are kept apart by `subject`.
    """

    def __init__(self, level: int, places: int) -> None:
        self.level, self._places = level, places
        self._records: dict[tuple[str, str], _Record] = {}
        self._codes = codes()

    def add(self, code: str, place: str = "", example: str = "", count: int = 1, subject: str = "") -> None:
        """Counts `count` more findings of this code, at a place, and an example of it for the message."""
        if code not in self._codes:
            raise ConfigError(f"a check found {code!r}, which no kind of annotation has among its codes")
        if (self._codes[code].level or 0) > self.level:
            return
        record = self._records.setdefault((code, subject), _Record())
        record.count += count
        if place and len(record.places) < self._places:
            record.places.append(place)
        if example:
            record.examples[example] += count

    def add_all(self, code: str, places: Iterable[str]) -> None:
        """Counts one more finding of this code at each place."""
        for place in places:
            self.add(code, place)

    def drop(self, codes: Iterable[str]) -> None:
        """Forgets the findings of these codes."""
        for code in codes:
            self._records.pop((code, ""), None)

    def results(self) -> list[Finding]:
        """The findings: errors, warnings, notes, each in the order of `codes`."""
        table = self._codes
        order = list(table)
        findings = []
        for (name, subject), record in sorted(self._records.items(), key=lambda item: order.index(item[0][0])):
            code = table[name]
            examples = ", ".join(example for example, _ in record.examples.most_common(_EXAMPLES))
            if len(record.examples) > _EXAMPLES:
                examples += f" and {len(record.examples) - _EXAMPLES} more"
            message = code.message.format(subject=subject, examples=examples)
            findings.append(
                Finding(
                    code.severity,
                    name,
                    subject,
                    record.count,
                    code.unit,
                    tuple(record.places),
                    message,
                    code.remedy,
                    code.level,
                )
            )
        return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
