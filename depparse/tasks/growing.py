"""New types of entities for a CRF that already finds other types, from data that annotates only the new ones.

Where such data says `O`, there may be an entity of an old type, and a model that learns `O` there forgets it. So `O`
means "nothing new" here. The loss is the sum of two terms: the first learns the new entities, with any old tags
elsewhere; the second distils the old model, between the new entities:

    log Z(all) - log Z(new entities as annotated, old tags elsewhere)
    weight · [log Z(new entities as annotated, old tags elsewhere) - E(score)]

where the expectation is over the distribution of the old model, given the new entities. It is exact, over whole
sequences. Monaikul et al. 2021 (*Continual Learning for Named Entity Recognition*, ExtendNER) distil word by word; this
is the form of their method for a CRF (``distill``).

``causal`` adds what Zheng et al. 2022 (*Distilling Causal Effect from Miscellaneous Other-Class for Continual NER*)
learn from the `O` words. A word that is an old entity with certainty, according to the old model, counts as labelled.
The scores of such a word, and of a word of a new entity, are averaged with those of its neighbours: words of the same
tag with similar vectors in the old encoder. This gives back the effect of the old data. The weight of the distillation
grows with the share of old types. Where we differ:

- Neighbours are sought in the batch, not in all the data.
- Certainty is a fixed probability; there is no schedule over epochs (their curriculum).
- Averages are of scores, not of probabilities, since a CRF normalizes whole sequences.
- Gradients flow through the neighbours, too.
- The rows of the old types in the last layer learn like the new ones: they are neither frozen nor rescaled.

The `Teacher` of the network computes the predictions of the old model once for each sentence, as a `Lesson` of arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from depparse.document.sentence import Sentence
from depparse.features.batch import Ints, pad_rows
from depparse.features.vocabulary import IGNORE
from depparse.layers.linear_chain import LinearChain
from depparse.tasks.task import Remember

Array = TypeVar("Array")  # of NumPy or of torch

CERTAIN = 0.5  # least probability with which an old tag counts as annotated
NEIGHBOURS = 3  # most words whose scores are averaged with those of a word
WEIGHT = 2.0  # weight of the distillation, as in the program of Zheng et al.; times √(old types / new types) if causal


class Lesson(NamedTuple):
    """What is to be learned from a sentence. Most transitions are expected nowhere and are not stored."""

    tags: Ints  # [words]: annotated tags; IGNORE in a sentence that is not annotated
    expected: NDArray[np.float32]  # [words, tags]: probability that the old model gives to each tag
    pairs: NDArray[np.int32]  # [transitions]: indices into the flat [tags + 1, tags + 1], with begin and end
    counts: NDArray[np.float32]  # [transitions]: expected number of each transition
    kinds: Ints  # [words]: the tag of a word in an entity that is new or certain; else IGNORE
    vectors: NDArray[np.float16]  # [words with a kind, width]: vectors of the old encoder


class Lessons(NamedTuple, Generic[Array]):
    """The lessons of a batch."""

    tags: Array  # [batch, words], IGNORE behind the end of a sentence
    expected: Array  # [batch, words, tags]
    pairs: Array  # [tags + 1, tags + 1]: expected numbers of transitions in all sentences
    kinds: Array  # [batch, words], IGNORE behind the end of a sentence
    vectors: Array  # [words with a kind, width], sentence after sentence


class Teacher:
    """The model before it grows: `old` computes scores ``[1, words with ROOT, tags]`` and vectors for a sentence.

    `chain` and `transitions` belong to the CRF that has grown but not yet learned; its first tags are the old ones.
    `other` is the number of the tag `O`, `free` are the tags that a word may have where the data says `O`.
    """

    def __init__(
        self,
        old: Remember,
        chain: LinearChain,
        transitions: Tensor,
        other: int,
        free: Sequence[int],
        *,
        causal: bool,
        weight: float,
    ) -> None:
        self.old, self.chain, self.other, self.causal, self.weight = old, chain, other, causal, weight
        self.transitions = transitions.detach().clone()
        self.free = torch.zeros(chain.n_labels, dtype=torch.bool)
        self.free[list(free)] = True

    def teach(self, sentence: Sentence, tags: Sequence[int]) -> Lesson:
        """The lesson of a sentence with these annotated `tags`. O(words · arcs of the automaton)."""
        gold, n_tags = torch.tensor(tags), self.chain.n_labels
        if IGNORE in tags:
            return _lesson(gold, torch.zeros(len(gold), n_tags), torch.zeros(0), gold, np.zeros((len(gold), 0)))
        array, vectors = self.old(sentence)
        scores = torch.tensor(array[0, 1:], dtype=torch.float32)
        scores = torch.nn.functional.pad(scores, (0, n_tags - scores.shape[-1]))
        allowed = allow(gold, self.other, self.free)
        expected, pairs = self._expect(scores, allowed)
        kinds = gold.masked_fill(gold == self.other, IGNORE)
        if self.causal:
            probability, tag = expected.max(1)
            certain = (gold == self.other) & (tag != self.other) & (probability >= CERTAIN)
            settled = torch.where(certain, tag, gold)
            settled_allowed = torch.where(certain[:, None], allow(settled, self.other, self.free), allowed)
            settled_expected = self._expect(scores, settled_allowed)
            # The language may have no sequence with all of the certain tags, if it looks beyond neighbours.
            if settled_expected[0].sum() > 0:
                (expected, pairs), kinds = settled_expected, settled.masked_fill(settled == self.other, IGNORE)
        return _lesson(gold, expected, pairs, kinds, vectors)

    def _expect(self, scores: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of tags and expected numbers of transitions: the gradients of the log-partition function."""
        with torch.enable_grad():
            possible = scores.masked_fill(~allowed, -torch.inf)[None].requires_grad_()
            transitions = self.transitions.clone().requires_grad_()
            total = self.chain.log_partition(possible, transitions, torch.tensor([len(scores)]))
            expected, pairs = torch.autograd.grad(total.sum(), (possible, transitions))
        return expected[0], pairs


