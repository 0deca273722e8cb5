"""A parser of another kind: all words hang on a first word that it chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, pad
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.structs.analysis import Tree
from depparse.tasks.task import NetworkType, Stage, TaskConfig


class StarConfig(TaskConfig):
    """Trees of one level."""

    type: Literal["star"] = "star"


class StarCodec:
    """The root is the word with the highest score."""

    Config = StarConfig
    reads = ()
    writes = ("HEAD", "DEPREL")
    parses_trees: Literal[True] = True

    def __init__(self, config: StarConfig) -> None:
        self.config = config

    @classmethod
    def build(cls, config: StarConfig, sentences: Sequence[Sentence]) -> StarCodec:
        return cls(config)

    def targets(self, sentence: Sentence) -> list[int]:
        return [int(head == 0) for head in sentence.heads]

    def collate(self, rows: Sequence[list[int]]) -> Any:
        return pad(rows)

    def decode(self, scores: Any, batch: Batch, stage: Stage) -> list[Tree]:
        trees = []
        for row, example in zip(scores, batch.examples, strict=True):
            root = 1 + int((row[1 : example.length + 1, 1] - row[1 : example.length + 1, 0]).argmax())
            heads = [0 if word == root else root for word in range(1, example.length + 1)]
            trees.append(Tree(heads, ["root" if head == 0 else "dep" for head in heads]))
        return trees

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        sentence.columns["HEAD"], sentence.columns["DEPREL"] = list(map(str, prediction.heads)), prediction.labels

    def to_json(self) -> Any:
        return None

    @classmethod
    def from_json(cls, config: StarConfig, data: Any) -> StarCodec:
        return cls(config)


class Star(nn.Module):
    Codec = StarCodec

    def __init__(self, codec: StarCodec, widths: Widths) -> None:
        super().__init__()
        self.codec = codec
        self.classifier = nn.Linear(widths.context, 2)

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> Tensor:
        scores: Tensor = self.classifier(encoded.context)
        return scores

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(scores, targets)


TASK: NetworkType[StarCodec] = Star  # mypy checks it against the contract
