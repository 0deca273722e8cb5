"""Sums over all sequences of tags of the arguments of a predicate, each core role at most once: what `RoleChain`
(depparse/layers/role_chain.py, which names the language and the tags) needs for its probabilities.

Sums are of numbers, scaled word by word, which takes a fraction of the time of sums in logarithms. A predicate whose
scores are so far apart that numbers would become too small to count is summed in logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from depparse.layers.semirings import Logarithms, Numbers, Semiring

_NOTHING = -torch.inf


class Sums(NamedTuple):
    """Sums over sequences; the first three in logarithms."""

    total: Tensor  # [predicates]: over all
    before: Tensor  # [predicates, boundaries, sets]: up to a boundary that no argument goes across
    after: Tensor  # the same, from there on
    marginals: Tensor  # [predicates, words, tags]; without words if they are not asked for


class _Tags(NamedTuple):
    """Weights of the tags of a word: the same for all sets of roles."""

    outside: Tensor  # [predicates, 1]
    begin: Tensor  # [predicates, 1, roles], as are the others; the core roles first
    inside: Tensor
    end: Tensor
    single: Tensor


class _States(NamedTuple):
    """Sums over what comes before, or after, a boundary between words, divided by exp(`scale`)."""

    outside: Tensor  # [predicates, sets]: no argument goes across it
    opened: Tensor  # [predicates, sets, roles]: one of that role does; the core roles first
    scale: Tensor  # [predicates]


class RoleSets(nn.Module):
    """The sets of core roles that a predicate may have had so far, and how an argument leads from one to another.

    A module so that its buffers move between devices; it has no weights.
    """

    before: Tensor  # [sets, roles]: the set before an argument of the role, if this is the set after; n_sets: none
    after: Tensor  # [sets, roles]: the set after an argument of the role, if this is the set before; n_sets: none
    order: Tensor  # [roles]: core roles, then the others
    sizes: Tensor  # [sets]: how many core roles they have

    def __init__(self, n_roles: int, core: Collection[int]) -> None:
        super().__init__()
        self.n_roles, self.n_core, self.n_sets = n_roles, len(core), 1 << len(core)
        sets = torch.arange(self.n_sets)
        before, after = (sets[:, None].repeat(1, n_roles) for _ in range(2))
        for place, role in enumerate(sorted(core)):
            holds_role = (sets >> place & 1).bool()
            before[:, role] = torch.where(holds_role, sets - (1 << place), self.n_sets)
            after[:, role] = torch.where(holds_role, self.n_sets, sets + (1 << place))
        order = [*sorted(core), *(role for role in range(n_roles) if role not in core)]
        self.register_buffer("order", torch.tensor(order, dtype=torch.long), persistent=False)
        sizes = torch.tensor([number.bit_count() for number in range(self.n_sets)])
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("before", before, persistent=False)
        self.register_buffer("after", after, persistent=False)


def sum_sequences(sets: RoleSets, scores: Tensor, lengths: Tensor, *, marginals: bool = False) -> Sums:
    """The sums for ``scores[predicates, words, tags]``: in numbers, or in logarithms where numbers become too small."""
    scores = precise(scores)
    sums, lost = sums_in(Numbers, sets, scores, lengths, marginals)
    if lost.any():
        again, _ = sums_in(Logarithms, sets, scores[lost], lengths[lost], marginals)
        for part, new in zip(sums, again, strict=True):
            part[lost] = new
    return sums


def sums_in(
    semiring: Semiring, sets: RoleSets, scores: Tensor, lengths: Tensor, marginals: bool
) -> tuple[Sums, Tensor]:
    """The sums, and ``[predicates]``, True where they may be wrong as numbers became too small.

    Sequences that are in one state keep their proportion from there on, so it does no harm if a small one is lost
    beside others. But no state that can be may be lost: it could be the only one that gets on. What is "open" is at
    least what was "outside" times the weight of a tag, so these two are looked at.
    """
    inside = present(scores, lengths)
    greatest = scores.amax(-1)
    greatest = greatest.where(inside & greatest.isfinite(), 0.0)
    unchanged = scores.new_full(scores.shape[2:], _NOTHING)
    unchanged[0] = unchanged[2::4] = 0.0
    relative = torch.where(inside[..., None], scores - greatest[..., None], unchanged)
    words = [_tags(sets, tags) for tags in semiring.of_log(relative).unbind(1)]
    states = _forward(semiring, sets, words, greatest)
    total = _log_of_outside(semiring, states[-1]).logsumexp(1)
    later, shares = _backward(semiring, sets, words, greatest, states, total if marginals else None)
    before, after = (torch.stack([_log_of_outside(semiring, s) for s in side], 1) for side in (states, later))
    of_tags = torch.stack(shares, 1).masked_fill(~inside[..., None], 0.0) if shares else scores[:, :0]
    smallest = torch.finfo(scores.dtype).tiny
    exact = (relative.amin(-1).where(inside, 0.0) >= math.log(smallest) / 3).all(1)
    words_before = torch.arange(len(states), device=scores.device).minimum(lengths[:, None])
    possible = sets.sizes <= words_before[..., None]  # an argument has a word at least
    for side, can_be in ((states, possible), (later, torch.ones_like(possible))):
        outside = torch.stack([state.outside for state in side], 1)
        exact &= ((outside >= smallest**0.5) | ~can_be).flatten(1).all(1)
    return Sums(total, before, after, of_tags), ~exact


def _tags(sets: RoleSets, values: Tensor) -> _Tags:
    """The weights of ``[predicates, tags]``, core roles first."""
    of_roles = values[:, 1:].view(len(values), 1, sets.n_roles, 4)[:, :, sets.order]
    return _Tags(values[:, :1], *of_roles.unbind(-1))


def _scaled(semiring: Semiring, states: _States, tags: _Tags, greatest: Tensor) -> tuple[_Tags, Tensor]:
    """The weights of a word by which the states do not grow or vanish, and the scale that they have then."""
    most = states.outside.amax(1)
    if states.opened.shape[2]:
        most = torch.maximum(most, states.opened.amax((1, 2)))
    most = most.where(most > semiring.zero, semiring.one)
    weights = (semiring.over(weight, most.view(-1, *[1] * (weight.dim() - 1))) for weight in tags)
    return _Tags(*weights), states.scale + semiring.log(most) + greatest


def _forward(semiring: Semiring, sets: RoleSets, words: Sequence[_Tags], greatest: Tensor) -> list[_States]:
    """The states at each boundary, the beginning first; behind the end of a sentence, those at its end.

    ``greatest[predicates, words]``: the score of the tags whose weight is 1.
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
    """What comes after each boundary; with the `total`, and the `states` before, the marginals of each word too."""
    outside = greatest.new_full((len(greatest), sets.n_sets), semiring.one)
    opened = greatest.new_full((*outside.shape, sets.n_roles), semiring.zero)
    after, marginals = [_States(outside, opened, greatest.new_zeros(len(greatest)))], list[Tensor]()
    n_core = sets.n_core
    to = sets.after[:, sets.order[:n_core]]
    index = to[None].expand(len(outside), -1, -1)
    holds = torch.cat([to == sets.n_sets, to.new_ones(sets.n_sets, sets.n_roles - n_core).bool()], 1)
    for word in range(len(words) - 1, -1, -1):
        outside, opened, _ = after[-1]
        weights, scale = _scaled(semiring, after[-1], words[word], greatest[:, word])
        # What an argument that begins here leads to, by its role.
        core = padded(opened[..., :n_core], semiring.zero).gather(1, index)
        single = padded(outside, semiring.zero)[:, to]
        if total is not None:
            past = states[word]
            unchanged = semiring.over_sets(past.outside, outside[..., None])
            begin = semiring.over_sets(past.outside, torch.cat([core, opened[..., n_core:]], -1))
            alone = [semiring.over_sets(past.outside, single), unchanged.expand(-1, sets.n_roles - n_core)]
            of_tags = [
                semiring.times(weights.begin.squeeze(1), begin),
                semiring.times(weights.inside.squeeze(1), semiring.over_sets(past.opened, opened)),
                semiring.times(weights.end.squeeze(1), semiring.over_sets(outside, past.opened)),
                semiring.times(weights.single.squeeze(1), torch.cat(alone, -1)),
            ]
            of_roles = torch.stack(of_tags, -1)[:, sets.order.argsort()].flatten(1)
            of_all = semiring.log(torch.cat([semiring.times(weights.outside, unchanged), of_roles], 1))
            marginals.append((of_all + (past.scale + scale - total)[:, None]).exp())
        begun = semiring.plus(
            semiring.dot(core, weights.begin[..., :n_core]),
            semiring.dot(opened[..., n_core:], weights.begin[..., n_core:]),
        )
        closed = semiring.plus(begun, semiring.dot(single, weights.single[..., :n_core]))
        free = semiring.plus(weights.outside, semiring.total(weights.single[..., n_core:]))
        # An argument of a core role that is open is in the set: what cannot be must not set the scale.
        ended = semiring.times(outside[..., None], weights.end).masked_fill(~holds, semiring.zero)
        new_opened = semiring.plus_product(ended, opened, weights.inside)
        after.append(_States(semiring.plus_product(closed, outside, free), new_opened, scale))
    return after[::-1], marginals[::-1]


def _log_of_outside(semiring: Semiring, states: _States) -> Tensor:
    return semiring.log(states.outside) + states.scale[:, None]


def precise(scores: Tensor) -> Tensor:
    """The scores in double precision; on MPS devices, which do not have it, in single precision."""
    return scores.float() if scores.device.type == "mps" else scores.double()


def present(scores: Tensor, lengths: Tensor) -> Tensor:
    """``[predicates, words]``: True at real words."""
    return torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]


def padded(values: Tensor, zero: float) -> Tensor:
    """The values, with a set behind the others that nothing leads to."""
    return torch.cat([values, torch.full_like(values[:, :1], zero)], 1)
