"""Vectors of words from their characters, with case, by a convolution or a BiLSTM over each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from depparse.document.sentence import Sentence
from depparse.encoders.characters.codec import END, CharactersCodec, CharactersConfig, SpeltWords
from depparse.encoders.input import InputNetwork, InputType
from depparse.layers.tensors import Layout


class Characters(nn.Module):
    """The network, from `SpeltWords` to ``[batch, words, width]``. It reads each different word of a batch once."""

    Codec = CharactersCodec

    def __init__(self, codec: CharactersCodec) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        self.width = config.width
        self.embedding = nn.Embedding(len(codec.vocabulary), config.embedding)
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
        """The network with the characters of `sentences`."""
        return cls(CharactersCodec.build(config, sentences))

    def forward(self, data: SpeltWords[Tensor], layout: Layout) -> Tensor:
        """The vectors of the words. In training, some characters are read as unknown."""
        spelt, lengths, words = data
        config = self.codec.config
        inside = torch.arange(spelt.shape[1], device=spelt.device) < lengths[:, None]
        if self.training and config.dropout:
            hidden = torch.rand(spelt.shape, device=spelt.device) < config.dropout
            spelt = spelt.masked_fill(hidden & (spelt > END), 0)
        embedded = self.embedding(spelt) * inside[..., None]
        if config.kind == "cnn":
            vectors = torch.cat([self._convolve(module, embedded, lengths) for module in self.convolutions], -1)
        else:
            packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
            _, (states, _) = self.lstm(packed)
            vectors = torch.cat([states[0], states[1]], -1)
        return vectors[words]

    def _convolve(self, module: nn.Module, embedded: Tensor, lengths: Tensor) -> Tensor:
        """The greatest output of each filter over the windows of each word, ``[different words, filters]``."""
        outputs = module(embedded.transpose(1, 2))
        # Windows that reach beyond the word would let its vector depend on the longest word of the batch. A word
        # shorter than the window has one window, with zeros behind it.
        window = embedded.shape[1] - outputs.shape[2] + 1
        last = (lengths - window).clamp(min=0)
        beyond = torch.arange(outputs.shape[2], device=outputs.device) > last[:, None]
        return torch.relu(outputs.masked_fill(beyond[:, None], float("-inf")).amax(2))


INPUT: InputType[CharactersCodec, CharactersConfig] = Characters
if TYPE_CHECKING:
    _network: type[InputNetwork[SpeltWords[Tensor]]] = Characters
