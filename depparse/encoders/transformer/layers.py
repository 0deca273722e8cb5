"""The layers of a pretrained network of any type: which weights they have, and how they are computed in training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from depparse.errors import ConfigError


def layer_lists(network: nn.Module, n_layers: int) -> list[nn.ModuleList]:
    """The lists that have a module for each layer; most networks have one, and XLM has one for each part of a layer.

    Networks whose layers share their weights have a list of what they share instead.
    """
    lists = [(name, each) for name, each in network.named_modules() if isinstance(each, nn.ModuleList)]
    full = [(name, each) for name, each in lists if len(each) == n_layers] or lists[:1]
    return [
        each
        for name, each in full
        if not any(name.startswith(f"{outer}.") for outer, _ in full)  # such as the experts inside a layer
    ]


def layers_above(network: nn.Module, n_layers: int) -> Iterator[tuple[nn.Parameter, int]]:
    """Each weight, with the number of layers above its own; the embeddings are below all `n_layers`.

    What a network has after its layers, and layers that share their weights, are at the top.
    """
    above: dict[int, int] = {}
    for layers in layer_lists(network, n_layers):
        for number, layer in enumerate(reversed(layers)):
            for weight in layer.parameters():
                above.setdefault(id(weight), number)
    reached = False
    for weight in network.parameters():
        reached = reached or id(weight) in above
        yield weight, above.get(id(weight), 0 if reached else n_layers)


def recompute(network: nn.Module, n_layers: int) -> None:
    """Makes the backward pass compute the layers again, instead of keeping their activations in memory.

    Raises ConfigError if the layers are in parts: those of XLM keep what they compute for the next word of a text.
    """
    layers, *further = layer_lists(network, n_layers)
    if further:
        raise ConfigError("recompute is for layers that are whole, and this type of transformer has them in parts")
    for layer in layers:
        layer.forward = partial(_recomputed, layer.forward)


def _recomputed(layer: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    """What the layer gives. The backward pass computes it again, with the same dropout; only its inputs are kept."""
    if not torch.is_grad_enabled():
        return layer(*inputs, **options)
    return checkpoint(layer, *inputs, use_reentrant=False, preserve_rng_state=True, **options)
