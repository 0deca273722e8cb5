"""The two raw texts of a document: the plain one and the exact one.

The plain text is what training and evaluation take as raw text. It needs no more than ``# text``, ``SpaceAfter=No``,
``# newpar`` and ``# newdoc``. The exact text is the one that the document was made from, code point for code point, as
far as its tokens tell it (`depparse.document.exact`).
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

    It differs from the plain text where ``SpacesBefore``, ``SpacesAfter`` and ``SpacesInToken`` say so. It ends with
    the ``SpacesAfter`` of the last token, if there is one.
    """
    previous = None
    for sentence in sentences:
        yield exact_separator(previous, sentence) + sentence.exact_text
        previous = sentence
    if previous is not None and (after := previous.spaces_after):
        yield after


def separator(previous: Sentence | None, sentence: Sentence) -> str:
    """The spacing between two sentences in plain raw text."""
    if previous is None:
        return ""
    if sentence.starts_paragraph:
        return "\n\n"
    return " " if previous.space_after else ""


def exact_separator(previous: Sentence | None, sentence: Sentence) -> str:
    """The spacing between two sentences, or before the first one, in exact text."""
    after = None if previous is None else previous.spaces_after
    return (separator(previous, sentence) if after is None else after) + sentence.spaces_before


def placed(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences as they come, each with its `start_char` in the exact text set."""
    previous, end = None, 0
    for sentence in sentences:
        sentence.start_char = end + len(exact_separator(previous, sentence))
        end = sentence.start_char + len(sentence.exact_text)
        yield sentence
        previous = sentence
