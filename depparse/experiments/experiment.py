"""`experiment`, a study as a function call: all its runs, and what comes out of them."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from depparse.arguments import check_path, check_type
from depparse.errors import ConfigError, DepparseError
from depparse.evaluation.metrics import Use, by_rank
from depparse.evaluation.pair import scored_node
from depparse.evaluation.report import metric_names
from depparse.experiments.parts import Texts, check_files, check_gold, read_treebanks, write_texts
from depparse.experiments.plan import Plan, read_plan, read_sizes
from depparse.experiments.results import MACRO, Cell, Results, check_pattern, compute
from depparse.experiments.runs import complete
from depparse.files import PathLike, open_output
from depparse.model_folder.find import find
from depparse.training.recipe import Recipe, RecipeConfig, read_recipe
from depparse.training.records import Going, Listener
from depparse.training.seeds import read_seeds
from depparse.treebanks.query.search import Pattern, parse_pattern
from depparse.visualize.curves import Point, draw_sizes

RESULTS_JSON, RESULTS_TEXT, CURVES = "results.json", "results.txt", "curves.svg"


def experiment(
    recipes: str | Sequence[PathLike] | Mapping[str, Recipe] = (),
    *,
    treebanks: PathLike | Sequence[PathLike] = (),
    output: PathLike,
    sizes: str | Sequence[int | str] = (),
    folds: int | None = None,
    seeds: str | Sequence[int] = (),
    set: str | Mapping[str, Any] | Sequence[str] = (),
    of: str | Pattern | Sequence[str | Pattern] = (),
    metrics: str | Sequence[str] = (),
    raw: bool = False,
    keep_models: bool = False,
    listen: Listener | None = None,
    command: str | None = None,
) -> Results:
    """Trains each recipe on each treebank, and compares what the models make of the test data.

    ``depparse.experiment(["small", "recurrent"], treebanks="UD_French-Sequoia", seeds="1,2,3", output="runs/study")``

    `recipes` are names or TOML files; or, by name, whatever `read_recipe` takes. `set` overrides keys of all of them.
    `treebanks` are folders or files. One with train, dev and test keeps its splits; any other is cut into `folds`: see
    `depparse.experiments.parts`. `sizes` are numbers of training sentences, ``all`` being one: the sentences of a
    smaller size are among those of a larger one, and the same for all recipes and seeds; dev and test stay as they are.
    Without `seeds`, each run has the seed 1.
    With `raw`, the models analyse the raw text of the test data, by default its words.

    `output` gets the plan, which is checked before anything is trained, the runs, the results (``results.txt``,
    ``results.json``) and, of several sizes, the learning curves (``curves.svg``). The same call goes on where an
    interrupted one stopped, and may add recipes, treebanks, sizes and seeds. Without recipes and treebanks, the study
    in `output` goes on. Models are deleted when their predictions are written, unless `keep_models`.

    `of` are patterns, for each of which the scores of the gold words that it finds are told too; `metrics` are the only
    ones that are computed. Both may change from call to call. Raises DepparseError, such as ConfigError for a plan that
    cannot be carried out or is not that of the study in `output`.
    """
    check_path(output, "output")
    folder, tell = Path(output), listen or (lambda _: None)
    patterns = [parse_pattern(text) for text in ([of] if isinstance(of, (str, Pattern)) else of)]
    for pattern in patterns:
        scored_node(pattern)
    chosen = metric_names(metrics)
    paths = [os.fspath(path) for path in ([treebanks] if isinstance(treebanks, (str, os.PathLike)) else treebanks)]
    options = {"sizes": sizes, "folds": folds, "seeds": seeds, "set": set, "raw": raw}
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ConfigError("a study is done by one process: start it without torchrun or accelerate")
    try:
        texts: Texts = {}
        if recipes or paths:
            plan, texts = _make_plan(_read_recipes(recipes, set), paths, folder, sizes, folds, seeds, raw)
        elif given := [name for name, value in options.items() if value]:
            raise ConfigError(f"{given[0]} is part of a plan, so it needs recipes and treebanks too")
        else:
            plan = read_plan(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            plan.check_against(folder)  # again, since another process may have begun a study here
            write_texts(texts)
            check_files(plan.treebanks)
            check_gold(plan.treebanks)
            for pattern in patterns:
                check_pattern(plan, pattern)
            if recipes or paths:
                plan.write(folder)
            complete(plan, folder, keep_models=keep_models, command=command or "depparse.experiment(…)", listen=tell)
            tell(Going("all runs are complete; the scores are computed"))
            results = compute(plan, folder, patterns, chosen)
            _write(results, folder)
    except OSError as error:  # such as a full disk
        raise DepparseError(f"{error.filename or output}: {(error.strerror or str(error)).lower()}") from error
    return results


def _read_recipes(recipes: str | Sequence[PathLike] | Mapping[str, Recipe], set: Any) -> dict[str, RecipeConfig]:
    """The recipes by name. Raises ConfigError, also for recipes that cannot be those of a study."""
    if isinstance(recipes, (str, os.PathLike)):
        recipes = [recipes]
    pairs: list[tuple[str, Recipe]]
    pairs = list(recipes.items()) if isinstance(recipes, Mapping) else [(_name_of(path), path) for path in recipes]
    by_name: dict[str, RecipeConfig] = {}
    for name, recipe in pairs:
        check_type(name, str, "the name of a recipe", "a text")
        if name in by_name or Path(name).name != name:
            raise ConfigError(f"recipes have different names, without slashes, as folders are called so; not {name!r}")
        config = by_name[name] = read_recipe(recipe, set)
        if any((config.data.train, config.data.dev, config.data.test)):
            raise ConfigError(
                f"recipe {name}: config key data: a study gives it the splits of the treebanks; remove them"
            )
        for model in (*([config.base] if config.base is not None else []), *config.training.teacher):
            find(model)
    return by_name


def _name_of(recipe: PathLike) -> str:
    check_type(recipe, (str, os.PathLike), "a recipe of a list", "a name or a TOML file")
    path = Path(recipe)
    return path.stem if path.suffix == ".toml" else path.name


def _make_plan(
    recipes: Mapping[str, RecipeConfig],
    treebanks: Sequence[str],
    output: Path,
    sizes: str | Sequence[int | str],
    folds: int | None,
    seeds: str | Sequence[int],
    raw: bool,
) -> tuple[Plan, Texts]:
    """The plan, checked, and the texts of the parts of treebanks that are cut. Nothing is written."""
    if not recipes or not treebanks:
        raise ConfigError("a study needs recipes and treebanks; give neither to go on with the one in --output")
    for name, recipe in recipes.items():
        if raw and recipe.segmentation is None and recipe.base is None:
            raise ConfigError(
                f"the recipe {name} trains no segmenter (segmentation), so nothing can be scored from raw text"
            )
        if not raw and not recipe.model.tasks:
            raise ConfigError(f"the recipe {name} has no tasks (model.tasks), so only --raw can score it")
    parts, texts = read_treebanks(treebanks, folds, output)
    plan = Plan(
        recipes=dict(recipes),
        treebanks=parts,
        sizes=read_sizes(sizes),
        seeds=tuple(read_seeds(seeds or (1,))),
        folds=folds,
        raw=raw,
    )
    plan.check()
    plan.check_against(output)
    if not texts:
        check_gold(parts)
    return plan, texts


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from the study in the folder. Raises ConfigError if one works on it."""
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise ConfigError(f"{folder}: another process works on this study; wait for its end") from None


