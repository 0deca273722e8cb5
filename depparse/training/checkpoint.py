"""Checkpoints: one safetensors file with all that a run needs to go on as if it had never stopped."""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from depparse.errors import ModelError
from depparse.training.optim import Average


@dataclass
class Progress:
    """Where a run stands. Epochs count from 0; `done` batches of the current one are finished."""

    epoch: int = 0
    done: int = 0
    step: int = 0
    best: float = -1.0  # best dev score so far
    best_epoch: int = -1
    bad: int = 0  # evaluations since the best
    seconds: float = 0.0  # spent in training, in all sessions
    scores: list[float] = field(default_factory=list)  # of all evaluations


def environment() -> dict[str, str]:
    """What the last bits of a result depend on."""
    return {
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Average | None,
    progress: Progress,
    run: str,
) -> None:
    """Writes beside, then renames: a run killed at any moment leaves a whole checkpoint. `run` names its config."""
    tensors = {f"model.{name}": value.contiguous() for name, value in model.state_dict().items()}
    state = optimizer.state_dict()["state"]
    tensors |= {f"optimizer.{n}.{key}": value for n, entry in state.items() for key, value in entry.items()}
    if average is not None:
        tensors |= {f"average.{name}": value for name, value in average.weights.items()}
    tensors["random"] = torch.get_rng_state()
    extra: dict[str, Any] = {"progress": asdict(progress), "environment": environment(), "run": run}
    if average is not None:
        extra["average"] = {"steps": average.steps, "triggered": average.triggered}
    temporary = path.with_name(path.name + ".part")
    save_file(tensors, temporary, metadata={"depparse": json.dumps(extra)})
    with open(temporary, "rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def load_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, average: Average | None, run: str
) -> tuple[Progress, list[str]]:
    """Puts everything back; returns the progress, and warnings where the last bits may differ from a whole run."""
    try:
        with safe_open(path, "pt") as file:
            extra = json.loads(file.metadata()["depparse"])
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: not a checkpoint: {error}; remove it to begin anew") from None
    if extra["run"] != run:
        raise ModelError(f"{path}: of a run with another config or other data; give another --output, or no --resume")
    model.load_state_dict(_under(tensors, "model."))
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _under(tensors, "optimizer.").items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    if average is not None:
        average.weights = _under(tensors, "average.")
        average.steps, average.triggered = extra["average"]["steps"], extra["average"]["triggered"]
    torch.set_rng_state(tensors["random"])
    now = environment()
    changed = [f"{key} was {old}, is {now[key]}" for key, old in extra["environment"].items() if now[key] != old]
    return Progress(**extra["progress"]), changed


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def epoch_random(seed: int, epoch: int) -> random.Random:
    """The order of an epoch depends on the seed and its number alone, so that a resumed epoch has the same."""
    return random.Random(f"{seed} {epoch}")
