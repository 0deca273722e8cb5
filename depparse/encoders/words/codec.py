"""Words as numbers; each frequent form has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.features.batch import Ints, pad
from depparse.features.vocabulary import UNKNOWN, Vocabulary
from depparse.registry import PartConfig
from depparse.text.variants import unified_forms

ROOT = 1  # its number; 0 is UNKNOWN


class WordsConfig(PartConfig):
    """The settings of embeddings of whole forms."""

    type: Literal["words"] = "words"
    width: int = Field(128, ge=1)  # units
    min_count: int = Field(2, ge=1)  # rarer forms of the training data are unknown words
    lowercase: bool = True
    dropout: float = Field(0.2, ge=0, lt=1)  # probability that a word is read as unknown, in training


class WordsCodec:
    """The codec of forms as numbers of a vocabulary."""

    Config = WordsConfig

    def __init__(self, config: WordsConfig, vocabulary: Vocabulary) -> None:
        self.config, self.vocabulary = config, vocabulary

    @classmethod
    def build(cls, config: WordsConfig, sentences: Sequence[Sentence]) -> WordsCodec:
        """The codec of the forms of `sentences`."""
        forms = (_read(form, config) for sentence in sentences for form in unified_forms(sentence))
        return cls(config, Vocabulary.count(forms, min_count=config.min_count, reserved=2))

    def features(self, sentence: Sentence) -> list[int]:
        """The number of each word."""
        return self.vocabulary.numbers(_read(form, self.config) for form in unified_forms(sentence))

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        """The numbers ``[batch, words]``."""
        return pad_numbers(rows)

    def to_json(self) -> Any:
        """The forms."""
        return self.vocabulary.to_json()

    @classmethod
    def from_json(cls, config: WordsConfig, data: Any) -> WordsCodec:
        """The codec of the forms in `data`."""
        return cls(config, Vocabulary(data, reserved=2))


def pad_numbers(rows: Sequence[list[int]]) -> Ints:
    """The numbers of words as an array ``[batch, words]``, with ROOT before each row and unknown words after it."""
    return pad(rows, root=ROOT, padding=UNKNOWN)


def _read(form: str, config: WordsConfig) -> str:
    """The form as the vocabulary has it."""
    return form.lower() if config.lowercase else form


CODEC: InputCodecType[WordsConfig] = WordsCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[list[int], Ints]] = WordsCodec
