"""Properties of a tree or graph that its heads alone tell: roots, cycles, projectivity, reachability.

`heads` is a list: ``heads[i]`` is the head of word ``i + 1``; 0 is ROOT, None means that the word is unannotated. All
functions take any such list, whether it is a tree or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Heads = Sequence[int | None]
_SHORT = 32  # words; for so few, scanning them is faster than making a table


def roots(heads: Heads) -> list[int]:
    """The words whose head is 0."""
    return [word for word, head in enumerate(heads, 1) if head == 0]


def top_word(heads: Heads, first: int, last: int) -> int | None:
    """The word among `first` to `last` whose head is not among them; None if there is none.

    If there are several, it is the one nearest the root; of equally near ones, the first.
    """
    tops = [w for w in range(first, last + 1) if (head := heads[w - 1]) is not None and not first <= head <= last]
    return min(tops, key=lambda word: _depth(heads, word), default=None)


def _depth(heads: Heads, word: int) -> int:
    """The number of words above the word; the length of the sentence if the word is on a cycle or below one."""
    depth, head = 0, heads[word - 1]
    while head and depth < len(heads):
        depth, head = depth + 1, heads[head - 1]
    return depth


def whole_tree(heads: Heads) -> tuple[list[int], set[int]]:
    """A tree with one root made of `heads`, and the words that were attached to that root for lack of a head.

    Words without a head, further roots and one word of each cycle are attached to the root: the first word whose head
    is 0, else the first without a head, else the first. O(n) for n words.
    """
    unattached = [word for word, head in enumerate(heads, 1) if not head]
    root = next((word for word in unattached if heads[word - 1] == 0), unattached[0] if unattached else 1)
    whole = [head or root for head in heads]
    whole[root - 1] = 0
    attached = set(unattached) - {root}
    reached = {0}
    for word in range(1, len(heads) + 1):
        path: set[int] = set()
        while word not in reached:
            if word in path:
                whole[word - 1] = root
                attached.add(word)
                break
            path.add(word)
            word = whole[word - 1]
        reached |= path
    return whole, attached


def children(heads: Heads, word: int) -> list[int]:
    """The words whose head is `word`, in order."""
    return [child for child, head in enumerate(heads, 1) if head == word]


def subtree(heads: Heads, word: int) -> list[int]:
    """The word and all words below it, in order; on a cycle, each is below itself, and named once. O(n) for n words."""
    below: list[list[int]] = [[] for _ in range(len(heads) + 1)]
    for child, head in enumerate(heads, 1):
        if head is not None:
            below[head].append(child)
    members, stack = {word}, [word]
    while stack:
        new = [child for child in below[stack.pop()] if child not in members]
        members.update(new)
        stack += new
    return sorted(members)


def path(heads: Heads, start: int, end: int) -> list[int]:
    """The words from `start` to `end`, both included: up to the lowest word above both, then down.

    It is empty if no word is above both, where they are themselves among the words above. O(n) for n words.
    """
    up = _upwards(heads, start)
    places = {word: place for place, word in enumerate(up)}
    down: list[int] = []
    for word in _upwards(heads, end):
        if word in places:
            return up[: places[word] + 1] + down[::-1]
        down.append(word)
    return []


def _upwards(heads: Heads, word: int) -> list[int]:
    """The word and the words above it, each once."""
    words: dict[int, None] = {}
    head: int | None = word
    while head and head not in words:
        words[head] = None
        head = heads[head - 1]
    return list(words)


def find_cycle(heads: Heads) -> list[int] | None:
    """The words of the first cycle, each followed by its head, from the lowest word on; None if there is none."""
    all_cycles = cycles(heads)
    return all_cycles[0] if all_cycles else None


def cycles(heads: Heads) -> list[list[int]]:
    """All cycles, as in `find_cycle`, in the order of their first words."""
    all_cycles = []
    seen_from = [0] * (len(heads) + 1)  # by word: the start of the walk that reached it first, 0 if none did
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
            all_cycles.append(cycle[lowest:] + cycle[:lowest])
    return sorted(all_cycles)


def nonprojective_arcs(heads: Heads) -> list[tuple[int, int]]:
    """The arcs (head, dependent), by dependent, that span a word which is not a descendant of the head.

    A tree without such an arc is projective (Kuhlmann and Nivre 2006, definition 3). All words descend from ROOT
    if the heads are a tree. O(n log n) for n words.
    """
    long_arcs = [(head, word) for word, head in enumerate(heads, 1) if head is not None and abs(head - word) > 1]
    if not long_arcs:
        return []
    entry, end = _intervals(heads)
    entries = _Extremes(entry)
    arcs = []
    for head, word in long_arcs:
        least, greatest = entries.between(min(head, word) + 1, max(head, word))
        if least < entry[head] or greatest >= end[head]:
            arcs.append((head, word))
    return arcs


class _Extremes:
    """The least and the greatest number in any stretch of a list, in O(1) after O(n log n) work for the whole list.

    It is a sparse table (Bender and Farach-Colton 2000), made only up to the lengths asked for.
    """

    def __init__(self, values: list[int]) -> None:
        self._levels = [(values, values)]  # [i]: the extremes of the 2 ** i values from each index on

    def between(self, start: int, end: int) -> tuple[int, int]:
        """The least and the greatest of ``values[start:end]``, which must not be empty."""
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
    """The lists `entry` and `end`: w descends from h exactly if ``entry[h] <= entry[w] < end[h]``.

    Words on a cycle descend from each other: they share one interval, for which the cycle is cut at one word.
    """
    length = len(heads)
    all_cycles = cycles(heads)
    cut = {cycle[0] for cycle in all_cycles}
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
    for cycle in all_cycles:
        for word in cycle[1:]:
            entry[word], end[word] = entry[cycle[0]], end[cycle[0]]
    return entry, end


def chained_spans(heads: Heads, max_width: int | None = None) -> list[tuple[int, int]]:
    """The first and last words of all spans that are one word or covered by a chain of arcs, none within another.

    The spans are in order. They are the valid spans of Jie, Muis & Lu 2017, *Efficient Dependency-Guided Named Entity
    Recognition* (their DGM): arcs, taken without direction, lead from the first word to the last, always to the right.
    If the tree is projective, the words of a span are a connected part of it. Spans have at most `max_width` words;
    arcs of ROOT do not count. O(words + spans) without sorting: as paths in a tree are unique, no span is made twice.
    """
    length = len(heads)
    ends: list[list[int]] = [[] for _ in range(length + 1)]
    right: list[list[int]] = [[] for _ in range(length + 1)]  # by word: the words to the right that an arc joins it to
    for word, head in enumerate(heads, 1):
        if head:
            right[min(word, head)].append(max(word, head))
    for first in range(length, 0, -1):
        greatest = length if max_width is None else first + max_width - 1
        # A set drops the repeated ends that heads which are no tree can give.
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
        for node in children.pop(stack.pop(), ()):
            if node not in reached:
                reached.add(node)
                stack.append(node)
    return [node for node in graph if node not in reached]
