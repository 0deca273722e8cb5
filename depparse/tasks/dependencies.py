"""Dependency trees by deep biaffine attention (Dozat & Manning 2017, *Deep Biaffine Attention for Neural Dependency
Parsing*).

Each word has a representation as a dependent and one as a head, for arcs and for labels. Labels are scored for the arcs
in use only: the gold ones in training, those of the decoded tree afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.data.batching import Batch, WordTree, pad_labels
from depparse.data.columns import set_in_misc
from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.sentence import Sentence
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.encoder import Encoded, Encoder
from depparse.errors import DepparseError
from depparse.registry import PartConfig
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.checks import Floats, Integers, check_length
from depparse.structs.constraints import Constraints
from depparse.structs.eisner import MAX_LENGTH
from depparse.structs.mst import decode
from depparse.tasks.tagger import cross_entropy


class DependenciesConfig(PartConfig):
    """HEAD and DEPREL of words."""

    type: Literal["dependencies"] = "dependencies"
    arc_width: int = Field(400, ge=1)  # units
    label_width: int = Field(100, ge=1)  # units
    dropout: float = Field(0.33, ge=0, lt=1)
    projective: bool = False  # decode projective trees only
    max_projective_length: int = Field(MAX_LENGTH, ge=1)  # words; longer sentences are refused if projective
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike


@dataclass(slots=True)
class DependencyScores:
    """Scores of arcs, and what label scores are made of once the arcs are known."""

    arc_scores: Tensor  # [batch, dependents, heads]: score of h being the head of d; 0 is ROOT
    label_dependents: Tensor  # [batch, words, label width]
    label_heads: Tensor  # [batch, words, label width]
    best: list[Tree] | None = None  # the trees, once they are decoded: those that other tasks read are written too


class Dependencies(nn.Module):
    """Trees with exactly one root, decoded exactly."""

    Config = DependenciesConfig

    def __init__(self, config: DependenciesConfig, encoder: Encoder, labels: Vocabulary) -> None:
        super().__init__()
        self.config, self.labels = config, labels
        widths = [config.arc_width] * 2 + [config.label_width] * 2
        self.represent = nn.ModuleList(
            nn.Sequential(nn.Linear(encoder.width, width), nn.LeakyReLU(0.1), SharedDropout(config.dropout))
            for width in widths
        )
        self.arcs = nn.Parameter(torch.zeros(config.arc_width + 1, config.arc_width))
        self.label_weights = nn.Parameter(torch.zeros(config.label_width + 1, len(labels), config.label_width + 1))

    @classmethod
    def build(cls, config: DependenciesConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> Dependencies | None:
        """With the relations of `sentences`, subtypes included."""
        relations = (cell for s in sentences for cell in s.columns.get("DEPREL", ()) if cell != "_")
        vocabulary = Vocabulary.count(relations)
        return cls(config, encoder, vocabulary) if len(vocabulary) else None

    def targets(self, sentence: Sentence) -> tuple[list[int], list[int]]:
        heads = [IGNORE if head is None else head for head in sentence.heads]
        labels = sentence.columns.get("DEPREL", ["_"] * len(sentence))
        return heads, self.labels.numbers(labels, IGNORE)

    def collate(self, rows: Sequence[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
        return pad_labels([heads for heads, _ in rows]), pad_labels([labels for _, labels in rows])

    def forward(self, encoded: Encoded, batch: Batch) -> DependencyScores:
        dependents, heads, label_dependents, label_heads = (part(encoded.context) for part in self.represent)
        mixed = (with_one(dependents) @ self.arcs) / self.config.arc_width**0.5
        # [words, words] is 400 MB for 10,000 of them, so there is one such matrix, changed in place.
        arc_scores = (mixed @ heads.transpose(1, 2)).float()
        # Nothing hangs on padding, and no word on itself.
        arc_scores.masked_fill_(~batch.present[:, None, :], float("-inf"))
        arc_scores.diagonal(dim1=1, dim2=2).fill_(float("-inf"))
        return DependencyScores(arc_scores, label_dependents, label_heads)

    def label_scores(self, scores: DependencyScores, heads: Tensor) -> Tensor:
        """``[batch, words, several, labels]`` for the arcs of each word to each of ``heads[b, d, several]``."""
        index = heads.flatten(1)[..., None].expand(-1, -1, scores.label_heads.shape[-1])
        chosen = with_one(scores.label_heads.gather(1, index)).view(-1, heads.shape[-1], self.config.label_width + 1)
        # Labels last: rows times a matrix for each word read memory in order.
        weights = self.label_weights.transpose(1, 2).flatten(1)
        mixed = with_one(scores.label_dependents) @ weights
        by_label = mixed.view(-1, chosen.shape[-1], len(self.labels))  # [batch · words, label width + 1, labels]
        return torch.bmm(chosen, by_label).view(*heads.shape, -1).float()

    def permitted_label_scores(self, scores: DependencyScores, heads: Tensor) -> Tensor:
        """`label_scores`, but -inf as UD has it: the relation root is for the child of ROOT and for nothing else."""
        label_scores = self.label_scores(scores, heads)
        if "root" in self.labels and len(self.labels) > 1:
            root = self.labels.number("root")
            others = torch.arange(len(self.labels), device=heads.device) != root
            from_root = heads == 0
            label_scores = label_scores.masked_fill(from_root[..., None] & others, float("-inf"))
            label_scores[..., root].masked_fill_(~from_root, float("-inf"))
        return label_scores

    def loss(self, scores: DependencyScores, targets: tuple[Tensor, Tensor]) -> Tensor:
        heads, labels = targets
        arcs = nn.functional.cross_entropy(
            scores.arc_scores.flatten(0, 1), heads.flatten(), ignore_index=IGNORE, reduction="sum"
        )
        known = labels.masked_fill(heads == IGNORE, IGNORE)
        label_scores = self.label_scores(scores, heads.clamp(min=0)[..., None]).squeeze(2)
        return arcs / (heads != IGNORE).sum().clamp(min=1) + cross_entropy(label_scores, known, self.config.smoothing)

    def predict(self, scores: DependencyScores, batch: Batch) -> list[Tree]:
        if scores.best is None:
            scores.best = self._decode(scores, batch)
        return scores.best

    def _decode(self, scores: DependencyScores, batch: Batch) -> list[Tree]:
        if self.config.projective:
            longest = max(batch.examples, key=lambda example: example.length)
            try:
                check_length(longest.length, self.config.max_projective_length)
            except DepparseError as error:
                raise DepparseError(f"{longest.name}: {error}") from None
        arc_scores = scores.arc_scores.numpy(force=True)
        heads = decode(
            arc_scores,
            batch.lengths.numpy(force=True),
            projective=self.config.projective,
            max_projective_length=self.config.max_projective_length,
        )
        chosen = torch.as_tensor(heads, dtype=torch.long, device=scores.arc_scores.device)
        labels = self.permitted_label_scores(scores, chosen[..., None]).squeeze(2).argmax(-1).tolist()
        return [
            Tree(
                heads[number, 1 : example.length + 1].tolist(),
                list(map(self.labels.item, labels[number][1 : example.length + 1])),
            )
            for number, example in enumerate(batch.examples)
        ]

    def parse(self, scores: DependencyScores, batch: Batch) -> list[WordTree]:
        """What `predict` gives, for tasks that read trees."""
        return [WordTree(tree.heads, tree.labels) for tree in self.predict(scores, batch)]

    def analyze(
        self, scores: DependencyScores, batch: Batch, constraints: Sequence[Constraints | None]
    ) -> list[ParseAnalysis]:
        """All trees of each sentence, as the constraints on each have it."""
        return [
            self._analysis(scores, number, example.length, example.name, known)
            for number, (example, known) in enumerate(zip(batch.examples, constraints, strict=True))
        ]

    def _analysis(
        self, scores: DependencyScores, number: int, length: int, name: str, constraints: Constraints | None
    ) -> ParseAnalysis:
        # Clones, so that an analysis that is kept does not keep its whole batch.
        places = (slice(number, number + 1), slice(length + 1))
        dependents, heads = scores.label_dependents[places].clone(), scores.label_heads[places].clone()
        arc_scores = scores.arc_scores[number, : length + 1, : length + 1].clone()

        @torch.inference_mode()
        def label_model(words: Integers, several: Integers) -> Floats:
            part = DependencyScores(arc_scores, dependents[:, torch.as_tensor(words)], heads)
            chosen = torch.tensor(several, device=heads.device)
            label_scores = self.permitted_label_scores(part, chosen[None])[0]
            logarithms: Floats = label_scores.double().log_softmax(-1).numpy(force=True)
            return logarithms

        return ParseAnalysis(
            name,
            arc_scores.numpy(force=True),
            self.labels.items,
            label_model,
            constraints,
            projective=self.config.projective,
            max_projective_length=self.config.max_projective_length,
        )

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        sentence.columns["HEAD"] = list(map(str, prediction.heads))
        sentence.columns["DEPREL"] = list(prediction.labels)
        for name, values in (
            ("HeadProb", prediction.arc_probabilities),
            ("LabelProb", prediction.label_probabilities),
        ):
            if values is not None:
                cells = zip(sentence.column("MISC"), values, strict=True)
                sentence.columns["MISC"] = [set_in_misc(cell, name, f"{value:.4f}") for cell, value in cells]

    def writes(self) -> tuple[str, ...]:
        return ("HEAD", "DEPREL")

    def to_json(self) -> Any:
        return self.labels.to_json()

    @classmethod
    def from_json(cls, config: DependenciesConfig, encoder: Encoder, data: Any) -> Dependencies:
        return cls(config, encoder, Vocabulary(data))


def with_one(values: Tensor) -> Tensor:
    """A constant unit after the others: makes the biaffine form hold the linear and constant terms."""
    return torch.cat([values, torch.ones_like(values[..., :1])], -1)


TASK = Dependencies
