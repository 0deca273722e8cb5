"""Sentences and tokens of plain text by rules, which suit most languages roughly and none fully.

They read plain text without a trained model. Paragraphs end at empty lines, tokens at white space and around
punctuation, sentences after final punctuation. Multiword tokens are not split, as that takes a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import BinaryIO

import regex

from depparse.document.sentence import Sentence
from depparse.files import PathLike
from depparse.text.blocks import iter_blocks
from depparse.text.pieces import iter_pieces
from depparse.text.spacing import RawToken, breaks_paragraph, build_sentences, is_visible

_HAN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_LETTER = rf"(?:(?!{_HAN})[\p{{L}}\p{{M}}\p{{N}}_])"
_LETTERS = rf"{_LETTER}(?:{_LETTER}|[\u00ad\u200c\u200d])*"  # soft hyphens and joiners are part of a word
_TOKEN = regex.compile(
    rf"""
    (?:https?://|www\.)[^\s<>"]*[^\s<>".,;:!?)\]}}'’»]   # a web address
    | [\w.+-]{{1,64}}+@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}  # a mail address
    | [@\#]\w+                                           # a handle or a tag
    | \p{{N}}+(?:[.,:/’'\u00a0\u202f]\p{{N}}+){{0,30}}(?!\w)    # a number, a date, a time
    | (?:\p{{L}}\.){{2,}}                                # an abbreviation such as U.S.
    | {_HAN}\p{{M}}*                                      # scripts without spaces: each character alone
    | {_LETTERS}(?:['’\-\u2010\u2011·]{_LETTERS})*        # a word
    | (\p{{P}})\1*                                       # a sign, or a run of the same
    | [\U0001f1e6-\U0001f1ff]{{2}}\p{{M}}*                   # a flag: \X would count all flags before it
    | \X                                                 # a symbol or an emoji sequence that looks like one character
    """,
    regex.VERBOSE,
)
_FINAL = frozenset(".!?…‽؟۔।॥。！？")
_WIDE_FINAL = frozenset("。！？")
_CLOSING = frozenset("\"'”’»)]}›」』）】")
_ABBREVIATION = regex.compile(r"\p{L}|\p{Lu}\p{Ll}{1,2}|etc|vs|cf|ca")


def iter_text_sentences(path: PathLike | BinaryIO) -> Iterator[Sentence]:
    """The sentences of a plain text file in UTF-8, as a stream. Raises FormatError."""
    return segment(iter_pieces(path))


def segment(pieces: Iterable[str]) -> Iterator[Sentence]:
    """The sentences of a text that comes in pieces, in bounded memory."""
    return build_sentences((block, _tokens(block)) for block in iter_blocks(pieces))


def _tokens(text: str) -> list[RawToken]:
    """The tokens of a block, marked where sentences end."""
    matches = [match for match in _TOKEN.finditer(text) if is_visible(match.group())]
    tokens: list[RawToken] = []
    ended = False  # whether final punctuation came, after which closing marks may follow
    abbreviated = False  # whether the form before is an abbreviation, if a full stop touches it
    for match, following in zip_longest(matches, matches[1:]):
        form, after = match.group(), "" if following is None else following.group()
        gap = text[match.end() : len(text) if following is None else following.start()]
        if form[-1] in _FINAL and not (form == "." and abbreviated):
            ended = True
        elif form not in _CLOSING:
            ended = False
        abbreviated = not gap and _ABBREVIATION.fullmatch(form) is not None
        wide = form[-1] in _WIDE_FINAL and after not in _CLOSING
        ends = breaks_paragraph(gap) or (ended and bool(gap or wide) and not after[:1].islower())
        tokens.append(RawToken(match.start(), match.end(), ends_sentence=ends))
        if ends:
            ended = abbreviated = False
    return tokens
