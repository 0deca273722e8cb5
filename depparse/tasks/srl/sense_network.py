"""Scores of senses: those of edit scripts that make the lemma, and those of the rolesets that the lemma has.

Each roleset has weights of its own besides those of its suffix, which all lemmas share.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.features.vocabulary import IGNORE
from depparse.tasks.srl.sense_codec import SenseCodec, SenseTargets


class Senses(nn.Module):
    """Scores of scripts and of rolesets, from vectors ``[predicates, width]``."""

    suffix_of: Tensor  # [rolesets]

    def __init__(self, codec: SenseCodec, width: int) -> None:
        super().__init__()
        self.n_scripts, n_rolesets = codec.n_scripts, len(codec.rolesets)
        self.script_scores = nn.Linear(width, len(codec.scripts))
        self.suffix_scores = nn.Linear(width, len(codec.suffixes))
        self.own_weights, self.own_biases = nn.Embedding(n_rolesets, width), nn.Embedding(n_rolesets, 1)
        for own in (self.own_weights, self.own_biases):
            nn.init.zeros_(own.weight)
        self.register_buffer("suffix_of", torch.tensor(codec.suffix_of), persistent=False)

    def loss(self, hidden: Tensor, targets: SenseTargets[Tensor]) -> Tensor:
        """Minus the logarithm of the probability of the gold senses, summed."""
        scripts = nn.functional.cross_entropy(
            self.script_scores(hidden).float(), targets.scripts, ignore_index=IGNORE, reduction="sum"
        )
        rolesets = nn.functional.cross_entropy(
            self._choices(hidden, targets.candidates), targets.chosen, ignore_index=IGNORE, reduction="sum"
        )
        return scripts + rolesets

    def sense_scripts(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """``[predicates, scripts]``: the probabilities of the most probable scripts, the best first; their numbers."""
        shares, numbers = self.script_scores(hidden).float().softmax(-1).topk(self.n_scripts)
        return shares, numbers

    def sense_shares(self, hidden: Tensor, candidates: Tensor) -> Tensor:
        """The probability of each of the rolesets ``candidates[predicates, candidates]`` among those of its row.

        A candidate of -1 is none.
        """
        return self._choices(hidden, candidates).softmax(-1)

    def _choices(self, hidden: Tensor, candidates: Tensor) -> Tensor:
        """The scores of the candidates; -inf where there is none."""
        rolesets = candidates.clamp(min=0)
        own = (self.own_weights(rolesets) @ hidden[..., None] + self.own_biases(rolesets)).squeeze(-1)
        shared = self.suffix_scores(hidden).gather(1, self.suffix_of[rolesets])
        scores: Tensor = (own + shared).float()
        return scores.masked_fill(candidates < 0, float("-inf"))
