"""The network of the segmenter, from tensors to scores.

Convolutions read the characters and score where tokens end. A linear recurrence reads the tokens, each made from its
characters, and scores where sentences end and which tokens are multiword. So the many characters cost little, and the
decisions that need a wide context are made on the few tokens. We follow Straka & Straková (2017,
*Tokenizing, POS tagging, lemmatizing and parsing UD 2.0 with UDPipe*) and Qi et al. (2018), who make all three
decisions at each character with a recurrent network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.encoders.linear_recurrent.config import LinearRecurrentConfig
from depparse.encoders.linear_recurrent.network import LinearRecurrent
from depparse.features.choices import SHARES
from depparse.features.vocabulary import IGNORE
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy, cross_entropy_of_choices
from depparse.layers.tensors import to_tensors
from depparse.segmentation.batch import SCRIPTS, SPACING, Sizes, SymbolBatch
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.symbols import UNKNOWN


class SegmenterNetwork(nn.Module):
    """The network in two stages: `ends` scores symbols as ends of tokens, `tokens` scores tokens. `losses` trains both.

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
        """The device of the weights, on which the input of the stages has to be."""
        return self.end.weight.device

    def ends(self, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """From ``symbols[kind, b, s]``: states of the symbols ``[b, s, width]`` and scores of token ends ``[b, s]``."""
        states = self._symbol_states(symbols)
        return states, self.end(states)[..., 0]

    def tokens(
        self, states: Tensor, firsts: Tensor, lasts: Tensor, forms: Tensor, spacing: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The scores of sentence ends ``[b, t]`` and of scripts ``[b, t, script]``, from what a `TokenBatch` has."""
        values = self._token_states(states, firsts, lasts, forms, spacing, lengths)
        return self.sentence(values)[..., 0], self.script(values)

    def losses(self, batch: SymbolBatch) -> dict[str, Tensor]:
        """The loss of each decision, a scalar."""
        arrays = batch.symbols, batch.ends, batch.sentences, batch.expansions
        symbols, ends, sentences, expansions = to_tensors(arrays, self.device)
        firsts, lasts, forms, spacing, lengths = to_tensors(batch.tokens, self.device)
        if self.training and self.config.unknown:
            # N-grams are replaced, and the treebank, if there are several. Characters are not: they are nearly always
            # known, and categories tell of unknown ones.
            replaced = torch.rand(symbols[2:].shape, device=symbols.device) < self.config.unknown
            replaced &= symbols[2:] > 0
            symbols = torch.cat([symbols[:2], symbols[2:].masked_fill(replaced, UNKNOWN)])
            forms = forms.masked_fill(torch.rand(forms.shape, device=forms.device) < 2 * self.config.unknown, UNKNOWN)
        states = self._symbol_states(symbols)
        values = self._token_states(states, firsts, lasts, forms, spacing, lengths)
        if batch.scripts is None:
            words = cross_entropy(self.script(values), expansions)
        else:
            scripts = to_tensors(batch.scripts, self.device)
            words = cross_entropy_of_choices(self.script(values), scripts[SCRIPTS], scripts[SCRIPTS + SHARES])
        return {
            "tokens": _binary_loss(self.end(states)[..., 0], ends),
            "sentences": _binary_loss(self.sentence(values)[..., 0], sentences),
            "words": words,
        }

    def _symbol_states(self, symbols: Tensor) -> Tensor:
        """The states of the symbols, ``[batch, symbols, width]``, from ``[kinds, batch, symbols]``."""
        present = (symbols[0] != 0)[..., None]
        pairs = zip(self.embeddings, symbols, strict=True)
        values = torch.stack([embedding(numbers) for embedding, numbers in pairs]).sum(0)
        for number, convolution in enumerate(self.convolutions):
            # Beyond the ends of a text, convolutions read zeros, so other texts in the batch change nothing.
            convolution_input = self.dropout(values * present).transpose(1, 2)
            new = nn.functional.relu(convolution(convolution_input).transpose(1, 2))
            values = new if number == 0 else values + new
        return values * present

    def _token_states(
        self, states: Tensor, firsts: Tensor, lasts: Tensor, forms: Tensor, spacing: Tensor, lengths: Tensor
    ) -> Tensor:
        """The states of the tokens, ``[batch, tokens, token_width]``, from those of the symbols."""
        n_symbols, n_tokens = states.shape[1], firsts.shape[1]
        indices = torch.arange(n_symbols, device=states.device).expand(len(states), -1).contiguous()
        # The owner of a symbol is the token that ends at or after it. Symbols after the last token go to an extra cell.
        owners = torch.searchsorted(lasts, indices)
        inside = indices >= firsts.gather(1, owners.clamp(max=n_tokens - 1))
        sums = states.new_zeros(len(states), n_tokens + 1, states.shape[2])
        sums = sums.scatter_add(1, owners[..., None].expand_as(states), states * inside[..., None])
        means = sums[:, :-1] / (lasts - firsts + 1).clamp(min=1)[..., None]
        first, last = (
            states.gather(1, ends.clamp(max=n_symbols - 1)[..., None].expand(-1, -1, states.shape[2]))
            for ends in (firsts, lasts)
        )
        token_input = torch.cat([first, last, means, self.forms(forms), spacing], -1)
        # The recurrence expects lengths without ROOT, but tokens have no ROOT, so one token takes its place.
        values: Tensor = self.context(self.dropout(token_input), lengths - 1)
        return values


def _binary_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """The mean loss over the targets that are not IGNORE."""
    annotated = targets != IGNORE
    loss = nn.functional.binary_cross_entropy_with_logits(
        scores[annotated], targets[annotated].to(scores.dtype), reduction="sum"
    )
    return loss / annotated.sum().clamp(min=1)
