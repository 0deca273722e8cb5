"""Layers over dependency trees, which a task puts between the encoder and itself.

A layer is a folder or a file beside this one (see registry.py) with a class ``SYNTAX``, which is called with `(config,
input width, number of relations)`. It has a `width`, and `forward(values, arcs, lengths)`, which gives ``[batch, words,
width]``; `arcs` are the `Arcs` of reader.py. The class of its settings is ``CONFIG`` in config.py of a folder, or the
attribute ``Config`` of the layer's class in a file. The codec of a task reads trees by a `TreeReader`; its network has
``self.syntax = Syntax(config.syntax, widths.context, len(relations))`` and
``values = self.syntax(encoded.context, arcs, layout)``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.layers.tensors import Layout
from depparse.layers.trees.reader import LAYERS, Arcs
from depparse.registry import PartConfig


def at_heads(arcs: Arcs[Tensor], values: Tensor) -> Tensor:
    """For each word, ``values[batch, words, width]`` of its head; zeros if it has no head."""
    head_values = values.gather(1, arcs.heads[..., None].expand(-1, -1, values.shape[-1]))
    return head_values * arcs.known.to(values.dtype)


def sum_to_heads(arcs: Arcs[Tensor], values: Tensor) -> Tensor:
    """The sum of ``values[batch, words, width]`` over the dependents of each word and of ROOT."""
    heads = arcs.heads[..., None].expand_as(values)
    return torch.zeros_like(values).scatter_add(1, heads, values * arcs.known.to(values.dtype))


class Syntax(nn.Module):
    """Appends the output of layers over trees to their input; without a config, it gives the input alone.

    That is ``[batch, words, input width]`` to ``[batch, words, width]``. In the papers, the layers' output replaces
    their input; here both are kept. Whether that helps depends on the trees: gold ones helped entities and roles,
    predicted ones only roles (benchmarks/README.md, "Syntax as input").
    """

    def __init__(self, config: PartConfig | None, input_width: int, n_relations: int) -> None:
        super().__init__()
        self.layers = LAYERS[config.type](config, input_width, n_relations) if config is not None else None
        self.width = input_width + (self.layers.width if self.layers is not None else 0)

    def forward(self, values: Tensor, arcs: Arcs[Tensor] | None, layout: Layout) -> Tensor:
        """The input and the layers' output, side by side; `arcs` may be None if there are no layers."""
        if self.layers is None:
            return values
        return torch.cat([values, self.layers(values, arcs, layout.lengths)], -1)
