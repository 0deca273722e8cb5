"""A training run from a recipe to a model folder: read, check, build, train, keep the best, test, write the card."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from depparse import __version__
from depparse.config import Config, apply_overrides, parse, read_toml
from depparse.data.catalogue import corpora_folder
from depparse.data.checks import check
from depparse.data.conllu import read_conllu
from depparse.data.document import Document
from depparse.data.download import licence
from depparse.data.sentence import Sentence
from depparse.data.treebank import find_splits
from depparse.errors import ConfigError
from depparse.evaluation.ud import Scores, evaluate
from depparse.model import Model, ModelConfig
from depparse.store import load, save
from depparse.training.loop import Evaluation, Step, TrainingConfig, train

METRICS = ("UPOS", "XPOS", "UFeats", "Lemmas", "UAS", "LAS", "CLAS", "MLAS", "BLEX")


class DataConfig(Config):
    """Files of CoNLL-U."""

    train: tuple[str, ...] = ()
    dev: str | None = None  # scored after epochs; chooses the model that is kept
    test: str | None = None  # scored once, at the end


class RecipeConfig(Config):
    """Everything about a run."""

    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    data: DataConfig = Field(default_factory=DataConfig)
    metric: str = "LAS"  # official score that chooses the model


@dataclass(slots=True)
class Scored:
    """Official dev scores after an epoch."""

    evaluation: Evaluation
    scores: Scores


@dataclass(slots=True)
class Began:
    """What is about to be trained."""

    parameters: int
    sentences: int
    words: int
    findings: list[str]  # what the data check says, a line each


@dataclass(slots=True)
class Done:
    """The end: scores of the kept model on test (None without test data)."""

    folder: Path
    test: Scores | None
    minutes: float


Record = Began | Step | Scored | Done
Listener = Callable[[Record], None]


def recipe_file(name: str) -> Path:
    """The recipe of that name in ``configs/``, or the file itself."""
    folder = corpora_folder().parent / "configs"
    path = Path(name)
    if path.suffix != ".toml" and not path.exists():
        path = folder / f"{name}.toml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
        raise ConfigError(f"no recipe {name!r}: give a TOML file, or one of {names}")
    return path


def read_recipe(
    name: str, overrides: Sequence[str] = (), treebanks: Sequence[str] = (), data: dict[str, Any] | None = None
) -> RecipeConfig:
    """The recipe with overrides; `treebanks` are UD folders, whose splits are used, `data` sets splits by hand."""
    content = apply_overrides(read_toml(recipe_file(name)), overrides)
    splits: dict[str, Any] = content.setdefault("data", {})
    for treebank in treebanks:
        found = find_splits(Path(treebank))
        if "train" in found:
            splits["train"] = [*splits.get("train", []), str(found["train"])]
        for split in ("dev", "test"):
            if split in found:
                splits.setdefault(split, str(found[split]))
    splits |= {key: value for key, value in (data or {}).items() if value}
    return parse(RecipeConfig, content)


def run(config: RecipeConfig, output: Path, *, resume: bool = False, command: str = "", listen: Listener) -> Model:
    """Trains by the recipe, keeps the model of the best dev score in ``output/model``, and returns it."""
    if not config.data.train:
        raise ConfigError("no training data: give --train FILE or --treebank DIR")
    if not config.model.tasks:
        raise ConfigError("the recipe has no tasks: config key model.tasks is empty")
    output.mkdir(parents=True, exist_ok=True)
    if not resume and (output / "checkpoint.safetensors").exists():
        raise ConfigError(f"{output} holds a run already: --resume goes on with it, another --output begins a new one")
    findings = [
        f"{finding.severity}: {finding.message} ({', '.join(finding.places[:1]) or file})"
        for file in config.data.train
        for finding in check(Path(file))
        if finding.severity != "note"
    ]
    sentences = [sentence for file in config.data.train for sentence in read_conllu(file)]
    dev = read_conllu(config.data.dev) if config.data.dev else None
    if not sentences:
        raise ConfigError(f"no sentences in {', '.join(config.data.train)}")
    import torch

    torch.manual_seed(config.training.seed)
    model = Model.build(config.model, sentences)
    left_out = [name for name in config.model.tasks if name not in model.tasks]
    findings += [f"note: the task {name} is left out: the training data does not annotate it" for name in left_out]
    examples = [model.example(sentence, targets=True) for sentence in sentences if len(sentence)]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    listen(Began(parameters, len(sentences), sum(map(len, sentences)), findings))
    (output / "recipe.json").write_text(config.model_dump_json(indent=1) + "\n", encoding="utf-8")
    latest: list[Scores] = []

    def score() -> float:
        if dev is None:
            return 0.0
        latest[:] = [evaluate(dev, annotated(model, dev))]
        return latest[0][config.metric].f1

    began = time.monotonic()
    records = train(
        model,
        examples,
        config.training,
        score,
        checkpoint=output / "checkpoint.safetensors",
        resume=resume,
        run=_fingerprint(config),
        warn=lambda message: listen(Began(parameters, 0, 0, [f"warning: {message}"])),
    )
    for record in records:
        if isinstance(record, Step):
            listen(record)
            continue
        # Without dev data the last state is the one to keep.
        if record.improved or dev is None:
            save(model, output / "model", _card(config, command, latest[0] if latest else None, None, record.seconds))
        if latest:
            _log(output / "metrics.jsonl", record, latest[0])
            listen(Scored(record, latest[0]))
    minutes = (time.monotonic() - began) / 60
    best = load(output / "model")
    tested = None
    if config.data.test:
        gold = read_conllu(config.data.test)
        tested = evaluate(gold, annotated(best, gold))
    dev_scores = evaluate(dev, annotated(best, dev)) if dev is not None else None
    save(best, output / "model", _card(config, command, dev_scores, tested, minutes * 60))
    (output / "checkpoint.safetensors").unlink(missing_ok=True)
    listen(Done(output / "model", tested, minutes))
    return best


def annotated(model: Model, gold: Document) -> Document:
    """The document as the model analyses it, from gold sentences, tokens and words."""
    copies = []
    for sentence in gold:
        columns = {"FORM": list(sentence.columns["FORM"])}
        copies.append(Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes))
    model.annotate(copies)
    for sentence in copies:
        # A model without a parser is scored too: a chain stands for the tree that the scorer asks for.
        if "HEAD" not in sentence.columns:
            sentence.columns["HEAD"] = [str(number) for number in range(len(sentence))]
    return Document(copies)


def _fingerprint(config: RecipeConfig) -> str:
    """Names config and data, so that no checkpoint is resumed with others."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    for file in config.data.train:
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()


