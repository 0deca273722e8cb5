"""From sentences to batches: the one place that adds ROOT, pads, and decides which sentences go together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from depparse.data.fields import IGNORE
from depparse.data.sentence import Sentence
from depparse.errors import DepparseError


@dataclass(slots=True)
class Example:
    """A sentence made ready: `features` are what each input of the encoder reads, `targets` what each task learns.

    Both keep what their input or task made of the sentence; only those know its form. `source` numbers the treebank.
    """

    sentence: Sentence
    length: int  # words, without ROOT
    features: list[Any]
    targets: dict[str, Any] = field(default_factory=dict)
    source: int = 0
    number: int = 0  # of the sentence, from 1, in what is parsed
    kept: frozenset[str] = frozenset()  # names of what the sentence has that is not to be predicted

    @property
    def name(self) -> str:
        """The sentence in messages: its sent_id, or else its number."""
        return f"sentence {self.sentence.sent_id or self.number}"


class WordTree(NamedTuple):
    """The tree of a sentence, as far as it is known, a cell for each word."""

    heads: Sequence[int | None]  # 0 is ROOT, None where there is no head
    labels: Sequence[str]  # relations, "_" where there is none


def tree_of(sentence: Sentence) -> WordTree:
    """What HEAD and DEPREL of the sentence say. DepparseError if a head is beyond it."""
    for word, head in enumerate(sentence.heads, 1):
        if head is not None and head > len(sentence):
            raise DepparseError(
                f"{sentence!r}: word {word} has the head {head}, but the sentence has {len(sentence)} words"
            )
    return WordTree(sentence.heads, sentence.columns.get("DEPREL", ["_"] * len(sentence)))


@dataclass(slots=True)
class Batch:
    """Sentences side by side. The word axis has ROOT at 0 and the words after it; shorter sentences are padded."""

    examples: list[Example]
    lengths: Tensor  # [batch], words without ROOT
    mask: Tensor  # [batch, words], True at real words, False at ROOT and padding
    inputs: list[Any]  # for each input of the encoder, as its collate made it
    targets: dict[str, Any]  # for each task, as its collate made it
    sources: Tensor  # [batch], number of the treebank
    parsed: Sequence[WordTree] | None = None  # what a parser makes of the sentences, for tasks that read trees

    @property
    def trees(self) -> Sequence[WordTree]:
        """The trees that tasks read: those of a parser, else those that the sentences have."""
        return self.parsed if self.parsed is not None else [tree_of(example.sentence) for example in self.examples]

    @property
    def n_words(self) -> int:
        """Real words in the batch."""
        return sum(example.length for example in self.examples)

    @property
    def present(self) -> Tensor:
        """[batch, words]: True at real words and ROOT, False at padding."""
        present = self.mask.clone()
        present[:, 0] = True
        return present

    def to(self, device: torch.device) -> Batch:
        """The batch with all its tensors on `device`; itself if they are there."""
        if self.mask.device == device:
            return self
        moved = {
            name: _move(getattr(self, name), device) for name in ("lengths", "mask", "inputs", "targets", "sources")
        }
        return replace(self, **moved)


def _move(value: Any, device: torch.device) -> Any:
    """The tensors in lists, tuples, dictionaries and records, on `device`."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return {key: _move(item, device) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_move(item, device) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _move(getattr(value, f.name), device) for f in fields(value) if f.init})
    return value


def make_mask(lengths: Tensor, words: int) -> Tensor:
    """[batch, words]: True at the places 1 to length."""
    places = torch.arange(words)
    return (places > 0) & (places <= lengths[:, None])


def pad_labels(rows: Sequence[Sequence[int]]) -> Tensor:
    """Labels a word as ``[batch, words]``, IGNORE at ROOT and padding."""
    width = 1 + max(map(len, rows), default=0)
    labels = torch.full((len(rows), width), IGNORE)
    for number, row in enumerate(rows):
        labels[number, 1 : len(row) + 1] = torch.as_tensor(row)
    return labels


def plan_batches(lengths: Sequence[int], words: int, *, shuffle: random.Random | None = None) -> list[list[int]]:
    """Numbers of the sentences of each batch: at most `words` words with padding and ROOT, or a single sentence.

    Sentences of like length go together. With `shuffle`, lengths are blurred by a tenth and batches come in random
    order, so that no two epochs have the same batches; without it, the plan depends on the lengths alone.
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
    """Consecutive sentences of about `words` words together: what is sorted by length and parsed at once."""
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
