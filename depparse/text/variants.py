"""Signs that people write in several forms: apostrophes, quotes, dashes and digits.

A treebank mostly has one form of each, while phones and editors write another. What is learned from one form should
hold for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from depparse.document.sentence import Sentence

Points = NDArray[np.uint32]

_APOSTROPHE = ord("'")
# ’, modifier letter, prime, full width, acute accent, grave accent, ‛; a single opening quote only within a word.
_APOSTROPHES = "\u2019\u02bc\u2032\uff07\u00b4`\u201b\u2018"
_OPENING = ord("\u2018")
_OF_APOSTROPHES = np.array(sorted(map(ord, _APOSTROPHES)), np.uint32)
_ANY_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
_TO_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_ALIKE = (
    '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02\u2033',  # double quotes
    "'\u2018\u2019\u201a\u201b\u2039\u203a\uff07\u2032`\u00b4",  # single quotes
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d",  # hyphens, dashes, minus
)


def unify_apostrophes(form: str) -> str:
    """A word or token with ``'`` for an apostrophe of any form, in as many characters.

    Lone quotes stay, and so does a single opening quote at the beginning.
    """
    if form.isascii() and "`" not in form:
        return form
    unified = form.translate(_TO_APOSTROPHE) if any(map(str.isalnum, form)) else form
    return form[0] + unified[1:] if form.startswith("\u2018") else unified


def unified_forms(sentence: Sentence) -> list[str]:
    """The forms of the sentence as networks read them, with one form of apostrophes."""
    return list(map(unify_apostrophes, sentence.columns["FORM"]))


def restore_apostrophes(text: str, form: str) -> str:
    """The text with the first sort of apostrophe that `form` has for each ``'``."""
    written = _ANY_APOSTROPHE.search(form)
    return text.replace("'", written.group()) if written is not None else text


def unify_points(points: Points) -> Points:
    """The code points of a text with ``'`` for an apostrophe of any form: a sign after a letter or a digit.

    A single opening quote is an apostrophe only between two letters or digits.
    """
    places = np.flatnonzero(np.isin(points, _OF_APOSTROPHES))
    if not len(places):
        return points
    unified = points.copy()
    for place in places.tolist():
        after_word = place > 0 and _is_alphanumeric(points[place - 1])
        before_word = place + 1 < len(points) and _is_alphanumeric(points[place + 1])
        if after_word and (before_word or points[place] != _OPENING):
            unified[place] = _APOSTROPHE
    return unified


def _is_alphanumeric(point: np.uint32) -> bool:
    """Whether it is a letter, a digit, or a mark that belongs to one."""
    return unicodedata.category(chr(int(point)))[0] in "LMN"


def fold_digits(points: Points) -> Points:
    """The code points with ``0`` for each decimal digit of any script."""
    if not len(points):
        return points
    ascii_digits = (points >= 0x30) & (points <= 0x39)
    if points.max() > 0x7F:
        unique, inverse = np.unique(points, return_inverse=True)
        ascii_digits |= np.array([_is_digit(int(point)) for point in unique], np.bool_)[inverse]
    return np.where(ascii_digits, np.uint32(0x30), points)


@lru_cache(maxsize=1 << 16)
def _is_digit(point: int) -> bool:
    return unicodedata.category(chr(point)) == "Nd"


def alike(point: int) -> tuple[int, ...]:
    """The code points of the other forms of a quote or dash, the commonest first; none for any other sign."""
    char = chr(point)
    return tuple(ord(other) for group in _ALIKE if char in group for other in group if other != char)
