"""The two raw texts of a document: the plain one and the exact one.

*Plain* is what training and evaluation take as raw text: it needs no more than ``# text``, ``SpaceAfter=No``,
``# newpar`` and ``# newdoc``. *Exact* is what the document was made from, code point for code point, where its tokens
tell (`depparse.document.exact`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from depparse.document.sentence import Sentence


def iter_text(sentences: Iterable[Sentence]) -> Iterator[str]:
    """The plain raw text, piece by piece, in constant memory.

    Sentences are joined by one space, by nothing after ``SpaceAfter=No``, by an empty line before ``# newpar`` and
    ``# newdoc``.
    """
    previous = None
    for sentence in sentences:
        yield separator(previous, sentence) + sentence.text
        previous = sentence


def iter_exact_text(sentences: Iterable[Sentence]) -> Iterator[str]:
    """The exact text, piece by piece, in constant memory.

    It is plain but for what ``SpacesBefore``, ``SpacesAfter`` and ``SpacesInToken`` say. After the last token stands
    what its ``SpacesAfter`` says, else nothing.
    """
    previous = None
    for sentence in sentences:
        yield exact_separator(previous, sentence) + sentence.exact_text
        previous = sentence
    if previous is not None and (after := previous.spaces_after):
        yield after


def separator(previous: Sentence | None, sentence: Sentence) -> str:
    """What stands between two sentences in plain raw text."""
    if previous is None:
        return ""
    if sentence.starts_paragraph:
        return "\n\n"
    return " " if previous.space_after else ""


def exact_separator(previous: Sentence | None, sentence: Sentence) -> str:
    """What stands between two sentences, or before the first, in exact text."""
    after = None if previous is None else previous.spaces_after
    return (separator(previous, sentence) if after is None else after) + sentence.spaces_before


def placed(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences, each with its `start_char` in exact text set, as they pass."""
    previous, end = None, 0
    for sentence in sentences:
        sentence.start_char = end + len(exact_separator(previous, sentence))
        end = sentence.start_char + len(sentence.exact_text)
        yield sentence
        previous = sentence
