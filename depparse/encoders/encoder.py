"""The encoder: inputs side by side, then an optional context layer over them.

An input is a file of this folder (see registry.py) with a class ``INPUT``: `Config`, `width`, `build(config, sentences,
treebanks)`, `features(sentence)`, `collate(features of each sentence)`, `forward(what collate gave, batch)`, which
gives ``[batch, words, width]``, and `to_json` and `from_json` for all but weights. A context layer is a class
``CONTEXT`` of `(config, input width)`: `Config`, `width`, and `forward(values, lengths)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

import torch
from pydantic import Field, PlainValidator, SerializeAsAny
from torch import Tensor, nn

from depparse.config import Config
from depparse.data.batching import Batch
from depparse.data.sentence import Sentence
from depparse.encoders.dropout import InputDropout, SharedDropout
from depparse.registry import PartConfig, Registry

INPUTS = Registry("depparse.encoders", "INPUT", "depparse.inputs")
CONTEXTS = Registry("depparse.encoders", "CONTEXT", "depparse.contexts")
InputConfig = Annotated[SerializeAsAny[PartConfig], PlainValidator(INPUTS.read)]
ContextConfig = Annotated[
    SerializeAsAny[PartConfig] | None,
    PlainValidator(lambda value: None if value in (None, "none") else CONTEXTS.read(value)),
]


def _words_and_characters() -> tuple[PartConfig, ...]:
    return tuple(INPUTS.read({"type": name}) for name in ("words", "characters"))


class EncoderConfig(Config):
    """Inputs, concatenated; a context layer over them, or none."""

    inputs: tuple[InputConfig, ...] = Field(default_factory=_words_and_characters, min_length=1)
    context: ContextConfig = None  # or "none", for --set
    input_dropout: float = Field(0.33, ge=0, lt=1)  # probability that an input of a word is dropped
    dropout: float = Field(0.33, ge=0, lt=1)  # probability, of the concatenated inputs, the same for a sentence


@dataclass(slots=True)
class Encoded:
    """What tasks read."""

    context: Tensor  # [batch, words, width]: each word in its sentence, ROOT at 0
    inputs: Tensor  # [batch, words, input width]: each word by itself
    by_task: tuple[Encoded, ...] = ()  # what each task reads, in their order, if an input differs between tasks

    def of_task(self, number: int) -> Encoded:
        """What the task of that number reads."""
        return self.by_task[number] if self.by_task else self


@runtime_checkable
class DiffersByTask(Protocol):
    """An input that may make other vectors for each task: its `forward` then gives a list, the shared ones first."""

    def set_tasks(self, n_tasks: int) -> None:
        """Called once, before there are trained weights."""

    def add_tasks(self, n_tasks: int) -> None:
        """So many more, after those that there are."""

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Forgets the other tasks; those that stay are numbered anew, in their order."""


class Encoder(nn.Module):
    """Batch to Encoded.

    Where inputs differ by task (layers of a transformer, mixed for each), a context layer reads the shared vectors, and
    `Encoded.inputs` are the task's own; without a context layer all that a task reads is its own.
    """

    def __init__(self, config: EncoderConfig, inputs: Sequence[Any]) -> None:
        super().__init__()
        self.config = config
        self.inputs = nn.ModuleList(inputs)
        self.input_width = sum(part.width for part in inputs)
        self.input_dropout, self.dropout = InputDropout(config.input_dropout), SharedDropout(config.dropout)
        self.context = (
            CONTEXTS[config.context.type](config.context, self.input_width) if config.context is not None else None
        )
        self.width: int = self.context.width if self.context is not None else self.input_width

    @classmethod
    def build(cls, config: EncoderConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Encoder:
        """With the vocabularies of `sentences`; `treebanks` are the names of those they come from."""
        return cls(config, [INPUTS[part.type].build(part, sentences, treebanks) for part in config.inputs])

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

    def features(self, sentence: Sentence) -> list[Any]:
        """What each input reads of the sentence."""
        return [part.features(sentence) for part in self._parts()]

    def collate(self, rows: Sequence[list[Any]]) -> list[Any]:
        return [part.collate([row[number] for row in rows]) for number, part in enumerate(self._parts())]

    def forward(self, batch: Batch) -> Encoded:
        parts = [part(data, batch) for part, data in zip(self.inputs, batch.inputs, strict=True)]
        shared = self._join([part[0] if isinstance(part, list) else part for part in parts])
        values = self.dropout(shared)
        if self.context is not None:
            values = self.context(values, batch.lengths)
        n_tasks = max((len(part) - 1 for part in parts if isinstance(part, list)), default=0)
        by_task = []
        for number in range(1, n_tasks + 1):
            own = self._join([part[number] if isinstance(part, list) else part for part in parts])
            by_task.append(Encoded(values if self.context is not None else self.dropout(own), own))
        return Encoded(values, shared, tuple(by_task))

    def _join(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(self.input_dropout(parts), -1)

    def to_json(self) -> list[Any]:
        return [part.to_json() for part in self._parts()]

    def _parts(self) -> Iterator[Any]:
        return iter(self.inputs)

    @classmethod
    def from_json(cls, config: EncoderConfig, data: Sequence[Any]) -> Encoder:
        pairs = zip(config.inputs, data, strict=True)
        return cls(config, [INPUTS[part.type].from_json(part, item) for part, item in pairs])
