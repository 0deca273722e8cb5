"""Runs of one recipe with several seeds: what chance alone changes, as mean and spread of the scores."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from depparse.errors import ConfigError
from depparse.evaluation.metrics import Use, metrics
from depparse.evaluation.tables import Table, percent
from depparse.files import open_output
from depparse.model_folder.contents import read_facts
from depparse.training.prepare import is_begun, is_finished
from depparse.training.recipe import RecipeConfig
from depparse.training.records import Compared, Listener
from depparse.training.run import run

SCORES_FILE = "seeds.json"


def read_seeds(seeds: str | Sequence[int]) -> list[int]:
    """The seeds in a list, or in a text with commas such as ``1,2,3``. Raises ConfigError, also for one given twice."""
    words = seeds.replace(",", " ").split() if isinstance(seeds, str) else list(seeds)
    try:
        numbers = [int(word) for word in words]
    except (TypeError, ValueError):
        numbers = []
    if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise ConfigError(f"seeds are different whole numbers, such as 1,2,3, not {seeds!r}")
    return numbers


def run_seeds(
    config: RecipeConfig, seeds: Sequence[int], output: Path, *, resume: bool = False, command: str, listen: Listener
) -> Path:
    """Trains the recipe with each seed, in ``output/seed-N``; returns the model folder of the first.

    ``output/seeds.json`` and the last record have all scores, with mean and standard deviation. With `resume`, finished
    runs stay as they are, interrupted ones are resumed, and seeds may be added. Raises DepparseError.
    """
    folders = {seed: output / f"seed-{seed}" for seed in seeds}
    begun = [folder for folder in folders.values() if is_begun(folder)]
    if begun and not resume:
        raise ConfigError(f"{begun[0]} holds a run already: --resume goes on with it, another --output begins new ones")
    for seed, folder in folders.items():
        if not is_finished(folder):
            run(config.with_seed(seed), folder, resume=folder in begun, command=command, listen=listen)
        elif _recipe_in(folder) != config.with_seed(seed).model_dump(mode="json"):
            raise ConfigError(f"{folder} holds a run of another recipe or of other data; give another --output")
    if os.environ.get("RANK", "0") == "0":
        table, content = compare(list(folders.values()))
        with open_output(output / SCORES_FILE) as out:
            out.write(json.dumps(content, indent=1) + "\n")
        listen(Compared(output, table))
    return folders[seeds[0]] / "model"


def _recipe_in(folder: Path) -> Any:
    return json.loads((folder / "recipe.json").read_text(encoding="utf-8"))


def compare(folders: Sequence[Path]) -> tuple[Table, dict[str, Any]]:
    """The scores of the finished runs in these folders: a table of the main ones, and all of them for JSON.

    The spread is the standard deviation of the sample; there is none of a single run.
    """
    shown = {metric.name for metric in metrics() if Use.SCREEN in metric.uses}
    rows: list[tuple[str, ...]] = []
    entries: list[dict[str, Any]] = []
    scores = [read_facts(folder / "model").scores for folder in folders]
    for row in scores[0]:
        same = [next((s for s in others if (s.data, s.source) == (row.data, row.source)), row) for others in scores]
        for name in row.f1:
            values = [other.f1[name] for other in same if name in other.f1]
            mean, spread = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None
            entry = {"data": row.data, "source": row.source, "metric": name, "f1": values, "mean": mean, "sd": spread}
            entries.append(entry)
            if name in shown:
                cells = [*map(percent, values), *[""] * (len(folders) - len(values)), percent(mean), percent(spread)]
                rows.append((f"{row.data}{' raw' if row.source == 'text' else ''} {name}", *cells))
    names = [folder.name for folder in folders]
    table = Table("F1 by seed, with mean and standard deviation", ("score", *names, "mean", "sd"), rows)
    return table, {"runs": names, "scores": entries}
