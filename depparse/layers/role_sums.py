"""Sums over all sequences of argument tags of a predicate with each core role at most once.

`RoleChain` (depparse/layers/role_chain.py, which describes the language and the tags) computes its probabilities from
them. The sums are of plain numbers, scaled at each word, which takes a fraction of the time of logarithms. Logarithms
are used for predicates whose scores are so far apart that numbers could become too small.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from depparse.errors import ConfigError
from depparse.layers.semirings import Logarithms, Numbers, Semiring
from depparse.structs.role_sequences import sets_before

_NOTHING = -torch.inf
_MOST_CORE = 14  # core roles: memory and time grow with the number of their sets


class Sums(NamedTuple):
    """Sums over sequences; the first three are logarithms."""

    total: Tensor  # [predicates], over whole sequences
    before: Tensor  # [predicates, boundaries, sets], over beginnings, up to a boundary that no argument crosses
    after: Tensor  # [predicates, boundaries, sets], over ends, from such a boundary on
    marginals: Tensor  # [predicates, words, tags], with 0 words unless asked for


class _Tags(NamedTuple):
    """The weights of the tags of a word, the same for all sets of roles."""

    outside: Tensor  # [predicates, 1]
    begin: Tensor  # [predicates, 1, roles], as the following are; core roles first
    inside: Tensor
    end: Tensor
    single: Tensor


class _States(NamedTuple):
    """Sums over the words before, or after, a boundary between words, divided by exp(`scale`)."""

    outside: Tensor  # [predicates, sets]: no argument crosses the boundary
    opened: Tensor  # [predicates, sets, roles]: an argument of that role crosses it; core roles first
    scale: Tensor  # [predicates]


class RoleSets(nn.Module):
    """The sets of core roles that a predicate may have had so far, and how an argument leads from one set to another.

    It is a module so that its buffers move between devices; it has no weights.
    """

    before: Tensor  # [sets, roles]: the set before an argument of the role, by the set after it; n_sets if none
    after: Tensor  # [sets, roles]: the set after an argument of the role, by the set before it; n_sets if none
    order: Tensor  # [roles]: the numbers of the core roles, then of the others
    sizes: Tensor  # [sets]: the number of core roles in each

    def __init__(self, n_roles: int, core: Collection[int]) -> None:
        super().__init__()
        if len(core) > _MOST_CORE:
            raise ConfigError(f"at most {_MOST_CORE} core roles can be kept apart, not {len(core)}")
        self.n_roles, self.n_core, self.n_sets = n_roles, len(core), 1 << len(core)
        sets = torch.arange(self.n_sets)
        before, after = torch.from_numpy(sets_before(n_roles, core)), sets[:, None].repeat(1, n_roles)
        for bit, role in enumerate(sorted(core)):
            after[:, role] = torch.where((sets >> bit & 1).bool(), self.n_sets, sets + (1 << bit))
        order = [*sorted(core), *(role for role in range(n_roles) if role not in core)]
        self.register_buffer("order", torch.tensor(order, dtype=torch.long), persistent=False)
        sizes = torch.tensor([number.bit_count() for number in range(self.n_sets)])
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("before", before, persistent=False)
        self.register_buffer("after", after, persistent=False)


def sum_sequences(sets: RoleSets, scores: Tensor, lengths: Tensor, *, marginals: bool = False) -> Sums:
    """The sums for ``scores[predicates, words, tags]``, by numbers, or by logarithms where numbers become too small."""
    scores = precise(scores)
    sums, lost = sums_in(Numbers, sets, scores, lengths, marginals)
    if lost.any():
        exact_sums, _ = sums_in(Logarithms, sets, scores[lost], lengths[lost], marginals)
        for result, exact_result in zip(sums, exact_sums, strict=True):
            result[lost] = exact_result
    return sums


def sums_in(
    semiring: Semiring, sets: RoleSets, scores: Tensor, lengths: Tensor, marginals: bool
) -> tuple[Sums, Tensor]:
    """The sums, and ``[predicates]``, True if the sums may be wrong because numbers became too small.

    Sequences in the same state keep their proportions from there on, so losing a small one beside larger ones does no
    harm. But no possible state may be lost, because it could be the only one that leads on. The sum of an "open" state
    is at least the sum of an "outside" state times the weight of a tag, so checking these two is enough.
    """
    is_word = present(scores, lengths)
    greatest = scores.amax(-1)
    greatest = greatest.where(is_word & greatest.isfinite(), 0.0)
    unchanged = scores.new_full(scores.shape[2:], _NOTHING)
    unchanged[0] = unchanged[2::4] = 0.0
    relative = torch.where(is_word[..., None], scores - greatest[..., None], unchanged)
    words = [_tags(sets, tags) for tags in semiring.of_log(relative).unbind(1)]
    states = _forward(semiring, sets, words, greatest)
    total = _log_of_outside(semiring, states[-1]).logsumexp(1)
    later, shares = _backward(semiring, sets, words, greatest, states, total if marginals else None)
    before, after = (torch.stack([_log_of_outside(semiring, s) for s in side], 1) for side in (states, later))
    tag_marginals = torch.stack(shares, 1).masked_fill(~is_word[..., None], 0.0) if shares else scores[:, :0]
    smallest = torch.finfo(scores.dtype).tiny
    exact = (relative.amin(-1).where(is_word, 0.0) >= math.log(smallest) / 3).all(1)
    words_before = torch.arange(len(states), device=scores.device).minimum(lengths[:, None])
    possible = sets.sizes <= words_before[..., None]  # an argument has at least one word
    for side, is_possible in ((states, possible), (later, torch.ones_like(possible))):
        outside = torch.stack([state.outside for state in side], 1)
        exact &= ((outside >= smallest**0.5) | ~is_possible).flatten(1).all(1)
    return Sums(total, before, after, tag_marginals), ~exact


def _tags(sets: RoleSets, values: Tensor) -> _Tags:
    """The weights of a word from ``values[predicates, tags]``, core roles first."""
    of_roles = values[:, 1:].view(len(values), 1, sets.n_roles, 4)[:, :, sets.order]
    return _Tags(values[:, :1], *of_roles.unbind(-1))


def _scaled(semiring: Semiring, states: _States, tags: _Tags, greatest: Tensor) -> tuple[_Tags, Tensor]:
    """The weights of a word, divided such that the states neither grow nor vanish, and the new scale of the states."""
    greatest_state = states.outside.amax(1)
    if states.opened.shape[2]:
        greatest_state = torch.maximum(greatest_state, states.opened.amax((1, 2)))
    greatest_state = greatest_state.where(greatest_state > semiring.zero, semiring.one)
    weights = (semiring.over(weight, greatest_state.view(-1, *[1] * (weight.dim() - 1))) for weight in tags)
    return _Tags(*weights), states.scale + semiring.log(greatest_state) + greatest


def _forward(semiring: Semiring, sets: RoleSets, words: Sequence[_Tags], greatest: Tensor) -> list[_States]:
    """The states at each boundary, from the beginning on; behind the end of a sentence, the states at its end.

    ``greatest[predicates, words]`` are the scores of the tags whose weight is 1.
    """
    outside = greatest.new_full((len(greatest), sets.n_sets), semiring.zero)
    outside[:, 0] = semiring.one
    opened = greatest.new_full((*outside.shape, sets.n_roles), semiring.zero)
    states, n_core = [_States(outside, opened, greatest.new_zeros(len(greatest)))], sets.n_core
    source_of = sets.before[:, sets.order[:n_core]]
    for word, tags in enumerate(words):
        outside, opened, _ = states[-1]
        weights, scale = _scaled(semiring, states[-1], tags, greatest[:, word])
        source = padded(outside, semiring.zero)[:, source_of]
        begun = [semiring.times(source, weights.begin[..., :n_core])]
        begun.append(semiring.times(outside[..., None], weights.begin[..., n_core:]))
        new_opened = semiring.plus_product(torch.cat(begun, -1), opened, weights.inside)
        closed = semiring.plus(semiring.dot(source, weights.single[..., :n_core]), semiring.dot(opened, weights.end))
        free = semiring.plus(weights.outside, semiring.total(weights.single[..., n_core:]))
        states.append(_States(semiring.plus_product(closed, outside, free), new_opened, scale))
    return states


def _backward(
    semiring: Semiring,
    sets: RoleSets,
    words: Sequence[_Tags],
    greatest: Tensor,
    states: Sequence[_States],
    total: Tensor | None,
) -> tuple[list[_States], list[Tensor]]:
    """The states after each boundary and, if `total` is given, the marginals of words, by the `states` before each."""
    outside = greatest.new_full((len(greatest), sets.n_sets), semiring.one)
    opened = greatest.new_full((*outside.shape, sets.n_roles), semiring.zero)
    after, marginals = [_States(outside, opened, greatest.new_zeros(len(greatest)))], list[Tensor]()
    n_core = sets.n_core
    sets_after = sets.after[:, sets.order[:n_core]]
    index = sets_after[None].expand(len(outside), -1, -1)
    is_free = sets_after.new_ones(sets.n_sets, sets.n_roles - n_core).bool()
    is_possible = torch.cat([sets_after == sets.n_sets, is_free], 1)
    for word in range(len(words) - 1, -1, -1):
        outside, opened, _ = after[-1]
        weights, scale = _scaled(semiring, after[-1], words[word], greatest[:, word])
        # These are the sums after an argument that begins here, by its role.
        core = padded(opened[..., :n_core], semiring.zero).gather(1, index)
        single = padded(outside, semiring.zero)[:, sets_after]
        if total is not None:
            earlier = states[word]
            unchanged = semiring.over_sets(earlier.outside, outside[..., None])
            begin = semiring.over_sets(earlier.outside, torch.cat([core, opened[..., n_core:]], -1))
            single_sums = [semiring.over_sets(earlier.outside, single), unchanged.expand(-1, sets.n_roles - n_core)]
            role_tags = [
                semiring.times(weights.begin.squeeze(1), begin),
                semiring.times(weights.inside.squeeze(1), semiring.over_sets(earlier.opened, opened)),
                semiring.times(weights.end.squeeze(1), semiring.over_sets(outside, earlier.opened)),
                semiring.times(weights.single.squeeze(1), torch.cat(single_sums, -1)),
            ]
            by_role = torch.stack(role_tags, -1)[:, sets.order.argsort()].flatten(1)
            by_tag = semiring.log(torch.cat([semiring.times(weights.outside, unchanged), by_role], 1))
            marginals.append((by_tag + (earlier.scale + scale - total)[:, None]).exp())
        begun = semiring.plus(
            semiring.dot(core, weights.begin[..., :n_core]),
            semiring.dot(opened[..., n_core:], weights.begin[..., n_core:]),
        )
        closed = semiring.plus(begun, semiring.dot(single, weights.single[..., :n_core]))
        free = semiring.plus(weights.outside, semiring.total(weights.single[..., n_core:]))
        # If an argument of a core role is open, its role is in the set. Impossible states must not determine the scale.
        ended = semiring.times(outside[..., None], weights.end).masked_fill(~is_possible, semiring.zero)
        new_opened = semiring.plus_product(ended, opened, weights.inside)
        after.append(_States(semiring.plus_product(closed, outside, free), new_opened, scale))
    return after[::-1], marginals[::-1]


def _log_of_outside(semiring: Semiring, states: _States) -> Tensor:
    """The logarithms of the sums of the states "outside"."""
    return semiring.log(states.outside) + states.scale[:, None]


def precise(scores: Tensor) -> Tensor:
    """The scores in double precision, or in single precision on MPS devices, which have no double precision."""
    return scores.float() if scores.device.type == "mps" else scores.double()


def present(scores: Tensor, lengths: Tensor) -> Tensor:
    """True at real words, ``[predicates, words]``."""
    return torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]


def padded(values: Tensor, zero: float) -> Tensor:
    """The values of the sets, and `zero` for the set number `n_sets`, which stands for none."""
    return torch.cat([values, torch.full_like(values[:, :1], zero)], 1)
