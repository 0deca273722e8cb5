"""The contract between the model and its tasks. No torch here.

A task annotates sentences with one thing: tags, trees, entities. It is a *codec* and a *network*.

The codec knows sentences and vocabularies and works on NumPy arrays: it says what is learned from a sentence, what an
array of scores means, and how that is written. The network knows tensors alone: it turns vectors of words into scores,
and computes a loss. Where scores depend on decisions (those of labels on the arcs of a tree), the network has a second
stage: a method with a name of its own, from tensors to tensors, which the codec calls by a `Stage`. So an engine other
than torch can run the network, and the codec does not notice.

A task is a file of this folder (see registry.py) with a class ``TASK``, its network, whose attribute ``Codec`` is the
class of its codec; or a folder with the files ``codec.py`` (``CODEC``, without torch) and ``network.py`` (``TASK``).
In another package it is an entry point of the group ``depparse.tasks`` that names the network. The codec's ``Config``
is what stands under ``model.tasks.NAME`` of a recipe.

For a batch, the model asks in this order; the axes of arrays are ``[batch, words …]`` with ROOT at word 0:

1. ``codec.targets(sentence)`` and ``codec.collate(rows)``, in training;
2. ``network(encoded, layout, trees)``: the scores, a tensor or a NamedTuple of tensors, alike in training and in use;
3. ``network.loss(scores, targets)`` in training; else ``codec.decode(scores, batch, stage)``: a prediction for each
   sentence;
4. ``codec.annotate(sentence, prediction)``, after all tasks that write what the codec says it `reads`.

A task whose network reads trees (`ReadsTrees`) comes after the parser, if there is one.

What only some tasks can do is stated by protocols of its own, below; the model checks for these, never for a class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from numpy.typing import NDArray
from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.features.batch import Batch, Ints
from depparse.features.choices import Floats, Lesson
from depparse.features.usage import Usage
from depparse.layers.trees.reader import TreeSource
from depparse.registry import PartConfig
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.constraints import Constraints

if TYPE_CHECKING:
    from torch import Tensor

    from depparse.encoders.encoder import Encoded
    from depparse.layers.tensors import Layout

Target = TypeVar("Target")  # what is learned from a sentence
# What is learned from a batch, and its scores: an array or tensor, or a list or NamedTuple of them.
Targets_co = TypeVar("Targets_co", covariant=True)
Targets_contra = TypeVar("Targets_contra", contravariant=True)
Scores = TypeVar("Scores")
Scores_contra = TypeVar("Scores_contra", contravariant=True)
Prediction = TypeVar("Prediction")  # for a sentence
Trees_contra = TypeVar("Trees_contra", contravariant=True)  # what a network reads of trees, or None
Settings = TypeVar("Settings", bound=PartConfig)
OwnCodec = TypeVar("OwnCodec")


class TaskConfig(PartConfig):
    """The base class of the settings of tasks."""

    # The name of a task of the base model whose place this one takes, where both write the same column.
    replaces: str = Field("", exclude_if=lambda name: not name)


class Stage(Protocol):
    """Calls a second stage of the network by the name of its method, with arrays for tensors."""

    def __call__(self, name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The arrays that the method of that name returns; a tuple of one if it returns one array."""


