"""Transitions are scored from the encoder's vectors of some words of the state (Kiperwasser & Goldberg 2016, *Simple
and Accurate Dependency Parsing Using Bidirectional LSTM Feature Representations*).

Each word is multiplied once with the weights of each place in the state, so that a state takes a sum and one small
product. In training, the states of all sentences are found first, without gradients: with a dynamic oracle some
transitions are the model's own, even if they are wrong (Goldberg & Nivre 2013; Ballesteros et al. 2016, *Training with
Exploration*). Then all of them are scored together. Where we differ: the loss is the logarithm of the probability of
all transitions that lose least, in place of a margin; relations are scored apart, from the two words of each arc.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

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
from depparse.structs.transitions import TRANSITIONS, WORDS, Flags, States
from depparse.tasks.task import Network, NetworkType
from depparse.tasks.transitions.codec import (
    Scorer,
    SystemCodec,
    TransitionsCodec,
    TransitionScores,
    TransitionTargets,
    WordScorer,
)


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
        losses = transition_losses(found, wanted, legal)
        transitions = losses.sum() / (targets.learned != IGNORE).sum().clamp(min=1)
        relations = self.relation_scores(scores.dependents, scores.heads, targets.heads.clamp(min=0))
        gold_labels = targets.labels.masked_fill(~is_annotated, IGNORE)
        return transitions + cross_entropy(relations, gold_labels, self.codec.config.smoothing)

    @torch.no_grad()
    def _states(self, slots: Tensor, targets: TransitionTargets[Tensor]) -> tuple[Ints, Ints, Flags, Flags]:
        """All states on the way to the trees: their sentences, words, wanted and legal transitions."""

        def stage(name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
            tensors = (torch.from_numpy(each).to(slots.device) for each in inputs[1:])
            return (getattr(self, name)(slots, *tensors).cpu().numpy(),)

        empty = np.zeros((0, len(TRANSITIONS)), np.bool_)
        parts = [(np.zeros(0, np.int64), np.zeros((0, WORDS), np.int64), empty, empty)]
        scorer = WordScorer(np.zeros(0, np.float32), stage)
        for states, wanted, legal, learned in steps_to_trees(self.codec, scorer, targets, explores=self.training):
            parts.append((learned, states.words()[learned], wanted[learned], legal[learned]))
        rows, words, *flags = (np.concatenate(each) for each in zip(*parts, strict=True))
        return rows, words, flags[0], flags[1]


class Step(NamedTuple):
    """States of the sentences of a batch on the way to their trees, already scored."""

    states: States
    wanted: Flags  # [batch, transitions], what is to be learned
    legal: Flags  # [batch, transitions]
    learned: Ints  # the numbers of the states from which anything is to be learned


def steps_to_trees(
    codec: SystemCodec[Any], scorer: Scorer, targets: TransitionTargets[Tensor], *, explores: bool
) -> Iterator[Step]:
    """The states between the first ones and those from which nothing can be learned, which final ones are among.

    With a dynamic oracle, a share of the transitions are the best legal ones if it `explores`; all others are the best
    of those that are wanted.
    """
    gold, order = (np.maximum(each.cpu().numpy(), 0) for each in (targets.learned, targets.order))
    lengths = (targets.learned != IGNORE).sum(-1).cpu().numpy()
    states, rows = States.start(codec.config.system, lengths), np.arange(len(lengths))
    gold, order = gold[:, : states.heads.shape[1]], order[:, : states.heads.shape[1]]
    order[:, 0] = lengths + 1
    share = codec.config.exploration if explores and codec.config.oracle == "dynamic" else 0
    while (legal := states.legal()).any():
        wanted = codec.wanted(states, legal, gold, order)
        learned = wanted.any(-1)
        if not learned.any():
            return
        found = scorer.scores(states, rows)
        yield Step(states, wanted, legal, np.flatnonzero(learned))
        chosen = np.where((torch.rand(len(rows)) < share).numpy()[:, None], legal, wanted) if share else wanted
        transitions = np.where(learned, np.where(chosen, found, -np.inf).argmax(-1), -1)
        states = states.take(rows)
        states.apply(transitions)
        scorer.advance(rows, transitions, states)


def transition_losses(scores: Tensor, wanted: Flags, legal: Flags) -> Tensor:
    """The losses ``[states]``: the negative logarithms of the probabilities of all wanted transitions together."""
    wanted_scores, legal_scores = (
        scores.masked_fill(~torch.from_numpy(each).to(scores.device), float("-inf")) for each in (wanted, legal)
    )
    return legal_scores.logsumexp(-1) - wanted_scores.logsumexp(-1)


TASK: NetworkType[TransitionsCodec] = Transitions
if TYPE_CHECKING:
    _network: type[Network[None, TransitionScores[Tensor], TransitionTargets[Tensor]]] = Transitions
