"""Named entities that may nest or overlap: every span of words is scored (Yu, Bohnet & Poesio 2020, *Named Entity
Recognition as Dependency Parsing*).

Each word has a representation as the first and one as the last word of an entity. For the span between two words, a
biaffine form scores each type, and that it is no entity. Where we differ: only spans of at most `max_width` words are
scored, so that time and memory grow with the length of a sentence, not with its square, and each width has a score of
its own for each type.

With `syntax`, the task sees dependency trees (layers/trees/syntax.py). With ``spans = "tree"``, only the spans that
agree with the tree are scored, as in the model DGM of Jie, Muis & Lu 2017 (`depparse.document.trees.chained_spans`); in
a sentence where a word has no head, all spans are. Where we differ from DGM: a network classifies spans one by one,
while theirs are segments of a semi-Markov CRF with features; and we lack their variant DGM-S, of shorter chains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.document.spans import Span
from depparse.document.trees import chained_spans
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Ints
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.biaffine import with_one
from depparse.layers.dropout import SharedDropout
from depparse.layers.tensors import Layout
from depparse.layers.trees.reader import Arcs, SyntaxConfig, TreeReader, TreeSource, count_relations
from depparse.layers.trees.syntax import Syntax
from depparse.tasks.entities import WRITES, count_types, entities_of, tell_of_entities_without_trees
from depparse.tasks.findings import Problem, tell
from depparse.tasks.task import Codec, CodecType, Network, NetworkType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch

_COVERED = 0.999  # share of the entities of the training data that are no wider than the default max_width
_NONE = 0  # the label of spans that are no entity


class NestedNerConfig(TaskConfig):
    """The settings of the task: entities that may overlap."""

    type: Literal["nested_ner"] = "nested_ner"
    width: int = Field(150, ge=1)  # units of each representation
    dropout: float = Field(0.33, ge=0, lt=1)
    # Most words of an entity. 0: as many as the widest in the training data has, leaving out the widest in a thousand.
    max_width: int = Field(0, ge=0)
    # What is kept of two entities that share words. none: the more probable one; nested: both if one lies within the
    # other, else the more probable one; any: both.
    overlap: Literal["none", "nested", "any"] = "nested"
    spans: Literal["all", "tree"] = "all"  # the spans that are scored
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="dglstm"}, between encoder and task
    trees: TreeSource = "given"  # the trees it learns with: of the training data, or those that the model predicts


class EntityTargets(NamedTuple):
    """What is learned from a sentence."""

    length: int  # words
    annotated: bool
    entities: list[tuple[int, int, int]]  # first word, width - 1, label


class TreesAndSpans(NamedTuple, Generic[Array]):
    """What the network reads of the trees of a batch."""

    arcs: Arcs[Array] | None  # for `syntax`
    spans: Array | None  # [spans, 3]: the spans that agree with the trees; None if all spans are scored


class SpanScores(NamedTuple, Generic[Array]):
    """The spans that are scored, of all sentences of a batch."""

    spans: Array  # [spans, 3]: sentence, first word, width - 1
    scores: Array  # [spans, labels]


class NestedNerCodec:
    """Labels of spans; the most probable entities are taken first, as far as they may overlap."""

    Config = NestedNerConfig
    reads = ()
    writes = WRITES

    def __init__(self, config: NestedNerConfig, types: Vocabulary, max_width: int, trees: TreeReader) -> None:
        self.config, self.types, self.max_width, self.trees = config, types, max_width, trees
        reads = config.syntax is not None or config.spans == "tree"
        self.reads_trees: TreeSource | None = config.trees if reads else None

    @classmethod
    def build(cls, config: NestedNerConfig, sentences: Sequence[Sentence]) -> NestedNerCodec | None:
        """The codec of the types of entities in `sentences`, and of the relations if it reads trees.

        The greatest width is that of the config or, by default, `covering_width`.
        """
        types = count_types(sentences)
        if not len(types):
            return None
        relations = count_relations(config.syntax, sentences, config.trees)
        return cls(config, types, config.max_width or covering_width(sentences), TreeReader(relations))

    @property
    def n_labels(self) -> int:
        """The number of labels: the types, and before them the label of spans that are no entity."""
        return 1 + len(self.types)

    def read_trees(self, batch: Batch) -> TreesAndSpans[NDArray[Any]]:
        """The trees for `syntax`, and the spans that agree with them. O(words + spans)."""
        arcs = self.trees.arcs(batch) if self.config.syntax is not None else None
        if self.config.spans == "all":
            return TreesAndSpans(arcs, None)
        by_sentence = enumerate(self._spans_of(tree.heads) for tree in batch.trees)
        rows = [(number, first, last - first) for number, spans in by_sentence for first, last in spans]
        return TreesAndSpans(arcs, np.array(rows, np.int64).reshape(-1, 3))

    def _spans_of(self, heads: Sequence[int | None]) -> list[tuple[int, int]]:
        """First and last words of the spans that agree with the tree; of all spans if a word has no head."""
        if None not in heads:
            return chained_spans(heads, self.max_width)
        length = len(heads)
        return [(i, j) for i in range(1, length + 1) for j in range(i, min(i + self.max_width, length + 1))]

    def targets(self, sentence: Sentence) -> EntityTargets:
        """The entities of the sentence, without those that are too wide and without second types of the same words."""
        labels: dict[tuple[int, int], int] = {}
        spans = entities_of(sentence)
        for span in spans or ():
            if span.end - span.start < self.max_width and span.type in self.types:
                labels.setdefault((span.start, span.end - span.start), 1 + self.types.number(span.type))
        entities = [(first, wider, label) for (first, wider), label in labels.items()]
        return EntityTargets(len(sentence), spans is not None, entities)

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says which training data is not learned."""
        wide, double, unscored = list[Problem](), list[Problem](), list[Problem]()
        restricted = self.config.spans == "tree" and self.config.trees == "given"
        for number, sentence in enumerate(sentences, 1):
            earlier_spans: set[tuple[int, int]] = set()
            candidates = set(self._spans_of(sentence.heads)) if restricted else set()
            for span in entities_of(sentence) or ():
                if span.end - span.start >= self.max_width:
                    wide.append((number, sentence, span))
                elif (span.start, span.end) in earlier_spans:
                    double.append((number, sentence, span))
                elif restricted and (span.start, span.end) not in candidates:
                    unscored.append((number, sentence, span))
                earlier_spans.add((span.start, span.end))
        return [
            *tell(wide, f"entities of more than {self.max_width} words (max_width) are not learned"),
            *tell(double, "entities of the same words as another one are not learned"),
            *tell(unscored, "entities that do not go with the tree (spans) are not learned"),
            *tell_of_entities_without_trees(sentences, self.reads_trees),
        ]

    def collate(self, rows: Sequence[EntityTargets]) -> Ints:
        """Labels of spans ``[batch, first words, width - 1]``; IGNORE where there is no span or no annotation."""
        words = 1 + max(row.length for row in rows)
        first, wider = np.arange(words)[:, None], np.arange(self.max_width)
        labels = np.full((len(rows), words, self.max_width), IGNORE, np.int64)
        for number, row in enumerate(rows):
            if row.annotated:
                labels[number][(first > 0) & (first + wider <= row.length)] = _NONE
                for entity in row.entities:
                    labels[number, entity[0], entity[1]] = entity[2]
        return labels

    def count_targets(self, targets: Any) -> int:
        """The number of words in annotated sentences."""
        return int((targets[..., 0] != IGNORE).sum())

    def decode(self, scores: SpanScores[NDArray[Any]], batch: Batch, stage: Stage) -> list[list[Span]]:
        """The entities of each sentence, sorted by start, longest first, each with its probability."""
        labels = scores.scores.argmax(-1)
        is_entity = labels != _NONE
        logits = scores.scores[is_entity].astype(np.float64)
        # The greatest logit is subtracted, so that no exponential is above 1.
        probabilities = 1 / np.exp(logits - logits.max(-1, keepdims=True)).sum(-1)
        rows = zip(scores.spans[is_entity].tolist(), labels[is_entity].tolist(), probabilities.tolist(), strict=True)
        entities: list[list[Span]] = [[] for _ in batch.examples]
        for (number, start, wider), label, probability in rows:
            entities[number].append(Span(start, start + wider, self.types.item(label - 1), probability))
        return [self._choose(spans) for spans in entities]

    def _choose(self, spans: list[Span]) -> list[Span]:
        """The entities that are kept, sorted: the most probable first, then each that clashes with none. O(spans²)."""
        chosen: list[Span] = []
        for span in sorted(spans, key=lambda span: -(span.score or 0.0)):
            if not any(self._clash(span, other) for other in chosen):
                chosen.append(span)
        return sorted(chosen, key=lambda span: (span.start, -span.end))

    def _clash(self, a: Span, b: Span) -> bool:
        """Whether `overlap` allows only one of the two entities."""
        if self.config.overlap == "any" or a.end < b.start or b.end < a.start:
            return False
        return self.config.overlap == "none" or (a.start - b.start) * (a.end - b.end) > 0

    def annotate(self, sentence: Sentence, prediction: list[Span]) -> None:
        """Writes the entities, always with their probabilities."""
        sentence.ents = prediction

    def to_json(self) -> Any:
        """The types, the greatest width and, for `syntax`, the relations."""
        data = {"types": self.types.to_json(), "max_width": self.max_width}
        return data if self.config.syntax is None else data | {"relations": self.trees.to_json()}

    @classmethod
    def from_json(cls, config: NestedNerConfig, data: Any) -> NestedNerCodec:
        """The codec that gave `data`."""
        relations = TreeReader.from_json(data.get("relations", []))
        return cls(config, Vocabulary(data["types"]), int(data["max_width"]), relations)


