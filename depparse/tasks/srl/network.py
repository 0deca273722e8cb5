"""Semantic roles: scores of predicates, of their senses (sense_network.py) and of their arguments
(argument_network.py). All predicates of a batch share one pass of the encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.vocabulary import IGNORE
from depparse.layers.dropout import SharedDropout
from depparse.layers.tensors import Layout
from depparse.layers.trees.path_lstm import Paths
from depparse.layers.trees.paths import PathInputs
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax import Syntax
from depparse.tasks.srl.argument_codec import ArgumentScores
from depparse.tasks.srl.argument_network import Arguments
from depparse.tasks.srl.codec import SrlCodec, SrlScores, SrlTargets
from depparse.tasks.srl.sense_network import Senses
from depparse.tasks.task import Network, NetworkType


class Srl(nn.Module):
    """A perceptron for predicates and senses, and biaffine scores of arguments."""

    Codec = SrlCodec

    def __init__(self, codec: SrlCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config, n_relations = codec, codec.config, len(codec.trees.relations)
        self.syntax = Syntax(config.syntax, widths.context, n_relations)
        inputs = self.syntax.width + widths.inputs
        self.hidden = nn.Sequential(nn.Linear(inputs, config.width), nn.GELU(), SharedDropout(config.dropout))
        self.predicate = nn.Linear(config.width, 1)
        self.senses = Senses(codec.senses, config.width)
        paths = Paths(config.paths, widths.inputs, n_relations) if config.paths is not None else None
        self.arguments = Arguments(codec.arguments, inputs, config.argument_width, config.dropout, paths)

    def forward(self, encoded: Encoded, layout: Layout, trees: Arcs[Tensor] | None) -> SrlScores[Tensor]:
        """Scores of predicates, and vectors for the rest; `trees` are read if the config has `syntax` or `paths`."""
        values = torch.cat([self.syntax(encoded.context, trees, layout), encoded.inputs], -1)
        hidden = self.hidden(values)
        paths = self.arguments.paths
        path_inputs = paths.prepare(encoded.inputs, trees) if paths is not None and trees is not None else None
        return SrlScores(self.predicate(hidden).squeeze(-1).float(), hidden, self.arguments(values, path_inputs))

    def loss(self, scores: SrlScores[Tensor], targets: SrlTargets[Tensor]) -> Tensor:
        """Minus the logarithm of the probability of the gold frames, as a mean over the annotated words."""
        annotated = targets.predicates != IGNORE
        loss = nn.functional.binary_cross_entropy_with_logits(
            scores.predicates[annotated], targets.predicates[annotated].float(), reduction="sum"
        )
        if len(targets.positions):
            sentence, word = targets.positions.T
            lengths = annotated.sum(1)[sentence]
            pair_scores = self.arguments.pair_scores(scores.arguments, targets.positions)
            loss = loss + self.senses.loss(scores.hidden[sentence, word], targets.senses)
            loss = loss + self.arguments.loss(pair_scores, lengths, targets.arguments)
        return loss / annotated.sum().clamp(min=1)

    # -- second stages; `predicates`, `words` and `paths` are those of `ArgumentScores`

    def sense_scripts(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Calls `Senses.sense_scripts`."""
        return self.senses.sense_scripts(hidden)

    def sense_shares(self, hidden: Tensor, candidates: Tensor) -> Tensor:
        """Calls `Senses.sense_shares`."""
        return self.senses.sense_shares(hidden, candidates)

    def argument_heads(
        self, predicates: Tensor, words: Tensor, positions: Tensor, lengths: Tensor, *paths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Calls `Arguments.best_heads` for predicates at ``positions[predicates, 2]``, of ``lengths[predicates]``."""
        return self.arguments.best_heads(self._pair_scores(predicates, words, positions, *paths), lengths)

    def argument_tags(
        self, predicates: Tensor, words: Tensor, positions: Tensor, lengths: Tensor, *paths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Calls `Arguments.best_tags` for predicates at ``positions[predicates, 2]``, of ``lengths[predicates]``."""
        return self.arguments.best_tags(self._pair_scores(predicates, words, positions, *paths), lengths)

    def span_probabilities(self, tag_scores: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Calls `RoleChain.span_probabilities`."""
        return self.arguments.chain.span_probabilities(tag_scores, lengths, spans)

    def _pair_scores(self, predicates: Tensor, words: Tensor, positions: Tensor, *paths: Tensor) -> Tensor:
        """The scores of pairs, ``[predicates, words, scores]``, without ROOT."""
        scores = ArgumentScores(predicates, words, PathInputs(*paths) if paths else None)
        return self.arguments.pair_scores(scores, positions)[:, 1:]


TASK: NetworkType[SrlCodec] = Srl
if TYPE_CHECKING:
    _network: type[Network[Arcs[Tensor] | None, SrlScores[Tensor], SrlTargets[Tensor]]] = Srl
