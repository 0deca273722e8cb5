"""A learned vector for each treebank, the same at all its words (Stymne, de Lhoneux, Smith & Nivre 2018, *Parser
Training with Heterogeneous Treebanks*): what the treebanks of a language have in common is learned together, and how
they differ is learned apart. A sentence of no known treebank is analysed as one of a treebank that the caller chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputNetwork, InputType
from depparse.encoders.treebank.codec import TreebankCodec, TreebankConfig
from depparse.layers.tensors import Layout


class Treebank(nn.Module):
    """The network, from `Layout.sources` to ``[batch, words, width]``; ROOT has the vector of its treebank too."""

    Codec = TreebankCodec

    def __init__(self, codec: TreebankCodec) -> None:
        super().__init__()
        self.codec, self.width = codec, codec.config.width
        self.embedding = nn.Embedding(codec.n_treebanks, self.width)
        nn.init.normal_(self.embedding.weight, std=self.width**-0.5)

    @classmethod
    def build(cls, config: TreebankConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Treebank:
        """The network of these treebanks; data without names is one treebank."""
        return cls(TreebankCodec(config, max(1, len(treebanks))))

    def forward(self, data: None, layout: Layout) -> Tensor:
        """The vector of each sentence's treebank at all its words."""
        vectors: Tensor = self.embedding(layout.sources)
        return vectors[:, None].expand(-1, layout.mask.shape[1], -1)


INPUT: InputType[TreebankCodec, TreebankConfig] = Treebank
if TYPE_CHECKING:
    _network: type[InputNetwork[None]] = Treebank
