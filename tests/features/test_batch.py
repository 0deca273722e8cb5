"""From sentences to batches: ROOT and padding, numbers that are not annotated, and which sentences go together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError
from depparse.features.batch import Batch, Example, WordTree, chunks, count_targets, pad, plan_batches, tree_of
from depparse.features.vocabulary import IGNORE

LENGTHS = st.lists(st.integers(0, 40), max_size=60)


def batch_of(*lengths: int) -> Batch:
    """Sentences of so many words, without inputs and targets."""
    examples = [Example(Sentence.from_forms(["x"] * length), length, []) for length in lengths]
    return Batch(examples, np.array(lengths), np.zeros(len(lengths), np.int64), [], {})


# -- ROOT and padding


def test_root_stands_before_the_words_and_padding_behind_them() -> None:
    cells = pad([[5, 6], [], [7]])
    assert cells.dtype == np.int64
    assert cells.tolist() == [[IGNORE, 5, 6], [IGNORE, IGNORE, IGNORE], [IGNORE, 7, IGNORE]]
    assert pad([[5, 6], [], [7]], root=1, padding=0).tolist() == [[1, 5, 6], [1, 0, 0], [1, 7, 0]]
    assert pad([[], []], root=1).tolist() == [[1], [1]]
    assert pad([]).shape == (0, 1)


def test_a_batch_counts_words_without_root_and_has_a_shape_with_it() -> None:
    batch = batch_of(2, 0, 3)
    assert (batch.n_words, batch.shape) == (5, (3, 4))
    assert batch_of(0).shape == (1, 1)


# -- examples and their trees


def test_messages_name_a_sentence_by_its_identifier_or_else_its_number() -> None:
    sentence = Sentence.from_forms(["a"])
    assert Example(sentence, 1, [], number=7).name == "sentence 7"
    sentence.set_comment("sent_id", "s1")
    assert Example(sentence, 1, [], number=7).name == "sentence s1"


def test_a_tree_is_known_as_far_as_it_is_annotated() -> None:
    sentence = Sentence({"FORM": ["a", "b", "c"], "HEAD": ["2", "0", "_"], "DEPREL": ["det", "root", "_"]})
    assert tree_of(sentence) == WordTree([2, 0, None], ["det", "root", "_"])
    del sentence.columns["DEPREL"]
    assert tree_of(sentence) == WordTree([2, 0, None], ["_", "_", "_"])
    assert tree_of(Sentence.from_forms(["a", "b"])) == WordTree([None, None], ["_", "_"])


def test_a_head_beyond_the_sentence_is_one_clear_error() -> None:
    sentence = Sentence({"FORM": ["a", "b"], "HEAD": ["0", "9"], "DEPREL": ["root", "dep"]})
    with pytest.raises(DepparseError, match="word 2 has the head 9, but the sentence has 2 words"):
        tree_of(sentence)


def test_trees_are_those_of_a_parser_or_else_of_the_sentences() -> None:
    batch = batch_of(1, 2)
    batch.examples[0].sentence.columns |= {"HEAD": ["0"], "DEPREL": ["root"]}
    assert batch.trees == [WordTree([0], ["root"]), WordTree([None, None], ["_", "_"])]
    batch.parsed = [WordTree([0], ["root"]), WordTree([0, 1], ["root", "dep"])]
    assert batch.trees is batch.parsed


# -- targets


class Pair(NamedTuple):
    """Targets of two kinds, as tasks have them."""

    heads: Any
    labels: Any


def test_annotated_words_are_counted() -> None:
    labels = np.array([[IGNORE, 3, IGNORE], [IGNORE, 1, 0]])
    assert count_targets(labels) == 3
    assert count_targets([labels, labels]) == count_targets(Pair(labels, labels)) == 6
    assert count_targets([Pair(labels, labels), labels]) == 9
    assert count_targets(np.full((2, 2), IGNORE)) == 0


@pytest.mark.parametrize(
    "targets",
    [
        np.ones((2, 2), np.bool_),
        np.ones((2, 2)),
        Pair(np.ones((2, 2), np.int64), np.ones((2, 2))),
        {"other": "form"},
        [],
        None,
    ],
    ids=["truth values", "fractions", "numbers and fractions", "a dictionary", "nothing", "none"],
)
def test_targets_of_another_form_are_not_counted(targets: object) -> None:
    assert count_targets(targets) is None


# -- which sentences go together


@pytest.mark.parametrize(
    ("lengths", "words", "batches"),
    [
        ([3, 1, 2, 9], 8, [[1, 2], [0], [3]]),  # two sentences of three words at most with ROOT; one that is too long
        ([3, 1, 2, 9], 12, [[1, 2, 0], [3]]),
        ([3, 1, 2, 9], 39, [[1, 2, 0], [3]]),  # the longest would make all of them ten words long
        ([3, 1, 2, 9], 40, [[1, 2, 0, 3]]),
        ([2, 2, 2], 6, [[0, 1], [2]]),  # in their order where they are equally long
        ([0, 0, 0], 2, [[0, 1], [2]]),  # ROOT is a word too
        ([5], 1, [[0]]),
        ([], 100, []),
    ],
)
def test_batches_hold_so_many_words_with_padding_and_root(
    lengths: list[int], words: int, batches: list[list[int]]
) -> None:
    assert plan_batches(lengths, words) == batches


def check_plan(batches: list[list[int]], lengths: list[int], words: int) -> None:
    """Each sentence is in one batch, and batches are no larger than they may be."""
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * (1 + max(lengths[number] for number in batch)) <= words


@given(LENGTHS, st.integers(1, 200), st.integers(0, 9))
def test_no_sentence_is_lost_and_no_batch_is_too_large(lengths: list[int], words: int, seed: int) -> None:
    batches = plan_batches(lengths, words)
    check_plan(batches, lengths, words)
    order = [lengths[number] for batch in batches for number in batch]
    assert order == sorted(order)
    shuffled = plan_batches(lengths, words, shuffle=random.Random(seed))
    check_plan(shuffled, lengths, words)
    assert plan_batches(lengths, words, shuffle=random.Random(seed)) == shuffled


def test_epochs_differ_and_sentences_of_like_length_stay_together() -> None:
    lengths = [1 + number % 50 for number in range(1000)]
    plans = [plan_batches(lengths, 300, shuffle=random.Random(seed)) for seed in range(2)]
    together = [{frozenset(batch) for batch in plan} for plan in plans]
    assert len(together[0] & together[1]) < len(together[0]) / 2
    longest = [max(lengths[number] for number in batch) for batch in plans[0]]
    descents = sum(before > after for before, after in pairwise(longest))
    assert descents > len(longest) / 4  # short and long ones in any order
    padded = sum(len(batch) * (1 + most) for batch, most in zip(plans[0], longest, strict=True))
    assert padded < 1.3 * sum(length + 1 for length in lengths)


# -- consecutive sentences


def test_chunks_are_consecutive_and_end_when_they_have_enough_words() -> None:
    sentences = [Sentence.from_forms(["x"] * length) for length in (2, 2, 5, 1, 0)]
    groups = chunks(iter(sentences), 6)  # with ROOT: 3 and 3; 6; 2 and 1
    assert [[len(sentence) for sentence in group] for group in groups] == [[2, 2], [5], [1, 0]]
    assert list(chunks(iter(sentences), 100)) == [sentences]
    assert list(chunks(iter([]), 6)) == []


def test_no_more_sentences_are_read_than_a_chunk_needs() -> None:
    n_read = 0

    def sentences() -> Iterator[Sentence]:
        nonlocal n_read
        for _ in range(100):
            n_read += 1
            yield Sentence.from_forms(["x"] * 4)

    groups = chunks(sentences(), 10)
    assert Document(next(groups)).num_words == 8
    assert n_read == 2
    assert sum(map(len, groups)) == 98
