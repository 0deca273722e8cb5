"""Annotation of sentences by a model, as a request asks: the one way in which depparse annotates, for users, for
`evaluate`, for the scores of training and for jackknifing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from types import NoneType
from typing import Any, NamedTuple

import numpy as np

from depparse.arguments import check_iterable, check_type
from depparse.document.annotations import complete, make_way, restore
from depparse.document.annotations.tree import LOG_PROBABILITY, RANK, TREE_COLUMNS, kept_arcs
from depparse.document.columns import LANGUAGE, in_order
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.features.batch import Batch, Example, WordTree, chunks, plan_batches, tree_of
from depparse.inference import memory
from depparse.inference.request import Request
from depparse.model.codec import ModelCodec
from depparse.runtimes.scorer import Reading, Scorer
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.constraints import Constraints
from depparse.tasks.task import AnalysesTrees, AnyCodec, ScoresOnRequest, TellsProbabilities
from depparse.treebanks.languages import Choice, Languages

# First words of comments that stay with the first tree of a sentence alone, since a copy of them would begin another
# document or paragraph.
_ONCE = (["newdoc"], ["newpar"], ["global.columns"], ["global.Entity"])
# Batches in a group, whose sentences are sorted by length together. Workers get smaller groups, so that all have work.
BATCHES, BATCHES_OF_WORKER = 20, 10


class Group(NamedTuple):
    """Sentences that are annotated together; `first` is the number of the first one, counted from 1."""

    first: int
    sentences: list[Sentence]
    constraints: list[Constraints | None]


@dataclass(slots=True)
class Predicted:
    """What the model makes of a sentence."""

    by_task: dict[str, Any] = field(default_factory=dict)  # predictions; the parser's only if there is no analysis
    analysis: ParseAnalysis | None = None  # the analysis of all trees, if the request needs it


class Annotator:
    """Annotates sentences with a model and the scores of its networks, as a request asks.

    Without a model, it copies sentences. Raises ConfigError if the model cannot do what is asked.
    """

    def __init__(
        self, model: ModelCodec | None, scorer: Scorer | None, request: Request, languages: Languages | None = None
    ) -> None:
        self.model, self.scorer, self.request = model, scorer, request
        self.tasks = () if model is None else tuple(name for name in model.order if name not in request.without)
        self._languages = languages or Languages(model.treebanks if model is not None else ())
        self._choice = request.choice(self._languages) if model is not None else Choice()
        self._parser = model.parser(request.without) if model is not None else None
        self._readers = frozenset(model.readers(request.without) if model is not None else ())
        codecs = {name: self._codec(name) for name in self.tasks}
        self._telling = {name: codec for name, codec in codecs.items() if isinstance(codec, TellsProbabilities)}
        others = bool(self._telling) or any(isinstance(codec, ScoresOnRequest) for codec in codecs.values())
        tree_probabilities = request.probabilities and (self._parser is not None or not others)
        # Whether the request asks for more of the parser than its best tree.
        self._asks = request.constrained or tree_probabilities or request.k_best is not None
        if self._asks and self._parser is None:
            message = "the model predicts no trees, so nothing about them: it has no task that predicts HEAD and DEPREL"
            raise ConfigError(message + (" that is not switched off" if request.without else ""))
        self._analyses = self._parser is not None and (self._asks or not request.keep.isdisjoint(TREE_COLUMNS))
        if self._analyses and not isinstance(self._codec(self._parser or ""), AnalysesTrees):
            raise ConfigError(
                f"the task {self._parser} predicts one tree and nothing about others: no probabilities, no k best, and "
                "none with constraints or around kept heads"
            )

    def annotate(
        self, sentences: Iterable[Sentence], constraints: Iterable[Constraints | None] | None = None
    ) -> Iterator[Sentence]:
        """Annotated copies of the sentences, in order, computed some batches at a time."""
        for group in self.groups(sentences, constraints):
            for copies in self.annotate_group(group):
                yield from copies

    def marked(self, sentences: Iterable[Sentence]) -> Iterable[Sentence]:
        """The sentences, which say their languages if each is annotated in its own; see `Languages.mark`."""
        if not self._choice.is_auto:
            return sentences
        check_iterable(sentences, "the input", "a Document or a list of sentences")
        return self._languages.mark(_checked(sentences))

    def groups(
        self,
        sentences: Iterable[Sentence],
        constraints: Iterable[Constraints | None] | None = None,
        batches: int = BATCHES,
    ) -> Iterator[Group]:
        """Groups of consecutive sentences, each of about that many batches.

        Raises ConfigError if there are not as many constraints as sentences.
        """
        check_iterable(sentences, "the input", "a Document or a list of sentences")
        if constraints is not None:
            check_iterable(constraints, "constraints", "a list with Constraints or None for each sentence")
        all_constraints = repeat(None) if constraints is None else iter(constraints)
        first = 1
        for group in chunks(_checked(sentences), batches * self.request.batch_words):
            group_constraints = list(islice(all_constraints, len(group)))
            if (n_constraints := len(group_constraints)) < len(group):
                raise ConfigError(f"constraints end at sentence {first + n_constraints}; give one for each, or None")
            for number, asked in enumerate(group_constraints, first):
                check_type(asked, (Constraints, NoneType), f"constraint {number}", "an object of Constraints, or None")
            yield Group(first, group, group_constraints)
            first += len(group)
        if constraints is not None and any(True for _ in all_constraints):
            raise ConfigError(f"there are more constraints than the {first - 1} sentences; give one for each, or None")

    def annotate_group(self, group: Group) -> Iterator[list[Sentence]]:
        """A list for each sentence, in order: its annotated copy or, with `k_best`, one for each of its best trees."""
        predictions = self._predict(group)
        for sentence in group.sentences:
            predicted = predictions.popleft()
            trees = self._trees(sentence, predicted, self.request.k_best)
            if self.request.k_best is None or predicted.analysis is None or trees is None:
                yield [self._write(sentence, predicted, None if trees is None else trees[0])]
                continue
            copies = [self._write(sentence, predicted, tree) for tree in trees]
            for rank, (copy, tree) in enumerate(zip(copies, trees, strict=True), 1):
                _set_rank(copy, rank, tree.log_probability or 0.0)
            yield copies

    def all_analyses(
        self, sentences: Iterable[Sentence], constraints: Iterable[Constraints | None] | None
    ) -> Iterator[ParseAnalysis]:
        """The analysis of each sentence, in order; those of one group are in memory at a time."""
        for group in self.groups(sentences, constraints):
            for sentence, analysis in zip(group.sentences, self.analyses(group), strict=True):
                if analysis is None:  # a sentence without words
                    analysis = ParseAnalysis(
                        repr(sentence), np.zeros((1, 1)), (), lambda _, heads: np.zeros((*heads.shape, 1))
                    )
                yield analysis

    def analyses(self, group: Group) -> Iterator[ParseAnalysis | None]:
        """The analysis of each sentence of the group, in order; None for a sentence without words."""
        predictions = self._predict(group)
        while predictions:
            yield predictions.popleft().analysis

    # -- predictions

    def _predict(self, group: Group) -> deque[Predicted]:
        """The predictions for each sentence of the group. Take them out one by one, since analyses are large."""
        predictions = deque(Predicted() for _ in group.sentences)
        if self.model is None or self.scorer is None or not self.tasks:
            return predictions
        self.model.check_trees(group.sentences, self.request.without, first=group.first)
        examples = []
        for number, sentence in enumerate(group.sentences, group.first):
            if len(sentence):
                source = self._languages.number(self._choice, sentence.comment(LANGUAGE))
                example = self.model.example(sentence, source=source)
                example.number, example.kept = number, self.request.keep
                examples.append(example)
        several = sum(map(len, group.sentences)) > self.request.batch_words
        if several:
            memory.give_back()  # segmentation leaves free blocks behind
        for numbers in plan_batches([example.length for example in examples], self.request.batch_words):
            batch = self.model.collate([examples[number] for number in numbers])
            reading = self.scorer.read(batch)
            self._predict_batch(batch, reading, group, predictions)
            if several:
                del batch, reading
                memory.give_back()
        return predictions

    def _predict_batch(self, batch: Batch, reading: Reading, group: Group, predictions: Sequence[Predicted]) -> None:
        """Adds the predictions of the tasks for the batch to `predictions`, which are those of the group."""
        assert self.model is not None
        batch.probabilities = self.request.probabilities
        parsed = batch
        batch_predictions = [predictions[example.number - group.first] for example in batch.examples]
        for name in self.tasks:
            codec, stage = self._codec(name), reading.stage(name)
            task_batch = parsed if name in self._readers else batch
            scores = reading.scores(name, self.model.read_trees(name, task_batch))
            if name == self._parser and self._analyses and isinstance(codec, AnalysesTrees):
                constraints = [self._constraints(example, group) for example in batch.examples]
                analyses = codec.analyze(scores, batch, stage, constraints)
                for predicted, analysis in zip(batch_predictions, analyses, strict=True):
                    predicted.analysis = analysis
            else:
                decoded = codec.decode(scores, task_batch, stage)
                for predicted, prediction in zip(batch_predictions, decoded, strict=True):
                    predicted.by_task[name] = prediction
            if name == self._parser and self._readers:
                parsed = replace(batch, parsed=list(map(self._tree_to_read, batch.examples, batch_predictions)))

    def _constraints(self, example: Example, group: Group) -> Constraints | None:
        return _constraints(example.sentence, self.request.keep, group.constraints[example.number - group.first])

    def _tree_to_read(self, example: Example, predicted: Predicted) -> WordTree:
        """The tree that tasks read: the best one of those to be written, or that of the sentence if it stays."""
        best = self._trees(example.sentence, predicted, None)
        return tree_of(example.sentence) if best is None else WordTree(best[0].heads, best[0].labels)

    def _trees(self, sentence: Sentence, predicted: Predicted, k_best: int | None) -> list[Tree] | None:
        """The trees to be written, best first; None if the tree of the sentence stays, or none is predicted."""
        analysis = predicted.analysis
        if analysis is None:
            return [predicted.by_task[self._parser]] if self._parser in predicted.by_task else None
        if not self._asks and complete(sentence, self.request.keep, TREE_COLUMNS):
            return None
        return [analysis.best] if k_best is None else analysis.trees(k_best)

    # -- writing

    def _write(self, sentence: Sentence, predicted: Predicted, tree: Tree | None) -> Sentence:
        """A copy of the sentence with all predictions, in the order of the tasks, and with its own kept annotation.

        The tree already has the kept heads and relations, except where the constraints of the sentence override them.
        Probabilities are written last, so that they stand behind all else in MISC.
        """
        copy, request = sentence.copy(), self.request
        predictions = {
            name: prediction
            for name, prediction in predicted.by_task.items()
            if name != self._parser
            and not (request.keep and complete(sentence, request.keep, self._codec(name).writes))
        }
        if self._parser is not None and tree is not None:
            predictions[self._parser] = tree
        make_way(copy, [column for name in predictions for column in self._codec(name).writes], request.keep)
        for name in (name for name in self.tasks if name in predictions):
            codec = self._codec(name)
            codec.annotate(copy, predictions[name])
            if request.keep:
                columns = [column for column in codec.writes if name != self._parser or column not in TREE_COLUMNS]
                restore(copy, sentence, request.keep, columns)
        if request.probabilities:
            if self._parser is not None and tree is not None and predicted.analysis is not None:
                predictions[self._parser] = predicted.analysis.with_probabilities(tree)
            for name, telling in self._telling.items():
                if name in predictions:
                    telling.write_probabilities(copy, predictions[name])
        copy.columns = in_order(copy.columns, sentence.columns)
        return copy

    def _codec(self, name: str) -> AnyCodec:
        assert self.model is not None
        return self.model.tasks[name]


def _checked(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences. Raises ConfigError for anything else among them."""
    for number, sentence in enumerate(sentences, 1):
        check_type(sentence, Sentence, f"sentence {number}", "a Sentence")
        yield sentence


def _constraints(sentence: Sentence, kept: frozenset[str], asked: Constraints | None) -> Constraints | None:
    """The constraints that the kept columns set on the tree, together with those that are asked, which go first."""
    if kept.isdisjoint(TREE_COLUMNS):
        return asked
    asked = asked or Constraints()
    heads, relations = kept_arcs(sentence, kept)
    return Constraints([*heads, *asked.required], asked.forbidden, relations | dict(asked.labels))


def _set_rank(sentence: Sentence, rank: int, log_probability: float) -> None:
    """Writes the rank and the probability of the tree as comments; trees after the first get a sent_id of their own."""
    if rank > 1:
        sentence.comments = [line for line in sentence.comments if line[1:].split(None, 1)[:1] not in _ONCE]
        if sentence.sent_id is not None:
            sentence.set_comment("sent_id", f"{sentence.sent_id}-tree{rank}")
    sentence.set_comment(RANK, str(rank))
    # Adding 0.0 turns -0.0 to 0.0.
    sentence.set_comment(LOG_PROBABILITY, f"{round(log_probability, 4) + 0.0:.4f}")
