"""Dependency trees by sequence labelling: each word has one label, and all labels together tell the tree.

Strzyz, Vilares & Gómez-Rodríguez 2019, *Viable Dependency Parsing as Sequence Labeling*; `depparse.structs.tree_labels`
has the encodings. Relations are labels of their own beside those of the tree (the multi-task form of Strzyz et al.
2019, *Sequence Labeling Parsing by Learning Across Representations*). Where we differ: a tree always comes out, the
best one by exact decoding. Labels that each name the head (`absolute`, `relative`, `relative_by_tag`) give scores to
arcs, and these are decoded. Of other encodings, the arcs that the best labels tell are decoded, with those of the
smallest distance in place of arcs that are missing or that form cycles.

Without a hidden layer (``width = 0``) it is a linear classifier, as probes are (Amini et al. 2024; Muñoz-Ortiz et al.
2023, *Assessment of Pre-Trained Models Across Languages and Grammars*).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Ints, pad
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.structs.analysis import Tree
from depparse.structs.mst import decode
from depparse.structs.probabilities import log_softmax
from depparse.structs.tree_labels import ENCODINGS
from depparse.tasks.findings import tell
from depparse.tasks.task import Codec, CodecType, Network, NetworkType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
EncodingName = Literal[
    "absolute", "relative", "relative_by_tag", "bracketing", "two_planar", "four_bits", "seven_bits", "arc_hybrid",
    "hierarchical",
]  # fmt: skip
_NAMES_HEADS = ("absolute", "relative", "relative_by_tag")  # encodings in which a label tells the head of its own word
_BEST = 16  # labels of a word that give scores to arcs
_TOLD, _UNTOLD = -50.0, -100.0  # the least score of an arc that a label tells, and the highest of any other


class LabelsConfig(TaskConfig):
    """The settings of all tasks that label words by `LabelClassifiers`."""

    width: int = Field(400, ge=0)  # units of the hidden layer; 0: labels are classified from the encoder's vectors
    dropout: float = Field(0.33, ge=0, lt=1)
    min_count: int = Field(1, ge=1)  # rarer labels of the training data are not learned
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike


class SequenceLabelsConfig(LabelsConfig):
    """The settings of the task: HEAD and DEPREL of words, by labels."""

    type: Literal["sequence_labels"] = "sequence_labels"
    encoding: EncodingName = "hierarchical"


class LabelArrays(NamedTuple, Generic[Array]):
    """Numbers of labels ``[batch, words]``, IGNORE where there are none; or their scores ``[batch, words, labels]``."""

    labels: Array  # which tell the tree
    relations: Array
    tags: Array  # UPOS, which the encoding `relative_by_tag` counts; no scores for other encodings


class SequenceLabelsCodec:
    """Trees of UD as labels: exactly one word is the root, and it alone has the relation ``root``."""

    Config = SequenceLabelsConfig
    reads = ()
    writes = ("HEAD", "DEPREL")
    parses_trees: Literal[True] = True

    def __init__(
        self, config: SequenceLabelsConfig, labels: Vocabulary, relations: Vocabulary, tags: Vocabulary
    ) -> None:
        self.config, self.labels, self.relations, self.tags = config, labels, relations, tags
        self.encoding = ENCODINGS[config.encoding]

    @classmethod
    def build(cls, config: SequenceLabelsConfig, sentences: Sequence[Sentence]) -> SequenceLabelsCodec | None:
        """The codec of the labels of all trees in `sentences`, and of their relations."""
        relations = (cell for s in sentences for cell in s.columns.get("DEPREL", ()) if cell != "_")
        tags = (cell for s in sentences for cell in s.columns.get("UPOS", ()) if cell != "_")
        empty = Vocabulary([])
        counted = Vocabulary.count(tags) if config.encoding == "relative_by_tag" else empty
        codec = cls(config, empty, Vocabulary.count(relations), counted)
        labels = (label for sentence in sentences for label in codec._labels(sentence) or ())
        codec.labels = Vocabulary.count(labels, min_count=config.min_count)
        return codec if len(codec.labels) and len(codec.relations) else None

    def _labels(self, sentence: Sentence) -> list[str] | None:
        """The labels of the words; None if there is no tree, if the encoding cannot say it, or if it lacks tags."""
        tags = self._tags(sentence)
        if not len(sentence) or None in sentence.heads or (len(self.tags) and "_" in tags):
            return None
        return self.encoding.encode([0, *(head or 0 for head in sentence.heads)], tags)

    def _tags(self, sentence: Sentence) -> list[str]:
        return sentence.columns.get("UPOS", ["_"] * len(sentence))

    def targets(self, sentence: Sentence) -> LabelArrays[list[int]]:
        """The numbers of the labels of each word."""
        labels = self._labels(sentence)
        return LabelArrays(
            [IGNORE] * len(sentence) if labels is None else self.labels.numbers(labels, IGNORE),
            self.relations.numbers(sentence.columns.get("DEPREL", ["_"] * len(sentence)), IGNORE),
            self.tags.numbers(self._tags(sentence), IGNORE),
        )

    def collate(self, rows: Sequence[LabelArrays[list[int]]]) -> LabelArrays[Ints]:
        """The numbers of several sentences as arrays."""
        return LabelArrays(*(pad(numbers) for numbers in zip(*rows, strict=True)))

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says how many trees are not learned."""
        refused = (
            (number, sentence, None)
            for number, sentence in enumerate(sentences, 1)
            if len(sentence) and None not in sentence.heads and self._labels(sentence) is None
        )
        message = (
            f"sentences with trees that the encoding {self.config.encoding} cannot say, or without the tags it needs"
        )
        return tell(refused, f"{message}, are learned without them")

    def decode(self, scores: LabelArrays[NDArray[np.float32]], batch: Batch, stage: Stage) -> list[Tree]:
        """The best tree of each sentence, each word with its best relation. O(words²)."""
        best = _BEST if self.config.encoding in _NAMES_HEADS else 1
        ranked = np.argsort(-scores.labels, axis=-1, kind="stable")[..., :best]
        logarithms = np.take_along_axis(log_softmax(scores.labels), ranked, -1)
        arcs = np.full((*batch.shape, batch.shape[1]), -np.inf)
        for number, example in enumerate(batch.examples):
            words = slice(1, example.length + 1)
            tags = self.tags.strings(scores.tags[number, words].argmax(-1).tolist()) if len(self.tags) else []
            self._score_arcs(arcs[number], ranked[number, words], logarithms[number, words], tags)
        heads = decode(arcs, batch.lengths)
        relations = self._relations(scores.relations, heads)
        return [
            Tree(
                heads[number, 1 : example.length + 1].tolist(),
                self.relations.strings(relations[number, 1 : example.length + 1].tolist()),
            )
            for number, example in enumerate(batch.examples)
        ]

    def _score_arcs(self, arcs: NDArray[Any], ranked: Ints, logarithms: NDArray[Any], tags: Sequence[str]) -> None:
        """Writes the scores of all arcs of a sentence to ``arcs[dependents, heads]``, from the numbers of the best
        labels ``ranked[words, labels]`` and the logarithms of their probabilities."""
        n_words = len(ranked)
        places = np.arange(n_words + 1)
        within = slice(1, n_words + 1)
        # Arcs that no label tells: near heads are better than far ones, and ROOT comes last.
        arcs[within, : n_words + 1] = _UNTOLD - np.abs(places[1:, None] - places)
        arcs[within, 0] = _UNTOLD - n_words - 1
        for rank in range(ranked.shape[1]):
            heads = self.encoding.decode(self.labels.strings(ranked[:, rank].tolist()), tags)
            for word, (head, logarithm) in enumerate(zip(heads[1:], logarithms[:, rank].tolist(), strict=True), 1):
                if head >= 0:
                    arcs[word, head] = max(arcs[word, head], max(logarithm, _TOLD))
        arcs[places, places] = -np.inf

    def _relations(self, scores: NDArray[np.float32], heads: NDArray[Any]) -> Ints:
        """The best relation of each word ``[batch, words]``: ``root`` for the root, and for no other word."""
        if "root" in self.relations and len(self.relations) > 1:
            root = self.relations.number("root")
            others = scores.copy()
            others[..., root] = -np.inf
            return np.where(heads == 0, root, others.argmax(-1))
        best: Ints = scores.argmax(-1)
        return best

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        """Writes HEAD and DEPREL."""
        sentence.columns["HEAD"] = list(map(str, prediction.heads))
        sentence.columns["DEPREL"] = list(prediction.labels)

    def to_json(self) -> Any:
        """All labels."""
        return {"labels": self.labels.items, "relations": self.relations.items, "tags": self.tags.items}

    @classmethod
    def from_json(cls, config: SequenceLabelsConfig, data: Any) -> SequenceLabelsCodec:
        """The codec of the labels in `data`."""
        return cls(config, *(Vocabulary(data[name]) for name in ("labels", "relations", "tags")))


