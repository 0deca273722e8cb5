"""Edit scripts: labels that say how to make one string from another, and that also fit unseen strings.

A lemma is predicted as an edit script (Straka 2018, *UDPipe 2.0 Prototype at CoNLL 2018 UD Shared Task*, section
3.3): ``loving`` becomes ``love`` by "drop i, n, g at the end, add e". As in the paper, the longest common substring
stays, the text before and after it is edited, and case is described apart from letters. There are these differences:

- A script names the characters that it drops, where the paper's only counts them; so it does not fit a word that has
  others there. In this it is like the edit trees of Chrupała (2008, *Towards a Machine-Learning Architecture for
  Lexical Functional Grammar Parsing*).
- One script removes a sign from the whole string, such as the commas of numbers.
- A target is in lower case, in upper case, in lower case after its first letter, or in the case of the source.
- A script that keeps a single letter of several, or that changes digits, is the target itself; it should be used only
  for the strings that it was made from.
- The notation; and we lower-case character by character, so that lengths never change.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_ABSOLUTE, _RELATIVE, _REMOVAL, _JOINT = "=", "~", "/", "\x1f"
_KEEP, _DROP, _ADD = ".", "<", "+"
_LOWER, _TITLE, _UPPER, _AS_SOURCE = "", "U0L1", "U0", "S"  # cases of a target
_DROP_ANY = "-"  # drops whatever stands there; `make_script` makes no such steps any more
_MOST_STEPS = 10_000  # product of the lengths; longer strings are not compared
_SHORT = 3  # characters; in longer strings, one that is common to both is chance


def _lower(text: str) -> str:
    """The text in lower case, with the same number of characters."""
    if text.isascii():
        return text.lower()
    # str.lower turns some characters into several (İ), which would shift the positions after them.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _upper(char: str) -> str:
    return up if len(up := char.upper()) == 1 else char


_CASINGS = re.compile(f"(?:[UL]-?[0-9]{{1,6}})*|{_AS_SOURCE}")


@lru_cache(maxsize=1 << 16)
def make_script(source: str, target: str) -> str:
    """The script by which `apply_script` makes `target` from `source`, exactly. O(len(source) · len(target)).

    If they share next to nothing, or are very long, the script is the target itself (see `is_absolute`).
    """
    removed = _removed_sign(source, target)
    if removed:
        return _REMOVAL + removed
    low_source, low_target = _lower(source), _lower(target)
    if low_source == low_target:
        start, target_start, length = 0, 0, len(low_source)
    elif len(source) * len(target) > _MOST_STEPS or _digits(source) != _digits(target):
        return _ABSOLUTE + target
    else:
        start, target_start, length = _common_substring(low_source, low_target)
    if length <= (1 if max(len(source), len(target)) > _SHORT else 0) or _JOINT in target or _JOINT in source:
        return _ABSOLUTE + target
    edits = (
        _edits(low_source[:start], low_target[:target_start]),
        _edits(low_source[start + length :], low_target[target_start + length :]),
    )
    # The commonest case comes first: if two are right, as for a word in lower case, it serves the most words.
    scripts = (_RELATIVE + _JOINT.join((case, *edits)) for case in (_LOWER, _TITLE, _UPPER, _AS_SOURCE))
    return next((script for script in scripts if fit_script(script, source) == target), _ABSOLUTE + target)


def absolute_script(target: str) -> str:
    """The script that makes `target` from any string."""
    return _ABSOLUTE + target


def is_absolute(script: str) -> bool:
    """Whether the script is the target itself, whatever it is applied to."""
    return script.startswith(_ABSOLUTE)


def check_script(script: object) -> None:
    """Raises ValueError if the object, from a file, is no script."""
    is_script = isinstance(script, str) and script[:1] in (_ABSOLUTE, _RELATIVE, _REMOVAL)
    if is_script and str(script).startswith(_RELATIVE):
        is_script = _CASINGS.fullmatch(str(script)[1:].partition(_JOINT)[0]) is not None
    if not is_script:
        raise ValueError(f"{script!r} is no edit script")


def apply_script(script: str, source: str) -> str:
    """What the script makes of `source`, or `source` itself if the script does not fit. Never empty."""
    return fit_script(script, source) or source


@lru_cache(maxsize=1 << 16)
def fit_script(script: str, source: str) -> str | None:
    """What the script makes of `source`; None if the script does not fit, or nothing would be left."""
    if script.startswith(_ABSOLUTE):
        return script[1:] or None
    if script.startswith(_REMOVAL):
        return source.replace(script[1:], "") or None if script[1:] and script[1:] in source else None
    casing, _, edits = script[1:].partition(_JOINT)
    before, _, after = edits.partition(_JOINT)
    low = _lower(source)
    n_before, n_after = _consumed(before), _consumed(after)
    cut = len(low) - n_after
    if n_before > cut:
        return None
    shown = source if casing == _AS_SOURCE else low
    beginning = _edit(before, low[:n_before], shown[:n_before])
    end = _edit(after, low[cut:], shown[cut:])
    if beginning is None or end is None:
        return None
    letters = beginning + shown[n_before:cut] + end
    return (letters if casing == _AS_SOURCE else _apply_casing(casing, letters)) or None


def _removed_sign(source: str, target: str) -> str:
    """The sign, no letter or digit, without which the source is the target; empty if there is none."""
    if len(target) >= len(source) or not target:
        return ""
    different = next((char for char, kept in zip(source, target, strict=False) if char != kept), source[len(target)])
    is_sign = unicodedata.category(different)[0] in "PSZ" or different == "\xad"  # no mark, which is part of a letter
    return different if is_sign and source.replace(different, "") == target else ""


def _digits(text: str) -> list[str]:
    return [char for char in text if char.isdigit()]


def _common_substring(a: str, b: str) -> tuple[int, int, int]:
    """(start in a, start in b, length) of the longest common substring, the leftmost of equals."""
    best = (0, 0, 0)
    lengths = [0] * (len(b) + 1)
    for i, char in enumerate(a):
        previous = 0
        for j, other in enumerate(b):
            previous, lengths[j + 1] = lengths[j + 1], previous + 1 if char == other else 0
            if lengths[j + 1] > best[2]:
                best = (i - lengths[j + 1] + 1, j - lengths[j + 1] + 1, lengths[j + 1])
    return best


def _edits(a: str, b: str) -> str:
    """A shortest sequence of steps (keep, drop, add) that makes b from a, with drops before adds."""
    costs = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a), -1, -1):
        for j in range(len(b), -1, -1):
            options = [1 + costs[i + 1][j]] if i < len(a) else []
            options += [1 + costs[i][j + 1]] if j < len(b) else []
            options += [costs[i + 1][j + 1]] if i < len(a) and j < len(b) and a[i] == b[j] else []
            costs[i][j] = min(options, default=0)
    i = j = 0
    steps = []
    while i < len(a) or j < len(b):
        if i < len(a) and j < len(b) and a[i] == b[j] and costs[i][j] == costs[i + 1][j + 1]:
            steps.append(_KEEP)
            i, j = i + 1, j + 1
        elif i < len(a) and costs[i][j] == 1 + costs[i + 1][j]:
            steps.append(_DROP + a[i])
            i += 1
        else:
            steps.append(_ADD + b[j])
            j += 1
    return "".join(steps)


def _consumed(edits: str) -> int:
    """The number of characters of the source that the edits read."""
    return sum(step != _ADD for step, _ in _steps(edits))


def _steps(edits: str) -> Iterator[tuple[str, str]]:
    """Each step with the character that it names, if any."""
    index = 0
    while index < len(edits):
        step = edits[index]
        length = 2 if step in (_ADD, _DROP) else 1
        yield step, edits[index + 1 : index + length]
        index += length


def _edit(edits: str, low: str, shown: str) -> str | None:
    """What the edits make of the string `low`, whose characters are `shown`; None if they drop others than it has."""
    characters: list[str] = []
    position = 0
    for step, char in _steps(edits):
        if step == _ADD:
            characters.append(char)
            continue
        if step == _KEEP:
            characters.append(shown[position])
        elif step == _DROP and char != low[position]:
            return None
        position += 1
    return "".join(characters)


def _apply_casing(casing: str, letters: str) -> str:
    """The letters, in lower case, with the upper case that `casing` says: where it begins and where it ends.

    Scripts of today have only `_TITLE` and `_UPPER`.
    """
    if not casing:
        return letters
    characters = list(letters)
    runs = casing.replace("U", " U").replace("L", " L").split()
    for run in runs:
        position = int(run[1:])
        start = max(0, position + len(letters) if run[1] == "-" else position)
        for i in range(start, len(letters)):
            characters[i] = _upper(letters[i]) if run[0] == "U" else letters[i]
    return "".join(characters)
