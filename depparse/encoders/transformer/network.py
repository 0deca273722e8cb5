"""A pretrained transformer of Hugging Face as an input. It reads subwords and gives a vector for each word.

Layers are mixed by learned weights (Peters et al. 2018, *Deep Contextualized Word Representations*, without their
scale, which the layer above learns), one mix for all or one for each task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import reduce
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.bert import Bert
from depparse.encoders.input import InputNetwork, InputType, InputVectors
from depparse.encoders.subwords import without_unreachable
from depparse.encoders.transformer.codec import (
    KeptLayers,
    Subwords,
    TransformerCodec,
    TransformerConfig,
    plan_pieces,
)
from depparse.encoders.transformer.families import NEAR
from depparse.encoders.transformer.layers import layer_lists, layers_above, recompute
from depparse.encoders.transformer.pretrained import new_network, read_pretrained
from depparse.encoders.transformer.settings import LAYERS, WIDTHS, positions_of, size_of
from depparse.errors import ConfigError, ModelError
from depparse.layers.low_rank import add_adapters
from depparse.layers.tensors import Layout


class Transformer(nn.Module):
    """The network, from `Subwords` to ``[batch, words, width]``; ROOT has the vector of the mark before the text."""

    Codec = TransformerCodec

    def __init__(self, codec: TransformerCodec, pretrained: Any = None) -> None:
        """Without a `pretrained` model, one with the codec's settings is made, whose weights are still to be loaded."""
        super().__init__()
        self.codec = codec
        self.pretrained = new_network(codec.settings) if pretrained is None else pretrained
        self.width: int = size_of(self.pretrained.config.to_dict(), WIDTHS)
        self.depth: int = size_of(self.pretrained.config.to_dict(), LAYERS)
        self.n_layers = min(codec.config.layers, self.depth)
        self.mix = nn.Parameter(torch.zeros(self.n_layers))
        self.pretrained.requires_grad_(not codec.config.frozen)
        if codec.config.frozen_layers:
            for weight, above in self.layers_above():
                if above >= self.depth - codec.config.frozen_layers:
                    weight.requires_grad_(False)
        if codec.config.recompute:
            recompute(self.pretrained, self.depth)
        self._inside: frozenset[str] = frozenset()

    def pretrained_parameters(self) -> Iterator[nn.Parameter]:
        """All weights but those of the mix of layers."""
        parameters: Iterator[nn.Parameter] = self.pretrained.parameters()
        return parameters

    def layers_above(self) -> Iterator[tuple[nn.Parameter, int]]:
        """The weights of `pretrained_parameters`, each with the number of layers above its own."""
        return layers_above(self.pretrained, self.depth)

    def without_unused(self) -> tuple[Transformer, int]:
        """The input without the rows of subwords that no text is split into, and their number.

        Only for BERT with its WordPiece it is known which these are; any other input is returned as it is.
        """
        reduced = without_unreachable(self.codec) if isinstance(self.pretrained, Bert) else None
        if reduced is None:
            return self, 0
        codec, rows = reduced
        smaller = Transformer(codec)
        smaller.mix = self.mix
        state, name = self.state_dict(), "pretrained.embeddings.word_embeddings.weight"
        n_dropped = len(state[name]) - len(rows)
        smaller.load_state_dict(state | {name: state[name][rows]})
        return smaller.train(self.training), n_dropped

    @classmethod
    def build(
        cls, config: TransformerConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()
    ) -> Transformer:
        """The network with the pretrained weights. Raises ConfigError if they cannot be loaded."""
        read = read_pretrained(config.name, download=config.download, depth=config.depth)
        codec = TransformerCodec(config, read.tokenizer, read.settings, _positions(read.network))
        network = cls(codec, read.network)
        if config.frozen_layers > network.depth:
            raise ConfigError(f"frozen_layers = {config.frozen_layers}, but the transformer has {network.depth} layers")
        if config.lora is not None:
            read.network.requires_grad_(False)
            if not add_adapters(layer_lists(read.network, network.depth), **dict(config.lora)):
                kind = codec.settings["model_type"]
                raise ConfigError(f"lora adapts linear layers, and a transformer of the type {kind} has none")
        return network

    def set_tasks(self, n_tasks: int) -> None:
        """Makes a mix for each task beside the shared one, if the config says so."""
        if self.codec.config.mix == "task":
            # All mixes are one parameter, so that it has a gradient even if a task does not read its own mix.
            self.mix = nn.Parameter(torch.zeros((1 + n_tasks) * self.n_layers))

    def add_tasks(self, n_tasks: int) -> None:
        """Makes a mix for each of `n_tasks` more tasks, which begins as a copy of the shared one."""
        if self.codec.config.mix == "task":
            shared = self.mix.detach()[: self.n_layers]
            self.mix = nn.Parameter(torch.cat([self.mix.detach(), shared.repeat(n_tasks)]))

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Keeps the shared mix and those of the tasks of these numbers."""
        if self.codec.config.mix == "task":
            mixes = self.mix.detach().view(-1, self.n_layers)
            self.mix = nn.Parameter(mixes[[0, *(1 + number for number in numbers)]].flatten())

    def show_inside(self, parts: frozenset[str]) -> None:
        """Makes `forward` give ``layers``, ``attention`` or both in its `InputVectors`, as `parts` say."""
        self._inside, self.codec.shows_attention = parts, "attention" in parts
        if "attention" in parts and not isinstance(self.pretrained, Bert):
            self.pretrained.set_attn_implementation("eager")  # the faster implementations do not give it

    @property
    def keeps_vectors(self) -> bool:
        """Whether the pretrained model is frozen, and nothing but its mixed layers is read."""
        return self.codec.config.frozen and not self._inside

    def vectors_to_keep(self, subwords: Subwords[Tensor], layout: Layout) -> Tensor:
        """The layers that are mixed, ``[batch, words, layers, width]``."""
        return torch.stack(self._read(subwords, layout)[0][-self.n_layers :], 2)

    def forward(self, subwords: Subwords[Tensor] | KeptLayers[Tensor], layout: Layout) -> InputVectors:
        """The mixed layers: the shared mix and, if each task has its own, also these.

        Attention of a word to another is summed over the subwords of the other and averaged over its own, as in Clark,
        Khandelwal, Levy & Manning 2019 (*What Does BERT Look At?*). Attention to the mark at the end of the text, and
        to other windows of a long sentence, is left out; ROOT is the mark at the beginning. O(words²).
        """
        config = self.codec.config
        if isinstance(subwords, KeptLayers):
            layers, attention = list(subwords.layers.unbind(2)), list[Tensor]()
        else:
            with torch.set_grad_enabled(torch.is_grad_enabled() and not config.frozen):
                # Pooling and mixing commute, and there are fewer words than subwords.
                layers, attention = self._read(subwords, layout)
        mixes = self.mix.view(-1, self.n_layers).softmax(-1)
        mixed = [
            reduce(torch.add, (weight * layer for weight, layer in zip(weights, layers[-self.n_layers :], strict=True)))
            for weights in mixes
        ]
        by_task = mixed[1:] if config.mix == "task" else ()
        return InputVectors(mixed[0], by_task, layers if "layers" in self._inside else (), attention)

    def _read(self, subwords: Subwords[Tensor], layout: Layout) -> tuple[list[Tensor], list[Tensor]]:
        """The layers that are mixed or shown, each ``[batch, words, width]``, and the attention of all layers if it is
        shown, each ``[batch, heads, words, words]``.

        Windows of similar lengths are read together. The sentences of a batch have similar numbers of words, but a word
        such as a URL may have hundreds of subwords. If all windows were padded to that length, seconds would become
        minutes, and megabytes gigabytes.
        """
        n_sentences, n_words = layout.mask.shape
        longest = subwords.ids.shape[1]
        lengths = subwords.mask.sum(1)
        order = lengths.argsort(stable=True)
        rank = order.argsort()  # the position of each window in that order
        subword_rank = rank[subwords.places // longest]  # that of the window of each subword
        pooled = subwords.firsts if self.codec.config.pooling == "first" else torch.ones_like(subwords.firsts)
        n_layers = None if "layers" in self._inside else self.n_layers
        asked = {"output_attentions": True} if subwords.owners is not None else {}
        layers, attention = _Sums(n_sentences * n_words), _Sums(n_sentences * n_words)
        for first, end in plan_pieces(lengths[order].tolist(), self.codec.family.padded):
            windows, length = order[first:end], int(lengths[order[end - 1]])
            mask = {"attention_mask": subwords.mask[windows, :length]} if self.codec.family.padded else {}
            ids = subwords.ids[windows, :length]
            with nullcontext() if self.codec.family.mixed else torch.autocast(ids.device.type, enabled=False):
                output = self.pretrained(input_ids=ids, output_hidden_states=True, **mask, **asked)
            in_piece = (subword_rank >= first) & (subword_rank < end)
            index = (subword_rank - first) * length + subwords.places % longest
            chosen = in_piece & pooled
            states = output.hidden_states if n_layers is None else output.hidden_states[-n_layers:]
            layers.add(subwords.words[chosen], [layer.flatten(0, 1)[index[chosen]] for layer in states])
            if subwords.owners is not None:
                self._check_attention(getattr(output, "attentions", None), length)
                owners = subwords.owners[windows, :length]
                words = nn.functional.one_hot(owners.clamp(min=0), n_words) * (owners >= 0)[..., None]
                to_words = (weights @ words[:, None].to(weights.dtype) for weights in output.attentions)
                rows = [weights.transpose(1, 2).flatten(0, 1)[index[in_piece]] for weights in to_words]
                attention.add(subwords.words[in_piece], rows)
        return (
            [mean.view(n_sentences, n_words, -1) for mean in layers.means()],
            [mean.view(n_sentences, n_words, -1, n_words).transpose(1, 2) for mean in attention.means()],
        )

    def _check_attention(self, attentions: Sequence[Tensor] | None, length: int) -> None:
        """Raises ModelError unless each layer has the attention between all subwords of windows of that `length`."""
        kind, shapes = self.codec.settings["model_type"], [weights.shape[-2:] for weights in attentions or ()]
        if kind in NEAR or shapes != [(length, length)] * self.depth:
            raise ModelError(f"a transformer of the type {kind} does not give the attention that a task asks for")

    def train(self, mode: bool = True) -> Transformer:
        """Switches dropout on or off, but not that of a frozen model, where it would only add noise."""
        super().train(mode)
        if self.codec.config.frozen:
            self.pretrained.eval()
        return self


class _Sums:
    """The sums and means of rows for each of `size` words, separately for each layer."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._sums: list[Tensor] = []
        self._words: list[Tensor] = []

    def add(self, words: Tensor, layers: Sequence[Tensor]) -> None:
        """Adds the rows ``[subwords, …]`` of each layer to the sums of ``words[subwords]``."""
        if not self._sums:
            self._sums = [rows.new_zeros(self._size, *rows.shape[1:]) for rows in layers]
        for sum_, rows in zip(self._sums, layers, strict=True):
            sum_.index_add_(0, words, rows)
        self._words.append(words)

    def means(self) -> Iterator[Tensor]:
        """The means ``[words, …]`` of each layer; zeros for a word without rows."""
        if self._sums:
            counts = torch.bincount(torch.cat(self._words), minlength=self._size).clamp(min=1)
            for sum_ in self._sums:
                yield sum_ / counts.view(-1, *[1] * (sum_.dim() - 1))


def _positions(pretrained: Any) -> int | None:
    """How many subwords the model can see at once, if that is limited."""
    positions = positions_of(pretrained.config.to_dict())
    # RoBERTa and similar models count positions from the number of the padding + 1.
    table = getattr(getattr(pretrained, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return positions - padding - 1 if positions is not None and padding is not None else positions


INPUT: InputType[TransformerCodec, TransformerConfig] = Transformer
if TYPE_CHECKING:
    _network: type[InputNetwork[Subwords[Tensor] | KeptLayers[Tensor]]] = Transformer
