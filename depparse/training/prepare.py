"""The preparation of a run: recipes and data that cannot be trained on are refused, and the run's folder is made."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from depparse.errors import ConfigError
from depparse.evaluation.metrics import Use, by_rank
from depparse.files import check_input, hash_file
from depparse.formats.table import guess_format
from depparse.model.model import Model
from depparse.model_folder.store import check_replaceable, recover
from depparse.training.gold import Gold
from depparse.training.loop import TrainingConfig
from depparse.training.processes import Processes, choose_precision
from depparse.training.recipe import DataConfig, RecipeConfig, treebank_name
from depparse.treebanks.checks import check
from depparse.treebanks.treebank import Treebank

CHECKPOINT = "checkpoint.safetensors"
METRICS_FILE = "metrics.jsonl"
SEGMENTER = "segmenter"  # the folder of the trained segmenter, while the model is trained
SEGMENTER_BEST = "segmenter-best"  # of the best one so far, while the segmenter is trained
SEGMENTER_CHECKPOINT, SEGMENTER_METRICS_FILE = "segmenter-checkpoint.safetensors", "segmenter.jsonl"
LESSONS = "lessons"  # the folder of the teachers' opinions
VECTORS = "vectors"  # the folder of the vectors of frozen inputs
TEXT_FILE = "text-{}.conllu"  # the words of the text that only teachers annotate
CURVES = "curves.png"  # drawn at the end: a folder with it and without a checkpoint is that of a finished run


def is_finished(output: Path) -> bool:
    """Whether the run in the folder is finished."""
    return (output / CURVES).exists() and not (output / CHECKPOINT).exists()


def is_begun(output: Path) -> bool:
    """Whether the folder holds anything that an interrupted run can go on from."""
    return any((output / name).exists() for name in (CHECKPOINT, SEGMENTER_CHECKPOINT, SEGMENTER, "model"))


def prepare(config: RecipeConfig, output: Path, resume: bool, processes: Processes) -> dict[str, str]:
    """Makes the run's folder. Returns the SHA-256 of each data file.

    Raises ConfigError if the recipe cannot be trained or the folder holds a run already (with `resume`: none), and
    ModelError if something other than a model is where the model would be saved.
    """
    data = config.data
    if not data.train:
        reason = "has no train split" if data.dev or data.test else "is missing"
        raise ConfigError(f"training data {reason}: give --train FILE, or --treebank DIR with a train split")
    if not config.model.tasks and config.base is not None:
        raise ConfigError("config key base: the recipe has no tasks for that model to learn: model.tasks is empty")
    if not config.model.tasks and config.segmentation is None:
        raise ConfigError("the recipe has no tasks and no segmentation: config key model.tasks is empty")
    tables: dict[str, TrainingConfig] = {"training": config.training} if config.model.tasks else {}
    if config.segmentation is not None:
        tables["segmentation.training"] = config.segmentation.training
    for table, training in tables.items():
        if not data.dev and (training.patience or training.optimizer.average == "asgd"):
            key = "patience" if training.patience else "optimizer.average=asgd"
            raise ConfigError(f"config key {table}.{key} needs dev data to go by: give --dev FILE")
        choose_precision(training.precision, processes.device, f"{table}.precision")
    files = (*data.train, *data.dev, *data.test, *data.text)
    for file in files:
        check_input(file)
    hashes = {file: hash_file(Path(file)) for file in files}
    check_replaceable(output / "model")
    names = (CHECKPOINT, SEGMENTER_CHECKPOINT, SEGMENTER, SEGMENTER_BEST, "model", "recipe.json")
    old_files = [name for name in names if (output / name).exists()]
    if resume and not old_files:
        raise ConfigError(f"{output} holds no run to resume; leave out --resume to begin one")
    # A run that failed before its first step leaves its recipe alone.
    if not resume and old_files not in ([], ["recipe.json"]):
        raise ConfigError(f"{output} holds a run already: --resume goes on with it, another --output begins a new one")
    output.mkdir(parents=True, exist_ok=True)
    if processes.main:
        recover(output / "model")
        recover(output / SEGMENTER_BEST)
        if not resume:
            shutil.rmtree(output / VECTORS, ignore_errors=True)
            for file in (METRICS_FILE, SEGMENTER_METRICS_FILE, CURVES):  # of an earlier run
                (output / file).unlink(missing_ok=True)
            (output / "recipe.json").write_text(config.model_dump_json(indent=1) + "\n", encoding="utf-8")
    processes.wait()
    return hashes


def treebank_names(files: Sequence[str]) -> list[str]:
    """The names of the files' treebanks, in the order of their numbers. Raises ConfigError if two have one name."""
    folders: dict[str, Path] = {}
    for file in files:
        name, folder = treebank_name(file), Path(file).resolve().parent
        if folders.setdefault(name, folder) != folder:
            raise ConfigError(f"two treebanks are called {name}: {folders[name]} and {folder}; rename one")
    return list(folders)


def choose_metric(config: RecipeConfig, model: Model, dev: Sequence[Gold]) -> str | None:
    """The name of the score that chooses the model: the recipe's, or else the highest in rank, as LAS for parsers.

    None if no score tells anything about the model's tasks, which may come from another package. Raises ConfigError.
    """
    writes = {column for name in model.learned for column in model.codec.writes[name]}
    metrics = [metric.name for metric in by_rank(Use.TRAINING) if metric.tells_of(writes)]
    scored = {name for gold in dev for name in gold.metrics(model.codec)}
    if config.metric is None:
        return next((name for name in metrics if name in scored or not dev), None)
    if config.metric not in metrics:
        choice = ", ".join(metrics) or "none"
        raise ConfigError(
            f"config key metric: the model predicts nothing that {config.metric} scores; scores that fit it: {choice}"
        )
    if dev and config.metric not in scored:
        raise ConfigError(f"config key metric: the dev data holds nothing that {config.metric} scores")
    return config.metric


def check_data(data: DataConfig) -> list[str]:
    """The findings of the data check in CoNLL-U files, a line each, without notes.

    If there is one train file and one dev file, they are checked as one treebank; else each train file by itself.
    """
    if len(data.train) == len(data.dev) == 1 and all(_is_conllu(file, data) for file in (*data.train, *data.dev)):
        findings = check(Treebank("data", {"train": Path(data.train[0]), "dev": Path(data.dev[0])}))
    else:
        findings = [finding for file in data.train if _is_conllu(file, data) for finding in check(Path(file))]
    return [
        f"{finding.severity}: {finding.message}" + "".join(f" ({place})" for place in finding.places[:1])
        for finding in findings
        if finding.severity != "note"
    ]


def _is_conllu(file: str, data: DataConfig) -> bool:
    return guess_format(file, data.format).startswith("conllu")