def _write(results: Results, output: Path) -> None:
    """Writes the results as text and JSON, and draws learning curves if there are several sizes."""
    with open_output(output / RESULTS_TEXT) as stream:
        stream.write(f"{results}\n")
    with open_output(output / RESULTS_JSON) as stream:
        stream.write(json.dumps(results.to_dict(), ensure_ascii=False, indent=1) + "\n")
    if len(results.plan.sizes) > 1:
        draw_sizes(_curves(results), output / CURVES)


def _curves(results: Results) -> dict[str, dict[str, list[Point]]]:
    """The curves of each recipe: of each metric of the tables over all treebanks, of the first one on each treebank."""
    plan, panels = results.plan, dict[str, dict[str, list[Point]]]()
    ranks = [metric.name for metric in by_rank(Use(0)) if metric.name in results.shown]
    cells = sorted((cell for cell in results.means if cell.metric in ranks), key=lambda cell: ranks.index(cell.metric))
    whole = None if len(plan.treebanks) > 1 else next(iter(plan.treebanks))
    for cell in cells:
        if cell.treebank != whole and (cell.of is not None or cell.metric != cells[0].metric):
            continue
        title = [
            cell.metric,
            *(["of", cell.of] if cell.of is not None else []),
            *([cell.treebank or MACRO] if whole is None else []),
        ]
        for recipe, mean in results.means[cell].items():
            point = Point(_sentences(plan, cell), mean.mean, mean.interval.low, mean.interval.high)
            panels.setdefault(" ".join(title), {}).setdefault(recipe, []).append(point)
    return panels


def _sentences(plan: Plan, cell: Cell) -> float:
    """The number of training sentences; that of all sentences is the mean over treebanks and folds."""
    if cell.sentences is not None:
        return cell.sentences
    names = plan.treebanks if cell.treebank is None else [cell.treebank]
    return statistics.fmean(fold.sentences for name in names for fold in plan.treebanks[name])
