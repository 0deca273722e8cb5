"""Raw text of a document: streamed, and wrapped as in the UD releases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from depparse.data.document import Sentence, separator
from depparse.data.files import PathLike, open_output

# Han, Kana and their punctuation: scripts in which a line may break between any two characters.
_UNSPACED = re.compile("[　-ヿ㐀-䶿一-鿿豈-﫿＀-￯\U00020000-\U0003ffff]")


def iter_text(sentences: Iterable[Sentence]) -> Iterator[str]:
    """The raw text of `Document.text`, piece by piece, in constant memory."""
    previous = None
    for sentence in sentences:
        yield separator(previous, sentence) + sentence.text
        previous = sentence


def write_text(sentences: Iterable[Sentence], path: PathLike, width: int | None = None) -> None:
    """Writes the raw text and a line end after it; wrapped to lines of `width` characters if given."""
    with open_output(path) as out:
        empty = True
        for piece in wrapped(iter_text(sentences), width) if width else iter_text(sentences):
            out.write(piece)
            empty = False
        if not empty:
            out.write("\n")


def wrapped(pieces: Iterable[str], width: int) -> Iterator[str]:
    """The text of `pieces` with each paragraph filled to lines of at most `width` characters (code points).

    Lines break at spaces, which the line break replaces, and between Chinese or Japanese characters; a longer word
    stays whole on its line. O(length), in memory bounded by a paragraph's line and one piece.
    """
    rest = ""
    for piece in pieces:
        parts = piece.split("\n\n")
        for number, part in enumerate(parts):
            if number:
                yield rest.rstrip() + "\n\n"
                rest = ""
            rest += part
            start = 0
            while len(rest) - start > width and (place := _break(rest, start, width)) is not None:
                yield rest[start : place[0]].rstrip() + "\n"
                start = place[1]
            rest = rest[start:]
    yield rest.rstrip()


def _break(text: str, start: int, width: int) -> tuple[int, int] | None:
    """(end of the line, start of the next) for the line that begins at `start`; None if it may not break yet."""
    for end in range(start + width, start, -1):
        if text[end] == " ":
            return end, end + 1
        if _UNSPACED.match(text[end]) or _UNSPACED.match(text[end - 1]):
            return end, end
    for end in range(start + width, len(text)):
        if text[end] == " ":
            return end, end + 1
    return None
