"""A learned vector for each treebank, the same at all its words (Stymne, de Lhoneux, Smith & Nivre 2018, *Parser
Training with Heterogeneous Treebanks*): what the treebanks of a language have in common is learned together, and how
they differ is learned apart. A sentence of no known treebank is analysed as one of a treebank that the caller chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch
from depparse.data.sentence import Sentence
from depparse.registry import PartConfig


class TreebankConfig(PartConfig):
    """Embeddings of treebanks."""

    type: Literal["treebank"] = "treebank"
    width: int = Field(12, ge=1)  # units


class Treebank(nn.Module):
    """`Batch.sources` to ``[batch, words, width]``; ROOT has the vector of its treebank too."""

    Config = TreebankConfig

    def __init__(self, config: TreebankConfig, n_treebanks: int) -> None:
        super().__init__()
        self.config, self.width, self.n_treebanks = config, config.width, n_treebanks
        self.embedding = nn.Embedding(n_treebanks, config.width)
        nn.init.normal_(self.embedding.weight, std=config.width**-0.5)

    @classmethod
    def build(cls, config: TreebankConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Treebank:
        """Data without names is one treebank."""
        return cls(config, max(1, len(treebanks)))

    def features(self, sentence: Sentence) -> None:
        """Nothing: the treebank is known by the batch."""

    def collate(self, rows: Sequence[None]) -> None:
        """Nothing either."""

    def forward(self, nothing: None, batch: Batch) -> Tensor:
        vectors: Tensor = self.embedding(batch.sources)
        return vectors[:, None].expand(-1, batch.mask.shape[1], -1)

    def to_json(self) -> Any:
        return self.n_treebanks

    @classmethod
    def from_json(cls, config: TreebankConfig, data: Any) -> Treebank:
        return cls(config, data)


INPUT = Treebank
