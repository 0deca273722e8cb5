"""A trained model that is to learn more: other tasks beside those it has, or new labels of one of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from depparse.document.annotations import annotated
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, did_you_mean
from depparse.layers.tensors import to_arrays
from depparse.model.model import Model, build_task
from depparse.registry import PartConfig
from depparse.tasks.task import AnyCodec, Grows, Remember, TaskConfig


def extend(
    base: Model, tasks: Mapping[str, PartConfig], sentences: Sequence[Sentence], *, freeze: bool = False
) -> list[str]:
    """Gives `base` the `tasks`, to be trained on `sentences`. Returns a line on each thing that may go wrong.

    The encoder, its vocabularies and the names of treebanks are those it has. A task that it has is trained further,
    with the settings it has, and grows by new labels if it `Grows`; others are built, and left out if `sentences` do
    not annotate them. A new task that `replaces` one takes its place. With `freeze`, the encoder and the tasks that are
    not among `tasks` stay as they are. Raises ConfigError.
    """
    notes = _replace(base, tasks)
    networks: dict[str, nn.Module] = dict(base.tasks.items())
    configs, built = dict(base.config.tasks), list[str]()
    idle = [name for name in networks if not _annotates(sentences, base.codec.tasks[name])]
    for name, config in tasks.items():
        if name not in networks:
            network = build_task(config, base.encoder, sentences)
            if network is not None:
                networks[name], configs[name] = network, config.model_copy(update={"replaces": ""})
                built.append(name)
            continue
        if config.type != configs[name].type:
            raise ConfigError(
                f"config key model.tasks.{name}.type: the task {name} of the base model is of type "
                f"{configs[name].type}, not {config.type}; give the new task another name"
            )
        if name in idle:
            continue
        if isinstance(network := networks[name], Grows):
            grown: Any = network.grown(config, base.encoder.widths, sentences, partial(_remember, base, name))
            networks[name], configs[name] = grown, grown.codec.config
            if kept := ", ".join(grown.kept):
                notes.append(f"note: {name}: the data does not annotate {kept}, which the model stays able to find")
        else:
            notes.append(f"note: {name} is trained further with its labels; others in the data are not learned")
    learned = {name for name in tasks if name in networks and name not in idle}
    if freeze and not learned:
        raise ConfigError(f"the training data annotates nothing that the tasks learn: {', '.join(tasks) or 'none'}")
    base.encoder.add_tasks(len(built))
    base.tasks = nn.ModuleDict(networks)
    base.config = base.config.model_copy(update={"tasks": configs})
    base.renew_codec()
    base.codec.check_parser()
    if freeze:
        base.freeze(networks.keys() - learned)
        unlearned = ", ".join(name for name in tasks if name in idle)
        return [*notes, *([f"note: {unlearned} stays as it is: the data does not annotate it"] if unlearned else [])]
    what = f"{', '.join(sorted(idle))}: the data does not annotate these tasks of the base model, and will spoil them"
    return [*notes, *([f"warning: {what}; --freeze leaves them as they are"] if idle else [])]


def _replace(base: Model, tasks: Mapping[str, PartConfig]) -> list[str]:
    """Takes out of `base` the tasks that are replaced; a note on each."""
    replaced = {}
    for name, config in tasks.items():
        if isinstance(config, TaskConfig) and config.replaces:
            if config.replaces not in base.tasks:
                hint = did_you_mean(config.replaces, base.tasks)
                raise ConfigError(
                    f"config key model.tasks.{name}.replaces: the base model has no task {config.replaces}; {hint}"
                )
            replaced[config.replaces] = name
    if replaced:
        base.leave_out(replaced)
    return [f"note: {old} of the base model is replaced by {new}" for old, new in replaced.items()]


def _annotates(sentences: Sequence[Sentence], codec: AnyCodec) -> bool:
    """Whether a sentence has anything in the columns that the task writes."""
    columns = codec.writes
    return any(annotated(sentence, columns) for sentence in sentences)


def _remember(base: Model, name: str) -> Remember:
    model = copy.deepcopy(base).eval()
    others = set() if name in model.codec.readers() else set(model.tasks) - {name}

    def read(sentence: Sentence) -> tuple[Any, NDArray[Any]]:
        with torch.no_grad():
            batch = model.collate([model.example(sentence)])
            scores = model(batch, others, predicted=("own",))[name]
            return to_arrays(scores), to_arrays(model.read(batch).encoded.context[0, 1:])

    return read