class Codec(Protocol[Target, Targets_co, Scores_contra, Prediction]):
    """The part of a task that turns sentences into targets and scores into annotation."""

    @property
    def config(self) -> PartConfig:
        """The settings of the task."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of other tasks that `annotate` reads; those tasks annotate first.

        Trees that the network reads are not among them (`ReadsTrees`).
        """

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the task predicts, as CoNLL-U or CoNLL-U Plus names them; no other task writes them."""

    def targets(self, sentence: Sentence) -> Target:
        """What is learned from the sentence; IGNORE stands for what is not annotated."""

    def collate(self, rows: Sequence[Target]) -> Targets_co:
        """The targets of several sentences side by side, as arrays."""

    def decode(self, scores: Scores_contra, batch: Batch, stage: Stage) -> list[Prediction]:
        """The prediction for each sentence, from scores as arrays. Writes nothing. Raises DepparseError."""

    def annotate(self, sentence: Sentence, prediction: Prediction) -> None:
        """Writes the prediction into the sentence.

        Does not change the prediction, which may be written again, into another copy of the sentence.
        """

    def to_json(self) -> Any:
        """All that the codec knows besides its config, as values that JSON can hold."""


class CodecType(Protocol[Settings]):
    """What the class of a codec has besides its instances' methods."""

    @property
    def Config(self) -> type[Settings]:
        """The class of the settings."""

    def build(self, config: Settings, sentences: Sequence[Sentence]) -> AnyCodec | None:
        """The codec with the labels of `sentences`, the training data; None if they annotate nothing for the task.

        The sentences may be on disk, so they are read one at a time and not kept. Raises ConfigError.
        """

    def from_json(self, config: Settings, data: Any) -> AnyCodec:
        """The codec that gave `data` by `Codec.to_json`."""


class Network(Protocol[Trees_contra, Scores, Targets_contra]):
    """The part of a task that turns vectors of words into scores: an `nn.Module`, whose second stages are methods."""

    @property
    def codec(self) -> AnyCodec:
        """The codec that the network belongs to."""

    def forward(self, encoded: Encoded, layout: Layout, trees: Trees_contra) -> Scores:
        """Scores of a batch. `trees` is what `ReadsTrees.read_trees` made, as tensors; None if the task reads none."""

    def __call__(self, encoded: Encoded, layout: Layout, trees: Trees_contra) -> Scores:
        """Calls `forward`, as every module does."""

    def loss(self, scores: Scores, targets: Targets_contra) -> Tensor:
        """The loss, a scalar: a mean over the annotated words. Without any, it is 0 and has a gradient of 0."""


class NetworkType(Protocol[OwnCodec]):
    """What the class of a network has besides its instances' methods."""

    @property
    def Codec(self) -> type[OwnCodec]:
        """The class of the codec."""

    def __call__(self, codec: OwnCodec, widths: Widths) -> AnyNetwork:
        """The network, with new weights."""


# The model takes any kinds of targets, trees, scores and predictions: only a codec and its network must agree on them.
# The file of each codec and each network states its own kinds, which mypy checks.
AnyCodec: TypeAlias = Codec[Any, Any, Any, Any]
AnyNetwork: TypeAlias = Network[Any, Any, Any]


# -- what only some codecs can do


class ParsesTrees(Protocol):
    """A codec of dependency trees: it writes HEAD and DEPREL, and decodes to `Tree`. Other tasks read its trees."""

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
    """A codec that can write the probabilities of its prediction, if the user asks for them."""

    def write_probabilities(self, sentence: Sentence, prediction: Any) -> None:
        """Writes the probabilities of the prediction, and nothing else, into a sentence that all tasks have annotated.

        Kept annotation has been put back by then. If the codec `AnalysesTrees`, the `Tree` has its probabilities. The
        kind of annotation names the attributes of MISC (`Kind.probabilities`), so that they go when it is replaced.
        """


@runtime_checkable
class ScoresOnRequest(Protocol):
    """A codec whose objects have some of their scores only if `Batch.probabilities` asks for them."""

    scores_on_request: Literal[True]


@runtime_checkable
class ReadsTrees(Protocol):
    """A codec whose network reads dependency trees beside vectors.

    In use, it reads the trees of the model's parser or, without a parser, those that the sentences have. In training,
    `reads_trees` says which trees it reads: those ``given`` by the training data, or the model's ``own`` predictions.
    """

    @property
    def reads_trees(self) -> TreeSource | None:
        """Which trees the task learns with; None if the task, as it is configured, reads none."""

    def read_trees(self, batch: Batch) -> Any:
        """What the network reads of `Batch.trees`, as arrays."""


