"""Extending a trained model: other tasks besides those it has, or new labels for one of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray

from depparse.document.annotations import annotated
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, did_you_mean
from depparse.layers.tensors import to_arrays
from depparse.model.model import Model, as_modules, build_task
from depparse.registry import PartConfig
from depparse.tasks.task import AnyCodec, AnyNetwork, Grows, Remember, TaskConfig


def extend(
    base: Model,
    tasks: Mapping[str, PartConfig],
    sentences: Sequence[Sentence],
    sources: Sequence[int] = (),
    *,
    freeze: bool = False,
) -> list[str]:
    """Gives `base` the `tasks`, to be trained on `sentences`. Returns a line on each thing that may go wrong.

    `base` keeps its encoder, its vocabularies and the names of its treebanks. A task that it already has keeps its
    settings, is trained further, and gets new labels if it `Grows`. Other tasks are built, and left out if `sentences`
    do not annotate them. A new task that `replaces` another takes its place, once it is built. With `freeze`, the
    encoder and the tasks that are not among `tasks` stay as they are. `sources` numbers the treebank of each sentence,
    by its place in `base.treebanks`: from now on, that treebank also uses the labels of the sentence. Raises
    ConfigError.
    """
    replacing = _replacing(base, tasks)
    networks = {name: base.network(name) for name in base.tasks}
    configs, built, notes = dict(base.config.tasks), dict[str, AnyNetwork](), list[str]()
    idle = [name for name in networks if not _annotates(sentences, base.codec.tasks[name])]
    for name, config in tasks.items():
        if name not in networks or name in replacing:
            network = build_task(config, base.encoder, sentences)
            if network is not None:
                built[name] = network
            continue
        if config.type != configs[name].type:
            raise ConfigError(
                f"config key model.tasks.{name}.type: the task {name} of the base model is of type "
                f"{configs[name].type}, not {config.type}; give the new task another name"
            )
        if name in idle:
            continue
        if isinstance(network := networks[name], Grows):
            grown = network.grown(config, base.encoder.widths, sentences, partial(_remember, base, name))
            networks[name], configs[name] = grown, grown.codec.config
            if kept := ", ".join(grown.kept):
                notes.append(f"note: {name}: the data does not annotate {kept}, which the model stays able to find")
        else:
            notes.append(f"note: {name} is trained further with its labels; others in the data are not learned")
    replaced, replacement_notes = _replaced(base, replacing, built)
    notes = [*replacement_notes, *notes]
    idle = [name for name in idle if name not in replaced]
    networks = {name: network for name, network in networks.items() if name not in replaced} | built
    configs = {name: config for name, config in configs.items() if name not in replaced}
    configs |= {name: tasks[name].model_copy(update={"replaces": ""}) for name in built}
    learned = {name for name in tasks if name in networks and name not in idle}
    if freeze and not learned:
        raise ConfigError(f"the training data annotates nothing that the tasks learn: {', '.join(tasks) or 'none'}")
    modules = as_modules(networks)
    base.leave_out(replaced)
    base.encoder.add_tasks(len(built))
    base.tasks = modules
    base.config = base.config.model_copy(update={"tasks": configs})
    base.renew_codec()
    base.codec.check_parser()
    if len(base.treebanks) > 1 and sources:
        base.codec.learn_usage(sentences, sources, learned)
    if freeze:
        base.freeze(networks.keys() - learned)
        unlearned = ", ".join(name for name in tasks if name in idle)
        return [*notes, *([f"note: {unlearned} stays as it is: the data does not annotate it"] if unlearned else [])]
    spoiled = (
        f"{', '.join(sorted(idle))}: the data does not annotate these tasks of the base model, and will spoil them"
    )
    return [*notes, *([f"warning: {spoiled}; --freeze leaves them as they are"] if idle else [])]


def _replacing(base: Model, tasks: Mapping[str, PartConfig]) -> dict[str, str]:
    """The new tasks that replace tasks of `base`, each with the name of the task that it replaces."""
    replacing = {}
    for name, config in tasks.items():
        if isinstance(config, TaskConfig) and config.replaces:
            key = f"config key model.tasks.{name}.replaces"
            if config.replaces not in base.tasks:
                hint = did_you_mean(config.replaces, base.tasks)
                raise ConfigError(f"{key}: the base model has no task {config.replaces}; {hint}")
            if name in base.tasks and name != config.replaces:
                raise ConfigError(
                    f"{key}: the base model has a task {name} already, which would be trained further; give the one "
                    f"that takes the place of {config.replaces} another name"
                )
            replacing[name] = config.replaces
    return replacing


def _replaced(
    base: Model, replacing: Mapping[str, str], built: Mapping[str, AnyNetwork]
) -> tuple[dict[str, list[str]], list[str]]:
    """The tasks of `base` that are replaced, each with the names of the built tasks that replace it; and notes."""
    replaced: dict[str, list[str]] = {}
    notes: list[str] = []
    for name, old in replacing.items():
        if name not in built:
            notes.append(f"note: {old} of the base model stays: the data does not annotate {name}, its replacement")
            continue
        new_columns, columns = built[name].codec.writes, base.codec.writes[old]
        if set(new_columns).isdisjoint(columns):
            raise ConfigError(
                f"config key model.tasks.{name}.replaces: {name} writes {', '.join(new_columns)}, but {old} writes "
                f"{', '.join(columns)}; it can take the place only of a task that writes one of its columns"
            )
        replaced.setdefault(old, []).append(name)
    return replaced, [
        *(f"note: {old} of the base model is replaced by {', '.join(new)}" for old, new in replaced.items()),
        *notes,
    ]


def _annotates(sentences: Sequence[Sentence], codec: AnyCodec) -> bool:
    """Whether a sentence has anything in the columns that the task writes."""
    columns = codec.writes
    return any(annotated(sentence, columns) for sentence in sentences)


def _remember(base: Model, name: str) -> Remember:
    """A function that computes what a copy of `base`, as it is now, makes of a sentence for the task of that name."""
    model = copy.deepcopy(base).eval()
    idle_tasks = set() if name in model.codec.readers() else set(model.tasks) - {name}

    def read(sentence: Sentence) -> tuple[Any, NDArray[Any]]:
        with torch.no_grad():
            batch = model.collate([model.example(sentence)])
            scores = model(batch, idle_tasks, predicted=("own",))[name]
            return to_arrays(scores), to_arrays(model.read(batch).encoded.context[0, 1:])

    return read
