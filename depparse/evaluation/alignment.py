"""The alignment of the words of a system's analysis with the gold words, as the CoNLL shared tasks define it.

Zeman et al. 2018, *CoNLL 2018 Shared Task: Multilingual Parsing from Raw Text to Universal Dependencies*, section 4.1:
plain words are the same if they cover the same characters. The words of multiword tokens have no characters of their
own, so words around such tokens are aligned by the longest common subsequence of their lower-cased forms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from depparse.evaluation.segmentation import Bools, Ints, Segmentation, check_same_text

UNALIGNED = -2  # -1 is the root


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Pairs of words: `gold[i]` is the same word as `system[i]`. Both arrays increase."""

    gold: Ints
    system: Ints
    to_gold: Ints  # [system word]: its gold word, or UNALIGNED


def align(gold: Segmentation, system: Segmentation) -> Alignment:
    """Aligns the words of two analyses of one text. Raises EvaluationError if the texts differ.

    O(words) for plain words; O(k·m) for k and m words around a multiword token.
    """
    check_same_text(gold, system)
    free_gold, free_system = ~gold.multiword, ~system.multiword
    pairs: list[tuple[int, int]] = []
    for gold_from, gold_to, system_from, system_to in _regions(gold, system):
        free_gold[gold_from:gold_to] = False
        free_system[system_from:system_to] = False
        matches = _common_subsequence(
            [form.lower() for form in gold.forms[gold_from:gold_to]],
            [form.lower() for form in system.forms[system_from:system_to]],
        )
        pairs += [(gold_from + i, system_from + j) for i, j in matches]
    plain_gold, plain_system = _same_spans(gold, system, free_gold, free_system)
    by_form = np.array(pairs, np.int64).reshape(-1, 2)
    gold_words = np.concatenate([plain_gold, by_form[:, 0]])
    system_words = np.concatenate([plain_system, by_form[:, 1]])
    order = np.argsort(gold_words)
    to_gold = np.full(len(system), UNALIGNED, np.int64)
    to_gold[system_words] = gold_words
    return Alignment(gold_words[order], system_words[order], to_gold)


def _same_spans(gold: Segmentation, system: Segmentation, use_gold: Bools, use_system: Bools) -> tuple[Ints, Ints]:
    """The gold and system words of all pairs of plain words with the same first and last character."""
    gold_words, system_words = np.flatnonzero(use_gold), np.flatnonzero(use_system)
    _, i, j = np.intersect1d(
        gold.starts[gold_words], system.starts[system_words], assume_unique=True, return_indices=True
    )
    same = gold.ends[gold_words[i]] == system.ends[system_words[j]]
    return gold_words[i[same]], system_words[j[same]]


class _Queue:
    """The words of one side that are not passed yet; `next` is the first of them."""

    def __init__(self, side: Segmentation) -> None:
        self.starts: list[int] = side.starts.tolist()
        self.ends: list[int] = side.ends.tolist()
        self.multiword: list[bool] = side.multiword.tolist()
        self.multiwords: list[int] = np.flatnonzero(side.multiword).tolist()
        self.size = len(side)
        self.next = 0

    def next_multiword(self) -> int:
        """The next word of a multiword token, or `size`."""
        index = bisect_left(self.multiwords, self.next)
        return self.multiwords[index] if index < len(self.multiwords) else self.size

    def starts_before(self, other: _Queue) -> bool:
        """Whether the next word starts before that of the other side."""
        return self.starts[self.next] < other.starts[other.next]

    def is_within(self, end: int) -> bool:
        """Whether the next word belongs to a region that extends up to the character `end` so far."""
        word = self.next
        if word == self.size:
            return False
        return self.starts[word] < end if self.multiword[word] else self.ends[word] <= end


def _regions(gold: Segmentation, system: Segmentation) -> Iterator[tuple[int, int, int, int]]:
    """The regions around multiword tokens: (first gold word, end of gold, first system word, end of system).

    The words of both sides are passed in the order of their first characters, gold words first among equals. A region
    opens when the next word of either side belongs to a multiword token, and stays open until the next words of both
    sides lie beyond all multiword tokens in it. Words of the other side before the token that are not passed yet,
    except one, belong to the region too, as in the official scorer.
    """
    a, b = _Queue(gold), _Queue(system)
    while _pass_plain_words(a, b):
        if a.multiword[a.next]:
            end = a.ends[a.next]
            if not b.multiword[b.next] and b.starts_before(a):
                b.next += 1
        else:
            end = b.ends[b.next]
            if a.starts_before(b):
                a.next += 1
        gold_from, system_from = a.next, b.next
        while a.is_within(end) or b.is_within(end):
            first = b if a.next == a.size or (b.next < b.size and b.starts_before(a)) else a
            if first.multiword[first.next]:
                end = max(end, first.ends[first.next])
            first.next += 1
        yield gold_from, a.next, system_from, b.next


def _pass_plain_words(a: _Queue, b: _Queue) -> bool:
    """Moves on until the next word of a side belongs to a multiword token; False if no words are left to compare.

    It is the side whose last plain word before a multiword token is passed first. The other side moves past the words
    that come before that word.
    """
    to_a, to_b = a.next_multiword(), b.next_multiword()
    if a.next == a.size or b.next == b.size or (to_a == a.size and to_b == b.size):
        return False
    if a.next == to_a or b.next == to_b:
        return True
    last_a, last_b = to_a - 1, to_b - 1
    if to_b == b.size or (to_a < a.size and a.starts[last_a] <= b.starts[last_b]):
        a.next, b.next = to_a, bisect_left(b.starts, a.starts[last_a], b.next)
    else:
        a.next, b.next = bisect_right(a.starts, b.starts[last_b], a.next), to_b
    return a.next < a.size and b.next < b.size


def _common_subsequence(gold: list[str], system: list[str]) -> list[tuple[int, int]]:
    """The index pairs of a longest common subsequence.

    Of several, it is the one found from left to right by pairing equal forms at once, or else skipping the gold form if
    that loses nothing. O(len(gold) · len(system)).
    """
    if gold == system:
        return [(i, i) for i in range(len(gold))]
    n, m = len(gold), len(system)
    best = [[0] * (m + 1) for _ in range(n + 1)]  # best[i][j]: length of the subsequence of gold[i:] and system[j:]
    for i in range(n - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for j in range(m - 1, -1, -1):
            row[j] = below[j + 1] + 1 if gold[i] == system[j] else max(below[j], row[j + 1])
    pairs, i, j = [], 0, 0
    while i < n and j < m:
        if gold[i] == system[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs
