"""The encoder without its networks: its config, and the codecs that turn sentences into arrays. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field, PlainValidator, SerializeAsAny

from depparse.config import Config
from depparse.document.sentence import Sentence
from depparse.encoders.input import AnyInputCodec
from depparse.registry import PartConfig, Registry

INPUTS = Registry("depparse.encoders", "INPUT", "depparse.inputs", has_codecs=True)
CONTEXTS = Registry("depparse.encoders", "CONTEXT", "depparse.contexts")
InputConfig = Annotated[SerializeAsAny[PartConfig], PlainValidator(INPUTS.read)]
ContextConfig = Annotated[
    SerializeAsAny[PartConfig] | None,
    PlainValidator(lambda value: None if value in (None, "none") else CONTEXTS.read(value)),
]


def _words_and_characters() -> tuple[PartConfig, ...]:
    return tuple(INPUTS.read({"type": name}) for name in ("words", "characters"))


class EncoderConfig(Config):
    """The settings of the encoder: inputs, which are concatenated, and a context layer over them, or none."""

    inputs: tuple[InputConfig, ...] = Field(default_factory=_words_and_characters, min_length=1)
    context: ContextConfig = None  # None, or "none" for --set: no context layer
    input_dropout: float = Field(0.33, ge=0, lt=1)  # probability that an input of a word is dropped
    dropout: float = Field(0.33, ge=0, lt=1)  # probability that a unit of all inputs is dropped, in a whole sentence


class Widths(NamedTuple):
    """The numbers of units in the two vectors that tasks read of each word."""

    context: int  # of the word in its sentence
    inputs: int  # of the word by itself


class EncoderCodec:
    """The codecs of all inputs, in their order."""

    def __init__(self, inputs: Sequence[AnyInputCodec]) -> None:
        self.inputs = list(inputs)

    def features(self, sentence: Sentence) -> list[Any]:
        """What each input reads of the sentence."""
        return [codec.features(sentence) for codec in self.inputs]

    def collate(self, rows: Sequence[list[Any]]) -> list[Any]:
        """The features of several sentences side by side, as the arrays of each input."""
        return [codec.collate([row[number] for row in rows]) for number, codec in enumerate(self.inputs)]

    def to_json(self) -> list[Any]:
        """All that the codecs know besides their configs, fit for JSON."""
        return [codec.to_json() for codec in self.inputs]

    @classmethod
    def from_json(cls, config: EncoderConfig, data: Sequence[Any]) -> EncoderCodec:
        """The codecs that gave `data` by `to_json`."""
        pairs = zip(config.inputs, data, strict=True)
        return cls([INPUTS.codec(part.type).from_json(part, item) for part, item in pairs])
