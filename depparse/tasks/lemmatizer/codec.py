"""Lemmas: each word is given the edit script that makes its lemma from its form (Straka 2018)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.features.batch import Batch, Ints, pad
from depparse.features.edit_scripts import apply_script, make_script
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.tasks.task import Codec, CodecType, Stage, TaskConfig


class LemmatizerConfig(TaskConfig):
    """The settings of the task: lemmas of words."""

    type: Literal["lemmatizer"] = "lemmatizer"
    width: int = Field(200, ge=1)  # units of the hidden layer
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all scripts alike
    min_count: int = Field(1, ge=1)  # rarer scripts are not learned


class LemmatizerCodec:
    """The edit scripts of words, as numbers."""

    Config = LemmatizerConfig
    reads = ()
    writes = ("LEMMA",)

    def __init__(self, config: LemmatizerConfig, scripts: Vocabulary) -> None:
        self.config, self.scripts = config, scripts

    @classmethod
    def build(cls, config: LemmatizerConfig, sentences: Sequence[Sentence]) -> LemmatizerCodec | None:
        """The codec of the scripts of `sentences`."""
        scripts = (script for sentence in sentences for script in _scripts(sentence) if script is not None)
        vocabulary = Vocabulary.count(scripts, min_count=config.min_count)
        return cls(config, vocabulary) if len(vocabulary) else None

    def targets(self, sentence: Sentence) -> list[int]:
        """The number of the script of each word."""
        return [IGNORE if s is None else self.scripts.number(s, IGNORE) for s in _scripts(sentence)]

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        """The numbers of the scripts ``[batch, words]``."""
        return pad(rows)

    def decode(self, scores: NDArray[np.float32], batch: Batch, stage: Stage) -> list[list[int]]:
        """The best script of each word of each sentence. ``scores[batch, words, scripts]``."""
        best = scores.argmax(-1).tolist()
        return [row[1 : example.length + 1] for row, example in zip(best, batch.examples, strict=True)]

    def annotate(self, sentence: Sentence, prediction: list[int]) -> None:
        """Writes what the scripts make of the forms."""
        forms = sentence.columns["FORM"]
        scripts = map(self.scripts.item, prediction)
        sentence.columns["LEMMA"] = [_lemma(script, form) for script, form in zip(scripts, forms, strict=True)]

    def to_json(self) -> Any:
        """The scripts."""
        return self.scripts.to_json()

    @classmethod
    def from_json(cls, config: LemmatizerConfig, data: Any) -> LemmatizerCodec:
        """The codec of the scripts in `data`."""
        return cls(config, Vocabulary(data))


def _scripts(sentence: Sentence) -> list[str | None]:
    """The script of each word; None where no lemma is annotated."""
    forms, lemmas = sentence.columns["FORM"], sentence.columns.get("LEMMA")
    if lemmas is None:
        return [None] * len(forms)
    # An underscore means "not annotated", except as the lemma of an underscore.
    return [make_script(f, x) if x != "_" or f == "_" else None for f, x in zip(forms, lemmas, strict=True)]


def _lemma(script: str, form: str) -> str:
    """The lemma that the script makes of the form, without outer spaces and with single ones inside.

    The form itself if nothing is left.
    """
    lemma = apply_script(script, form)
    return re.sub("  +", " ", lemma.strip()) or form


CODEC: CodecType[LemmatizerConfig] = LemmatizerCodec
if TYPE_CHECKING:
    _codec: type[Codec[list[int], Ints, NDArray[np.float32], list[int]]] = LemmatizerCodec
