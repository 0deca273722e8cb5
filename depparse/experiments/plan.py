"""The plan of a study: every run that it consists of, as data, which stays in the study's folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from depparse.config import Config
from depparse.errors import ConfigError
from depparse.files import open_output, read_text
from depparse.training.recipe import RecipeConfig

PLAN = "plan.json"
ALL = "all"  # the size of the whole training data, in options and tables


class Fold(Config):
    """What one run on a treebank reads: the treebank's own splits, or the parts of one fold."""

    train: str  # an absolute path, and so are the next two
    dev: str
    test: str
    sentences: int  # of train
    sha256: str  # of the contents of the three files


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a study. `size` is the number of training sentences, None for all; `fold` counts from 1."""

    recipe: str
    treebank: str
    size: int | None
    fold: int | None
    seed: int

    @property
    def folder(self) -> Path:
        """The run's folder within that of the study."""
        fold = [f"fold-{self.fold}"] if self.fold is not None else []
        return Path("runs", self.recipe, self.treebank, f"size-{self.size or ALL}", *fold, f"seed-{self.seed}")

    def __str__(self) -> str:
        size = f"{self.size:,} sentences" if self.size is not None else "all sentences"
        fold = [f"fold {self.fold}"] if self.fold is not None else []
        return ", ".join([self.recipe, self.treebank, size, *fold, f"seed {self.seed}"])


class Plan(Config):
    """All runs of a study: each recipe on each treebank, with each size, in each fold, with each seed."""

    recipes: dict[str, RecipeConfig]  # without data
    treebanks: dict[str, tuple[Fold, ...]]  # one of a treebank with own splits
    sizes: tuple[int | None, ...]  # training sentences, None for all
    seeds: tuple[int, ...]
    folds: int | None = None
    raw: bool = False  # whether models analyse raw text instead of the gold words

    def runs(self) -> Iterator[PlannedRun]:
        """The runs in their order: all with the first seed come first, so that an unfinished study tells something."""
        for seed, treebank, size in product(self.seeds, self.treebanks, self.sizes):
            for recipe in self.recipes:
                yield from self.runs_of(recipe, treebank, size, seed)

    def runs_of(self, recipe: str, treebank: str, size: int | None, seed: int) -> list[PlannedRun]:
        """The runs that test the whole treebank once: one, or one for each fold."""
        n_folds = len(self.treebanks[treebank])
        numbers: Sequence[int | None] = range(1, n_folds + 1) if n_folds > 1 else (None,)
        return [PlannedRun(recipe, treebank, size, number, seed) for number in numbers]

    def fold(self, run: PlannedRun) -> Fold:
        """What the run reads."""
        return self.treebanks[run.treebank][(run.fold or 1) - 1]

    def config(self, run: PlannedRun) -> RecipeConfig:
        """The recipe of the run, with its data and its seed."""
        recipe, fold = self.recipes[run.recipe], self.fold(run)
        data: dict[str, Any] = {name: (getattr(fold, name),) for name in ("train", "dev", "test")}
        data |= {"limit": run.size} if self.sizes != (None,) else {}
        return recipe.model_copy(update={"data": recipe.data.model_copy(update=data)}).with_seed(run.seed)

    def check(self) -> None:
        """Raises ConfigError for sizes that a treebank does not have."""
        largest = max((size for size in self.sizes if size is not None), default=0)
        for name, folds in self.treebanks.items():
            for number, fold in enumerate(folds, 1):
                if fold.sentences < largest:
                    where = f"{name}, fold {number}," if len(folds) > 1 else name
                    raise ConfigError(
                        f"{where} has {fold.sentences:,} training sentences, fewer than the size {largest:,}; "
                        f"give smaller sizes, or {ALL} for the whole data"
                    )

    def check_against(self, output: Path) -> None:
        """Raises ConfigError unless the folder is new, or holds a study that this one goes on with or adds runs to."""
        if not (output / PLAN).exists():
            if output.exists() and (not output.is_dir() or any(output.glob("runs/*"))):
                raise ConfigError(f"{output} is no folder of a study, as it has no {PLAN}; give another --output")
            return
        if problem := _conflict(read_plan(output), self):
            raise ConfigError(f"{output} holds a study with another plan: {problem}; give another --output")

    def write(self, output: Path) -> None:
        """Writes the plan into the study's folder."""
        with open_output(output / PLAN) as stream:
            stream.write(self.model_dump_json(indent=1) + "\n")


def read_plan(output: Path) -> Plan:
    """The plan in the folder of a study. Raises ConfigError."""
    if not (output / PLAN).is_file():
        raise ConfigError(f"{output} holds no study yet: give recipes and treebanks")
    try:
        return Plan.model_validate_json(read_text(output / PLAN))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{output / PLAN}: not a plan that this version reads: {place}: {first['msg']}") from None


def _conflict(old: Plan, new: Plan) -> str | None:
    """What of the old plan is otherwise in the new one, or missing there; None if runs are only added."""
    parts: list[tuple[str, Collection[object], Collection[object]]] = [
        ("recipe", old.recipes, new.recipes),
        ("treebank", old.treebanks, new.treebanks),
        ("size", old.sizes, new.sizes),
        ("seed", old.seeds, new.seeds),
    ]
    for what, before, now in parts:
        missing = [ALL if name is None else str(name) for name in before if name not in now]
        if missing:
            return f"it has the {what} {missing[0]} too"
    if old.raw != new.raw:
        return f"it analyses {'raw text' if old.raw else 'gold words'}"
    for name, recipe in old.recipes.items():
        key, value, new_value = _difference(recipe.model_dump(mode="json"), new.recipes[name].model_dump(mode="json"))
        if key:
            return f"its recipe {name} has {key} = {value}, not {new_value}"
    for name, folds in old.treebanks.items():
        if len(folds) != len(new.treebanks[name]):
            return f"its folds of {name} are {len(folds)}, not {len(new.treebanks[name])}"
        if [fold.sha256 for fold in folds] != [fold.sha256 for fold in new.treebanks[name]]:
            return f"the files of the treebank {name} have changed"
    return None


def _difference(old: Any, new: Any) -> tuple[str, Any, Any]:
    """The key of the first value in which two tables differ, with both values; an empty key if they are equal."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner, before, now = _difference(old.get(key), new.get(key))
            if inner or before != now:
                return f"{key}.{inner}".rstrip("."), before, now
        return "", None, None
    return "", old, new


def read_sizes(sizes: str | Sequence[int | str]) -> tuple[int | None, ...]:
    """The sizes in a list, or in a text with commas such as ``100,500,all``; none given means all sentences.

    Raises ConfigError.
    """
    words: Sequence[int | str] = sizes.replace(",", " ").split() if isinstance(sizes, str) else list(sizes)
    try:
        numbers: list[int | None] = [None if word == ALL else int(word) for word in words]
    except (TypeError, ValueError):
        numbers = [0]
    if any(number is not None and number < 1 for number in numbers) or len(set(numbers)) < len(numbers):
        raise ConfigError(f"sizes are different numbers of training sentences, such as 100,500,{ALL}, not {sizes!r}")
    return tuple(sorted(numbers, key=lambda number: (number is None, number))) or (None,)
