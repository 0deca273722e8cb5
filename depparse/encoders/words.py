"""Word embeddings: a learned vector for each frequent form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch
from depparse.data.fields import UNKNOWN, Vocabulary
from depparse.data.sentence import Sentence
from depparse.registry import PartConfig

ROOT = 1  # its number; 0 is UNKNOWN


class WordsConfig(PartConfig):
    """Embeddings of whole forms."""

    type: Literal["words"] = "words"
    width: int = Field(128, ge=1)  # units
    min_count: int = Field(2, ge=1)  # rarer forms of the training data are unknown words
    lowercase: bool = True
    dropout: float = Field(0.2, ge=0, lt=1)  # probability that a word is read as unknown, in training


class Words(nn.Module):
    """``[batch, words]`` numbers to ``[batch, words, width]`` vectors; ROOT and unknown words have vectors too."""

    Config = WordsConfig

    def __init__(self, config: WordsConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config, self.vocabulary, self.width = config, vocabulary, config.width
        self.embedding = nn.Embedding(len(vocabulary), config.width)
        nn.init.normal_(self.embedding.weight, std=config.width**-0.5)

    @classmethod
    def build(cls, config: WordsConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Words:
        """With the vocabulary of `sentences`."""
        forms = (_read(form, config) for sentence in sentences for form in sentence.columns["FORM"])
        return cls(config, Vocabulary.count(forms, min_count=config.min_count, reserved=2))

    def features(self, sentence: Sentence) -> list[int]:
        return self.vocabulary.numbers(_read(form, self.config) for form in sentence.columns["FORM"])

    def collate(self, rows: Sequence[list[int]]) -> Tensor:
        return pad_numbers(rows)

    def forward(self, numbers: Tensor, batch: Batch) -> Tensor:
        if self.training:
            numbers = hide_words(numbers, self.config.dropout)
        vectors: Tensor = self.embedding(numbers)
        return vectors

    def to_json(self) -> Any:
        return self.vocabulary.to_json()

    @classmethod
    def from_json(cls, config: WordsConfig, data: Any) -> Words:
        return cls(config, Vocabulary(data, reserved=2))


def pad_numbers(rows: Sequence[list[int]]) -> Tensor:
    """Numbers of words as ``[batch, words]``, with ROOT before them and unknown words behind."""
    numbers = torch.full((len(rows), 1 + max(map(len, rows))), UNKNOWN)
    numbers[:, 0] = ROOT
    for place, row in enumerate(rows):
        numbers[place, 1 : len(row) + 1] = torch.as_tensor(row)
    return numbers


def hide_words(numbers: Tensor, probability: float) -> Tensor:
    """Makes words unknown with that probability, but not ROOT."""
    if not probability:
        return numbers
    hidden = torch.rand(numbers.shape, device=numbers.device) < probability
    return numbers.masked_fill(hidden & (numbers != ROOT), UNKNOWN)


def _read(form: str, config: WordsConfig) -> str:
    return form.lower() if config.lowercase else form


INPUT = Words
