"""What a task is: the contract between the model and everything that annotates. No torch here.

A task annotates sentences with one thing: tags, trees, entities. It is a *codec* and a *network*.

The codec knows sentences and vocabularies and works on NumPy arrays: what is learned from a sentence, what an array of
scores means, and how that is written. The network knows tensors alone: vectors of words in, scores out, and a loss.
Where scores depend on decisions (the labels of the arcs of a tree), the network has a second stage, a method of its own
name from tensors to tensors, which the codec calls by a `Stage`. So another engine than torch can run the network,
and the codec does not notice.

A task is a file of this folder (see registry.py) with a class ``TASK``, its network, whose attribute ``Codec`` is the
class of its codec; or a folder with the files ``codec.py`` (``CODEC``, without torch) and ``network.py`` (``TASK``).
In another package it is an entry point of the group ``depparse.tasks`` that names the network. The codec's ``Config``
is what stands under ``model.tasks.NAME`` of a recipe.

For a batch, the model asks in this order; the axes of arrays are ``[batch, words …]`` with ROOT at word 0:

1. ``codec.targets(sentence)`` and ``codec.collate(rows)``, in training;
2. ``network(encoded, layout, trees)``: the scores, a tensor or a NamedTuple of tensors, alike in training and in use;
3. ``network.loss(scores, targets)`` in training; else ``codec.decode(scores, batch, stage)``: a prediction a sentence;
4. ``codec.annotate(sentence, prediction)``, after all tasks that write what the codec says it `reads`.

A task whose network reads trees (`ReadsTrees`) comes after the parser, if there is one.

What only some tasks can do are protocols of their own, below; the model asks for these, never for a class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from numpy.typing import NDArray
from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.features.batch import Batch
from depparse.layers.trees.reader import TreeSource
from depparse.registry import PartConfig
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.constraints import Constraints

if TYPE_CHECKING:
    from torch import Tensor

    from depparse.encoders.encoder import Encoded
    from depparse.layers.tensors import Layout

Target = TypeVar("Target")  # what is learned from a sentence
# Of a batch: an array or tensor, or a list or NamedTuple of them.
Targets_co = TypeVar("Targets_co", covariant=True)
Targets_contra = TypeVar("Targets_contra", contravariant=True)
Scores = TypeVar("Scores")
Scores_contra = TypeVar("Scores_contra", contravariant=True)
Prediction = TypeVar("Prediction")  # for a sentence
Trees_contra = TypeVar("Trees_contra", contravariant=True)  # what a network reads of trees, or None
Settings = TypeVar("Settings", bound=PartConfig)
OwnCodec = TypeVar("OwnCodec")


class TaskConfig(PartConfig):
    """Base of the configs of tasks."""

    # The name of a task of the base model that this one takes the place of, where both write the same column.
    replaces: str = Field("", exclude_if=lambda name: not name)


class Stage(Protocol):
    """Calls a second stage of the network by the name of its method, with arrays for tensors."""

    def __call__(self, name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """What the method of that name gives; one array is a tuple of one."""


class Codec(Protocol[Target, Targets_co, Scores_contra, Prediction]):
    """Sentences to targets, scores to annotation."""

    @property
    def config(self) -> PartConfig:
        """The settings of the task."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that other tasks write and `annotate` reads; those tasks come first. Trees that the network
        reads are not among them (`ReadsTrees`)."""

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the task predicts, as CoNLL-U or CoNLL-U Plus names them; no other task writes them."""

    def targets(self, sentence: Sentence) -> Target:
        """What is learned from the sentence; IGNORE stands for what is not annotated."""

    def collate(self, rows: Sequence[Target]) -> Targets_co:
        """The targets of several sentences side by side, as arrays."""

    def decode(self, scores: Scores_contra, batch: Batch, stage: Stage) -> list[Prediction]:
        """What the scores, as arrays, say of each sentence. Writes nothing. Raises DepparseError."""

    def annotate(self, sentence: Sentence, prediction: Prediction) -> None:
        """Writes the prediction into the sentence. What the prediction holds is not changed: it may be written again,
        into another copy of the sentence."""

    def to_json(self) -> Any:
        """All that the codec knows besides its config, fit for JSON."""


class CodecType(Protocol[Settings]):
    """What the class of a codec has besides."""

    @property
    def Config(self) -> type[Settings]:
        """The class of the settings."""

    def build(self, config: Settings, sentences: Sequence[Sentence]) -> AnyCodec | None:
        """The codec with the labels of `sentences`, the training data; None if they annotate nothing for it.

        The sentences may be on disk: they are gone through, one at a time, and not kept. Raises ConfigError.
        """

    def from_json(self, config: Settings, data: Any) -> AnyCodec:
        """The codec that gave `data` by `Codec.to_json`."""


