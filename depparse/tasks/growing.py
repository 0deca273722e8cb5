"""New types of entities for a CRF that knows others, from data that annotates only the new ones.

Where such data says `O`, there may be an entity of an old type, and a model that learns `O` there forgets it. So `O`
means "nothing new" here: the loss is that of the new entities, with any old tags elsewhere (first term), and a
distillation of the old model between them (second term):

    log Z(all) - log Z(new entities as annotated, old tags elsewhere)
    weight · [log Z(new entities as annotated, old tags elsewhere) - E(score)]

where the expectation is over the sequences that the old model thinks likely, given the new entities. It is exact, over
whole sequences: what Monaikul et al. 2021 (*Continual Learning for Named Entity Recognition*, ExtendNER) do word by
word, in the form that a CRF has it (``distill``).

``causal`` adds what Zheng et al. 2022 (*Distilling Causal Effect from Miscellaneous Other-Class for Continual NER*)
find in the `O` words: those that the old model is certain are old entities count as labelled, and like the new entities
they get the effect of the old data back through their neighbours, words of the same tag with similar vectors in the old
encoder, whose scores are averaged with their own; the weight grows with the share of old types. Where we differ: the
neighbours are sought in the batch rather than in all the data, certainty is a fixed probability and no schedule over
epochs, and averages are of scores and not of probabilities, since a CRF normalizes whole sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from depparse.data.fields import IGNORE
from depparse.data.sentence import Sentence
from depparse.structs.linear_chain import LinearChain

# Of a sentence: the task's scores ``[1, words with ROOT, tags]`` and the encoder's vectors ``[words, width]``.
Old = Callable[[Sentence], tuple[Tensor, Tensor]]

CERTAIN = 0.5  # probability from which on an old tag counts as if it were annotated
NEIGHBOURS = 3
WEIGHT = 2.0  # of distillation; as in the program of Zheng et al., times √(old types / new types) if causal


@dataclass(slots=True)
class Lesson:
    """What is to be learned of a sentence, or of several side by side: then all but `pairs`, which are summed up, and
    `vectors`, which stand one after the other, have a batch axis."""

    tags: Tensor  # [words]: as annotated; IGNORE in a sentence that is not, and behind its end
    expected: Tensor  # [words, tags]: probability that the old model gives to each tag
    pairs: (
        Tensor  # [tags + 1, tags + 1]: expected number of each transition, with begin and end; sparse, of one sentence
    )
    kinds: Tensor  # [words]: the tag where it is of an entity, new or certain; else IGNORE
    vectors: Tensor  # [words of such kinds, width]: of the old encoder

    @property
    def n_annotated(self) -> int:
        """Words that the loss is a mean over."""
        return int((self.tags != IGNORE).sum())


class Teacher:
    """A model before it grows: `old` tells what it makes of a sentence.

    `chain` and `transitions` are those of the CRF that has grown but not yet learned; its first tags are the old ones.
    `free` are the tags that may stand where the data says `O`.
    """

    def __init__(
        self, old: Old, chain: LinearChain, transitions: Tensor, free: Sequence[int], *, causal: bool, weight: float
    ) -> None:
        self.old, self.chain, self.causal, self.weight = old, chain, causal, weight
        self.transitions = transitions.detach().clone()
        self.free = torch.zeros(chain.n_labels, dtype=torch.bool)
        self.free[list(free)] = True

    def teach(self, sentence: Sentence, tags: Sequence[int], other: int) -> Lesson:
        """The lesson of a sentence with these `tags`, of which `other` is `O`. O(words · arcs)."""
        gold, n_tags = torch.tensor(tags), self.chain.n_labels
        if IGNORE in tags:
            expected, pairs = torch.zeros(len(gold), n_tags), torch.zeros_like(self.transitions)
            return Lesson(gold, expected, pairs.to_sparse(), gold, torch.zeros(0, 0))
        scores, vectors = (values.detach().cpu().float() for values in self.old(sentence))
        scores = torch.nn.functional.pad(scores[0, 1:], (0, n_tags - scores.shape[-1]))
        allowed = allow(gold, other, self.free)
        expected, pairs = self._expect(scores, allowed)
        kinds = gold.masked_fill(gold == other, IGNORE)
        if self.causal:
            probability, tag = expected.max(1)
            certain = (gold == other) & (tag != other) & (probability >= CERTAIN)
            settled = torch.where(certain, tag, gold)
            sure = self._expect(scores, torch.where(certain[:, None], allow(settled, other, self.free), allowed))
            if sure[0].sum() > 0:  # there may be no such sequence, in a language that looks beyond neighbours
                (expected, pairs), kinds = sure, settled.masked_fill(settled == other, IGNORE)
        return Lesson(gold, expected, pairs.to_sparse(), kinds, vectors[kinds != IGNORE].half())

    def _expect(self, scores: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of tags and expected numbers of transitions: the gradient of the logarithm of the sum."""
        with torch.enable_grad():
            given = scores.masked_fill(~allowed, -torch.inf)[None].requires_grad_()
            transitions = self.transitions.clone().requires_grad_()
            total = self.chain_of(given).log_partition(given, transitions, torch.tensor([len(scores)]))
            expected, pairs = torch.autograd.grad(total.sum(), (given, transitions))
        return expected[0], pairs

    def loss(self, scores: Tensor, transitions: Tensor, lesson: Lesson, other: int) -> Tensor:
        """Of ``scores[batch, words, tags]`` without ROOT, as a mean over the annotated words."""
        annotated = lesson.tags.ne(IGNORE).any(1)
        scores, tags = scores.float(), lesson.tags
        if self.causal:
            scores = with_neighbours(scores, lesson)
        scores, tags = scores[annotated], tags[annotated]
        lengths = tags.ne(IGNORE).sum(1)
        given = scores.masked_fill(~allow(tags, other, self.free.to(scores.device)), -torch.inf)
        everything = self.chain_of(scores).log_partition(scores, transitions, lengths)
        as_annotated = self.chain_of(scores).log_partition(given, transitions, lengths)
        expected = (lesson.expected[annotated] * scores).sum() + (lesson.pairs * transitions).sum()
        learned = (everything - as_annotated).sum()
        kept = as_annotated.sum() - expected
        return (learned + self.weight * kept) / lengths.sum().clamp(min=1)

    def chain_of(self, scores: Tensor) -> LinearChain:
        """The chain, where the scores are."""
        return self.chain.to(scores.device)


