"""Part-of-speech and feature tags: the labels of each column, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.features.batch import Batch, Ints, pad
from depparse.features.choices import Floats, Lesson, blend, choose, softmax, split, translate
from depparse.features.usage import Usage
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.tasks.task import Codec, CodecType, Opinion, Stage, TaskConfig

Column = Literal["UPOS", "XPOS", "FEATS"]
Scores = NDArray[np.float32]


class TaggerConfig(TaskConfig):
    """The settings of the task: tags of words."""

    type: Literal["tagger"] = "tagger"
    columns: tuple[Column, ...] = ("UPOS", "XPOS", "FEATS")  # those that the data does not annotate are left out
    width: int = Field(200, ge=1)  # units of the hidden layer of each column
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike


class TaggerCodec:
    """The labels of columns. A whole FEATS cell is one label: features depend on each other, in few combinations.

    `usage` has the labels that each treebank uses, by column, if there are several treebanks. In the style of one that
    does not annotate a column, this stays empty.
    """

    Config = TaggerConfig
    reads = ()

    def __init__(
        self, config: TaggerConfig, vocabularies: dict[str, Vocabulary], usage: dict[str, Usage] | None = None
    ) -> None:
        self.config, self.vocabularies, self.usage = config, vocabularies, usage or {}

    @classmethod
    def build(cls, config: TaggerConfig, sentences: Sequence[Sentence]) -> TaggerCodec | None:
        """The codec of the labels of `sentences`. FEATS ``_`` is a label (no features) if any word has features."""
        vocabularies: dict[str, Vocabulary] = {}
        for column in config.columns:
            cells = (cell for s in sentences for cell in s.columns.get(column, ()))
            vocabulary = Vocabulary.count(cell for cell in cells if cell != "_" or column == "FEATS")
            if any(label != "_" for label in vocabulary.items):
                vocabularies[column] = vocabulary
        return cls(config, vocabularies) if vocabularies else None

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the training data annotates."""
        return tuple(self.vocabularies)

    def targets(self, sentence: Sentence) -> list[list[int]]:
        """For each column, the number of the label of each word."""
        return [
            vocabulary.numbers(sentence.columns.get(column, ["\t"] * len(sentence)), IGNORE)
            for column, vocabulary in self.vocabularies.items()
        ]

    def collate(self, rows: Sequence[list[list[int]]]) -> list[Ints]:
        """For each column, the numbers of the labels ``[batch, words]``."""
        return [pad([row[number] for row in rows]) for number in range(len(self.vocabularies))]

    @property
    def usages(self) -> list[Usage]:
        """Which labels of each column each treebank uses."""
        return list(self.usage.values())

    def learn_usage(self, sentences: Sequence[Sentence], sources: Sequence[int], n_treebanks: int) -> None:
        """Learns which labels each treebank uses."""
        for column, vocabulary in self.vocabularies.items():
            cells = (sentence.columns.get(column, ()) for sentence in sentences)
            targets = (vocabulary.numbers(own, IGNORE) for own in cells)
            before = self.usage.get(column)
            self.usage[column] = Usage.count(targets, sources, n_treebanks, len(vocabulary), before)

    def decode(self, scores: list[Scores], batch: Batch, stage: Stage) -> list[list[list[int] | None]]:
        """The best labels: for each sentence, for each column, for each word. ``scores[batch, words, labels]``.

        None for a column that the sentence's treebank does not annotate.
        """
        best, annotates = [], []
        for column, of_column in zip(self.vocabularies, scores, strict=True):
            usage = self.usage.get(column)
            restricted = of_column if usage is None else usage.restrict(of_column, batch.sources)
            best.append(restricted.argmax(-1).tolist())
            annotates.append([usage is None or usage.annotates(source) for source in batch.sources.tolist()])
        return [
            [
                rows[number][1 : example.length + 1] if has[number] else None
                for rows, has in zip(best, annotates, strict=True)
            ]
            for number, example in enumerate(batch.examples)
        ]

    def annotate(self, sentence: Sentence, prediction: list[list[int] | None]) -> None:
        """Writes the labels of each column."""
        for (column, vocabulary), numbers in zip(self.vocabularies.items(), prediction, strict=True):
            strings = ["_"] * len(sentence) if numbers is None else vocabulary.strings(numbers)
            sentence.columns[column] = strings

    def soften(self, opinions: Sequence[Opinion], targets: list[Ints], lengths: Ints, trust: Floats) -> list[Lesson]:
        """The probabilities of the labels of each column. A column that no teacher knows has what is annotated."""
        arrays: dict[str, NDArray[Any]] = {}
        for (column, ours), gold in zip(self.vocabularies.items(), targets, strict=True):
            known = [np.zeros((*gold.shape, len(ours)))]
            for theirs, scores, _ in opinions:
                if column in theirs.vocabularies:
                    place = list(theirs.vocabularies).index(column)
                    known.append(translate(softmax(scores[place]), theirs.vocabularies[column], ours))
            arrays |= choose(blend(known, gold, trust), column)
        return split(arrays, lengths)

    def to_json(self) -> Any:
        """The labels by column, and which of them each treebank uses."""
        labels = {column: vocabulary.to_json() for column, vocabulary in self.vocabularies.items()}
        if not self.usage:
            return labels
        return {"labels": labels, "usage": {column: usage.to_json() for column, usage in self.usage.items()}}

    @classmethod
    def from_json(cls, config: TaggerConfig, data: Any) -> TaggerCodec:
        """The codec of the labels in `data`."""
        labels = data.get("labels", data)
        vocabularies = {column: Vocabulary(items) for column, items in labels.items()}
        usage = data.get("usage", {})
        return cls(
            config,
            vocabularies,
            {column: Usage.from_json(usage[column], len(vocabularies[column])) for column in usage},
        )


CODEC: CodecType[TaggerConfig] = TaggerCodec
if TYPE_CHECKING:
    _codec: type[Codec[list[list[int]], list[Ints], list[Scores], list[list[int] | None]]] = TaggerCodec
