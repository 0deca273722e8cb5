"""Transitions are scored from the encoder's vectors of some words of the state (Kiperwasser & Goldberg 2016, *Simple
and Accurate Dependency Parsing Using Bidirectional LSTM Feature Representations*).

Each word is multiplied once with the weights of each place in the state, so that a state takes a sum and one small
product. In training, the states of all sentences are found first, without gradients: with a dynamic oracle some
transitions are the model's own, even if they are wrong (Goldberg & Nivre 2013; Ballesteros et al. 2016, *Training with
Exploration*). Then all of them are scored together. Where we differ: the loss is the logarithm of the probability of
all transitions that lose least, in place of a margin; relations are scored apart, from the two words of each arc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Ints
from depparse.features.vocabulary import IGNORE
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.structs.transition_oracles import dynamic_costs, static_oracle
from depparse.structs.transitions import TRANSITIONS, WORDS, States
from depparse.tasks.task import Network, NetworkType
from depparse.tasks.transitions.codec import TransitionsCodec, TransitionScores, TransitionTargets


class Transitions(nn.Module):
    """Perceptrons with one hidden layer: one of transitions, one of relations."""

    Codec = TransitionsCodec

    def __init__(self, codec: TransitionsCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        self.dropout = SharedDropout(config.dropout)
        self.slots = nn.Linear(widths.context, WORDS * config.width)
        self.missing = nn.Parameter(torch.zeros(WORDS, config.width))
        self.transitions = nn.Sequential(
            nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.width, len(TRANSITIONS))
        )
        self.dependents = nn.Linear(widths.context, config.label_width)
        self.heads = nn.Linear(widths.context, config.label_width)
        self.relations = nn.Sequential(
            nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.label_width, len(codec.labels))
        )

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> TransitionScores[Tensor]:
        """What transitions and relations are scored from. O(words)."""
        words = self.dropout(encoded.context)
        slots = self.slots(words).unflatten(-1, self.missing.shape)
        missing = self.missing.to(slots.dtype).expand(len(slots), 1, -1, -1)
        return TransitionScores(torch.cat([slots, missing], 1), self.dependents(words), self.heads(words))

    def transition_scores(self, slots: Tensor, rows: Tensor, words: Tensor) -> Tensor:
        """The scores ``[states, transitions]`` of states of the sentences ``rows[states]``, whose ``words[states,
        slots]`` are numbers of words, -1 where there is none. `slots` are those of `TransitionScores`."""
        places = torch.where(words < 0, slots.shape[1] - 1, words)
        hidden = slots[rows[:, None], places, torch.arange(WORDS, device=slots.device)].sum(1)
        scores: Tensor = self.transitions(hidden)
        return scores.float()

    def relation_scores(self, dependents: Tensor, heads: Tensor, chosen: Tensor) -> Tensor:
        """The scores ``[batch, words, relations]`` of arcs to each word from its head ``chosen[batch, words]``."""
        of_heads = heads.gather(1, chosen[..., None].expand(-1, -1, heads.shape[-1]))
        scores: Tensor = self.relations(dependents + of_heads)
        return scores.float()

    def loss(self, scores: TransitionScores[Tensor], targets: TransitionTargets[Tensor]) -> Tensor:
        """The loss of transitions and of the relations of gold arcs, each a mean over words."""
        rows, words, wanted, legal = self._states(scores.slots, targets)
        device = scores.slots.device
        is_annotated = targets.heads != IGNORE
        found = self.transition_scores(scores.slots, *(torch.from_numpy(each).to(device) for each in (rows, words)))
        legal_scores = found.masked_fill(~torch.from_numpy(legal).to(device), float("-inf"))
        wanted_scores = found.masked_fill(~torch.from_numpy(wanted).to(device), float("-inf"))
        losses = legal_scores.logsumexp(-1) - wanted_scores.logsumexp(-1)
        transitions = losses.sum() / (targets.learned != IGNORE).sum().clamp(min=1)
        relations = self.relation_scores(scores.dependents, scores.heads, targets.heads.clamp(min=0))
        gold_labels = targets.labels.masked_fill(~is_annotated, IGNORE)
        return transitions + cross_entropy(relations, gold_labels, self.codec.config.smoothing)

    @torch.no_grad()
    def _states(
        self, slots: Tensor, targets: TransitionTargets[Tensor]
    ) -> tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.bool_]]:
        """All states on the way to the trees: their sentences, words, wanted and legal transitions. Of final states,
        and of those from which no transition is wanted, there are none."""
        gold, order = (np.maximum(each.cpu().numpy(), 0) for each in (targets.learned, targets.order))
        lengths = (targets.learned != IGNORE).sum(-1).cpu().numpy()
        config = self.codec.config
        states, all_rows = States.start(config.system, lengths), np.arange(len(lengths))
        gold, order = gold[:, : states.heads.shape[1]], order[:, : states.heads.shape[1]]
        order[:, 0] = lengths + 1
        parts: list[tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.bool_]]] = []
        while (legal := states.legal()).any():
            if config.oracle == "static":
                wanted = static_oracle(states, gold, order)[:, None] == np.arange(len(TRANSITIONS))
            else:
                costs = dynamic_costs(states, gold, order)
                wanted = legal & (costs == costs.min(-1, keepdims=True))
            learned = wanted.any(-1)
            words = states.words()
            parts.append((all_rows[learned], words[learned], wanted[learned], legal[learned]))
            chosen = wanted
            if config.oracle == "dynamic" and config.exploration and self.training:
                explores = (torch.rand(len(lengths)) < config.exploration).numpy()
                chosen = np.where(explores[:, None], legal, wanted)
            rows, places = (torch.from_numpy(each).to(slots.device) for each in (all_rows, words))
            found = self.transition_scores(slots, rows, places).cpu().numpy()
            best = np.where(chosen, found, -np.inf).argmax(-1)
            states.apply(np.where(learned, best, -1))
            if not learned.any():
                break
        empty = np.zeros((0, len(TRANSITIONS)), np.bool_)
        parts = parts or [(all_rows[:0], np.zeros((0, WORDS), np.int64), empty, empty)]
        rows_of, words_of, wanted_of, legal_of = (np.concatenate(each) for each in zip(*parts, strict=True))
        return rows_of, words_of, wanted_of, legal_of


TASK: NetworkType[TransitionsCodec] = Transitions
if TYPE_CHECKING:
    _network: type[Network[None, TransitionScores[Tensor], TransitionTargets[Tensor]]] = Transitions
