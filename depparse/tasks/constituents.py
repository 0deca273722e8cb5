"""Constituent trees: the probability of each span, and the label of each span of the best tree.

The model is that of Zhang, Zhou & Li 2020 (*Fast and Accurate Neural CRF Constituency Parsing*). A biaffine form scores
each span by the boundaries at both of its ends. All binary trees over the words have probabilities by these scores, a
conditional random field that is learned by the inside and outside algorithms; a tree of more than two constituents in
one is learned as a binary one, with spans that are no constituents. A second stage labels the spans of one tree, the
gold tree in training, and constituents of the same words have one label together.

Where we differ: a boundary is the vectors of the words at both of its sides, for encoders without a forward and a
backward half, and beyond the last word is nothing; labels come from one layer over both boundaries and are smoothed;
scores of spans are divided by the square root of their width. The best tree is that with the most right spans to be
expected (Goodman 1996, *Parsing Algorithms and Metrics*).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from depparse.document.annotations.constituents import CONSTITUENT_PROBABILITIES
from depparse.document.columns import set_in_misc
from depparse.document.constituents import Constituent, joined, parted
from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.errors import DepparseError
from depparse.features.batch import Batch, Ints
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.biaffine import with_one
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.structs.constituents import best_spans, binarized, span_probabilities
from depparse.structs.probabilities import log_softmax
from depparse.tasks.constituent_trees import WRITES, Tree, tell_of_trees_not_learned, tree_of, write_tree
from depparse.tasks.task import Codec, CodecType, Network, NetworkType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
_NONE = 0  # the label of spans that are no constituents


class ConstituentsConfig(TaskConfig):
    """The settings of the task: constituents, by spans."""

    type: Literal["constituents"] = "constituents"
    span_width: int = Field(400, ge=1)  # units of each boundary for the scores of spans
    label_width: int = Field(200, ge=1)  # units of the layer that labels come from
    dropout: float = Field(0.33, ge=0, lt=1)
    min_count: int = Field(1, ge=1)  # rarer labels of the training data are not learned, only their spans
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike
    max_length: int = Field(1_000, ge=1)  # words; longer sentences are refused, since the time is O(words³)


class SpanScores(NamedTuple, Generic[Array]):
    """The scores of spans, and vectors for those of labels."""

    spans: Array  # [batch, first words, last words]
    label_firsts: Array  # [batch, words, width], of the boundary before each word
    label_lasts: Array  # [batch, words, width], of the boundary behind each word


class SpanTargets(NamedTuple, Generic[Array]):
    """The spans of binary trees; IGNORE behind the last one, and for labels that are not learned."""

    spans: Array  # [batch, spans, 2]: first and last word
    labels: Array  # [batch, spans]


class ScoredTree(NamedTuple):
    """A tree, and the probability of each constituent: of its words, and of its label with others of the same words."""

    constituents: Tree
    probabilities: list[float]


class ConstituentsCodec:
    """Trees of constituents with a root."""

    Config = ConstituentsConfig
    reads = ()
    writes = WRITES

    def __init__(self, config: ConstituentsConfig, labels: Vocabulary) -> None:
        self.config, self.labels = config, labels

    @classmethod
    def build(cls, config: ConstituentsConfig, sentences: Sequence[Sentence]) -> ConstituentsCodec | None:
        """The codec of the labels in `sentences`; labels of constituents with the same words are one."""
        labels = (label for sentence in sentences for _, _, label in joined(tree_of(sentence) or ()))
        vocabulary = Vocabulary.count(labels, min_count=config.min_count, reserved=1)
        return cls(config, vocabulary) if vocabulary.items else None

    @property
    def n_labels(self) -> int:
        """The number of labels, with that of spans that are no constituents."""
        return len(self.labels)

    def targets(self, sentence: Sentence) -> list[tuple[int, int, int]]:
        """The first and the last word and the label of each span of the binary tree; nothing if there is none."""
        tree = tree_of(sentence)
        spans = [] if tree is None else binarized(tree, len(sentence))
        return [(a, b, _NONE if label is None else self.labels.number(label, IGNORE)) for a, b, label in spans]

    def collate(self, rows: Sequence[list[tuple[int, int, int]]]) -> SpanTargets[Ints]:
        """The spans of several sentences as arrays."""
        cells = np.full((len(rows), max(1, *map(len, rows)), 3), IGNORE, np.int64)
        for number, row in enumerate(rows):
            cells[number, : len(row)] = np.array(row, np.int64).reshape(-1, 3)
        return SpanTargets(cells[..., :2], cells[..., 2])

    def count_targets(self, targets: SpanTargets[Any]) -> int:
        """The number of words in annotated sentences."""
        first, last = targets.spans[..., 0], targets.spans[..., 1]
        return int(((first == last) & (first != IGNORE)).sum())

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says how many trees are not learned."""
        return tell_of_trees_not_learned(sentences, tree_of, "without a root, or with + in labels,")

    def check_length(self, words: int) -> None:
        """Raises DepparseError for a sentence of more than `max_length` words."""
        if words > self.config.max_length:
            raise DepparseError(
                f"a sentence of {words} words is longer than the {self.config.max_length} that trees of constituents, "
                "of time O(words³), are found for; split the sentence, raise max_length, or do without constituents"
            )

    def decode(self, scores: SpanScores[NDArray[np.float32]], batch: Batch, stage: Stage) -> list[ScoredTree]:
        """The tree with the highest sum of the probabilities of its spans, each with its best label. O(words³)."""
        rows, of_spans = [], []
        for number, example in enumerate(batch.examples):
            try:
                self.check_length(example.length)
            except DepparseError as error:
                raise DepparseError(f"{example.name}: {error}") from None
            words = slice(1, example.length + 1)
            _, probabilities = span_probabilities(scores.spans[number, words, words])
            best = best_spans(probabilities)
            rows.append([(first + 1, last + 1, _NONE) for first, last in best])
            of_spans.append([float(probabilities[span]) for span in best])
        spans = np.maximum(self.collate(rows).spans, 0)
        (label_scores,) = stage("label_scores", scores.label_firsts, scores.label_lasts, spans)
        label_scores[:, 0, _NONE] = -np.inf  # all words together are a constituent
        labels = label_scores.argmax(-1)
        of_labels = np.exp(log_softmax(label_scores).max(-1))
        return list(map(self._tree, rows, labels.tolist(), of_spans, of_labels.tolist()))

    def _tree(
        self,
        spans: Sequence[tuple[int, int, int]],
        labels: Sequence[int],
        of_spans: Sequence[float],
        of_labels: Sequence[float],
    ) -> ScoredTree:
        found = {}  # by first and last word: the label and its probability
        for span, label, of_span, of_label in zip(spans, labels, of_spans, of_labels, strict=False):  # padding follows
            if label != _NONE:
                found[span[:2]] = self.labels.item(label), of_span * of_label
        tree = parted([Constituent(*span, label) for span, (label, _) in found.items()])
        return ScoredTree(tree, [found[start, end][1] for start, end, _ in tree])

    def annotate(self, sentence: Sentence, prediction: ScoredTree) -> None:
        """Writes the constituents."""
        write_tree(sentence, prediction.constituents)

    def write_probabilities(self, sentence: Sentence, prediction: ScoredTree) -> None:
        """Writes to MISC the probabilities of the constituents that begin with each word, in their order."""
        rows: list[list[str]] = [[] for _ in range(len(sentence))]
        for constituent, probability in zip(*prediction, strict=True):
            rows[constituent.start - 1].append(f"{probability:.4f}")
        cells = zip(sentence.column("MISC"), rows, strict=True)
        sentence.columns["MISC"] = [
            set_in_misc(cell, CONSTITUENT_PROBABILITIES, ",".join(row) or None) for cell, row in cells
        ]

    def to_json(self) -> Any:
        """All labels."""
        return self.labels.to_json()

    @classmethod
    def from_json(cls, config: ConstituentsConfig, data: Any) -> ConstituentsCodec:
        """The codec of the labels in `data`."""
        return cls(config, Vocabulary(data, reserved=1))


