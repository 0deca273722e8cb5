"""The model: one encoder and the tasks that read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Protocol, runtime_checkable

import torch
from pydantic import Field, PlainValidator, SerializeAsAny, field_validator
from torch import Tensor, nn

from depparse.config import Config, key_error
from depparse.data.batching import Batch, Example, WordTree, make_mask, plan_batches
from depparse.data.sentence import Sentence
from depparse.encoders.encoder import Encoder, EncoderConfig
from depparse.encoders.syntax import TreeSource
from depparse.errors import ConfigError
from depparse.registry import PartConfig, Registry
from depparse.tasks.dependencies import Dependencies

TASKS = Registry("depparse.tasks", "TASK", "depparse.tasks")
TaskConfig = Annotated[SerializeAsAny[PartConfig], PlainValidator(TASKS.read)]
Parse = Callable[[Any, Batch], Sequence[WordTree]]  # the trees of a batch, from the parser's scores


class ModelConfig(Config):
    """An encoder and its tasks."""

    encoder: EncoderConfig = EncoderConfig()
    tasks: dict[str, TaskConfig] = Field(default_factory=dict)

    @field_validator("tasks", mode="before")
    @classmethod
    def _names(cls, tasks: Any) -> Any:
        # They name parts of the network, where torch has names of its own.
        for name in tasks if isinstance(tasks, Mapping) else ():
            if not str(name).isidentifier() or hasattr(nn.ModuleDict, str(name)):
                raise key_error(str(name), "cannot be the name of a task; take another word, such as its type")
        return tasks


@runtime_checkable
class ChecksData(Protocol):
    """A task that can tell what of the training data it does not learn."""

    def findings(self, sentences: Iterable[Sentence]) -> list[str]:
        """A line each, with the place of the first; sentences are numbered from 1."""


@runtime_checkable
class ReadsTrees(Protocol):
    """A task that may read dependency trees: those of `Batch.trees`, see depparse/encoders/syntax.py."""

    reads_trees: TreeSource | None  # what it learns with; None: it reads none


@runtime_checkable
class ReadsColumns(Protocol):
    """A task whose `annotate` reads what other tasks write, so that it comes after all of them."""

    reads_columns: tuple[str, ...]

    def annotate(self, sentence: Sentence, prediction: Any, *, probabilities: bool = False) -> None:
        """Writes what it predicts; with `probabilities`, those too."""

    def writes(self) -> tuple[str, ...]:
        """The columns that it predicts."""


BATCH_WORDS = 2000  # that are annotated at once, with padding; memory grows with them
Late = list[tuple[ReadsColumns, Any]]  # tasks and their predictions for a sentence, to be written after all others


class Model(nn.Module):
    """Sentences in, the same sentences annotated."""

    def __init__(
        self, config: ModelConfig, encoder: Encoder, tasks: dict[str, nn.Module], treebanks: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.config, self.encoder = config, encoder
        self.tasks = nn.ModuleDict(tasks)
        self.treebanks = tuple(treebanks)  # names, in the order of `Example.source`
        self.frozen: frozenset[str] = frozenset()  # tasks that are not trained
        self.encoder_frozen = False
        encoder.set_tasks(len(tasks))

    @classmethod
    def build(cls, config: ModelConfig, sentences: Sequence[Sentence], treebanks: Sequence[str] = ()) -> Model:
        """With the vocabularies of `sentences`, the training data. A task that they do not annotate is left out.

        The sentences are gone through several times, one at a time, so they need not be in memory. `treebanks` are the
        names of those that they come from; `Example.source` is a place among them.
        """
        encoder = Encoder.build(config.encoder, sentences, treebanks)
        built = {name: TASKS[task.type].build(task, encoder, sentences) for name, task in config.tasks.items()}
        tasks = {name: task for name, task in built.items() if task is not None}
        if not tasks:
            raise ConfigError(f"the training data annotates nothing that the tasks learn: {', '.join(built) or 'none'}")
        check_parser(tasks)
        kept = {name: task for name, task in config.tasks.items() if name in tasks}
        return cls(config.model_copy(update={"tasks": kept}), encoder, tasks, treebanks)

    def freeze(self, tasks: Collection[str]) -> None:
        """Training will change nothing of the encoder and of these tasks, so that their predictions stay the same."""
        self.frozen, self.encoder_frozen = frozenset(tasks), True
        for part in self._still():
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> Model:
        """Dropout where nothing is learned would only add noise."""
        super().train(mode)
        for part in self._still():
            part.eval()
        return self

    def _still(self) -> list[nn.Module]:
        encoder = [self.encoder] if self.encoder_frozen else []
        return [*encoder, *(self.tasks[name] for name in sorted(self.frozen))]

    @property
    def learned(self) -> tuple[str, ...]:
        """The tasks that are trained."""
        return tuple(name for name in self.tasks if name not in self.frozen)

    @property
    def device(self) -> torch.device:
        """Where the weights are, and batches have to be."""
        return next(self.parameters()).device

    def findings(self, sentences: Sequence[Sentence]) -> list[str]:
        """What of the training data the trained tasks do not learn, a line each."""
        tasks = [
            (name, task) for name, task in self._tasks() if isinstance(task, ChecksData) and name not in self.frozen
        ]
        return [f"warning: {name}: {line}" for name, task in tasks for line in task.findings(sentences)]

    # -- sentences to batches

    def example(self, sentence: Sentence, *, targets: bool = False, source: int = 0) -> Example:
        """What the model reads of the sentence, and what it learns from it."""
        learned = self.learned if targets else ()
        made = {name: task.targets(sentence) for name, task in self._tasks() if name in learned}
        return Example(sentence, len(sentence), self.encoder.features(sentence), made, source)

    def collate(self, examples: Sequence[Example]) -> Batch:
        lengths = torch.as_tensor([example.length for example in examples])
        inputs = self.encoder.collate([example.features for example in examples])
        targets = {
            name: task.collate([example.targets[name] for example in examples])
            for name, task in self._tasks()
            if name in examples[0].targets
        }
        mask = make_mask(lengths, 1 + int(lengths.max()))
        sources = torch.as_tensor([example.source for example in examples])
        return Batch(list(examples), lengths, mask, inputs, targets, sources)

    # -- the network

    def forward(
        self,
        batch: Batch,
        without: Collection[str] = (),
        *,
        predicted: Collection[TreeSource] = ("given", "own"),
        parse: Parse | None = None,
    ) -> dict[str, Any]:
        """The scores of each task, in its own form; not of the tasks `without`.

        Tasks that learn with `predicted` trees read those that the parser, if there is one, predicts for the batch;
        `parse` chooses them from its scores, by default the best ones. No gradient goes through that.
        """
        encoded = self.encoder(batch)
        at_work = {name: (number, task) for number, (name, task) in enumerate(self._tasks()) if name not in without}
        readers = [name for name, source in self.readers(without).items() if source in predicted]
        parser, parsed = self.parser(without) if readers else None, batch
        scores: dict[str, Any] = {}
        if parser is not None:
            name, parser_task = parser
            scores[name] = parser_task(encoded.of_task(at_work[name][0]), batch)
            with torch.no_grad():
                parsed = replace(batch, parsed=(parse or parser_task.parse)(scores[name], batch))
        for name, (number, task) in at_work.items():
            if name not in scores:
                scores[name] = task(encoded.of_task(number), parsed if name in readers else batch)
        return scores

    def parser(self, without: Collection[str] = ()) -> tuple[str, Dependencies] | None:
        """Name and task that predict trees, if there is one that is not among `without`."""
        for name, task in self._tasks():
            if isinstance(task, Dependencies) and name not in without:
                return name, task
        return None

    def readers(self, without: Collection[str] = ()) -> dict[str, TreeSource]:
        """The tasks, not those `without`, that read trees, and which they learn with."""
        return {
            name: task.reads_trees
            for name, task in self._tasks()
            if name not in without and isinstance(task, ReadsTrees) and task.reads_trees is not None
        }

    def needs_trees(self, without: Collection[str] = ()) -> bool:
        """Whether sentences must have trees: a task at work reads them, and no parser is."""
        return bool(self.readers(without)) and self.parser(without) is None

    def check_trees(self, sentences: Iterable[Sentence], without: Collection[str] = (), *, first: int = 1) -> None:
        """Raises ConfigError for the first sentence, numbered from `first`, that must have a tree and has none."""
        if not self.needs_trees(without):
            return
        for number, sentence in enumerate(sentences, first):
            if len(sentence) and all(cell == "_" for cell in sentence.columns.get("HEAD", ())):
                readers = ", ".join(self.readers(without))
                parser = "no task of the model predicts any" if self.parser() is None else "the parser is switched off"
                name = sentence.sent_id or number
                raise ConfigError(f"sentence {name} has no tree (HEAD, DEPREL), which {readers} reads, and {parser}")

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of each trained task, a scalar each."""
        without = set(self.frozen)
        if "own" in self.readers(without).values() and (parser := self.parser()) is not None:
            without.discard(parser[0])
        scores = self(batch, without, predicted=("own",))
        tasks = [(name, task) for name, task in self._tasks() if name not in self.frozen]
        return {name: task.loss(scores[name], batch.targets[name]) for name, task in tasks}

    # -- annotation

    @torch.inference_mode()
    def scored(
        self,
        sentences: Sequence[Sentence],
        batch_words: int = BATCH_WORDS,
        *,
        first: int = 1,
        source: int = 0,
        without: Collection[str] = (),
        kept: frozenset[str] = frozenset(),
        parse: Parse | None = None,
    ) -> Iterator[tuple[Batch, dict[str, Any]]]:
        """Batches of the sentences that have words, in no order, with the scores of each task.

        Sentences are read as of the treebank number `source`, and their examples numbered from `first` on. Tasks
        `without` are left out, and what is `kept` is for tasks that start from it. `parse` is that of `forward`. The
        batches do not change the result. ConfigError if a task reads trees, no parser is at work, and a sentence has
        none.
        """
        self.eval()
        examples = []
        self.check_trees(sentences, without, first=first)
        for number, sentence in enumerate(sentences, first):
            if len(sentence):
                example = self.example(sentence, source=source)
                example.number, example.kept = number, kept
                examples.append(example)
        for numbers in plan_batches([example.length for example in examples], batch_words):
            batch = self.collate([examples[number] for number in numbers]).to(self.device)
            yield batch, self(batch, without, parse=parse)

    @torch.inference_mode()
    def write(self, batch: Batch, scores: dict[str, Any]) -> list[Late]:
        """Writes the columns that the tasks in `scores` predict into the sentences of the batch.

        Not those of tasks that read what others write: they are given back, for each sentence.
        """
        late: list[Late] = [[] for _ in batch.examples]
        for name, task in self._tasks():
            if name in scores:
                reads_columns = isinstance(task, ReadsColumns)
                for number, prediction in enumerate(task.predict(scores[name], batch)):
                    if reads_columns:
                        late[number].append((task, prediction))
                    else:
                        task.annotate(batch.examples[number].sentence, prediction)
        return late

    def late_tasks(self) -> list[str]:
        """The names of the tasks that read what others write."""
        return [name for name, task in self._tasks() if isinstance(task, ReadsColumns)]

    def annotate(self, sentences: Sequence[Sentence], batch_words: int = BATCH_WORDS, source: int = 0) -> None:
        """Writes the predicted columns into the sentences, as in the treebank number `source`."""
        for batch, scores in self.scored(sentences, batch_words, source=source):
            for example, late in zip(batch.examples, self.write(batch, scores), strict=True):
                for task, prediction in late:
                    task.annotate(example.sentence, prediction)

    def leave_out(self, names: Collection[str]) -> None:
        """Takes tasks out of the model, for good.

        What the others predict stays as it is; but without the parser, tasks that read trees need given ones.
        """
        self.encoder.keep_tasks([number for number, name in enumerate(self.tasks) if name not in names])
        self.tasks = nn.ModuleDict({name: task for name, task in self.tasks.items() if name not in names})
        kept = {name: task for name, task in self.config.tasks.items() if name not in names}
        self.config = self.config.model_copy(update={"tasks": kept})
        self.frozen = self.frozen - set(names)

    @property
    def writes(self) -> dict[str, tuple[str, ...]]:
        """The columns that each task predicts."""
        return {name: task.writes() for name, task in self._tasks()}

    def _tasks(self) -> Iterator[tuple[str, Any]]:
        return iter(self.tasks.items())


def check_parser(tasks: Mapping[str, nn.Module]) -> None:
    """Raises ConfigError if a task learns with the model's own trees and there is no parser among the tasks."""
    if not any(isinstance(task, Dependencies) for task in tasks.values()):
        for name, task in tasks.items():
            if isinstance(task, ReadsTrees) and task.reads_trees == "own":
                reason = "there is no task of type dependencies, or no training data for it"
                raise ConfigError(f"config key model.tasks.{name}.trees: own, but {reason}")
