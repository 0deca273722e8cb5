"""Named entities that may nest or overlap: every span of words is scored (Yu, Bohnet & Poesio 2020, *Named Entity
Recognition as Dependency Parsing*).

Each word has a representation as the first and one as the last word of an entity; a biaffine form scores the types of
the span between them, and no entity. Where we differ: only spans of at most `max_width` words are scored, so that time
and memory grow with the length of a sentence, not with its square, and a width has a score of its own for each type.
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
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.registry import PartConfig
from depparse.tasks.dependencies import with_one
from depparse.tasks.entities import WRITES, count_types, entities_of, tell

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


class Targets(NamedTuple):
    """What is learned of a sentence."""

    length: int  # words
    annotated: bool
    entities: list[tuple[int, int, int]]  # first word, width - 1, label


class NestedNer(nn.Module):
    """A classifier of spans; the most probable ones are taken first, as far as they go together."""

    Config = NestedNerConfig

    def __init__(self, config: NestedNerConfig, encoder: Encoder, types: Vocabulary, max_width: int) -> None:
        super().__init__()
        self.config, self.types, self.max_width = config, types, max_width
        inputs, self.n_labels = encoder.width + encoder.input_width, 1 + len(types)
        self.first, self.last = (
            nn.Sequential(nn.Linear(inputs, config.width), nn.LeakyReLU(0.1), SharedDropout(config.dropout))
            for _ in range(2)
        )
        self.weights = nn.Parameter(torch.zeros(config.width + 1, self.n_labels, config.width + 1))
        self.widths = nn.Parameter(torch.zeros(max_width, self.n_labels))

    @classmethod
    def build(cls, config: NestedNerConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> NestedNer | None:
        """With the types, and if it is open the greatest width, of the entities of `sentences`."""
        types = count_types(sentences)
        if not len(types):
            return None
        widths = sorted(span.end - span.start + 1 for sentence in sentences for span in sentence.ents)
        covering = widths[min(len(widths) - 1, int(_COVERED * len(widths)))]
        return cls(config, encoder, types, config.max_width or covering)

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
        for number, sentence in enumerate(sentences, 1):
            taken: set[tuple[int, int]] = set()
            for span in entities_of(sentence) or ():
                if span.end - span.start >= self.max_width:
                    wide.append((number, sentence, span))
                elif (span.start, span.end) in taken:
                    double.append((number, sentence, span))
                taken.add((span.start, span.end))
        return [
            *tell(wide, f"entities of more than {self.max_width} words (max_width) are not learned"),
            *tell(double, "entities of the same words as another one are not learned"),
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

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """Scores ``[batch, first words, width - 1, labels]``. O(words · max_width); what is no span has some too."""
        values = torch.cat([encoded.context, encoded.inputs], -1)
        first, last = with_one(self.first(values)), with_one(self.last(values))
        # For each first word the last words that go with it, side by side.
        windows = nn.functional.pad(last, (0, 0, 0, self.max_width - 1)).unfold(1, self.max_width, 1)
        by_label = (first @ self.weights.flatten(1)).view(*first.shape[:2], self.n_labels, -1)
        scores: Tensor = (by_label @ windows).transpose(2, 3) / self.config.width**0.5
        return scores.float() + self.widths

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of all spans, by annotated words: as one word, a span is worth what it is elsewhere."""
        total = nn.functional.cross_entropy(
            scores.flatten(0, -2), targets.flatten(), ignore_index=IGNORE, reduction="sum"
        )
        return total / (targets[..., 0] != IGNORE).sum().clamp(min=1)

    def predict(self, scores: Tensor, batch: Batch) -> list[list[Span]]:
        """The entities of each sentence, sorted by start, longest first."""
        probability, label = scores.softmax(-1).max(-1)
        first = torch.arange(scores.shape[1], device=scores.device)[:, None]
        width = torch.arange(self.max_width, device=scores.device)
        is_span = (first > 0) & (first + width <= batch.lengths[:, None, None])
        places = ((label != _NONE) & is_span).nonzero()
        rows = zip(places.tolist(), label[tuple(places.T)].tolist(), probability[tuple(places.T)].tolist(), strict=True)
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
        return {"types": self.types.to_json(), "max_width": self.max_width}

    @classmethod
    def from_json(cls, config: NestedNerConfig, encoder: Encoder, data: Any) -> NestedNer:
        return cls(config, encoder, Vocabulary(data["types"]), int(data["max_width"]))


TASK = NestedNer
