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
    """What tasks read of a batch. Position 0 of the word axis is ROOT."""

    context: Tensor  # [batch, words, width]: each word in its sentence
    inputs: Tensor  # [batch, words, input width]: each word by itself
    by_task: tuple[Encoded, ...] = ()  # what each task reads, in their order, if an input differs between tasks
    layers: Sequence[Tensor] = ()  # of `InputVectors`, if a task asks for them
    attention: Sequence[Tensor] = ()

    def of_task(self, number: int) -> Encoded:
        """What the task of that number reads."""
        return self.by_task[number] if self.by_task else self


class Encoder(nn.Module):
    """Tensors of the inputs to `Encoded`.

    Where inputs differ by task (layers of a transformer, mixed for each), a context layer reads the shared vectors, and
    `Encoded.inputs` are the task's own; without a context layer all that a task reads is its own.
    """

    def __init__(self, config: EncoderConfig, inputs: Sequence[AnyInputNetwork]) -> None:
        super().__init__()
        self.config = config
        self.inputs = nn.ModuleList(cast(Sequence[nn.Module], inputs))
        self.input_width = sum(part.width for part in self._inputs())
        self.input_dropout, self.dropout = InputDropout(config.input_dropout), SharedDropout(config.dropout)
        self.context = (
            CONTEXTS[config.context.type](config.context, self.input_width) if config.context is not None else None
        )
        self.width: int = self.context.width if self.context is not None else self.input_width

    @classmethod
    def build(cls, config: EncoderConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Encoder:
        """The encoder with the vocabularies of `sentences`; `treebanks` are the names of those they come from."""
        return cls(config, [_type_of(part).build(part, sentences, treebanks) for part in config.inputs])

    @classmethod
    def from_codec(cls, config: EncoderConfig, codec: EncoderCodec) -> Encoder:
        """The encoder of these codecs, with weights still to be loaded."""
        pairs = zip(config.inputs, codec.inputs, strict=True)
        return cls(config, [_type_of(part)(own) for part, own in pairs])

    @property
    def codec(self) -> EncoderCodec:
        """The codecs of the inputs."""
        return EncoderCodec([part.codec for part in self._inputs()])

    @property
    def widths(self) -> Widths:
        """The widths of what tasks read."""
        return Widths(self.width, self.input_width)

    def set_tasks(self, n_tasks: int) -> None:
        """Tells the inputs how many tasks read them."""
        for part in self.inputs:
            if isinstance(part, DiffersByTask):
                part.set_tasks(n_tasks)

    def add_tasks(self, n_tasks: int) -> None:
        """Tells the inputs that so many more tasks will read them."""
        for part in self.inputs:
            if isinstance(part, DiffersByTask):
                part.add_tasks(n_tasks)

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Tells the inputs which of the tasks stay."""
        for part in self.inputs:
            if isinstance(part, DiffersByTask):
                part.keep_tasks(numbers)

    def show_inside(self, parts: frozenset[str]) -> None:
        """Tells the inputs which of ``layers`` and ``attention`` tasks ask for."""
        for part in self.inputs:
            if isinstance(part, ShowsInside):
                part.show_inside(parts)

    def forward(self, inputs: Sequence[Any], layout: Layout) -> Encoded:
        """`inputs` is what the codecs collate, as tensors."""
        read = [_vectors(part(data, layout)) for part, data in zip(self._inputs(), inputs, strict=True)]
        shared = self._join([part.shared for part in read])
        values = self.dropout(shared)
        if self.context is not None:
            values = self.context(values, layout.lengths)
        layers, attention = ([item for part in read for item in part[place]] for place in (2, 3))
        by_task = []
        for number in range(max(len(part.by_task) for part in read)):
            own = self._join([part.by_task[number] if part.by_task else part.shared for part in read])
            context = values if self.context is not None else self.dropout(own)
            by_task.append(Encoded(context, own, (), layers, attention))
        return Encoded(values, shared, tuple(by_task), layers, attention)

    def _join(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(self.input_dropout(parts), -1)

    def _inputs(self) -> Iterator[AnyInputNetwork]:
        return (cast(AnyInputNetwork, part) for part in self.inputs)


def _type_of(config: PartConfig) -> InputType[Any, Any]:
    type_of_input: InputType[Any, Any] = INPUTS[config.type]
    return type_of_input


def _vectors(made: Tensor | InputVectors) -> InputVectors:
    return made if isinstance(made, InputVectors) else InputVectors(made)
