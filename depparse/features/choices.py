"""Probabilities that a model learns from instead of one answer: of its teachers, and of the annotation.

A question is asked at each word, such as what its tag or its head is. Only the most probable answers are kept, since
there may be thousands of edit scripts; the rest of the probability is that of all other answers together. This is the
distillation of Hinton, Vinyals & Dean (2015, *Distilling the Knowledge in a Neural Network*), who keep all answers, and
soften the probabilities by a temperature, which is always 1 here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depparse.features.batch import Ints
from depparse.features.vocabulary import IGNORE, Vocabulary

Floats = NDArray[np.floating[Any]]
Lesson = Mapping[str, NDArray[Any]]  # what is learned from a sentence; each array has a row for each word
SHARES = "_shares"  # ends the name of the probabilities of the answers of that name
CHOICES = 8  # answers that are kept


def softmax(scores: Floats) -> Floats:
    """Probabilities over the last axis. In a row in which nothing is possible, they are 0."""
    greatest = scores.max(-1, keepdims=True)
    exponentials = np.exp(scores.astype(np.float64) - np.where(np.isfinite(greatest), greatest, 0))
    shares: Floats = exponentials / np.maximum(exponentials.sum(-1, keepdims=True), 1e-300)
    return shares


def translate(shares: Floats, theirs: Vocabulary, ours: Vocabulary) -> Floats:
    """The probabilities ``[…, labels]`` of their labels as those of ours; labels that we do not have are left out."""
    if theirs.items == ours.items:
        return shares
    numbers = np.array(ours.numbers(theirs.items, -1), np.int64)
    translated = np.zeros((*shares.shape[:-1], len(ours)), shares.dtype)
    translated[..., numbers[numbers >= 0]] = shares[..., numbers >= 0]
    return translated


def blend(opinions: Sequence[Floats], gold: Ints, trust: Floats) -> Floats:
    """The mean of the teachers' probabilities ``[batch, words, answers]``, blended with the annotation.

    A teacher that gives more than half of its probability to answers that are left out has no opinion of a word. Where
    a word is annotated (``gold[batch, words]`` is not IGNORE), the teachers have the weight ``trust[batch]``
    and the annotation the rest; elsewhere, and if all trust is theirs, they are alone. Rows about which nobody knows
    anything are 0.
    """
    blended: Floats = np.zeros(opinions[0].shape)
    n_known = np.zeros((*gold.shape, 1))
    for opinion in opinions:
        mass = opinion.sum(-1, keepdims=True)
        knows = mass > 0.5
        blended += np.divide(opinion, mass, out=np.zeros_like(blended), where=knows)
        n_known += knows
    known = n_known > 0
    blended /= np.maximum(n_known, 1)
    annotated = (gold != IGNORE) & (trust < 1)[:, None]
    weights = np.where(annotated[..., None], np.where(known, trust[:, None, None], 0), 1)
    blended *= weights
    rows, words = np.nonzero(annotated)
    blended[rows, words, gold[rows, words]] += 1 - weights[rows, words, 0]
    return blended


def choose(shares: Floats, name: str) -> dict[str, NDArray[Any]]:
    """The most probable answers as `name`, ``[…, choices]``, the best first, and their probabilities (`SHARES`).

    Where there are no more answers, or none that are possible, there is IGNORE with the probability 0.
    """
    n_choices = min(CHOICES, shares.shape[-1])
    numbers = np.argpartition(-shares, n_choices - 1, axis=-1)[..., :n_choices]
    order = np.argsort(-np.take_along_axis(shares, numbers, -1), axis=-1, kind="stable")
    numbers = np.take_along_axis(numbers, order, -1)
    chosen = np.take_along_axis(shares, numbers, -1).astype(np.float32)
    missing = [(0, 0)] * (shares.ndim - 1) + [(0, CHOICES - n_choices)]
    return {
        name: np.pad(np.where(chosen > 0, numbers, IGNORE), missing, constant_values=IGNORE).astype(np.int32),
        name + SHARES: np.pad(chosen, missing),
    }


def split(arrays: Mapping[str, NDArray[Any]], lengths: Ints) -> list[Lesson]:
    """The lesson of each sentence of a batch, from arrays ``[batch, words, …]`` with ROOT at word 0."""
    return [
        {name: array[number, 1 : length + 1] for name, array in arrays.items()}
        for number, length in enumerate(lengths.tolist())
    ]


def pad_lessons(lessons: Sequence[Lesson]) -> dict[str, NDArray[Any]]:
    """The lessons side by side, ``[batch, words, …]``: the inverse of `split`. ROOT and padding have IGNORE or 0."""
    longest = max(len(array) for lesson in lessons for array in lesson.values())
    padded: dict[str, NDArray[Any]] = {}
    for name, first in lessons[0].items():
        is_number = np.issubdtype(first.dtype, np.integer)
        cells = np.full(
            (len(lessons), longest + 1, *first.shape[1:]),
            IGNORE if is_number else 0,
            np.int64 if is_number else np.float32,
        )
        for number, lesson in enumerate(lessons):
            cells[number, 1 : len(lesson[name]) + 1] = lesson[name]
        padded[name] = cells
    return padded
