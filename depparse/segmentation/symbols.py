"""Symbols, the text as the segmenter reads it: one a character, a run of white space, or a paragraph break."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.text.spacing import RawToken
from depparse.text.variants import alike, fold_digits, unify_points

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

SPACE, PARAGRAPH = 0x20, 0x0A  # the symbols for runs of white space
# White space, the zero-width space, and the byte order mark.
_WHITE = np.array([*(point for point in range(0x3001) if chr(point).isspace() or point == 0x200B), 0xFEFF], np.uint32)
_LINE_ENDS = np.array([0x0A, 0x0D, 0x0B, 0x0C, 0x85, 0x2028, 0x2029], np.uint32)
_CATEGORIES = tuple("Cc Cf Cn Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split())
UNKNOWN = 1  # number of items that are not in a vocabulary; 0 is padding, and n-gram positions beyond the ends
SHORTEST = 2  # characters of an n-gram


@dataclass(frozen=True, slots=True)
class Symbols:
    """The symbols of a text. All arrays have one item for each symbol."""

    text: str
    points: NDArray[np.uint32]  # code points, with one form of apostrophes
    offsets: Ints  # position of the symbol's first character in the text
    white: Bools  # True for white space
    source: int = 0  # number of the treebank in whose style the text is segmented

    def __len__(self) -> int:
        return len(self.points)


def read_symbols(text: str, source: int = 0) -> Symbols:
    """The symbols of a text, which is segmented in the style of the treebank number `source`. O(n)."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    white = np.isin(points, _WHITE)
    first = np.flatnonzero(~white | ~np.concatenate(([False], white[:-1])))
    symbols, blank = points[first], white[first]
    if blank.any():
        ends = np.isin(points, _LINE_ENDS)
        ends[:-1] &= ~((points[:-1] == 0x0D) & (points[1:] == 0x0A))
        breaks = np.add.reduceat(ends.astype(np.int64), first)
        symbols = np.where(blank, np.where(breaks > 1, PARAGRAPH, SPACE), symbols).astype(np.uint32)
    return Symbols(text, unify_points(symbols), first, blank, source)


def locate_lasts(text: Symbols, tokens: Sequence[RawToken]) -> Ints:
    """The index of the last symbol of each token."""
    return np.searchsorted(text.offsets, [token.end - 1 for token in tokens], "right") - 1


def may_end(points: NDArray[np.uint32]) -> Bools:
    """Whether a token may end after each symbol. None ends inside what a reader sees as one character.

    No token begins with a combining mark, a variation selector, a skin tone, a tag or a joiner of emoji, after such a
    joiner, or between the two halves of a flag.
    """
    allowed = np.ones(len(points), np.bool_)
    if not len(points) or points.max() < 0x300:
        return allowed
    allowed[:-1] = ~_continues(points[1:]) & (points[:-1] != 0x200D)
    flags = (points >= 0x1F1E6) & (points <= 0x1F1FF)
    if flags.any():
        for start in np.flatnonzero(flags & ~np.concatenate(([False], flags[:-1]))):
            flag = int(start)
            while flag + 1 < len(points) and flags[flag] and flags[flag + 1]:
                allowed[flag] = False
                flag += 2
    return allowed


def _continues(points: NDArray[np.uint32]) -> Bools:
    """Whether each code point belongs to the character before it."""
    unique, inverse = np.unique(points, return_inverse=True)
    return np.array([_is_continuation(int(point)) for point in unique], np.bool_)[inverse]


@lru_cache(maxsize=1 << 16)
def _is_continuation(point: int) -> bool:
    return (
        unicodedata.category(chr(point))[0] == "M"
        or point == 0x200D
        or 0x1F3FB <= point <= 0x1F3FF
        or 0xE0020 <= point <= 0xE007F
    )


@lru_cache(maxsize=1 << 16)
def _category(point: int) -> int:
    return 1 + _CATEGORIES.index(unicodedata.category(chr(point)))


N_CATEGORIES = 1 + len(_CATEGORIES)


