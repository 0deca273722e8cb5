"""The network of the segmenter: tensors in, scores out.

Characters go through convolutions, which decide where tokens end; the tokens, put together from their characters, go
through a linear recurrence, which decides where sentences end and which tokens are of several words. So the many
characters cost little, and what takes a wide view is decided on the few tokens. After Straka & Straková (2017,
*Tokenizing, POS tagging, lemmatizing and parsing UD 2.0 with UDPipe*) and Qi et al. (2018), who decide all three at
each character with a recurrent network.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.config import Config
from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.encoders.linear_recurrent.network import LinearRecurrent
from depparse.features.vocabulary import IGNORE
from depparse.layers.dropout import SharedDropout
from depparse.layers.tensors import to_tensors
from depparse.segmentation.batch import SPACING, Sizes, SymbolBatch
from depparse.segmentation.symbols import UNKNOWN


class SegmenterConfig(Config):
    """The network that segments."""

    embedding: int = Field(48, ge=1)  # units a character, and an n-gram of characters
    width: int = Field(96, ge=1)  # units a character in the convolutions
    layers: int = Field(3, ge=1)  # convolutions
    window: int = Field(5, ge=1)  # characters that a convolution sees
    spread: int = Field(2, ge=1)  # in each further convolution they are so many times as far apart
    ngrams: int = Field(6_000, ge=0)  # n-grams of characters that are known, of each length
    longest: int = Field(4, ge=1)  # characters of an n-gram, from 2 on
    min_count: int = Field(2, ge=1)  # rarer characters, n-grams and words are unknown
    words: int = Field(48, ge=1)  # units of the embedding of a token
    token_width: int = Field(128, ge=2)  # units of a token in the recurrence
    token_layers: int = Field(2, ge=1)
    dropout: float = Field(0.4, ge=0, lt=1)  # probability
    unknown: float = Field(0.2, ge=0, le=0.5)  # probability that an n-gram reads as unknown; a token, twice that


class SegmenterNetwork(nn.Module):
    """Two stages: `ends` scores symbols as ends of tokens, `tokens` the tokens in between. `losses` trains both.

    The stages are functions of tensors alone, so that another engine can compute them.
    """

    def __init__(self, config: SegmenterConfig, sizes: Sizes) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embeddings = nn.ModuleList(nn.Embedding(size, config.embedding) for size in sizes.symbols)
        for embedding in self.embeddings:
            nn.init.normal_(embedding.weight, std=0.5 * config.embedding**-0.5)  # type: ignore[arg-type]
        widths = [config.embedding] + [width] * config.layers
        self.convolutions = nn.ModuleList(
            nn.Conv1d(input_width, width, config.window, padding="same", dilation=config.spread**number)
            for number, input_width in enumerate(widths[: config.layers])
        )
        self.dropout = SharedDropout(config.dropout)
        self.end = nn.Linear(width, 1)
        self.forms = nn.Embedding(sizes.forms, config.words)
        nn.init.normal_(self.forms.weight, std=config.words**-0.5)
        recurrent = LinearRecurrentConfig(
            width=config.token_width, layers=config.token_layers, dropout=config.dropout, expansion=1.0
        )
        self.context = LinearRecurrent(recurrent, 3 * width + config.words + SPACING)
        self.sentence = nn.Linear(config.token_width, 1)
        self.script = nn.Linear(config.token_width, 1 + sizes.scripts)

    @property
    def device(self) -> torch.device:
        """Where the weights are, and what the stages read has to be."""
        return self.end.weight.device

    def ends(self, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """``symbols[kind, b, s]`` to states ``[b, s, width]`` of the symbols, and scores of token ends ``[b, s]``."""
        states = self._symbol_states(symbols)
        return states, self.end(states)[..., 0]

    def tokens(
        self, states: Tensor, firsts: Tensor, lasts: Tensor, forms: Tensor, spacing: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Scores of sentence ends ``[b, t]`` and of scripts ``[b, t, script]``; the inputs of a `TokenBatch`."""
        values = self._token_states(states, firsts, lasts, forms, spacing, lengths)
        return self.sentence(values)[..., 0], self.script(values)

    def losses(self, batch: SymbolBatch) -> dict[str, Tensor]:
        """The loss of each decision, a scalar each."""
        arrays = batch.symbols, batch.ends, batch.sentences, batch.expansions
        symbols, ends, sentences, expansions = to_tensors(arrays, self.device)
        firsts, lasts, forms, spacing, lengths = to_tensors(batch.tokens, self.device)
        if self.training and self.config.unknown:
            # n-grams only: a character is known nearly always, and its category says the rest.
            lost = torch.rand(symbols[2:].shape, device=symbols.device) < self.config.unknown
            lost &= symbols[2:] > 0
            symbols = torch.cat([symbols[:2], symbols[2:].masked_fill(lost, UNKNOWN)])
            forms = forms.masked_fill(torch.rand(forms.shape, device=forms.device) < 2 * self.config.unknown, UNKNOWN)
        states = self._symbol_states(symbols)
        values = self._token_states(states, firsts, lasts, forms, spacing, lengths)
        return {
            "tokens": _binary_loss(self.end(states)[..., 0], ends),
            "sentences": _binary_loss(self.sentence(values)[..., 0], sentences),
            "words": nn.functional.cross_entropy(
                self.script(values).flatten(0, 1), expansions.flatten(), ignore_index=IGNORE, reduction="sum"
            )
            / (expansions != IGNORE).sum().clamp(min=1),
        }

    def _symbol_states(self, symbols: Tensor) -> Tensor:
        """``[kinds, batch, symbols]`` to ``[batch, symbols, width]``."""
        present = (symbols[0] != 0)[..., None]
        values = torch.stack([part(numbers) for part, numbers in zip(self.embeddings, symbols, strict=True)]).sum(0)
        for number, convolution in enumerate(self.convolutions):
            # Beyond its ends a text reads zeros, whatever stands beside it in the batch.
            read = self.dropout(values * present).transpose(1, 2)
            made = nn.functional.relu(convolution(read).transpose(1, 2))
            values = made if number == 0 else values + made
        return values * present

    def _token_states(
        self, states: Tensor, firsts: Tensor, lasts: Tensor, forms: Tensor, spacing: Tensor, lengths: Tensor
    ) -> Tensor:
        """Symbols ``[batch, symbols, width]`` to tokens ``[batch, tokens, token_width]``."""
        n_symbols, n_tokens = states.shape[1], firsts.shape[1]
        indices = torch.arange(n_symbols, device=states.device).expand(len(states), -1).contiguous()
        # Each symbol belongs to the token that ends at or after it; those after the last one to none, at the end.
        owners = torch.searchsorted(lasts, indices)
        inside = indices >= firsts.gather(1, owners.clamp(max=n_tokens - 1))
        sums = states.new_zeros(len(states), n_tokens + 1, states.shape[2])
        sums = sums.scatter_add(1, owners[..., None].expand_as(states), states * inside[..., None])
        means = sums[:, :-1] / (lasts - firsts + 1).clamp(min=1)[..., None]
        first, last = (
            states.gather(1, ends.clamp(max=n_symbols - 1)[..., None].expand(-1, -1, states.shape[2]))
            for ends in (firsts, lasts)
        )
        read = torch.cat([first, last, means, self.forms(forms), spacing], -1)
        # The recurrence counts words beside ROOT, and there is no ROOT among the tokens.
        values: Tensor = self.context(self.dropout(read), lengths - 1)
        return values


def _binary_loss(scores: Tensor, targets: Tensor) -> Tensor:
    annotated = targets != IGNORE
    loss = nn.functional.binary_cross_entropy_with_logits(
        scores[annotated], targets[annotated].to(scores.dtype), reduction="sum"
    )
    return loss / annotated.sum().clamp(min=1)
