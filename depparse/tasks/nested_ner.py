"""Named entities that may nest or overlap: every span of words is scored (Yu, Bohnet & Poesio 2020, *Named Entity
Recognition as Dependency Parsing*).

Each word has a representation as the first and one as the last word of an entity; a biaffine form scores the types of
the span between them, and no entity. Where we differ: only spans of at most `max_width` words are scored, so that time
and memory grow with the length of a sentence, not with its square, and a width has a score of its own for each type.

`syntax` lets it see dependency trees (depparse/encoders/syntax.py). With ``spans = "tree"`` only those spans are scored
that go with the tree (`depparse.data.trees.chained_spans`); all of them in a sentence where a word has no head.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.data.spans import Span
from depparse.data.trees import chained_spans
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.encoders.syntax import Syntax, SyntaxConfig, TreeSource, count_relations
from depparse.registry import PartConfig
from depparse.tasks.dependencies import with_one
from depparse.tasks.entities import WRITES, count_types, entities_of, tell, tell_of_trees

_COVERED = 0.999  # share of the entities of the training data that the width found by itself covers
_NONE = 0  # the label of spans that are no entity


class NestedNerConfig(PartConfig):
    """Entities that may overlap."""

    type: Literal["nested_ner"] = "nested_ner"
    width: int = Field(150, ge=1)  # units of each representation
    dropout: float = Field(0.33, ge=0, lt=1)
    # Words of the widest entity that is looked for. 0: as in the training data, the widest in a thousand aside.
    max_width: int = Field(0, ge=0)
    # none: the more probable of two entities that share words; nested: unless the one is within the other; any: both.
    overlap: Literal["none", "nested", "any"] = "nested"
    spans: Literal["all", "tree"] = "all"  # those that are scored
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="dglstm"}, between encoder and task
    trees: TreeSource = "given"  # those it learns with: of the training data, or the model's own, as it predicts them


class Targets(NamedTuple):
    """What is learned of a sentence."""

    length: int  # words
    annotated: bool
    entities: list[tuple[int, int, int]]  # first word, width - 1, label


class SpanScores(NamedTuple):
    """The spans that are scored, of all sentences of a batch."""

    places: Tensor  # [spans, 3]: sentence, first word, width - 1
    scores: Tensor  # [spans, labels]


class NestedNer(nn.Module):
    """A classifier of spans; the most probable ones are taken first, as far as they go together."""

    Config = NestedNerConfig

    def __init__(
        self, config: NestedNerConfig, encoder: Encoder, types: Vocabulary, max_width: int, relations: Vocabulary
    ) -> None:
        super().__init__()
        self.config, self.types, self.max_width = config, types, max_width
        self.syntax = Syntax(config.syntax, encoder.width, relations)
        self.reads_trees = config.trees if config.syntax is not None or config.spans == "tree" else None
        inputs, self.n_labels = self.syntax.width + encoder.input_width, 1 + len(types)
        self.first, self.last = (
            nn.Sequential(nn.Linear(inputs, config.width), nn.LeakyReLU(0.1), SharedDropout(config.dropout))
            for _ in range(2)
        )
        self.weights = nn.Parameter(torch.zeros(config.width + 1, self.n_labels, config.width + 1))
        self.widths = nn.Parameter(torch.zeros(max_width, self.n_labels))

    @classmethod
    def build(cls, config: NestedNerConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> NestedNer | None:
        """With the types, and if it is open the greatest width, of the entities of `sentences`; and the relations."""
        types = count_types(sentences)
        if not len(types):
            return None
        relations = count_relations(config.syntax, sentences, config.trees)
        return cls(config, encoder, types, config.max_width or covering_width(sentences), relations)

    def targets(self, sentence: Sentence) -> Targets:
        """Entities that are too wide, and a second type of the same words, are left out."""
        labels: dict[tuple[int, int], int] = {}
        spans = entities_of(sentence)
        for span in spans or ():
            if span.end - span.start < self.max_width and span.type in self.types:
                labels.setdefault((span.start, span.end - span.start), 1 + self.types.number(span.type))
        return Targets(len(sentence), spans is not None, [(*place, label) for place, label in labels.items()])

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """What of the training data is not learned."""
        wide: list[tuple[int, Sentence, Span | None]] = []
        double: list[tuple[int, Sentence, Span | None]] = []
        apart: list[tuple[int, Sentence, Span | None]] = []
        restricted = self.config.spans == "tree" and self.config.trees == "given"
        for number, sentence in enumerate(sentences, 1):
            taken: set[tuple[int, int]] = set()
            candidates = set(self._spans_of(sentence.heads)) if restricted else set()
            for span in entities_of(sentence) or ():
                if span.end - span.start >= self.max_width:
                    wide.append((number, sentence, span))
                elif (span.start, span.end) in taken:
                    double.append((number, sentence, span))
                elif restricted and (span.start, span.end) not in candidates:
                    apart.append((number, sentence, span))
                taken.add((span.start, span.end))
        return [
            *tell(wide, f"entities of more than {self.max_width} words (max_width) are not learned"),
            *tell(double, "entities of the same words as another one are not learned"),
            *tell(apart, "entities that do not go with the tree (spans) are not learned"),
            *tell_of_trees(sentences, self.reads_trees),
        ]

    def collate(self, rows: Sequence[Targets]) -> Tensor:
        """Labels of spans ``[batch, first words, width - 1]``; IGNORE where there is none, or none is known."""
        words = 1 + max(row.length for row in rows)
        first, width = torch.arange(words)[:, None], torch.arange(self.max_width)
        labels = torch.full((len(rows), words, self.max_width), IGNORE)
        for number, row in enumerate(rows):
            if row.annotated:
                labels[number][(first > 0) & (first + width <= row.length)] = _NONE
                for place in row.entities:
                    labels[number, place[0], place[1]] = place[2]
        return labels

    def forward(self, encoded: Encoded, batch: Batch) -> SpanScores:
        """Scores of all spans, O(words · max_width), or of those that go with the tree, O(words + spans)."""
        values = torch.cat([self.syntax(encoded.context, batch), encoded.inputs], -1)
        first, last = with_one(self.first(values)), with_one(self.last(values))
        by_label = (first @ self.weights.flatten(1)).view(*first.shape[:2], self.n_labels, -1)
        if self.config.spans == "tree":
            places = self._places_in_trees(batch)
            sentence, start, wider = places.T
            scores = (by_label[sentence, start] @ last[sentence, start + wider][..., None]).squeeze(-1)
        else:
            # For each first word the last words that go with it, side by side.
            windows = nn.functional.pad(last, (0, 0, 0, self.max_width - 1)).unfold(1, self.max_width, 1)
            starts, widths = (torch.arange(size, device=last.device) for size in (last.shape[1], self.max_width))
            places = ((starts[:, None] > 0) & (starts[:, None] + widths <= batch.lengths[:, None, None])).nonzero()
            scores = (by_label @ windows).transpose(2, 3)[tuple(places.T)]
        return SpanScores(places, (scores / self.config.width**0.5).float() + self.widths[places[:, 2]])

    def _spans_of(self, heads: Sequence[int | None]) -> list[tuple[int, int]]:
        """First and last words of the spans that go with the tree, if it is whole."""
        if None not in heads:
            return chained_spans(heads, self.max_width)
        length = len(heads)
        return [(i, j) for i in range(1, length + 1) for j in range(i, min(i + self.max_width, length + 1))]

    def _places_in_trees(self, batch: Batch) -> Tensor:
        spans = (self._spans_of(tree.heads) for tree in batch.trees)
        rows = [(number, i, j - i) for number, here in enumerate(spans) for i, j in here]
        return torch.tensor(rows, dtype=torch.long, device=batch.mask.device).view(-1, 3)

    def loss(self, scores: SpanScores, targets: Tensor) -> Tensor:
        """Cross-entropy of all scored spans, by annotated words: as one word, a span is worth what it is elsewhere."""
        labels = targets[tuple(scores.places.T)]
        total = nn.functional.cross_entropy(scores.scores, labels, ignore_index=IGNORE, reduction="sum")
        return total / (targets[..., 0] != IGNORE).sum().clamp(min=1)

    def predict(self, scores: SpanScores, batch: Batch) -> list[list[Span]]:
        """The entities of each sentence, sorted by start, longest first."""
        probability, label = scores.scores.softmax(-1).max(-1)
        is_entity = label != _NONE
        rows = zip(*(part[is_entity].tolist() for part in (scores.places, label, probability)), strict=True)
        found: list[list[Span]] = [[] for _ in batch.examples]
        for (number, start, wider), kind, score in rows:
            found[number].append(Span(start, start + wider, self.types.item(kind - 1), score))
        return [self._choose(spans) for spans in found]

    def _choose(self, spans: list[Span]) -> list[Span]:
        """Those that go together, the most probable first. O(spans²)."""
        chosen: list[Span] = []
        for span in sorted(spans, key=lambda span: -(span.score or 0.0)):
            if not any(self._clash(span, other) for other in chosen):
                chosen.append(span)
        return sorted(chosen, key=lambda span: (span.start, -span.end))

    def _clash(self, a: Span, b: Span) -> bool:
        if self.config.overlap == "any" or a.end < b.start or b.end < a.start:
            return False
        return self.config.overlap == "none" or (a.start - b.start) * (a.end - b.end) > 0

    def annotate(self, sentence: Sentence, prediction: list[Span]) -> None:
        sentence.ents = prediction

    def writes(self) -> tuple[str, ...]:
        return WRITES

    def to_json(self) -> Any:
        data = {"types": self.types.to_json(), "max_width": self.max_width}
        return data if self.config.syntax is None else data | {"relations": self.syntax.relations.items}

    @classmethod
    def from_json(cls, config: NestedNerConfig, encoder: Encoder, data: Any) -> NestedNer:
        relations = Vocabulary(data.get("relations", []), reserved=1)
        return cls(config, encoder, Vocabulary(data["types"]), int(data["max_width"]), relations)


def covering_width(sentences: Iterable[Sentence]) -> int:
    """The least width in words that nearly all of the entities have at most; there must be one."""
    widths = sorted(span.end - span.start + 1 for sentence in sentences for span in sentence.ents)
    return widths[min(len(widths) - 1, int(_COVERED * len(widths)))]


TASK = NestedNer
