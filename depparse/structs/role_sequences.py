"""The best sequences of argument tags of predicates with each core role at most once, on arrays.

`depparse.layers.role_chain` describes the language and the tags, and has the sums over all sequences for torch. The
maximum needs neither gradients nor products of matrices, only one pass over the words of each predicate.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.structs.compiled import compiled, is_loaded

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
        n_imposed = imposed.sum(1)
        for number in np.unique(n_imposed[broken]).tolist():
            rows = np.flatnonzero(broken & (n_imposed == number))
            before = np.stack([_sets_before(n_roles, tuple(roles[imposed[row]].tolist())) for row in rows])
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


_sets_before = cache(sets_before)
_LONG = 500  # words of a sentence that only compiled code decodes


def best_sequences(scores: Array, lengths: Array, before: Array, padding: int) -> tuple[Array, Array]:
    """The best ``tags[predicates, words]``, `padding` behind the end, and their scores ``[predicates]``.

    ``scores[predicates, words, tags]`` are without ROOT, and ``lengths[predicates]`` are in words. ``before[predicates,
    sets, roles]``, or ``[sets, roles]`` for all predicates, is the set of core roles before an argument of the role, by
    the set after it; the number of sets if there is none. O(words · sets · roles) time for each predicate, and as many
    bytes.
    """
    before = np.broadcast_to(before, (len(scores), *before.shape[-2:]))
    if not is_loaded() and scores.shape[1] <= _LONG:
        return _sequences(scores, lengths, before, padding)
    tags = np.full(scores.shape[:2], padding, np.int64)
    scores = np.ascontiguousarray(scores)  # so that one function is compiled for all
    best = np.zeros(len(scores), scores.dtype)
    longest = int(lengths.max(initial=0))
    begun = np.zeros((longest, *before.shape[1:]), np.bool_)
    closings = np.zeros((longest, before.shape[1]), np.int64)
    for number, length in enumerate(lengths.tolist()):
        of_predicate = np.ascontiguousarray(before[number])
        best[number] = _write_best(scores[number, :length], of_predicate, begun, closings, tags[number])
    return tags, best


def _sequences(scores: Array, lengths: Array, before: Array, padding: int) -> tuple[Array, Array]:
    """`best_sequences` by NumPy, a word of all predicates at a time: less fast, but nothing has to be compiled."""
    n_predicates, (n_sets, n_roles) = len(scores), before.shape[1:]
    index = before.reshape(n_predicates, n_sets * n_roles)
    longest = int(lengths.max(initial=0))
    # As in `_write_best`, for all predicates.
    begun = np.empty((longest, n_predicates, n_sets, n_roles), np.bool_)
    closings = np.empty((longest, n_predicates, n_sets), np.int64)
    by_tag = scores[:, :longest, 1:].reshape(n_predicates, longest, n_roles, 4).transpose(3, 1, 0, 2)
    tag_scores = np.ascontiguousarray(by_tag)[:, :, :, None]  # [tags, words, predicates, 1, roles]
    outside = np.full((n_predicates, n_sets + 1), -np.inf, scores.dtype)  # the last set is that of nothing
    outside[:, 0] = 0
    opened = np.full((n_predicates, n_sets, n_roles), -np.inf, scores.dtype)
    last = outside.copy()
    for word in range(longest):
        source = np.take_along_axis(outside, index, 1).reshape(before.shape) if n_sets > 1 else outside[:, :1, None]
        begin, inside = source + tag_scores[0, word], opened + tag_scores[1, word]
        end, single = opened + tag_scores[2, word], source + tag_scores[3, word]
        begun[word] = begin >= inside
        opened = np.maximum(begin, inside)
        # Of equal arguments, the one of the lowest role is taken, and of that one the longer.
        best_end, best_single = end.argmax(-1), single.argmax(-1)
        end, single = end.max(-1), single.max(-1)
        is_single = (single > end) | ((single == end) & (best_single < best_end))
        closing = np.where(is_single, 2 * best_single + 1, 2 * best_end)
        closed, going_on = np.maximum(single, end), outside[:, :-1] + scores[:, word, :1]
        closings[word] = np.where(closed > going_on, closing, -1)
        outside[:, :-1] = np.maximum(closed, going_on)
        last = np.where((lengths == word + 1)[:, None], outside, last)
    return _tags(last.argmax(1), lengths, before, begun, closings, padding, scores.shape[1]), last.max(1)


def _tags(
    state: Array, lengths: Array, before: Array, begun: Array, closings: Array, padding: int, n_words: int
) -> Array:
    """The tags of the best sequences, from the set of core roles in which each ends; `best_sequences` has the rest."""
    tags = np.full((len(state), n_words), padding, np.int64)
    rows, role = np.arange(len(state)), np.full(len(state), -1)  # the role of the argument that goes on; -1 for none
    for word in range(len(closings) - 1, -1, -1):
        within = lengths > word
        goes_on, closing = role >= 0, closings[word, rows, state]
        role = np.where(goes_on, role, np.where(within & (closing >= 0), closing // 2, -1))
        begins = np.where(goes_on, begun[word, rows, state, role], (role >= 0) & (closing % 2 == 1))
        kind = np.where(goes_on, np.where(begins, 0, 1), np.where(begins, 3, 2))
        tags[within, word] = np.where(role >= 0, 1 + 4 * role + kind, 0)[within]
        state = np.where(begins, before[rows, state, role], state)
        role = np.where(begins, -1, role)
    return tags


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