class NestedNer(nn.Module):
    """A classifier of spans."""

    Codec = NestedNerCodec

    def __init__(self, codec: NestedNerCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        self.syntax = Syntax(config.syntax, widths.context, len(codec.trees.relations))
        inputs = self.syntax.width + widths.inputs
        self.first, self.last = (
            nn.Sequential(nn.Linear(inputs, config.width), nn.LeakyReLU(0.1), SharedDropout(config.dropout))
            for _ in range(2)
        )
        self.weights = nn.Parameter(torch.zeros(config.width + 1, codec.n_labels, config.width + 1))
        self.widths = nn.Parameter(torch.zeros(codec.max_width, codec.n_labels))

    def forward(
        self, encoded: Encoded, layout: Layout, trees: TreesAndSpans[Tensor] | None = None
    ) -> SpanScores[Tensor]:
        """Scores of all spans, O(words · max_width), or of those that agree with the trees, O(words + spans)."""
        arcs, spans = trees if trees is not None else (None, None)
        values = torch.cat([self.syntax(encoded.context, arcs, layout), encoded.inputs], -1)
        first, last = with_one(self.first(values)), with_one(self.last(values))
        max_width, n_labels = self.widths.shape
        by_label = (first @ self.weights.flatten(1)).view(*first.shape[:2], n_labels, -1)
        if spans is not None:
            sentence, start, wider = spans.T
            scores = (by_label[sentence, start] @ last[sentence, start + wider][..., None]).squeeze(-1)
        else:
            # For each first word, a window of the last words that a span from there can have.
            windows = nn.functional.pad(last, (0, 0, 0, max_width - 1)).unfold(1, max_width, 1)
            starts, widths = (torch.arange(size, device=last.device) for size in (last.shape[1], max_width))
            spans = ((starts[:, None] > 0) & (starts[:, None] + widths <= layout.lengths[:, None, None])).nonzero()
            scores = (by_label @ windows).transpose(2, 3)[tuple(spans.T)]
        return SpanScores(spans, (scores / self.codec.config.width**0.5).float() + self.widths[spans[:, 2]])

    def loss(self, scores: SpanScores[Tensor], targets: Tensor) -> Tensor:
        """Cross-entropy, summed over the scored spans and divided by the number of annotated words.

        So a span weighs the same in a batch of few spans and of many.
        """
        labels = targets[tuple(scores.spans.T)]
        total = nn.functional.cross_entropy(scores.scores, labels, ignore_index=IGNORE, reduction="sum")
        return total / (targets[..., 0] != IGNORE).sum().clamp(min=1)


def covering_width(sentences: Iterable[Sentence]) -> int:
    """The least number of words that nearly no entity exceeds. There must be an entity."""
    widths = sorted(span.end - span.start + 1 for sentence in sentences for span in sentence.ents)
    return widths[min(len(widths) - 1, int(_COVERED * len(widths)))]


TASK: NetworkType[NestedNerCodec] = NestedNer
if TYPE_CHECKING:
    _codec: type[Codec[EntityTargets, Ints, SpanScores[NDArray[Any]], list[Span]]] = NestedNerCodec
    _codec_type: CodecType[NestedNerConfig] = NestedNerCodec
    _network: type[Network[TreesAndSpans[Tensor] | None, SpanScores[Tensor], Tensor]] = NestedNer