class LabelClassifiers(nn.Module):
    """Classifiers of words over one hidden layer, or none: a linear layer for each name with its number of labels."""

    def __init__(self, config: LabelsConfig, inputs: int, sizes: Mapping[str, int]) -> None:
        super().__init__()
        width = config.width or inputs
        layers = [nn.Linear(inputs, width), nn.GELU(), SharedDropout(config.dropout)] if config.width else []
        self.hidden = nn.Sequential(*layers)
        self.names, self.smoothing = list(sizes), config.smoothing
        for name, size in sizes.items():
            self.add_module(name, nn.Linear(width, size))

    def classify(self, context: Tensor) -> list[Tensor]:
        """The scores ``[batch, words, labels]`` of each classifier. O(words)."""
        hidden = self.hidden(context)
        return [self.get_submodule(name)(hidden).float() for name in self.names]

    def loss_of_labels(self, scores: Iterable[Tensor], targets: Iterable[Tensor]) -> Tensor:
        """The sum of the cross-entropies of the labels of each classifier, smoothed."""
        losses = [cross_entropy(each, goal, self.smoothing) for each, goal in zip(scores, targets, strict=True)]
        return torch.stack(losses).sum()


class SequenceLabels(LabelClassifiers):
    """Classifiers of labels, relations and, for encodings that count them, tags."""

    Codec = SequenceLabelsCodec

    def __init__(self, codec: SequenceLabelsCodec, widths: Widths) -> None:
        sizes = {"labels": len(codec.labels), "relations": len(codec.relations), "tags": len(codec.tags)}
        super().__init__(codec.config, widths.context, {name: size for name, size in sizes.items() if size})
        self.codec = codec

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> LabelArrays[Tensor]:
        """The scores of all labels of each word. O(words)."""
        labels, relations, *tags = self.classify(encoded.context)
        return LabelArrays(labels, relations, tags[0] if tags else labels[..., :0])

    def loss(self, scores: LabelArrays[Tensor], targets: LabelArrays[Tensor]) -> Tensor:
        """The sum of the cross-entropies of the labels of each kind, smoothed."""
        n_classifiers = len(self.names)
        return self.loss_of_labels(scores[:n_classifiers], targets[:n_classifiers])


CODEC: CodecType[SequenceLabelsConfig] = SequenceLabelsCodec
TASK: NetworkType[SequenceLabelsCodec] = SequenceLabels
if TYPE_CHECKING:
    _codec: type[Codec[LabelArrays[list[int]], LabelArrays[Ints], LabelArrays[NDArray[np.float32]], Tree]] = (
        SequenceLabelsCodec
    )
    _network: type[Network[None, LabelArrays[Tensor], LabelArrays[Tensor]]] = SequenceLabels
