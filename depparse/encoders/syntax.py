"""Dependency trees as input: layers that a task puts between the encoder and itself.

A layer is a file of this folder (see registry.py) with a class ``SYNTAX`` of `(config, input width, number of
relations)`: `Config`, `width`, and `forward(values, arcs, lengths)`, which gives ``[batch, words, width]``. A task has
them in two lines: ``self.syntax = Syntax(config.syntax, encoder.width, relations)``, and
``values = self.syntax(encoded.context, batch)``. It says by an attribute `reads_trees` which trees it learns with, and
the model (model.py) then gives it those of its parser where it has one.

``given`` trees are learned with as they stand in HEAD and DEPREL: gold, or those of any parser. Since a parser's trees
of its own training data are better than those that it will give later, `depparse.training.jackknife` makes trees of
parsers that did not see the sentences. ``own`` trees are what the model's parser predicts in the same forward pass, in
training too (so at first bad ones, and with its units dropped); decoded exactly, and without a gradient through the
decision. When the model is used, both are the same: the trees of its parser, or if that is switched off or there is
none, those that the sentences have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import PlainValidator, SerializeAsAny
from torch import Tensor, nn

from depparse.data.batching import Batch
from depparse.data.fields import Vocabulary
from depparse.data.sentence import Sentence
from depparse.data.ud import RELATIONS
from depparse.errors import ConfigError
from depparse.registry import PartConfig, Registry

SYNTAX = Registry("depparse.encoders", "SYNTAX", "depparse.syntax")
SyntaxConfig = Annotated[
    SerializeAsAny[PartConfig] | None,
    PlainValidator(lambda value: None if value in (None, "none") else SYNTAX.read(value)),
]
TreeSource = Literal["given", "own"]


class Arcs(NamedTuple):
    """The trees of a batch. A word without a head, ROOT and padding have 0 everywhere."""

    heads: Tensor  # [batch, words]: place of the head
    relations: Tensor  # [batch, words]: number of the relation, 0 if it is not known
    known: Tensor  # [batch, words, 1]: True at words that have a head

    def at_heads(self, values: Tensor) -> Tensor:
        """``values[batch, words, width]`` of the head of each word; zeros where there is none."""
        chosen = values.gather(1, self.heads[..., None].expand(-1, -1, values.shape[-1]))
        return chosen * self.known.to(values.dtype)

    def sum_to_heads(self, values: Tensor) -> Tensor:
        """The sum of ``values[batch, words, width]`` over the dependents of each word and of ROOT."""
        places = self.heads[..., None].expand_as(values)
        return torch.zeros_like(values).scatter_add(1, places, values * self.known.to(values.dtype))


class Syntax(nn.Module):
    """``[batch, words, input width]`` to ``[batch, words, width]``: what layers over trees make of it, after the input
    itself; without a config, the input alone.

    The papers have the layers' output in place of their input. Beside it they learn faster, and can only add to it.
    The relations are those of the training data; a subtype that they lack is read as its universal relation.
    """

    def __init__(self, config: PartConfig | None, input_width: int, relations: Vocabulary) -> None:
        super().__init__()
        self.relations = relations
        self.layers = SYNTAX[config.type](config, input_width, len(relations)) if config is not None else None
        self.width = input_width + (self.layers.width if self.layers is not None else 0)

    def forward(self, values: Tensor, batch: Batch) -> Tensor:
        if self.layers is None:
            return values
        return torch.cat([values, self.layers(values, self.arcs(batch), batch.lengths)], -1)

    def arcs(self, batch: Batch) -> Arcs:
        """The trees that the batch has for tasks to read."""
        heads, relations = torch.zeros(2, *batch.mask.shape, dtype=torch.long)
        known = torch.zeros(batch.mask.shape, dtype=torch.bool)
        for number, tree in enumerate(batch.trees):
            words = slice(1, len(tree.heads) + 1)
            heads[number, words] = torch.tensor([head or 0 for head in tree.heads])
            relations[number, words] = torch.tensor(list(map(self._number, tree.labels)))
            known[number, words] = torch.tensor([head is not None for head in tree.heads])
        device = batch.mask.device
        return Arcs(heads.to(device), (relations * known).to(device), known[..., None].to(device))

    def _number(self, relation: str) -> int:
        return self.relations.number(relation, self.relations.number(relation.partition(":")[0]))


def count_relations(config: PartConfig | None, sentences: Iterable[Sentence], trees: TreeSource) -> Vocabulary:
    """The relations of the sentences, for `Syntax`; none if there is no config for it. 0 is the unknown one.

    Of a parser's `own` trees the sentences need not have any: the universal ones are known too. Raises ConfigError if
    trees are to be `given` and no sentence has a relation.
    """
    if config is None:
        return Vocabulary([], reserved=1)
    cells = (cell for sentence in sentences for cell in sentence.columns.get("DEPREL", ()) if cell != "_")
    relations = Vocabulary.count(cells, reserved=1)
    if trees == "own":
        return Vocabulary([*relations.items, *(name for name in RELATIONS if name not in relations)], reserved=1)
    if not relations.items:
        raise ConfigError(
            f"{config.type} reads given trees, but the training data has no relations (DEPREL); "
            "give data with trees, or trees = own beside a parser"
        )
    return relations
