"""Semantic roles: predicates, their senses and their arguments, as in Universal PropBank (Jindal et al. 2022).

Each word is a predicate or not; sense_codec.py tells the sense of those that are, argument_codec.py their arguments, by
labelled arcs to head words or by spans. In training, senses and arguments are those of the gold predicates; otherwise
of the predicates that the model finds, or of those that are kept (`keep` of a pipeline).

With ``decoder = "arcs"``, ``UP:ARGHEADS`` is written: a head word says nothing of the span. With ``"spans"``,
``UP:ARGSPANS`` too, and the head words are those of the same model, so neither needs a tree; in training data without
head words they are those of the tree. `syntax` and `paths` let it see trees (depparse/layers/trees/syntax.py,
path_lstm.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.document.annotations.frames import FRAME_COLUMNS, FRAMES, PREDICATES
from depparse.document.sentence import Sentence
from depparse.document.spans import Argument, Frame
from depparse.document.trees import top_word
from depparse.features.batch import Batch, Example, Ints, pad
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.trees.paths import PathsConfig
from depparse.layers.trees.reader import Arcs, SyntaxConfig, TreeReader, TreeSource, count_relations
from depparse.structs.probabilities import sigmoid
from depparse.tasks.findings import Problem, tell, tell_of_trees
from depparse.tasks.srl.argument_codec import ArgumentCodec, ArgumentScores, ArgumentTargets, Decoder
from depparse.tasks.srl.sense_codec import SenseCodec, SenseTargets, count_scripts
from depparse.tasks.task import Codec, CodecType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
CORE = tuple(f"{prefix}{number}" for prefix in ("ARG", "A") for number in "012345A")  # in PropBank and in CoNLL


class SrlConfig(TaskConfig):
    """Predicates, senses and arguments."""

    type: Literal["srl"] = "srl"
    decoder: Decoder = "spans"
    width: int = Field(200, ge=1)  # units of the hidden layer of predicates and senses
    argument_width: int = Field(100, ge=1)  # units of predicates, and of words, as to arguments
    dropout: float = Field(0.33, ge=0, lt=1)
    # Roles that a predicate has at most once. The spans of a predicate cost as much as 2 to the power of their number.
    core: tuple[str, ...] = CORE
    rare: float = Field(1e-4, ge=0, lt=1)  # roles with a smaller share in the arguments of the data are not learned
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="gcn"}, between encoder and task
    paths: PathsConfig | None = None  # embeddings of the paths between predicates and words, {type="paths"}
    trees: TreeSource = "given"  # those it learns with: of the training data, or the model's own, as it predicts them


class FrameTarget(NamedTuple):
    """What is learned of a predicate."""

    word: int
    sense: tuple[int, int]  # as `SenseCodec.target` has it
    arguments: tuple[list[int], list[int]]  # as `ArgumentCodec.target` has them


class SentenceTarget(NamedTuple):
    """What is learned of a sentence."""

    predicates: list[int]  # for each word 1 or 0; IGNORE if the sentence is not annotated
    frames: list[FrameTarget]


class SrlTargets(NamedTuple, Generic[Array]):
    """What is learned of a batch."""

    predicates: Array  # [batch, words]: 1 at predicates, 0 elsewhere; IGNORE where it is not annotated
    positions: Array  # [predicates, 2]: sentence and word
    senses: SenseTargets[Array]
    arguments: ArgumentTargets[Array]


class SrlScores(NamedTuple, Generic[Array]):
    """Scores of predicates, and what others are made of once those are decided."""

    predicates: Array  # [batch, words]: logarithm of the odds of being a predicate
    hidden: Array  # [batch, words, width]: what senses are told by
    arguments: ArgumentScores[Array]


class SrlCodec:
    """Frames; every word is at most one predicate."""

    Config = SrlConfig
    reads = ()

    def __init__(
        self, config: SrlConfig, scripts: Vocabulary, rolesets: Vocabulary, roles: Vocabulary, relations: Vocabulary
    ) -> None:
        self.config = config
        self.senses = SenseCodec(scripts, rolesets)
        self.arguments = ArgumentCodec(config.decoder, roles, config.core)
        self.trees = TreeReader(relations)
        has_trees = config.syntax is not None or config.paths is not None
        self.reads_trees: TreeSource | None = config.trees if has_trees else None

    @classmethod
    def build(cls, config: SrlConfig, sentences: Sequence[Sentence]) -> SrlCodec | None:
        """The codec of the senses and roles of `sentences`, and if the task needs them of the relations."""
        pairs = ((s.columns["FORM"][frame.predicate - 1], frame.sense) for s in sentences for frame in s.frames)
        forms = Counter(pairs)
        if not forms:
            return None
        roles = Counter(a.role for s in sentences for frame in s.frames for a in frame.arguments)
        least = config.rare * roles.total()
        learned = Vocabulary.count(role for role in roles.elements() if roles[role] >= least)
        rolesets = Vocabulary.count(sense for _, sense in forms.elements())
        relations = count_relations(config.syntax or config.paths, sentences, config.trees)
        return cls(config, count_scripts(forms.elements()), rolesets, learned, relations)

    @property
    def writes(self) -> tuple[str, ...]:
        return FRAME_COLUMNS if self.config.decoder == "spans" else FRAME_COLUMNS[:2]

    def read_trees(self, batch: Batch) -> Arcs[Any]:
        """The trees as numbers."""
        return self.trees.arcs(batch)

    # -- what is learned

    def targets(self, sentence: Sentence) -> SentenceTarget:
        """Of a sentence without annotation nothing; of one without columns of arguments its predicates and senses."""
        frames, forms = frames_of(sentence), sentence.columns["FORM"]
        if frames is None:
            return SentenceTarget([IGNORE] * len(sentence), [])
        predicates = [0] * len(sentence)
        learned = []
        for frame in frames:
            predicates[frame.predicate - 1] = 1
            arguments = [IGNORE] * len(sentence), [IGNORE] * len(sentence)
            if _has_arguments(sentence):
                arguments = self.arguments.target(_with_heads(frame.arguments, sentence), len(sentence))
            sense = self.senses.target(forms[frame.predicate - 1], frame.sense)
            learned.append(FrameTarget(frame.predicate, sense, arguments))
        return SentenceTarget(predicates, learned)

    def collate(self, rows: Sequence[SentenceTarget]) -> SrlTargets[Ints]:
        """The targets of several sentences side by side, predicate after predicate."""
        frames = [(number, frame) for number, row in enumerate(rows) for frame in row.frames]
        words = 1 + max(len(row.predicates) for row in rows)
        return SrlTargets(
            pad([row.predicates for row in rows]),
            np.array([(number, frame.word) for number, frame in frames], np.int64).reshape(-1, 2),
            self.senses.collate([frame.sense for _, frame in frames]),
            self.arguments.collate([frame.arguments for _, frame in frames], words),
        )

    def count_targets(self, targets: SrlTargets[Ints]) -> int:
        """The annotated words."""
        return int((targets.predicates != IGNORE).sum())

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """What of the training data is not learned."""
        problems: dict[str, list[Problem]] = {}
        lacking: list[tuple[int, Sentence]] = []
        for number, sentence in enumerate(sentences, 1):
            place = number, sentence, None
            frames = frames_of(sentence) or ()
            for frame in frames if _has_arguments(sentence) else ():
                arguments = _with_heads(frame.arguments, sentence)
                if (problem := self.arguments.problem(arguments, len(sentence))) is not None:
                    problems.setdefault(problem, []).append(place)
                for argument in arguments:
                    if argument.role not in self.arguments.roles:
                        problems.setdefault("arguments of rare roles (rare) are not learned", []).append(place)
            if frames and None in sentence.heads:
                lacking.append((number, sentence))
        lines = [line for problem, places in problems.items() for line in tell(places, problem)]
        return [*lines, *tell_of_trees(lacking, self.reads_trees)]

    # -- what is predicted

    def decode(self, scores: SrlScores[NDArray[Any]], batch: Batch, stage: Stage) -> list[list[Frame] | None]:
        """The frames of each sentence, by their predicates; None where those that it has are kept as they are."""
        probabilities = sigmoid(scores.predicates).tolist()
        predictions: list[list[Frame] | None] = []
        for example, row in zip(batch.examples, probabilities, strict=True):
            kept_frames = _kept_frames(example)
            if kept_frames is None:
                words = range(1, example.length + 1)
                predictions.append([Frame(word, "", score=row[word]) for word in words if row[word] > 0.5])
            elif FRAMES in example.kept:
                predictions.append(None)
            else:
                predictions.append([Frame(frame.predicate, frame.sense) for frame in kept_frames])
        pairs = [(number, frame) for number, frames in enumerate(predictions) for frame in frames or ()]
        positions = np.array([(number, frame.predicate) for number, frame in pairs], np.int64).reshape(-1, 2)
        sentence, word = positions.T
        arguments = self.arguments.decode(scores.arguments, positions, batch.lengths[sentence], stage)
        forms = [batch.examples[number].sentence.columns["FORM"][frame.predicate - 1] for number, frame in pairs]
        senses = self.senses.decode(scores.hidden[sentence, word], forms, stage)
        for (number, frame), of_frame, (sense, share) in zip(pairs, arguments, senses, strict=True):
            frame.arguments = of_frame
            if FRAME_COLUMNS[0] not in batch.examples[number].kept or not frame.sense:
                frame.sense, frame.score = sense, share * (1.0 if frame.score is None else frame.score)
        return predictions

    def annotate(self, sentence: Sentence, prediction: list[Frame] | None) -> None:
        """Writes columns, which CoNLL-U has in MISC, so that a sentence without frames is annotated with none."""
        if prediction is None:
            return
        sentence.annotate("frames", prediction, in_columns=True)

    # -- saving

    def to_json(self) -> Any:
        """The vocabularies."""
        return {
            "scripts": self.senses.scripts.to_json(),
            "rolesets": self.senses.rolesets.to_json(),
            "roles": self.arguments.roles.to_json(),
            "relations": self.trees.to_json(),
        }

    @classmethod
    def from_json(cls, config: SrlConfig, data: Any) -> SrlCodec:
        """The codec of the vocabularies in `data`."""
        scripts, rolesets, roles = (Vocabulary(data[name]) for name in ("scripts", "rolesets", "roles"))
        return cls(config, scripts, rolesets, roles, Vocabulary(data["relations"], reserved=1))


def frames_of(sentence: Sentence) -> tuple[Frame, ...] | None:
    """The frames of a sentence, by their predicates; None if it is not annotated with any.

    Where there is a column of predicates, a sentence without any is annotated too.
    """
    frames = sentence.frames
    return tuple(sorted(frames, key=lambda f: f.predicate)) if frames or FRAME_COLUMNS[0] in sentence.columns else None


def _with_heads(arguments: Sequence[Argument], sentence: Sentence) -> list[Argument]:
    """The arguments, with head words by the tree for those that have a span alone."""
    return [
        replace(a, head=top_word(sentence.heads, a.start, a.end))
        if a.head is None and a.start is not None and a.end is not None
        else a
        for a in arguments
    ]


def _has_arguments(sentence: Sentence) -> bool:
    """Whether the arguments of an annotated sentence are annotated, too."""
    columns = sentence.columns
    return FRAME_COLUMNS[0] not in columns or any(name in columns for name in FRAME_COLUMNS[1:])


def _kept_frames(example: Example) -> tuple[Frame, ...] | None:
    """The frames of the sentence if these, or something of them, are to be kept; None if they are to be predicted."""
    kept = not example.kept.isdisjoint((PREDICATES, FRAME_COLUMNS[0], FRAMES))
    return frames_of(example.sentence) if kept else None


CODEC: CodecType[SrlConfig] = SrlCodec
if TYPE_CHECKING:
    _codec: type[Codec[SentenceTarget, SrlTargets[Ints], SrlScores[NDArray[Any]], list[Frame] | None]] = SrlCodec
