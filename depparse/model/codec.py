"""A model without its networks: the codecs of its encoder and its tasks. No torch here.

An engine other than torch needs only this and the scores (depparse/runtimes/scorer.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, PlainValidator, SerializeAsAny, field_validator

from depparse.config import Config, key_error
from depparse.document.sentence import Sentence
from depparse.encoders.codec import EncoderCodec, EncoderConfig
from depparse.errors import ConfigError, ModelError
from depparse.features.batch import Batch, Example, count_targets
from depparse.layers.trees.reader import TreeSource
from depparse.model.order import check_columns, is_parser, order_tasks, reads_trees
from depparse.registry import PartConfig, Registry
from depparse.tasks.task import AnyCodec, ChecksData, CountsTargets, HasUsage

TASKS = Registry("depparse.tasks", "TASK", "depparse.tasks", has_codecs=True)
TaskConfig = Annotated[SerializeAsAny[PartConfig], PlainValidator(TASKS.read)]


# Networks are kept in a `torch.nn.ModuleDict`, so no task can have a name that is an attribute there, of torch or of
# transformers: one of these, or one that begins with an underscore.
RESERVED = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children clear compile cpu cuda double dump_patches
    eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu items keys
    load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters pop
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule share_memory smart_apply state_dict to to_empty train training type update values xpu zero_grad
    """.split()
)
NO_NAME = "cannot be the name of a task; take another word, such as its type"


def can_name_task(name: object) -> bool:
    """Whether a task can have that name; `NO_NAME` is the message if not."""
    return isinstance(name, str) and name.isidentifier() and not name.startswith("_") and name not in RESERVED


class ModelConfig(Config):
    """The settings of an encoder and its tasks."""

    encoder: EncoderConfig = EncoderConfig()
    tasks: dict[str, TaskConfig] = Field(default_factory=dict)

    @field_validator("tasks", mode="before")
    @classmethod
    def _names(cls, tasks: Any) -> Any:
        for name in tasks if isinstance(tasks, Mapping) else ():
            if not can_name_task(name):
                raise key_error(str(name), NO_NAME)
        return tasks


