"""What can be told of a tree or graph from its heads alone: roots, cycles, projectivity, reachability.

`heads` is a list: ``heads[i]`` is the head of word ``i + 1``, 0 is ROOT, None stands for a word without annotation.
All functions work on any such list, tree or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Heads = Sequence[int | None]
_SHORT = 32  # words; looking at so many is quicker than making a table


def roots(heads: Heads) -> list[int]:
    """The words whose head is 0."""
    return [word for word, head in enumerate(heads, 1) if head == 0]


def top_word(heads: Heads, first: int, last: int) -> int | None:
    """The word among `first` to `last` whose head is not among them; None if there is none.

    Of several it is the one nearest the root, and of equally near ones the first.
    """
    tops = [w for w in range(first, last + 1) if (head := heads[w - 1]) is not None and not first <= head <= last]
    return min(tops, key=lambda word: _depth(heads, word), default=None)


def _depth(heads: Heads, word: int) -> int:
    """How many arcs are above the word; on a cycle, as many as there are words."""
    depth, head = 0, heads[word - 1]
    while head and depth < len(heads):
        depth, head = depth + 1, heads[head - 1]
    return depth


def find_cycle(heads: Heads) -> list[int] | None:
    """The words of the first cycle, each followed by its head, from the lowest word on; None if there is none."""
    found = cycles(heads)
    return found[0] if found else None


def cycles(heads: Heads) -> list[list[int]]:
    """All cycles, as in `find_cycle`, in the order of their first words."""
    found = []
    seen_from = [0] * (len(heads) + 1)  # the word from which the way up first led here
    for start in range(1, len(heads) + 1):
        word: int | None = start
        while word and not seen_from[word]:
            seen_from[word] = start
            word = heads[word - 1]
        if word and seen_from[word] == start:
            cycle = [word]
            while (next_word := heads[cycle[-1] - 1]) and next_word != word:
                cycle.append(next_word)
            lowest = cycle.index(min(cycle))
            found.append(cycle[lowest:] + cycle[:lowest])
    return sorted(found)


def nonprojective_arcs(heads: Heads) -> list[tuple[int, int]]:
    """The arcs (head, dependent), by dependent, that span a word which is not a descendant of the head.

    A tree without such an arc is projective (Kuhlmann and Nivre 2006, definition 3). All words descend from ROOT
    if the heads are a tree. O(n log n) for n words.
    """
    long = [(head, word) for word, head in enumerate(heads, 1) if head is not None and abs(head - word) > 1]
    if not long:
        return []
    entry, end = _intervals(heads)
    entries = _Extremes(entry)
    found = []
    for head, word in long:
        least, greatest = entries.between(min(head, word) + 1, max(head, word))
        if least < entry[head] or greatest >= end[head]:
            found.append((head, word))
    return found


class _Extremes:
    """The least and the greatest number in any stretch of a list: O(1) each, after O(n log n) in all.

    A sparse table (Bender and Farach-Colton 2000), made up to the length asked for.
    """

    def __init__(self, values: list[int]) -> None:
        self._levels = [(values, values)]  # at i: the extremes of the 2 ** i values from each place on

    def between(self, start: int, end: int) -> tuple[int, int]:
        """The extremes of ``values[start:end]``, which is not empty."""
        if end - start <= _SHORT:
            stretch = self._levels[0][0][start:end]
            return min(stretch), max(stretch)
        level = (end - start).bit_length() - 1
        while len(self._levels) <= level:
            least, greatest = self._levels[-1]
            half = 1 << (len(self._levels) - 1)
            self._levels.append((list(map(min, least, least[half:])), list(map(max, greatest, greatest[half:]))))
        least, greatest = self._levels[level]
        second = end - (1 << level)
        return min(least[start], least[second]), max(greatest[start], greatest[second])


def _intervals(heads: Heads) -> tuple[list[int], list[int]]:
    """A numbering by which w descends from h exactly if ``entry[h] <= entry[w] < end[h]``.

    Words on a cycle descend from each other: they share one interval, for which the cycle is cut at one word.
    """
    length = len(heads)
    circles = cycles(heads)
    cut = {cycle[0] for cycle in circles}
    children: list[list[int]] = [[] for _ in range(length + 1)]
    stack = [0]
    for word, head in enumerate(heads, 1):
        if head is None or word in cut:
            stack.append(word)
        else:
            children[head].append(word)
    order: list[int] = []
    entry, end = [0] * (length + 1), [0] * (length + 1)
    tops = set(stack)
    while stack:
        word = stack.pop()
        entry[word] = len(order)
        order.append(word)
        stack += children[word]
    for word in reversed(order):
        end[word] = max(end[word], entry[word] + 1)
        if word not in tops:
            head = heads[word - 1] or 0
            end[head] = max(end[head], end[word])
    for cycle in circles:
        for word in cycle[1:]:
            entry[word], end[word] = entry[cycle[0]], end[cycle[0]]
    return entry, end


def chained_spans(heads: Heads, max_width: int | None = None) -> list[tuple[int, int]]:
    """First and last word of each span, in order, that is a word or covered by a chain of arcs, none within another.

    The valid spans of Jie, Muis & Lu 2017, *Efficient Dependency-Guided Named Entity Recognition* (their DGM): arcs,
    taken without their direction, lead from the first word to the last, always to the right. If the tree is projective,
    these are the spans whose words are a connected part of it. Only spans of at most `max_width` words; arcs of ROOT do
    not count. O(words + spans) but for sorting: as paths in a tree are unique, none is found twice.
    """
    length = len(heads)
    ends: list[list[int]] = [[] for _ in range(length + 1)]
    right: list[list[int]] = [[] for _ in range(length + 1)]  # the other ends of the arcs of each word, to the right
    for word, head in enumerate(heads, 1):
        if head:
            right[min(word, head)].append(max(word, head))
    for first in range(length, 0, -1):
        greatest = length if max_width is None else first + max_width - 1
        # A set, for heads that are no tree.
        ends[first] = [first, *sorted({end for word in right[first] for end in ends[word] if end <= greatest})]
    return [(first, end) for first in range(1, length + 1) for end in ends[first]]


def unreachable(graph: Mapping[str, Iterable[str]], root: str = "0") -> list[str]:
    """The nodes of an enhanced graph to which no path leads from the root, in the order of `graph`.

    `graph` has the heads of each node; IDs are text, since an empty node's is ``8.1``. Heads that are no nodes lead
    nowhere. O(nodes + edges).
    """
    children: dict[str, list[str]] = {}
    for node, heads in graph.items():
        for head in heads:
            children.setdefault(head, []).append(node)
    reached, stack = {root}, [root]
    while stack:
        new = [node for node in children.get(stack.pop(), ()) if node not in reached]
        reached.update(new)
        stack += new
    return [node for node in graph if node not in reached]
