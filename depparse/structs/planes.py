"""Planes of the arcs of a tree: sets in which arcs of one direction do not cross (Gómez-Rodríguez & Nivre 2013,
*Divisible Transition Systems and Multiplanar Dependency Parsing*, where no arcs of a plane cross at all)."""

from __future__ import annotations

from collections.abc import Sequence


def two_planes(heads: Sequence[int]) -> list[int] | None:
    """A plane, 0 or 1, for the arc to each word, so that no two arcs of one plane and one direction cross.

    As many arcs as possible are in plane 0. None if there are no two such planes. O(n²).
    """
    crossed = crossings(heads)
    planes = [0] * len(heads)
    seen: set[int] = set()
    for start in crossed:
        if start in seen:
            continue
        component, colours = [start], {start: 0}
        for arc in component:
            for other in crossed[arc]:
                if other not in colours:
                    colours[other] = 1 - colours[arc]
                    component.append(other)
                elif colours[other] == colours[arc]:
                    return None
        seen |= colours.keys()
        rarer = int(2 * sum(colours.values()) <= len(colours))
        for arc, colour in colours.items():
            planes[arc] = int(colour == rarer)
    return planes


def crossings(heads: Sequence[int]) -> dict[int, list[int]]:
    """The arcs that cross others of their direction, by their dependents, with those others."""
    arcs = [(min(head, word), max(head, word), word) for word, head in enumerate(heads) if word]
    arcs.sort()
    crossings: dict[int, list[int]] = {}
    for number, (left, right, word) in enumerate(arcs):
        for left_of_other, right_of_other, other in arcs[number + 1 :]:
            if left_of_other >= right:
                break
            if (
                left < left_of_other
                and right < right_of_other
                and (left == heads[word]) == (left_of_other == heads[other])
            ):
                crossings.setdefault(word, []).append(other)
                crossings.setdefault(other, []).append(word)
    return crossings
