"""The IDs of lines that have lost them: which lines are words, multiword tokens or empty nodes.

The older form of Universal Dependencies on the hub lists all lines of a sentence without their IDs. A line without a
head is not a word: it is a multiword token if it has no other annotation, else an empty node. The text tells how many
words a multiword token has, for in the text the next token follows the token, and its words are absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from depparse.errors import Fail

_WORD, _TOKEN, _NODE = "word", "token", "node"
_State = tuple[int, int]  # (lines read, characters read)


def line_ids(cells: Mapping[str, Sequence[str]], text: str | None, fail: Fail) -> list[str]:
    """The IDs of the lines with these columns. Raises the error of `fail` if they cannot be told."""
    forms = cells["FORM"]
    kinds = _kinds(cells, len(forms))
    spans: dict[int, int] = {}
    if _TOKEN in kinds:
        by_text = None if text is None else _by_text(forms, kinds, text)
        spans = by_text if by_text is not None else _by_form(forms, kinds, fail)
    return _number(kinds, spans)


def _kinds(cells: Mapping[str, Sequence[str]], length: int) -> list[str]:
    blank = ["_"] * length
    heads = cells.get("HEAD", blank)
    if all(head == "_" for head in heads):  # without any head, all lines are unannotated words
        return [_WORD] * length
    bare = [cells.get(name, blank) for name in ("LEMMA", "UPOS", "DEPREL", "DEPS")]
    unannotated = [all(cell == "_" for cell in line) for line in zip(*bare, strict=True)]
    return [
        _WORD if head != "_" else _TOKEN if empty else _NODE for head, empty in zip(heads, unannotated, strict=True)
    ]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _lengths(forms: Sequence[str], kinds: Sequence[str], line: int) -> list[tuple[int, int, int]]:
    """(cost, words, lines after it) of all numbers of words that the multiword token on `line` may have.

    The cost is 1 if the words joined are not the token, and 1 more for a single word.
    """
    choices, words, joined = [], 0, ""
    for end in range(line + 1, len(kinds)):
        if kinds[end] == _TOKEN:
            break
        if kinds[end] == _WORD:
            words, joined = words + 1, joined + forms[end]
            choices.append((int(joined.lower() != forms[line].lower()) + int(words == 1), words, end - line))
    return choices


def _by_text(forms: Sequence[str], kinds: Sequence[str], text: str) -> dict[int, int] | None:
    """The number of words of each multiword token, by line, such that the tokens make up the text; None if impossible.

    Of several solutions it is the one of the lowest cost (see `_lengths`). It is a shortest path over (line, place in
    the text): O(lines · the longest run of words).
    """
    squeezed, squeezed_forms = _squeezed(text), [_squeezed(form) for form in forms]
    best: dict[_State, tuple[int, _State, int]] = {(0, 0): (0, (0, 0), 0)}
    waiting: list[dict[_State, None]] = [{} for _ in range(len(forms) + 1)]
    waiting[0][0, 0] = None
    for line, kind in enumerate(kinds):
        for state in waiting[line]:
            offset = state[1]
            if kind == _NODE:
                steps = [(0, 0, 0)]
            elif not squeezed.startswith(squeezed_forms[line], offset):
                continue
            else:
                offset += len(squeezed_forms[line])
                steps = [(0, 0, 0)] if kind == _WORD else _lengths(forms, kinds, line)
            for cost, words, lines in steps:
                following, total = (line + lines + 1, offset), best[state][0] + cost
                if following not in best or total < best[following][0]:
                    best[following] = total, state, words
                    waiting[line + lines + 1][following] = None
    state = len(forms), len(squeezed)
    if state not in best:
        return None
    spans = {}
    while state != (0, 0):
        _, state, words = best[state]
        if words:
            spans[state[0]] = words
    return spans


def _by_form(forms: Sequence[str], kinds: Sequence[str], fail: Fail) -> dict[int, int]:
    """The same without a text that fits. Raises the error of `fail` if a token is not its words joined."""
    spans = {}
    for line, kind in enumerate(kinds):
        if kind != _TOKEN:
            continue
        joined, words = "", 0
        for following in range(line + 1, len(kinds)):
            if kinds[following] == _TOKEN or joined.lower() == forms[line].lower():
                break
            if kinds[following] == _WORD:
                joined, words = joined + forms[following], words + 1
        if joined.lower() != forms[line].lower():
            message = (
                f"which words belong to the multiword token {forms[line]!r} cannot be told, since the tokens do not "
                "make up the text; use a form of the set that has the IDs (field mwt)"
            )
            raise fail(message, line, "ID")
        spans[line] = words
    return spans


def _number(kinds: Sequence[str], spans: Mapping[int, int]) -> list[str]:
    ids, word, node = [], 0, 0
    for line, kind in enumerate(kinds):
        if kind == _WORD:
            word, node = word + 1, 0
            ids.append(str(word))
        elif kind == _NODE:
            node += 1
            ids.append(f"{word}.{node}")
        else:
            ids.append(f"{word + 1}-{word + spans[line]}")
    return ids
