"""All trees of a sentence by its scores: how probable arcs and relations are, and which trees are the best.

A tree has probability ∝ exp(sum of the scores of its arcs) among the permitted trees: those with one root, without
crossing arcs if `projective`, that satisfy the constraints. Scores may be normalized to log-probabilities over the
heads of each word or not: neither the probabilities nor the order of trees change, because each tree has one arc for
each word, so its sum changes by the same number as that of any other tree.

A relation depends on its arc alone: p(arc, relation) = p(arc) · p(relation | arc). So if the relation of a word is
given and its head is open, the relation is evidence for the head: log p(relation | arc) is added to the scores of the
word's arcs, and all results are then exact, given that relation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from depparse.errors import DepparseError
from depparse.structs import inside_outside, matrix_tree
from depparse.structs.checks import ArcScores, Floats, Integers
from depparse.structs.constraints import Constraints, constrain
from depparse.structs.eisner import MAX_LENGTH
from depparse.structs.k_best import ScoredTree, k_best

# From ``words[n]`` and ``heads[n, candidates]``: log p(relation | arc) as ``[n, candidates, labels]``.
LabelModel = Callable[[Integers, Integers], Floats]

_TREES = 64  # trees whose arcs are labelled at once


@dataclass(slots=True)
class Tree:
    """Heads and relations of the words of a sentence; probabilities are None unless asked for."""

    heads: list[int]
    labels: list[str]
    log_probability: float | None = None  # of the heads
    arc_probabilities: list[float] | None = None  # for each word, of its arc
    label_probabilities: list[float] | None = None  # for each word, of its arc with its relation


class ParseAnalysis:
    """All trees of a sentence. Results are computed when they are first asked for, and kept.

    `labels` are the names of the label axis. Position 0 of the word axis is ROOT. A sentence without words has one
    tree, the empty one. Errors are DepparseErrors whose messages begin with `name`.
    """

    def __init__(
        self,
        name: str,
        arc_scores: ArcScores,
        labels: Sequence[str],
        label_model: LabelModel,
        constraints: Constraints | None = None,
        *,
        projective: bool = False,
        max_projective_length: int = MAX_LENGTH,
    ) -> None:
        self.name, self.labels = name, tuple(labels)
        self.projective, self._longest = projective, max_projective_length
        self._label_model = label_model
        self._numbers = {label: number for number, label in enumerate(self.labels)}
        self._unconstrained = arc_scores
        self._constraints = constraints or Constraints()

    @cached_property
    def arc_scores(self) -> Floats:
        """The scores under the constraints, ``[dependents, heads]``, float64; -inf for forbidden arcs."""
        constraints = self._constraints
        with self._named():
            return constrain(self._with_evidence(), required=constraints.required, forbidden=constraints.forbidden)

    def __len__(self) -> int:
        """Number of words."""
        return len(self._unconstrained) - 1

    @cached_property
    def arc_probabilities(self) -> Floats:
        """The probability of each arc, ``[dependents, heads]``. Rows of words sum to 1, row 0 is 0. O(words³)."""
        scores = self.arc_scores
        with self._named():
            if self.projective:
                return inside_outside.arc_marginals(scores, max_length=self._longest)
            return matrix_tree.arc_marginals(scores)

    @cached_property
    def label_probabilities(self) -> Floats:
        """The probability of each arc with each relation, ``[dependents, heads, labels]``. O(words² · labels) memory.

        Over labels they sum to `arc_probabilities`, but to 0 at a word whose given relation is not in `labels`.
        """
        size = len(self.arc_scores)
        words = np.arange(1, size)
        all_heads = np.broadcast_to(np.arange(size), (size - 1, size))
        joint = np.zeros((size, size, len(self.labels)))
        joint[1:] = self.arc_probabilities[1:, :, None] * self._conditional(words, all_heads)
        return joint

    @cached_property
    def log_partition(self) -> float:
        """The logarithm of the sum over all trees of exp(sum of `arc_scores`). O(words³)."""
        scores = self.arc_scores
        with self._named():
            if self.projective:
                return inside_outside.log_partition(scores, max_length=self._longest)
            return matrix_tree.log_partition(scores)

    @cached_property
    def best(self) -> Tree:
        """The best tree, each arc with its most probable relation. O(words²), O(words³) if projective."""
        return self._label(self._k_best(1))[0]

    def trees(self, k: int) -> list[Tree]:
        """The k best trees, best first, with their log-probabilities; fewer if there are fewer. The result is exact.

        They are different assignments of heads. O(k · words³), O(k · words⁴) if projective.
        """
        scored = self._k_best(k)
        return [
            replace(tree, log_probability=min(0.0, score - self.log_partition))
            for tree, (_, score) in zip(self._label(scored), scored, strict=True)
        ]

    def with_probabilities(self, tree: Tree) -> Tree:
        """The tree with the probability of each of its arcs, and of each arc with its relation, over all trees."""
        words = np.arange(1, len(self) + 1)
        heads = np.array(tree.heads, np.int64)
        arcs = self.arc_probabilities[words, heads]
        conditional = self._conditional(words, heads[:, None])[:, 0]
        relations = [
            1.0 if word in self._constraints.labels else conditional[word - 1, self._numbers[label]]
            for word, label in enumerate(tree.labels, 1)
        ]
        return replace(tree, arc_probabilities=arcs.tolist(), label_probabilities=(arcs * relations).tolist())

    def _k_best(self, k: int) -> list[ScoredTree]:
        """The k best trees, without relations."""
        scores = self.arc_scores
        with self._named():
            return k_best(scores, k, projective=self.projective, max_projective_length=self._longest)

    def _label(self, trees: Sequence[ScoredTree]) -> list[Tree]:
        """The trees with the most probable relation of each arc, or the given one. A few at a time bound the memory."""
        labelled: list[Tree] = []
        words = np.arange(1, len(trees[0].heads))
        for first in range(0, len(trees), _TREES):
            heads = np.stack([tree.heads[1:] for tree in trees[first : first + _TREES]], axis=1)
            best = self._label_model(words, heads).argmax(-1)
            for column, numbers in zip(heads.T.tolist(), best.T.tolist(), strict=True):
                given = self._constraints.labels
                labels = [given.get(word, self.labels[number]) for word, number in enumerate(numbers, 1)]
                labelled.append(Tree(column, labels))
        return labelled

    def _conditional(self, words: Integers, heads: Integers) -> Floats:
        """p(relation | arc), ``[words, candidates, labels]``; a given relation has probability 1."""
        conditional = np.exp(self._label_model(words, heads))
        for row, word in enumerate(words.tolist()):
            if word in self._constraints.labels:
                conditional[row] = 0.0
                if (number := self._numbers.get(self._constraints.labels[word])) is not None:
                    conditional[row, :, number] = 1.0
        return conditional

    def _with_evidence(self) -> Floats:
        """The scores, plus the evidence of given relations for the heads of words whose heads are open."""
        scores = np.array(self._unconstrained, np.float64)
        size = len(scores)
        missing_words = [word for word in self._constraints.labels if not 0 < word < size]
        if missing_words:
            raise DepparseError(f"expected given relations of words 1 to {size - 1}; got one of {missing_words[0]}")
        with_required_head = {dependent for dependent, _ in self._constraints.required}
        words = [word for word in self._constraints.labels if word not in with_required_head]
        if words:
            all_heads = np.broadcast_to(np.arange(size), (len(words), size))
            logarithms = self._label_model(np.array(words), all_heads)
            for row, word in enumerate(words):
                relation = self._constraints.labels[word]
                number = self._numbers.get(relation)
                # A relation that no arc can have, since it is unknown or of another treebank, tells nothing but that
                # the head is not ROOT.
                if number is not None and not np.isneginf(logarithms[row, :, number]).all():
                    scores[word] += logarithms[row, :, number]
                elif "root" in self._numbers and relation != "root":
                    scores[word, 0] = -np.inf
        return scores

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Begins errors with the name of the sentence."""
        try:
            yield
        except DepparseError as error:
            raise DepparseError(f"{self.name}: {error}") from None
