"""Enhanced dependencies by deep biaffine attention (Dozat & Manning 2018, *Simpler but More Accurate Semantic
Dependency Parsing*): the graph has an arc or not, whatever other arcs it has, and each arc has its best label.

Where we differ:

- The graph is the most probable one in which all words are in reach of ROOT (structs/graphs.py), not all
  arcs of positive score.
- Scores of arcs and labels see the basic tree, from which most of the graph follows (layers/trees/kin.py), and
  `syntax` may put layers over the tree between the encoder and the task (layers/trees/syntax.py).
- Labels are scored by a perceptron over linear layers of both words and the vector of the tree, not by a biaffine form
  over perceptrons. They are classes without the lemmas that they name (depparse/features/graph_labels.py), and an arc
  gets only a label that its words can have.
- Scores of arcs are divided by the square root of their width, and their bias makes arcs rare at first.
- The loss of arcs is a mean over words, that of labels a mean over arcs, smoothed; they are not weighted against each
  other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.layers.biaffine import with_one
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.layers.trees.kinship import Kinship
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax import Syntax
from depparse.tasks.enhanced.codec import EnhancedCodec, GraphScores, GraphTargets, KinVectors
from depparse.tasks.task import Network, NetworkType


class Enhanced(nn.Module):
    """A biaffine form for arcs, and a perceptron for labels."""

    Codec = EnhancedCodec

    def __init__(self, codec: EnhancedCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        n_labels, n_relations = len(codec.labels), len(codec.trees.relations)
        self.syntax = Syntax(config.syntax, widths.context, n_relations)
        width = self.syntax.width
        self.represent = nn.ModuleList(
            nn.Sequential(nn.Linear(width, config.arc_width), nn.LeakyReLU(0.1), SharedDropout(config.dropout))
            for _ in range(2)
        )
        self.arcs = nn.Parameter(torch.zeros(config.arc_width + 1, config.arc_width + 1))
        self.arc_bias = nn.Parameter(torch.tensor([-3.0]))  # at first, one arc in twenty: right for twenty words
        self.label_parts = nn.ModuleList(nn.Linear(width, config.label_width) for _ in range(2))
        self.classify = nn.Sequential(nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.label_width, n_labels))
        self.kinship: Kinship | None = None
        if config.tree_width:
            self.kinship = Kinship(config.tree_width, n_relations)
            self.arcs_of_kin = nn.Linear(config.tree_width, 1)
            self.labels_of_kin = nn.Linear(config.tree_width, config.label_width)

    def forward(self, encoded: Encoded, layout: Layout, trees: Arcs[Tensor] | None) -> GraphScores[Tensor]:
        """Scores of all arcs, and vectors for those of labels. O(words²).

        `trees` are read if the config has `tree_width` or `syntax`.
        """
        values = self.syntax(encoded.context, trees, layout)
        dependents, heads = (layers(values) for layers in self.represent)
        mixed = (with_one(dependents) @ self.arcs) / self.codec.config.arc_width**0.5
        arc_scores = (mixed @ with_one(heads).transpose(1, 2)).float().add_(self.arc_bias)
        kin_vectors = None
        if self.kinship is not None and trees is not None:
            kin_vectors = KinVectors(*self.kinship(trees))
            kin_scores = self.arcs_of_kin(kin_vectors.vectors).squeeze(-1).float()
            arc_scores.index_put_(tuple(kin_vectors.pairs.unbind(-1)), kin_scores, accumulate=True)
        # No word depends on padding or on itself.
        arc_scores.masked_fill_(~layout.present[:, None, :], float("-inf"))
        arc_scores.diagonal(dim1=1, dim2=2).fill_(float("-inf"))
        label_dependents, label_heads = (layer(values) for layer in self.label_parts)
        return GraphScores(arc_scores, label_dependents, label_heads, kin_vectors)

    def label_scores(
        self,
        label_dependents: Tensor,
        label_heads: Tensor,
        arcs: Tensor,
        pairs: Tensor | None = None,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """The scores ``[arcs, labels]`` of the labels of ``arcs[arcs, 3]``: sentence, dependent, head.

        The other arguments are those of `GraphScores` and, if it has any, of its `KinVectors`.
        """
        sentence, dependent, head = arcs.unbind(-1)
        values = label_dependents[sentence, dependent] + label_heads[sentence, head]
        if pairs is not None and vectors is not None and len(pairs):
            pair_keys, arc_keys = (_keys(triples, label_heads.shape[1]) for triples in (pairs, arcs))
            index = torch.searchsorted(pair_keys, arc_keys).clamp(max=len(pair_keys) - 1)
            values = values + self.labels_of_kin(vectors[index]) * (pair_keys[index] == arc_keys)[:, None]
        label_scores: Tensor = self.classify(values).float()
        return label_scores

    def loss(self, scores: GraphScores[Tensor], targets: GraphTargets[Tensor]) -> Tensor:
        """The loss of arcs, as a mean over the annotated words, and that of labels, as a mean over the arcs."""
        gold = torch.zeros_like(scores.arc_scores)
        gold[tuple(targets.arcs.unbind(-1))] = 1.0
        possible = scores.arc_scores.isfinite() & targets.annotated[..., None]
        arcs = nn.functional.binary_cross_entropy_with_logits(
            scores.arc_scores[possible], gold[possible], reduction="sum"
        )
        label_scores = self.label_scores(
            scores.label_dependents, scores.label_heads, targets.arcs, *(scores.kin or (None, None))
        )
        labels = cross_entropy(label_scores, targets.labels, self.codec.config.smoothing)
        return arcs / targets.annotated.sum().clamp(min=1) + labels


def _keys(triples: Tensor, size: int) -> Tensor:
    """A number for each of ``triples[triples, 3]``, in the same order; the last two of each are below `size`."""
    return (triples[:, 0] * size + triples[:, 1]) * size + triples[:, 2]


TASK: NetworkType[EnhancedCodec] = Enhanced
if TYPE_CHECKING:
    _network: type[Network[Arcs[Tensor] | None, GraphScores[Tensor], GraphTargets[Tensor]]] = Enhanced
