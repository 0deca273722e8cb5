"""Vectors of words from their characters, with case: a convolution (or BiLSTM) over each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from depparse.config import key_error
from depparse.data.batching import Batch
from depparse.data.fields import UNKNOWN, Vocabulary
from depparse.data.sentence import Sentence
from depparse.registry import PartConfig

_NO_POINT = 0x110000
_ROOT, _BEGIN, _END = 1, 2, 3  # ROOT is spelt with a character of its own


class CharactersConfig(PartConfig):
    """Words read character by character, case kept."""

    type: Literal["characters"] = "characters"
    kind: Literal["cnn", "bilstm"] = "cnn"
    embedding: int = Field(64, ge=1)  # units a character
    width: int = Field(128, ge=2)  # units a word
    windows: tuple[int, ...] = (2, 3, 4, 5)  # characters seen at once by the filters of the cnn
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


class Characters(nn.Module):
    """Each different word of a batch is read once, then its vector is put in all its places."""

    Config = CharactersConfig

    def __init__(self, config: CharactersConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config, self.vocabulary, self.width = config, vocabulary, config.width
        # The characters in order of their code points; then one that no text holds, as there may be none.
        pairs = sorted((ord(char), vocabulary.number(char)) for char in vocabulary.items)
        self._points = np.array([point for point, _ in pairs] + [_NO_POINT], np.uint32)
        self._numbers_of_points = np.array([number for _, number in pairs] + [UNKNOWN])
        self.embedding = nn.Embedding(len(vocabulary), config.embedding)
        nn.init.normal_(self.embedding.weight, std=config.embedding**-0.5)
        if config.kind == "cnn":
            share = [config.width // len(config.windows)] * len(config.windows)
            share[-1] += config.width - sum(share)
            self.convolutions = nn.ModuleList(
                nn.Conv1d(config.embedding, width, window) for width, window in zip(share, config.windows, strict=True)
            )
        else:
            self.lstm = nn.LSTM(config.embedding, config.width // 2, bidirectional=True, batch_first=True)
            self.width = config.width // 2 * 2

    @classmethod
    def build(
        cls, config: CharactersConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()
    ) -> Characters:
        """With the characters of `sentences`."""
        characters = (char for sentence in sentences for form in sentence.columns["FORM"] for char in form)
        return cls(config, Vocabulary.count(characters, min_count=config.min_count, reserved=4))

    def features(self, sentence: Sentence) -> list[str]:
        return [self._cut(form) for form in sentence.columns["FORM"]]

    def _cut(self, form: str) -> str:
        limit = self.config.max_length
        return form if len(form) <= limit else form[: limit // 2] + form[-(limit - limit // 2) :]

    def collate(self, rows: Sequence[list[str]]) -> tuple[Tensor, Tensor, Tensor]:
        """(``[different words, characters]``, their lengths, ``[batch, words]`` places among the different words)."""
        places: dict[str, int] = {}  # ROOT is at place 0, the words follow
        where = torch.zeros(len(rows), 1 + max(map(len, rows)), dtype=torch.long)
        for number, row in enumerate(rows):
            where[number, 1 : len(row) + 1] = torch.as_tensor(
                [places.setdefault(word, len(places) + 1) for word in row]
            )
        lengths = np.array([1, *(len(word) + 2 for word in places)])
        # A fixed least length gives every window something to see, and the same numbers in every batch.
        spelt = np.zeros((len(lengths), max(lengths.max(), *self.config.windows)), np.int64)
        spelt[0, 0] = _ROOT
        spelt[1:, 0] = _BEGIN
        inside = np.arange(spelt.shape[1]) < lengths[:, None] - 1
        inside[:, 0] = False
        spelt[inside] = self._numbers("".join(places))
        spelt[np.arange(1, len(lengths)), lengths[1:] - 1] = _END
        return torch.from_numpy(spelt), torch.from_numpy(lengths), where

    def _numbers(self, text: str) -> NDArray[np.int64]:
        """The vocabulary's number of each character."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        found = np.searchsorted(self._points, points)
        numbers: NDArray[np.int64] = np.where(self._points[found] == points, self._numbers_of_points[found], UNKNOWN)
        return numbers

    def forward(self, words: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Tensor:
        spelt, lengths, where = words
        inside = torch.arange(spelt.shape[1], device=spelt.device) < lengths[:, None]
        if self.training and self.config.dropout:
            hidden = torch.rand(spelt.shape, device=spelt.device) < self.config.dropout
            spelt = spelt.masked_fill(hidden & (spelt > _END), 0)
        embedded = self.embedding(spelt) * inside[..., None]
        if self.config.kind == "cnn":
            vectors = torch.cat([self._convolve(module, embedded, lengths) for module in self.convolutions], -1)
        else:
            packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
            _, (states, _) = self.lstm(packed)
            vectors = torch.cat([states[0], states[1]], -1)
        return vectors[where]

    def _convolve(self, module: nn.Module, embedded: Tensor, lengths: Tensor) -> Tensor:
        seen = module(embedded.transpose(1, 2))
        # Windows that reach beyond the word would let its vector depend on the longest word of the batch. A word
        # shorter than the window has one window, with zeros behind it.
        window = embedded.shape[1] - seen.shape[2] + 1
        last = (lengths - window).clamp(min=0)
        beyond = torch.arange(seen.shape[2], device=seen.device) > last[:, None]
        return torch.relu(seen.masked_fill(beyond[:, None], float("-inf")).amax(2))

    def to_json(self) -> Any:
        return self.vocabulary.to_json()

    @classmethod
    def from_json(cls, config: CharactersConfig, data: Any) -> Characters:
        return cls(config, Vocabulary(data, reserved=4))


INPUT = Characters