def _lesson(tags: Tensor, expected: Tensor, pairs: Tensor, kinds: Tensor, vectors: NDArray[Any]) -> Lesson:
    """The lesson of these tensors, with only the transitions and the vectors that it needs."""
    counts, word_kinds = pairs.flatten().numpy(), kinds.numpy()
    (cells,) = counts.nonzero()
    kind_vectors = vectors[word_kinds != IGNORE].astype(np.float16)
    return Lesson(tags.numpy(), expected.numpy(), cells.astype(np.int32), counts[cells], word_kinds, kind_vectors)


def collate(lessons: Sequence[Lesson]) -> Lessons[NDArray[Any]]:
    """Pads the lessons to one batch."""
    n_words, n_tags = max(len(lesson.tags) for lesson in lessons), lessons[0].expected.shape[1]
    tags = pad_rows([lesson.tags for lesson in lessons], IGNORE)
    kinds = pad_rows([lesson.kinds for lesson in lessons], IGNORE)
    expected = np.zeros((len(lessons), n_words, n_tags), np.float32)
    pairs = np.zeros((n_tags + 1) ** 2, np.float32)
    for number, lesson in enumerate(lessons):
        expected[number, : len(lesson.tags)] = lesson.expected
        pairs[lesson.pairs] += lesson.counts
    vectors = [lesson.vectors for lesson in lessons if len(lesson.vectors)]
    return Lessons(
        tags,
        expected,
        pairs.reshape(n_tags + 1, n_tags + 1),
        kinds,
        np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float16),
    )


def growing_loss(
    teacher: Teacher, chain: LinearChain, scores: Tensor, transitions: Tensor, lessons: Lessons[Tensor]
) -> Tensor:
    """The loss of ``scores[batch, words, tags]`` without ROOT, as a mean over the annotated words."""
    annotated = lessons.tags.ne(IGNORE).any(1)
    scores, tags = scores.float(), lessons.tags
    if teacher.causal:
        scores = with_neighbours(scores, lessons)
    scores, tags = scores[annotated], tags[annotated]
    lengths = tags.ne(IGNORE).sum(1)
    fitting = scores.masked_fill(~allow(tags, teacher.other, teacher.free.to(scores.device)), -torch.inf)
    everything = chain.log_partition(scores, transitions, lengths)
    as_annotated = chain.log_partition(fitting, transitions, lengths)
    expected = (lessons.expected[annotated] * scores).sum() + (lessons.pairs * transitions).sum()
    learned = (everything - as_annotated).sum()
    kept = as_annotated.sum() - expected
    return (learned + teacher.weight * kept) / lengths.sum().clamp(min=1)


def allow(tags: Tensor, other: int, free: Tensor) -> Tensor:
    """Which tags ``[…, words, tags]`` words with the gold ``tags[…, words]`` may have: at IGNORE, any tag."""
    fixed = torch.nn.functional.one_hot(tags.clamp(min=0), len(free)).bool()
    fixed = torch.where((tags == other)[..., None], free, fixed)
    return fixed | (tags == IGNORE)[..., None]


def with_neighbours(scores: Tensor, lessons: Lessons[Tensor]) -> Tensor:
    """The scores ``[batch, words, tags]``; those of a word with a kind are averaged with the mean of its neighbours'.

    Its neighbours are at most `NEIGHBOURS` words of the batch that have the same kind, those whose `Lessons.vectors`
    are nearest by Euclidean distance. O(words with a kind²).
    """
    has_kind = lessons.kinds != IGNORE
    if int(has_kind.sum()) < 2:
        return scores
    kinds, own = lessons.kinds[has_kind], scores[has_kind]
    vectors = lessons.vectors.float()
    distances = torch.cdist(vectors, vectors)
    distances = distances.masked_fill(kinds[:, None] != kinds, torch.inf).fill_diagonal_(torch.inf)
    nearest, numbers = distances.topk(min(NEIGHBOURS, len(kinds) - 1), largest=False)
    same_kind = nearest.isfinite()
    mean = (own[numbers] * same_kind[..., None]).sum(1) / same_kind.sum(1, keepdim=True).clamp(min=1)
    mixed = torch.where(same_kind.any(1, keepdim=True), (own + mean) / 2, own)
    return scores.masked_scatter(has_kind[..., None], mixed)