class ModelCodec:
    """Turns sentences into batches, and knows the codecs of all tasks and their order.

    `treebanks` are the names of the treebanks that the model learned from, in the order of `Example.source`. Raises
    ConfigError if two tasks write the same column, or if there is no order in which each task comes after those that it
    reads from.
    """

    def __init__(self, encoder: EncoderCodec, tasks: Mapping[str, AnyCodec], treebanks: Sequence[str] = ()) -> None:
        check_columns(tasks)
        self.encoder, self.tasks, self.treebanks = encoder, dict(tasks), tuple(treebanks)
        self.order = order_tasks(tasks)

    # -- sentences to batches

    def example(self, sentence: Sentence, *, learned: Collection[str] = (), source: int = 0) -> Example:
        """What the model reads from the sentence, and what the tasks in `learned` learn from it."""
        targets = {name: codec.targets(sentence) for name, codec in self.tasks.items() if name in learned}
        return Example(sentence, len(sentence), self.encoder.features(sentence), targets, source=source)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """The examples as one batch of arrays."""
        targets = {
            name: codec.collate([example.targets[name] for example in examples])
            for name, codec in self.tasks.items()
            if name in examples[0].targets
        }
        return Batch(
            list(examples),
            np.array([example.length for example in examples]),
            np.array([example.source for example in examples]),
            self.encoder.collate([example.features for example in examples]),
            targets,
        )

    def learn_usage(
        self, sentences: Sequence[Sentence], sources: Sequence[int], tasks: Collection[str] | None = None
    ) -> None:
        """Tells these tasks, by default all, which labels each treebank uses, besides those that they know already.

        `sources` numbers the treebank of each sentence.
        """
        for name, codec in self.tasks.items():
            if isinstance(codec, HasUsage) and (tasks is None or name in tasks):
                codec.learn_usage(sentences, sources, len(self.treebanks))

    def count_targets(self, task: str, batch: Batch) -> int:
        """The number of words that the loss of the task is a mean over; all of the batch if the targets do not tell."""
        codec, targets = self.tasks[task], batch.targets[task]
        n_words = codec.count_targets(targets) if isinstance(codec, CountsTargets) else count_targets(targets)
        return batch.n_words if n_words is None else n_words

    # -- tasks

    @property
    def writes(self) -> dict[str, tuple[str, ...]]:
        """The columns that each task predicts."""
        return {name: codec.writes for name, codec in self.tasks.items()}

    def parser(self, without: Collection[str] = ()) -> str | None:
        """The name of the task that predicts trees; None if there is none but those in `without`."""
        parsers = (name for name, codec in self.tasks.items() if is_parser(codec))
        return next((name for name in parsers if name not in without), None)

    def readers(self, without: Collection[str] = ()) -> dict[str, TreeSource]:
        """The tasks that read trees, leaving out those in `without`, and the trees that each learns with."""
        readers = {name: codec for name, codec in self.tasks.items() if name not in without}
        return {name: codec.reads_trees for name, codec in readers.items() if reads_trees(codec) and codec.reads_trees}

    def read_trees(self, task: str, batch: Batch) -> Any:
        """What the network of the task reads of the trees of the batch, as arrays; None if it reads none."""
        codec = self.tasks[task]
        return codec.read_trees(batch) if reads_trees(codec) else None

    def check_parser(self) -> None:
        """Raises ConfigError if a task learns with the model's own trees and there is no parser among the tasks."""
        if self.parser() is None:
            for name, source in self.readers().items():
                if source == "own":
                    reason = "no task predicts trees, or there is no training data for it"
                    raise ConfigError(f"config key model.tasks.{name}.trees: own, but {reason}")

    def needs_trees(self, without: Collection[str] = ()) -> bool:
        """Whether sentences must have trees, since a task reads them and no parser predicts them.

        Tasks in `without`, the parser among them, do not count.
        """
        return bool(self.readers(without)) and self.parser(without) is None

    def check_trees(self, sentences: Iterable[Sentence], without: Collection[str] = (), *, first: int = 1) -> None:
        """Raises ConfigError if a sentence must have a tree and has none; sentences are numbered from `first`."""
        if not self.needs_trees(without):
            return
        for number, sentence in enumerate(sentences, first):
            if len(sentence) and all(cell == "_" for cell in sentence.columns.get("HEAD", ())):
                readers = ", ".join(self.readers(without))
                parser = "no task of the model predicts any" if self.parser() is None else "the parser is switched off"
                name = sentence.sent_id or number
                raise ConfigError(f"sentence {name} has no tree (HEAD, DEPREL), which {readers} reads, and {parser}")

    def findings(self, sentences: Iterable[Sentence], tasks: Collection[str]) -> list[str]:
        """Says which training data these tasks do not learn, in a line for each kind of problem."""
        checking = [
            (name, codec) for name, codec in self.tasks.items() if name in tasks and isinstance(codec, ChecksData)
        ]
        return [f"warning: {name}: {line}" for name, codec in checking for line in codec.findings(sentences)]

    # -- saving

    def to_json(self) -> dict[str, Any]:
        """All that the codecs know, and the names of the treebanks."""
        tasks = {name: codec.to_json() for name, codec in self.tasks.items()}
        return {"encoder": self.encoder.to_json(), "tasks": tasks, "treebanks": self.treebanks}

    @classmethod
    def from_json(cls, config: ModelConfig, data: Mapping[str, Any]) -> ModelCodec:
        """The codecs that gave `data`."""
        encoder = EncoderCodec.from_json(config.encoder, data["encoder"])
        tasks = {
            name: TASKS.codec(task.type).from_json(task, data["tasks"][name]) for name, task in config.tasks.items()
        }
        treebanks = data.get("treebanks", ())
        if not isinstance(treebanks, list | tuple) or not all(isinstance(name, str) for name in treebanks):
            raise ModelError(f"the names of treebanks are a list of strings, not {str(treebanks)[:80]}")
        codec = cls(encoder, tasks, treebanks)
        codec.check_usage()
        return codec

    def check_usage(self) -> None:
        """Raises ModelError if a task knows the labels of another number of treebanks than the model has."""
        for name, task in self.tasks.items():
            for usage in task.usages if isinstance(task, HasUsage) else ():
                if len(usage.used) != len(self.treebanks):
                    raise ModelError(
                        f"the task {name} knows the labels of {len(usage.used)} treebanks, but the model has "
                        f"{len(self.treebanks)}"
                    )
