"""Which labels each treebank uses, so that a model of several treebanks annotates in the style of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.features.batch import Ints
from depparse.features.vocabulary import IGNORE


class Usage:
    """The labels that treebanks use, ``used[treebank, label]``. One that uses none is not annotated at all."""

    def __init__(self, used: NDArray[np.bool_]) -> None:
        self.used = used
        self._costs = np.where(used | ~used.any(1, keepdims=True), 0, -np.inf).astype(np.float32)

    @classmethod
    def count(
        cls,
        targets: Iterable[Sequence[int]],
        sources: Iterable[int],
        n_treebanks: int,
        n_labels: int,
        before: Usage | None = None,
    ) -> Usage:
        """The usage in sentences, each with the numbers of its labels (or IGNORE) and the number of its treebank.

        What was used `before` is used still.
        """
        used = np.zeros((n_treebanks, n_labels), np.bool_) if before is None else before.used.copy()
        for numbers, source in zip(targets, sources, strict=True):
            used[source, [number for number in numbers if number != IGNORE]] = True
        return cls(used)

    def annotates(self, source: int) -> bool:
        """Whether the treebank has any label."""
        return bool(self.used[source].any())

    def restrict(self, scores: NDArray[Any], sources: Ints) -> NDArray[Any]:
        """The ``scores[batch, …, labels]``, with -inf for labels that the treebank of ``sources[batch]`` does not use.

        All scores stay those of a treebank that is not annotated.
        """
        costs = self._costs[sources]
        restricted: NDArray[Any] = scores + costs.reshape(len(sources), *[1] * (scores.ndim - 2), costs.shape[1])
        return restricted

    def to_json(self) -> list[list[int]]:
        """The numbers of the labels of each treebank."""
        return [np.flatnonzero(row).tolist() for row in self.used]

    @classmethod
    def from_json(cls, data: Any, n_labels: int) -> Usage:
        """The usage from the data of `to_json`. Raises ValueError or IndexError for labels that there are not."""
        used = np.zeros((len(data), n_labels), np.bool_)
        for row, numbers in zip(used, data, strict=True):
            if any(type(number) is not int or number < 0 for number in numbers):
                raise ValueError("the labels that a treebank uses are numbers, from 0")
            row[numbers] = True
        return cls(used)
