"""Sentences in, annotated copies out: a model, and what is asked of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice, repeat
from typing import Any, NamedTuple

from depparse import heap
from depparse.data.annotations import check_kept, complete, restore
from depparse.data.annotations.tree import TREE_COLUMNS, kept_arcs
from depparse.data.batching import Batch, WordTree, chunks, tree_of
from depparse.data.columns import in_order
from depparse.data.sentence import Sentence
from depparse.errors import ConfigError
from depparse.model import BATCH_WORDS, Late, Model
from depparse.structs.analysis import ParseAnalysis
from depparse.structs.constraints import Constraints
from depparse.tasks.dependencies import Dependencies

# First words of comments that would begin a document or paragraph anew with each tree of a sentence.
_ONCE = (["newdoc"], ["newpar"], ["global.columns"], ["global.Entity"])
# Batches whose sentences are sorted by length together. Workers get fewer at a time, so that all of them have work.
BATCHES, BATCHES_OF_WORKER = 20, 5


class Group(NamedTuple):
    """Sentences that are analysed together; `first` is the number of the first, from 1."""

    first: int
    sentences: list[Sentence]
    constraints: list[Constraints | None]


class Annotator:
    """A model (None does nothing) and what is asked of it: see `Pipeline.annotate_stream`. Raises ConfigError."""

    def __init__(
        self,
        model: Model | None,
        *,
        keep: str | Collection[str] = (),
        probabilities: bool = False,
        k_best: int | None = None,
        treebank: str | None = None,
        without: frozenset[str] = frozenset(),
        batch_words: int = BATCH_WORDS,
        needs_parser: bool = False,
    ) -> None:
        if k_best is not None and k_best < 1:
            raise ConfigError(f"k_best is a number of trees, at least 1, not {k_best}")
        if batch_words < 1:
            raise ConfigError(f"batch_words is a number of words, at least 1, not {batch_words}")
        self.model, self.without, self.batch_words = model, without, batch_words
        self.kept = check_kept([keep] if isinstance(keep, str) else keep)
        self.probabilities, self.k_best = probabilities, k_best
        self.source = _find_treebank(model, treebank)
        # Whether more of the parser is asked for than its best tree.
        of_graphs = model is not None and any(name not in without for name in model.late_tasks())
        of_trees = probabilities and (self._parser() is not None or not of_graphs)
        self.asks = needs_parser or of_trees or k_best is not None
        if self.asks and self._parser() is None:
            message = "the model predicts no trees, so nothing about them: it has no task of type dependencies"
            raise ConfigError(message + (" that is not switched off" if without else ""))

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
        given = repeat(None) if constraints is None else iter(constraints)
        first = 1
        for group in chunks(iter(sentences), batches * self.batch_words):
            known = list(islice(given, len(group)))
            if len(known) < len(group):
                raise ConfigError(f"constraints end at sentence {first + len(known)}; give one for each, or None")
            yield Group(first, group, known)
            first += len(group)
        if constraints is not None and any(True for _ in given):
            raise ConfigError(f"there are more constraints than the {first - 1} sentences; give one for each, or None")

    def annotate_group(self, group: Group) -> Iterator[list[Sentence]]:
        """For each sentence, in order, its annotated copy; or a copy for each of its best trees."""
        parser = self._parser() if self.asks or not self.kept.isdisjoint(TREE_COLUMNS) else None
        for (sentence, analysis, late), original in zip(
            self.analyze_group(group, parser), group.sentences, strict=True
        ):
            if parser is None or analysis is None or (not self.asks and complete(sentence, self.kept, TREE_COLUMNS)):
                self._finish(sentence, original, late)
                yield [sentence]
                continue
            trees = [analysis.best] if self.k_best is None else analysis.trees(self.k_best)
            copies = []
            for rank, tree in enumerate(trees, 1):
                copied = sentence.copy()
                parser[1].annotate(copied, analysis.with_probabilities(tree) if self.probabilities else tree)
                self._finish(copied, original, late)
                if self.k_best is not None:
                    _set_rank(copied, rank, tree.log_probability or 0.0)
                copies.append(copied)
            yield copies

    def analyses(self, group: Group) -> Iterator[ParseAnalysis | None]:
        """What the parser makes of each sentence, in order; None for one without words."""
        return (analysis for _, analysis, _ in self.analyze_group(group, self._parser()))

    def analyze_group(
        self, group: Group, parser: tuple[str, Dependencies] | None
    ) -> Iterator[tuple[Sentence, ParseAnalysis | None, Late]]:
        """Copies with what other tasks than `parser` predict, what it makes of them (None without words), and what is
        to be written once its tree is."""
        first, sentences, constraints = group
        known = [_known(sentence, self.kept, more) for sentence, more in zip(sentences, constraints, strict=True)]
        copies = [sentence.copy() for sentence in sentences]
        analyses: dict[int, ParseAnalysis] = {}
        late: dict[int, Late] = {}

        def analyze(scores: Any, batch: Batch) -> None:
            numbers = [example.number for example in batch.examples]
            if parser is not None and numbers[0] not in analyses:
                found = parser[1].analyze(scores, batch, [known[number - first] for number in numbers])
                analyses.update(zip(numbers, found, strict=True))

        def parse(scores: Any, batch: Batch) -> list[WordTree]:
            """What will be written, for tasks that read it."""
            analyze(scores, batch)
            trees = []
            for number in (example.number for example in batch.examples):
                if self.asks or not complete(sentences[number - first], self.kept, TREE_COLUMNS):
                    best = analyses[number].best
                    trees.append(WordTree(best.heads, best.labels))
                else:
                    trees.append(tree_of(sentences[number - first]))
            return trees

        if self.model is not None and not self.without.issuperset(self.model.tasks):
            batches = self.model.scored(
                copies,
                self.batch_words,
                first=first,
                source=self.source,
                without=self.without,
                kept=self.kept,
                parse=parse if parser is not None else None,
            )
            several = sum(map(len, sentences)) > self.batch_words
            if several:
                heap.give_back()  # what segmentation left
            for batch, scores in batches:
                if parser is not None:
                    analyze(scores.pop(parser[0]), batch)
                numbers = (example.number for example in batch.examples)
                late.update(zip(numbers, self.model.write(batch, scores), strict=True))
                if several:
                    del batch, scores
                    heap.give_back()
        for number, (original, copied) in enumerate(zip(sentences, copies, strict=True), first):
            restore(copied, original, self.kept)
            yield copied, analyses.pop(number, None), late.pop(number, [])

    def _finish(self, sentence: Sentence, original: Sentence, late: Late) -> None:
        """Writes what hangs on the tree and other columns, which stand by now. A graph that is kept stays whole."""
        for task, prediction in late:
            if not complete(original, self.kept, task.writes()):
                task.annotate(sentence, prediction, probabilities=self.probabilities)
        sentence.columns = in_order(sentence.columns, original.columns)

    def _parser(self) -> tuple[str, Dependencies] | None:
        """Name and task that predict trees, if there is one at work."""
        return self.model.parser(self.without) if self.model is not None else None


def _find_treebank(model: Model | None, treebank: str | None) -> int:
    names = model.treebanks if model else ()
    if treebank is None:
        return 0
    if treebank not in names:
        raise ConfigError(f"the model learned no treebank {treebank!r}; it knows: {', '.join(names) or 'no names'}")
    return names.index(treebank)


def _known(sentence: Sentence, kept: frozenset[str], more: Constraints | None) -> Constraints | None:
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
