"""Adapters of low rank (Hu et al. 2022, *LoRA: Low-Rank Adaptation of Large Language Models*).

Beside each linear layer of a pretrained network, whose weights stay as they are, a product of two small matrices is
learned and added to them. Only these have gradients and states of the optimizer. Saved models have the sums as their
weights, so that nothing that reads them knows of adapters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

_NAME = "adapter"  # of the module inside the layer that it belongs to


class LowRank(nn.Module):
    """The learned change of a linear layer, from ``[…, inputs]`` to ``[…, outputs]``; zero at first."""

    def __init__(self, inputs: int, outputs: int, rank: int, alpha: float, dropout: float) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.empty(rank, inputs))
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        self.dropout, self.scale = nn.Dropout(dropout), alpha / rank
        nn.init.kaiming_uniform_(self.down, math.sqrt(5))

    def forward(self, values: Tensor) -> Tensor:
        """What is added to the output of the layer."""
        return nn.functional.linear(nn.functional.linear(self.dropout(values), self.down), self.up) * self.scale

    def matrix(self) -> Tensor:
        """What the layer's weights ``[outputs, inputs]`` are changed by."""
        return self.up @ self.down * self.scale


def add_adapters(networks: Iterable[nn.Module], rank: int, alpha: float, dropout: float) -> int:
    """Gives each linear layer inside the `networks` an adapter, and returns the number of these layers.

    The change is multiplied by `alpha` / `rank`.
    """
    linear: dict[int, Any] = {
        id(layer): layer for network in networks for layer in network.modules() if _is_linear(layer)
    }
    for layer in linear.values():
        outputs, inputs = layer.weight.shape if isinstance(layer, nn.Linear) else layer.weight.shape[::-1]
        layer.register_module(_NAME, LowRank(inputs, outputs, rank, alpha, dropout).to(layer.weight))
        layer.register_forward_hook(_add)
    return len(linear)


def merged_state(network: nn.Module) -> dict[str, Tensor]:
    """The weights of the network by name, in which those of adapters are added to those of their layers."""
    weights: dict[str, Tensor] = dict(network.state_dict())
    for name, layer in network.named_modules():
        adapter = getattr(layer, _NAME, None)
        if isinstance(adapter, LowRank):
            change = adapter.matrix().detach()
            weights[f"{name}.weight"] = weights[f"{name}.weight"] + (
                change if isinstance(layer, nn.Linear) else change.T
            )
            for parameter, _ in adapter.named_parameters():
                del weights[f"{name}.{_NAME}.{parameter}"]
    return weights


def _is_linear(layer: nn.Module) -> bool:
    """Whether it is a linear layer; GPT-2 and its like have a class with the transposed weights for it."""
    return isinstance(layer, nn.Linear) or type(layer).__name__ == "Conv1D"


def _add(layer: Any, inputs: tuple[Tensor, ...], output: Any) -> Any:
    """Adds the change. What chooses experts is a linear layer too, but gives several things, and is left as it is."""
    return output + layer.adapter(inputs[0]) if isinstance(output, Tensor) else output
