"""The best sequences of argument tags of predicates with each core role at most once, on arrays.

`depparse.layers.role_chain` describes the language and the tags, and has the sums over all sequences for torch. The
maximum needs neither gradients nor products of matrices, only one pass over the words of each predicate.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.structs.compiled import compiled

Array = NDArray[Any]


def best_arguments(
    scores: Array, lengths: Array, n_roles: int, core: Collection[int], padding: int
) -> tuple[Array, Array]:
    """As `best_sequences`, where each of the `core` roles, of `n_roles`, occurs at most once.

    Constraints are imposed only where they are needed: as long as the best sequence has a core role twice, the best one
    is looked for in which this role occurs at most once too. What then breaks no constraint is the best of all. Most
    predicates need no constraint, and the others one or two, so that few sets of core roles are looked at.
    """
    roles = np.array(sorted(core), np.int64)
    beginnings = 1 + 4 * roles[:, None] + np.array([0, 3])  # [core roles, 2], the tags B and S of each
    tags, best = best_sequences(scores, lengths, sets_before(n_roles, ()), padding)
    imposed = np.zeros((len(scores), len(roles)), np.bool_)  # [predicates, core roles]
    while (twice := (tags[..., None, None] == beginnings).any(-1).sum(1) > 1).any():
        imposed |= twice
        broken = twice.any(1)
        for chosen in np.unique(imposed[broken], axis=0):
            rows = broken & (imposed == chosen).all(1)
            before = sets_before(n_roles, roles[chosen].tolist())
            tags[rows], best[rows] = best_sequences(scores[rows], lengths[rows], before, padding)
    return tags, best


def sets_before(n_roles: int, core: Collection[int]) -> Array:
    """``before[sets, roles]``: the set of core roles before an argument of the role, by the set after it.

    It is the number of sets if there is none, since the set after it lacks the role.
    """
    sets = np.arange(1 << len(core))
    before = np.repeat(sets[:, None], n_roles, 1)
    for bit, role in enumerate(sorted(core)):
        before[:, role] = np.where(sets >> bit & 1, sets - (1 << bit), len(sets))
    return before


def best_sequences(scores: Array, lengths: Array, before: Array, padding: int) -> tuple[Array, Array]:
    """The best ``tags[predicates, words]``, `padding` behind the end, and their scores ``[predicates]``.

    ``scores[predicates, words, tags]`` are without ROOT, and ``lengths[predicates]`` are in words. ``before[sets,
    roles]`` is the set of core roles before an argument of the role, by the set after it; the number of sets if there
    is none. O(words · sets · roles) time for each predicate, and as many bytes.
    """
    tags = np.full(scores.shape[:2], padding, np.int64)
    scores = np.ascontiguousarray(scores)  # so that one function is compiled for all
    best = np.zeros(len(scores), scores.dtype)
    longest = int(lengths.max(initial=0))
    begun = np.zeros((longest, *before.shape), np.bool_)
    closings = np.zeros((longest, len(before)), np.int64)
    for number, length in enumerate(lengths.tolist()):
        best[number] = _write_best(scores[number, :length], before, begun, closings, tags[number])
    return tags, best


@compiled
def _write_best(scores: Array, before: Array, begun: Array, closings: Array, tags: Array) -> Any:
    """Writes the best tags of one predicate; returns their score. `begun` and `closings` are overwritten.

    ``begun[word, set, role]`` says whether an argument that is open after the word begins at it, and ``closings[word,
    set]`` which argument ends at the word: twice its role, and 1 more if it has no other word; -1 for none.
    """
    n_words, (n_sets, n_roles) = len(scores), before.shape
    outside = np.full(n_sets, -np.inf, scores.dtype)
    outside[0] = 0.0
    opened = np.full((n_sets, n_roles), -np.inf, scores.dtype)
    later = outside.copy()
    for word in range(n_words):
        for after in range(n_sets):
            best, closing = outside[after] + scores[word, 0], -1
            for role in range(n_roles):
                tag = 1 + 4 * role
                source = outside[before[after, role]] if before[after, role] < n_sets else outside.dtype.type(-np.inf)
                begin, inside = source + scores[word, tag], opened[after, role] + scores[word, tag + 1]
                end, single = opened[after, role] + scores[word, tag + 2], source + scores[word, tag + 3]
                if end > best:
                    best, closing = end, 2 * role
                if single > best:
                    best, closing = single, 2 * role + 1
                begun[word, after, role] = begin >= inside
                opened[after, role] = max(begin, inside)
            later[after], closings[word, after] = best, closing
        outside[:] = later
    state, role = int(outside.argmax()), -1
    result = outside[state]
    for word in range(n_words - 1, -1, -1):
        if role >= 0:
            begins = begun[word, state, role]
            tags[word] = 1 + 4 * role + (0 if begins else 1)
        else:
            closing = closings[word, state]
            if closing < 0:
                tags[word] = 0
                continue
            role, begins = closing // 2, closing % 2 == 1
            tags[word] = 1 + 4 * role + (3 if begins else 2)
        if begins:
            state, role = before[state, role], -1
    return result
