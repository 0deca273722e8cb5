"""A trained model that is to learn more: other tasks beside those it has, or new labels of one of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from depparse.data.sentence import Sentence
from depparse.encoders.encoder import Encoder
from depparse.errors import ConfigError
from depparse.model import TASKS, Model
from depparse.registry import PartConfig
from depparse.tasks.growing import Old


@runtime_checkable
class Grows(Protocol):
    """A task that can learn labels it did not know, without forgetting those it knew."""

    def grown(
        self, config: Any, encoder: Encoder, sentences: Sequence[Sentence], remember: Callable[[], Old]
    ) -> nn.Module:
        """The task with its weights and the labels of `sentences` besides its own; `config` is that of the recipe.

        `remember` gives a function that tells what the model of now, before it is trained, makes of a sentence.
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
    configs, built = dict(base.config.tasks), []
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
        if isinstance(task := found[name], Grows):
            found[name] = grown = task.grown(config, base.encoder, sentences, partial(_remember, base, name))
            configs[name] = grown.config  # type: ignore[assignment]
    learned = {name for name in tasks if name in found}
    if freeze and not learned:
        raise ConfigError(f"the training data annotates nothing that the tasks learn: {', '.join(tasks) or 'none'}")
    base.encoder.add_tasks(len(built))
    base.tasks = nn.ModuleDict(found)
    base.config = base.config.model_copy(update={"tasks": configs})
    if freeze:
        base.freeze(found.keys() - learned)
        return []
    idle = [
        name
        for name in found.keys() - tasks.keys()
        if TASKS[configs[name].type].build(configs[name], base.encoder, sentences) is None
    ]
    what = f"{', '.join(sorted(idle))}: the data does not annotate these tasks of the base model, and will spoil them"
    return [f"warning: {what}; --freeze leaves them as they are"] if idle else []


def _remember(base: Model, name: str) -> Old:
    kept = copy.deepcopy(base).eval()
    others = set() if name in kept.readers() else set(kept.tasks) - {name}

    def read(sentence: Sentence) -> tuple[Any, torch.Tensor]:
        with torch.no_grad():
            batch = kept.collate([kept.example(sentence)])
            return kept(batch, others)[name], kept.encoder(batch).context[0, 1:]

    return read
