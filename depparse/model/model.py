"""The model: one encoder and the tasks that read it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from depparse.document.sentence import Sentence
from depparse.encoders.encoder import Encoded, Encoder
from depparse.errors import ConfigError
from depparse.features.batch import Batch, Example, WordTree
from depparse.features.choices import pad_lessons
from depparse.layers.tensors import Layout, as_arrays, to_arrays, to_tensors
from depparse.layers.trees.reader import TreeSource
from depparse.model.codec import NO_NAME, TASKS, ModelCodec, ModelConfig, can_name_task
from depparse.registry import PartConfig
from depparse.structs.analysis import Tree
from depparse.tasks.task import AnyNetwork, CodecType, Distills, NetworkType, ReadsInside, Stage, TakesLessons


class Model(nn.Module):
    """An encoder, and a network for each task. Its `codec` turns sentences into batches and scores into annotation.

    `treebanks` are the names of the treebanks that it learned from, in the order of `Example.source`.
    """

    def __init__(
        self, config: ModelConfig, encoder: Encoder, tasks: Mapping[str, AnyNetwork], treebanks: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.config, self.encoder = config, encoder
        self.tasks = as_modules(tasks)
        self.treebanks = tuple(treebanks)
        self.frozen: frozenset[str] = frozenset()  # tasks that are not trained
        self.encoder_frozen = False
        encoder.set_tasks(len(tasks))
        self.renew_codec()

    @classmethod
    def build(
        cls,
        config: ModelConfig,
        sentences: Sequence[Sentence],
        treebanks: Sequence[str] = (),
        sources: Sequence[int] = (),
        known: Sequence[Sentence] | None = None,
    ) -> Model:
        """A model with the vocabularies of `sentences`, the training data; without the tasks that they do not annotate.

        The inputs know the words of the sentences `known`, if they are given, annotated or not.
        The sentences are read several times, one at a time, so they need not be in memory. `treebanks` are the names of
        the treebanks that they come from; `sources` and `Example.source` are indices into them. If the sources are
        given, and of several treebanks, the annotation of each has only the labels that it uses. Raises ConfigError.
        """
        encoder = Encoder.build(config.encoder, sentences if known is None else known, treebanks)
        tasks: dict[str, AnyNetwork] = {}
        for name, task in config.tasks.items():
            network = build_task(task, encoder, sentences)
            if network is not None:
                tasks[name] = network
        if not tasks:
            learned = ", ".join(config.tasks) or "none"
            raise ConfigError(f"the training data annotates nothing that the tasks learn: {learned}")
        kept = {name: task for name, task in config.tasks.items() if name in tasks}
        model = cls(config.model_copy(update={"tasks": kept}), encoder, tasks, treebanks)
        model.codec.check_parser()
        if len(set(sources)) > 1:
            model.codec.learn_usage(sentences, sources)
        return model

    @classmethod
    def from_codec(cls, config: ModelConfig, codec: ModelCodec) -> Model:
        """The model of these codecs, with weights still to be loaded."""
        encoder = Encoder.from_codec(config.encoder, codec.encoder)
        tasks = {name: _type_of(config.tasks[name])(task, encoder.widths) for name, task in codec.tasks.items()}
        return cls(config, encoder, tasks, codec.treebanks)

    def renew_codec(self) -> None:
        """Collects the codecs of the encoder and the tasks. Call it when these have changed. Raises ConfigError."""
        codecs = {name: self.network(name).codec for name in self.tasks}
        self.codec = ModelCodec(self.encoder.codec, codecs, self.treebanks)
        self._numbers = {name: number for number, name in enumerate(self.tasks)}
        inside = (task.reads_inside for task in self.tasks.values() if isinstance(task, ReadsInside))
        self.encoder.show_inside(frozenset().union(*inside))

    def network(self, name: str) -> AnyNetwork:
        """The network of the task of that name."""
        return cast(AnyNetwork, self.tasks[name])

    def freeze(self, tasks: Collection[str]) -> None:
        """Excludes the encoder and these tasks from training, so that their predictions stay the same."""
        self.frozen, self.encoder_frozen = frozenset(tasks), True
        for module in self._frozen_modules():
            module.requires_grad_(False)

    def train(self, mode: bool = True) -> Model:
        """Switches the model to training, with dropout, or to evaluation.

        Frozen modules stay in evaluation mode, since dropout would only add noise there.
        """
        super().train(mode)
        for module in self._frozen_modules():
            module.eval()
        return self

    def _frozen_modules(self) -> list[nn.Module]:
        encoder = [self.encoder] if self.encoder_frozen else []
        return [*encoder, *(self.tasks[name] for name in sorted(self.frozen))]

    @property
    def learned(self) -> tuple[str, ...]:
        """The tasks that are trained."""
        return tuple(name for name in self.tasks if name not in self.frozen)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.parameters()).device

    # -- sentences to batches

    def example(self, sentence: Sentence, *, targets: bool = False, source: int = 0) -> Example:
        """What the model reads from the sentence and, with `targets`, what it learns from it."""
        example = self.codec.example(sentence, learned=self.learned if targets else (), source=source)
        if targets:
            taught = {name: network for name, network in self._taught().items() if name in example.targets}
            example.lessons = {name: task.lesson(sentence, example.targets[name]) for name, task in taught.items()}
        return example

    def collate(self, examples: Sequence[Example]) -> Batch:
        """The examples as one batch of arrays."""
        batch = self.codec.collate(examples)
        taught = self._taught()
        for name in examples[0].lessons:
            lessons = [example.lessons[name] for example in examples]
            batch.lessons[name] = taught[name].collate_lessons(lessons) if name in taught else pad_lessons(lessons)
        return batch

    def _taught(self) -> dict[str, Distills]:
        """The tasks that have a teacher of their own."""
        distilling = {name: task for name, task in self.tasks.items() if isinstance(task, Distills)}
        return {name: task for name, task in distilling.items() if task.is_taught}

    def count_targets(self, task: str, batch: Batch) -> int:
        """The number of words of the batch that the loss of the task is a mean over."""
        if task in batch.lessons and task not in self._taught():
            return batch.n_words
        return self.codec.count_targets(task, batch)

    # -- the network

    def read(self, batch: Batch) -> TorchReading:
        """Runs the encoder on the batch."""
        layout = Layout.of(batch, self.device)
        return TorchReading(self, self.encoder(to_tensors(batch.inputs, self.device), layout), layout)

    def forward(
        self, batch: Batch, without: Collection[str] = (), *, predicted: Collection[TreeSource] = ("given", "own")
    ) -> dict[str, Any]:
        """The scores of each task, as tensors in its own form, leaving out the tasks in `without`.

        Tasks whose source of trees is in `predicted` read those that the parser, if there is one, predicts for the
        batch. No gradient flows through these trees.
        """
        reading = self.read(batch)
        readers = [name for name, source in self.codec.readers(without).items() if source in predicted]
        parser, parsed = self.codec.parser(without) if readers else None, batch
        scores: dict[str, Any] = {}
        for name in self.codec.order:
            if name not in without:
                trees = self.codec.read_trees(name, parsed if name in readers else batch)
                scores[name] = reading.tensors(name, trees)
                if name == parser:
                    parsed = replace(batch, parsed=self._parse(name, reading, scores[name], batch))
        return scores

    @torch.no_grad()
    def _parse(self, name: str, reading: TorchReading, scores: Any, batch: Batch) -> list[WordTree]:
        """The tree of each sentence that the parser of that name predicts."""
        trees: list[Tree] = self.codec.tasks[name].decode(to_arrays(scores), batch, reading.stage(name))
        return [WordTree(tree.heads, tree.labels) for tree in trees]

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of the trained tasks, a scalar for each."""
        without = set(self.frozen)
        if "own" in self.codec.readers(without).values() and (parser := self.codec.parser()) is not None:
            without.discard(parser)
        scores = self(batch, without, predicted=("own",))
        targets, lessons = to_tensors((batch.targets, batch.lessons), self.device)
        taught, losses = self._taught(), dict[str, Tensor]()
        for name in self.learned:
            network = self.network(name)
            if name in taught:
                losses[name] = taught[name].loss_of_lessons(scores[name], lessons[name])
            elif name in lessons and isinstance(network, TakesLessons):
                losses[name] = network.loss_of_choices(scores[name], lessons[name])
            else:
                losses[name] = network.loss(scores[name], targets[name])
        return losses

    def leave_out(self, names: Collection[str]) -> None:
        """Removes tasks from the model, for good.

        The predictions of the other tasks stay as they are; but without the parser, tasks that read trees need
        sentences that have them.
        """
        self.encoder.keep_tasks([number for number, name in enumerate(self.tasks) if name not in names])
        self.tasks = as_modules({name: self.network(name) for name in self.tasks if name not in names})
        kept = {name: task for name, task in self.config.tasks.items() if name not in names}
        self.config = self.config.model_copy(update={"tasks": kept})
        self.frozen = self.frozen - set(names)
        self.renew_codec()