@runtime_checkable
class ChecksData(Protocol):
    """A codec that can say which training data is not learned."""

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """A line for each kind of problem, with the place of the first; sentences are numbered from 1."""


@runtime_checkable
class HasUsage(Protocol):
    """A codec that, of several treebanks, can give each only the labels that it uses."""

    @property
    def usages(self) -> Sequence[Usage]:
        """What it learned: for each kind of labels, which of them each treebank uses. Empty for one treebank."""

    def learn_usage(self, sentences: Sequence[Sentence], sources: Sequence[int], n_treebanks: int) -> None:
        """Learns which labels each treebank uses; `sources` numbers the treebank of each sentence."""


@runtime_checkable
class LimitsLength(Protocol):
    """A codec that refuses long sentences."""

    def check_length(self, words: int) -> None:
        """Raises DepparseError if a sentence of that many words is too long for the task."""


@runtime_checkable
class CountsTargets(Protocol):
    """A codec that counts its targets itself: they are not arrays with one number, or IGNORE, for each word."""

    def count_targets(self, targets: Any) -> int:
        """The number of words that the loss is a mean over."""


class Opinion(NamedTuple):
    """What a teacher thinks of a batch: the codec and the scores of its task, with its second stages."""

    codec: Any
    scores: Any
    stage: Stage


@runtime_checkable
class Teaches(Protocol):
    """A codec whose task another model can teach that has a task with a codec of the same class. See `TakesLessons`."""

    def soften(self, opinions: Sequence[Opinion], targets: Any, lengths: Ints, trust: Floats) -> list[Lesson]:
        """What is to be learned from each sentence, by the numbers of this codec: see `depparse.features.choices`.

        `opinions` are those of the teachers on a batch of sentences with ``lengths[batch]`` words; `targets` are what
        this codec collates for it. The teachers have the weight ``trust[batch]`` where a word is annotated, and the
        annotation has the rest. If all trust is theirs, the sentence is not annotated at all.
        """


@runtime_checkable
class TakesLessons(Protocol):
    """A network that can learn from the lessons of `Teaches` in place of targets."""

    def loss_of_choices(self, scores: Any, lessons: Mapping[str, Tensor]) -> Tensor:
        """The loss against the lessons, ``[batch, words, …]``: a scalar, a mean over the words, as `Network.loss`."""


# What a model computed before it learned more: the scores of the task for a sentence, as arrays, and the encoder's
# vectors of its words, ``[words, width]``.
Remember: TypeAlias = Callable[[Sentence], tuple[Any, NDArray[Any]]]


@runtime_checkable
class ReadsInside(Protocol):
    """A network that reads single layers or the attention of a pretrained input, which `Encoded` has only for it."""

    reads_inside: frozenset[str]  # "layers", "attention"


@runtime_checkable
class Grows(Network[Any, Any, Any], Protocol):
    """A network whose task can learn new labels without forgetting those it has."""

    kept: Sequence[str]  # labels that the new data does not annotate and that stay known

    def grown(
        self, config: Any, widths: Widths, sentences: Sequence[Sentence], remember: Callable[[], Remember]
    ) -> Grows:
        """A network with the weights of this one, and with the labels of `sentences` besides its own.

        `config` is that of the recipe. `remember` returns a function that computes what the present model, before it
        is trained further, makes of a sentence.
        """


@runtime_checkable
class Distills(Protocol):
    """A network that may have a teacher of its own: what it was itself, before it learned new labels (`Grows`)."""

    @property
    def is_taught(self) -> bool:
        """Whether the network has a teacher: then its loss is that of lessons, and not of targets."""

    def lesson(self, sentence: Sentence, target: Any) -> Any:
        """What is learned from the sentence, in arrays; `target` is what the codec makes of it. Computed once."""

    def collate_lessons(self, lessons: Sequence[Any]) -> Any:
        """The lessons of several sentences side by side, as arrays."""

    def loss_of_lessons(self, scores: Any, lessons: Any) -> Tensor:
        """The loss against the lessons: a scalar, as that of `Network.loss`."""
