"""A text of any length in blocks. Only the text decides where they end; a few of them are in memory at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import regex

from depparse.text.spacing import LINE_BREAK

BLOCK = 60_000  # characters, the size of blocks by default
_AHEAD = 64  # characters: how far past its size a block may grow so that it does not end inside a grapheme cluster
_BACK = 128  # characters before a place, from which its grapheme clusters are counted
_CLUSTER = regex.compile(r"\X")
_REGIONAL = range(0x1F1E6, 0x1F200)  # letters of flags: pairs are counted from the first letter of a run
_ALONE = r"(?![\p{Grapheme_Cluster_Break=Extend}\p{Grapheme_Cluster_Break=SpacingMark}\u200d])"
_SPACE = r"\s(?<!\r(?=\n))" + _ALONE
_FINAL, _CLOSING = "[.!?…‽؟۔।॥。！？]", r"""["'”’»)\]}›」』）】]"""
# The ends of a block, best kind first: it ends at the last one of the best kind that it has.
_ENDS = (
    re.compile(rf"{LINE_BREAK}[^\S\n\r]*{LINE_BREAK}|\u2029"),
    re.compile(LINE_BREAK),
    regex.compile(rf"(?<={_FINAL}{_CLOSING}{{0,3}}){_SPACE}|[。！？]{_CLOSING}{{0,3}}+(?!\p{{P}}){_ALONE}"),
    regex.compile(_SPACE),
)


def iter_blocks(pieces: Iterable[str], size: int = BLOCK) -> Iterator[str]:
    """The text of `pieces` in blocks of at most `size` characters, or slightly more; joined, they are the text.

    A block ends in its last three quarters: at the last paragraph break there, else line end, else white space after
    final punctuation, else white space, else anywhere. It never ends between CR and LF or inside a grapheme cluster of
    up to 64 characters. The ends depend on the text, not on its division into pieces. Time is linear; memory holds two
    blocks and the current piece. Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"the size of a block is a number of characters, at least 1, not {size}")
    needed = size + _AHEAD + 1
    pending: list[str] = []
    length = 0
    for piece in pieces:
        for begin in range(0, len(piece), needed):
            pending.append(piece[begin : begin + needed])
            length += len(pending[-1])
            if length < needed:
                continue
            text = "".join(pending)
            while len(text) >= needed:
                cut = _end(text, size)
                yield text[:cut]
                text = text[cut:]
            pending, length = [text], len(text)
    text = "".join(pending)
    while len(text) > size:
        cut = _end(text, size)
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def _end(text: str, size: int) -> int:
    """The end of the block that begins `text`, which goes on beyond the block or ends the whole text."""
    for pattern in _ENDS:
        # The search goes one character further, so that it sees a CR at the end together with its LF.
        ends = [match.end() for match in pattern.finditer(text, size // 4, size + 1) if match.end() <= size]
        if ends:
            return ends[-1]
    return _cluster_end(text, size)


def _cluster_end(text: str, place: int) -> int:
    """The last end of a grapheme cluster up to `place`, or else the first one soon after it, or else `place`."""
    start = max(0, place - _BACK)
    run = start
    while run and ord(text[run]) in _REGIONAL and ord(text[run - 1]) in _REGIONAL:
        run -= 1
    start -= (start - run) % 2
    before = 0
    for match in _CLUSTER.finditer(text, start):
        if match.end() > place:
            return before or (match.end() if match.end() <= place + _AHEAD else place)
        before = match.end()
    return before