class SymbolVocabulary:
    """The characters and n-grams of characters that were seen often, as numbers.

    Quotes and dashes that are not known count as others that are alike. N-grams do not tell digits apart.
    """

    def __init__(self, points: Iterable[int], ngrams: Sequence[Iterable[int]], fold: bool = True) -> None:
        self.points = np.array(sorted(points), np.uint32)
        self.ngrams = [np.array(sorted(keys), np.int64) for keys in ngrams]
        self._fold = fold  # whether n-grams have one digit; those of folders of format 2 have all
        self._known = {point: number for number, point in enumerate(self.points.tolist(), 2)}

    @classmethod
    def learn(cls, texts: Iterable[str], *, min_count: int, longest: int, most: int) -> SymbolVocabulary:
        """The vocabulary of characters and n-grams that occur `min_count` times or more.

        N-grams have up to `longest` characters; of each length, the `most` frequent are kept.
        """
        all_points = [read_symbols(text).points for text in texts]
        counts: Counter[int] = Counter()
        for points in all_points:
            counts.update(points.tolist())
        characters = {0x30, *(point for point, count in counts.items() if count >= min_count)}  # 0 is any digit
        vocabulary = cls(characters, [[] for _ in range(SHORTEST, longest + 1)])
        counters: list[Counter[int]] = [Counter() for _ in vocabulary.ngrams]
        for points in all_points:
            numbers = vocabulary._folded(points)
            for order, counter in enumerate(counters, SHORTEST):
                counter.update(vocabulary._keys(numbers, order).tolist())
        for number, counter in enumerate(counters):
            frequent = sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:most]
            vocabulary.ngrams[number] = np.array(sorted(key for key, count in frequent if count >= min_count), np.int64)
        return vocabulary

    @property
    def sizes(self) -> list[int]:
        """The size of the vocabulary of each kind: characters, categories, n-grams of each length."""
        return [2 + len(self.points), N_CATEGORIES, *(2 + len(keys) for keys in self.ngrams)]

    def numbers(self, points: NDArray[np.uint32]) -> Ints:
        """Numbers of symbols, ``[kinds, symbols]``: characters, their categories, and n-grams of each length around."""
        unique, inverse = np.unique(points, return_inverse=True)
        characters = self._numbers(points)
        categories = np.array([_category(int(point)) for point in unique], np.int64)[inverse]
        folded = self._folded(points)
        ngrams = [_look_up(keys, self._keys(folded, order)) for order, keys in enumerate(self.ngrams, SHORTEST)]
        return np.stack([characters, categories, *ngrams])

    def _numbers(self, points: NDArray[np.uint32]) -> Ints:
        numbers = _look_up(self.points, points)
        unknown = numbers == UNKNOWN
        if unknown.any():
            for point in np.unique(points[unknown]).tolist():
                known = next((other for other in alike(point) if other in self._known), None)
                if known is not None:
                    numbers[points == point] = self._known[known]
        return numbers

    def _folded(self, points: NDArray[np.uint32]) -> Ints:
        """The numbers of the characters as n-grams have them."""
        return self._numbers(fold_digits(points) if self._fold else points)

    def _keys(self, numbers: Ints, order: int) -> Ints:
        """One number for each n-gram, with 0 beyond the ends of the text. Very rarely, long n-grams share a number."""
        before = (order - 1) // 2
        padded = np.concatenate((np.zeros(before, np.int64), numbers, np.zeros(order - 1 - before, np.int64)))
        keys = np.zeros(len(numbers), np.int64)
        for shift in range(order):
            keys = keys * (2 + len(self.points)) + padded[shift : shift + len(numbers)]
        return keys

    def to_json(self) -> dict[str, Any]:
        """All of the vocabulary, for `from_json`."""
        characters = "".join(chr(point) for point in self.points.tolist())
        return {"characters": characters, "ngrams": [keys.tolist() for keys in self.ngrams], "fold": self._fold}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SymbolVocabulary:
        """The vocabulary from the data of `to_json`."""
        return cls(map(ord, data["characters"]), data["ngrams"], bool(data["fold"]))


def _look_up(vocabulary: NDArray[Any], items: NDArray[Any]) -> Ints:
    """The number of each item: its index in the sorted vocabulary, from 2 on, or UNKNOWN."""
    if not len(vocabulary):
        return np.full(len(items), UNKNOWN, np.int64)
    indices = np.searchsorted(vocabulary, items)
    indices[indices == len(vocabulary)] = 0
    return np.where(vocabulary[indices] == items, indices + 2, UNKNOWN)
