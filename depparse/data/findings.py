"""What a check of a treebank can find: one line a kind, saying what it means for training and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

SEVERITIES = ("error", "warning", "note")
_PLACES = 3  # kept for each finding
_EXAMPLES = 5  # labels named in a message


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: ``{subject}`` and ``{examples}`` in the message are filled in."""

    severity: str
    unit: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found: `count` of `unit` (words, sentences …), and the first `places`, as ``file:line``.

    `subject` is the column in question, if the kind of finding concerns one of several.
    """

    severity: str
    code: str
    subject: str
    count: int
    unit: str
    places: tuple[str, ...]
    message: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


# error: training or the official scorer refuses it; warning: it hurts; note: good to know.
KINDS = {
    # -- the files
    "unreadable": Kind(
        "error", "sentences", "cannot be read, so every command refuses the file: {examples}", "correct the file"
    ),
    "empty-file": Kind("error", "files", "there is no sentence to be had from the file", "get the file again"),
    "no-train": Kind(
        "warning", "files", "there is no train file: no model can be trained on this treebank as it is",
        "name another file for training, or train on another treebank of the language",
    ),
    "small-train": Kind(
        "warning", "words", "the train file is small: a model trained on it alone will be weak",
        "add treebanks of the same or a related language, or use a pretrained encoder",
    ),
    "no-dev": Kind(
        "note", "files", "there is no dev file: training cannot tell by itself when to stop", "hold out a part of train"
    ),
    "no-empty-line": Kind(
        "warning", "files", "the last sentence ends without an empty line: the official scorer refuses the file",
        "add a line end",
    ),
    "empty-lines": Kind(
        "warning", "files", "there are more empty lines than one between sentences: the official scorer refuses that",
        "rewrite the file by depparse convert",
    ),
    "line-ends": Kind(
        "note", "files", "lines end in CRLF or the file begins with a byte order mark: other tools take them as data",
        "rewrite the file by depparse convert",
    ),
    # -- comments
    "duplicate-sent-id": Kind(
        "warning", "sentences", "the sent_id was given before: annotation joined by it may land on the wrong sentence",
        "make each sent_id unique",
    ),
    "missing-sent-id": Kind(
        "note", "sentences", "without sent_id: errors and joined annotation are hard to trace", "number the sentences"
    ),
    "comment-form": Kind(
        "note", "sentences", "a comment is not written '# sent_id = …', '# text = …': we read it, other tools miss it",
        "write comments with one space after '#' and around '='",
    ),
    "tab-in-comment": Kind(
        "warning", "sentences", "a comment holds a tab: tools that split lines at tabs take it for a word",
        "replace the tab by a space",
    ),
    # -- text
    "forms-withheld": Kind(
        "error", "words", "most forms are '_', as in treebanks given out without their text: there is nothing to learn",
        "merge the text in, as the README of the treebank says",
    ),
    "missing-text": Kind(
        "note", "sentences", "without '# text': the text is put together from the tokens and SpaceAfter=No",
        "add the comment if the original text is at hand",
    ),
    "text-mismatch": Kind(
        "warning", "sentences", "the tokens do not spell '# text': segmentation trained on it learns wrong borders",
        "correct '# text', the forms or SpaceAfter=No",
    ),
    "no-spacing": Kind(
        "warning", "files", "SpaceAfter=No is nowhere although tokens must touch: raw text from it is unlike real text",
        "restore SpaceAfter=No from the text; do not train segmentation on it",
    ),
    "all-spaced": Kind(
        "note", "files", "all tokens stand apart, in the text too: segmentation learnt from it leaves punctuation on",
        "use other data to train segmentation for ordinary text",
    ),
    "control-characters": Kind(
        "note", "words", "forms hold control, zero-width or replacement characters: often a trace of conversion",
        "look at them",
    ),
    "blanks-in-form": Kind(
        "warning", "words", "forms begin or end with white space or hold several in a row: no tokenizer will give them",
        "remove the white space",
    ),
    "not-nfc": Kind(
        "note", "sentences", "forms are not in Unicode form NFC: they differ from the same words typed by users",
        "normalize the file, or normalize input alike",
    ),
    "long-sentence": Kind(
        "warning", "sentences", "longer than 200 words: often an error of segmentation, and it takes much memory",
        "look at it; leave it out of training if memory runs short",
    ),
    "long-token": Kind(
        "note", "words", "longer than 100 characters: encoders with a limit cut such words", "look at them"
    ),
    "literal-underscore": Kind(
        "note", "words", "form and lemma are '_': an underscore in the text, which other tools take for no value",
        "nothing to do here",
    ),
    "single-word-mwt": Kind(
        "note", "tokens", "multiword tokens of one word: their form differs from the word's, or they say nothing",
        "look at them",
    ),
    # -- columns
    "empty-cell": Kind(
        "warning", "sentences", "cells are empty instead of '_' ({examples}): other tools refuse or misread them",
        "write '_'",
    ),
    "unannotated": Kind(
        "note", "words", "{subject} is '_' {examples}, which give no loss: what is never filled is never learnt",
        "nothing, or annotate it",
    ),
    "unannotated-tree": Kind(
        "warning", "words", "{subject} is '_' {examples}, which give no loss: the parser learns from fewer arcs",
        "annotate them, or leave the sentences out",
    ),
    "annotated-elsewhere": Kind(
        "warning", "words", "{subject} is annotated in some files only ({examples}): learnt or measured, but not both",
        "do not compare scores for it",
    ),
    "unknown-upos": Kind(
        "warning", "words", "tags outside the 17 of UD in UPOS: {examples}; a joint model gets extra classes",
        "correct them",
    ),
    "unknown-relation": Kind(
        "warning", "words", "relations outside the 37 of UD: {examples}; scores count them as errors for other models",
        "correct them",
    ),
    "malformed-feats": Kind(
        "warning", "words", "parts of FEATS are not Name=Value: {examples}", "correct them"
    ),
    "unseen-upos": Kind(
        "warning", "words", "UPOS in dev or test that train never has: {examples}; no model can predict them",
        "expect these errors",
    ),
    "unseen-relation": Kind(
        "note", "words", "relations in dev or test that train never has: {examples}; no model can predict them",
        "expect these errors; LAS ignores subtypes",
    ),
    "unseen-feature": Kind(
        "note", "words", "features in dev or test that train never has: {examples}; no model can predict them",
        "expect these errors",
    ),
    "unseen-feats": Kind(
        "note", "words", "combinations of features in dev or test that train never has, though it has each feature",
        "a model that predicts FEATS as a whole gets these wrong",
    ),
    # -- trees and graphs
    "no-root": Kind(
        "error", "sentences", "no word has head 0: this is no tree, and the official scorer refuses it",
        "correct the heads",
    ),
    "several-roots": Kind(
        "error", "sentences", "several words have head 0: UD trees have one root, and the official scorer refuses this",
        "correct the heads",
    ),
    "cycle": Kind(
        "error", "sentences", "heads form a cycle: this is no tree, and the official scorer refuses it",
        "correct the heads",
    ),
    "root-relation": Kind(
        "warning", "words", "head 0 but another relation than root: models that tie the two never get them right",
        "make the relation root",
    ),
    "root-elsewhere": Kind(
        "warning", "words", "relation root but another head than 0: models that tie the two never get them right",
        "correct the head or the relation",
    ),
    "nonprojective": Kind(
        "note", "sentences", "non-projective trees ({examples}): a projective decoder gets none of them right",
        "use the non-projective decoder",
    ),
    "enhanced-head": Kind(
        "error", "nodes", "DEPS names heads that do not exist, or is not head:relation ({examples}): no graph to learn",
        "correct DEPS",
    ),
    "enhanced-unreachable": Kind(
        "warning", "nodes", "not reachable from the root in DEPS, which UD forbids: a graph parser learns loose pieces",
        "correct DEPS",
    ),
    # -- entities and frames
    "frame-arguments": Kind(
        "error", "words", "arguments of predicates are not ROLE:PLACE with places in the sentence: {examples}",
        "correct the argument cells",
    ),
    "entity-tags": Kind(
        "warning", "words", "entity tags break their scheme ({examples}): each reader makes other entities of them",
        "correct them, or rewrite the file by depparse convert",
    ),
    # -- across files
    "overlap": Kind(
        "warning", "sentences",
        "sentences of dev or test stand in train word by word ({examples}): scores come out too high",
        "remove them from train",
    ),
    "some-overlap": Kind(
        "note", "sentences", "a few sentences of dev or test stand in train word by word ({examples}): formulas?",
        "look at them",
    ),
}  # fmt: skip


@dataclass(slots=True)
class _Record:
    count: int = 0
    places: list[str] = field(default_factory=list)
    examples: Counter[str] = field(default_factory=Counter)


class Findings:
    """Collects what is found. What concerns one column or label set is told apart by `subject`."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], _Record] = {}

    def add(self, code: str, place: str = "", example: str = "", count: int = 1, subject: str = "") -> None:
        """Counts `count` more of this kind, at a place, and an example of it for the message."""
        record = self._records.setdefault((code, subject), _Record())
        record.count += count
        if place and len(record.places) < _PLACES:
            record.places.append(place)
        if example:
            record.examples[example] += count

    def add_all(self, code: str, places: Iterable[str]) -> None:
        for place in places:
            self.add(code, place)

    def results(self) -> list[Finding]:
        """The findings: errors, warnings, notes, each in the order of `KINDS`."""
        kinds = list(KINDS)
        found = []
        for (code, subject), record in sorted(self._records.items(), key=lambda item: kinds.index(item[0][0])):
            kind = KINDS[code]
            examples = ", ".join(example for example, _ in record.examples.most_common(_EXAMPLES))
            if len(record.examples) > _EXAMPLES:
                examples += f" and {len(record.examples) - _EXAMPLES} more"
            message = kind.message.format(subject=subject, examples=examples)
            found.append(
                Finding(
                    kind.severity, code, subject, record.count, kind.unit, tuple(record.places), message, kind.remedy
                )
            )
        return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
