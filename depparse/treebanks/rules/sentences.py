"""Rules of level 2 about the lines of a sentence: which columns words, multiword tokens and empty nodes fill."""

from __future__ import annotations

from collections.abc import Iterator

from depparse.document.sentence import Sentence
from depparse.treebanks.rules.rule import Hit, Rules

_REQUIRED = ("UPOS", "HEAD", "DEPREL")
_WORDS_ONLY = ("LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS")
_TYPO = ("FEATS", "Typo=Yes")  # the one value that multiword tokens may have

SENTENCE_RULES: Rules[Sentence] = Rules()


@SENTENCE_RULES(
    "unfilled", 2, "words", "words without UPOS, HEAD or DEPREL: {examples}",
    "annotate them; for data that is not to be UD, check at --level 1",
)  # fmt: skip
def _unfilled(sentence: Sentence) -> Iterator[Hit]:
    for name in _REQUIRED:
        cells = sentence.columns.get(name, ())
        if "_" in cells:
            for word, cell in enumerate(cells, 1):
                if cell == "_":
                    yield word, name


@SENTENCE_RULES(
    "annotated-token", 2, "tokens",
    "multiword tokens have annotation, which belongs to their words: {examples}",
    "move it to the words; only FORM, MISC and Typo=Yes stand here",
)  # fmt: skip
def _annotated_token(sentence: Sentence) -> Iterator[Hit]:
    for mwt in sentence.mwts:
        for name in _WORDS_ONLY:
            if (cell := mwt.cells.get(name, "_")) != "_" and (name, cell) != _TYPO:
                yield mwt, name


@SENTENCE_RULES(
    "annotated-node", 2, "nodes", "empty nodes have HEAD or DEPREL, but they belong to the graph only: {examples}",
    "write the edge into DEPS (--fix does where the columns repeat it)",
)  # fmt: skip
def _annotated_node(sentence: Sentence) -> Iterator[Hit]:
    for node in sentence.empty_nodes:
        for name in ("HEAD", "DEPREL"):
            if node.cells.get(name, "_") != "_":
                yield node, name


@SENTENCE_RULES(
    "space-after-within", 2, "words",
    "SpaceAfter=No stands at a word inside a multiword token or at an empty node, which have no space after them",
    "remove it; at the token, it says that none follows (--fix)",
)  # fmt: skip
def _space_after_within(sentence: Sentence) -> Iterator[Hit]:
    misc = sentence.columns.get("MISC", [])
    for mwt in sentence.mwts if misc else ():
        for word in range(mwt.start, mwt.end + 1):
            if "SpaceAfter=No" in misc[word - 1].split("|"):
                yield word, ""
    for node in sentence.empty_nodes:
        if "SpaceAfter=No" in node.cells.get("MISC", "_").split("|"):
            yield node, ""
