"""Dependency trees by attention in two directions that agree (Cheng, Fang, He, Gao & Deng 2016, *Bi-directional
Attention with Agreement for Dependency Parsing*).

In each direction a recurrent network goes from word to word. At each word its state asks all words which of them is the
head. The vectors of possible heads, weighted with the answer, are the soft head of the word, which the network reads at
the next word: so it knows about the heads before without deciding on them. The probabilities of both directions are
multiplied, and each direction and the product learn the gold heads. Scores of arcs are sums of logarithms of
probabilities, so that trees, the k best trees, probabilities and constraints are those of any scores of arcs.

Where we differ: a query and a word are compared by a biaffine form, as in `dependencies`, instead of a perceptron; the
network reads the soft head of one word instead of two; trees are decoded exactly; labels are those of `dependencies`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.vocabulary import IGNORE
from depparse.layers.tensors import Layout
from depparse.tasks.dependencies.codec import DependenciesConfig, DependencyCodec, DependencyScores, DependencyTargets
from depparse.tasks.dependencies.network import Dependencies
from depparse.tasks.task import Network, NetworkType


class AgreementConfig(DependenciesConfig):
    """The settings of the task: HEAD and DEPREL of words, by attention in two directions."""

    type: Literal["agreement"] = "agreement"  # type: ignore[assignment]
    query_width: int = Field(200, ge=1)  # units of the recurrent network of each direction


class AgreementCodec(DependencyCodec):
    """Trees as UD has them."""

    Config = AgreementConfig


class AgreementScores(NamedTuple):
    """The scores of `dependencies`, and those of arcs in each direction."""

    arc_scores: Tensor  # [batch, dependents, heads]: the sum of those of both directions
    label_dependents: Tensor  # [batch, words, label width]
    label_heads: Tensor  # [batch, words, label width]
    directions: Tensor  # [2, batch, dependents, heads]: logarithms of probabilities


class Agreement(Dependencies):
    """Two recurrent networks that ask for heads, and a biaffine form of labels."""

    Codec = AgreementCodec

    def __init__(self, codec: AgreementCodec, widths: Widths) -> None:
        super().__init__(codec, widths)
        width, query_width = codec.config.arc_width, codec.config.query_width  # type: ignore[attr-defined]
        del self.arcs
        self.readers = nn.ModuleList(nn.GRUCell(2 * width, query_width) for _ in range(2))
        self.forms = nn.ParameterList(nn.Parameter(torch.zeros(query_width + 1, width)) for _ in range(2))
        for form in self.forms:
            nn.init.xavier_uniform_(form)

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> AgreementScores:  # type: ignore[override]
        """Scores of all arcs, and vectors for those of labels. O(words²), one word after the other."""
        dependents, heads, label_dependents, label_heads = (layers(encoded.context) for layers in self.represent)
        n_words = dependents.shape[1]
        forbidden = ~layout.present[:, None, :] | torch.eye(n_words, dtype=torch.bool, device=dependents.device)
        directions = torch.stack([
            self._direction(reader, form, dependents, heads, forbidden, layout.present, backwards=number == 1)
            for number, (reader, form) in enumerate(zip(self.readers, self.forms, strict=True))
        ])  # fmt: skip
        return AgreementScores(directions.sum(0), label_dependents, label_heads, directions)

    def _direction(
        self,
        reader: nn.Module,
        form: Tensor,
        dependents: Tensor,
        heads: Tensor,
        forbidden: Tensor,
        present: Tensor,
        *,
        backwards: bool,
    ) -> Tensor:
        """The logarithms of the probabilities of arcs ``[batch, dependents, heads]`` in one direction."""
        n_sentences, n_words, width = heads.shape
        state, soft_head = heads.new_zeros(n_sentences, form.shape[0] - 1), heads.new_zeros(n_sentences, width)
        keys = (heads @ form[:-1].T).transpose(1, 2)  # [batch, query width, heads]
        bias = heads @ form[-1]  # [batch, heads]
        rows: list[Tensor] = [heads.new_empty(0)] * n_words
        for word in reversed(range(n_words)) if backwards else range(n_words):
            is_word = present[:, word, None]
            state = torch.where(is_word, reader(torch.cat([dependents[:, word], soft_head], -1), state), state)
            scores = (torch.bmm(state[:, None], keys)[:, 0] + bias) / width**0.5
            # A sentence of ROOT alone has no head to ask for: its row is not used, but must not be NaN.
            allowed = ~forbidden[:, word]
            scores = scores.float().masked_fill(~allowed, float("-inf"))
            logarithms = torch.where(allowed.any(-1, keepdim=True), scores, 0.0).log_softmax(-1)
            soft_head = torch.where(
                is_word, torch.bmm(logarithms.exp()[:, None].to(heads.dtype), heads)[:, 0], soft_head
            )
            rows[word] = logarithms
        return torch.stack(rows, 1)

    def loss(self, scores: AgreementScores, targets: DependencyTargets[Tensor]) -> Tensor:  # type: ignore[override]
        """The loss of `dependencies` with the product, and cross-entropy of heads in each direction."""
        agreed = super().loss(DependencyScores(*scores[:3]), targets)
        n_words = (targets.heads != IGNORE).sum().clamp(min=1)
        alone = [
            nn.functional.nll_loss(
                logarithms.flatten(0, 1), targets.heads.flatten(), ignore_index=IGNORE, reduction="sum"
            )
            for logarithms in scores.directions
        ]
        return agreed + (alone[0] + alone[1]) / n_words


TASK: NetworkType[AgreementCodec] = Agreement
if TYPE_CHECKING:
    _network: type[Network[None, AgreementScores, DependencyTargets[Tensor]]] = Agreement
