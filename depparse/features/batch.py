"""Batches of sentences: only this file adds ROOT, pads, and decides which sentences go together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from depparse.document.sentence import Sentence
from depparse.errors import DepparseError
from depparse.features.vocabulary import IGNORE

Ints = NDArray[np.int64]


@dataclass(slots=True)
class Example:
    """A sentence prepared for a model: `features` for each input of the encoder, `targets` for each task.

    Each item is in a form that only its own input or task knows. `source` is the number of the treebank.
    """

    sentence: Sentence
    length: int  # words, without ROOT
    features: list[Any]
    targets: dict[str, Any] = field(default_factory=dict)
    lessons: dict[str, Any] = field(default_factory=dict)  # of tasks that have a teacher, in place of targets
    source: int = 0
    number: int = 0  # of the sentence among those that are parsed, from 1
    kept: frozenset[str] = frozenset()  # names of annotations that the sentence keeps, so they are not predicted

    @property
    def name(self) -> str:
        """The sentence as messages call it, by its sent_id or else its number."""
        return f"sentence {self.sentence.sent_id or self.number}"


class WordTree(NamedTuple):
    """The tree of a sentence, as far as it is known, with one cell a word."""

    heads: Sequence[int | None]  # 0 is ROOT, None where there is no head
    labels: Sequence[str]  # relations, "_" where there is none


def tree_of(sentence: Sentence) -> WordTree:
    """The tree in HEAD and DEPREL of the sentence. Raises DepparseError if a head is beyond the last word."""
    for word, head in enumerate(sentence.heads, 1):
        if head is not None and head > len(sentence):
            raise DepparseError(
                f"{sentence!r}: word {word} has the head {head}, but the sentence has {len(sentence)} words"
            )
    return WordTree(sentence.heads, sentence.columns.get("DEPREL", ["_"] * len(sentence)))


@dataclass(slots=True)
class Batch:
    """Sentences side by side, as NumPy arrays. The word axis has ROOT at 0, then the words, then padding."""

    examples: list[Example]
    lengths: Ints  # [batch], words without ROOT
    sources: Ints  # [batch], number of the treebank
    inputs: list[Any]  # for each input of the encoder, the batch that its codec makes
    targets: dict[str, Any]  # for each task, the targets that its codec makes
    lessons: dict[str, Any] = field(default_factory=dict)  # the same of tasks that have a teacher
    parsed: Sequence[WordTree] | None = None  # trees that a parser predicted, for tasks that read trees
    probabilities: bool = False  # whether the request asks for the probabilities of what is predicted

    @property
    def trees(self) -> Sequence[WordTree]:
        """The trees that tasks read: predicted ones if there are any, else those of the sentences."""
        return self.parsed if self.parsed is not None else [tree_of(example.sentence) for example in self.examples]

    @property
    def n_words(self) -> int:
        """The number of real words in the batch."""
        return sum(example.length for example in self.examples)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of sentences, and the length of the longest, with ROOT."""
        return len(self.examples), 1 + int(self.lengths.max())


def pad(rows: Sequence[Sequence[int]], *, root: int = IGNORE, padding: int = IGNORE, width: int = 0) -> Ints:
    """The numbers of the words of each sentence as ``[batch, words]``, with `root` before and `padding` behind them; at
    least `width` wide."""
    cells = pad_rows(rows, padding, first=1, width=width)
    cells[:, 0] = root
    return cells


def pad_rows(rows: Sequence[Sequence[int] | Ints], padding: int, *, first: int = 0, width: int = 0) -> Ints:
    """The rows one below the other, from the column `first`, with `padding` around; at least `width` wide."""
    cells = np.full((len(rows), max(width, first + max(map(len, rows), default=0))), padding, np.int64)
    for number, row in enumerate(rows):
        cells[number, first : first + len(row)] = row
    return cells


def count_targets(targets: object) -> int | None:
    """How many targets are not IGNORE, in an array, or in a list or NamedTuple of arrays; a loss is the mean over them.

    None if the targets have another form.
    """
    if isinstance(targets, np.ndarray):
        return int((targets != IGNORE).sum()) if np.issubdtype(targets.dtype, np.integer) else None
    if isinstance(targets, (list, tuple)) and targets:
        counts = [count_targets(item) for item in targets]
        return None if None in counts else sum(count or 0 for count in counts)
    return None


def plan_batches(lengths: Sequence[int], words: int, *, shuffle: random.Random | None = None) -> list[list[int]]:
    """The numbers of the sentences of each batch: at most `words` words with padding and ROOT, or a single sentence.

    Sentences of similar length go together. With `shuffle`, lengths are blurred by a tenth and batches come in random
    order, so that epochs have different batches; without it, the plan depends on the lengths alone.
    """
    if shuffle is None:
        order = sorted(range(len(lengths)), key=lambda number: (lengths[number], number))
    else:
        blurred = [length * shuffle.uniform(0.9, 1.1) + shuffle.random() for length in lengths]
        order = sorted(range(len(lengths)), key=blurred.__getitem__)
    batches: list[list[int]] = []
    longest = 0
    for number in order:
        longest = max(longest, lengths[number] + 1)
        if not batches or longest * (len(batches[-1]) + 1) > words:
            batches.append([])
            longest = lengths[number] + 1
        batches[-1].append(number)
    if shuffle is not None:
        shuffle.shuffle(batches)
    return batches


def chunks(sentences: Iterator[Sentence], words: int) -> Iterator[list[Sentence]]:
    """Groups of consecutive sentences with about `words` words. A group is sorted by length and parsed at once."""
    group: list[Sentence] = []
    size = 0
    for sentence in sentences:
        group.append(sentence)
        size += len(sentence) + 1
        if size >= words:
            yield group
            group, size = [], 0
    if group:
        yield group
