"""Edit scripts: labels that say how to make one string from another, and that also fit unseen strings.

A lemma is predicted as an edit script (Straka 2018, *UDPipe 2.0 Prototype at CoNLL 2018 UD Shared Task*, section 3.3):
``loving`` becomes ``love`` by "drop three characters at the end, add e". As in the paper, the longest common substring
stays, the text before and after it is edited, and case is described apart from letters. We differ in the notation, and
we lower-case character by character, so that lengths never change.
"""

from __future__ import annotations

from functools import lru_cache

_ABSOLUTE, _RELATIVE, _JOINT = "=", "~", "\x1f"
_KEEP, _DROP, _ADD = ".", "-", "+"


def _lower(text: str) -> str:
    """The text in lower case, with the same number of characters."""
    if text.isascii():
        return text.lower()
    # str.lower turns some characters into several (İ), which would shift the positions after them.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _upper(char: str) -> str:
    return up if len(up := char.upper()) == 1 else char


@lru_cache(maxsize=1 << 16)
def make_script(source: str, target: str) -> str:
    """The script by which `apply_script` makes `target` from `source`, exactly. O(len(source) · len(target)).

    If they share no character, the script is the target itself, so it helps with no other lemma but is right here.
    """
    low_source, low_target = _lower(source), _lower(target)
    start, target_start, length = _common_substring(low_source, low_target)
    if not length or _JOINT in target:
        return _ABSOLUTE + target
    pieces = (
        _casing(target, low_target),
        _edits(low_source[:start], low_target[:target_start]),
        _edits(low_source[start + length :], low_target[target_start + length :]),
    )
    script = _RELATIVE + _JOINT.join(pieces)
    # Some characters change their number when their case changes; words with them take the absolute form.
    return script if apply_script(script, source) == target else _ABSOLUTE + target


@lru_cache(maxsize=1 << 16)
def apply_script(script: str, source: str) -> str:
    """What the script makes of `source`, or `source` itself if the script does not fit. Never empty."""
    if script.startswith(_ABSOLUTE):
        return script[1:] or source
    casing, _, edits = script[1:].partition(_JOINT)
    before, _, after = edits.partition(_JOINT)
    low = _lower(source)
    n_before, n_after = _consumed(before), _consumed(after)
    if n_before + n_after > len(low):
        return source
    cut = len(low) - n_after
    letters = _edit(before, low[:n_before]) + low[n_before:cut] + _edit(after, low[cut:])
    return _apply_casing(casing, letters) or source


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
            steps.append(_DROP)
            i += 1
        else:
            steps.append(_ADD + b[j])
            j += 1
    return "".join(steps)


def _consumed(edits: str) -> int:
    """The number of characters of the source that the edits read."""
    count = index = 0
    while index < len(edits):
        adds = edits[index] == _ADD
        count += not adds
        index += 2 if adds else 1
    return count


def _edit(edits: str, source: str) -> str:
    """What the edits make of `source`."""
    characters, index, position = [], 0, 0
    while index < len(edits):
        step = edits[index]
        if step == _ADD:
            characters.append(edits[index + 1])
            index += 2
            continue
        if step == _KEEP:
            characters.append(source[position])
        position += 1
        index += 1
    return "".join(characters)


def _casing(target: str, low: str) -> str:
    """The positions where upper case begins and ends: ``U0L1`` is a capital first letter.

    Positions in the second half count from the end, so that the label fits words of other lengths.
    """
    runs = []
    upper = False
    for index, (char, lowered) in enumerate(zip(target, low, strict=True)):
        if (char != lowered) != upper:
            upper = not upper
            position = index if index <= len(target) // 2 else index - len(target)
            runs.append(("U" if upper else "L") + str(position))
    return "".join(runs)


def _apply_casing(casing: str, letters: str) -> str:
    """The letters, in lower case, with the upper case that `casing` says."""
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