class Network(Protocol[Trees_contra, Scores, Targets_contra]):
    """Vectors of words to scores: an `nn.Module`, with its second stages as methods of their own names."""

    @property
    def codec(self) -> AnyCodec:
        """The codec that the network belongs to."""

    def forward(self, encoded: Encoded, layout: Layout, trees: Trees_contra) -> Scores:
        """Scores of a batch. `trees` is what `ReadsTrees.read_trees` made, as tensors; None for all other tasks."""

    def __call__(self, encoded: Encoded, layout: Layout, trees: Trees_contra) -> Scores:
        """`forward`, as a module is called."""

    def loss(self, scores: Scores, targets: Targets_contra) -> Tensor:
        """The loss, a scalar: a mean over annotated words; 0, with a gradient of 0, if there are none."""


class NetworkType(Protocol[OwnCodec]):
    """What the class of a network has besides."""

    @property
    def Codec(self) -> type[OwnCodec]:
        """The class of the codec."""

    def __call__(self, codec: OwnCodec, widths: Widths) -> AnyNetwork:
        """The network, with new weights."""


# Of any kinds of targets, trees, scores and predictions: what they are is between a codec and its network. The file of
# each codec and each network says so of its own, which mypy checks.
AnyCodec: TypeAlias = Codec[Any, Any, Any, Any]
AnyNetwork: TypeAlias = Network[Any, Any, Any]


# -- what only some codecs can do


class ParsesTrees(Protocol):
    """A codec of dependency trees: it writes HEAD and DEPREL, and decodes to `Tree`. Its trees are what others read."""

    parses_trees: Literal[True]

    def decode(self, scores: Any, batch: Batch, stage: Stage) -> list[Tree]:
        """The best tree of each sentence."""


@runtime_checkable
class AnalysesTrees(Protocol):
    """A codec that also tells how probable arcs and trees are, the k best trees, and trees with constraints."""

    def analyze(
        self, scores: Any, batch: Batch, stage: Stage, constraints: Sequence[Constraints | None]
    ) -> list[ParseAnalysis]:
        """All trees of each sentence, under the constraints on it. Keeps nothing of the batch."""


@runtime_checkable
class TellsProbabilities(Protocol):
    """A codec that can write how probable its prediction is, where that is asked for."""

    def write_probabilities(self, sentence: Sentence, prediction: Any) -> None:
        """Writes the probabilities of the prediction, and nothing else, into a sentence that all tasks have annotated.

        What was to be kept has been put back by then. If the codec `AnalysesTrees`, the `Tree` has its probabilities.
        """


@runtime_checkable
class ReadsTrees(Protocol):
    """A codec whose network reads dependency trees beside vectors.

    In use it reads the trees of the model's parser or, without one, those that the sentences have; in training those
    that `reads_trees` says: ``given``, of the training data, or the model's ``own``, as it predicts them; None: none.
    """

    @property
    def reads_trees(self) -> TreeSource | None:
        """The trees that are learned with; None if the task, as it is configured, reads none."""

    def read_trees(self, batch: Batch) -> Any:
        """What the network reads of `Batch.trees`, as arrays."""


@runtime_checkable
class ChecksData(Protocol):
    """A codec that can tell what of the training data is not learned."""

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """A line for each kind of problem, with the place of the first; sentences are numbered from 1."""


@runtime_checkable
class LimitsLength(Protocol):
    """A codec that refuses long sentences."""

    def check_length(self, words: int) -> None:
        """Raises DepparseError if a sentence of so many words is too long for the task."""


@runtime_checkable
class CountsTargets(Protocol):
    """A codec whose targets are not numbers of words with IGNORE among them, so that it counts them itself."""

    def count_targets(self, targets: Any) -> int:
        """Words that the loss is a mean over."""


# What a model was before it learned more: scores of the task for a sentence, as arrays, and the encoder's vectors of
# its words, ``[words, width]``.
Remember: TypeAlias = Callable[[Sentence], tuple[Any, NDArray[Any]]]


@runtime_checkable
class ReadsInside(Protocol):
    """A network that reads single layers or the attention of a pretrained input: of `Encoded`, where they are else
    empty."""

    reads_inside: frozenset[str]  # "layers", "attention"


@runtime_checkable
class Grows(Network[Any, Any, Any], Protocol):
    """A network whose task can learn labels that it did not know, without forgetting those it knew."""

    kept: Sequence[str]  # labels that the new data does not annotate and that stay known

    def grown(
        self, config: Any, widths: Widths, sentences: Sequence[Sentence], remember: Callable[[], Remember]
    ) -> Grows:
        """A network with the weights of this one, and the labels of `sentences` besides its own.

        `config` is that of the recipe. `remember` gives a function that tells what the model of now, before it is
        trained further, makes of a sentence.
        """


@runtime_checkable
class Distills(Protocol):
    """A network that may have a teacher: another model, from whose scores it learns beside what is annotated."""

    @property
    def is_taught(self) -> bool:
        """Whether it has one: then its loss is that of lessons, and not of targets."""

    def lesson(self, sentence: Sentence, target: Any) -> Any:
        """What is learned from the sentence, of which the codec makes `target`, in arrays. Worked out once."""

    def collate_lessons(self, lessons: Sequence[Any]) -> Any:
        """The lessons of several sentences side by side, as arrays."""

    def loss_of_lessons(self, scores: Any, lessons: Any) -> Tensor:
        """The loss, a scalar, as that of `Network.loss`."""
