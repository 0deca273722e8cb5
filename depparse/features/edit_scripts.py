"""Edit scripts: how to make one string from another, as a label that also fits strings never seen.

A lemma is predicted as the class of such a script (Straka 2018, *UDPipe 2.0 Prototype at CoNLL 2018 UD Shared Task*,
section 3.3): ``loving`` to ``love`` is "drop three characters at the end, add e". As there, the longest common
substring stays, what stands before and after it is edited, and case is told apart from letters. We differ in the
notation, and in lower-casing character by character, so that lengths never change.
"""

from __future__ import annotations

from functools import lru_cache

_ABSOLUTE, _RELATIVE, _JOINT = "=", "~", "\x1f"
_KEEP, _DROP, _ADD = ".", "-", "+"


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    # str.lower turns some characters into several (İ), which would move all positions after them.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _upper(char: str) -> str:
    return up if len(up := char.upper()) == 1 else char


@lru_cache(maxsize=1 << 16)
def make_script(source: str, target: str) -> str:
    """The script that makes `target` from `source`; `apply_script` undoes it exactly. O(len(source) · len(target)).

    Where they share no character the script is the target itself, which fits no other string but is always right.
    """
    low_source, low_target = _lower(source), _lower(target)
    start, begin, length = _common_substring(low_source, low_target)
    if not length or _JOINT in target:
        return _ABSOLUTE + target
    parts = (
        _casing(target, low_target),
        _edits(low_source[:start], low_target[:begin]),
        _edits(low_source[start + length :], low_target[begin + length :]),
    )
    script = _RELATIVE + _JOINT.join(parts)
    # Characters without a one-to-one case take the absolute form.
    return script if apply_script(script, source) == target else _ABSOLUTE + target


@lru_cache(maxsize=1 << 16)
def apply_script(script: str, source: str) -> str:
    """What the script makes of `source`; `source` itself where the script does not fit it. Never empty."""
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
    """(place in a, place in b, length) of the longest common substring, the leftmost of equals."""
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
    """A shortest sequence of keep, drop and add that makes b from a; drops before adds."""
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
    """How many characters of the source the edits read."""
    count = place = 0
    while place < len(edits):
        adds = edits[place] == _ADD
        count += not adds
        place += 2 if adds else 1
    return count


def _edit(edits: str, source: str) -> str:
    made, place, position = [], 0, 0
    while place < len(edits):
        step = edits[place]
        if step == _ADD:
            made.append(edits[place + 1])
            place += 2
            continue
        if step == _KEEP:
            made.append(source[position])
        position += 1
        place += 1
    return "".join(made)


def _casing(target: str, low: str) -> str:
    """Where upper case begins and ends: ``U0L1`` is a capital first letter. Places in the second half count from the
    end, so that the label fits words of other lengths."""
    runs = []
    upper = False
    for place, (char, lowered) in enumerate(zip(target, low, strict=True)):
        if (char != lowered) != upper:
            upper = not upper
            runs.append(("U" if upper else "L") + str(place if place <= len(target) // 2 else place - len(target)))
    return "".join(runs)


def _apply_casing(casing: str, letters: str) -> str:
    if not casing:
        return letters
    made = list(letters)
    runs = casing.replace("U", " U").replace("L", " L").split()
    for run in runs:
        place = int(run[1:])
        start = max(0, place + len(letters) if run[1] == "-" else place)
        for i in range(start, len(letters)):
            made[i] = _upper(letters[i]) if run[0] == "U" else letters[i]
    return "".join(made)
