"""A conditional random field over the arguments of a predicate: spans that do not overlap, each core role at most once.

The language is that of BIOES tags in which no core role begins twice (Papay, Klinger & Padó 2022, *Constraining
Linear-chain CRFs to Regular Languages*, RegCCRF, who try it on semantic roles). Its automaton remembers which core
roles there have been, so the product with the tags has some 2^k · 4 · roles nodes for k core roles, and that number
squared, masks apart, of arcs: too many for `LinearChain`, which is for any language. Here the same chain is factored:

- Only the beginning of a core role (``B``, ``S``) changes the set of roles; all else happens within each set.
- Between arguments all that matters is the set, so there is one state "outside" for it, not one for each tag. Within
  an argument, what follows does not depend on whether its ``B`` or an ``I`` came last: one state "open" a role.
- So transitions have no weights of their own, which is where we differ: within an argument the scores of ``I`` and
  ``E`` hold them already; from one argument to the next they would cost the square of the roles.

That leaves 2^k · (1 + roles) states with four arcs a role (B, I, E, S) and one for ``O``: O(words · 2^k · roles) time,
one step for each word of the longest sentence, for many predicates side by side. Sums are of numbers, scaled word by
word, which takes a fraction of the time of sums in logarithms; a predicate of which numbers would become too small to
count, its scores being far apart, is summed in logarithms.

Scores are ``scores[predicates, words, tags]``, without ROOT, and ``lengths[predicates]`` in words; what stands behind
is ignored. Tags are ``O`` and, for each role, ``B``, ``I``, ``E``, ``S``, in this order: `role_tags`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from depparse.data.fields import IGNORE
from depparse.structs.semirings import Logarithms, Numbers, Semiring

_CELLS = 1 << 21  # states of all words that are in memory at a time; more do not fit into the cache
_NOTHING = -torch.inf


def role_tags(roles: Sequence[str]) -> list[str]:
    """The tags, in the order of the scores."""
    return ["O", *(f"{prefix}-{role}" for role in roles for prefix in "BIES")]


class RoleSpan(NamedTuple):
    """An argument, by places from 0."""

    predicate: int
    first: int
    last: int
    role: int


class _Tags(NamedTuple):
    """Scores of the tags of a word, or their weights: the same for all sets of roles."""

    outside: Tensor  # [predicates, 1]
    begin: Tensor  # [predicates, 1, roles], as are the others
    inside: Tensor
    end: Tensor
    single: Tensor


class _States(NamedTuple):
    """Sums over what comes before, or after, a boundary between words, divided by exp(`scale`)."""

    outside: Tensor  # [predicates, sets]: no argument goes across it
    opened: Tensor  # [predicates, sets, roles]: one of that role does; the core roles first
    scale: Tensor  # [predicates]


class _Sums(NamedTuple):
    """Sums over sequences; the first three in logarithms."""

    total: Tensor  # [predicates]: over all
    before: Tensor  # [predicates, boundaries, sets]: up to a boundary that no argument goes across
    after: Tensor  # the same, from there on
    marginals: Tensor  # [predicates, words, tags]; without words if they are not asked for


class RoleChain(nn.Module):
    """The factored chain for so many roles; those numbered in `core` occur at most once. It has no weights."""

    before: Tensor  # [sets, roles]: the set before an argument of the role, if this is the set after; n_sets: none
    after: Tensor  # [sets, roles]: the set after an argument of the role, if this is the set before; n_sets: none

    beginnings: Tensor  # [core roles, 2]: their tags B and S
    order: Tensor  # [roles]: core roles, then the others
    sizes: Tensor  # [sets]: how many core roles they have

    def __init__(self, n_roles: int, core: Collection[int]) -> None:
        super().__init__()
        self.free = RoleChain(n_roles, ()) if core else None  # without the constraint
        self.n_roles, self.n_sets = n_roles, 1 << len(core)
        sets = torch.arange(self.n_sets)
        before, after = (sets[:, None].repeat(1, n_roles) for _ in range(2))
        for place, role in enumerate(sorted(core)):
            there = (sets >> place & 1).bool()
            before[:, role] = torch.where(there, sets - (1 << place), self.n_sets)
            after[:, role] = torch.where(there, self.n_sets, sets + (1 << place))
        order = [*sorted(core), *(role for role in range(n_roles) if role not in core)]
        self.register_buffer("order", torch.tensor(order, dtype=torch.long), persistent=False)
        begin = 1 + 4 * torch.tensor(sorted(core), dtype=torch.long)
        self.register_buffer("beginnings", torch.stack([begin, begin + 3], 1), persistent=False)
        sizes = torch.tensor([number.bit_count() for number in range(self.n_sets)])
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("before", before, persistent=False)
        self.register_buffer("after", after, persistent=False)

    # -- what is asked for

    def log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """``[predicates]``: the logarithm of Σ exp(score) over all sequences. Its gradient are the `marginals`; a
        second derivative is not to be had."""
        total: Tensor = _LogPartition.apply(scores, lengths, self)  # type: ignore[no-untyped-call]
        return total

    def path_score(self, scores: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """``[predicates]``: the score of ``tags[predicates, words]``, whether they are in the language or not."""
        known = tags.masked_fill(~_present(scores, lengths), IGNORE)
        return scores.gather(2, known.clamp(min=0)[..., None]).squeeze(2).masked_fill(known == IGNORE, 0.0).sum(1)

    def marginals(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """``[predicates, words, tags]``: the probability of each tag."""
        return self._totals_and_marginals(scores, lengths)[1]

    def span_probabilities(self, scores: Tensor, lengths: Tensor, spans: Sequence[RoleSpan]) -> list[float]:
        """For each span the probability that it is an argument of that role, whatever the others are."""
        rows = sorted({span.predicate for span in spans})  # many predicates, such as auxiliaries, have no argument
        place = {row: number for number, row in enumerate(rows)}
        scores, lengths = scores[rows], lengths[rows]
        placed = [span._replace(predicate=place[span.predicate]) for span in spans]
        found: dict[RoleSpan, float] = {}
        for part in self._chunks(scores):
            here = [span for span in placed if part.start <= span.predicate < part.stop]
            found.update(zip(here, self._probabilities(scores[part], lengths[part], part.start, here), strict=True))
        return [found[span] for span in placed]

    def viterbi(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The best sequence ``tags[predicates, words]``, IGNORE behind its end, and its score ``[predicates]``.

        That is the best one of all valid tags, where it has no core role twice, as is the rule: O(words · roles).
        """
        if self.free is not None:
            tags, best = self.free.viterbi(scores, lengths)
            twice = ((tags[..., None, None] == self.beginnings).any(-1).sum(1) > 1).any(-1)
            if twice.any():
                tags[twice], best[twice] = self._constrained(scores[twice], lengths[twice])
            return tags, best
        return self._constrained(scores, lengths)

    def _constrained(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        parts = [self._viterbi(scores[rows], lengths[rows]) for rows in self._chunks(scores)]
        if not parts:
            return lengths.new_zeros(scores.shape[:2]), scores.new_zeros(0)
        tags, best = (torch.cat(part) for part in zip(*parts, strict=True))
        return tags, best

    # -- the algorithms

    def _chunks(self, scores: Tensor) -> Iterator[slice]:
        """So few predicates at a time that the states of all their words fit into memory."""
        several = max(1, _CELLS // (max(1, scores.shape[1]) * self.n_sets * (1 + self.n_roles)))
        for start in range(0, len(scores), several):
            yield slice(start, min(start + several, len(scores)))

    def _by_word(self, scores: Tensor, lengths: Tensor) -> list[_Tags]:
        known = scores.masked_fill(~_present(scores, lengths)[..., None], 0.0)
        words = []
        for word in range(scores.shape[1]):
            tags = known[:, word, 1:].view(-1, 1, self.n_roles, 4).unbind(-1)
            words.append(_Tags(known[:, word, :1], *tags))
        return words

    def _sums(self, scores: Tensor, lengths: Tensor, *, marginals: bool = False) -> _Sums:
        """In numbers or, for a predicate for which they do not do, in logarithms."""
        scores = scores if scores.device.type == "mps" else scores.double()  # which that has not
        sums, lost = self._sums_in(Numbers, scores, lengths, marginals)
        if lost.any():
            again, _ = self._sums_in(Logarithms, scores[lost], lengths[lost], marginals)
            for part, new in zip(sums, again, strict=True):
                part[lost] = new
        return sums

    def _sums_in(self, semiring: Semiring, scores: Tensor, lengths: Tensor, marginals: bool) -> tuple[_Sums, Tensor]:
        """The sums, and ``[predicates]``, True where they may be wrong as numbers became too small.

        Sequences that are in one state keep their proportion from there on, so it does no harm if a small one is lost
        beside others. But no state that can be may be lost: it could be the only one that gets on. What is "open" is at
        least what was "outside" times the weight of a tag, so these two are looked at.
        """
        there = _present(scores, lengths)
        greatest = scores.amax(-1)
        greatest = greatest.where(there & greatest.isfinite(), 0.0)
        unchanged = scores.new_full(scores.shape[2:], _NOTHING)
        unchanged[0] = unchanged[2::4] = 0.0
        relative = torch.where(there[..., None], scores - greatest[..., None], unchanged)
        words = [self._tags(tags) for tags in semiring.of_log(relative).unbind(1)]
        states = self._forward(semiring, words, greatest)
        total = _log_of_outside(semiring, states[-1]).logsumexp(1)
        later, found = self._backward(semiring, words, greatest, states, total if marginals else None)
        before, after = (torch.stack([_log_of_outside(semiring, s) for s in side], 1) for side in (states, later))
        shares = torch.stack(found, 1).masked_fill(~there[..., None], 0.0) if found else scores[:, :0]
        smallest = torch.finfo(scores.dtype).tiny
        kept = (relative.amin(-1).where(there, 0.0) >= math.log(smallest) / 3).all(1)
        places = torch.arange(len(states), device=scores.device).minimum(lengths[:, None])
        possible = self.sizes <= places[..., None]  # an argument has a word at least
        for side, there_are in ((states, possible), (later, torch.ones_like(possible))):
            outside = torch.stack([state.outside for state in side], 1)
            kept &= ((outside >= smallest**0.5) | ~there_are).flatten(1).all(1)
        return _Sums(total, before, after, shares), ~kept

    def _tags(self, values: Tensor) -> _Tags:
        """Of ``[predicates, tags]``, core roles first."""
        of_roles = values[:, 1:].view(len(values), 1, self.n_roles, 4)[:, :, self.order]
        return _Tags(values[:, :1], *of_roles.unbind(-1))

    def _scaled(self, semiring: Semiring, states: _States, tags: _Tags, greatest: Tensor) -> tuple[_Tags, Tensor]:
        """The weights of a word by which the states do not grow or vanish, and the scale that they have then."""
        most = states.outside.amax(1)
        if self.n_roles:
            most = torch.maximum(most, states.opened.amax((1, 2)))
        most = most.where(most > semiring.zero, semiring.one)
        weights = (semiring.over(weight, most.view(-1, *[1] * (weight.dim() - 1))) for weight in tags)
        return _Tags(*weights), states.scale + semiring.log(most) + greatest

    def _forward(self, semiring: Semiring, words: Sequence[_Tags], greatest: Tensor) -> list[_States]:
        """The states at each boundary, the beginning first; behind the end of a sentence, those at its end.

        ``greatest[predicates, words]``: the score of the tags whose weight is 1.
        """
        outside = greatest.new_full((len(greatest), self.n_sets), semiring.zero)
        outside[:, 0] = semiring.one
        opened = greatest.new_full((*outside.shape, self.n_roles), semiring.zero)
        states, n_core = [_States(outside, opened, greatest.new_zeros(len(greatest)))], len(self.beginnings)
        source_of = self.before[:, self.order[:n_core]]
        for word, tags in enumerate(words):
            outside, opened, _ = states[-1]
            part, scale = self._scaled(semiring, states[-1], tags, greatest[:, word])
            source = _padded(outside, semiring.zero)[:, source_of]
            begun = [semiring.times(source, part.begin[..., :n_core])]
            begun.append(semiring.times(outside[..., None], part.begin[..., n_core:]))
            new_opened = semiring.plus_product(torch.cat(begun, -1), opened, part.inside)
            closed = semiring.plus(semiring.dot(source, part.single[..., :n_core]), semiring.dot(opened, part.end))
            free = semiring.plus(part.outside, semiring.total(part.single[..., n_core:]))
            states.append(_States(semiring.plus_product(closed, outside, free), new_opened, scale))
        return states

    def _backward(
        self,
        semiring: Semiring,
        words: Sequence[_Tags],
        greatest: Tensor,
        states: Sequence[_States],
        total: Tensor | None,
    ) -> tuple[list[_States], list[Tensor]]:
        """What comes after each boundary; with the `total`, and the `states` before, the marginals of each word too."""
        outside = greatest.new_full((len(greatest), self.n_sets), semiring.one)
        opened = greatest.new_full((*outside.shape, self.n_roles), semiring.zero)
        after, marginals = [_States(outside, opened, greatest.new_zeros(len(greatest)))], list[Tensor]()
        n_core = len(self.beginnings)
        to = self.after[:, self.order[:n_core]]
        index = to[None].expand(len(outside), -1, -1)
        holds = torch.cat([to == self.n_sets, to.new_ones(self.n_sets, self.n_roles - n_core).bool()], 1)
        for word in range(len(words) - 1, -1, -1):
            outside, opened, _ = after[-1]
            part, scale = self._scaled(semiring, after[-1], words[word], greatest[:, word])
            # What an argument that begins here leads to, by its role.
            core = _padded(opened[..., :n_core], semiring.zero).gather(1, index)
            single = _padded(outside, semiring.zero)[:, to]
            if total is not None:
                past = states[word]
                unchanged = semiring.over_sets(past.outside, outside[..., None])
                begin = semiring.over_sets(past.outside, torch.cat([core, opened[..., n_core:]], -1))
                alone = [semiring.over_sets(past.outside, single), unchanged.expand(-1, self.n_roles - n_core)]
                of_tags = [
                    semiring.times(part.begin.squeeze(1), begin),
                    semiring.times(part.inside.squeeze(1), semiring.over_sets(past.opened, opened)),
                    semiring.times(part.end.squeeze(1), semiring.over_sets(outside, past.opened)),
                    semiring.times(part.single.squeeze(1), torch.cat(alone, -1)),
                ]
                of_roles = torch.stack(of_tags, -1)[:, self.order.argsort()].flatten(1)
                found = semiring.log(torch.cat([semiring.times(part.outside, unchanged), of_roles], 1))
                marginals.append((found + (past.scale + scale - total)[:, None]).exp())
            begun = semiring.plus(
                semiring.dot(core, part.begin[..., :n_core]),
                semiring.dot(opened[..., n_core:], part.begin[..., n_core:]),
            )
            closed = semiring.plus(begun, semiring.dot(single, part.single[..., :n_core]))
            free = semiring.plus(part.outside, semiring.total(part.single[..., n_core:]))
            # An argument of a core role that is open is in the set: what cannot be must not set the scale.
            ended = semiring.times(outside[..., None], part.end).masked_fill(~holds, semiring.zero)
            new_opened = semiring.plus_product(ended, opened, part.inside)
            after.append(_States(semiring.plus_product(closed, outside, free), new_opened, scale))
        return after[::-1], marginals[::-1]

    def _totals_and_marginals(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        totals, marginals = scores.new_zeros(len(scores)), torch.zeros_like(scores)
        for rows in self._chunks(scores):
            sums = self._sums(scores[rows], lengths[rows], marginals=True)
            totals[rows] = sums.total.to(scores.dtype)
            marginals[rows] = sums.marginals.to(scores.dtype)
        return totals, marginals

    def _probabilities(self, scores: Tensor, lengths: Tensor, start: int, spans: Sequence[RoleSpan]) -> list[float]:
        sums = self._sums(scores, lengths)
        rows, first, last, role = torch.tensor(spans, device=scores.device).T
        rows = rows - start
        tag, places = 1 + 4 * role, torch.arange(scores.shape[1], device=scores.device)
        within = (places > first[:, None]) & (places < last[:, None])
        several = scores[rows, :, tag + 1].masked_fill(~within, 0.0).sum(1)
        several = several + scores[rows, first, tag] + scores[rows, last, tag + 2]
        score = torch.where(first == last, scores[rows, first, tag + 3], several)
        later = _padded(sums.after[rows, last + 1], _NOTHING).gather(1, self.after.T[role])
        found = (sums.before[rows, first] + later).logsumexp(-1) + score - sums.total[rows]
        return found.exp().clamp(max=1.0).tolist()

    def _viterbi(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        outside = scores.new_full((len(scores), self.n_sets), _NOTHING)
        outside[:, 0] = 0.0
        opened = scores.new_full((*outside.shape, self.n_roles), _NOTHING)
        begun, closings = [], []  # for each word: whether an open argument begins there, and what ends there
        for word, part in enumerate(self._by_word(scores, lengths)):
            source = _padded(outside, _NOTHING)[:, self.before]
            begin, inside = source + part.begin, opened + part.inside
            closed = torch.stack([opened + part.end, source + part.single], -1).flatten(2)  # 2 · role + whether S
            best, closing = closed.max(-1)
            out = outside + part.outside
            begun.append(begin >= inside)
            closings.append(closing.masked_fill(out >= best, -1))
            there = (word < lengths)[:, None]
            outside = torch.where(there, torch.maximum(out, best), outside)
            opened = torch.where(there[..., None], torch.maximum(begin, inside), opened)
        score, place = outside.max(-1)
        rows, role = torch.arange(len(scores), device=scores.device), torch.full_like(place, -1)  # -1: outside
        tags = []
        for word in range(scores.shape[1] - 1, -1, -1):
            closing, within = closings[word][rows, place], role >= 0
            new = torch.where(within, role, closing.div(2, rounding_mode="floor"))
            started = torch.where(within, begun[word][rows, place, role.clamp(min=0)], closing % 2 == 1)
            # Within an argument B or I; else O, or S or E of the role that ends here.
            kind = torch.where(within, torch.where(started, 0, 1), torch.where(started, 3, 2))
            tag = torch.where(new >= 0, 1 + 4 * new + kind, 0)
            there = word < lengths
            tags.append(torch.where(there, tag, IGNORE))
            begins = there & (new >= 0) & started
            place = torch.where(begins, self.before[place, new.clamp(min=0)], place)
            role = torch.where(there, torch.where(begins, -1, new), role)
        return torch.stack(tags[::-1], 1) if tags else lengths.new_zeros((len(scores), 0)), score


class _LogPartition(torch.autograd.Function):
    """Marginals are computed with the sums, some predicates at a time, so that no states have to be kept."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, lengths: Tensor, chain: RoleChain) -> Tensor:
        totals, marginals = chain._totals_and_marginals(scores, lengths)
        ctx.save_for_backward(marginals)
        return totals

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (marginals,) = ctx.saved_tensors
        return marginals * gradient[:, None, None], None, None


def _present(scores: Tensor, lengths: Tensor) -> Tensor:
    """``[predicates, words]``: True at real words."""
    return torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]


def _log_of_outside(semiring: Semiring, states: _States) -> Tensor:
    return semiring.log(states.outside) + states.scale[:, None]


def _padded(values: Tensor, zero: float) -> Tensor:
    """With a set behind the others that nothing leads to."""
    return torch.cat([values, torch.full_like(values[:, :1], zero)], 1)
