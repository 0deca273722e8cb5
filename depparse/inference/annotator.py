"""Sentences in, annotated copies out: a model, its scores, and what is asked. The one way in which depparse annotates:
for users, for `evaluate`, for the scores of training and for jackknifing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from typing import Any, NamedTuple

import numpy as np

from depparse.document.annotations import complete, restore
from depparse.document.annotations.tree import TREE_COLUMNS, kept_arcs
from depparse.document.columns import in_order
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.features.batch import Batch, Example, WordTree, chunks, plan_batches, tree_of
from depparse.inference import memory
from depparse.inference.request import Request
from depparse.model.codec import ModelCodec
from depparse.runtimes.scorer import Reading, Scorer
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.constraints import Constraints
from depparse.tasks.task import AnalysesTrees, AnyCodec, TellsProbabilities

# First words of comments that would begin a document or paragraph anew with each tree of a sentence.
_ONCE = (["newdoc"], ["newpar"], ["global.columns"], ["global.Entity"])
# Batches whose sentences are sorted by length together. Workers get fewer at a time, so that all of them have work.
BATCHES, BATCHES_OF_WORKER = 20, 5


class Group(NamedTuple):
    """Sentences that are analysed together; `first` is the number of the first, from 1."""

    first: int
    sentences: list[Sentence]
    constraints: list[Constraints | None]


@dataclass(slots=True)
class Predicted:
    """What the model makes of a sentence."""

    by_task: dict[str, Any] = field(default_factory=dict)  # predictions, of the parser too if there is no analysis
    analysis: ParseAnalysis | None = None  # of all trees, if the request asks about them


class Annotator:
    """A model (None does nothing), the scores of its networks, and a request.

    Raises ConfigError if the model cannot do what is asked.
    """

    def __init__(self, model: ModelCodec | None, scorer: Scorer | None, request: Request) -> None:
        self.model, self.scorer, self.request = model, scorer, request
        self.tasks = () if model is None else tuple(name for name in model.order if name not in request.without)
        self._source = _find_treebank(model, request.treebank)
        self._parser = model.parser(request.without) if model is not None else None
        self._readers = frozenset(model.readers(request.without) if model is not None else ())
        # Whether more of the parser is asked for than its best tree.
        codecs = {name: self._codec(name) for name in self.tasks}
        self._telling = {name: codec for name, codec in codecs.items() if isinstance(codec, TellsProbabilities)}
        of_trees = request.probabilities and (self._parser is not None or not self._telling)
        self._asks = request.constrained or of_trees or request.k_best is not None
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
        """Annotated copies of the sentences, in order, some batches at a time."""
        for group in self.groups(sentences, constraints):
            for copies in self.annotate_group(group):
                yield from copies

    def groups(
        self,
        sentences: Iterable[Sentence],
        constraints: Iterable[Constraints | None] | None = None,
        batches: int = BATCHES,
    ) -> Iterator[Group]:
        """Consecutive sentences together, of about so many batches. ConfigError if constraints are not one for each."""
        rest = repeat(None) if constraints is None else iter(constraints)
        first = 1
        for group in chunks(iter(sentences), batches * self.request.batch_words):
            own = list(islice(rest, len(group)))
            if len(own) < len(group):
                raise ConfigError(f"constraints end at sentence {first + len(own)}; give one for each, or None")
            yield Group(first, group, own)
            first += len(group)
        if constraints is not None and any(True for _ in rest):
            raise ConfigError(f"there are more constraints than the {first - 1} sentences; give one for each, or None")

    def annotate_group(self, group: Group) -> Iterator[list[Sentence]]:
        """For each sentence, in order, its annotated copy; or a copy for each of its best trees."""
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
        """The analysis of each sentence, in order, with a group of them in memory at a time."""
        for group in self.groups(sentences, constraints):
            for sentence, analysis in zip(group.sentences, self.analyses(group), strict=True):
                if analysis is None:  # a sentence without words
                    analysis = ParseAnalysis(
                        repr(sentence), np.zeros((1, 1)), (), lambda _, heads: np.zeros((*heads.shape, 1))
                    )
                yield analysis

    def analyses(self, group: Group) -> Iterator[ParseAnalysis | None]:
        """What the parser makes of each sentence, in order; None for one without words."""
        predictions = self._predict(group)
        while predictions:
            yield predictions.popleft().analysis

    # -- predictions

    def _predict(self, group: Group) -> deque[Predicted]:
        """What the model makes of each sentence of the group; to be taken out one by one, since analyses are large."""
        predictions = deque(Predicted() for _ in group.sentences)
        if self.model is None or self.scorer is None or not self.tasks:
            return predictions
        self.model.check_trees(group.sentences, self.request.without, first=group.first)
        examples = []
        for number, sentence in enumerate(group.sentences, group.first):
            if len(sentence):
                example = self.model.example(sentence, source=self._source)
                example.number, example.kept = number, self.request.keep
                examples.append(example)
        several = sum(map(len, group.sentences)) > self.request.batch_words
        if several:
            memory.give_back()  # what segmentation left
        for numbers in plan_batches([example.length for example in examples], self.request.batch_words):
            batch = self.model.collate([examples[number] for number in numbers])
            reading = self.scorer.read(batch)
            self._predict_batch(batch, reading, group, predictions)
            if several:
                del batch, reading
                memory.give_back()
        return predictions

    def _predict_batch(self, batch: Batch, reading: Reading, group: Group, predictions: Sequence[Predicted]) -> None:
        """Puts what the tasks predict for the batch into `predictions`, which are those of the group."""
        assert self.model is not None
        parsed, own = batch, [predictions[example.number - group.first] for example in batch.examples]
        for name in self.tasks:
            codec, stage, read = self._codec(name), reading.stage(name), parsed if name in self._readers else batch
            scores = reading.scores(name, self.model.read_trees(name, read))
            if name == self._parser and self._analyses and isinstance(codec, AnalysesTrees):
                constraints = [self._constraints(example, group) for example in batch.examples]
                for predicted, analysis in zip(own, codec.analyze(scores, batch, stage, constraints), strict=True):
                    predicted.analysis = analysis
            else:
                for predicted, prediction in zip(own, codec.decode(scores, read, stage), strict=True):
                    predicted.by_task[name] = prediction
            if name == self._parser and self._readers:
                parsed = replace(batch, parsed=list(map(self._tree_to_read, batch.examples, own)))

    def _constraints(self, example: Example, group: Group) -> Constraints | None:
        return _constraints(example.sentence, self.request.keep, group.constraints[example.number - group.first])

    def _tree_to_read(self, example: Example, predicted: Predicted) -> WordTree:
        """The best tree that will be written, for tasks that read it."""
        best = self._trees(example.sentence, predicted, None)
        return tree_of(example.sentence) if best is None else WordTree(best[0].heads, best[0].labels)

    def _trees(self, sentence: Sentence, predicted: Predicted, k_best: int | None) -> list[Tree] | None:
        """The trees to be written, best first; None if that of the sentence stays, or none is predicted."""
        analysis = predicted.analysis
        if analysis is None:
            return [predicted.by_task[self._parser]] if self._parser in predicted.by_task else None
        if not self._asks and complete(sentence, self.request.keep, TREE_COLUMNS):
            return None
        return [analysis.best] if k_best is None else analysis.trees(k_best)

    # -- writing

    def _write(self, sentence: Sentence, predicted: Predicted, tree: Tree | None) -> Sentence:
        """A copy of the sentence with all that is predicted, in the order of the tasks, and what is kept of its own.

        Of the tree, what is kept is in it already, below the constraints that come with the sentence. Probabilities are
        written last, so that they stand behind all else in MISC.
        """
        copy, request = sentence.copy(), self.request
        predictions = {
            name: prediction
            for name, prediction in predicted.by_task.items()
            if name != self._parser and not complete(sentence, request.keep, self._codec(name).writes)
        }
        if self._parser is not None and tree is not None:
            predictions[self._parser] = tree
        for name in (name for name in self.tasks if name in predictions):
            codec = self._codec(name)
            codec.annotate(copy, predictions[name])
            own = [column for column in codec.writes if name != self._parser or column not in TREE_COLUMNS]
            restore(copy, sentence, request.keep, own)
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


def _find_treebank(model: ModelCodec | None, treebank: str | None) -> int:
    names = model.treebanks if model else ()
    if treebank is None:
        return 0
    if treebank not in names:
        raise ConfigError(f"the model learned no treebank {treebank!r}; it knows: {', '.join(names) or 'no names'}")
    return names.index(treebank)


def _constraints(sentence: Sentence, kept: frozenset[str], more: Constraints | None) -> Constraints | None:
    """What the kept columns and `more` say of the tree."""
    if kept.isdisjoint(TREE_COLUMNS):
        return more
    more = more or Constraints()
    heads, relations = kept_arcs(sentence, kept)
    return Constraints([*heads, *more.required], more.forbidden, relations | dict(more.labels))


def _set_rank(sentence: Sentence, rank: int, log_probability: float) -> None:
    if rank > 1:
        sentence.comments = [line for line in sentence.comments if line[1:].split(None, 1)[:1] not in _ONCE]
        if sentence.sent_id is not None:
            sentence.set_comment("sent_id", f"{sentence.sent_id}-tree{rank}")
    sentence.set_comment("tree_rank", str(rank))
    sentence.set_comment("tree_log_probability", f"{round(log_probability, 4) + 0.0:.4f}")  # no minus before a zero
