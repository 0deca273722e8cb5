"""Dependency trees by transitions, greedy or with a beam (`depparse.structs.transitions` has the systems)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, Protocol, Self, TypeVar

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
from depparse.structs.transition_oracles import DYNAMIC, dynamic_costs, projective_order, static_oracle
from depparse.structs.transitions import ALL_TREES, TRANSITIONS, Flags, States
from depparse.structs.trees import is_projective, is_tree
from depparse.tasks.findings import tell
from depparse.tasks.task import Codec, CodecType, Stage, TaskConfig

Array = TypeVar("Array")  # of NumPy or of torch
_LONGEST = 400  # words of a sentence in which the nearest projective tree is looked for


class SystemConfig(TaskConfig):
    """The settings of tasks that predict HEAD and DEPREL of words by transitions."""

    system: Literal["arc_standard", "arc_hybrid", "arc_eager", "arc_standard_swap", "arc_hybrid_swap"] = (
        "arc_hybrid_swap"
    )
    # What is learned: one sequence of transitions for each tree, or whatever loses least, in states of the model's own.
    oracle: Literal["static", "dynamic"] = "dynamic"
    exploration: float = Field(0.5, ge=0, le=1)  # share of transitions that are the model's own, with a dynamic oracle
    beam: int = Field(1, ge=1)  # states of a sentence that are kept; 1 is greedy
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all relations alike

    def model_post_init(self, context: Any, /) -> None:
        """Refuses a dynamic oracle for a system that has none."""
        if self.oracle == "dynamic" and self.system not in DYNAMIC:
            raise key_error(
                "oracle", f"is dynamic, which there is for {', '.join(DYNAMIC)} alone; give oracle = static"
            )


class TransitionsConfig(SystemConfig):
    """The settings of the task whose states are described by some of their words."""

    type: Literal["transitions"] = "transitions"
    width: int = Field(200, ge=1)  # units of the hidden layer
    label_width: int = Field(200, ge=1)  # units of the hidden layer of relations


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


class Scorer(Protocol):
    """What scores the transitions of states. It may remember what the states do not say."""

    def scores(self, states: States, rows: Ints) -> NDArray[np.float32]:
        """The scores ``[states, transitions]`` of states of the sentences ``rows[states]``."""

    def advance(self, numbers: Ints, transitions: Ints, states: States) -> None:
        """Told after the scores: each of `states` is what ``transitions[states]`` made of the state of the number in
        ``numbers[states]``; a negative transition left it as it was."""


Settings = TypeVar("Settings", bound=SystemConfig)


class SystemCodec(Generic[Settings]):
    """Trees as UD has them: exactly one word is the root, and it alone has the relation ``root``."""

    reads = ()
    writes = ("HEAD", "DEPREL")
    parses_trees: Literal[True] = True

    def __init__(self, config: Settings, labels: Vocabulary) -> None:
        self.config, self.labels = config, labels

    @classmethod
    def build(cls, config: Settings, sentences: Sequence[Sentence]) -> Self | None:
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

    def wanted(self, states: States, legal: Flags, gold: Ints, order: Ints) -> Flags:
        """Which transitions ``[batch, transitions]`` are to be learned, on the way to the ``gold[batch, words]`` trees
        with this `projective_order`: that of the static oracle, or all that lose least."""
        if self.config.oracle == "static":
            one: Flags = static_oracle(states, gold, order)[:, None] == np.arange(len(TRANSITIONS))
            return one
        costs = dynamic_costs(states, gold, order)
        best: Flags = legal & (costs == costs.min(-1, keepdims=True))
        return best

    def best_relations(self, scores: NDArray[np.float32], heads: Ints) -> Ints:
        """The relation with the best of ``scores[…, relations]`` of arcs from ``heads[…]``. Changes the scores."""
        if "root" in self.labels and len(self.labels) > 1:
            scores[..., self.labels.number("root")] = np.where(heads == 0, np.inf, -np.inf)
        best: Ints = scores.argmax(-1)
        return best

    def trees(self, heads: Ints, relations: Ints, batch: Batch) -> list[Tree]:
        """The trees with these ``heads[batch, words]`` and numbers of ``relations[batch, words]``."""
        labels = relations.tolist()
        return [
            Tree(
                heads[number, 1 : example.length + 1].tolist(),
                self.labels.strings(labels[number][1 : example.length + 1]),
            )
            for number, example in enumerate(batch.examples)
        ]

    def search(self, lengths: Ints, scorer: Scorer) -> tuple[States, Ints]:
        """Final states, and for each sentence the number of that with the best sequence of transitions that is found.
        O(words · beam) scores, with SWAP O(words² · beam)."""
        states, rows = States.start(self.config.system, lengths), np.arange(len(lengths))
        totals = np.zeros(len(rows))
        while (legal := states.legal()).any():
            logarithms = log_softmax(np.where(legal, scorer.scores(states, rows), -np.inf))
            # A final state stays as it is, by a transition that costs nothing.
            is_final = ~legal.any(-1)
            values = totals[:, None] + np.where(legal, logarithms, -np.inf)
            values = np.concatenate([values, np.where(is_final, totals, -np.inf)[:, None]], -1)
            numbers, transitions, totals = self._best(rows, values)
            transitions = np.where(transitions == len(TRANSITIONS), -1, transitions)
            states, rows = states.take(numbers), rows[numbers]
            states.apply(transitions)
            scorer.advance(numbers, transitions, states)
        best = np.zeros(len(lengths), np.int64)
        order = np.argsort(totals, kind="stable")
        best[rows[order]] = order  # the best one of a sentence is the last to be written
        return states, best

    def _best(self, rows: Ints, values: NDArray[np.float64]) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """The best continuations of each sentence: the numbers of the states before them, transitions and totals."""
        if self.config.beam == 1:
            best = values.argmax(-1)
            numbers = np.arange(len(rows))
            return numbers, best, values[numbers, best]
        numbers, transitions = np.nonzero(np.isfinite(values))
        totals = values[numbers, transitions]
        order = np.lexsort((transitions, -totals, rows[numbers]))
        sentences = rows[numbers][order]
        # The rank of each continuation among those of its sentence.
        begins = np.searchsorted(sentences, sentences)
        kept = order[np.arange(len(order)) - begins < self.config.beam]
        return numbers[kept], transitions[kept], totals[kept]

    def annotate(self, sentence: Sentence, prediction: Tree) -> None:
        """Writes HEAD and DEPREL."""
        sentence.columns["HEAD"] = list(map(str, prediction.heads))
        sentence.columns["DEPREL"] = list(prediction.labels)

    def to_json(self) -> Any:
        """The relations."""
        return self.labels.to_json()

    @classmethod
    def from_json(cls, config: Settings, data: Any) -> Self:
        """The codec of the relations in `data`."""
        return cls(config, Vocabulary(data))


class WordScorer:
    """Scores states from some of their words, by the stage ``transition_scores`` of the network."""

    def __init__(self, slots: NDArray[np.float32], stage: Stage) -> None:
        self.slots, self.stage = slots, stage

    def scores(self, states: States, rows: Ints) -> NDArray[np.float32]:
        """The scores of the states."""
        (found,) = self.stage("transition_scores", self.slots, rows, states.words())
        return found

    def advance(self, numbers: Ints, transitions: Ints, states: States) -> None:
        """Nothing: the states say it all."""


class TransitionsCodec(SystemCodec[TransitionsConfig]):
    """The codec of the task whose states are described by some of their words; relations are scored apart."""

    Config = TransitionsConfig

    def decode(self, scores: TransitionScores[NDArray[np.float32]], batch: Batch, stage: Stage) -> list[Tree]:
        """The tree of each sentence, each arc with its best relation."""
        states, best = self.search(batch.lengths, WordScorer(scores.slots, stage))
        heads = np.maximum(states.heads[best], 0)
        (relations,) = stage("relation_scores", scores.dependents, scores.heads, heads)
        return self.trees(heads, self.best_relations(relations, heads), batch)


CODEC: CodecType[TransitionsConfig] = TransitionsCodec
if TYPE_CHECKING:
    _codec: type[
        Codec[TransitionTargets[list[int]], TransitionTargets[Ints], TransitionScores[NDArray[np.float32]], Tree]
    ] = TransitionsCodec
