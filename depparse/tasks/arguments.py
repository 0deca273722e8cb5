"""Arguments of predicates: for each predicate and word, scores of what the word is to the predicate.

A biaffine form scores each pair of the predicate's representation as such and the word's (as Cai, He, Li & Zhao 2018,
*A Full End-to-End Semantic Role Labeler*), all predicates of a batch in one pass over the words. Where we differ: a
hidden layer over the pair, their distance in words and, if it is read, the path between them in the tree adds scores of
its own (depparse/encoders/paths.py), and decoding keeps each core role at most once.

``arcs``: the word is the head of an argument of a role, or of none. O(predicates · words) scores.
``spans``: the word has a BIOES tag, and the tags of a predicate are one sequence of `depparse.structs.role_chain`,
which states what it costs. The scores of arcs are there too, and tell the head of each span: no tree is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from depparse.data.fields import IGNORE, Vocabulary
from depparse.data.spans import Argument, Span, decode_tags, encode_tags
from depparse.encoders.dropout import SharedDropout
from depparse.encoders.paths import PathInputs, Paths
from depparse.structs.role_chain import RoleChain, RoleSpan, role_tags
from depparse.tasks.dependencies import with_one

Decoder = Literal["arcs", "spans"]
_FARTHEST = 32  # words; farther ones are scored as these
_CELLS = 1 << 24  # scores that are in memory at a time


@dataclass(slots=True)
class ArgumentScores:
    """What scores of pairs are made of."""

    predicates: Tensor  # [batch, words, width + 1]
    words: Tensor  # [batch, words, width + 1]
    paths: PathInputs | None  # if there are embeddings of paths


@dataclass(slots=True)
class ArgumentTargets:
    """What the words are to some predicates."""

    roles: Tensor  # [predicates, words]: as heads, 0 for nothing; IGNORE where that is not known, at ROOT and padding
    tags: Tensor  # [predicates, words]: IGNORE at all words of a predicate whose spans are not known


class Arguments(nn.Module):
    """Scores of pairs, and arguments from them."""

    def __init__(
        self,
        decoder: Decoder,
        input_width: int,
        width: int,
        dropout: float,
        roles: Vocabulary,
        core: Sequence[str],
        paths: Paths | None = None,
    ) -> None:
        super().__init__()
        self.decoder, self.width, self.roles = decoder, width, roles
        self.tags = Vocabulary(role_tags(roles.items))
        self.core = [number for number, role in enumerate(roles.items) if role in core]
        self.chain = RoleChain(len(roles), self.core)
        self.n_labels = 1 + len(roles)
        self.n_scores = self.n_labels + (len(self.tags) if decoder == "spans" else 0)
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

    # -- targets

    def target(self, arguments: Sequence[Argument], length: int) -> tuple[list[int], list[int]]:
        """For each word its number as the head of an argument, and its tag.

        Arguments whose role is not known are left out. A second one of the same head is; a predicate whose spans are
        not known or not in the language gives no tags.
        """
        learned = [argument for argument in arguments if argument.role in self.roles]
        roles = [0] * length
        for argument in learned:
            if argument.head is not None and not roles[argument.head - 1]:
                roles[argument.head - 1] = 1 + self.roles.number(argument.role)
        if any(argument.head is None for argument in learned):
            roles = [IGNORE] * length
        return roles, self._tags(learned, length) or [IGNORE] * length

    def _tags(self, arguments: Sequence[Argument], length: int) -> list[int] | None:
        spans = [Span(a.start, a.end, a.role) for a in arguments if a.start is not None and a.end is not None]
        times = Counter(span.type for span in spans)
        twice = any(times[self.roles.item(role)] > 1 for role in self.core)
        tags = self.tags.numbers(encode_tags(spans, length, "BIOES"), IGNORE)
        return None if len(spans) < len(arguments) or twice or IGNORE in tags else tags

    def problem(self, arguments: Sequence[Argument], length: int) -> str | None:
        """What of the arguments of a predicate is not learned, roles that are not known aside."""
        learned = [argument for argument in arguments if argument.role in self.roles]
        heads = [argument.head for argument in learned]
        if None not in heads and len(set(heads)) < len(heads):
            return "arguments with the head word of another one of the same predicate are not learned"
        if self.decoder == "arcs" and None in heads:
            return "predicates with arguments without a head word are left out"
        if self.decoder == "spans" and self._tags(learned, length) is None:
            return "predicates whose arguments overlap, repeat a core role or have no span are left out"
        return None

    # -- the network

    def forward(self, values: Tensor, paths: PathInputs | None) -> ArgumentScores:
        return ArgumentScores(with_one(self.predicate(values)), with_one(self.word(values)), paths)

    def pair_scores(self, scores: ArgumentScores, places: Tensor) -> Tensor:
        """``[predicates, words, scores]`` for ``places[predicates, 2]``: sentence and word, sentence after sentence."""
        sentence, word = places.T
        by_score = scores.predicates[sentence, word] @ self.weights.flatten(1)
        by_score = by_score.view(len(places), self.n_scores, self.width + 1)
        # Sentence by sentence: side by side, there would be a copy of the words for each predicate.
        numbers, counts = sentence.unique_consecutive(return_counts=True)
        parts = [
            (part.flatten(0, 1) @ scores.words[number].T).view(*part.shape[:2], -1)
            for number, part in zip(numbers.tolist(), torch.split(by_score, counts.tolist()), strict=True)
        ]
        found = torch.cat(parts).transpose(1, 2) / self.width**0.5
        words = torch.arange(found.shape[1], device=found.device)
        away = (words - word[:, None]).clamp(-_FARTHEST, _FARTHEST) + _FARTHEST
        hidden = self.from_predicate(scores.predicates[sentence, word])[:, None] + self.distances(away)
        hidden = hidden + self.from_word(scores.words)[sentence]
        if scores.paths is not None and self.paths is not None and self.from_path is not None:
            hidden = hidden + self.from_path(self.paths(scores.paths, places))
        pair_scores: Tensor = found + self.mix(nn.functional.gelu(hidden))
        return pair_scores.float()

    def loss(self, pair_scores: Tensor, lengths: Tensor, targets: ArgumentTargets) -> Tensor:
        """Minus the logarithm of the probability of what is known, summed; ``lengths[predicates]`` in words."""
        heads = pair_scores[..., : self.n_labels].transpose(1, 2)
        loss = nn.functional.cross_entropy(heads, targets.roles, ignore_index=IGNORE, reduction="sum")
        if self.decoder == "spans" and len(self.roles):
            known = targets.tags[:, 1:].ne(IGNORE).any(1)
            given = pair_scores[known, 1:, self.n_labels :], lengths[known]
            gold = self.chain.path_score(*given, targets.tags[known, 1:])
            loss = loss + (self.chain.log_partition(*given) - gold).sum()
        return loss

    # -- decoding

    def predict(self, scores: ArgumentScores, places: Tensor, lengths: Tensor) -> list[list[Argument]]:
        """The arguments of each predicate at `places`, by their first words; ``lengths[predicates]`` in words."""
        several = max(1, _CELLS // (max(scores.words.shape[1:]) * self.n_scores))
        decode = self._spans if self.decoder == "spans" else self._arcs
        if not len(places) or not len(self.roles):
            return [[] for _ in places]
        parts = zip(torch.split(places, several), torch.split(lengths, several), strict=True)
        return [found for some, words in parts for found in decode(self.pair_scores(scores, some)[:, 1:], words)]

    def _arcs(self, pair_scores: Tensor, lengths: Tensor) -> list[list[Argument]]:
        # Arguments of one word are a case of spans.
        tags = pair_scores.new_full((*pair_scores.shape[:2], len(self.tags)), -torch.inf)
        tags[..., 0::4] = pair_scores
        best = self.chain.viterbi(tags, lengths)[0].clamp(min=0).div(4, rounding_mode="floor")
        probabilities = pair_scores.softmax(-1).gather(2, best[..., None]).squeeze(-1)
        found: list[list[Argument]] = [[] for _ in lengths]
        rows, words = (column.tolist() for column in best.nonzero().T)
        cells = zip(rows, words, best[best > 0].tolist(), probabilities[best > 0].tolist(), strict=True)
        for row, word, role, probability in cells:
            found[row].append(Argument(self.roles.item(role - 1), head=word + 1, score=probability))
        return found

    def _spans(self, pair_scores: Tensor, lengths: Tensor) -> list[list[Argument]]:
        precision = torch.float32 if pair_scores.device.type == "mps" else torch.float64  # of which that has none
        tag_scores = pair_scores[..., self.n_labels :].to(precision)
        heads = pair_scores[..., : self.n_labels].log_softmax(-1).numpy(force=True)
        best, _ = self.chain.viterbi(tag_scores, lengths)
        spans, found = [], []
        for row, (tags, length) in enumerate(zip(best.tolist(), lengths.tolist(), strict=True)):
            arguments = []
            for span in decode_tags(list(map(self.tags.item, tags[:length]))):
                role = self.roles.number(span.type)
                head = span.start + int(heads[row, span.start - 1 : span.end, 1 + role].argmax())
                arguments.append(Argument(span.type, head, span.start, span.end))
                spans.append(RoleSpan(row, span.start - 1, span.end - 1, role))
            found.append(arguments)
        probabilities = iter(self.chain.span_probabilities(tag_scores, lengths, spans))
        for argument in (argument for arguments in found for argument in arguments):
            argument.score = next(probabilities)
        return found
