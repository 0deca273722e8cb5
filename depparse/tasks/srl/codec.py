"""Semantic roles: predicates, their senses and their arguments, as in Universal PropBank (Jindal et al. 2022).

Each word is a predicate or not. For the predicates, sense_codec.py finds the sense and argument_codec.py the arguments,
as labelled arcs to head words or as spans. In training, senses and arguments are learned for the gold predicates;
otherwise they are predicted for the predicates that the model finds, or for those that are kept (`keep` of a pipeline).

With ``decoder = "arcs"``, only ``UP:ARGHEADS`` is written, since a head word says nothing of the span. With
``"spans"``, ``UP:ARGSPANS`` is written too; the model predicts heads and spans, so it needs no tree. Where the training
data has no head words, they are taken from the tree. With `syntax` and `paths`, the task sees trees
(depparse/layers/trees/syntax.py, path_lstm.py).
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
from depparse.text.variants import unified_forms

Array = TypeVar("Array")  # of NumPy or of torch
CORE = tuple(f"{prefix}{number}" for prefix in ("ARG", "A") for number in "012345A")  # as PropBank and CoNLL name them


class SrlConfig(TaskConfig):
    """The settings of the task: predicates, their senses and their arguments."""

    type: Literal["srl"] = "srl"
    decoder: Decoder = "spans"
    width: int = Field(200, ge=1)  # units of the hidden layer of predicates and senses
    argument_width: int = Field(100, ge=1)  # units of the representation of predicates, and of words as arguments
    dropout: float = Field(0.33, ge=0, lt=1)
    # Roles that a predicate has at most once. Decoding the spans of a predicate takes O(2 ** number of these roles).
    core: tuple[str, ...] = CORE
    rare: float = Field(1e-4, ge=0, lt=1)  # roles with a smaller share of the arguments in the data are not learned
    syntax: SyntaxConfig = None  # layers over dependency trees, such as {type="gcn"}, between encoder and task
    paths: PathsConfig | None = None  # embeddings of the paths between predicates and words, {type="paths"}
    trees: TreeSource = "given"  # the trees it learns with: of the training data, or those that the model predicts


class FrameTarget(NamedTuple):
    """What is learned from a predicate."""

    word: int
    sense: tuple[int, int]  # what `SenseCodec.target` returns
    arguments: tuple[list[int], list[int]]  # what `ArgumentCodec.target` returns


class SentenceTarget(NamedTuple):
    """What is learned from a sentence."""

    predicates: list[int]  # for each word 1 or 0; IGNORE if the sentence is not annotated
    frames: list[FrameTarget]


class SrlTargets(NamedTuple, Generic[Array]):
    """What is learned from a batch."""

    predicates: Array  # [batch, words]: 1 at predicates, 0 elsewhere; IGNORE where frames are not annotated
    positions: Array  # [predicates, 2]: sentence and word
    senses: SenseTargets[Array]
    arguments: ArgumentTargets[Array]


class SrlScores(NamedTuple, Generic[Array]):
    """Scores of predicates, and the vectors from which senses and arguments are scored once those are decided."""

    predicates: Array  # [batch, words]: log-odds of being a predicate
    hidden: Array  # [batch, words, width]: vectors from which senses are scored
    arguments: ArgumentScores[Array]


class SrlCodec:
    """Frames of sentences; every word is at most one predicate."""

    Config = SrlConfig
    reads = ()
    scores_on_request: Literal[True] = True  # those of arguments

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
        """The codec of the senses and roles of `sentences` and, if the task reads trees, of their relations."""
        pairs = ((unified_forms(s)[frame.predicate - 1], frame.sense) for s in sentences for frame in s.frames)
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
        """The columns of frames; that of spans is among them only if the decoder finds spans."""
        return FRAME_COLUMNS if self.config.decoder == "spans" else FRAME_COLUMNS[:2]

    def read_trees(self, batch: Batch) -> Arcs[Any]:
        """The trees as numbers."""
        return self.trees.arcs(batch)

    # -- what is learned

    def targets(self, sentence: Sentence) -> SentenceTarget:
        """The frames of the sentence; without columns of arguments, only predicates and senses.

        Everything is IGNORE in a sentence that is not annotated.
        """
        frames, forms = frames_of(sentence), unified_forms(sentence)
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
        """The targets of several sentences as arrays, predicate after predicate."""
        frames = [(number, frame) for number, row in enumerate(rows) for frame in row.frames]
        words = 1 + max(len(row.predicates) for row in rows)
        return SrlTargets(
            pad([row.predicates for row in rows]),
            np.array([(number, frame.word) for number, frame in frames], np.int64).reshape(-1, 2),
            self.senses.collate([frame.sense for _, frame in frames]),
            self.arguments.collate([frame.arguments for _, frame in frames], words),
        )

    def count_targets(self, targets: SrlTargets[Ints]) -> int:
        """The number of annotated words."""
        return int((targets.predicates != IGNORE).sum())

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says which training data is not learned."""
        problems: dict[str, list[Problem]] = {}
        lacking: list[tuple[int, Sentence]] = []
        for number, sentence in enumerate(sentences, 1):
            case = number, sentence, None
            frames = frames_of(sentence) or ()
            for frame in frames if _has_arguments(sentence) else ():
                arguments = _with_heads(frame.arguments, sentence)
                if (message := self.arguments.problem(arguments, len(sentence))) is not None:
                    problems.setdefault(message, []).append(case)
                for argument in arguments:
                    if argument.role not in self.arguments.roles:
                        problems.setdefault("arguments of rare roles (rare) are not learned", []).append(case)
            if frames and None in sentence.heads:
                lacking.append((number, sentence))
        lines = [line for message, cases in problems.items() for line in tell(cases, message)]
        return [*lines, *tell_of_trees(lacking, self.reads_trees)]

    # -- what is predicted

    def decode(self, scores: SrlScores[NDArray[Any]], batch: Batch, stage: Stage) -> list[list[Frame] | None]:
        """The frames of each sentence, in order of predicates; None if it keeps the frames that it has, unchanged.

        Arguments have probabilities only if `Batch.probabilities` asks for them.
        """
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
        arguments = self.arguments.decode(
            scores.arguments, positions, batch.lengths[sentence], stage, probabilities=batch.probabilities
        )
        all_forms = [unified_forms(example.sentence) for example in batch.examples]
        forms = [all_forms[number][frame.predicate - 1] for number, frame in pairs]
        senses = self.senses.decode(scores.hidden[sentence, word], forms, stage)
        for (number, frame), of_frame, (sense, share) in zip(pairs, arguments, senses, strict=True):
            frame.arguments = of_frame
            if FRAME_COLUMNS[0] not in batch.examples[number].kept or not frame.sense:
                frame.sense, frame.score = sense, share * (1.0 if frame.score is None else frame.score)
        return predictions

    def annotate(self, sentence: Sentence, prediction: list[Frame] | None) -> None:
        """Writes the frames as columns (in CoNLL-U, into MISC), so that a sentence without frames is annotated too."""
        if prediction is None:
            return
        sentence.annotate("frames", prediction, in_columns=True)

    # -- saving

    def to_json(self) -> Any:
        """The vocabularies of the codec."""
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
    """The frames of a sentence, in order of predicates; None if the sentence is not annotated.

    A sentence that has a column of predicates is annotated, even if it holds no frame.
    """
    frames = sentence.frames
    return tuple(sorted(frames, key=lambda f: f.predicate)) if frames or FRAME_COLUMNS[0] in sentence.columns else None


def _with_heads(arguments: Sequence[Argument], sentence: Sentence) -> list[Argument]:
    """The arguments; those that have a span and no head word get the head word of the tree."""
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
    """The frames of the sentence if they are kept, in whole or in part; None if they are to be predicted."""
    kept = not example.kept.isdisjoint((PREDICATES, FRAME_COLUMNS[0], FRAMES))
    return frames_of(example.sentence) if kept else None


CODEC: CodecType[SrlConfig] = SrlCodec
if TYPE_CHECKING:
    _codec: type[Codec[SentenceTarget, SrlTargets[Ints], SrlScores[NDArray[Any]], list[Frame] | None]] = SrlCodec
