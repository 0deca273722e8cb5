"""Part-of-speech and feature tags: a classifier for each column, over the same vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.choices import SHARES
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy, cross_entropy_of_choices
from depparse.layers.tensors import Layout
from depparse.tasks.tagger.codec import TaggerCodec
from depparse.tasks.task import Network, NetworkType


class Tagger(nn.Module):
    """A perceptron for each column."""

    Codec = TaggerCodec

    def __init__(self, codec: TaggerCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        self.classifiers = nn.ModuleDict(
            {
                column: nn.Sequential(
                    nn.Linear(widths.context + widths.inputs, config.width),
                    nn.GELU(),
                    SharedDropout(config.dropout),
                    nn.Linear(config.width, len(vocabulary)),
                )
                for column, vocabulary in codec.vocabularies.items()
            }
        )

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> list[Tensor]:
        """For each column, the scores of its labels ``[batch, words, labels]``."""
        values = torch.cat([encoded.context, encoded.inputs], -1)
        return [classifier(values) for classifier in self.classifiers.values()]

    def loss(self, scores: list[Tensor], targets: list[Tensor]) -> Tensor:
        """Cross-entropy, summed over the columns."""
        smoothing = self.codec.config.smoothing
        return torch.stack([cross_entropy(s, t, smoothing) for s, t in zip(scores, targets, strict=True)]).sum()

    def loss_of_choices(self, scores: list[Tensor], lessons: Mapping[str, Tensor]) -> Tensor:
        """Cross-entropy with the probabilities of a teacher, summed over the columns."""
        pairs = zip(scores, self.classifiers, strict=True)
        return torch.stack(
            [cross_entropy_of_choices(s, lessons[column], lessons[column + SHARES]) for s, column in pairs]
        ).sum()


TASK: NetworkType[TaggerCodec] = Tagger
if TYPE_CHECKING:
    _network: type[Network[None, list[Tensor], list[Tensor]]] = Tagger
