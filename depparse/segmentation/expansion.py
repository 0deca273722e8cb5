"""The words of multiword tokens: a dictionary of the seen tokens, and scripts that also fit unseen ones.

A script gives fixed words at the beginning and at the end of a token, with the number of characters that belong to them
(``n't`` for three at the end). It makes the remaining word, the middle one, from the remaining characters by an edit
script (Straka 2018; `depparse.features.edit_scripts`): *don't* and *couldn't* share one. Which word is the middle one
is chosen so that each script serves many tokens.
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
from depparse.features.edit_scripts import check_script, fit_script, make_script
from depparse.text.spacing import RawToken
from depparse.text.variants import restore_apostrophes, unify_apostrophes

Expansion = tuple[str, ...]
_REPEATED, _SURE = 2, 5  # times that a typo has to occur before it is learned, and before it is always split
_MAX_LENGTH = 40  # characters; a longer token is learned as a whole


def candidates(token: str, words: Sequence[str]) -> list[str]:
    """Scripts that make the words from the token, one for each word that can be the middle one."""
    low_token, low_words = token.lower(), [word.lower() for word in words]
    scripts = []
    for middle in range(len(words)):
        script = _make(low_token, low_words, middle)
        # Scripts are in lower case, and capitals are carried over; if that gives wrong words, a script keeps its case.
        if expand(script, token) != tuple(words):
            script = _make(token, words, middle, cased=True)
        if expand(script, token) == tuple(words) and script not in scripts:
            scripts.append(script)
    return scripts


def _make(token: str, words: Sequence[str], middle: int, cased: bool = False) -> str:
    """The script in which word number `middle`, from 0, is the middle one."""
    before, after = list(words[:middle]), list(words[middle + 1 :])
    n_before, n_after = _shares(token, "".join(before), words[middle], "".join(after))
    edit = make_script(token[n_before : len(token) - n_after], words[middle])
    return json.dumps([before, n_before, edit, n_after, after, int(cased)], ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=1 << 16)
def _shares(token: str, before: str, word: str, after: str) -> tuple[int, int]:
    """How many characters of the token belong to `before` and to `after`, such that the fewest edits are needed."""
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
    """The number of characters to drop and to add to make b from a."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            corner, row[j] = row[j], corner if char == other else 1 + min(row[j], row[j - 1])
    return row[-1]


@lru_cache(maxsize=1 << 16)
def expand(script: str, token: str) -> Expansion | None:
    """The words that the script makes of the token; None if it does not fit."""
    before, n_before, edit, n_after, after, cased = json.loads(script)
    if n_before + n_after > len(token):
        return None
    source = token if cased else token.lower()
    # If the fixed words are as long as their characters in the token, they must be those characters.
    for fixed, characters in (("".join(before), source[:n_before]), ("".join(after), source[len(source) - n_after :])):
        if len(fixed) == len(characters) and fixed != characters:
            return None
    middle = fit_script(edit, source[n_before : len(source) - n_after])
    if middle is None:
        return None
    words = [*before, middle, *after]
    if not all(words) or len(source) != len(token):  # the lower case of İ is two characters
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


def _check_script(script: Any) -> None:
    """Raises ValueError or TypeError if it is no script as `candidates` makes it."""
    before, n_before, edit, n_after, after, cased = json.loads(script)
    words = isinstance(before, list) and isinstance(after, list) and all(isinstance(w, str) for w in (*before, *after))
    numbers = all(type(number) is int and number >= 0 for number in (n_before, n_after, cased))
    if not (words and numbers):
        raise ValueError(f"{script!r} is no script of a multiword token")
    check_script(edit)


