"""Dependency trees as input, without networks: which trees a task reads, and how they become numbers. No torch here.

In training, ``given`` trees are those in HEAD and DEPREL: gold, or from any parser. Since a parser's trees of its own
training data are better than those that it will give later, `depparse.training.jackknife` makes trees by parsers that
did not see the sentences. ``own`` trees are those that the model's parser predicts in the same forward pass, also in
training; so they are bad at first, and made with dropout. They are decoded exactly, and no gradient flows through the
decision. When the model is used, both are the same: the trees of its parser, or those of the sentences if the parser is
switched off or the model has none.
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

    heads: Array  # [batch, words]: number of the head in its sentence
    relations: Array  # [batch, words]: number of the relation, 0 if it is not known
    known: Array  # [batch, words, 1]: True at words that have a head


class TreeReader:
    """Turns trees into numbers. The relations are those of the training data.

    A subtype that the training data lacks is read as its universal relation.
    """

    def __init__(self, relations: Vocabulary) -> None:
        self.relations = relations

    def arcs(self, batch: Batch) -> Arcs[Any]:
        """The trees that the batch has for tasks to read, as arrays."""
        heads, relations = np.zeros((2, *batch.shape), np.int64)
        has_head = np.zeros(batch.shape, np.bool_)
        for number, tree in enumerate(batch.trees):
            words = slice(1, len(tree.heads) + 1)
            heads[number, words] = [head or 0 for head in tree.heads]
            relations[number, words] = list(map(self._number, tree.labels))
            has_head[number, words] = [head is not None for head in tree.heads]
        return Arcs(heads, relations * has_head, has_head[..., None])

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
    """The relations of the sentences, for `TreeReader`; none without a `config` of layers. Unknown ones have number 0.

    If `trees` are the parser's `own`, the universal relations are added, and the sentences need not have any. Raises
    ConfigError if trees are `given` and no sentence has a relation.
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
