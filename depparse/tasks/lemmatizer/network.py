"""Lemmas: a classifier over edit scripts, which reads the word by itself beside the word in its sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.tasks.lemmatizer.codec import LemmatizerCodec
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


TASK: NetworkType[LemmatizerCodec] = Lemmatizer
if TYPE_CHECKING:
    _network: type[Network[None, Tensor, Tensor]] = Lemmatizer
