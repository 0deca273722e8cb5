"""Scores of arguments: for each pair of a predicate and a word, those of the roles that the word may have.

A biaffine form scores the representation of one word as a predicate with that of the other as an argument (as Cai, He,
Li & Zhao 2018, *A Full End-to-End Semantic Role Labeler*), for all predicates of a batch in one pass over the words.
Where we differ:

- The scores of the form are divided by the square root of its width.
- A hidden layer adds scores of its own; it reads the pair, their distance in words and, with `paths`, the path between
  them in the tree (layers/trees/path_lstm.py).
- Decoding keeps each core role at most once.
- There may be tags of spans besides roles of head words.
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
from depparse.tasks.srl.argument_codec import FARTHEST, ArgumentCodec, ArgumentScores, ArgumentTargets


class Arguments(nn.Module):
    """Scores of pairs of a predicate and a word, and the best sequences of roles or tags."""

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
        self.distances = nn.Embedding(2 * FARTHEST + 1, width)
        nn.init.zeros_(self.distances.weight)
        self.paths = paths
        self.from_path = nn.Linear(paths.width, width, bias=False) if paths is not None else None
        self.mix = nn.Linear(width, self.n_scores)

    def forward(self, values: Tensor, paths: PathInputs[Tensor] | None) -> ArgumentScores[Tensor]:
        """The vectors from which pairs are scored; `paths` are what `Paths.prepare` returns."""
        return ArgumentScores(with_one(self.predicate(values)), with_one(self.word(values)), paths)

    def pair_scores(self, scores: ArgumentScores[Tensor], positions: Tensor) -> Tensor:
        """The scores ``[predicates, words, scores]`` of all words, for predicates at ``positions[predicates, 2]``.

        A position is a sentence and a word; positions are sorted by sentence. The scores of a pair are those of no
        role, of each role and, if there are tags, of each tag.
        """
        sentence, word = positions.T
        predicates = scores.predicates[sentence, word]
        by_score = (predicates @ self.weights.flatten(1)).view(len(positions), self.n_scores, self.width + 1)
        # One product for each sentence: a single one would need a copy of the words for each predicate.
        numbers, counts = sentence.unique_consecutive(return_counts=True)
        products = [
            (rows.flatten(0, 1) @ scores.words[number].T).view(*rows.shape[:2], -1)
            for number, rows in zip(numbers.tolist(), torch.split(by_score, counts.tolist()), strict=True)
        ]
        biaffine = torch.cat(products).transpose(1, 2) / self.width**0.5
        words = torch.arange(biaffine.shape[1], device=biaffine.device)
        distance = (words - word[:, None]).clamp(-FARTHEST, FARTHEST) + FARTHEST
        hidden = self.from_predicate(predicates)[:, None] + self.distances(distance)
        hidden = hidden + self.from_word(scores.words)[sentence]
        if scores.paths is not None and self.paths is not None and self.from_path is not None:
            hidden = hidden + self.from_path(self.paths(scores.paths, positions))
        pair_scores: Tensor = biaffine + self.mix(nn.functional.gelu(hidden))
        return pair_scores.float()

    def loss(self, pair_scores: Tensor, lengths: Tensor, targets: ArgumentTargets[Tensor]) -> Tensor:
        """Minus the logarithm of the probability of the annotated arguments, summed.

        ``lengths[predicates]`` are the words of their sentences.
        """
        heads = pair_scores[..., : self.n_labels].transpose(1, 2)
        loss = nn.functional.cross_entropy(heads, targets.roles, ignore_index=IGNORE, reduction="sum")
        if self.has_spans and self.n_labels > 1:
            annotated = targets.tags[:, 1:].ne(IGNORE).any(1)
            tag_scores, words = pair_scores[annotated, 1:, self.n_labels :], lengths[annotated]
            gold = self.chain.path_score(tag_scores, words, targets.tags[annotated, 1:])
            loss = loss + (self.chain.log_partition(tag_scores, words) - gold).sum()
        return loss

    # -- the best sequences; `pair_scores` are without ROOT

    def best_heads(self, pair_scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``[predicates, words]``: the role of each word, 0 for none, each core role at most once; its probability."""
        # Each argument is a span of one word, so the chain of spans can decode them.
        tags = pair_scores.new_full((*pair_scores.shape[:2], self.n_tags), -torch.inf)
        tags[..., 0::4] = pair_scores
        roles = self.chain.viterbi(tags, lengths)[0].clamp(min=0).div(4, rounding_mode="floor")
        return roles, pair_scores.softmax(-1).gather(2, roles[..., None]).squeeze(-1)

    def best_tags(self, pair_scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best tags, each core role at most once; the scores of all tags; and those of roles of head words.

        ``[predicates, words]``, ``[predicates, words, tags]`` and ``[predicates, words, 1 + roles]``. The last are
        logarithms of probabilities.
        """
        tag_scores = pair_scores[..., self.n_labels :]
        tags, _ = self.chain.viterbi(precise(tag_scores), lengths)
        return tags, tag_scores, pair_scores[..., : self.n_labels].log_softmax(-1)
