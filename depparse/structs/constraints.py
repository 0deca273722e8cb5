"""Constraints on trees: arcs that must be in the tree, and arcs that must not.

A constraint is a change of the scores: a forbidden arc gets -inf, a required arc leaves -inf to every other head of its
word. All algorithms here treat -inf exactly, so they are exact under constraints too: they give the best of the allowed
trees, and probabilities given the constraints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np

from depparse.arguments import shown
from depparse.errors import DepparseError
from depparse.structs.checks import ArcScores, Floats, check_scores

Arc = tuple[int, int]  # dependent (1 to n), head (0 to n)


@dataclass(frozen=True, slots=True)
class Constraints:
    """Known arcs and relations of a sentence before it is parsed."""

    required: Collection[Arc] = ()  # arcs that are in the tree
    forbidden: Collection[Arc] = ()  # arcs that are not
    labels: Mapping[int, str] = field(default_factory=dict)  # relation by word ID, whatever the head is

    def __post_init__(self) -> None:
        """Raises DepparseError for values of a wrong type; whether the words exist, a sentence tells."""
        for name in ("required", "forbidden"):
            arcs = getattr(self, name)
            wrong = [arcs] if not isinstance(arcs, Collection) else [arc for arc in arcs if not _is_arc(arc)]
            if wrong or isinstance(arcs, (str, Mapping)):
                raise DepparseError(f"{name} is a list of arcs (dependent, head), whole numbers, not {shown(arcs)}")
        labels = self.labels
        if not isinstance(labels, Mapping) or not all(
            _is_whole(word) and isinstance(label, str) for word, label in labels.items()
        ):
            raise DepparseError(
                f"labels is a mapping of word IDs to relations, such as {{2: 'obj'}}, not {shown(labels)}"
            )


def _is_whole(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


def _is_arc(arc: object) -> bool:
    return isinstance(arc, Sequence) and len(arc) == 2 and all(map(_is_whole, arc))


def constrain(scores: ArcScores, *, required: Iterable[Arc] = (), forbidden: Iterable[Arc] = ()) -> Floats:
    """A float64 copy of ``scores[dependents, heads]`` that permits only trees with all required and no forbidden arcs.

    For a sentence of a batch pass ``scores[b, : n + 1, : n + 1]``. O(n² + arcs).

    Raises DepparseError if an arc does not exist; if required arcs give a word two heads, give the tree two roots, or
    form a cycle; if a required arc is also forbidden; or if a word is left without a head. Whether the remaining arcs
    hold a tree is only found when an algorithm looks for one.
    """
    copy = check_scores(scores)
    required_arcs = [_check_arc(arc, len(copy)) for arc in required]
    forbidden_arcs = {_check_arc(arc, len(copy)) for arc in forbidden}
    heads = dict(required_arcs)
    for dependent, head in required_arcs:
        if heads[dependent] != head:
            raise DepparseError(f"required arcs give word {dependent} two heads, {head} and {heads[dependent]}")
        if (dependent, head) in forbidden_arcs or np.isneginf(copy[dependent, head]):
            raise DepparseError(f"the arc of word {dependent} to head {head} is both required and forbidden")
    roots = sorted(dependent for dependent, head in heads.items() if head == 0)
    if len(roots) > 1:
        raise DepparseError(f"required arcs make words {roots[0]} and {roots[1]} roots; a tree has one")
    _check_cycles(heads)

    for dependent, head in forbidden_arcs:
        copy[dependent, head] = -np.inf
    for dependent, head in heads.items():
        score = copy[dependent, head]
        copy[dependent] = -np.inf
        copy[dependent, head] = score
    return check_scores(copy)


def _check_arc(arc: Arc, size: int) -> Arc:
    dependent, head = (int(position) for position in arc)
    if not (0 < dependent < size and 0 <= head < size) or dependent == head or (dependent, head) != tuple(arc):
        raise DepparseError(
            f"expected arcs (dependent, head) of two different words, dependents 1 to {size - 1}, heads 0 (ROOT) to "
            f"{size - 1}; got {arc}"
        )
    return dependent, head


def _check_cycles(heads: dict[int, int]) -> None:
    """Raises DepparseError if the arcs form a cycle. O(arcs²) at worst."""
    acyclic: set[int] = {0}
    for start in heads:
        path: list[int] = []
        word = start
        while word in heads and word not in acyclic:
            if word in path:
                raise DepparseError(f"required arcs form a cycle: {[*path[path.index(word) :], word]}")
            path.append(word)
            word = heads[word]
        acyclic.update(path)
