"""Arcs that must or must not be there.

A constraint is a change of the scores: a forbidden arc gets -inf, a required arc leaves -inf to every other head of its
word. As all algorithms here treat -inf exactly, they are exact under constraints too: the best trees among those
allowed, and probabilities given the constraints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from depparse.errors import DepparseError
from depparse.structs.checks import ArcScores, Floats, check_scores

Arc = tuple[int, int]  # dependent (1 to n), head (0 to n)


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is known of the tree of a sentence before it is parsed."""

    required: Collection[Arc] = ()  # (dependent, head) of arcs that are there
    forbidden: Collection[Arc] = ()  # and of arcs that are not
    labels: Mapping[int, str] = field(default_factory=dict)  # relations of words, by ID, whatever their heads are


def constrain(scores: ArcScores, *, required: Iterable[Arc] = (), forbidden: Iterable[Arc] = ()) -> Floats:
    """A float64 copy of ``scores[dependents, heads]`` that permits only trees with all required and no forbidden arcs.

    For a sentence of a batch pass ``scores[b, : n + 1, : n + 1]``. O(n² + arcs).

    Raises DepparseError if an arc does not exist, two required arcs give a word two heads, the tree two roots, or form
    a cycle, a required arc is forbidden too, or a word is left without a head. Whether the rest permits a tree is found
    by the algorithm that looks for it.
    """
    copy = check_scores(scores)
    demanded = [_check_arc(arc, len(copy)) for arc in required]
    barred = {_check_arc(arc, len(copy)) for arc in forbidden}
    heads = dict(demanded)
    for dependent, head in demanded:
        if heads[dependent] != head:
            raise DepparseError(f"required arcs give word {dependent} two heads, {head} and {heads[dependent]}")
        if (dependent, head) in barred or np.isneginf(copy[dependent, head]):
            raise DepparseError(f"the arc of word {dependent} to head {head} is both required and forbidden")
    roots = sorted(dependent for dependent, head in heads.items() if head == 0)
    if len(roots) > 1:
        raise DepparseError(f"required arcs make words {roots[0]} and {roots[1]} roots; a tree has one")
    _check_cycles(heads)

    for dependent, head in barred:
        copy[dependent, head] = -np.inf
    for dependent, head in heads.items():
        score = copy[dependent, head]
        copy[dependent] = -np.inf
        copy[dependent, head] = score
    return check_scores(copy)


def _check_arc(arc: Arc, size: int) -> Arc:
    dependent, head = (int(place) for place in arc)
    if not (0 < dependent < size and 0 <= head < size) or dependent == head or (dependent, head) != tuple(arc):
        raise DepparseError(
            f"expected arcs (dependent, head) of different places, dependents 1 to {size - 1}, heads 0 to {size - 1}; "
            f"got {arc}"
        )
    return dependent, head


def _check_cycles(heads: dict[int, int]) -> None:
    clear: set[int] = {0}
    for start in heads:
        path: list[int] = []
        place = start
        while place in heads and place not in clear:
            if place in path:
                raise DepparseError(f"required arcs form a cycle: {[*path[path.index(place) :], place]}")
            path.append(place)
            place = heads[place]
        clear.update(path)
