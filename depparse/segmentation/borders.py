"""Places where a token or a sentence ends surely, or surely does not, whatever a network says.

Numbers, addresses and abbreviations are too many to be learned one by one. For each pattern of them, the training data
tells whether its tokens have borders inside of a match, and at its edges; where the data has no match, borders are at
the edges alone, as most treebanks have it. The network decides in all other places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex

from depparse.segmentation.abbreviations import is_abbreviation
from depparse.segmentation.passages import Passage
from depparse.segmentation.symbols import Bools, Symbols, locate_lasts, read_symbols
from depparse.text.variants import fold_digits
from depparse.text.wrap import IDEOGRAPHIC

# Letters, marks and digits of addresses: none of scripts without spaces, where nothing tells where an address ends.
_UNSPACED = rf"[{IDEOGRAPHIC}\p{{Line_Break=Complex_Context}}]"
_WORD = rf"(?:(?!{_UNSPACED})[\p{{L}}\p{{M}}\p{{N}}_])"
_EMOJI = r"(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f)"
_PATTERNS = {  # in this order: no match overlaps with one of an earlier pattern
    # The signs are those of RFC 3986; an address ends in none that may be punctuation of the sentence.
    "web": rf"(?:https?://|www\.)(?:{_WORD}|[-.~:/?#\[\]@!$&'()*+,;=%])*(?:{_WORD}|[-/\#=&%~+])",
    "mail": rf"(?:{_WORD}|[.+-]){{1,64}}+@(?:{_WORD}|-){{1,63}}(?:\.(?:{_WORD}|-){{1,63}}){{1,8}}",
    "handle": rf"(?<![\w@#&/])[@#](?=\p{{L}}){_WORD}++(?!\.\p{{L}}|\w)",
    "date": r"(?<!\p{Nd})\p{Nd}+(?:/\p{Nd}+){2,}+",
    "number": r"(?<!\p{Nd})\p{Nd}+(?:[.,:]\p{Nd}+)++",
    "emoji": rf"{_EMOJI}(?:{_EMOJI}|[\p{{M}}\p{{Emoji_Modifier}}\u200d])*+",
    "initial": r"(?<![\w.'’-])\p{Lu}\.(?=\s+\p{Lu})",
}
_TOKENS = ("web", "mail", "handle", "emoji")  # patterns whose matches are tokens, and not mere parts of them
_FIND = regex.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
# A short capitalized word before a full stop, which is not followed by the end of a paragraph.
_SHORT = regex.compile(r"(?<![\w.'’-])\p{Lu}\p{Ll}{1,3}(?=\.[^\S\n]*+\n?[^\S\n]*+(?<=\s)\S)")
_ENOUGH = 20  # abbreviations or initials that the data must have before what it says of them counts


@dataclass(frozen=True, slots=True)
class Borders:
    """What the training data says of the borders of tokens and sentences. `apply` says it of a text."""

    digits: bool  # whether no token ends between two digits
    whole: frozenset[str]  # patterns whose matches have no border inside
    begin: frozenset[str]  # patterns at the first character of whose matches a token begins
    end: frozenset[str]  # patterns at the last character of whose matches a token ends
    abbreviations: bool  # whether a sentence always goes on after an abbreviation, a token of letters with a full stop

    @classmethod
    def learn(cls, passages: Iterable[Passage]) -> Borders:
        """The borders of the training data; one exception is none, and neither is one in fifty."""
        matches, cut, begun_before, ended_after = (dict.fromkeys(_PATTERNS, 0) for _ in range(4))
        abbreviations = final = pairs = parted = 0
        for passage in passages:
            symbols = read_symbols(passage.text)
            between = _between_digits(symbols)
            pairs += int(between.sum())
            parted += int(between[locate_lasts(symbols, passage.tokens)].sum())
            starts, ends = {token.start for token in passage.tokens}, {token.end for token in passage.tokens}
            for name, start, end in _find(passage.text):
                matches[name] += 1
                cut[name] += any(place in ends for place in range(start + 1, end))
                begun_before[name] += start not in starts
                ended_after[name] += end not in ends
            for token, form in zip(passage.tokens, passage.forms, strict=True):
                if is_abbreviation(form):
                    abbreviations += 1
                    final += token.ends_sentence
        return cls(
            _is_rare(parted, pairs),
            frozenset(
                name
                for name, count in matches.items()
                if _is_rare(cut[name], count) and (name != "initial" or count >= _ENOUGH)
            ),
            frozenset(name for name in _TOKENS if _is_rare(begun_before[name], matches[name])),
            frozenset(name for name in _TOKENS if _is_rare(ended_after[name], matches[name])),
            abbreviations >= _ENOUGH and _is_rare(final, abbreviations),
        )

    def apply(self, text: Symbols) -> tuple[Bools, Bools]:
        """Whether each symbol and the one after it belong to one token; and whether a token ends after each symbol.

        Both ``[symbols]``: inside of what is whole and between digits; and where a match begins or ends.
        """
        joined = _between_digits(text) if self.digits else np.zeros(len(text), np.bool_)
        edges = np.zeros(len(text), np.bool_)
        for name, start, end in _find(text.text):
            first, last = np.searchsorted(text.offsets, [start, end - 1]).tolist()
            if name in self.whole:
                joined[first:last] = True
            if name in self.end:
                edges[last] = True
            if name in self.begin and first > 0:
                edges[first - 1] = True
        return joined, edges & ~text.white

    def doubtful(self, text: Symbols) -> Iterator[tuple[str, int]]:
        """Each word after which a token may end only if that is very probable, with the index of its last symbol.

        These are short capitalized words before a full stop, as in *Mrs. Wu*, if the training data has such
        abbreviations as tokens inside sentences.
        """
        for match in _SHORT.finditer(text.text) if self.abbreviations else ():
            yield match.group(), int(np.searchsorted(text.offsets, match.end() - 1))

    def to_json(self) -> dict[str, Any]:
        """All of the borders, for `from_json`."""
        patterns = {"whole": sorted(self.whole), "begin": sorted(self.begin), "end": sorted(self.end)}
        return patterns | {"digits": self.digits, "abbreviations": self.abbreviations}

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Borders:
        """The borders from the data of `to_json`; none for None, since folders of format 2 have none."""
        if data is None:
            return cls(False, frozenset(), frozenset(), frozenset(), False)
        whole, begin, end = patterns = [frozenset(data[key]) for key in ("whole", "begin", "end")]
        digits, abbreviations = data["digits"], data["abbreviations"]
        if (
            type(digits) is not bool
            or type(abbreviations) is not bool
            or not all(p <= _PATTERNS.keys() for p in patterns)
        ):
            raise ValueError("borders of tokens are lists of known patterns, and true or false")
        return cls(digits, whole, begin, end, abbreviations)


def _between_digits(text: Symbols) -> Bools:
    """Whether each symbol and the one after it are digits, ``[symbols]``."""
    are_digits = fold_digits(text.points) == ord("0")
    between: Bools = are_digits & np.append(are_digits[1:], False)
    return between


def _find(text: str) -> Iterator[tuple[str, int, int]]:
    """The name of the pattern, the start and the end of each match."""
    for match in _FIND.finditer(text):
        assert match.lastgroup is not None
        yield match.lastgroup, match.start(), match.end()


def _is_rare(exceptions: int, cases: int) -> bool:
    return exceptions <= 1 + cases / 50 and 2 * exceptions <= cases
