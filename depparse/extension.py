"""A trained model that is to learn more: other tasks beside those it has, or new labels of one of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from depparse.data.annotations import annotated
from depparse.data.sentence import Sentence
from depparse.encoders.encoder import Encoder
from depparse.errors import ConfigError
from depparse.model import TASKS, Model, check_parser
from depparse.registry import PartConfig
from depparse.tasks.growing import Old


@runtime_checkable
class Grows(Protocol):
    """A task that can learn labels it did not know, without forgetting those it knew."""

    def grown(
        self, config: Any, encoder: Encoder, sentences: Sequence[Sentence], remember: Callable[[], Old]
    ) -> nn.Module:
        """The task with its weights and the labels of `sentences` besides its own; `config` is that of the recipe.

        Its attribute `kept` are the labels that `sentences` do not annotate and that stay known. `remember` gives a
        function that tells what the model of now, before it is trained, makes of a sentence.
        """


def extend(
    base: Model, tasks: Mapping[str, PartConfig], sentences: Sequence[Sentence], *, freeze: bool = False
) -> list[str]:
    """Gives `base` the `tasks`, to be trained on `sentences`. Returns a line on each thing that may go wrong.

    The encoder, its vocabularies and the names of treebanks are those it has. A task that it has is trained further,
    with the settings it has, and grows by new labels if it `Grows`; others are built, and left out if `sentences` do
    not annotate them. With `freeze`, the encoder and the tasks that are not among `tasks` stay as they are.
    Raises ConfigError.
    """
    found: dict[str, nn.Module] = {name: base.tasks[name] for name in base.tasks}
    configs, built, notes = dict(base.config.tasks), list[str](), list[str]()
    idle = [name for name in found if not _annotates(sentences, found[name])]
    for name, config in tasks.items():
        if name not in found:
            task = TASKS[config.type].build(config, base.encoder, sentences)
            if task is not None:
                found[name], configs[name] = task, config
                built.append(name)
            continue
        if config.type != configs[name].type:
            raise ConfigError(
                f"config key model.tasks.{name}.type: the task {name} of the base model is of type "
                f"{configs[name].type}, not {config.type}; give the new task another name"
            )
        if name in idle:
            continue
        if isinstance(task := found[name], Grows):
            grown: Any = task.grown(config, base.encoder, sentences, partial(_remember, base, name))
            found[name], configs[name] = grown, grown.config
            if kept := ", ".join(grown.kept):
                notes.append(f"note: {name}: the data does not annotate {kept}, which the model stays able to find")
        else:
            notes.append(f"note: {name} is trained further with its labels; others in the data are not learned")
    check_parser(found)
    learned = {name for name in tasks if name in found and name not in idle}
    if freeze and not learned:
        raise ConfigError(f"the training data annotates nothing that the tasks learn: {', '.join(tasks) or 'none'}")
    base.encoder.add_tasks(len(built))
    base.tasks = nn.ModuleDict(found)
    base.config = base.config.model_copy(update={"tasks": configs})
    if freeze:
        base.freeze(found.keys() - learned)
        unlearned = ", ".join(name for name in tasks if name in idle)
        return [*notes, *([f"note: {unlearned} stays as it is: the data does not annotate it"] if unlearned else [])]
    what = f"{', '.join(sorted(idle))}: the data does not annotate these tasks of the base model, and will spoil them"
    return [*notes, *([f"warning: {what}; --freeze leaves them as they are"] if idle else [])]


def _annotates(sentences: Sequence[Sentence], task: Any) -> bool:
    """Whether a sentence has anything in the columns that the task writes."""
    columns = task.writes()
    return any(annotated(sentence, columns) for sentence in sentences)


def _remember(base: Model, name: str) -> Old:
    kept = copy.deepcopy(base).eval()
    others = set() if name in kept.readers() else set(kept.tasks) - {name}

    def read(sentence: Sentence) -> tuple[Any, torch.Tensor]:
        with torch.no_grad():
            batch = kept.collate([kept.example(sentence)])
            return kept(batch, others, predicted=("own",))[name], kept.encoder(batch).context[0, 1:]

    return read
