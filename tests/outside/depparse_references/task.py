"""A task: for each word its antecedent, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Ints, pad
from depparse.features.vocabulary import IGNORE
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.tasks.task import Codec, CodecType, Network, NetworkType, Stage, TaskConfig
from depparse_references.annotation import KIND, Reference


class ReferencesConfig(TaskConfig):
    """The settings under model.tasks.NAME of a recipe."""

    type: Literal["references"] = "references"
    width: int = Field(32, ge=1)  # units


class ReferencesCodec:
    """The target of a word is the number of its antecedent, or 0, which is ROOT, if it has none."""

    Config = ReferencesConfig
    reads = ()
    writes = ("REF",)

    def __init__(self, config: ReferencesConfig) -> None:
        self.config = config

    @classmethod
    def build(cls, config: ReferencesConfig, sentences: Sequence[Sentence]) -> ReferencesCodec | None:
        return cls(config) if any(KIND.annotated(sentence) for sentence in sentences) else None

    def targets(self, sentence: Sentence) -> list[int]:
        if not KIND.annotated(sentence):
            return [IGNORE] * len(sentence)
        antecedents = {item.word: item.antecedent for item in sentence.annotation("references")}
        return [antecedents.get(word, 0) for word in range(1, len(sentence) + 1)]

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        return pad(rows)

    def decode(self, scores: NDArray[np.float32], batch: Batch, stage: Stage) -> list[list[Reference]]:
        predictions: list[list[Reference]] = []
        for example, rows in zip(batch.examples, scores.astype(np.float64), strict=True):
            words = range(1, example.length + 1)
            best = rows.argmax(-1).tolist()
            probabilities = np.exp(rows.max(-1) - np.logaddexp.reduce(rows, -1)).tolist()
            predictions.append([Reference(word, best[word], probabilities[word]) for word in words if best[word]])
        return predictions

    def annotate(self, sentence: Sentence, prediction: list[Reference]) -> None:
        sentence.annotate("references", prediction, in_columns=True)

    def to_json(self) -> Any:
        return None

    @classmethod
    def from_json(cls, config: ReferencesConfig, data: Any) -> ReferencesCodec:
        return cls(config)


class References(nn.Module):
    """Scores of pairs of words: the product of a vector of the word and a vector of the antecedent."""

    Codec = ReferencesCodec

    def __init__(self, codec: ReferencesCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, width = codec, codec.config.width
        self.word = nn.Linear(widths.context + widths.inputs, width)
        self.antecedent = nn.Linear(widths.context + widths.inputs, width)

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> Tensor:
        """``scores[batch, words, antecedents]``; no padding is an antecedent."""
        values = torch.cat([encoded.context, encoded.inputs], -1)
        scores: Tensor = self.word(values) @ self.antecedent(values).transpose(1, 2)
        return scores.masked_fill(~layout.present[:, None], -torch.inf)

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(scores, targets)


TASK: NetworkType[ReferencesCodec] = References
if TYPE_CHECKING:
    _codec: type[Codec[list[int], Ints, NDArray[np.float32], list[Reference]]] = ReferencesCodec
    _codec_type: CodecType[ReferencesConfig] = ReferencesCodec
    _network: type[Network[None, Tensor, Tensor]] = References
