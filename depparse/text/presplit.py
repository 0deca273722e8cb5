"""Text that has a sentence on each line, so that only its tokens are to be found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from depparse.document.columns import LANGUAGE
from depparse.document.sentence import Sentence
from depparse.text.spacing import RawToken, build_sentences

Segment = Callable[[Iterable[str]], Iterator[Sentence]]


def segment_lines(segment: Segment, pieces: Iterable[str]) -> Iterator[Sentence]:
    """The sentences of a text whose lines are sentences, with the tokens that `segment` finds in them.

    A line with nothing visible gives no sentence; an empty line begins a paragraph. Memory is bounded by the distance
    that `segment` reads ahead and by the longest line.
    """
    return build_sentences(_lines_with_tokens(segment, pieces))


def _lines_with_tokens(segment: Segment, pieces: Iterable[str]) -> Iterator[tuple[str, list[RawToken]]]:
    """Each line with its line end, and its tokens. `segment` gets each line as a paragraph, so that a sentence ends."""
    waiting: deque[tuple[int, str]] = deque()  # (offset of the line in the text that `segment` reads, the line)

    def paragraphs() -> Iterator[str]:
        start = 0
        for line, paragraph in iter_lines(pieces):
            waiting.append((start, line))
            start += len(paragraph)
            yield paragraph

    tokens: list[RawToken] = []
    for sentence in segment(paragraphs()):
        while len(waiting) > 1 and waiting[1][0] <= sentence.start_char:
            yield _ended(waiting.popleft()[1], tokens)
            tokens = []
        begin = waiting[0][0]
        for token in sentence.tokens:
            start, end = token.start_char, token.end_char
            if start is None or end is None:
                raise ValueError(f"where the token {token.text!r} stands in the text cannot be told")
            words = tuple(word.text for word in token.words) if token.multiword is not None else ()
            tokens.append(RawToken(start - begin, end - begin, words, language=sentence.comment(LANGUAGE) or ""))
    for _, line in waiting:
        yield _ended(line, tokens)
        tokens = []


def _ended(line: str, tokens: list[RawToken]) -> tuple[str, list[RawToken]]:
    if tokens:
        tokens[-1].ends_sentence = True
    return line, tokens


def iter_lines(pieces: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each line of a text that comes in pieces, with its line end; and the paragraph that `segment` reads for it."""
    open_line: list[str] = []
    for piece in pieces:
        *lines, beginning = piece.split("\n")
        for text in lines:
            line = "".join([*open_line, text])
            open_line.clear()
            yield f"{line}\n", f"{line}\n\n"
        open_line.append(beginning)
    if last := "".join(open_line):
        yield last, f"{last}\n\n"
