"""Pretrained vectors, looked up and projected in NumPy, without torch; see network.py."""

from __future__ import annotations

import numpy as np

from depparse.encoders.vectors.codec import RESERVED, VectorsCodec
from depparse.encoders.words.codec import ROOT
from depparse.features.batch import Batch, Ints
from depparse.layers.graph import Array, Graphs
from depparse.layers.stored import StoredWeights


class VectorsGraph:
    """The table of vectors and their projection."""

    def __init__(self, codec: VectorsCodec, weights: StoredWeights, graphs: Graphs) -> None:
        self.width = codec.config.width
        self._special = weights.array("special", RESERVED, self.width)
        weights.check("pretrained.weight", len(codec.vocabulary.items), codec.units)
        self._rows = weights.under("pretrained")
        values = graphs.parameter(-1, codec.units)
        self._project = graphs.compile([values], [graphs.linear(values, weights.under("project"))], by_row=True)

    def __call__(self, numbers: Ints, _batch: Batch) -> list[Array]:
        """The projected vectors, ``[batch, words, width]``."""
        (projected,) = self._project(self._rows.rows("weight", (numbers - RESERVED).clip(min=0)))
        special = self._special[numbers.clip(max=ROOT)]
        return [np.where((numbers < RESERVED)[..., None], special, projected)]


GRAPH = VectorsGraph
