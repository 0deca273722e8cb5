"""A conditional random field over the arguments of a predicate: spans that do not overlap, each core role at most once.

The language is BIOES tags in which no core role begins twice (Papay, Klinger & Padó 2022, *Constraining Linear-chain
CRFs to Regular Languages*, RegCCRF, who try it on semantic roles). Its automaton must remember which core roles have
occurred. So the product with the tags has about 2^k · 4 · roles nodes for k core roles, and up to the square of that
number of arcs: too many for `LinearChain`, which is for any language. Here the same chain is factored:

- Only the beginning of a core role (``B``, ``S``) changes the set of roles; all other steps stay within a set.
- Between arguments only the set matters, so each set has one state "outside", not one for each tag. Within an argument,
  it makes no difference whether ``B`` or ``I`` came last, so each role has one state "open" in each set.
- So transitions have no weights of their own, and this is where we differ. Within an argument, the scores of ``I`` and
  ``E`` already contain such weights; between arguments, they would cost the square of the number of roles.

There remain 2^k · (1 + roles) states, with four arcs for each role (B, I, E, S) and one for ``O``. This takes
O(words · 2^k · roles) time. role_sums.py computes the sums, one step for each word of the longest sentence, for many
predicates side by side; structs/role_sequences.py finds the best sequence.

Scores are ``scores[predicates, words, tags]``, without ROOT. ``lengths[predicates]`` are in words; scores behind the
end are ignored. Tags are ``O`` and then, for each role, ``B``, ``I``, ``E``, ``S``, in this order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from depparse.features.vocabulary import IGNORE
from depparse.layers.role_sums import RoleSets, padded, precise, present, sum_sequences
from depparse.structs.role_sequences import best_arguments

_CELLS = 1 << 21  # states in memory at a time, of all words; more do not fit into the cache
# Few predicates at a time cost as much as many, since the steps from word to word are made one after another. So in
# long sentences there are this many, even if their states do not fit into the cache, but in no more cells than this.
_LEAST, _MOST_CELLS = 8, 1 << 26
_NOTHING = -torch.inf


class RoleChain(nn.Module):
    """The factored chain for `n_roles` roles. The roles numbered in `core` occur at most once. It has no weights."""

    def __init__(self, n_roles: int, core: Collection[int]) -> None:
        super().__init__()
        self.core = sorted(core)
        self.sets = RoleSets(n_roles, core)

    # -- results

    def log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """The logarithm of Σ exp(score) over all sequences, ``[predicates]``.

        The `marginals` are its gradient; there is no second derivative.
        """
        total: Tensor = _LogPartition.apply(scores, lengths, self)  # type: ignore[no-untyped-call]
        return total

    def path_score(self, scores: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """The score of ``tags[predicates, words]``, whether they are in the language or not, ``[predicates]``."""
        inside = tags.masked_fill(~present(scores, lengths), IGNORE)
        return scores.gather(2, inside.clamp(min=0)[..., None]).squeeze(2).masked_fill(inside == IGNORE, 0.0).sum(1)

    def marginals(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """The probability of each tag, ``[predicates, words, tags]``."""
        return self._totals_and_marginals(scores, lengths)[1]

    def span_probabilities(self, scores: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """For each of ``spans[spans, 4]``, the probability that it is an argument, ``[spans]``, in double precision.

        A span is predicate, first word, last word and role, all from 0.
        """
        scores = precise(scores)
        probabilities = scores.new_zeros(len(spans))
        for chunk in _chunks(self.sets, scores):
            in_chunk = (spans[:, 0] >= chunk.start) & (spans[:, 0] < chunk.stop)
            if in_chunk.any():
                rows, first, last, role = spans[in_chunk].T
                probabilities[in_chunk] = self._probabilities(
                    scores[chunk], lengths[chunk], rows - chunk.start, first, last, role
                )
        return probabilities

    def viterbi(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The best sequence ``tags[predicates, words]``, IGNORE behind its end, and its score ``[predicates]``."""
        arrays = scores.numpy(force=True), lengths.numpy(force=True)
        tags, best = best_arguments(*arrays, self.sets.n_roles, self.core, IGNORE)
        return torch.from_numpy(tags).to(scores.device), torch.from_numpy(best).to(scores.device)

    # -- the algorithms

    def _totals_and_marginals(self, scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        totals, marginals = scores.new_zeros(len(scores)), torch.zeros_like(scores)
        for rows in _chunks(self.sets, scores):
            sums = sum_sequences(self.sets, scores[rows], lengths[rows], marginals=True)
            totals[rows] = sums.total.to(scores.dtype)
            marginals[rows] = sums.marginals.to(scores.dtype)
        return totals, marginals

    def _probabilities(
        self, scores: Tensor, lengths: Tensor, rows: Tensor, first: Tensor, last: Tensor, role: Tensor
    ) -> Tensor:
        """`span_probabilities` of one chunk: the score of each span, with the sums before and after it."""
        sums = sum_sequences(self.sets, scores, lengths)
        tag, positions = 1 + 4 * role, torch.arange(scores.shape[1], device=scores.device)
        within = (positions > first[:, None]) & (positions < last[:, None])
        several = scores[rows, :, tag + 1].masked_fill(~within, 0.0).sum(1)
        several = several + scores[rows, first, tag] + scores[rows, last, tag + 2]
        score = torch.where(first == last, scores[rows, first, tag + 3], several)
        later = padded(sums.after[rows, last + 1], _NOTHING).gather(1, self.sets.after.T[role])
        logarithms = (sums.before[rows, first] + later).logsumexp(-1) + score - sums.total[rows]
        return logarithms.exp().clamp(max=1.0)


class _LogPartition(torch.autograd.Function):
    """The log-partition. The marginals, its gradient, are computed with it, so that no states have to be kept."""

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


def _chunks(sets: RoleSets, scores: Tensor) -> Iterator[slice]:
    """The predicates in chunks, so small that the states of all their words fit into the cache, or at least memory."""
    n_cells = max(1, scores.shape[1]) * sets.n_sets * (1 + sets.n_roles)
    several = max(1, _CELLS // n_cells, min(_LEAST, _MOST_CELLS // n_cells))
    for start in range(0, len(scores), several):
        yield slice(start, min(start + several, len(scores)))
