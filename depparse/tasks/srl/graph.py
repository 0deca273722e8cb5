"""Semantic roles as graphs of OpenVINO; see network.py, sense_network.py and argument_network.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from depparse.encoders.codec import Widths
from depparse.errors import ConfigError
from depparse.features.batch import Ints
from depparse.features.vocabulary import IGNORE
from depparse.layers.graph import Array, Graphs, leaky_relu, ops, round_up, with_one
from depparse.layers.stored import EncodedArrays, NoGraph, StoredWeights
from depparse.layers.trees.reader import Arcs
from depparse.layers.trees.syntax_graph import SyntaxGraph
from depparse.structs.role_sequences import best_arguments
from depparse.tasks.srl.argument_codec import FARTHEST, ArgumentScores
from depparse.tasks.srl.codec import SrlCodec, SrlScores

_PAIRS = 1024  # pairs of a predicate and a word that are scored at once


class SrlGraph:
    """A perceptron for predicates and senses, and biaffine scores of arguments."""

    def __init__(self, codec: SrlCodec, weights: StoredWeights, graphs: Graphs, widths: Widths) -> None:
        config = codec.config
        if config.paths is not None:
            raise NoGraph("roles that read paths have no graph for OpenVINO")
        self._codec = codec.arguments
        n_relations = len(codec.trees.relations)
        self._syntax = SyntaxGraph(config.syntax, weights.under("syntax"), graphs, widths.context, n_relations)
        values = graphs.parameter(-1, self._syntax.width + widths.inputs)
        hidden = ops.gelu(graphs.linear(values, weights.under("hidden.0")), "ERF")
        arguments = weights.under("arguments")
        vectors = [leaky_relu(graphs.linear(values, arguments.under(f"{name}.0"))) for name in ("predicate", "word")]
        self._read = graphs.compile(
            [values], [graphs.linear(hidden, weights.under("predicate"), 1), hidden, *vectors], by_row=True
        )
        self._senses = SensesGraph(codec, weights.under("senses"), graphs, config.width)
        self._distances = arguments.array("distances.weight", 2 * FARTHEST + 1, config.argument_width)
        self._pairs = _pairs(config.argument_width, codec.arguments.n_scores, arguments, graphs)

    def __call__(self, encoded: EncodedArrays, trees: Arcs[Any] | None) -> SrlScores[Array]:
        """Scores of predicates, and vectors for the rest; `trees` are read if the config has `syntax`."""
        values = np.concatenate([self._syntax(encoded.context, trees), encoded.inputs], -1)
        is_predicate, hidden, predicates, words = self._read(values)
        return SrlScores(is_predicate[..., 0], hidden, ArgumentScores(with_one(predicates), with_one(words), None))

    # -- second stages, see network.py

    def sense_scripts(self, hidden: Array) -> tuple[Array, Array]:
        """``[predicates, scripts]``: the probabilities of the most probable scripts, the best first; their numbers."""
        return self._senses.scripts(hidden)

    def sense_shares(self, hidden: Array, candidates: Ints) -> Array:
        """The probability of each of the rolesets ``candidates[predicates, candidates]`` among those of its row."""
        return self._senses.shares(hidden, candidates)

    def argument_heads(self, predicates: Array, words: Array, positions: Ints, lengths: Ints) -> tuple[Array, Array]:
        """``[predicates, words]``: the role of each word, 0 for none, each core role at most once; its probability."""
        scores = self._pair_scores(predicates, words, positions)
        tags = np.full((*scores.shape[:2], len(self._codec.tags)), -np.inf, scores.dtype)
        tags[..., 0::4] = scores  # each argument is a span of one word
        roles = self._best(tags, lengths).clip(min=0) // 4
        return roles, np.take_along_axis(_softmax(scores), roles[..., None], 2)[..., 0]

    def argument_tags(
        self, predicates: Array, words: Array, positions: Ints, lengths: Ints
    ) -> tuple[Array, Array, Array]:
        """The best tags, each core role at most once; the scores of all tags; and those of roles of head words."""
        scores = self._pair_scores(predicates, words, positions)
        heads, tag_scores = np.split(scores, [self._codec.n_labels], -1)
        return self._best(tag_scores.astype(np.float64), lengths), tag_scores, _log_softmax(heads)

    def span_probabilities(self, tag_scores: Array, lengths: Ints, spans: Ints) -> Array:
        """The probability of each of the spans, which torch computes."""
        try:
            import torch

            from depparse.layers.role_chain import RoleChain
        except ImportError:
            raise ConfigError("probabilities of roles need torch, which is not installed: pip install torch") from None
        chain = RoleChain(len(self._codec.roles), self._codec.core)
        arrays = (torch.from_numpy(np.ascontiguousarray(array)) for array in (tag_scores, lengths, spans))
        probabilities: Array = chain.span_probabilities(*arrays).numpy()
        return probabilities

    def _best(self, scores: Array, lengths: Ints) -> Array:
        return best_arguments(scores, lengths, len(self._codec.roles), self._codec.core, IGNORE)[0]

    def _pair_scores(self, predicates: Array, words: Array, positions: Ints) -> Array:
        """The scores ``[predicates, words, scores]`` of all words but ROOT, for predicates at these positions."""
        n_words = words.shape[1] - 1
        length = round_up(n_words)
        padded = np.pad(words[:, 1:], [(0, 0), (0, length - n_words), (0, 0)])
        scores = np.empty((len(positions), n_words, self._codec.n_scores), np.float32)
        size = max(1, _PAIRS // length)
        for first in range(0, len(positions), size):
            # The last piece is filled with its first predicate, so that there are few different shapes.
            piece = positions[first : first + size]
            n_missing = (1 << (len(piece) - 1).bit_length()) - len(piece)
            sentence, word = np.concatenate([piece, np.repeat(piece[:1], n_missing, 0)]).T
            distance = (np.arange(1, length + 1) - word[:, None]).clip(-FARTHEST, FARTHEST) + FARTHEST
            inputs = padded[sentence], predicates[sentence, word][:, None], self._distances[distance]
            scores[first : first + size] = self._pairs(*inputs)[0][: len(piece), :n_words]
        return scores


class SensesGraph:
    """Scores of scripts and of rolesets."""

    def __init__(self, codec: SrlCodec, weights: StoredWeights, graphs: Graphs, width: int) -> None:
        senses = codec.senses
        self._n_scripts, self._suffix_of = senses.n_scripts, np.array(senses.suffix_of, np.int64)
        hidden = graphs.parameter(-1, width)
        sizes = {"script_scores": len(senses.scripts), "suffix_scores": len(senses.suffixes)}
        scores = [graphs.linear(hidden, weights.under(name), size) for name, size in sizes.items()]
        self._score = [graphs.compile([hidden], [each], by_row=True) for each in scores]
        weights.check("own_weights.weight", len(senses.rolesets), width)
        weights.check("own_biases.weight", len(senses.rolesets), 1)
        self._weights = weights

    def scripts(self, hidden: Array) -> tuple[Array, Array]:
        """``[predicates, scripts]``: the probabilities of the most probable scripts, the best first; their numbers."""
        shares = _softmax(self._score[0](hidden)[0])
        numbers = np.argsort(-shares, axis=-1, kind="stable")[:, : self._n_scripts]
        return np.take_along_axis(shares, numbers, 1), numbers

    def shares(self, hidden: Array, candidates: Ints) -> Array:
        """The probability of each candidate among those of its row; a candidate of -1 is none."""
        rolesets = candidates.clip(min=0)
        own = np.einsum("pcw,pw->pc", self._weights.rows("own_weights.weight", rolesets), hidden)
        own += self._weights.rows("own_biases.weight", rolesets)[..., 0]
        scores = own + np.take_along_axis(self._score[1](hidden)[0], self._suffix_of[rolesets], 1)
        return _softmax(np.where(candidates < 0, -np.inf, scores))


def _pairs(width: int, n_scores: int, weights: StoredWeights, graphs: Graphs) -> Any:
    """The function from words ``[predicates, words, width + 1]``, predicates ``[predicates, 1, width + 1]`` and vectors
    of distances ``[predicates, words, width]`` to the scores of pairs."""
    words, predicates = graphs.parameter(-1, -1, width + 1), graphs.parameter(-1, 1, width + 1)
    distances = graphs.parameter(-1, -1, width)
    form = weights.array("weights", width + 1, n_scores, width + 1).reshape(width + 1, -1) / np.float32(width**0.5)
    shape = graphs.constant(np.array([-1, n_scores, width + 1]))
    by_score = ops.reshape(ops.matmul(predicates, graphs.constant(form), False, False), shape, False)
    biaffine = ops.matmul(words, by_score, False, True)
    hidden = ops.add(graphs.linear(words, weights.under("from_word")), distances)
    hidden = ops.add(hidden, graphs.linear(predicates, weights.under("from_predicate")))
    mixed = graphs.linear(ops.gelu(hidden, "ERF"), weights.under("mix"), n_scores)
    return graphs.compile([words, predicates, distances], [ops.add(biaffine, mixed)])


def _softmax(scores: Array) -> Array:
    """Probabilities over the last axis. A row in which all is impossible has NaN, as in torch."""
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    shares: Array = exponentials / exponentials.sum(-1, keepdims=True)
    return shares


def _log_softmax(scores: Array) -> Array:
    """The logarithms of `_softmax`, which are finite also where a probability is too small for a number."""
    shifted = scores - scores.max(-1, keepdims=True)
    logarithms: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return logarithms


GRAPH = SrlGraph
