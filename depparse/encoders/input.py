"""The contract of an input, by which the encoder uses all that reads words. No torch here.

An input reads each word by itself: its form, its characters, or its subwords. Like a task (depparse/tasks/task.py) it
has a *codec*, which makes NumPy arrays of sentences, and a *network*, which makes vectors of these arrays.

An input is a file of this folder (see registry.py) with a class ``INPUT``, its network, whose attribute ``Codec`` is
the class of its codec; or it is a folder with the files ``codec.py`` (``CODEC``, without torch) and ``network.py``
(``INPUT``). In another package it is an entry point of the group ``depparse.inputs`` that names the network.

A context layer reads words in their sentence. It is a class ``CONTEXT``, called with `(config, input width)`, that has
`Config`, `width`, and `forward(values, lengths)`, from ``[batch, words, input width]`` to ``[batch, words, width]``. In
another package it is an entry point of the group ``depparse.contexts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from depparse.document.sentence import Sentence
from depparse.registry import PartConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from depparse.layers.tensors import Layout

Features = TypeVar("Features")  # what is read of a sentence
Settings = TypeVar("Settings", bound=PartConfig)
Settings_contra = TypeVar("Settings_contra", bound=PartConfig, contravariant=True)
OwnCodec = TypeVar("OwnCodec")
Data_contra = TypeVar("Data_contra", contravariant=True)  # the arrays of the codec, as tensors
Arrays_co = TypeVar("Arrays_co", covariant=True)  # the features of a batch: an array, a NamedTuple of arrays, or None


class InputVectors(NamedTuple):
    """The output of an input that gives more than one vector for each word."""

    shared: Tensor  # [batch, words, width]
    by_task: Sequence[Tensor] = ()  # [batch, words, width] for each task, if tasks get different vectors
    layers: Sequence[Tensor] = ()  # [batch, words, width] of each layer, the embeddings first
    attention: Sequence[Tensor] = ()  # [batch, heads, words, words] of each layer: how much a word looks at another


class InputCodec(Protocol[Features, Arrays_co]):
    """The part of an input that turns sentences into arrays."""

    @property
    def config(self) -> PartConfig:
        """The settings of the input."""

    def features(self, sentence: Sentence) -> Features:
        """What the input reads of the sentence; made once for each sentence."""

    def collate(self, rows: Sequence[Features]) -> Arrays_co:
        """The features of several sentences side by side, as arrays."""

    def to_json(self) -> Any:
        """All that the codec knows besides its config, fit for JSON."""


AnyInputCodec: TypeAlias = InputCodec[Any, Any]


class InputCodecType(Protocol[Settings]):
    """The class of a codec."""

    @property
    def Config(self) -> type[Settings]:
        """The class of the settings."""

    def from_json(self, config: Settings, data: Any) -> AnyInputCodec:
        """The codec that gave `data` by `InputCodec.to_json`."""


class InputNetwork(Protocol[Data_contra]):
    """The part of an input that turns arrays into vectors: an `nn.Module`, which gets the arrays as tensors."""

    @property
    def codec(self) -> AnyInputCodec:
        """The codec that the network belongs to."""

    @property
    def width(self) -> int:
        """The number of units in a vector."""

    def forward(self, data: Data_contra, layout: Layout) -> Tensor | InputVectors:
        """The vectors ``[batch, words, width]``, with ROOT at word 0; `data` is what the codec collates, as tensors."""

    def __call__(self, data: Data_contra, layout: Layout) -> Tensor | InputVectors:
        """Calls `forward`, as for any module."""


AnyInputNetwork: TypeAlias = InputNetwork[Any]


class InputType(Protocol[OwnCodec, Settings_contra]):
    """The class of a network."""

    @property
    def Codec(self) -> type[OwnCodec]:
        """The class of the codec."""

    def __call__(self, codec: OwnCodec) -> AnyInputNetwork:
        """The network, with new weights."""

    def build(
        self, config: Settings_contra, sentences: Sequence[Sentence], treebanks: Sequence[str]
    ) -> AnyInputNetwork:
        """The network with the vocabulary of `sentences`, the training data, and pretrained weights if it has any.

        `treebanks` are the names of the treebanks that the sentences come from. Raises ConfigError.
        """


# -- abilities that only some networks have


@runtime_checkable
class DiffersByTask(Protocol):
    """An input that may make different vectors for each task: `InputVectors.by_task`."""

    def set_tasks(self, n_tasks: int) -> None:
        """Makes room for `n_tasks` tasks. Called once, before there are trained weights."""

    def add_tasks(self, n_tasks: int) -> None:
        """Makes room for `n_tasks` more tasks, after the present ones."""

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Keeps only the tasks of these numbers, which are numbered anew in this order."""


@runtime_checkable
class HasPretrained(Protocol):
    """An input some of whose weights are pretrained, and therefore have a learning rate of their own."""

    def pretrained_parameters(self) -> Iterator[nn.Parameter]:
        """The pretrained weights."""


@runtime_checkable
class HasLayers(HasPretrained, Protocol):
    """An input whose pretrained weights are in layers, which may have learning rates of their own."""

    def layers_above(self) -> Iterator[tuple[nn.Parameter, int]]:
        """Each pretrained weight, with the number of layers above the one that it is in."""


@runtime_checkable
class DropsUnused(Protocol):
    """An input that may hold weights which no text ever reaches."""

    def without_unused(self) -> tuple[AnyInputNetwork, int]:
        """An input that gives the same vectors, and the number of rows that it lacks; itself and 0 if all are used."""


@runtime_checkable
class KeepsVectors(Protocol):
    """An input that may be frozen, so that what it computes of a sentence can be computed once for all epochs.

    Where it keeps vectors, its codec collates rows ``[words with ROOT, …]`` of these in place of features, and
    `forward` takes the result.
    """

    @property
    def keeps_vectors(self) -> bool:
        """Whether vectors can be kept."""

    def vectors_to_keep(self, data: Any, layout: Layout) -> Tensor:
        """The vectors of a batch ``[batch, words, …]`` before all that is trained."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """The weights."""

    def to(self, device: Any) -> nn.Module:
        """The module itself, with its weights on the device."""


@runtime_checkable
class ShowsInside(Protocol):
    """An input that can give its single layers and its attention, for tasks whose `reads_inside` asks for them."""

    def show_inside(self, parts: frozenset[str]) -> None:
        """Makes `forward` give ``layers``, ``attention`` or both in its `InputVectors`, as `parts` say."""
