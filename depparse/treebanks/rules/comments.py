"""Rules of level 2 about the comments of sentences: sent_id, text, newdoc, newpar and parallel_id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from depparse.document.sentence import Sentence
from depparse.treebanks.rules.rule import Hit, Rules
from depparse.treebanks.treebank import spell

KEY = re.compile(r"#\s*(?:(sent_id|parallel_id)|(text)\s*=|(newdoc|newpar)(?=\s|$))")
SENT_ID = re.compile(r"#\s*sent_id\s*=\s*(\S+)")
_PARALLEL_ID = re.compile(
    r"#\s*parallel_id\s*=\s*([a-z]+/[-0-9a-z]+)(?:/(?=[ap])(?:alt([1-9][0-9]*))?(?:part([1-9][0-9]*))?)?"
)


@dataclass(slots=True)
class Seen:
    """What the comments of a treebank said so far; `unspaced` and `mismatches` begin anew in each file."""

    sent_ids: set[str] = field(default_factory=set)
    parallel: dict[str, tuple[int, int]] = field(default_factory=dict)  # by ID: its last alternative and part
    unspaced: bool = False  # whether the last token has SpaceAfter=No
    mismatches: int = 0  # texts that the tokens do not spell


class Header(NamedTuple):
    """The comments of a sentence that UD gives a meaning, as whole lines by key; and what was seen before."""

    sentence: Sentence
    lines: dict[str, list[str]]
    seen: Seen

    @classmethod
    def of(cls, sentence: Sentence, seen: Seen) -> Header:
        """The comments of the sentence."""
        lines: dict[str, list[str]] = {}
        for line in sentence.comments:
            if found := KEY.match(line):
                lines.setdefault(found[1] or found[2] or found[3], []).append(line)
        return cls(sentence, lines, seen)

    def get(self, key: str) -> list[str]:
        """The lines with the key."""
        return self.lines.get(key, [])


COMMENT_RULES: Rules[Header] = Rules()


@COMMENT_RULES(
    "missing-sent-id", 2, "sentences", "without sent_id: errors and joined annotation are hard to trace",
    "number the sentences (--fix does, but not where a malformed sent_id has a value)",
)  # fmt: skip
def _missing_sent_id(header: Header) -> Iterator[Hit]:
    if not any(map(SENT_ID.fullmatch, header.get("sent_id"))):
        yield 0, ""


@COMMENT_RULES(
    "malformed-sent-id", 2, "sentences", "a comment begins with sent_id but is not '# sent_id = …' with no blank in it",
    "correct it (--fix removes blanks at its end, and fills an empty one)",
)  # fmt: skip
def _malformed_sent_id(header: Header) -> Iterator[Hit]:
    for line in header.get("sent_id"):
        if not SENT_ID.fullmatch(line):
            yield 0, ""


@COMMENT_RULES("several-sent-ids", 2, "sentences", "a sentence has several sent_id", "keep one of them")
def _several_sent_ids(header: Header) -> Iterator[Hit]:
    if sum(map(bool, map(SENT_ID.fullmatch, header.get("sent_id")))) > 1:
        yield 0, ""


@COMMENT_RULES(
    "duplicate-sent-id", 2, "sentences",
    "the sent_id was given before: annotation joined by it may land on the wrong sentence", "make each sent_id unique",
)  # fmt: skip
def _duplicate_sent_id(header: Header) -> Iterator[Hit]:
    sent_id = header.sentence.sent_id
    if sent_id in header.seen.sent_ids:
        yield 0, ""
    elif sent_id is not None:
        header.seen.sent_ids.add(sent_id)


@COMMENT_RULES(
    "missing-text", 2, "sentences",
    "without '# text': the text is put together from the tokens and SpaceAfter=No",
    "add the comment if the original text is at hand (--fix writes what the tokens spell)",
)  # fmt: skip
def _missing_text(header: Header) -> Iterator[Hit]:
    if not header.get("text"):
        yield 0, ""


@COMMENT_RULES("several-texts", 2, "sentences", "a sentence has several '# text'", "keep one of them")
def _several_texts(header: Header) -> Iterator[Hit]:
    if len(header.get("text")) > 1:
        yield 0, ""


@COMMENT_RULES(
    "blank-after-text", 2, "sentences", "'# text' is empty or ends with white space",
    "remove the white space (--fix), or write the text (--fix writes what the tokens spell)",
)  # fmt: skip
def _blank_after_text(header: Header) -> Iterator[Hit]:
    for line in header.get("text"):
        value = line.partition("=")[2]
        if value.strip() == "" or value != value.rstrip():
            yield 0, ""


@COMMENT_RULES(
    "text-mismatch", 2, "sentences",
    "the tokens do not spell '# text': segmentation trained on it learns wrong borders",
    "correct '# text', the forms or SpaceAfter=No",
)  # fmt: skip
def _text_mismatch(header: Header) -> Iterator[Hit]:
    text = header.sentence.comment("text")
    if text is not None and "MISC" in header.sentence.columns and text.split() != spell(header.sentence)[0].split():
        header.seen.mismatches += 1
        yield 0, ""  # the kind of white space does not matter here


@COMMENT_RULES(
    "several-breaks", 2, "sentences", "a sentence has several newdoc, or several newpar", "keep one of each"
)  # fmt: skip
def _several_breaks(header: Header) -> Iterator[Hit]:
    if len(header.get("newdoc")) > 1 or len(header.get("newpar")) > 1:
        yield 0, ""


@COMMENT_RULES(
    "unspaced-break", 2, "sentences", "a document or paragraph begins, but the token before it has SpaceAfter=No",
    "remove SpaceAfter=No from the last token of a paragraph",
)  # fmt: skip
def _unspaced_break(header: Header) -> Iterator[Hit]:
    if header.seen.unspaced and (header.get("newdoc") or header.get("newpar")):
        yield 0, ""
    header.seen.unspaced = _ends_unspaced(header.sentence)


@COMMENT_RULES(
    "malformed-parallel-id", 2, "sentences",
    "a parallel_id is not '# parallel_id = collection/sentence', both in small letters, with /altN, /partN or both",
    "correct it",
)  # fmt: skip
def _malformed_parallel_id(header: Header) -> Iterator[Hit]:
    for line in header.get("parallel_id"):
        if not _PARALLEL_ID.fullmatch(line):
            yield 0, ""


@COMMENT_RULES("several-parallel-ids", 2, "sentences", "a sentence has several parallel_id", "keep one of them")
def _several_parallel_ids(header: Header) -> Iterator[Hit]:
    if len(header.get("parallel_id")) > 1:
        yield 0, ""


@COMMENT_RULES(
    "parallel-id-order", 2, "sentences",
    "a parallel_id was given before, or its alternatives and parts do not count 1, 2, … in the order of the sentences",
    "number the alternatives and the parts of a sentence from 1",
)  # fmt: skip
def _parallel_id_order(header: Header) -> Iterator[Hit]:
    for line in header.get("parallel_id")[:1]:
        if found := _PARALLEL_ID.fullmatch(line):
            alternative, part = int(found[2] or 0), int(found[3] or 0)
            old = header.seen.parallel.get(found[1])
            if not _follows((alternative, part), old):
                yield 0, ""
            header.seen.parallel[found[1]] = (alternative, part)


def _follows(new: tuple[int, int], old: tuple[int, int] | None) -> bool:
    """Whether an (alternative, part) pair may come next after the old one; 0 is none, for either."""
    if old is None:
        return new[0] <= 1 and new[1] <= 1
    if bool(new[0]) != bool(old[0]) or bool(new[1]) != bool(old[1]):
        return False
    next_part = new[1] == old[1] + 1 and new[0] == old[0] and bool(new[1])
    return next_part or (new[0] == old[0] + 1 and new[1] <= 1)


def _ends_unspaced(sentence: Sentence) -> bool:
    last = len(sentence)
    cell = next((mwt.cells.get("MISC", "_") for mwt in sentence.mwts if mwt.end == last), None)
    if cell is None:
        cell = sentence.columns["MISC"][-1] if "MISC" in sentence.columns else "_"
    return "SpaceAfter=No" in cell.split("|")
