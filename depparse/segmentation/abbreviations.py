"""Abbreviations that end in a full stop, and made ones to learn from.

A treebank has too few abbreviations to teach that a short capitalized word with a full stop is one token and ends no
sentence: in UD_English-EWT, *Mrs.* occurs once. So words inside sentences are shortened in the training data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

import regex

from depparse.segmentation.passages import Passage
from depparse.text.spacing import RawToken

_ABBREVIATION = regex.compile(r"(?:(?:\p{L}\p{M}*)+\.)+")
_CAPITALIZED = regex.compile(r"\p{Lu}\p{Ll}{4,}")
_LONGEST = 4  # letters of a made abbreviation


def is_abbreviation(form: str) -> bool:
    """Whether the form is letters with a full stop after them, once or several times."""
    return form.endswith(".") and _ABBREVIATION.fullmatch(form) is not None


def shorten(passages: Iterable[Passage], share: float) -> Iterator[Passage]:
    """The passages, with this share of the capitalized words inside sentences cut to 1 to 4 letters and a full stop.

    Only words of five letters or more between spaces are shortened, the same ones each time.
    """
    wait, lengths = share, count()
    for passage in passages:
        text: list[str] = []
        tokens: list[RawToken] = []
        position = size = 0
        inside = False  # whether the token before belongs to the same sentence
        for number, (token, form) in enumerate(zip(passage.tokens, passage.forms, strict=True)):
            spaces = passage.text[position : token.start]
            followed = passage.text[token.end : token.end + 1] == " "
            if inside and spaces and followed and not token.ends_sentence and _CAPITALIZED.fullmatch(form):
                wait += share
                if wait >= 1 and number not in passage.typos:
                    wait -= 1
                    form = form[: 1 + next(lengths) % _LONGEST] + "."
            text += [spaces, form]
            start = size + len(spaces)
            size = start + len(form)
            tokens.append(RawToken(start, size, token.words, token.ends_sentence))
            position, inside = token.end, not token.ends_sentence
        text.append(passage.text[position:])
        yield Passage("".join(text), tokens, passage.length, passage.source, passage.typos)
