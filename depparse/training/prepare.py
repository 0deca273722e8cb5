"""Before a run: what cannot be trained is refused, the data is checked, the run's folder is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from depparse.errors import ConfigError
from depparse.evaluation.metrics import Use, by_rank
from depparse.files import hash_file
from depparse.formats.table import guess_format
from depparse.model.model import Model
from depparse.model_folder.store import check_replaceable, recover
from depparse.training.gold import Gold
from depparse.training.processes import Processes, choose_precision
from depparse.training.recipe import DataConfig, RecipeConfig, treebank_name
from depparse.treebanks.checks import check
from depparse.treebanks.treebank import Treebank

CHECKPOINT = "checkpoint.safetensors"
METRICS_FILE = "metrics.jsonl"
SEGMENTER = "segmenter"  # the folder of the trained segmenter, while the model is trained
SEGMENTER_BEST = "segmenter-best"  # of the best one so far, while the segmenter is trained
SEGMENTER_CHECKPOINT, SEGMENTER_METRICS_FILE = "segmenter-checkpoint.safetensors", "segmenter.jsonl"
CURVES = "curves.png"  # drawn at the end: where it is and no checkpoint, the run is finished


def is_finished(output: Path) -> bool:
    """Whether the run in the folder came to its end."""
    return (output / CURVES).exists() and not (output / CHECKPOINT).exists()


def is_begun(output: Path) -> bool:
    """Whether there is something in the folder that an interrupted run can go on from."""
    return any((output / name).exists() for name in (CHECKPOINT, SEGMENTER_CHECKPOINT, SEGMENTER, "model"))


def prepare(config: RecipeConfig, output: Path, resume: bool, processes: Processes) -> dict[str, str]:
    """Refuses what cannot be trained, makes the run's folder; returns the hash of each file of data."""
    data = config.data
    if not data.train:
        reason = "has no train split" if data.dev or data.test else "is missing"
        raise ConfigError(f"training data {reason}: give --train FILE, or --treebank DIR with a train split")
    if not config.model.tasks and config.base is not None:
        raise ConfigError("config key base: the recipe has no tasks for that model to learn: model.tasks is empty")
    if not config.model.tasks and config.segmentation is None:
        raise ConfigError("the recipe has no tasks and no segmentation: config key model.tasks is empty")
    parts = {"training": config.training} if config.model.tasks else {}
    if config.segmentation is not None:
        parts["segmentation.training"] = config.segmentation.training
    for table, training in parts.items():
        if not data.dev and (training.patience or training.optimizer.average == "asgd"):
            key = "patience" if training.patience else "optimizer.average=asgd"
            raise ConfigError(f"config key {table}.{key} needs dev data to go by: give --dev FILE")
        choose_precision(training.precision, processes.device, f"{table}.precision")
    hashes = {file: hash_file(Path(file)) for file in (*data.train, *data.dev, *data.test)}
    check_replaceable(output / "model")
    files = (CHECKPOINT, SEGMENTER_CHECKPOINT, SEGMENTER, SEGMENTER_BEST, "model", "recipe.json")
    begun = [name for name in files if (output / name).exists()]
    if resume and not begun:
        raise ConfigError(f"{output} holds no run to resume; without --resume one begins")
    # A recipe alone is what a run leaves that failed before its first step.
    if not resume and begun not in ([], ["recipe.json"]):
        raise ConfigError(f"{output} holds a run already: --resume goes on with it, another --output begins a new one")
    output.mkdir(parents=True, exist_ok=True)
    if processes.main:
        recover(output / "model")
        recover(output / SEGMENTER_BEST)
        if not resume:
            for file in (METRICS_FILE, SEGMENTER_METRICS_FILE, CURVES):  # of an earlier run
                (output / file).unlink(missing_ok=True)
            (output / "recipe.json").write_text(config.model_dump_json(indent=1) + "\n", encoding="utf-8")
    processes.wait()
    return hashes


def treebank_names(files: Sequence[str]) -> list[str]:
    """Names of the treebanks, in the order of their numbers."""
    folders: dict[str, Path] = {}
    for file in files:
        name, folder = treebank_name(file), Path(file).resolve().parent
        if folders.setdefault(name, folder) != folder:
            raise ConfigError(f"two treebanks are called {name}: {folders[name]} and {folder}; rename one")
    return list(folders)


def choose_metric(config: RecipeConfig, model: Model, dev: Sequence[Gold]) -> str | None:
    """The score that chooses the model: what the recipe says, or LAS, or what a model without a parser has instead.

    None if no score tells anything of the model's tasks, which may be of another package.
    """
    writes = {column for name in model.learned for column in model.codec.writes[name]}
    metrics = [metric.name for metric in by_rank(Use.TRAINING) if metric.tells_of(writes)]
    scored = {name for gold in dev for name in gold.metrics(model)}
    if config.metric is None:
        return next((name for name in metrics if name in scored or not dev), None)
    if config.metric not in metrics:
        found = ", ".join(metrics) or "none"
        raise ConfigError(f"config key metric: the model predicts nothing that {config.metric} scores, only {found}")
    if dev and config.metric not in scored:
        raise ConfigError(f"config key metric: the dev data holds nothing that {config.metric} scores")
    return config.metric


def check_data(data: DataConfig) -> list[str]:
    """What the data check says of the files of CoNLL-U, notes aside: train and dev together if there is one of each."""
    if len(data.train) == len(data.dev) == 1 and all(_is_conllu(file, data) for file in (*data.train, *data.dev)):
        found = check(Treebank("data", {"train": Path(data.train[0]), "dev": Path(data.dev[0])}))
    else:
        found = [finding for file in data.train if _is_conllu(file, data) for finding in check(Path(file))]
    return [
        f"{finding.severity}: {finding.message}" + "".join(f" ({place})" for place in finding.places[:1])
        for finding in found
        if finding.severity != "note"
    ]


def _is_conllu(file: str, data: DataConfig) -> bool:
    return guess_format(file, data.format).startswith("conllu")
