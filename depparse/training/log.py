"""The logs of a run: ``metrics.jsonl`` and TensorBoard's event files."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depparse.errors import ConfigError, FormatError
from depparse.evaluation.scores import Scores
from depparse.files import open_output, read_text
from depparse.inference.machine import peak_memory_mib
from depparse.libraries import library
from depparse.training.loop import Evaluation, Step


def log(path: Path, record: Evaluation, dev: Mapping[str, Scores], metrics: Sequence[str]) -> None:
    """Appends an evaluation to a file such as ``metrics.jsonl``, with those of the `metrics` that dev has scores of.

    Lines that an interrupted session wrote of this epoch and later ones are removed. Scores are means over the dev
    files that have them; with several dev files, the key ``dev`` has the scores of each.
    """
    earlier_lines = [line for line in read_log(path) if line["epoch"] < record.epoch]
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
    with open_output(path) as stream:
        stream.writelines(json.dumps(line) + "\n" for line in [*earlier_lines, entry])


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a file such as ``metrics.jsonl``, one for each evaluation; none if there is no file.

    Raises FormatError for a line that is no JSON.
    """
    if not path.exists():
        return []
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        try:
            lines.append(json.loads(line))
        except ValueError as error:
            raise FormatError(f"not a line of JSON: {error}", path=str(path), line=number) from None
    return lines


class TensorBoard:
    """Writes losses, learning rates and dev scores as event files. Raises ConfigError if tensorboard is missing."""

    def __init__(self, folder: Path, metrics: Sequence[str]) -> None:
        try:
            writer = library("torch.utils.tensorboard", "tensorboard").SummaryWriter
        except ConfigError as error:
            raise ConfigError(f"config key training.tensorboard: {error}") from None
        self._writer: Any = writer(str(folder))
        self._metrics = metrics
        self._step = 0

    def step(self, record: Step) -> None:
        """Writes the losses and the learning rate of a step."""
        self._step = record.step
        for name, loss in record.losses.items():
            self._writer.add_scalar(f"loss/{name}", loss, record.step)
        self._writer.add_scalar("learning_rate", record.learning_rate, record.step)

    def evaluation(self, dev: Mapping[str, Scores]) -> None:
        """Writes the scores of each dev file, at the last step."""
        for file, scores in dev.items():
            for name in (name for name in self._metrics if name in scores):
                self._writer.add_scalar(f"{file}/{name}", scores[name].f1, self._step)

    def close(self) -> None:
        """Closes the event files."""
        self._writer.close()
