"""Pretrained word vectors of a file as an input (word2vec, fastText: see data/vectors.py).

The model keeps the rows of the training data and the most frequent ones of the file, and is saved with them: words
that the training data does not have get a vector too, and a loaded model needs no file. All rows are scaled by one
number, so that their units have a mean square of 1, whatever the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch
from depparse.data.fields import UNKNOWN, Vocabulary
from depparse.data.sentence import Sentence
from depparse.data.vectors import read_vectors
from depparse.encoders.words import ROOT, hide_words, pad_numbers
from depparse.errors import ConfigError
from depparse.registry import PartConfig

_RESERVED = 2  # UNKNOWN and ROOT


class VectorsConfig(PartConfig):
    """Pretrained vectors of words, and a learned projection of them."""

    type: Literal["vectors"] = "vectors"
    file: str  # .vec or .txt, .bin (word2vec or fastText), each also .gz; read in training only
    limit: int = Field(100_000, ge=0)  # rows from the begin of the file that are kept for new words
    width: int = Field(128, ge=1)  # units that the vectors are projected to
    frozen: bool = True  # else the rows are fine-tuned, with the learning rate of pretrained weights
    dropout: float = Field(0.05, ge=0, lt=1)  # probability that a word is read as unknown, in training


class Vectors(nn.Module):
    """``[batch, words]`` numbers to ``[batch, words, width]``; ROOT and unknown words have learned vectors."""

    Config = VectorsConfig

    def __init__(self, config: VectorsConfig, vocabulary: Vocabulary, rows: Tensor) -> None:
        super().__init__()
        self.config, self.vocabulary, self.width = config, vocabulary, config.width
        self.pretrained = nn.Embedding(rows.shape[0], rows.shape[1], _weight=rows)
        self.pretrained.requires_grad_(not config.frozen)
        self.project = nn.Linear(rows.shape[1], config.width)
        self.special = nn.Parameter(torch.randn(_RESERVED, config.width) * config.width**-0.5)

    @classmethod
    def build(cls, config: VectorsConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Vectors:
        """Reads the file. Raises FormatError, and ConfigError if it knows no word of `sentences`."""
        forms = {form for sentence in sentences for form in sentence.columns["FORM"]}
        needed = {reading for form in forms for reading in _readings(form)}
        found = read_vectors(config.file, needed, config.limit)
        if forms and needed.isdisjoint(found.words):
            raise ConfigError(
                f"{config.file} has none of the {len(forms):,} words of the training data: is it of the same language?"
            )
        rows = torch.from_numpy(found.rows.copy())
        scale = rows.square().mean().sqrt().clamp(min=1e-8)
        return cls(config, Vocabulary(found.words, _RESERVED), rows.div_(scale))

    def features(self, sentence: Sentence) -> list[int]:
        return [self._number(form) for form in sentence.columns["FORM"]]

    def _number(self, form: str) -> int:
        numbers = (self.vocabulary.number(reading) for reading in _readings(form))
        return next((number for number in numbers if number != UNKNOWN), UNKNOWN)

    def collate(self, rows: Sequence[list[int]]) -> Tensor:
        return pad_numbers(rows)

    def forward(self, numbers: Tensor, batch: Batch) -> Tensor:
        if self.training:
            numbers = hide_words(numbers, self.config.dropout)
        special = nn.functional.embedding(numbers.clamp(max=ROOT), self.special)
        projected = self.project(self.pretrained((numbers - _RESERVED).clamp(min=0)))
        return torch.where((numbers < _RESERVED)[..., None], special.to(projected.dtype), projected)

    def to_json(self) -> Any:
        return {"words": self.vocabulary.to_json(), "units": self.pretrained.embedding_dim}

    @classmethod
    def from_json(cls, config: VectorsConfig, data: Any) -> Vectors:
        rows = torch.zeros(len(data["words"]), data["units"])
        return cls(config, Vocabulary(data["words"], _RESERVED), rows)


def _readings(form: str) -> Iterator[str]:
    """How a form may stand in the file, the best first: as it is, in lower case; inner spaces as underscores."""
    for spaced in (form, form.replace(" ", "_")) if " " in form else (form,):
        yield spaced
        yield spaced.lower()


INPUT = Vectors
