"""Pretrained word vectors of a file as an input (word2vec, fastText: see features/vectors.py).

The model keeps the rows of the words in the training data and of the most frequent ones in the file, and is saved with
them. So words that are not in the training data get a vector too, and a loaded model needs no file. All rows are scaled
by one number, so that the mean square of their units is 1 for any file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputNetwork, InputType
from depparse.encoders.vectors.codec import RESERVED, VectorsCodec, VectorsConfig, readings
from depparse.encoders.words.codec import ROOT
from depparse.encoders.words.network import hide_words
from depparse.errors import ConfigError
from depparse.features.vectors import read_vectors
from depparse.features.vocabulary import Vocabulary
from depparse.layers.tensors import Layout
from depparse.text.variants import unified_forms


class Vectors(nn.Module):
    """The network, from numbers ``[batch, words]`` to ``[batch, words, width]``.

    ROOT and unknown words have learned vectors.
    """

    Codec = VectorsCodec

    def __init__(self, codec: VectorsCodec, rows: Tensor | None = None) -> None:
        """`rows` are the pretrained vectors ``[words, units]``; without them, zeros stand in until they are loaded."""
        super().__init__()
        self.codec, self.width = codec, codec.config.width
        rows = torch.zeros(len(codec.vocabulary.items), codec.units) if rows is None else rows
        self.pretrained = nn.Embedding(rows.shape[0], rows.shape[1], _weight=rows)
        self.pretrained.requires_grad_(not codec.config.frozen)
        self.project = nn.Linear(rows.shape[1], self.width)
        self.special = nn.Parameter(torch.randn(RESERVED, self.width) * self.width**-0.5)

    def pretrained_parameters(self) -> Iterator[nn.Parameter]:
        """The rows of the file."""
        return self.pretrained.parameters()

    @classmethod
    def build(cls, config: VectorsConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Vectors:
        """The network with the file's rows. Raises FormatError, or ConfigError if no word of `sentences` has a row."""
        forms = {form for sentence in sentences for form in unified_forms(sentence)}
        needed = {reading for form in forms for reading in readings(form)}
        vectors = read_vectors(config.file, needed, config.limit)
        if forms and needed.isdisjoint(vectors.words):
            raise ConfigError(
                f"{config.file} has none of the {len(forms):,} words of the training data: is it of the same language?"
            )
        rows = torch.from_numpy(vectors.rows.copy())
        scale = rows.square().mean().sqrt().clamp(min=1e-8)
        codec = VectorsCodec(config, Vocabulary(vectors.words, RESERVED), rows.shape[1])
        return cls(codec, rows.div_(scale))

    def forward(self, numbers: Tensor, layout: Layout) -> Tensor:
        """The projected vectors. In training, some words are read as unknown."""
        if self.training:
            numbers = hide_words(numbers, self.codec.config.dropout)
        special = nn.functional.embedding(numbers.clamp(max=ROOT), self.special)
        projected = self.project(self.pretrained((numbers - RESERVED).clamp(min=0)))
        return torch.where((numbers < RESERVED)[..., None], special.to(projected.dtype), projected)


INPUT: InputType[VectorsCodec, VectorsConfig] = Vectors
if TYPE_CHECKING:
    _network: type[InputNetwork[Tensor]] = Vectors
