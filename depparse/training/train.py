"""`train`: a run of training as a call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depparse.inference.load import load
from depparse.inference.pipeline import Pipeline
from depparse.training.recipe import Recipe, read_recipe
from depparse.training.records import Listener
from depparse.training.run import run


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
    seed: int | None = None,
    resume: bool = False,
    listen: Listener | None = None,
    command: str | None = None,
) -> Pipeline:
    """Trains a model as ``depparse train`` does, with the same names; returns the best on dev, kept in `output`.

    ``depparse.train("recurrent", treebank="UD_French-Sequoia", set={"training.epochs": 10}, output="runs/sequoia")``

    `config` is the name of a recipe, a TOML file, a dictionary, or a RecipeConfig. `treebank` are UD folders, whose
    splits are used; `train`, `dev` and `test` are files in place of theirs. `set` has any key of the recipe, with dots.
    `base` is a trained model, named as for `load`, that learns the tasks of the recipe besides its own, or further if
    it has them; with `freeze` all else of it stays as it is, to the last digit of what it predicts.
    `listen` is called with a record of each step and evaluation (`depparse.training.run.Record`); nothing is printed.
    `command` is what the model card says made it. Raises ConfigError, FormatError, ModelError, and DepparseError if
    training diverges.
    """
    set = [set] if isinstance(set, str) else set
    data = {"train": _paths(train), "dev": _paths(dev), "test": _paths(test)}
    begin = None if base is None else os.fspath(base)
    recipe = read_recipe(config, set, _paths(treebank), data, begin, freeze)
    if seed is not None:
        recipe = recipe.with_seed(seed)
    if command is None:
        given: dict[str, Any] = {"treebank": _paths(treebank), **data, "output": os.fspath(output), "set": set}
        given |= {"base": begin, "freeze": freeze, "resume": resume}
        name = repr(config if not isinstance(config, os.PathLike) else os.fspath(config))
        command = f"depparse.train({', '.join([name, *(f'{key}={value!r}' for key, value in given.items() if value)])})"
    run(recipe, Path(output), resume=resume, command=command, listen=listen or (lambda _: None))
    return load(Path(output))


def _paths(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    return [os.fspath(path) for path in ([given] if isinstance(given, (str, os.PathLike)) else given)]
