"""Word embeddings: a learned vector for each frequent form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputNetwork, InputType
from depparse.encoders.words.codec import ROOT, WordsCodec, WordsConfig
from depparse.features.vocabulary import UNKNOWN
from depparse.layers.tensors import Layout


class Words(nn.Module):
    """The network, from numbers ``[batch, words]`` to ``[batch, words, width]``.

    ROOT and unknown words have vectors too.
    """

    Codec = WordsCodec

    def __init__(self, codec: WordsCodec) -> None:
        super().__init__()
        self.codec, self.width = codec, codec.config.width
        self.embedding = nn.Embedding(len(codec.vocabulary), self.width)
        nn.init.normal_(self.embedding.weight, std=self.width**-0.5)

    @classmethod
    def build(cls, config: WordsConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Words:
        """The network with the vocabulary of `sentences`."""
        return cls(WordsCodec.build(config, sentences))

    def forward(self, numbers: Tensor, layout: Layout) -> Tensor:
        """The vectors of the words. In training, some words are read as unknown."""
        if self.training:
            numbers = hide_words(numbers, self.codec.config.dropout)
        vectors: Tensor = self.embedding(numbers)
        return vectors


def hide_words(numbers: Tensor, probability: float) -> Tensor:
    """The numbers ``[batch, words]``, in which each word but ROOT is made unknown with this `probability`."""
    if not probability:
        return numbers
    hidden = torch.rand(numbers.shape, device=numbers.device) < probability
    return numbers.masked_fill(hidden & (numbers != ROOT), UNKNOWN)


INPUT: InputType[WordsCodec, WordsConfig] = Words
if TYPE_CHECKING:
    _network: type[InputNetwork[Tensor]] = Words
