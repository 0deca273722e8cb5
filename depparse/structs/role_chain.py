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
one step for each word of the longest sentence, in logarithms, for many predicates side by side.

Scores are ``scores[predicates, words, tags]``, without ROOT, and ``lengths[predicates]`` in words; what stands behind
is ignored. Tags are ``O`` and, for each role, ``B``, ``I``, ``E``, ``S``, in this order: `role_tags`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from depparse.data.fields import IGNORE

_CELLS = 1 << 24  # states of all words that are in memory at a time
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


class _Scores(NamedTuple):
    """Scores of tags, of one word: ``[predicates, 1]`` and ``[predicates, 1, roles]``, for all sets of roles alike."""

    outside: Tensor
    begin: Tensor
    inside: Tensor
    end: Tensor
    single: Tensor


class _States(NamedTuple):
    """Logarithms of sums over what comes before, or after, a boundary between words."""

    outside: Tensor  # [predicates, sets]: no argument goes across it
    opened: Tensor  # [predicates, sets, roles]: one of that role does


class RoleChain(nn.Module):
    """The factored chain for so many roles; those numbered in `core` occur at most once. It has no weights."""

    before: Tensor  # [sets, roles]: the set before an argument of the role, if this is the set after; n_sets: none
    after: Tensor  # [sets, roles]: the set after an argument of the role, if this is the set before; n_sets: none

    beginnings: Tensor  # [core roles, 2]: their tags B and S

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
        begin = 1 + 4 * torch.tensor(sorted(core), dtype=torch.long)
        self.register_buffer("beginnings", torch.stack([begin, begin + 3], 1), persistent=False)
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
        found: dict[RoleSpan, float] = {}
        for rows in self._chunks(scores):
            here = [span for span in spans if rows.start <= span.predicate < rows.stop]
            if here:
                found.update(zip(here, self._probabilities(scores[rows], lengths[rows], rows.start, here), strict=True))
        return [found[span] for span in spans]

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

    def _by_word(self, scores: Tensor, lengths: Tensor) -> list[_Scores]:
        known = scores.masked_fill(~_present(scores, lengths)[..., None], 0.0)
        words = []
        for word in range(scores.shape[1]):
            tags = known[:, word, 1:].view(-1, 1, self.n_roles, 4).unbind(-1)
            words.append(_Scores(known[:, word, :1], *tags))
        return words

    def _start(self, scores: Tensor) -> _States:
        outside = scores.new_full((len(scores), self.n_sets), _NOTHING)
        outside[:, 0] = 0.0
        return _States(outside, scores.new_full((len(scores), self.n_sets, self.n_roles), _NOTHING))

    def _forward(self, scores: Tensor, lengths: Tensor) -> list[_States]:
        """The states at each boundary, the beginning first; behind the end of a sentence, those at its end."""
        states = [self._start(scores)]
        for word, part in enumerate(self._by_word(scores, lengths)):
            outside, opened = states[-1]
            source = _padded(outside)[:, self.before]
            new_opened = torch.logaddexp(source + part.begin, opened + part.inside)
            closed = torch.cat([source + part.single, opened + part.end, (outside + part.outside)[..., None]], -1)
            there = (word < lengths)[:, None]
            states.append(
                _States(
                    torch.where(there, closed.logsumexp(-1), outside), torch.where(there[..., None], new_opened, opened)
                )
            )
        return states

    def _backward(
        self, scores: Tensor, lengths: Tensor, states: Sequence[_States] = (), total: Tensor | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """What comes after each boundary, of "outside"; with the `states` before and the `total`, marginals too."""
        first = self._start(scores)
        outside, opened = torch.zeros_like(first.outside), first.opened
        after, marginals = [outside], torch.zeros_like(scores)
        index = self.after[None].expand(len(scores), -1, -1)
        words = self._by_word(scores, lengths)
        for word in range(scores.shape[1] - 1, -1, -1):
            part, there = words[word], word < lengths
            begin = _padded(opened).gather(1, index) + part.begin
            single = _padded(outside)[:, self.after] + part.single
            inside, end, out = opened + part.inside, outside[..., None] + part.end, outside + part.outside
            if total is not None:
                past_outside, past_opened = (state - total.view(-1, *[1] * (state.dim() - 1)) for state in states[word])
                by_role = [(past_outside[..., None], begin), (past_opened, inside), (past_opened, end)]
                by_role.append((past_outside[..., None], single))
                tags = torch.stack([(past + future).exp().sum(1) for past, future in by_role], -1).flatten(1)
                found = torch.cat([(past_outside + out).exp().sum(1, keepdim=True), tags], 1)
                marginals[:, word] = found.masked_fill(~there[:, None], 0.0)
            new_outside = torch.cat([begin, single, out[..., None]], -1).logsumexp(-1)
            outside = torch.where(there[:, None], new_outside, outside)
            opened = torch.where(there[:, None, None], torch.logaddexp(inside, end), opened)
            after.append(outside)
        return after[::-1], marginals

    def _totals_and_marginals(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        totals, marginals = scores.new_zeros(len(scores)), torch.zeros_like(scores)
        for rows in self._chunks(scores):
            states = self._forward(scores[rows], lengths[rows])
            totals[rows] = states[-1].outside.logsumexp(-1)
            _, marginals[rows] = self._backward(scores[rows], lengths[rows], states, totals[rows])
        return totals, marginals

    def _probabilities(self, scores: Tensor, lengths: Tensor, start: int, spans: Sequence[RoleSpan]) -> list[float]:
        past = torch.stack([state.outside for state in self._forward(scores, lengths)])
        future, _ = self._backward(scores, lengths)
        total = past[-1].logsumexp(-1)
        rows, first, last, role = torch.tensor(spans, device=scores.device).T
        rows = rows - start
        tag, words = 1 + 4 * role, torch.arange(scores.shape[1], device=scores.device)
        within = (words > first[:, None]) & (words < last[:, None])
        several = scores[rows, :, tag + 1].masked_fill(~within, 0.0).sum(1)
        several = several + scores[rows, first, tag] + scores[rows, last, tag + 2]
        score = torch.where(first == last, scores[rows, first, tag + 3], several)
        later = _padded(torch.stack(future)[last + 1, rows]).gather(1, self.after.T[role])
        found = (past[first, rows] + later).logsumexp(-1) + score - total[rows]
        return found.exp().clamp(max=1.0).tolist()

    def _viterbi(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        outside, opened = self._start(scores)
        begun, closings = [], []  # for each word: whether an open argument begins there, and what ends there
        for word, part in enumerate(self._by_word(scores, lengths)):
            source = _padded(outside)[:, self.before]
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


def _padded(values: Tensor) -> Tensor:
    """With a set behind the others that nothing leads to."""
    return torch.cat([values, torch.full_like(values[:, :1], _NOTHING)], 1)