def _cut(token: str, words: Sequence[str]) -> list[str]:
    """The token cut into pieces as long as the words."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return [token[start:end] for start, end in pairwise(ends)]


class Expansions:
    """The expansions of multiword tokens that a treebank teaches. One form of an apostrophe counts as any other.

    `scripts` make the words of its tokens, `known` has the expansion of each token that has only one, and `always` are
    the tokens that are never a single word.
    """

    def __init__(self, scripts: Sequence[str], known: dict[str, Expansion], always: Iterable[str]) -> None:
        self.scripts = list(scripts)
        self.known, self.always = known, frozenset(always)
        self._numbers = {script: number for number, script in enumerate(self.scripts, 1)}
        self._number_of: dict[tuple[str, Expansion], int | None] = {}  # a cache, because every epoch asks again

    @classmethod
    def learn(cls, tokens: Iterable[tuple[str, Expansion, bool]]) -> Expansions:
        """Learns from tokens, each with its words, none for a single word, and with whether it is a typo.

        A typo, such as *plumbers* for *plumber's*, teaches only if the token is found as such several times, and mostly
        so. It takes more of the same to split a typo always.
        """
        seen: Counter[tuple[str, Expansion]] = Counter()
        single_words: Counter[str] = Counter()
        typos: Counter[str] = Counter()
        for form, expansion, is_typo in tokens:
            token = unify_apostrophes(form)
            if not expansion:
                single_words[token] += 1
            else:
                seen[token, tuple(map(unify_apostrophes, expansion))] += 1
                typos[token] += is_typo
        counts: Counter[str] = Counter()
        for (token, _), count in seen.items():
            counts[token] += count
        doubtful = {
            token
            for token, count in typos.items()
            if count == counts[token] and (count < _REPEATED or count <= single_words[token])
        }
        # The weight of a script is the number of different tokens that it serves; each token keeps its heaviest script.
        options = {(token, words): candidates(token, words) for token, words in sorted(seen) if token not in doubtful}
        expansions: dict[str, list[Expansion]] = {}
        for token, words in options:
            expansions.setdefault(token, []).append(words)
        known = {token: several[0] for token, several in expansions.items() if len(several) == 1}
        weights = Counter(script for scripts in options.values() for script in scripts)
        chosen = {max(scripts, key=lambda script: (weights[script], script)) for scripts in options.values() if scripts}
        scripts = sorted(chosen, key=lambda script: (-weights[script], script))
        always = [t for t in known if not single_words[t] and (not typos[t] or counts[t] >= _SURE)]
        return cls(scripts, known, sorted(always))

    def number(self, form: str, words: Expansion) -> int | None:
        """The number, from 1, of the script that makes the words of the token; None if there is no such script."""
        if (form, words) not in self._number_of:
            options = candidates(unify_apostrophes(form), tuple(map(unify_apostrophes, words)))
            numbers = [self._numbers[script] for script in options if script in self._numbers]
            self._number_of[form, words] = min(numbers, default=None)
        return self._number_of[form, words]

    def knows(self, form: str) -> bool:
        """Whether the token has one expansion that was learned."""
        return unify_apostrophes(form) in self.known

    def is_always(self, form: str) -> bool:
        """Whether the token is never a single word."""
        return unify_apostrophes(form) in self.always

    def best(self, form: str, numbers: Iterable[int]) -> Expansion:
        """The words of a multiword token: those it always had, else those of the first script that fits, else none.

        Words that make up the token are cut from it, so that they keep its apostrophes.
        """
        token = unify_apostrophes(form)
        words = self.known.get(token)
        if words is None:
            expansions = (expand(self.scripts[number - 1], token) for number in numbers)
            words = next((expansion for expansion in expansions if expansion is not None), ())
        if form == token or not words:
            return words
        if "".join(words) == token:
            return tuple(_cut(form, words))
        return tuple(restore_apostrophes(word, form) for word in words)

    def to_json(self) -> dict[str, Any]:
        """All of the expansions, for `from_json`."""
        return {"scripts": self.scripts, "known": self.known, "always": sorted(self.always)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Expansions:
        """The expansions from the data of `to_json`. Raises KeyError, TypeError or ValueError for other data."""
        known = {token: tuple(words) for token, words in dict(data["known"]).items()}
        if any(not isinstance(words, list | tuple) or len(words) < 2 for words in dict(data["known"]).values()):
            raise ValueError("a multiword token has two or more words")
        texts = [*data["always"], *(word for words in known.values() for word in words)]
        if wrong := [text for text in texts if not isinstance(text, str) or not text]:
            raise ValueError(f"a token or a word is a string, not {wrong[0]!r}")
        for script in data["scripts"]:
            _check_script(script)
        return cls(data["scripts"], known, data["always"])


def expand_sentence(sentence: Sentence, expansions: Sequence[RawToken]) -> Sentence:
    """The sentence with its tokens expanded to the words in `expansions`; tokens that are already multiword stay."""
    tokens = sentence.tokens
    if not any(new.words and token.multiword is None for token, new in zip(tokens, expansions, strict=True)):
        return sentence
    forms: list[str] = []
    misc: list[str] = []
    multiwords = []
    for token, new in zip(tokens, expansions, strict=True):
        words = [word.text for word in token.words] if token.multiword is not None else list(new.words or [token.text])
        if len(words) > 1:
            cells = {"FORM": token.text, "MISC": token.misc or "_"}
            multiwords.append(MultiwordToken(len(forms) + 1, len(forms) + len(words), cells))
        misc += [token.misc or "_"] if len(words) == 1 else ["_"] * len(words)
        forms += words
    return Sentence({"FORM": forms, "MISC": misc}, sentence.comments, multiwords)
