"""The encoder: inputs side by side, then an optional context layer over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.codec import CONTEXTS, INPUTS, EncoderCodec, EncoderConfig, Widths
from depparse.encoders.input import AnyInputNetwork, DiffersByTask, InputType, InputVectors, ShowsInside
from depparse.layers.dropout import InputDropout, SharedDropout
from depparse.layers.tensors import Layout
from depparse.registry import PartConfig


@dataclass(slots=True)
class Encoded:
    """The tensors that tasks read of a batch. Position 0 of the word axis is ROOT."""

    context: Tensor  # [batch, words, width]: each word in its sentence
    inputs: Tensor  # [batch, words, input width]: each word by itself
    by_task: tuple[Encoded, ...] = ()  # what each task reads, in the order of tasks, if an input differs between tasks
    layers: Sequence[Tensor] = ()  # those of `InputVectors`, if a task asks for them
    attention: Sequence[Tensor] = ()  # that of `InputVectors`, if a task asks for it

    def of_task(self, number: int) -> Encoded:
        """What the task of that number reads."""
        return self.by_task[number] if self.by_task else self


class Encoder(nn.Module):
    """The network that makes `Encoded` from the tensors of the inputs.

    If an input differs between tasks (such as the layers of a transformer, mixed for each task), the context layer
    reads the shared vectors, and only `Encoded.inputs` are the task's own. Without a context layer, all vectors that a
    task reads are its own.
    """

    def __init__(self, config: EncoderConfig, inputs: Sequence[AnyInputNetwork]) -> None:
        super().__init__()
        self.config = config
        self.inputs = nn.ModuleList(cast(Sequence[nn.Module], inputs))
        self.input_width = sum(network.width for network in self._inputs())
        self.input_dropout, self.dropout = InputDropout(config.input_dropout), SharedDropout(config.dropout)
        self.context = (
            CONTEXTS[config.context.type](config.context, self.input_width) if config.context is not None else None
        )
        self.width: int = self.context.width if self.context is not None else self.input_width

    @classmethod
    def build(cls, config: EncoderConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Encoder:
        """The encoder with the vocabularies of `sentences`; `treebanks` are the names of their treebanks."""
        return cls(config, [_type_of(part).build(part, sentences, treebanks) for part in config.inputs])

    @classmethod
    def from_codec(cls, config: EncoderConfig, codec: EncoderCodec) -> Encoder:
        """The encoder of these codecs, with weights that are still to be loaded."""
        pairs = zip(config.inputs, codec.inputs, strict=True)
        return cls(config, [_type_of(part)(input_codec) for part, input_codec in pairs])

    @property
    def codec(self) -> EncoderCodec:
        """The codecs of the inputs."""
        return EncoderCodec([network.codec for network in self._inputs()])

    @property
    def widths(self) -> Widths:
        """The widths of the vectors that tasks read."""
        return Widths(self.width, self.input_width)

    def set_tasks(self, n_tasks: int) -> None:
        """Tells the inputs how many tasks read them."""
        for network in self.inputs:
            if isinstance(network, DiffersByTask):
                network.set_tasks(n_tasks)

    def add_tasks(self, n_tasks: int) -> None:
        """Tells the inputs that `n_tasks` more tasks will read them."""
        for network in self.inputs:
            if isinstance(network, DiffersByTask):
                network.add_tasks(n_tasks)

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Tells the inputs which of the tasks stay."""
        for network in self.inputs:
            if isinstance(network, DiffersByTask):
                network.keep_tasks(numbers)

    def show_inside(self, parts: frozenset[str]) -> None:
        """Tells the inputs which of ``layers`` and ``attention`` the tasks ask for."""
        for network in self.inputs:
            if isinstance(network, ShowsInside):
                network.show_inside(parts)

    def forward(self, inputs: Sequence[Any], layout: Layout) -> Encoded:
        """The vectors of a batch; `inputs` are the arrays that the codecs collate, as tensors."""
        vectors = [_vectors(network(data, layout)) for network, data in zip(self._inputs(), inputs, strict=True)]
        shared = self._join([each.shared for each in vectors])
        values = self.dropout(shared)
        if self.context is not None:
            values = self.context(values, layout.lengths)
        layers = [layer for each in vectors for layer in each.layers]
        attention = [layer for each in vectors for layer in each.attention]
        by_task = []
        for number in range(max(len(each.by_task) for each in vectors)):
            own = self._join([each.by_task[number] if each.by_task else each.shared for each in vectors])
            context = values if self.context is not None else self.dropout(own)
            by_task.append(Encoded(context, own, (), layers, attention))
        return Encoded(values, shared, tuple(by_task), layers, attention)

    def _join(self, vectors: list[Tensor]) -> Tensor:
        return torch.cat(self.input_dropout(vectors), -1)

    def _inputs(self) -> Iterator[AnyInputNetwork]:
        return (cast(AnyInputNetwork, network) for network in self.inputs)


def _type_of(config: PartConfig) -> InputType[Any, Any]:
    type_of_input: InputType[Any, Any] = INPUTS[config.type]
    return type_of_input


def _vectors(output: Tensor | InputVectors) -> InputVectors:
    return output if isinstance(output, InputVectors) else InputVectors(output)
