"""Devices, precision and processes, as `accelerate` finds them: one process, ``torchrun`` or ``accelerate launch``.

Every process has the whole model and learns from its part of each batch. Gradients are added up in one flat vector
rather than by a wrapper around the model: so models need no ``forward`` of a certain form, parts of it may be unused in
a batch, and a single process pays nothing.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from torch import Tensor, distributed, nn

from depparse.errors import ConfigError

Precision = Literal["auto", "fp32", "bf16", "fp16"]


class Processes:
    """All processes of the run, and which of them this is. The first (`main`) alone prints, evaluates and writes."""

    def __init__(self) -> None:
        # Several processes without a GPU are only found when a processor is asked for.
        self._state = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.cuda.is_available())
        self.device: torch.device = self._state.device
        self.number: int = self._state.process_index
        self.count: int = self._state.num_processes
        self.main = self.number == 0
        if self.count > 1:
            # Threads of gloo that outlive the interpreter abort the process at its very end (PyTorch issue 190489).
            atexit.register(end_group)

    def part(self, numbers: Sequence[int]) -> Sequence[int]:
        """What this process takes of a batch; nothing, if there are fewer sentences than processes."""
        return numbers[self.number :: self.count]

    def add(self, values: Tensor) -> Tensor:
        """The sum of `values` over all processes."""
        if self.count > 1:
            values = values.clone()
            distributed.all_reduce(values)
        return values

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Makes each gradient the sum of those of all processes."""
        if self.count == 1:
            return
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in learning]
        flat = self.add(torch.cat([gradient.flatten() for gradient in gradients]))
        parts = torch.split(flat, [parameter.numel() for parameter in learning])
        for parameter, part in zip(learning, parts, strict=True):
            parameter.grad = part.view_as(parameter)

    def tell(self, value: float) -> float:
        """The value that the main process has."""
        if self.count == 1:
            return value
        told = torch.tensor(value if self.main else 0.0, dtype=torch.float64, device=self.device)
        return float(self.add(told))

    def tell_weights(self, model: nn.Module) -> None:
        """Gives every process the weights of the main one."""
        if self.count > 1:
            for value in model.state_dict().values():
                distributed.broadcast(value, 0)

    def wait(self) -> None:
        """Until all processes are here."""
        self._state.wait_for_everyone()


def end_group() -> None:
    """Ends the communication between the processes, if it has not ended yet."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def choose_precision(asked: Precision, device: torch.device, key: str = "training.precision") -> torch.dtype:
    """The type of autocast; float32 is none. ConfigError, which names the config `key`, for fp16 without a GPU."""
    if asked == "fp16":
        if device.type == "cpu":
            raise ConfigError(f"config key {key}: fp16 needs a GPU; on a processor there are bf16 and fp32")
        return torch.float16
    bf16 = asked == "bf16" or (asked == "auto" and has_bf16(device))
    return torch.bfloat16 if bf16 else torch.float32


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 itself; where it does not, bf16 is only slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type != "cpu":
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
