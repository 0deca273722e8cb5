"""Passages, the training data of the segmenter: pieces of a treebank's raw text with their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from depparse.document.columns import comment_name
from depparse.document.raw_text import separator
from depparse.document.sentence import Sentence
from depparse.document.typos import find_typos
from depparse.features.choices import Lesson
from depparse.text.spacing import RawToken


class Probabilities(NamedTuple):
    """What is to be learned of a passage if a segmenter has a teacher: probabilities, in place of decisions."""

    ends: NDArray[np.float32]  # [symbols]: that a token ends
    sentences: NDArray[np.float32]  # [tokens]: that a sentence ends
    scripts: Lesson  # [tokens, …]: that a token is a single word (0), or of each script


@dataclass(slots=True)
class Passage:
    """A piece of the raw text of one document, with its tokens."""

    text: str
    tokens: list[RawToken]  # only multiword tokens have `words`
    length: int  # words
    source: int = 0  # number of the treebank
    typos: set[int] = field(default_factory=set)  # indices of the tokens with a word that the treebank marks as a typo
    probabilities: Probabilities | None = None  # to be learned in place of the tokens as they are

    @property
    def forms(self) -> list[str]:
        """The text of each token."""
        return [self.text[token.start : token.end] for token in self.tokens]


def make_passages(sentences: Iterable[Sentence], words: int, source: int = 0) -> Iterator[Passage]:
    """Passages of at least `words` words, or fewer at the end of a document.

    They begin and end anywhere, as the pieces do in which a long text is analysed, so the end of a passage says nothing
    about sentences. Tokens and their spacing give the text, as in the plain raw text of a treebank.
    """
    passage, pieces, size = Passage("", [], 0, source), [""], 0
    previous: Sentence | None = None

    def add(text: str) -> None:
        nonlocal size
        pieces.append(text)
        size += len(text)

    def finish() -> Iterator[Passage]:
        nonlocal passage, pieces, size
        if passage.tokens:
            passage.text = "".join(pieces)
            yield passage
        passage, pieces, size = Passage("", [], 0, source), [], 0

    for sentence in sentences:
        if not len(sentence):
            continue
        if _starts_document(sentence):
            yield from finish()
        add(separator(previous, sentence) if passage.tokens else "")
        tokens, typos = sentence.tokens, find_typos(sentence)
        for number, token in enumerate(tokens, 1):
            multiword = tuple(word.text for word in token.words) if len(token.words) > 1 else ()
            passage.tokens.append(RawToken(size, size + len(token.text), multiword, number == len(tokens)))
            if any(word.id in typos for word in token.words):
                passage.typos.add(len(passage.tokens) - 1)
            passage.length += len(token.words)
            add(token.text)
            if passage.length >= words:
                yield from finish()
            elif token.space_after and number < len(tokens):
                add(" ")
        previous = sentence
    yield from finish()


def _starts_document(sentence: Sentence) -> bool:
    return any(comment_name(line) == "newdoc" for line in sentence.comments)
