"""What is written about a run: the model card, ``metrics.jsonl``, and TensorBoard's event files."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from depparse import __version__
from depparse.errors import ConfigError
from depparse.evaluation.metrics import Use, metrics_of, model_metrics, sections, segmenter_metrics
from depparse.evaluation.scores import Scores
from depparse.training.loop import Evaluation, Step
from depparse.training.recipe import RecipeConfig
from depparse.treebanks.download import licence


def peak_memory_mib() -> float | None:
    """The most memory that this process had so far; None on Windows, which does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        # The other figure counts what the parent had when it started this process.
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        pass
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)  # a Mac counts bytes


def log(path: Path, record: Evaluation, dev: Mapping[str, Scores], metrics: Sequence[str]) -> None:
    """Appends those of the `metrics` that there are to a file such as ``metrics.jsonl``.

    What an interrupted session wrote of this and later epochs goes.
    Scores are means over the dev files that have them; with several files, ``dev`` has those of each.
    """
    kept = [line for line in read_log(path) if line["epoch"] < record.epoch]
    memory = peak_memory_mib()
    entry: dict[str, Any] = {
        "epoch": record.epoch,
        "seconds": round(record.seconds, 1),
        "loss": sum(record.losses.values()),
        "losses": record.losses,
        "learning_rate": record.learning_rate,
        "words_per_second": round(record.words_per_second, 1),
        "peak_memory_mib": None if memory is None else round(memory, 1),
    }
    if dev:
        by_name = {name: [scores[name].f1 for scores in dev.values() if name in scores] for name in metrics}
        entry |= {name: statistics.fmean(values) for name, values in by_name.items() if values}
    if len(dev) > 1:
        entry["dev"] = {
            file: {name: scores[name].f1 for name in metrics if name in scores} for file, scores in dev.items()
        }
    path.write_text("".join(json.dumps(line) + "\n" for line in [*kept, entry]), encoding="utf-8")


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``, one an evaluation."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class TensorBoard:
    """Losses, learning rate and dev scores as event files. ConfigError if the package tensorboard is missing."""

    def __init__(self, folder: Path, metrics: Sequence[str]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            message = "training.tensorboard needs the package tensorboard: pip install 'depparse[tensorboard]'"
            raise ConfigError(message) from None
        self._writer: Any = SummaryWriter(str(folder))
        self._metrics = metrics
        self._step = 0

    def step(self, record: Step) -> None:
        self._step = record.step
        for name, loss in record.losses.items():
            self._writer.add_scalar(f"loss/{name}", loss, record.step)
        self._writer.add_scalar("learning_rate", record.learning_rate, record.step)

    def evaluation(self, dev: Mapping[str, Scores]) -> None:
        for file, scores in dev.items():
            for name in (name for name in self._metrics if name in scores):
                self._writer.add_scalar(f"{file}/{name}", scores[name].f1, self._step)

    def close(self) -> None:
        self._writer.close()


def card(
    config: RecipeConfig,
    command: str,
    hashes: Mapping[str, str],
    minutes: float,
    speed: float,
    scores: Mapping[str, Scores],
    raw: Mapping[str, Scores],
) -> str:
    """The README of a model. `hashes` are by file, `scores` and `raw` by data such as ``dev``: from gold words and from
    raw text. `speed` is in words a second."""
    memory = peak_memory_mib()
    seeds = [] if config.segmentation is None else [config.segmentation.training.seed]
    seeds += [config.training.seed] if config.model.tasks else []
    facts = {
        "depparse": __version__,
        "torch": torch.__version__,
        "seed": ", ".join(map(str, dict.fromkeys(seeds))),
        "threads": torch.get_num_threads(),
        "minutes of training": f"{minutes:.1f}",
        "words a second in training": f"{speed:,.0f}",
        "peak memory": "unknown" if memory is None else f"{memory:,.0f} MiB",
    }
    lines = ["# A model of depparse", "", "```sh", command, "```", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    lines += ["", "## Data", "", "| split | file | SHA-256 | licence |", "|---|---|---|---|"]
    for split in ("train", "dev", "test"):
        for file in getattr(config.data, split):
            terms = licence(Path(file).parent) or "not stated"
            lines.append(f"| {split} | {Path(file).name} | `{hashes[file]}` | {terms} |")
    names = {name for found in scores.values() for name in found}
    there = [section for section in sections() if any(metric.name in names for metric in metrics_of(section))]
    more = "".join(f" {section.note}" for section in there if section.note)
    if scores:
        lines += ["", "## Scores", ""]
        lines += [f"Official scores, gold tokenization, F1 in percent.{more} One seed is one data point."]
        lines += _table(scores, model_metrics(Use.CARD))
    if raw:
        shown = (*segmenter_metrics(Use.RAW), *(model_metrics(Use.RAW) if scores else ()))
        lines += ["", "## Scores from raw text", ""]
        lines += [f"Official scores, F1 in percent, of the raw text of the treebank.{more}"]
        lines += _table(raw, shown)
    return "\n".join(lines) + "\n"


def _table(scores: Mapping[str, Scores], metrics: Sequence[str]) -> list[str]:
    metrics = [metric for metric in metrics if any(metric in found for found in scores.values())]
    rows = [
        f"| {name} | "
        + " | ".join(f"{100 * found[metric].f1:.2f}" if metric in found else "" for metric in metrics)
        + " |"
        for name, found in scores.items()
    ]
    return ["", "| | " + " | ".join(metrics) + " |", "|---|" + "--:|" * len(metrics), *rows]
