"""The encoder: inputs side by side, then an optional context layer over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.config import Config
from depparse.data.batching import Batch
from depparse.data.sentence import Sentence
from depparse.encoders.bilstm import BiLSTM, BiLSTMConfig
from depparse.encoders.characters import Characters, CharactersConfig
from depparse.encoders.dropout import InputDropout, SharedDropout
from depparse.encoders.linear_recurrent import LinearRecurrent, LinearRecurrentConfig
from depparse.encoders.transformer import Transformer, TransformerConfig
from depparse.encoders.words import Words, WordsConfig

InputConfig = Annotated[WordsConfig | CharactersConfig | TransformerConfig, Field(discriminator="type")]
ContextConfig = Annotated[BiLSTMConfig | LinearRecurrentConfig, Field(discriminator="type")]
INPUTS: dict[str, Any] = {"words": Words, "characters": Characters, "transformer": Transformer}
CONTEXTS: dict[str, Any] = {"bilstm": BiLSTM, "linear_recurrent": LinearRecurrent}


class EncoderConfig(Config):
    """Inputs, concatenated; a context layer over them, or none."""

    inputs: tuple[InputConfig, ...] = (WordsConfig(), CharactersConfig())
    context: ContextConfig | None = None
    input_dropout: float = Field(0.33, ge=0, lt=1)  # probability that an input of a word is dropped
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, of the concatenated inputs, the same for a sentence


@dataclass(slots=True)
class Encoded:
    """What tasks read."""

    context: Tensor  # [batch, words, width]: each word in its sentence, ROOT at 0
    inputs: Tensor  # [batch, words, input width]: each word by itself


class Encoder(nn.Module):
    """Batch to Encoded."""

    def __init__(self, config: EncoderConfig, inputs: Sequence[Any]) -> None:
        super().__init__()
        self.config = config
        self.inputs = nn.ModuleList(inputs)
        self.input_width = sum(part.width for part in inputs)
        self.input_dropout, self.dropout = InputDropout(config.input_dropout), SharedDropout(config.dropout)
        self.context = (
            CONTEXTS[config.context.type](config.context, self.input_width) if config.context is not None else None
        )
        self.width: int = self.context.width if self.context is not None else self.input_width

    @classmethod
    def build(cls, config: EncoderConfig, sentences: Sequence[Sentence]) -> Encoder:
        """With the vocabularies of `sentences`."""
        return cls(config, [INPUTS[part.type].build(part, sentences) for part in config.inputs])

    def features(self, sentence: Sentence) -> list[Any]:
        """What each input reads of the sentence."""
        return [part.features(sentence) for part in self.inputs]  # type: ignore[operator]

    def collate(self, rows: Sequence[list[Any]]) -> list[Any]:
        return [part.collate([row[number] for row in rows]) for number, part in enumerate(self.inputs)]  # type: ignore[operator]

    def forward(self, batch: Batch) -> Encoded:
        parts = [part(data) for part, data in zip(self.inputs, batch.inputs, strict=True)]
        together = torch.cat(self.input_dropout(parts), -1)
        values = self.dropout(together)
        if self.context is not None:
            values = self.context(values, batch.lengths)
        return Encoded(values, together)

    def to_json(self) -> list[Any]:
        return [part.to_json() for part in self.inputs]  # type: ignore[operator]

    @classmethod
    def from_json(cls, config: EncoderConfig, data: Sequence[Any]) -> Encoder:
        pairs = zip(config.inputs, data, strict=True)
        return cls(config, [INPUTS[part.type].from_json(part, item) for part, item in pairs])
