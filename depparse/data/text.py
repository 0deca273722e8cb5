"""Raw text of a document: streamed, and wrapped as in the UD releases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from depparse.data.files import PathLike, open_output
from depparse.data.sentence import Sentence, separator

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
    stays whole on its line. Memory is bounded by a line and a piece.
    """
    rest = ""
    for piece in pieces:
        for number, part in enumerate(piece.split("\n\n")):
            if number:
                yield rest.rstrip(" ") + "\n\n"
                rest = ""
            rest = (rest + part).lstrip(" ")
            while len(rest) > width and (end := _break(rest, width)) is not None:
                yield rest[:end].rstrip(" ") + "\n"
                rest = rest[end:].lstrip(" ")
    yield rest.rstrip(" ")


def _break(text: str, width: int) -> int | None:
    """Where the first line of `text` ends; None if no break has come yet. `text` is longer than `width`."""
    for end in (*range(width, 0, -1), *range(width + 1, len(text))):
        if text[end] == " " or _UNSPACED.match(text[end]) or _UNSPACED.match(text[end - 1]):
            return int(end)
    return None
