"""Checkpoints. Each is one safetensors file with all that a run needs to go on as if it had never stopped."""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from depparse.errors import ModelError
from depparse.model_folder.weights import write_tensors
from depparse.training.optim import Average


@dataclass
class Progress:
    """How far a run has come. Epochs count from 0; `done` steps of the current epoch are finished."""

    epoch: int = 0
    done: int = 0
    step: int = 0
    best: float = -1.0  # best dev score so far
    bad: int = 0  # evaluations since the best
    seconds: float = 0.0  # spent in training, in all sessions
    scores: list[float] = field(default_factory=list)  # of all evaluations
    # Since the last evaluation:
    words: int = 0
    learning: float = 0.0  # seconds spent in steps, without evaluations and checkpoints
    losses: dict[str, float] = field(default_factory=dict)  # sums over words, by task
    rate: float = 0.0  # learning rate of the last step

    def add(self, words: int, losses: dict[str, float], seconds: float, rate: float) -> None:
        """Counts a step: `words` of its batches, mean `losses` per word by task, its `seconds`, its learning `rate`."""
        self.step += 1
        self.done += 1
        self.words += words
        self.learning += seconds
        self.rate = rate
        for name, loss in losses.items():
            self.losses[name] = self.losses.get(name, 0.0) + loss * words


def environment(model: nn.Module) -> dict[str, str]:
    """The software, hardware and settings on which the last bits of a result depend."""
    return {
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "device": next(model.parameters()).device.type,
        "processes": os.environ.get("WORLD_SIZE", "1"),
    }


@dataclass
class State:
    """All that changes in training, except the states of the random number generators."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average | None
    scaler: torch.amp.GradScaler  # of losses, for fp16
    progress: Progress = field(default_factory=Progress)


def save_checkpoint(path: Path, state: State, run: str) -> None:
    """Writes a checkpoint beside `path`, then renames it, so that a run killed at any moment leaves a whole one.

    `run` is the fingerprint of the run's config and data. Raises ModelError if it cannot be written.
    """
    tensors = {f"model.{name}": value.contiguous() for name, value in state.model.state_dict().items()}
    entries = state.optimizer.state_dict()["state"]
    tensors |= {f"optimizer.{n}.{key}": value for n, entry in entries.items() for key, value in entry.items()}
    metadata: dict[str, Any] = {
        "progress": asdict(state.progress),
        "environment": environment(state.model),
        "run": run,
    }
    metadata["scaler"] = state.scaler.state_dict()
    if state.average is not None:
        tensors |= {f"average.{name}": value for name, value in state.average.weights.items()}
        metadata["average"] = {"steps": state.average.steps, "triggered": state.average.triggered}
    tensors["random"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random_cuda"] = torch.cuda.get_rng_state()
    temporary = path.with_name(path.name + ".part")
    write_tensors(temporary, tensors, {"depparse": json.dumps(metadata)})
    os.replace(temporary, path)


def load_checkpoint(path: Path, state: State, run: str) -> list[str]:
    """Restores `state` from a checkpoint. Returns the changes for which the result's last bits may differ.

    Raises ModelError if the file is no checkpoint, or if its run has another fingerprint than `run`.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = json.loads(file.metadata()["depparse"])
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata["run"] != run:
            raise ModelError(
                f"{path}: is the checkpoint of a run with another config or other data; "
                "resume with those, or give another --output"
            )
        return _restore(state, metadata, tensors)
    except ModelError:
        raise
    except Exception as error:  # what a damaged file may hold is without end
        raise ModelError(f"{path}: not a checkpoint: {error}; remove it to begin anew") from None


def _restore(state: State, metadata: dict[str, Any], tensors: dict[str, Tensor]) -> list[str]:
    """Restores `state` from the contents of a checkpoint; returns the changes of the environment."""
    state.model.load_state_dict(_with_prefix(tensors, "model."))
    entries: dict[int, dict[str, Tensor]] = {}
    for name, value in _with_prefix(tensors, "optimizer.").items():
        number, _, key = name.partition(".")
        entries.setdefault(int(number), {})[key] = value
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": entries})
    state.scaler.load_state_dict(metadata["scaler"])
    if state.average is not None:
        for name, value in _with_prefix(tensors, "average.").items():
            state.average.weights[name].copy_(value)
        state.average.steps, state.average.triggered = metadata["average"]["steps"], metadata["average"]["triggered"]
    torch.set_rng_state(tensors["random"])
    if "random_cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random_cuda"])
    state.progress = Progress(**metadata["progress"])
    now = environment(state.model)
    return [f"{key} was {old}, is {now[key]}" for key, old in metadata["environment"].items() if now.get(key) != old]


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, by their names without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def epoch_random(seed: int, epoch: int) -> random.Random:
    """The random numbers that order an epoch. They depend only on seed and epoch, so a resumed epoch has the same."""
    return random.Random(f"{seed} {epoch}")
