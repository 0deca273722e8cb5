"""Dependency trees: the best tree, decoded exactly from scores of arcs, and the analysis of all other trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.document.annotations.tree import HEAD_PROBABILITY, LABEL_PROBABILITY
from depparse.document.columns import set_in_misc
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError
from depparse.features.batch import Batch, Example, Ints, pad
from depparse.features.choices import Floats as Shares
from depparse.features.choices import Lesson, blend, choose, softmax, split, translate
from depparse.features.usage import Usage
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.checks import Floats, Integers, check_length
from depparse.structs.constraints import Constraints
from depparse.structs.eisner import MAX_LENGTH
from depparse.structs.mst import decode
from depparse.structs.probabilities import log_softmax
from depparse.tasks.task import Codec, CodecType, Opinion, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
ARCS, TREE, LABELS = "arcs", "tree", "labels"  # name the lessons: heads, the heads whose arcs have labels, labels


class DependenciesConfig(TaskConfig):
    """The settings of the task: HEAD and DEPREL of words."""

    type: Literal["dependencies"] = "dependencies"
    arc_width: int = Field(400, ge=1)  # units
    label_width: int = Field(100, ge=1)  # units
    dropout: float = Field(0.33, ge=0, lt=1)
    projective: bool = False  # decode projective trees only
    max_projective_length: int = Field(MAX_LENGTH, ge=1)  # words; longer sentences are refused if projective
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all labels alike


class DependencyScores(NamedTuple, Generic[Array]):
    """Scores of arcs, and the vectors from which labels are scored once the arcs are decided."""

    arc_scores: Array  # [batch, dependents, heads]: the score of the arc from each head to each dependent; 0 is ROOT
    label_dependents: Array  # [batch, words, label width]
    label_heads: Array  # [batch, words, label width]


class DependencyTargets(NamedTuple, Generic[Array]):
    """Gold trees; IGNORE at ROOT, at padding and where a word is not annotated."""

    heads: Array  # [batch, words]
    labels: Array  # [batch, words]


class DependencyCodec:
    """Trees as UD has them: exactly one word is the root, and it alone has the relation ``root``.

    `usage` has the relations that each treebank uses, if there are several treebanks; a tree has no others.
    """

    Config = DependenciesConfig
    reads = ()
    writes = ("HEAD", "DEPREL")
    parses_trees: Literal[True] = True

    def __init__(self, config: DependenciesConfig, labels: Vocabulary, usage: Usage | None = None) -> None:
        self.config, self.labels, self.usage = config, labels, usage

    @classmethod
    def build(cls, config: DependenciesConfig, sentences: Sequence[Sentence]) -> DependencyCodec | None:
        """The codec of the relations of `sentences`, subtypes included."""
        relations = (cell for s in sentences for cell in s.columns.get("DEPREL", ()) if cell != "_")
        vocabulary = Vocabulary.count(relations)
        return cls(config, vocabulary) if len(vocabulary) else None

    @property
    def usages(self) -> list[Usage]:
        """Which relations each treebank uses."""
        return [] if self.usage is None else [self.usage]

    def learn_usage(self, sentences: Sequence[Sentence], sources: Sequence[int], n_treebanks: int) -> None:
        """Learns which relations each treebank uses."""
        targets = (self.targets(sentence)[1] for sentence in sentences)
        self.usage = Usage.count(targets, sources, n_treebanks, len(self.labels), self.usage)

    def targets(self, sentence: Sentence) -> tuple[list[int], list[int]]:
        """The head of each word, and the number of its relation."""
        heads = [IGNORE if head is None else head for head in sentence.heads]
        labels = sentence.columns.get("DEPREL", ["_"] * len(sentence))
        return heads, self.labels.numbers(labels, IGNORE)

    def collate(self, rows: Sequence[tuple[list[int], list[int]]]) -> DependencyTargets[Ints]:
        """The trees of several sentences as arrays."""
        return DependencyTargets(pad([heads for heads, _ in rows]), pad([labels for _, labels in rows]))

    def check_length(self, words: int) -> None:
        """Raises DepparseError for a sentence of more than `max_projective_length` words, if trees are projective."""
        if self.config.projective:
            check_length(words, self.config.max_projective_length)

    def decode(self, scores: DependencyScores[NDArray[np.float32]], batch: Batch, stage: Stage) -> list[Tree]:
        """The best tree of each sentence, each arc with its best relation. O(words²), O(words³) if projective."""
        longest = max(batch.examples, key=lambda example: example.length)
        try:
            self.check_length(longest.length)
        except DepparseError as error:
            raise DepparseError(f"{longest.name}: {error}") from None
        heads = decode(
            scores.arc_scores,
            batch.lengths,
            projective=self.config.projective,
            max_projective_length=self.config.max_projective_length,
        )
        label_scores = self._label_scores(
            stage, scores.label_dependents, scores.label_heads, heads[..., None], batch.sources
        )
        labels = label_scores[:, :, 0].argmax(-1).tolist()
        return [
            Tree(
                heads[number, 1 : example.length + 1].tolist(),
                self.labels.strings(labels[number][1 : example.length + 1]),
            )
            for number, example in enumerate(batch.examples)
        ]

    def soften(
        self, opinions: Sequence[Opinion], targets: DependencyTargets[Ints], lengths: Ints, trust: Shares
    ) -> list[Lesson]:
        """The probabilities of heads, and those of the labels of the arcs of one tree: the annotated one, or else the
        one that is best for all teachers together."""
        heads = np.where((trust < 1)[:, None], targets.heads, IGNORE)
        arcs = np.mean([softmax(scores.arc_scores) for _, scores, _ in opinions], 0)
        possible = np.isfinite(opinions[0].scores.arc_scores)
        # Labels are asked of its arcs; it need not be projective for that, whatever trees the pupil is to find.
        tree = decode(np.where(possible, np.log(np.maximum(arcs, 1e-300)), -np.inf), lengths)
        tree = np.where(heads != IGNORE, heads, tree)
        # Labels are compared as the network scores them, also those that UD does not allow for an arc.
        known = [
            translate(
                softmax(
                    stage("label_scores", scores.label_dependents, scores.label_heads, tree[..., None])[0][:, :, 0]
                ),
                theirs.labels,
                self.labels,
            )
            for theirs, scores, stage in opinions
        ]
        labels = np.where(heads != IGNORE, targets.labels, IGNORE)
        lessons = {**choose(blend([arcs], heads, trust), ARCS), **choose(blend(known, labels, trust), LABELS)}
        return split({**lessons, TREE: tree}, lengths)

    def _label_scores(
        self, stage: Stage, dependents: NDArray[Any], heads: NDArray[Any], chosen: Integers, sources: Ints
    ) -> Floats:
        """The scores ``[batch, words, heads, labels]`` of arcs from the heads ``chosen[batch, words, heads]``.

        A label that UD does not allow for an arc has -inf, as has one that the treebank of the sentence does not use.
        """
        (label_scores,) = stage("label_scores", dependents, heads, chosen.astype(np.int64, copy=False))
        label_scores = self._allowed(label_scores, chosen)
        if self.usage is None:
            return label_scores
        used = self.usage.restrict(label_scores, sources)
        # A treebank may have used no relation that fits, such as one with a single sentence.
        return np.where(np.isneginf(used).all(-1, keepdims=True), label_scores, used)

    def _allowed(self, label_scores: Floats, chosen: Integers) -> Floats:
        """The scores, changed in place, with -inf for labels that UD does not allow for an arc."""
        if "root" in self.labels and len(self.labels) > 1:
            root = self.labels.number("root")
            from_root = chosen == 0
            root_scores = label_scores[..., root].copy()
            label_scores[from_root] = -np.inf
            label_scores[..., root] = np.where(from_root, root_scores, -np.inf)
        return label_scores

    def analyze(
        self,
        scores: DependencyScores[NDArray[np.float32]],
        batch: Batch,
        stage: Stage,
        constraints: Sequence[Constraints | None],
    ) -> list[ParseAnalysis]:
        """All trees of each sentence, under the constraints on it."""
        return [
            self._analysis(scores, number, example, stage, constraint)
            for number, (example, constraint) in enumerate(zip(batch.examples, constraints, strict=True))
        ]

    def _analysis(
        self,
        scores: DependencyScores[NDArray[np.float32]],
        number: int,
        example: Example,
        stage: Stage,
        constraints: Constraints | None,
    ) -> ParseAnalysis:
        # The analysis gets copies, so that it does not keep the whole batch in memory.
        row, words = slice(number, number + 1), slice(example.length + 1)
        dependents, heads = scores.label_dependents[row, words].copy(), scores.label_heads[row, words].copy()

        source = np.array([example.source])

        def label_model(words: Integers, chosen: Integers) -> Floats:
            label_scores = self._label_scores(stage, dependents[:, words], heads, chosen[None], source)[0]
            return log_softmax(label_scores)

        return ParseAnalysis(
            example.name,
            scores.arc_scores[number, words, words].copy(),
            self.labels.items,
            label_model,
            constraints,
            projective=self.config.projective,
            max_projective_length=self.config.max_projective_length,
        )

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        """Writes HEAD and DEPREL."""
        sentence.columns["HEAD"] = list(map(str, prediction.heads))
        sentence.columns["DEPREL"] = list(prediction.labels)

    def write_probabilities(self, sentence: Sentence, prediction: Tree) -> None:
        """Writes to MISC the probabilities that the tree has: of each arc, and of each arc with its relation."""
        for name, values in (
            (HEAD_PROBABILITY, prediction.arc_probabilities),
            (LABEL_PROBABILITY, prediction.label_probabilities),
        ):
            if values is not None:
                cells = zip(sentence.column("MISC"), values, strict=True)
                sentence.columns["MISC"] = [set_in_misc(cell, name, f"{value:.4f}") for cell, value in cells]

    def to_json(self) -> Any:
        """The relations, and which of them each treebank uses."""
        labels = self.labels.to_json()
        return labels if self.usage is None else {"labels": labels, "usage": self.usage.to_json()}

    @classmethod
    def from_json(cls, config: DependenciesConfig, data: Any) -> DependencyCodec:
        """The codec of the relations in `data`."""
        if isinstance(data, list):
            return cls(config, Vocabulary(data))
        labels = Vocabulary(data["labels"])
        return cls(config, labels, Usage.from_json(data["usage"], len(labels)))


CODEC: CodecType[DependenciesConfig] = DependencyCodec
if TYPE_CHECKING:
    _codec: type[
        Codec[tuple[list[int], list[int]], DependencyTargets[Ints], DependencyScores[NDArray[np.float32]], Tree]
    ] = DependencyCodec
