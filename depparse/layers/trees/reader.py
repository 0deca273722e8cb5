"""Dependency trees as input, without networks: which trees a task reads, and as what numbers. No torch here.

``given`` trees are learned with as they stand in HEAD and DEPREL: gold, or those of any parser. Since a parser's trees
of its own training data are better than those that it will give later, `depparse.training.jackknife` makes trees of
parsers that did not see the sentences. ``own`` trees are what the model's parser predicts in the same forward pass, in
training too (so at first bad ones, and with its units dropped); decoded exactly, and without a gradient through the
decision. When the model is used, both are the same: the trees of its parser, or if that is switched off or there is
none, those that the sentences have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import PlainValidator, SerializeAsAny

from depparse.document.sentence import Sentence
from depparse.document.ud import RELATIONS
from depparse.errors import ConfigError
from depparse.features.batch import Batch
from depparse.features.vocabulary import Vocabulary
from depparse.registry import PartConfig, Registry

# Layers over trees, see syntax.py. Their files are imported, and torch with them, where a config names one.
LAYERS = Registry("depparse.layers.trees", "SYNTAX", "depparse.syntax")
SyntaxConfig = Annotated[
    SerializeAsAny[PartConfig] | None,
    PlainValidator(lambda value: None if value in (None, "none") else LAYERS.read(value)),
]

Array = TypeVar("Array")  # of NumPy or of torch
TreeSource = Literal["given", "own"]


class Arcs(NamedTuple, Generic[Array]):
    """The trees of a batch. A word without a head, ROOT and padding have 0 everywhere."""

    heads: Array  # [batch, words]: place of the head
    relations: Array  # [batch, words]: number of the relation, 0 if it is not known
    known: Array  # [batch, words, 1]: True at words that have a head


class TreeReader:
    """Trees as numbers. The relations are those of the training data; a subtype that they lack is read as its universal
    relation."""

    def __init__(self, relations: Vocabulary) -> None:
        self.relations = relations

    def arcs(self, batch: Batch) -> Arcs[Any]:
        """The trees that the batch has for tasks to read, as arrays."""
        heads, relations = np.zeros((2, *batch.shape), np.int64)
        known = np.zeros(batch.shape, np.bool_)
        for number, tree in enumerate(batch.trees):
            words = slice(1, len(tree.heads) + 1)
            heads[number, words] = [head or 0 for head in tree.heads]
            relations[number, words] = list(map(self._number, tree.labels))
            known[number, words] = [head is not None for head in tree.heads]
        return Arcs(heads, relations * known, known[..., None])

    def _number(self, relation: str) -> int:
        return self.relations.number(relation, self.relations.number(relation.partition(":")[0]))

    def to_json(self) -> list[str]:
        """The relations."""
        return self.relations.items

    @classmethod
    def from_json(cls, data: list[str]) -> TreeReader:
        """The reader of the relations in `data`."""
        return cls(Vocabulary(data, reserved=1))


def count_relations(config: PartConfig | None, sentences: Iterable[Sentence], trees: TreeSource) -> Vocabulary:
    """The relations of the sentences, for `TreeReader`; none if there is no config of layers. 0 is the unknown one.

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
