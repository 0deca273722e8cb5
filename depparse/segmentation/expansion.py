"""Multiword tokens to words: scripts that carry over to unseen tokens, and a dictionary of those that were seen.

A script says how many characters at the begin and the end of a token belong to words that are given (``n't`` for three
at the end), and makes the one word between from the rest by an edit script (Straka 2018; `data.edit_scripts`): *don't*
and *couldn't* share one. Which word is the one between is chosen so that scripts serve many tokens.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from depparse.document.sentence import Sentence
from depparse.document.words import MultiwordToken
from depparse.features.edit_scripts import apply_script, make_script
from depparse.text.spacing import RawToken

Expansion = tuple[str, ...]
_MAX_LENGTH = 40  # characters; a longer token is learned as a whole


def candidates(token: str, words: Sequence[str]) -> list[str]:
    """Scripts that make the words from the token, one for each word that may be the one between."""
    low_token, low_words = token.lower(), [word.lower() for word in words]
    found = []
    for middle in range(len(words)):
        script = _make(low_token, low_words, middle)
        # Scripts are in small letters, and capitals are carried over; where that is wrong, they are as they stand.
        if expand(script, token) != tuple(words):
            script = _make(token, words, middle, cased=True)
        if expand(script, token) == tuple(words) and script not in found:
            found.append(script)
    return found


def _make(token: str, words: Sequence[str], middle: int, cased: bool = False) -> str:
    before, after = list(words[:middle]), list(words[middle + 1 :])
    n_before, n_after = _shares(token, "".join(before), words[middle], "".join(after))
    edit = make_script(token[n_before : len(token) - n_after], words[middle])
    return json.dumps([before, n_before, edit, n_after, after, int(cased)], ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=1 << 16)
def _shares(token: str, before: str, word: str, after: str) -> tuple[int, int]:
    """How many characters of the token belong to what stands before and after the word: where least is to be edited."""
    if token == before + word + after:
        return len(before), len(after)
    if len(token) > _MAX_LENGTH:
        return 0, 0
    best, shares = None, (0, 0)
    for start in range(len(token) + 1 if before else 1):
        for end in range(len(token), start - 1, -1) if after else (len(token),):
            cost = _distance(token[:start], before) + _distance(token[start:end], word) + _distance(token[end:], after)
            if best is None or cost < best:
                best, shares = cost, (start, len(token) - end)
    return shares


@lru_cache(maxsize=1 << 16)
def _distance(a: str, b: str) -> int:
    """Characters to drop and add to make b from a."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            corner, row[j] = row[j], corner if char == other else 1 + min(row[j], row[j - 1])
    return row[-1]


@lru_cache(maxsize=1 << 16)
def expand(script: str, token: str) -> Expansion | None:
    """The words that the script makes of the token; None where it does not fit."""
    before, n_before, edit, n_after, after, cased = json.loads(script)
    if n_before + n_after > len(token):
        return None
    source = token if cased else token.lower()
    # Words that are cut off the token as they stand are looked for there.
    for given, part in (("".join(before), source[:n_before]), ("".join(after), source[len(source) - n_after :])):
        if len(given) == len(part) and given != part:
            return None
    middle = apply_script(edit, source[n_before : len(source) - n_after])
    words = [*before, middle, *after]
    if not all(words) or len(source) != len(token):  # the small letter of İ is two characters
        return None
    if not cased and source != token:
        if len(token) > 1 and token.isupper():
            words = [word.upper() for word in words]
        elif token[0] != source[0] and token[1:] == source[1:]:
            words[0] = words[0][0].upper() + words[0][1:]
        elif "".join(words) == source:
            words = _cut(token, words)
        else:
            return None
    return tuple(words)


def _cut(token: str, words: Sequence[str]) -> list[str]:
    """The token cut into words of these lengths."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return [token[start:end] for start, end in pairwise(ends)]


class Expansions:
    """What a treebank teaches about its multiword tokens.

    `scripts` are those of its tokens, `known` the expansion of each token that has but one, `always` the tokens that
    are never a single word.
    """

    def __init__(self, scripts: Sequence[str], known: dict[str, Expansion], always: Iterable[str]) -> None:
        self.scripts = list(scripts)
        self.known, self.always = known, frozenset(always)
        self._numbers = {script: number for number, script in enumerate(self.scripts, 1)}
        self._found: dict[tuple[str, Expansion], int | None] = {}  # asked for again in every epoch

    @classmethod
    def learn(cls, multiwords: Iterable[tuple[str, Expansion]], singles: Iterable[str]) -> Expansions:
        """From multiword tokens with their words, and all tokens that are a word."""
        seen: dict[str, set[Expansion]] = {}
        for token, words in multiwords:
            seen.setdefault(token, set()).add(words)
        single = set(singles)
        known = {token: next(iter(found)) for token, found in sorted(seen.items()) if len(found) == 1}
        # A script's weight is the number of different tokens that it serves.
        options = {(token, words): candidates(token, words) for token, found in seen.items() for words in sorted(found)}
        weights = Counter(script for scripts in options.values() for script in scripts)
        chosen = {max(scripts, key=lambda script: (weights[script], script)) for scripts in options.values() if scripts}
        scripts = sorted(chosen, key=lambda script: (-weights[script], script))
        return cls(scripts, known, sorted(known.keys() - single))

    def number(self, token: str, words: Expansion) -> int | None:
        """The number, from 1, of the script that makes the words of the token. None if there is none."""
        if (token, words) not in self._found:
            numbers = [self._numbers[script] for script in candidates(token, words) if script in self._numbers]
            self._found[token, words] = min(numbers, default=None)
        return self._found[token, words]

    def best(self, token: str, numbers: Iterable[int]) -> Expansion:
        """The words of a multiword token: those it always had, or by the first of the scripts that fits, or none."""
        words = self.known.get(token)
        if words is None:
            made = (expand(self.scripts[number - 1], token) for number in numbers)
            words = next((found for found in made if found is not None), ())
        return words

    def to_json(self) -> dict[str, Any]:
        return {"scripts": self.scripts, "known": self.known, "always": sorted(self.always)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Expansions:
        known = {token: tuple(words) for token, words in data["known"].items()}
        return cls(data["scripts"], known, data["always"])


def expand_sentence(sentence: Sentence, found: Sequence[RawToken]) -> Sentence:
    """The sentence with the words of the tokens in `found`."""
    tokens = sentence.tokens
    if not any(new.words and token.multiword is None for token, new in zip(tokens, found, strict=True)):
        return sentence
    forms: list[str] = []
    misc: list[str] = []
    multiwords = []
    for token, new in zip(tokens, found, strict=True):
        words = [word.text for word in token.words] if token.multiword is not None else list(new.words or [token.text])
        if len(words) > 1:
            cells = {"FORM": token.text, "MISC": token.misc or "_"}
            multiwords.append(MultiwordToken(len(forms) + 1, len(forms) + len(words), cells))
        misc += [token.misc or "_"] if len(words) == 1 else ["_"] * len(words)
        forms += words
    return Sentence({"FORM": forms, "MISC": misc}, sentence.comments, multiwords)
