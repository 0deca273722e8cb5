"""Regular languages of label sequences as finite automata. A linear chain gives probability to such a language alone.

An `Automaton` may be ambiguous: several states may follow a state by the same label, so several of its paths may read
one sequence. Ambiguity makes languages easy to write and to combine, but a sum over paths would count such a sequence
more than once. `determinize` gives the smallest automaton with exactly one path for each sequence of the language.
Labels are numbers; the builders of tagging schemes number them by their positions in a list of tags.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depparse.errors import DepparseError
from depparse.structs.checks import Integers

_MOST_SETS = 5_000  # of states, that a deterministic automaton is made of


@dataclass(frozen=True, slots=True)
class Automaton:
    """A finite automaton, possibly ambiguous, over the labels 0 to ``n_labels - 1``."""

    n_labels: int
    arcs: Sequence[Mapping[int, Collection[int]]]  # for each state: by label, the states that may follow
    starts: Collection[int]
    accepting: Collection[int]

    def after(self, states: Iterable[int], label: int) -> frozenset[int]:
        """The states that may follow any of `states` by `label`."""
        return frozenset(following for state in states for following in self.arcs[state].get(label, ()))

    def accepts(self, labels: Iterable[int]) -> bool:
        """Whether the sequence is in the language."""
        states = frozenset(self.starts)
        for label in labels:
            states = self.after(states, label)
        return not states.isdisjoint(self.accepting)


@dataclass(frozen=True, slots=True)
class Deterministic:
    """An automaton with one path for each sequence of its language. State 0 is the start.

    Every state can be reached from the start. From every state an accepting one can be reached, unless the language is
    empty: then the start is the only state.
    """

    following: Integers  # [states, labels]: the state after a state by a label; -1 where there is none
    accepting: NDArray[np.bool_]  # [states]

    @property
    def n_labels(self) -> int:
        """The number of labels."""
        return int(self.following.shape[1])

    def accepts(self, labels: Iterable[int]) -> bool:
        """Whether the sequence is in the language."""
        state = 0
        for label in labels:
            state = int(self.following[state, label])
            if state < 0:
                return False
        return bool(self.accepting[state])


def determinize(automaton: Automaton) -> Deterministic:
    """The deterministic automaton of the same language with the fewest states.

    The subset construction (Rabin & Scott 1959) makes it. It is exponential in the states at worst, hardly ever in
    practice. Sets of states from which nothing is accepted are left out, and those that accept the same continuations
    are merged (Moore 1956). Raises DepparseError if more than 5,000 sets would be needed.
    """
    start = frozenset(automaton.starts)
    numbers = {start: 0}
    queue = [start]
    rows: list[dict[int, int]] = []
    for subset in queue:  # the queue grows: new sets are appended
        row: dict[int, int] = {}
        for label in sorted({label for state in subset for label in automaton.arcs[state]}):
            if after := automaton.after(subset, label):
                if after not in numbers:
                    if len(queue) == _MOST_SETS:
                        raise DepparseError(
                            f"the language needs more than {_MOST_SETS:,} states: after some labels it may be in too "
                            "many places at once, as with many wildcards behind a repetition; write it more narrowly"
                        )
                    numbers[after] = len(queue)
                    queue.append(after)
                row[label] = numbers[after]
        rows.append(row)
    accepting = [not subset.isdisjoint(automaton.accepting) for subset in queue]
    alive = _alive(rows, accepting)
    rows = [{label: after for label, after in row.items() if after in alive} for row in rows]
    return _merge(rows, _classes(rows, accepting), accepting, automaton.n_labels)


def _alive(rows: Sequence[Mapping[int, int]], accepting: Sequence[bool]) -> set[int]:
    """The states from which an accepting one can be reached."""
    before: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for after in row.values():
            before[after].append(state)
    alive = {state for state, accepts in enumerate(accepting) if accepts}
    queue = list(alive)
    for state in queue:  # the queue grows: states before this one are appended
        new = set(before[state]) - alive
        alive |= new
        queue += new
    return alive


def _classes(rows: Sequence[Mapping[int, int]], accepting: Sequence[bool]) -> list[int]:
    """For each state, the number of its class. States of one class accept the same continuations."""
    classes = [int(accepts) for accepts in accepting]
    n_classes = len(set(classes))
    while True:
        numbers: dict[object, int] = {}
        signatures = (
            (classes[state], tuple(sorted((label, classes[after]) for label, after in row.items())))
            for state, row in enumerate(rows)
        )
        classes = [numbers.setdefault(signature, len(numbers)) for signature in signatures]
        if len(numbers) == n_classes:
            return classes
        n_classes = len(numbers)


def _merge(
    rows: Sequence[Mapping[int, int]], classes: Sequence[int], accepting: Sequence[bool], n_labels: int
) -> Deterministic:
    """The automaton with one state for each class that the start reaches, numbered in the order of reaching them."""
    numbers = {classes[0]: 0}
    queue = [0]  # one state of each class
    following = []
    for state in queue:  # the queue grows: states of new classes are appended
        row = np.full(n_labels, -1, dtype=np.int64)
        for label, after in rows[state].items():
            if classes[after] not in numbers:
                numbers[classes[after]] = len(queue)
                queue.append(after)
            row[label] = numbers[classes[after]]
        following.append(row)
    return Deterministic(np.stack(following), np.array([accepting[state] for state in queue]))


# -- languages


def local(
    n_labels: int, first: Callable[[int], bool], follows: Callable[[int, int], bool], last: Callable[[int], bool]
) -> Automaton:
    """The language of sequences with certain labels at the start, at the end, and after each other.

    ``follows(a, b)`` says whether `b` may follow `a`. The empty sequence is in the language. O(labels²).
    """
    labels = range(n_labels)
    begin = {label: (label,) for label in labels if first(label)}
    after = [{other: (other,) for other in labels if follows(label, other)} for label in labels]
    accepting = [label for label in labels if last(label)]
    return Automaton(n_labels, [*after, begin], (n_labels,), [*accepting, n_labels])


def bioes(tags: Sequence[str]) -> Automaton:
    """The language of valid sequences of ``O``, ``S-X`` and ``B-X I-X … E-X``. Raises DepparseError for other tags."""
    pairs = [_split(tag, "BIES") for tag in tags]
    open_prefixes, inner_prefixes = ("B", "I"), ("I", "E")

    def follows(before: int, after: int) -> bool:
        (prefix, type_), (next_prefix, next_type) = pairs[before], pairs[after]
        if prefix in open_prefixes:
            return next_prefix in inner_prefixes and type_ == next_type
        return next_prefix not in inner_prefixes

    return local(
        len(tags),
        lambda label: pairs[label][0] not in inner_prefixes,
        follows,
        lambda label: pairs[label][0] not in open_prefixes,
    )


def iob2(tags: Sequence[str]) -> Automaton:
    """The language of valid sequences of ``O`` and ``B-X I-X …``. Raises DepparseError for other tags."""
    pairs = [_split(tag, "BI") for tag in tags]
    return local(
        len(tags),
        lambda label: pairs[label][0] != "I",
        lambda before, after: pairs[after][0] != "I" or pairs[before][1] == pairs[after][1],
        lambda _: True,
    )


def _split(tag: str, prefixes: str) -> tuple[str, str]:
    """The prefix of a tag and its type, '' for ``O``."""
    prefix, dash, type_ = tag.partition("-")
    if tag == "O":
        return "O", ""
    if not dash or not type_ or len(prefix) != 1 or prefix not in prefixes:
        raise DepparseError(f"expected the tags O and {', '.join(f'{x}-TYPE' for x in prefixes)}, got {tag!r}")
    return prefix, type_


def intersect(first: Automaton, second: Automaton) -> Automaton:
    """The language of the sequences in both languages: the reachable part of the product of the automata."""
    if first.n_labels != second.n_labels:
        raise DepparseError(f"languages of {first.n_labels} and of {second.n_labels} labels have no intersection")
    numbers: dict[tuple[int, int], int] = {}
    queue: list[tuple[int, int]] = []

    def reach(pairs: Iterable[tuple[int, int]]) -> list[int]:
        for pair in (pairs := list(pairs)):
            if pair not in numbers:
                numbers[pair] = len(queue)
                queue.append(pair)
        return [numbers[pair] for pair in pairs]

    starts = reach((a, b) for a in first.starts for b in second.starts)
    arcs = []
    for a, b in queue:  # the queue grows in `reach`
        shared = first.arcs[a].keys() & second.arcs[b].keys()
        arcs.append(
            {label: reach((x, y) for x in first.arcs[a][label] for y in second.arcs[b][label]) for label in shared}
        )
    accepting = [number for number, (a, b) in enumerate(queue) if a in first.accepting and b in second.accepting]
    return Automaton(first.n_labels, arcs, starts, accepting)
