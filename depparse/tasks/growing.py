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
encoder, whose scores are averaged with their own; the weight grows with the share of old types. Where we differ:

- Neighbours are sought in the batch, not in all the data.
- Certainty is a fixed probability; there is no schedule over epochs (their curriculum).
- Averages are of scores, not of probabilities, since a CRF normalizes whole sequences.
- Gradients flow through the neighbours, too.
- The rows of the old types in the last layer learn like the new ones: they are neither frozen nor rescaled.

What the old model makes of a sentence is worked out once, by the `Teacher` that the network has: a `Lesson`, in arrays.
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

CERTAIN = 0.5  # probability from which on an old tag counts as if it were annotated
NEIGHBOURS = 3
WEIGHT = 2.0  # of distillation; as in the program of Zheng et al., times √(old types / new types) if causal


class Lesson(NamedTuple):
    """What is to be learned of a sentence. Transitions that are expected nowhere, which most are, take no memory."""

    tags: Ints  # [words]: as annotated; IGNORE in a sentence that is not
    expected: NDArray[np.float32]  # [words, tags]: probability that the old model gives to each tag
    pairs: NDArray[np.int32]  # [several]: transitions, as places in the flat [tags + 1, tags + 1], with begin and end
    counts: NDArray[np.float32]  # [several]: expected number of each of them
    kinds: Ints  # [words]: the tag where it is of an entity, new or certain; else IGNORE
    vectors: NDArray[np.float16]  # [words of such kinds, width]: of the old encoder


class Lessons(NamedTuple, Generic[Array]):
    """The lessons of a batch."""

    tags: Array  # [batch, words], IGNORE behind the end of a sentence
    expected: Array  # [batch, words, tags]
    pairs: Array  # [tags + 1, tags + 1]: expected numbers of transitions in all sentences
    kinds: Array  # [batch, words], IGNORE behind the end of a sentence
    vectors: Array  # [words of such kinds, width], sentence after sentence


class Teacher:
    """A model before it grows: `old` tells what it makes of a sentence, as scores ``[1, words with ROOT, tags]`` and
    vectors.

    `chain` and `transitions` are those of the CRF that has grown but not yet learned; its first tags are the old ones.
    `other` is the tag `O`, `free` are the tags that may stand where the data says `O`.
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
        """The lesson of a sentence with these `tags`. O(words · arcs)."""
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
            only = torch.where(certain[:, None], allow(settled, self.other, self.free), allowed)
            sure = self._expect(scores, only)
            if sure[0].sum() > 0:  # there may be no such sequence, in a language that looks beyond neighbours
                (expected, pairs), kinds = sure, settled.masked_fill(settled == self.other, IGNORE)
        return _lesson(gold, expected, pairs, kinds, vectors)

    def _expect(self, scores: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of tags and expected numbers of transitions: the gradient of the logarithm of the sum."""
        with torch.enable_grad():
            possible = scores.masked_fill(~allowed, -torch.inf)[None].requires_grad_()
            transitions = self.transitions.clone().requires_grad_()
            total = self.chain.log_partition(possible, transitions, torch.tensor([len(scores)]))
            expected, pairs = torch.autograd.grad(total.sum(), (possible, transitions))
        return expected[0], pairs


def _lesson(tags: Tensor, expected: Tensor, pairs: Tensor, kinds: Tensor, vectors: NDArray[Any]) -> Lesson:
    flat, entities = pairs.flatten().numpy(), kinds.numpy()
    (cells,) = flat.nonzero()
    near = vectors[entities != IGNORE].astype(np.float16)
    return Lesson(tags.numpy(), expected.numpy(), cells.astype(np.int32), flat[cells], entities, near)


def collate(lessons: Sequence[Lesson]) -> Lessons[NDArray[Any]]:
    """The lessons side by side."""
    n_words, n_tags = max(len(lesson.tags) for lesson in lessons), lessons[0].expected.shape[1]
    tags, kinds = pad_rows([one.tags for one in lessons], IGNORE), pad_rows([one.kinds for one in lessons], IGNORE)
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
    """Of ``scores[batch, words, tags]`` without ROOT, as a mean over the annotated words."""
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
    """``[…, words, tags]``: the tags that words with these gold ``tags[…, words]`` may have; all at IGNORE."""
    fixed = torch.nn.functional.one_hot(tags.clamp(min=0), len(free)).bool()
    fixed = torch.where((tags == other)[..., None], free, fixed)
    return fixed | (tags == IGNORE)[..., None]


def with_neighbours(scores: Tensor, lessons: Lessons[Tensor]) -> Tensor:
    """The scores ``[batch, words, tags]`` of words with a kind, averaged with the mean of their nearest in the batch.

    Nearest by the Euclidean distance of `Lessons.vectors`, of the same kind; at most `NEIGHBOURS`. O(such words²).
    """
    has_kind = lessons.kinds != IGNORE
    if int(has_kind.sum()) < 2:
        return scores
    kinds, own = lessons.kinds[has_kind], scores[has_kind]
    vectors = lessons.vectors.float()
    distances = torch.cdist(vectors, vectors)
    distances = distances.masked_fill(kinds[:, None] != kinds, torch.inf).fill_diagonal_(torch.inf)
    nearest, numbers = distances.topk(min(NEIGHBOURS, len(kinds) - 1), largest=False)
    alike = nearest.isfinite()
    mean = (own[numbers] * alike[..., None]).sum(1) / alike.sum(1, keepdim=True).clamp(min=1)
    mixed = torch.where(alike.any(1, keepdim=True), (own + mean) / 2, own)
    return scores.masked_scatter(has_kind[..., None], mixed)
