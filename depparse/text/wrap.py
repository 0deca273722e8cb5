"""Raw text written: plain, wrapped as in the UD releases, or exact (`depparse.document.raw_text`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from depparse.document.raw_text import iter_exact_text, iter_text
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, name_of, open_output

# Han, Kana and their punctuation: scripts in which a line may break between any two characters.
IDEOGRAPHIC = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_UNSPACED = re.compile(f"[{IDEOGRAPHIC}]")


def write_text(sentences: Iterable[Sentence], path: PathLike, width: int | None = None) -> None:
    """Writes the plain raw text and a line end after it; wrapped to lines of `width` characters if given."""
    with open_output(path) as out:
        empty = True
        for piece in wrapped(iter_text(sentences), width) if width else iter_text(sentences):
            out.write(piece)
            empty = False
        if not empty:
            out.write("\n")


def write_exact_text(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes the exact text and nothing after it. FormatError if it holds half a UTF-16 pair, which UTF-8 cannot."""
    with open_output(path) as out:
        for piece in iter_exact_text(sentences):
            try:
                out.write(piece)
            except UnicodeEncodeError as error:
                message = f"the exact text has {piece[error.start]!r}, half of a UTF-16 pair, which no UTF-8 file holds"
                raise FormatError(message, path=name_of(path)) from None


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
            # Where no break was found before, none is: only what is new is searched.
            searched = max(width, len(rest))
            rest = (rest + part).lstrip(" ") if not rest else rest + part
            begin = 0
            while len(rest) - begin > width and (end := _break(rest, begin, width, searched)) is not None:
                yield rest[begin:end].rstrip(" ") + "\n"
                begin = end
                while begin < len(rest) and rest[begin] == " ":
                    begin += 1
                searched = width
            rest = rest[begin:]
    yield rest.rstrip(" ")


def _break(text: str, begin: int, width: int, searched: int) -> int | None:
    """Where the line that begins at `begin` ends; None if no break has come yet in what is longer than `width`."""
    near = range(begin + width, begin, -1) if searched <= width else ()
    for end in chain(near, range(begin + max(width + 1, searched), len(text))):
        if text[end] == " " or _UNSPACED.match(text[end]) or _UNSPACED.match(text[end - 1]):
            return int(end)
    return None
