"""The optimizer, its learning rate, and averages of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from depparse.config import Config
from depparse.encoders.input import HasLayers, HasPretrained


class OptimizerConfig(Config):
    """AdamW or plain SGD, with warm-up and decay."""

    kind: Literal["adamw", "sgd"] = "adamw"  # sgd needs a learning rate of its own, some hundred times that of adamw
    learning_rate: float = Field(2e-3, gt=0)  # of everything but a pretrained encoder
    pretrained_learning_rate: float = Field(5e-5, gt=0)  # of a pretrained encoder
    # The rate of each layer of a pretrained encoder is that of the layer above, times this (Clark et al. 2020: 0.8 or
    # 0.9 for ELECTRA); the embeddings are the lowest layer. 1: all layers have the same rate.
    layer_decay: float = Field(1.0, gt=0, le=1, exclude_if=lambda decay: decay == 1)
    warmup: float = Field(0.1, ge=0, le=1)  # share of all steps in which the learning rate rises
    decay: Literal["cosine", "linear", "none"] = "cosine"
    floor: float = Field(0.05, ge=0, le=1)  # share of the learning rate that the decay ends at
    weight_decay: float = Field(0.01, ge=0)  # of matrices; vectors (biases, norms) have none
    beta2: float = Field(0.95, gt=0, lt=1)
    clip: float = Field(2.0, gt=0)  # largest norm of the gradient
    average: Literal["ema", "asgd", "none"] = "ema"
    ema_decay: float = Field(0.998, ge=0, lt=1)  # share of the average that is kept in each step
    # Evaluations: asgd begins to average once dev is worse than its best score before the last so many evaluations.
    trigger: int = Field(5, ge=0)


def make_optimizer(model: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """The optimizer of the trained weights, in groups: pretrained (in which layer) or not, with weight decay or not."""
    modules = list(model.modules())
    pretrained = {
        id(weight): 0
        for module in modules
        if isinstance(module, HasPretrained)
        for weight in module.pretrained_parameters()
    }
    if config.layer_decay < 1:
        inputs = [module for module in modules if isinstance(module, HasLayers)]
        pretrained |= {id(weight): above for module in inputs for weight, above in module.layers_above()}
    groups: dict[tuple[bool, int, bool], list[Tensor]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            above = pretrained.get(id(parameter))
            groups.setdefault((above is not None, above or 0, parameter.dim() > 1), []).append(parameter)
    settings = []
    for (is_pretrained, above, is_matrix), parameters in sorted(groups.items()):
        rate = config.pretrained_learning_rate * config.layer_decay**above if is_pretrained else config.learning_rate
        weight_decay = config.weight_decay if is_matrix else 0.0
        settings.append({"params": parameters, "full_rate": rate, "lr": rate, "weight_decay": weight_decay})
    if config.kind == "sgd":
        return torch.optim.SGD(settings, lr=config.learning_rate)
    return torch.optim.AdamW(settings, betas=(0.9, config.beta2), fused=True)  # one pass over each tensor


def rate_at(step: int, steps: int, config: OptimizerConfig) -> float:
    """The fraction of the full learning rate at `step` (from 0) of `steps`."""
    warmup = int(steps * config.warmup)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if config.decay == "none":
        return 1.0
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    shape = 0.5 * (1 + math.cos(math.pi * progress)) if config.decay == "cosine" else 1 - progress
    return config.floor + (1 - config.floor) * shape


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Sets the learning rate of each group of `make_optimizer` to the fraction `rate` of its full one."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["full_rate"]


def non_monotonic(scores: Sequence[float], n: int) -> bool:
    """Whether the last of `scores` is worse than the best of those more than `n` evaluations before it.

    This is the trigger of NT-ASGD (Merity, Keskar & Socher 2018, *Regularizing and Optimizing LSTM Language Models*,
    algorithm 1, n = 5). As in the authors' program, the best is that of all earlier scores but the last n.
    """
    return len(scores) > n + 1 and scores[-1] < max(scores[: -1 - n])


class Average:
    """A running average of a model's weights: exponential ("ema"), or the mean since a trigger ("asgd").

    The averaged SGD of Merity et al. (2018) returns the mean of the weights after each step from T on, where T is the
    step of the evaluation that triggers it (`non_monotonic`); until then the weights themselves are the average. The
    authors use it with plain SGD and a constant learning rate (``kind = "sgd"``, ``decay = "none"``); here AdamW can
    have it too.
    """

    def __init__(self, model: nn.Module, kind: Literal["ema", "asgd"], decay: float) -> None:
        self.kind, self.decay, self.steps = kind, decay, 0
        self.triggered = kind == "ema"
        self.weights = {name: value.detach().clone() for name, value in _floats(model)}

    def trigger(self) -> None:
        """Begins the mean with the present weights. This cannot be undone."""
        if not self.triggered:
            self.triggered, self.steps = True, 1

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Adds the weights of `model` to the average; to be called after each step of the optimizer."""
        self.steps += 1 if self.triggered else 0
        if not self.triggered:
            keep = 0.0
        elif self.kind == "ema":
            # The memory is short at first, so that the random start is soon forgotten.
            keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        else:
            keep = (self.steps - 1) / self.steps
        for name, value in _floats(model):
            self.weights[name].lerp_(value, 1 - keep)

    @contextmanager
    def inside(self, model: nn.Module) -> Iterator[None]:
        """Gives the model the average as its weights within the block."""
        self._swap(model)
        try:
            yield
        finally:
            self._swap(model)

    @torch.no_grad()
    def _swap(self, model: nn.Module) -> None:
        for name, value in _floats(model):
            copy = value.clone()
            value.copy_(self.weights[name])
            self.weights[name].copy_(copy)


def _floats(model: nn.Module) -> Iterable[tuple[str, Tensor]]:
    """The weights that change in training. Frozen parameters, which may be most of a model, are left out."""
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    values = model.state_dict().items()
    return ((name, value) for name, value in values if value.dtype.is_floating_point and name not in frozen)