class TorchReading:
    """A batch that the encoder has read (`depparse.runtimes.scorer.Reading`), on the device of the model."""

    def __init__(self, model: Model, encoded: Encoded, layout: Layout) -> None:
        self.model, self.encoded, self.layout = model, encoded, layout

    def tensors(self, task: str, trees: Any = None) -> Any:
        """The scores of a task, as tensors in its own form. `trees` are arrays, or None if the task reads no trees."""
        encoded = self.encoded.of_task(self.model._numbers[task])
        return self.model.network(task)(encoded, self.layout, to_tensors(trees, self.model.device))

    @torch.inference_mode()
    def scores(self, task: str, trees: Any = None) -> Any:
        """The scores of a task, as arrays. `trees` are those of `tensors`."""
        return to_arrays(self.tensors(task, trees))

    def stage(self, task: str) -> Stage:
        """A function that runs the second stages of the task's network."""
        return partial(run_stage, self.model.tasks[task])


@torch.inference_mode()
def run_stage(network: nn.Module, name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Calls the method of that name, with tensors made of the arrays, and returns arrays."""
    device = next(network.parameters()).device
    return as_arrays(getattr(network, name)(*to_tensors(inputs, device)))


def as_modules(networks: Mapping[str, AnyNetwork]) -> nn.ModuleDict:
    """The networks of tasks as a module of a model. Raises ConfigError for names that they cannot have there."""
    for name in networks:
        if not can_name_task(name):
            raise ConfigError(f"config key model.tasks.{name} {NO_NAME}")
    return nn.ModuleDict(cast(Mapping[str, nn.Module], networks))


def build_task(config: PartConfig, encoder: Encoder, sentences: Sequence[Sentence]) -> AnyNetwork | None:
    """The network of a task with the labels of `sentences`; None if they do not annotate it. Raises ConfigError."""
    codec_type: CodecType[Any] = TASKS.codec(config.type)
    codec = codec_type.build(config, sentences)
    return None if codec is None else _type_of(config)(codec, encoder.widths)


def _type_of(config: PartConfig) -> NetworkType[Any]:
    type_of_task: NetworkType[Any] = TASKS[config.type]
    return type_of_task
