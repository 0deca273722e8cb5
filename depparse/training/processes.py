"""Devices, precision and processes, as `accelerate` finds them: one process, ``torchrun`` or ``accelerate launch``.

Every process has the whole model and learns from its part of each batch. Gradients are added up in one flat vector
rather than by a wrapper around the model. So models need no ``forward`` of a certain form, a batch need not use all of
their weights, and a single process pays nothing.
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
    """The processes of a run, seen from this one. Only the first (`main`) prints, evaluates and writes."""

    def __init__(self) -> None:
        # Without a GPU, accelerate finds several processes only when it is told to run on the processor.
        self._state = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.cuda.is_available())
        self.device: torch.device = self._state.device
        self.number: int = self._state.process_index
        self.count: int = self._state.num_processes
        self.main = self.number == 0
        if self.count > 1:
            # Threads of gloo that outlive the interpreter abort the process at its very end (PyTorch issue 190489).
            atexit.register(end_group)

    def part(self, numbers: Sequence[int]) -> Sequence[int]:
        """The part of a batch that this process takes. It may be empty if there are fewer sentences than processes."""
        return numbers[self.number :: self.count]

    def add(self, values: Tensor) -> Tensor:
        """The sum of `values` over all processes."""
        if self.count > 1:
            values = values.clone()
            distributed.all_reduce(values)
        return values

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replaces each gradient by its sum over all processes."""
        if self.count == 1:
            return
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in trained]
        flat = self.add(torch.cat([gradient.flatten() for gradient in gradients]))
        sums = torch.split(flat, [parameter.numel() for parameter in trained])
        for parameter, gradient in zip(trained, sums, strict=True):
            parameter.grad = gradient.view_as(parameter)

    def tell(self, value: float) -> float:
        """The `value` of the main process, in every process."""
        if self.count == 1:
            return value
        addend = torch.tensor(value if self.main else 0.0, dtype=torch.float64, device=self.device)
        return float(self.add(addend))

    def tell_weights(self, model: nn.Module) -> None:
        """Gives every process the weights of the main one."""
        if self.count > 1:
            for value in model.state_dict().values():
                distributed.broadcast(value, 0)

    def wait(self) -> None:
        """Waits until all processes have come to this call."""
        self._state.wait_for_everyone()


def end_group() -> None:
    """Ends the communication between the processes, if it has not ended yet."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def choose_precision(asked: Precision, device: torch.device, key: str = "training.precision") -> torch.dtype:
    """The type that autocast computes in; float32 stands for no autocast.

    Raises ConfigError, which names the config key `key`, if fp16 is asked for without a GPU.
    """
    if asked == "fp16":
        if device.type == "cpu":
            raise ConfigError(f"config key {key}: fp16 needs a GPU; on a processor there are bf16 and fp32")
        return torch.float16
    bf16 = asked == "bf16" or (asked == "auto" and has_bf16(device))
    return torch.bfloat16 if bf16 else torch.float32


def has_bf16(device: torch.device) -> bool:
    """Whether the device has instructions for bf16. Without them, bf16 would only be slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type != "cpu":
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
