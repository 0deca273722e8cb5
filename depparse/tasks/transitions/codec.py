"""Dependency trees by transitions, greedy or with a beam (`depparse.structs.transitions` has the systems)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.config import key_error
from depparse.document.sentence import Sentence
from depparse.features.batch import Batch, Ints, pad
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.structs.analysis import Tree
from depparse.structs.eisner import projective_tree
from depparse.structs.probabilities import log_softmax
from depparse.structs.transition_oracles import DYNAMIC, projective_order
from depparse.structs.transitions import ALL_TREES, TRANSITIONS, States
from depparse.structs.trees import is_projective, is_tree
from depparse.tasks.findings import tell
from depparse.tasks.task import Codec, CodecType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
_LONGEST = 400  # words of a sentence in which the nearest projective tree is looked for


class TransitionsConfig(TaskConfig):
    """The settings of the task: HEAD and DEPREL of words, by transitions."""

    type: Literal["transitions"] = "transitions"
    system: Literal["arc_standard", "arc_hybrid", "arc_eager", "arc_standard_swap", "arc_hybrid_swap"] = (
        "arc_hybrid_swap"
    )
    # What is learned: one sequence of transitions for each tree, or whatever loses least, in states of the model's own.
    oracle: Literal["static", "dynamic"] = "dynamic"
    exploration: float = Field(0.5, ge=0, le=1)  # share of transitions that are the model's own, with a dynamic oracle
    beam: int = Field(1, ge=1)  # states of a sentence that are kept; 1 is greedy
    width: int = Field(200, ge=1)  # units of the hidden layer
    label_width: int = Field(200, ge=1)  # units of the hidden layer of relations
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all relations alike

    def model_post_init(self, context: Any, /) -> None:
        """Refuses a dynamic oracle for a system that has none."""
        if self.oracle == "dynamic" and self.system not in DYNAMIC:
            raise key_error(
                "oracle", f"is dynamic, which there is for {', '.join(DYNAMIC)} alone; give oracle = static"
            )


class TransitionScores(NamedTuple, Generic[Array]):
    """What transitions and relations are scored from."""

    slots: Array  # [batch, words + 1, slots, width]: each word as each of the words of a state; the last one is missing
    dependents: Array  # [batch, words, label width]
    heads: Array  # [batch, words, label width]


class TransitionTargets(NamedTuple, Generic[Array]):
    """Gold trees ``[batch, words]``; IGNORE where a sentence has no tree that can be learned, and at padding."""

    heads: Array
    order: Array  # their projective order
    learned: Array  # the trees to which transitions lead: projective ones, if the system has no others
    labels: Array


class TransitionsCodec:
    """Trees as UD has them: exactly one word is the root, and it alone has the relation ``root``."""

    Config = TransitionsConfig
    reads = ()
    writes = ("HEAD", "DEPREL")
    parses_trees: Literal[True] = True

    def __init__(self, config: TransitionsConfig, labels: Vocabulary) -> None:
        self.config, self.labels = config, labels

    @classmethod
    def build(cls, config: TransitionsConfig, sentences: Sequence[Sentence]) -> TransitionsCodec | None:
        """The codec of the relations of `sentences`, subtypes included."""
        relations = (cell for s in sentences for cell in s.columns.get("DEPREL", ()) if cell != "_")
        vocabulary = Vocabulary.count(relations)
        return cls(config, vocabulary) if len(vocabulary) else None

    def targets(self, sentence: Sentence) -> TransitionTargets[list[int]]:
        """The tree of a sentence, or the projective tree with most of its arcs if the system builds no others."""
        labels = self.labels.numbers(sentence.columns.get("DEPREL", ["_"] * len(sentence)), IGNORE)
        none = [IGNORE] * len(sentence)
        heads = np.array([0, *(-1 if head is None else head for head in sentence.heads)])
        if not is_tree(heads):
            return TransitionTargets(none, none, none, labels)
        learned = heads
        if self.config.system not in ALL_TREES and not is_projective(heads):
            if len(sentence) > _LONGEST:
                return TransitionTargets(heads[1:].tolist(), none, none, labels)
            learned = projective_tree((heads[:, None] == np.arange(len(heads))).astype(np.float64))
        order = projective_order(learned)
        return TransitionTargets(heads[1:].tolist(), order[1:].tolist(), learned[1:].tolist(), labels)

    def collate(self, rows: Sequence[TransitionTargets[list[int]]]) -> TransitionTargets[Ints]:
        """The trees of several sentences as arrays."""
        return TransitionTargets(*(pad(numbers) for numbers in zip(*rows, strict=True)))

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """Says how many trees are learned as others."""
        if self.config.system in ALL_TREES:
            return []
        changed = (
            (number, sentence, None)
            for number, sentence in enumerate(sentences, 1)
            if None not in sentence.heads and (targets := self.targets(sentence)).heads != targets.learned
        )
        return tell(changed, f"non-projective trees, of which {self.config.system} learns the nearest projective ones")

    def decode(self, scores: TransitionScores[NDArray[np.float32]], batch: Batch, stage: Stage) -> list[Tree]:
        """The tree of each sentence, each arc with its best relation. O(words · beam), with SWAP O(words² · beam)."""
        heads = self._heads(scores.slots, batch.lengths, stage)
        (relations,) = stage("relation_scores", scores.dependents, scores.heads, np.maximum(heads, 0))
        if "root" in self.labels and len(self.labels) > 1:
            root = self.labels.number("root")
            relations[..., root] = np.where(heads == 0, np.inf, -np.inf)
        labels = relations.argmax(-1).tolist()
        return [
            Tree(
                heads[number, 1 : example.length + 1].tolist(),
                self.labels.strings(labels[number][1 : example.length + 1]),
            )
            for number, example in enumerate(batch.examples)
        ]

    def _heads(self, slots: NDArray[np.float32], lengths: Ints, stage: Stage) -> Ints:
        """``heads[batch, words]`` of the best sequence of transitions that is found."""
        states, rows = States.start(self.config.system, lengths), np.arange(len(lengths))
        totals = np.zeros(len(rows))
        while (legal := states.legal()).any():
            (found,) = stage("transition_scores", slots, rows, states.words())
            logarithms = log_softmax(np.where(legal, found, -np.inf))
            # A final state stays as it is, by a transition that costs nothing.
            is_final = ~legal.any(-1)
            values = totals[:, None] + np.where(legal, logarithms, -np.inf)
            values = np.concatenate([values, np.where(is_final, totals, -np.inf)[:, None]], -1)
            states, rows, transitions, totals = self._best(states, rows, values)
            states.apply(np.where(transitions == len(TRANSITIONS), -1, transitions))
        best = np.zeros((len(lengths), states.heads.shape[1]), np.int64)
        for number in np.argsort(
            totals, kind="stable"
        ).tolist():  # the best one of a sentence is the last to be written
            best[rows[number]] = states.heads[number]
        return best

    def _best(
        self, states: States, rows: Ints, values: NDArray[np.float64]
    ) -> tuple[States, Ints, Ints, NDArray[np.float64]]:
        """The best continuations of each sentence: the states before them, their sentences, transitions and totals."""
        if self.config.beam == 1:
            best = values.argmax(-1)
            return states, rows, best, values[np.arange(len(rows)), best]
        numbers, transitions = np.nonzero(np.isfinite(values))
        totals = values[numbers, transitions]
        order = np.lexsort((transitions, -totals, rows[numbers]))
        sentences = rows[numbers][order]
        # The rank of each continuation among those of its sentence.
        begins = np.searchsorted(sentences, sentences)
        kept = order[np.arange(len(order)) - begins < self.config.beam]
        return states.take(numbers[kept]), rows[numbers[kept]], transitions[kept], totals[kept]

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        """Writes HEAD and DEPREL."""
        sentence.columns["HEAD"] = list(map(str, prediction.heads))
        sentence.columns["DEPREL"] = list(prediction.labels)

    def to_json(self) -> Any:
        """The relations."""
        return self.labels.to_json()

    @classmethod
    def from_json(cls, config: TransitionsConfig, data: Any) -> TransitionsCodec:
        """The codec of the relations in `data`."""
        return cls(config, Vocabulary(data))


CODEC: CodecType[TransitionsConfig] = TransitionsCodec
if TYPE_CHECKING:
    _codec: type[
        Codec[TransitionTargets[list[int]], TransitionTargets[Ints], TransitionScores[NDArray[np.float32]], Tree]
    ] = TransitionsCodec
