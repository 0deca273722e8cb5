"""Dependency trees by deep biaffine attention (Dozat & Manning 2017, *Deep Biaffine Attention for Neural Dependency
Parsing*).

Each word has a representation as a dependent and one as a head, for arcs and for labels. Labels are scored only for the
arcs of one tree: the gold tree in training, the decoded tree otherwise. Where we differ: scores of arcs are divided by
the square root of their width, and the loss of labels is smoothed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.choices import SHARES
from depparse.features.vocabulary import IGNORE
from depparse.layers.biaffine import with_one
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy, cross_entropy_of_choices
from depparse.layers.tensors import Layout
from depparse.tasks.dependencies.codec import (
    ARCS,
    LABELS,
    TREE,
    DependencyCodec,
    DependencyScores,
    DependencyTargets,
)
from depparse.tasks.task import Network, NetworkType


class Dependencies(nn.Module):
    """Two biaffine forms: one of arcs, one of labels."""

    Codec = DependencyCodec

    def __init__(self, codec: DependencyCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config, n_labels = codec, codec.config, len(codec.labels)
        self.represent = nn.ModuleList(
            nn.Sequential(nn.Linear(widths.context, width), nn.LeakyReLU(0.1), SharedDropout(config.dropout))
            for width in [config.arc_width] * 2 + [config.label_width] * 2
        )
        self.arcs = nn.Parameter(torch.zeros(config.arc_width + 1, config.arc_width))
        self.label_weights = nn.Parameter(torch.zeros(config.label_width + 1, n_labels, config.label_width + 1))

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> DependencyScores[Tensor]:
        """Scores of all arcs, and vectors for those of labels. O(words²)."""
        dependents, heads, label_dependents, label_heads = (layers(encoded.context) for layers in self.represent)
        mixed = (with_one(dependents) @ self.arcs) / self.codec.config.arc_width**0.5
        # A matrix [words, words] takes 400 MB for 10,000 words, so there is only one, which is changed in place.
        arc_scores = (mixed @ heads.transpose(1, 2)).float()
        # No word depends on padding or on itself.
        arc_scores.masked_fill_(~layout.present[:, None, :], float("-inf"))
        arc_scores.diagonal(dim1=1, dim2=2).fill_(float("-inf"))
        return DependencyScores(arc_scores, label_dependents, label_heads)

    def label_scores(self, label_dependents: Tensor, label_heads: Tensor, heads: Tensor) -> Tensor:
        """The scores ``[batch, words, heads, labels]`` of arcs to each word from its ``heads[batch, words, heads]``.

        `label_dependents` and `label_heads` are those of `DependencyScores`.
        """
        width, n_labels = self.label_weights.shape[:2]
        index = heads.flatten(1)[..., None].expand(-1, -1, label_heads.shape[-1])
        chosen = with_one(label_heads.gather(1, index)).view(-1, heads.shape[-1], width)
        # Labels come last, so that the products of rows with the matrix of each word read memory in order.
        weights = self.label_weights.transpose(1, 2).flatten(1)
        by_label = (with_one(label_dependents) @ weights).view(-1, width, n_labels)  # [batch · words, …]
        return torch.bmm(chosen, by_label).view(*heads.shape, -1).float()

    def loss(self, scores: DependencyScores[Tensor], targets: DependencyTargets[Tensor]) -> Tensor:
        """Cross-entropy of heads, and of the labels of gold arcs."""
        heads, labels = targets
        arcs = nn.functional.cross_entropy(
            scores.arc_scores.flatten(0, 1), heads.flatten(), ignore_index=IGNORE, reduction="sum"
        )
        gold_labels = labels.masked_fill(heads == IGNORE, IGNORE)
        chosen = heads.clamp(min=0)[..., None]
        label_scores = self.label_scores(scores.label_dependents, scores.label_heads, chosen).squeeze(2)
        smoothing = self.codec.config.smoothing
        return arcs / (heads != IGNORE).sum().clamp(min=1) + cross_entropy(label_scores, gold_labels, smoothing)

    def loss_of_choices(self, scores: DependencyScores[Tensor], lessons: Mapping[str, Tensor]) -> Tensor:
        """Cross-entropy of heads, and of the labels of the arcs of one tree, with the probabilities of a teacher."""
        arcs = cross_entropy_of_choices(scores.arc_scores, lessons[ARCS], lessons[ARCS + SHARES])
        chosen = lessons[TREE].clamp(min=0)[..., None]
        label_scores = self.label_scores(scores.label_dependents, scores.label_heads, chosen).squeeze(2)
        return arcs + cross_entropy_of_choices(label_scores, lessons[LABELS], lessons[LABELS + SHARES])


TASK: NetworkType[DependencyCodec] = Dependencies
if TYPE_CHECKING:
    _network: type[Network[None, DependencyScores[Tensor], DependencyTargets[Tensor]]] = Dependencies
