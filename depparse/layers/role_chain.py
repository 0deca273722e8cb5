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
one step for each word of the longest sentence, for many predicates side by side. role_sums.py adds them up.

Scores are ``scores[predicates, words, tags]``, without ROOT, and ``lengths[predicates]`` in words; what stands behind
is ignored. Tags are ``O`` and, for each role, ``B``, ``I``, ``E``, ``S``, in this order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from depparse.features.vocabulary import IGNORE
from depparse.layers.role_sums import RoleSets, padded, precise, present, sum_sequences

_CELLS = 1 << 21  # states of all words that are in memory at a time; more do not fit into the cache
_NOTHING = -torch.inf


class _TagScores(NamedTuple):
    """Scores of the tags of a word: the same for all sets of roles."""

    outside: Tensor  # [predicates, 1]
    begin: Tensor  # [predicates, 1, roles], as are the others
    inside: Tensor
    end: Tensor
    single: Tensor


class RoleChain(nn.Module):
    """The factored chain for so many roles; those numbered in `core` occur at most once. It has no weights."""

    beginnings: Tensor  # [core roles, 2]: their tags B and S

    def __init__(self, n_roles: int, core: Collection[int]) -> None:
        super().__init__()
        self.free = RoleChain(n_roles, ()) if core else None  # without the constraint
        self.sets = RoleSets(n_roles, core)
        begin = 1 + 4 * torch.tensor(sorted(core), dtype=torch.long)
        self.register_buffer("beginnings", torch.stack([begin, begin + 3], 1), persistent=False)

    # -- what is asked for

    def log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """``[predicates]``: the logarithm of Σ exp(score) over all sequences. Its gradient are the `marginals`; a
        second derivative is not to be had."""
        total: Tensor = _LogPartition.apply(scores, lengths, self)  # type: ignore[no-untyped-call]
        return total

    def path_score(self, scores: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """``[predicates]``: the score of ``tags[predicates, words]``, whether they are in the language or not."""
        inside = tags.masked_fill(~present(scores, lengths), IGNORE)
        return scores.gather(2, inside.clamp(min=0)[..., None]).squeeze(2).masked_fill(inside == IGNORE, 0.0).sum(1)

    def marginals(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """``[predicates, words, tags]``: the probability of each tag."""
        return self._totals_and_marginals(scores, lengths)[1]

    def span_probabilities(self, scores: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """For each of ``spans[spans, 4]`` (predicate, first and last word, role, all from 0) the probability that it is
        an argument of that role, whatever the others are: ``[spans]``, in double precision."""
        scores = precise(scores)
        probabilities = scores.new_zeros(len(spans))
        for part in self._chunks(scores):
            here = (spans[:, 0] >= part.start) & (spans[:, 0] < part.stop)
            if here.any():
                rows, first, last, role = spans[here].T
                probabilities[here] = self._probabilities(
                    scores[part], lengths[part], rows - part.start, first, last, role
                )
        return probabilities

    def viterbi(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The best sequence ``tags[predicates, words]``, IGNORE behind its end, and its score ``[predicates]``.

        Mostly that is the best one of all valid tags, as it has no core role twice: O(words · roles). The sets of core
        roles are gone through only where it has.
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
        n_states = self.sets.n_sets * (1 + self.sets.n_roles)
        several = max(1, _CELLS // (max(1, scores.shape[1]) * n_states))
        for start in range(0, len(scores), several):
            yield slice(start, min(start + several, len(scores)))

    def _by_word(self, scores: Tensor, lengths: Tensor) -> list[_TagScores]:
        inside = scores.masked_fill(~present(scores, lengths)[..., None], 0.0)
        words = []
        for word in range(scores.shape[1]):
            tags = inside[:, word, 1:].view(-1, 1, self.sets.n_roles, 4).unbind(-1)
            words.append(_TagScores(inside[:, word, :1], *tags))
        return words

    def _totals_and_marginals(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        totals, marginals = scores.new_zeros(len(scores)), torch.zeros_like(scores)
        for rows in self._chunks(scores):
            sums = sum_sequences(self.sets, scores[rows], lengths[rows], marginals=True)
            totals[rows] = sums.total.to(scores.dtype)
            marginals[rows] = sums.marginals.to(scores.dtype)
        return totals, marginals

    def _probabilities(
        self, scores: Tensor, lengths: Tensor, rows: Tensor, first: Tensor, last: Tensor, role: Tensor
    ) -> Tensor:
        sums = sum_sequences(self.sets, scores, lengths)
        tag, positions = 1 + 4 * role, torch.arange(scores.shape[1], device=scores.device)
        within = (positions > first[:, None]) & (positions < last[:, None])
        several = scores[rows, :, tag + 1].masked_fill(~within, 0.0).sum(1)
        several = several + scores[rows, first, tag] + scores[rows, last, tag + 2]
        score = torch.where(first == last, scores[rows, first, tag + 3], several)
        later = padded(sums.after[rows, last + 1], _NOTHING).gather(1, self.sets.after.T[role])
        logarithms = (sums.before[rows, first] + later).logsumexp(-1) + score - sums.total[rows]
        return logarithms.exp().clamp(max=1.0)

    def _viterbi(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        outside = scores.new_full((len(scores), self.sets.n_sets), _NOTHING)
        outside[:, 0] = 0.0
        opened = scores.new_full((*outside.shape, self.sets.n_roles), _NOTHING)
        begun, closings = [], []  # for each word: whether an open argument begins there, and what ends there
        for word, tags in enumerate(self._by_word(scores, lengths)):
            source = padded(outside, _NOTHING)[:, self.sets.before]
            begin, inside = source + tags.begin, opened + tags.inside
            closed = torch.stack([opened + tags.end, source + tags.single], -1).flatten(2)  # 2 · role + whether S
            best, closing = closed.max(-1)
            out = outside + tags.outside
            begun.append(begin >= inside)
            closings.append(closing.masked_fill(out >= best, -1))
            real = (word < lengths)[:, None]
            outside = torch.where(real, torch.maximum(out, best), outside)
            opened = torch.where(real[..., None], torch.maximum(begin, inside), opened)
        score, state = outside.max(-1)
        rows, role = torch.arange(len(scores), device=scores.device), torch.full_like(state, -1)  # -1: outside
        path = []
        for word in range(scores.shape[1] - 1, -1, -1):
            closing, within = closings[word][rows, state], role >= 0
            new = torch.where(within, role, closing.div(2, rounding_mode="floor"))
            started = torch.where(within, begun[word][rows, state, role.clamp(min=0)], closing % 2 == 1)
            # Within an argument B or I; else O, or S or E of the role that ends here.
            kind = torch.where(within, torch.where(started, 0, 1), torch.where(started, 3, 2))
            tag = torch.where(new >= 0, 1 + 4 * new + kind, 0)
            real = word < lengths
            path.append(torch.where(real, tag, IGNORE))
            begins = real & (new >= 0) & started
            state = torch.where(begins, self.sets.before[state, new.clamp(min=0)], state)
            role = torch.where(real, torch.where(begins, -1, new), role)
        return torch.stack(path[::-1], 1) if path else lengths.new_zeros((len(scores), 0)), score


class _LogPartition(torch.autograd.Function):
    """The logarithm of the sum; marginals are computed with it, some predicates at a time, so that no states have to be
    kept."""

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
