"""Lemmas: a classifier over edit scripts, which reads the word by itself beside the word in its sentence."""

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
from depparse.tasks.lemmatizer.codec import SCRIPTS, LemmatizerCodec
from depparse.tasks.task import Network, NetworkType


class Lemmatizer(nn.Module):
    """A perceptron with one hidden layer."""

    Codec = LemmatizerCodec

    def __init__(self, codec: LemmatizerCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        self.classifier = nn.Sequential(
            nn.Linear(widths.context + widths.inputs, config.width),
            nn.GELU(),
            SharedDropout(config.dropout),
            nn.Linear(config.width, len(codec.scripts)),
        )

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> Tensor:
        """Scores of scripts, ``[batch, words, scripts]``."""
        scores: Tensor = self.classifier(torch.cat([encoded.context, encoded.inputs], -1))
        return scores

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy, smoothed."""
        return cross_entropy(scores, targets, self.codec.config.smoothing)

    def loss_of_choices(self, scores: Tensor, lessons: Mapping[str, Tensor]) -> Tensor:
        """Cross-entropy with the probabilities of a teacher."""
        return cross_entropy_of_choices(scores, lessons[SCRIPTS], lessons[SCRIPTS + SHARES])


TASK: NetworkType[LemmatizerCodec] = Lemmatizer
if TYPE_CHECKING:
    _network: type[Network[None, Tensor, Tensor]] = Lemmatizer
