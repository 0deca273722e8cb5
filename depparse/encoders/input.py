"""What an input is: the contract between the encoder and all that reads words. No torch here.

An input reads each word by itself: its form, its characters, its subwords. Like a task (depparse/tasks/task.py) it is a
*codec*, which makes NumPy arrays of sentences, and a *network*, which makes vectors of them.

An input is a file of this folder (see registry.py) with a class ``INPUT``, its network, whose attribute ``Codec`` is
the class of its codec; or a folder with the files ``codec.py`` (``CODEC``, without torch) and ``network.py``
(``INPUT``). In another package it is an entry point of the group ``depparse.inputs`` that names the network.

A context layer reads words in their sentence: a class ``CONTEXT`` of `(config, input width)` with `Config`, `width`,
and `forward(values, lengths)`, from ``[batch, words, input width]`` to ``[batch, words, width]``; entry points of the
group ``depparse.contexts``.
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
Arrays_co = TypeVar("Arrays_co", covariant=True)  # the same of a batch: an array, or a NamedTuple of arrays, or None


class InputVectors(NamedTuple):
    """What an input makes of words that has more to give than one vector for each."""

    shared: Tensor  # [batch, words, width]
    by_task: Sequence[Tensor] = ()  # the same for each task, if they differ
    layers: Sequence[Tensor] = ()  # [batch, words, width] of each layer, the embeddings first
    attention: Sequence[Tensor] = ()  # [batch, heads, words, words] of each layer: how much a word looks at another


class InputCodec(Protocol[Features, Arrays_co]):
    """Sentences to arrays."""

    @property
    def config(self) -> PartConfig:
        """The settings of the input."""

    def features(self, sentence: Sentence) -> Features:
        """What is read of the sentence, made once."""

    def collate(self, rows: Sequence[Features]) -> Arrays_co:
        """The features of several sentences side by side, as arrays."""

    def to_json(self) -> Any:
        """All that the codec knows besides its config, fit for JSON."""


AnyInputCodec: TypeAlias = InputCodec[Any, Any]


class InputCodecType(Protocol[Settings]):
    """What the class of a codec has besides."""

    @property
    def Config(self) -> type[Settings]:
        """The class of the settings."""

    def from_json(self, config: Settings, data: Any) -> AnyInputCodec:
        """The codec that gave `data` by `InputCodec.to_json`."""


class InputNetwork(Protocol[Data_contra]):
    """Arrays, as tensors, to vectors: an `nn.Module`."""

    @property
    def codec(self) -> AnyInputCodec:
        """The codec that the network belongs to."""

    @property
    def width(self) -> int:
        """Units of a vector."""

    def forward(self, data: Data_contra, layout: Layout) -> Tensor | InputVectors:
        """``[batch, words, width]``, ROOT at word 0; `data` is what the codec collates, as tensors."""

    def __call__(self, data: Data_contra, layout: Layout) -> Tensor | InputVectors:
        """`forward`, as a module is called."""


AnyInputNetwork: TypeAlias = InputNetwork[Any]


class InputType(Protocol[OwnCodec, Settings_contra]):
    """What the class of a network has besides."""

    @property
    def Codec(self) -> type[OwnCodec]:
        """The class of the codec."""

    def __call__(self, codec: OwnCodec) -> AnyInputNetwork:
        """The network, with new weights."""

    def build(
        self, config: Settings_contra, sentences: Sequence[Sentence], treebanks: Sequence[str]
    ) -> AnyInputNetwork:
        """The network with the vocabulary of `sentences`, the training data, and pretrained weights if it has any.

        `treebanks` are the names of those that the sentences come from. Raises ConfigError.
        """


# -- what only some networks can do


@runtime_checkable
class DiffersByTask(Protocol):
    """An input that may make other vectors for each task: `InputVectors.by_task`."""

    def set_tasks(self, n_tasks: int) -> None:
        """Makes room for so many tasks. Called once, before there are trained weights."""

    def add_tasks(self, n_tasks: int) -> None:
        """Makes room for so many more, after those that there are."""

    def keep_tasks(self, numbers: Sequence[int]) -> None:
        """Forgets the other tasks; those that stay are numbered anew, in their order."""


@runtime_checkable
class HasPretrained(Protocol):
    """An input some of whose weights were learned elsewhere, and so have a learning rate of their own."""

    def pretrained_parameters(self) -> Iterator[nn.Parameter]:
        """These weights."""


@runtime_checkable
class DropsUnused(Protocol):
    """An input that may hold weights which no text ever reaches."""

    def without_unused(self) -> tuple[AnyInputNetwork, int]:
        """An input that gives the same vectors, and the number of rows that were dropped; itself and 0 if none was."""


@runtime_checkable
class ShowsInside(Protocol):
    """An input that can give its single layers and its attention, for tasks that `reads_inside` them."""

    def show_inside(self, parts: frozenset[str]) -> None:
        """From now on gives ``layers``, ``attention`` or both in `InputVectors`, as `parts` say."""
