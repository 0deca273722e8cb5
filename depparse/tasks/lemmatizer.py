"""Lemmas: each word is given the edit script that makes its lemma from its form (Straka 2018)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch, pad_labels
from depparse.data.edit_scripts import apply_script, make_script
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.registry import PartConfig
from depparse.tasks.tagger import cross_entropy


class LemmatizerConfig(PartConfig):
    """Lemmas of words."""

    type: Literal["lemmatizer"] = "lemmatizer"
    width: int = Field(200, ge=1)  # units of the hidden layer
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all scripts alike
    min_count: int = Field(1, ge=1)  # rarer scripts are not learned


class Lemmatizer(nn.Module):
    """A classifier over edit scripts, which reads the word by itself beside the word in its sentence."""

    Config = LemmatizerConfig

    def __init__(self, config: LemmatizerConfig, encoder: Encoder, scripts: Vocabulary) -> None:
        super().__init__()
        self.config, self.scripts = config, scripts
        self.classifier = nn.Sequential(
            nn.Linear(encoder.width + encoder.input_width, config.width),
            nn.GELU(),
            SharedDropout(config.dropout),
            nn.Linear(config.width, len(scripts)),
        )

    @classmethod
    def build(cls, config: LemmatizerConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> Lemmatizer | None:
        """With the scripts of `sentences`."""
        scripts = (script for sentence in sentences for script in _scripts(sentence) if script is not None)
        vocabulary = Vocabulary.count(scripts, min_count=config.min_count)
        return cls(config, encoder, vocabulary) if len(vocabulary) else None

    def targets(self, sentence: Sentence) -> list[int]:
        return [IGNORE if s is None else self.scripts.number(s, IGNORE) for s in _scripts(sentence)]

    def collate(self, rows: Sequence[list[int]]) -> Tensor:
        return pad_labels(rows)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """Scores of scripts, ``[batch, words, scripts]``."""
        scores: Tensor = self.classifier(torch.cat([encoded.context, encoded.inputs], -1))
        return scores

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(scores, targets, self.config.smoothing)

    def predict(self, scores: Tensor, batch: Batch) -> list[list[int]]:
        """Script numbers: for each sentence, for each word."""
        best = scores.argmax(-1).tolist()
        return [row[1 : example.length + 1] for row, example in zip(best, batch.examples, strict=True)]

    def annotate(self, sentence: Sentence, prediction: list[int]) -> None:
        forms = sentence.columns["FORM"]
        scripts = map(self.scripts.item, prediction)
        sentence.columns["LEMMA"] = [_lemma(script, form) for script, form in zip(scripts, forms, strict=True)]

    def writes(self) -> tuple[str, ...]:
        return ("LEMMA",)

    def to_json(self) -> Any:
        return self.scripts.to_json()

    @classmethod
    def from_json(cls, config: LemmatizerConfig, encoder: Encoder, data: Any) -> Lemmatizer:
        return cls(config, encoder, Vocabulary(data))


def _scripts(sentence: Sentence) -> list[str | None]:
    forms, lemmas = sentence.columns["FORM"], sentence.columns.get("LEMMA")
    if lemmas is None:
        return [None] * len(forms)
    # An underscore is "not annotated", except as the lemma of an underscore.
    return [make_script(f, x) if x != "_" or f == "_" else None for f, x in zip(forms, lemmas, strict=True)]


def _lemma(script: str, form: str) -> str:
    """What the script makes of the form. Where that leaves spaces at its ends or several at once, those go."""
    lemma = apply_script(script, form)
    return re.sub("  +", " ", lemma.strip()) or form


TASK = Lemmatizer
