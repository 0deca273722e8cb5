"""`train`, a training run as a function call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depparse.arguments import check_iterable, check_path, check_type
from depparse.errors import ConfigError, DepparseError
from depparse.inference.load import load
from depparse.inference.pipeline import Pipeline
from depparse.training.recipe import Recipe, read_recipe
from depparse.training.records import Listener
from depparse.training.run import run
from depparse.training.seeds import read_seeds, run_seeds


def train(
    config: Recipe,
    *,
    treebank: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    train: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    dev: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    test: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    output: str | os.PathLike[str] = "runs/model",
    set: str | Mapping[str, Any] | Sequence[str] = (),
    base: str | os.PathLike[str] | None = None,
    freeze: bool = False,
    teacher: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    text: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    seed: int | None = None,
    seeds: str | Sequence[int] = (),
    resume: bool = False,
    listen: Listener | None = None,
    command: str | None = None,
) -> Pipeline:
    """Trains a model as ``depparse train`` does, with the same names; returns the best on dev, kept in `output`.

    ``depparse.train("recurrent", treebank="UD_French-Sequoia", set={"training.epochs": 10}, output="runs/sequoia")``

    `config` is the name of a recipe, a TOML file, a dictionary, or a RecipeConfig. `treebank` are UD folders, whose
    splits are used; `train`, `dev` and `test` are files that replace those splits. `set` overrides keys of the recipe,
    written with dots. `base` is a trained model, named as for `load`. It learns the tasks of the recipe in addition to
    its own, and goes on learning those that it has already; with `freeze`, everything else that it predicts stays the
    same to the last digit. `teacher` is a trained model, or several, from whose opinions of the data is learned, and
    `text` are files that only they annotate (`training.teacher` and `data.text` of the recipe).

    With several `seeds` there is a run for each, in ``output/seed-N``, and the pipeline of the first is returned;
    ``seeds.json`` has the mean and spread of all scores. `listen` is called with the records of the run
    (`depparse.training.records.Record`); nothing is printed. `command` is the command that the model card shows, by
    default this call. Raises ConfigError, FormatError, ModelError, and DepparseError if training diverges.
    """
    set = [set] if isinstance(set, str) else set
    given = {"train": train, "dev": dev, "test": test, "text": text}
    data = {name: _paths(paths, name) for name, paths in given.items()}
    teachers = _paths(teacher, "teacher")
    check_path(output, "output")
    if base is not None:
        check_path(base, "base")
    base_name = None if base is None else os.fspath(base)
    treebanks = _paths(treebank, "treebank")
    recipe = read_recipe(config, set, treebanks, data, base_name, freeze, teachers)
    if seed is not None and seeds:
        raise ConfigError("give a seed or several seeds, not both")
    if seed is not None:
        check_type(seed, int, "seed", "a whole number")
        recipe = recipe.with_seed(seed)
    if command is None:
        options: dict[str, Any] = {"treebank": treebanks, **data, "output": os.fspath(output), "set": set}
        options |= {"base": base_name, "freeze": freeze, "teacher": teachers, "seeds": seeds, "resume": resume}
        name = repr(config if not isinstance(config, os.PathLike) else os.fspath(config))
        arguments = [name, *(f"{key}={value!r}" for key, value in options.items() if value)]
        command = f"depparse.train({', '.join(arguments)})"
    tell = listen or (lambda _: None)
    try:
        if seeds:
            return load(run_seeds(recipe, read_seeds(seeds), Path(output), resume=resume, command=command, listen=tell))
        run(recipe, Path(output), resume=resume, command=command, listen=tell)
    except OSError as error:  # such as a full disk
        raise DepparseError(f"{error.filename or output}: {(error.strerror or str(error)).lower()}") from error
    return load(Path(output))


def _paths(paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], name: str) -> list[str]:
    """The paths in an argument of that name. Raises ConfigError."""
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    check_iterable(paths, name, "a path or a list of paths")
    for path in paths:
        check_path(path, name)
    return [os.fspath(path) for path in paths]