class Constituents(nn.Module):
    """A biaffine form of spans, and a classifier of spans."""

    Codec = ConstituentsCodec

    def __init__(self, codec: ConstituentsCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        self.firsts, self.lasts = (
            nn.Sequential(
                nn.Linear(2 * widths.context, config.span_width), nn.LeakyReLU(0.1), SharedDropout(config.dropout)
            )
            for _ in range(2)
        )
        self.label_firsts, self.label_lasts = (nn.Linear(2 * widths.context, config.label_width) for _ in range(2))
        self.form = nn.Parameter(torch.zeros(config.span_width + 1, config.span_width + 1))
        self.labels = nn.Sequential(
            nn.GELU(), SharedDropout(config.dropout), nn.Linear(config.label_width, codec.n_labels)
        )

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> SpanScores[Tensor]:
        """Scores of all spans, and vectors for those of labels. O(words²)."""
        words = encoded.context
        # Beyond the last word is padding or, in the longest sentence, nothing; so it is nothing for all.
        following = (words * layout.mask[..., None]).roll(-1, 1)
        before, behind = torch.cat([words.roll(1, 1), words], -1), torch.cat([words, following], -1)
        forms = with_one(self.firsts(before)) @ self.form / self.codec.config.span_width**0.5
        spans = (forms @ with_one(self.lasts(behind)).transpose(1, 2)).float()
        return SpanScores(spans, self.label_firsts(before), self.label_lasts(behind))

    def label_scores(self, label_firsts: Tensor, label_lasts: Tensor, spans: Tensor) -> Tensor:
        """The scores ``[batch, spans, labels]`` of the labels of ``spans[batch, spans, 2]``, of first and last words.

        `label_firsts` and `label_lasts` are those of `SpanScores`.
        """
        index = spans[..., None].expand(-1, -1, -1, label_firsts.shape[-1])
        both = label_firsts.gather(1, index[:, :, 0]) + label_lasts.gather(1, index[:, :, 1])
        scores: Tensor = self.labels(both).float()
        return scores

    def loss(self, scores: SpanScores[Tensor], targets: SpanTargets[Tensor]) -> Tensor:
        """The negative logarithm of the probability of the tree, by word, and the cross-entropy of labels, by span."""
        present = targets.spans[..., 0] != IGNORE
        spans = targets.spans.clamp(min=0)
        sentence = torch.arange(len(spans), device=spans.device)[:, None]
        gold = scores.spans[sentence, spans[..., 0], spans[..., 1]].masked_fill(~present, 0.0).sum()
        lengths = (present.sum(1) + 1) // 2  # a binary tree of n words has 2n - 1 spans
        total: Tensor = _LogPartition.apply(scores.spans, lengths)  # type: ignore[no-untyped-call]
        label_scores = self.label_scores(scores.label_firsts, scores.label_lasts, spans)
        labels = cross_entropy(label_scores, targets.labels, self.codec.config.smoothing)
        return (total - gold) / lengths.sum().clamp(min=1) + labels


class _LogPartition(torch.autograd.Function):
    """The sum over the sentences of log Σ exp(score) over all trees; its gradient is the probabilities of spans."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, lengths: Tensor) -> Tensor:
        total, gradient = 0.0, torch.zeros(scores.shape)
        values = scores.detach().cpu().numpy()
        for number, length in enumerate(lengths.tolist()):
            words = slice(1, length + 1)
            logarithm, probabilities = span_probabilities(values[number, words, words])
            gradient[number, words, words] = torch.from_numpy(probabilities).float()
            total += logarithm
        ctx.save_for_backward(gradient.to(scores.device))
        return scores.new_tensor(total)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (probabilities,) = ctx.saved_tensors
        return gradient * probabilities, None


CODEC: CodecType[ConstituentsConfig] = ConstituentsCodec
TASK: NetworkType[ConstituentsCodec] = Constituents
if TYPE_CHECKING:
    _codec: type[Codec[list[tuple[int, int, int]], SpanTargets[Ints], SpanScores[NDArray[np.float32]], ScoredTree]] = (
        ConstituentsCodec
    )
    _network: type[Network[None, SpanScores[Tensor], SpanTargets[Tensor]]] = Constituents
