"""Scores of arguments: for each predicate and word, what the word is to the predicate.

A biaffine form scores each pair of the predicate's representation as such and the word's (as Cai, He, Li & Zhao 2018,
*A Full End-to-End Semantic Role Labeler*), all predicates of a batch in one pass over the words. Where we differ: the
scores of the form are divided by the square root of its width; a hidden layer over the pair, their distance in words
and, if it is read, the path between them in the tree adds scores of its own (layers/trees/path_lstm.py); decoding
keeps each core role at most once; and there may be tags of spans besides roles of head words.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depparse.features.vocabulary import IGNORE
from depparse.layers.biaffine import with_one
from depparse.layers.dropout import SharedDropout
from depparse.layers.role_chain import RoleChain
from depparse.layers.role_sums import precise
from depparse.layers.trees.path_lstm import Paths
from depparse.layers.trees.paths import PathInputs
from depparse.tasks.srl.argument_codec import ArgumentCodec, ArgumentScores, ArgumentTargets

_FARTHEST = 32  # words; farther ones are scored as these


class Arguments(nn.Module):
    """Scores of pairs of a predicate and a word, and what the best sequences of them are."""

    def __init__(
        self, codec: ArgumentCodec, input_width: int, width: int, dropout: float, paths: Paths | None = None
    ) -> None:
        super().__init__()
        self.width, self.n_labels, self.n_scores = width, codec.n_labels, codec.n_scores
        self.n_tags, self.has_spans = len(codec.tags), codec.decoder == "spans"
        self.chain = RoleChain(len(codec.roles), codec.core)
        self.predicate, self.word = (
            nn.Sequential(nn.Linear(input_width, width), nn.LeakyReLU(0.1), SharedDropout(dropout)) for _ in range(2)
        )
        self.weights = nn.Parameter(torch.zeros(width + 1, self.n_scores, width + 1))
        self.from_predicate, self.from_word = (nn.Linear(width + 1, width, bias=False) for _ in range(2))
        self.distances = nn.Embedding(2 * _FARTHEST + 1, width)
        nn.init.zeros_(self.distances.weight)
        self.paths = paths
        self.from_path = nn.Linear(paths.width, width, bias=False) if paths is not None else None
        self.mix = nn.Linear(width, self.n_scores)

    def forward(self, values: Tensor, paths: PathInputs[Tensor] | None) -> ArgumentScores[Tensor]:
        """What scores of pairs are made of; `paths` are what `Paths.prepare` gives."""
        return ArgumentScores(with_one(self.predicate(values)), with_one(self.word(values)), paths)

    def pair_scores(self, scores: ArgumentScores[Tensor], positions: Tensor) -> Tensor:
        """``[predicates, words, scores]`` for ``positions[predicates, 2]``: sentence and word, sentence after sentence.

        The scores of a pair are those of roles, nothing first, and of tags, if there are any.
        """
        sentence, word = positions.T
        predicates = scores.predicates[sentence, word]
        by_score = (predicates @ self.weights.flatten(1)).view(len(positions), self.n_scores, self.width + 1)
        # Sentence by sentence: side by side, there would be a copy of the words for each predicate.
        numbers, counts = sentence.unique_consecutive(return_counts=True)
        parts = [
            (part.flatten(0, 1) @ scores.words[number].T).view(*part.shape[:2], -1)
            for number, part in zip(numbers.tolist(), torch.split(by_score, counts.tolist()), strict=True)
        ]
        biaffine = torch.cat(parts).transpose(1, 2) / self.width**0.5
        words = torch.arange(biaffine.shape[1], device=biaffine.device)
        away = (words - word[:, None]).clamp(-_FARTHEST, _FARTHEST) + _FARTHEST
        hidden = self.from_predicate(predicates)[:, None] + self.distances(away)
        hidden = hidden + self.from_word(scores.words)[sentence]
        if scores.paths is not None and self.paths is not None and self.from_path is not None:
            hidden = hidden + self.from_path(self.paths(scores.paths, positions))
        pair_scores: Tensor = biaffine + self.mix(nn.functional.gelu(hidden))
        return pair_scores.float()

    def loss(self, pair_scores: Tensor, lengths: Tensor, targets: ArgumentTargets[Tensor]) -> Tensor:
        """Minus the logarithm of the probability of what is annotated, summed; ``lengths[predicates]`` in words."""
        heads = pair_scores[..., : self.n_labels].transpose(1, 2)
        loss = nn.functional.cross_entropy(heads, targets.roles, ignore_index=IGNORE, reduction="sum")
        if self.has_spans and self.n_labels > 1:
            annotated = targets.tags[:, 1:].ne(IGNORE).any(1)
            tag_scores, words = pair_scores[annotated, 1:, self.n_labels :], lengths[annotated]
            gold = self.chain.path_score(tag_scores, words, targets.tags[annotated, 1:])
            loss = loss + (self.chain.log_partition(tag_scores, words) - gold).sum()
        return loss

    # -- the best sequences, of pair scores without ROOT

    def best_heads(self, pair_scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``[predicates, words]``: the role of each word, 0 for none, each core role at most once; its probability."""
        # Arguments of one word are a case of spans.
        tags = pair_scores.new_full((*pair_scores.shape[:2], self.n_tags), -torch.inf)
        tags[..., 0::4] = pair_scores
        roles = self.chain.viterbi(tags, lengths)[0].clamp(min=0).div(4, rounding_mode="floor")
        return roles, pair_scores.softmax(-1).gather(2, roles[..., None]).squeeze(-1)

    def best_tags(self, pair_scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``[predicates, words]``: the best tags, each core role at most once. ``[predicates, words, tags]``: their
        scores. ``[predicates, words, 1 + roles]``: logarithms of the probabilities of roles of head words."""
        tag_scores = pair_scores[..., self.n_labels :]
        tags, _ = self.chain.viterbi(precise(tag_scores), lengths)
        return tags, tag_scores, pair_scores[..., : self.n_labels].log_softmax(-1)
