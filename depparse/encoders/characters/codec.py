"""Words as characters, with case; each different word of a batch is spelt once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from depparse.config import key_error
from depparse.document.sentence import Sentence
from depparse.encoders.input import InputCodec, InputCodecType
from depparse.features.batch import Ints
from depparse.features.vocabulary import UNKNOWN, Vocabulary
from depparse.registry import PartConfig
from depparse.text.variants import unified_forms

_NO_POINT = 0x110000  # greater than any code point
_ROOT, _BEGIN, END = 1, 2, 3  # ROOT is spelt with a character of its own
Array = TypeVar("Array")  # of NumPy or of torch


class CharactersConfig(PartConfig):
    """The settings of an input that reads words character by character, with case."""

    type: Literal["characters"] = "characters"
    kind: Literal["cnn", "bilstm"] = "cnn"
    embedding: int = Field(64, ge=1)  # units per character
    width: int = Field(128, ge=2)  # units per word
    windows: tuple[int, ...] = (2, 3, 4, 5)  # characters that the filters of the cnn see at once
    min_count: int = Field(2, ge=1)  # rarer characters are unknown
    max_length: int = Field(40, ge=4)  # characters; of a longer word the middle is left out
    dropout: float = Field(0.05, ge=0, lt=1)  # probability that a character is read as unknown, in training

    @field_validator("windows")
    @classmethod
    def _some_windows(cls, windows: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        most = info.data.get("width", len(windows))
        if not 1 <= len(windows) <= most or min(windows) < 1:
            raise key_error("", f"has 1 to {most} (the width) windows of 1 or more characters, not {list(windows)}")
        return windows


class SpeltWords(NamedTuple, Generic[Array]):
    """The different words of a batch, and the places where they stand."""

    characters: Array  # [different words, characters], 0 after the end of a word; the first word is ROOT
    lengths: Array  # [different words], in characters, with the marks of beginning and end
    words: Array  # [batch, words], the number of each word among the different ones


class CharactersCodec:
    """The codec of characters as numbers of a vocabulary."""

    Config = CharactersConfig

    def __init__(self, config: CharactersConfig, vocabulary: Vocabulary) -> None:
        self.config, self.vocabulary = config, vocabulary
        # Code points in rising order. The last one is in no text; it is there as the vocabulary may be empty.
        pairs = sorted((ord(char), vocabulary.number(char)) for char in vocabulary.items)
        self._points = np.array([point for point, _ in pairs] + [_NO_POINT], np.uint32)
        self._numbers_of_points = np.array([number for _, number in pairs] + [UNKNOWN])

    @classmethod
    def build(cls, config: CharactersConfig, sentences: Sequence[Sentence]) -> CharactersCodec:
        """The codec of the characters of `sentences`."""
        characters = (char for sentence in sentences for form in unified_forms(sentence) for char in form)
        return cls(config, Vocabulary.count(characters, min_count=config.min_count, reserved=4))

    def features(self, sentence: Sentence) -> list[str]:
        """The forms; of a long one, its beginning and its end."""
        return [self._cut(form) for form in unified_forms(sentence)]

    def _cut(self, form: str) -> str:
        limit = self.config.max_length
        return form if len(form) <= limit else form[: limit // 2] + form[-(limit - limit // 2) :]

    def collate(self, rows: Sequence[list[str]]) -> SpeltWords[Ints]:
        """The words of several sentences, each different one once."""
        numbers: dict[str, int] = {}  # ROOT is word 0, the others follow
        words = np.zeros((len(rows), 1 + max(map(len, rows))), np.int64)
        for number, row in enumerate(rows):
            words[number, 1 : len(row) + 1] = [numbers.setdefault(word, len(numbers) + 1) for word in row]
        lengths = np.array([1, *(len(word) + 2 for word in numbers)])
        # With at least the length of the longest window, each window has something to see, the same in every batch.
        spelt = np.zeros((len(lengths), max(lengths.max(), *self.config.windows)), np.int64)
        spelt[0, 0] = _ROOT
        spelt[1:, 0] = _BEGIN
        inside = np.arange(spelt.shape[1]) < lengths[:, None] - 1
        inside[:, 0] = False
        spelt[inside] = self._numbers("".join(numbers))
        spelt[np.arange(1, len(lengths)), lengths[1:] - 1] = END
        return SpeltWords(spelt, lengths, words)

    def _numbers(self, text: str) -> Ints:
        """The vocabulary's number of each character."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        index = np.searchsorted(self._points, points)
        numbers: Ints = np.where(self._points[index] == points, self._numbers_of_points[index], UNKNOWN)
        return numbers

    def to_json(self) -> Any:
        """The characters."""
        return self.vocabulary.to_json()

    @classmethod
    def from_json(cls, config: CharactersConfig, data: Any) -> CharactersCodec:
        """The codec of the characters in `data`."""
        return cls(config, Vocabulary(data, reserved=4))


CODEC: InputCodecType[CharactersConfig] = CharactersCodec
if TYPE_CHECKING:
    _codec: type[InputCodec[list[str], SpeltWords[Ints]]] = CharactersCodec