def _log(path: Path, record: Evaluation, scores: Scores) -> None:
    """Appends to ``metrics.jsonl``; what an interrupted session wrote of this and later epochs goes."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if json.loads(line)["epoch"] < record.epoch]
    values = {name: scores[name].f1 for name in METRICS}
    kept.append(json.dumps({"epoch": record.epoch, "seconds": round(record.seconds, 1), **values}))
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _card(config: RecipeConfig, command: str, dev: Scores | None, test: Scores | None, seconds: float) -> str:
    lines = ["# A model of depparse", "", f"Made by depparse {__version__}, seed {config.training.seed}."]
    lines += ["", "```sh", command or "depparse.train(…)", "```", "", f"Training took {seconds / 60:.1f} minutes.", ""]
    lines += ["## Data", "", "| split | file | SHA-256 | licence |", "|---|---|---|---|"]
    splits = [("train", file) for file in config.data.train]
    splits += [(name, file) for name, file in (("dev", config.data.dev), ("test", config.data.test)) if file]
    for name, file in splits:
        digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        lines.append(
            f"| {name} | {Path(file).name} | `{digest[:16]}…` | {licence(Path(file).parent) or 'not stated'} |"
        )
    lines += ["", "## Scores", "", "Official scores, gold tokenization, F1 in percent. One seed is one data point."]
    lines += ["", "| | " + " | ".join(METRICS) + " |", "|---|" + "--:|" * len(METRICS)]
    for name, scores in (("dev", dev), ("test", test)):
        if scores is not None:
            lines.append(f"| {name} | " + " | ".join(f"{100 * scores[metric].f1:.2f}" for metric in METRICS) + " |")
    return "\n".join(lines) + "\n"
