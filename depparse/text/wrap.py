"""Writers of raw text: plain, wrapped as in the UD releases, or exact (`depparse.document.raw_text`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from depparse.arguments import check_number
from depparse.document.columns import SURROGATE, is_unicode
from depparse.document.output import at_sentence
from depparse.document.raw_text import iter_exact_text, iter_text
from depparse.document.sentence import Sentence
from depparse.errors import FormatError
from depparse.files import PathLike, open_output

# Han, Kana and their punctuation: scripts in which a line may break between any two characters.
IDEOGRAPHIC = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_UNSPACED = re.compile(f"[{IDEOGRAPHIC}]")


def write_text(sentences: Iterable[Sentence], path: PathLike, width: int | None = None) -> None:
    """Writes the plain raw text and a line end after it. Lines are wrapped at `width` characters, if given.

    Raises FormatError, as `write_exact_text` does, for half a UTF-16 pair, which UTF-8 cannot hold.
    """
    with open_output(path) as out:
        empty = True
        pieces = iter_text(_checked(sentences, path, lambda sentence: sentence.text))
        for piece in wrapped(pieces, width) if width else pieces:
            out.write(piece)
            empty = False
        if not empty:
            out.write("\n")


def write_exact_text(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Writes the exact text, nothing after it. Raises FormatError for half a UTF-16 pair, which UTF-8 cannot hold."""
    with open_output(path) as out:
        out.writelines(iter_exact_text(_checked(sentences, path, _exact_text)))


def _exact_text(sentence: Sentence) -> str:
    return sentence.spaces_before + sentence.exact_text + (sentence.spaces_after or "")


def _checked(sentences: Iterable[Sentence], path: PathLike, text_of: Callable[[Sentence], str]) -> Iterator[Sentence]:
    for number, sentence in enumerate(sentences, 1):
        text = text_of(sentence)
        if not text.isascii() and not is_unicode(text):
            raise at_sentence(FormatError(f"{SURROGATE}, but {text[:60]!r} does"), path, number, sentence)
        yield sentence


def wrapped(pieces: Iterable[str], width: int) -> Iterator[str]:
    """The text of `pieces` with each paragraph filled to lines of at most `width` characters (code points).

    Lines break at spaces, which the line break replaces, and between Chinese or Japanese characters. A word longer than
    a line stays whole on a line of its own. Memory is bounded by a line and a piece. Raises ConfigError for another
    `width` than a number.
    """
    check_number(width, "wrap", "characters")
    pending = ""
    for piece in pieces:
        for number, paragraph in enumerate(piece.split("\n\n")):
            if number:
                yield pending.rstrip(" ") + "\n\n"
                pending = ""
            # The pending text was searched for a break already and has none, so only the new text is searched.
            searched = max(width, len(pending))
            pending = (pending + paragraph).lstrip(" ") if not pending else pending + paragraph
            begin = 0
            while len(pending) - begin > width and (end := _break(pending, begin, width, searched)) is not None:
                yield pending[begin:end].rstrip(" ") + "\n"
                begin = end
                while begin < len(pending) and pending[begin] == " ":
                    begin += 1
                searched = width
            pending = pending[begin:]
    yield pending.rstrip(" ")


def _break(text: str, begin: int, width: int, searched: int) -> int | None:
    """The end of the line that begins at `begin`; None if the text, longer than `width`, has no break yet.

    If `searched` is more than `width`, the first `searched` characters of the line are known to have no break.
    """
    near = range(begin + width, begin, -1) if searched <= width else ()
    for end in chain(near, range(begin + max(width + 1, searched), len(text))):
        if text[end] == " " or _UNSPACED.match(text[end]) or _UNSPACED.match(text[end - 1]):
            return int(end)
    return None
