"""Part-of-speech and feature tags: a classifier for each column, over the same representation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch, pad_labels
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.registry import PartConfig

Column = Literal["UPOS", "XPOS", "FEATS"]


class TaggerConfig(PartConfig):
    """Tags of words."""

    type: Literal["tagger"] = "tagger"
    columns: tuple[Column, ...] = ("UPOS", "XPOS", "FEATS")  # those that the data does not annotate are left out
    width: int = Field(200, ge=1)  # units of the hidden layer of each column
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike


class Tagger(nn.Module):
    """A whole FEATS cell is one label: features of a word depend on each other, and combinations are few."""

    Config = TaggerConfig

    def __init__(self, config: TaggerConfig, encoder: Encoder, vocabularies: dict[str, Vocabulary]) -> None:
        super().__init__()
        self.config, self.vocabularies = config, vocabularies
        width = encoder.width + encoder.input_width
        self.classifiers = nn.ModuleDict(
            {
                column: nn.Sequential(
                    nn.Linear(width, config.width),
                    nn.GELU(),
                    SharedDropout(config.dropout),
                    nn.Linear(config.width, len(vocabulary)),
                )
                for column, vocabulary in vocabularies.items()
            }
        )

    @classmethod
    def build(cls, config: TaggerConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> Tagger | None:
        """With the labels of `sentences`. FEATS ``_`` is a label (no features) if any word has features."""
        vocabularies: dict[str, Vocabulary] = {}
        for column in config.columns:
            cells = (cell for s in sentences for cell in s.columns.get(column, ()))
            vocabulary = Vocabulary.count(cell for cell in cells if cell != "_" or column == "FEATS")
            if any(label != "_" for label in vocabulary.items):
                vocabularies[column] = vocabulary
        return cls(config, encoder, vocabularies) if vocabularies else None

    def targets(self, sentence: Sentence) -> list[list[int]]:
        return [
            vocabulary.numbers(sentence.columns.get(column, ["\t"] * len(sentence)), IGNORE)
            for column, vocabulary in self.vocabularies.items()
        ]

    def collate(self, rows: Sequence[list[list[int]]]) -> list[Tensor]:
        return [pad_labels([row[number] for row in rows]) for number in range(len(self.vocabularies))]

    def forward(self, encoded: Encoded, batch: Batch) -> list[Tensor]:
        """Scores of labels, ``[batch, words, labels]`` for each column."""
        values = torch.cat([encoded.context, encoded.inputs], -1)
        return [classifier(values) for classifier in self.classifiers.values()]

    def loss(self, scores: list[Tensor], targets: list[Tensor]) -> Tensor:
        losses = [cross_entropy(s, t, self.config.smoothing) for s, t in zip(scores, targets, strict=True)]
        return torch.stack(losses).sum()

    def predict(self, scores: list[Tensor], batch: Batch) -> list[list[list[int]]]:
        """Label numbers: for each sentence, for each column, for each word."""
        best = [column.argmax(-1).tolist() for column in scores]
        return [
            [rows[number][1 : example.length + 1] for rows in best] for number, example in enumerate(batch.examples)
        ]

    def annotate(self, sentence: Sentence, prediction: list[list[int]]) -> None:
        for (column, vocabulary), numbers in zip(self.vocabularies.items(), prediction, strict=True):
            sentence.columns[column] = [vocabulary.item(number) for number in numbers]

    def writes(self) -> tuple[str, ...]:
        return tuple(self.vocabularies)

    def to_json(self) -> Any:
        return {column: vocabulary.to_json() for column, vocabulary in self.vocabularies.items()}

    @classmethod
    def from_json(cls, config: TaggerConfig, encoder: Encoder, data: Any) -> Tagger:
        return cls(config, encoder, {column: Vocabulary(items) for column, items in data.items()})


def cross_entropy(scores: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean over the annotated words; 0 (with a gradient of 0) where none is annotated."""
    flat = targets.flatten()
    total = nn.functional.cross_entropy(
        scores.flatten(0, -2).float(), flat, ignore_index=IGNORE, label_smoothing=smoothing, reduction="sum"
    )
    return total / (flat != IGNORE).sum().clamp(min=1)


TASK = Tagger