def allow(tags: Tensor, other: int, free: Tensor) -> Tensor:
    """``[…, words, tags]``: the tags that words with these gold ``tags[…, words]`` may have; all at IGNORE."""
    fixed = torch.nn.functional.one_hot(tags.clamp(min=0), len(free)).bool()
    fixed = torch.where((tags == other)[..., None], free, fixed)
    return fixed | (tags == IGNORE)[..., None]


def with_neighbours(scores: Tensor, lesson: Lesson) -> Tensor:
    """The scores ``[batch, words, tags]`` of words with a kind, averaged with the mean of their nearest in the batch.

    Nearest by the Euclidean distance of `Lesson.vectors`, of the same kind; at most `NEIGHBOURS`. O(such words²).
    """
    places = lesson.kinds != IGNORE
    if int(places.sum()) < 2:
        return scores
    kinds, own = lesson.kinds[places], scores[places]
    vectors = lesson.vectors.float()
    distances = torch.cdist(vectors, vectors)
    distances = distances.masked_fill(kinds[:, None] != kinds, torch.inf).fill_diagonal_(torch.inf)
    nearest, numbers = distances.topk(min(NEIGHBOURS, len(kinds) - 1), largest=False)
    there = nearest.isfinite()
    mean = (own[numbers] * there[..., None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
    mixed = torch.where(there.any(1, keepdim=True), (own + mean) / 2, own)
    return scores.masked_scatter(places[..., None], mixed)


def collate(lessons: Sequence[Lesson]) -> Lesson:
    """The lessons side by side; shorter sentences are padded with IGNORE."""
    pad = torch.nn.utils.rnn.pad_sequence
    vectors = [lesson.vectors for lesson in lessons if len(lesson.vectors)]
    return Lesson(
        pad([lesson.tags for lesson in lessons], batch_first=True, padding_value=IGNORE),
        pad([lesson.expected for lesson in lessons], batch_first=True),
        reduce(torch.add, [lesson.pairs.to_dense() for lesson in lessons]),
        pad([lesson.kinds for lesson in lessons], batch_first=True, padding_value=IGNORE),
        torch.cat(vectors) if vectors else torch.zeros(0, 0),
    )
