"""Constituent trees: the best tree against all trees, and labels of words against random trees."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from depparse.document.constituents import Constituent, check_tree
from depparse.errors import DepparseError
from depparse.structs.constituent_labels import ENCODINGS
from depparse.structs.constituents import best_spans, span_probabilities


def random_tree(chance: random.Random, n_words: int) -> list[Constituent]:
    """A tree with a root, with constituents of one word and several of the same words."""
    tree: list[Constituent] = []

    def grow(start: int, end: int, *, is_root: bool) -> None:
        if is_root or (start < end and chance.random() < 0.7) or chance.random() < 0.3:
            tree.extend(Constituent(start, end, chance.choice("ABC")) for _ in range(chance.choice((1, 1, 1, 2, 3))))
        if start < end:
            cuts = sorted(chance.sample(range(start, end), chance.randint(1, min(3, end - start))))
            for first, last in zip([start, *(cut + 1 for cut in cuts)], [*cuts, end], strict=True):
                grow(first, last, is_root=False)

    grow(1, n_words, is_root=True)
    return tree


def binary_trees(start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """The spans of all binary trees over the words from `start` to `end`."""
    if start == end:
        yield [(start, end)]
    for split in range(start, end):
        for left in binary_trees(start, split):
            for right in binary_trees(split + 1, end):
                yield [(start, end), *left, *right]


@pytest.mark.parametrize("n_words", range(1, 7))
def test_the_best_spans_and_all_probabilities_are_those_of_all_trees(n_words: int) -> None:
    trees = list(binary_trees(0, n_words - 1))
    for seed in range(10):
        scores = np.random.default_rng(seed).normal(scale=3, size=(n_words, n_words))
        values = np.array([sum(scores[span] for span in tree) for tree in trees])
        assert best_spans(scores) == trees[int(values.argmax())]
        logarithm, probabilities = span_probabilities(scores)
        assert logarithm == pytest.approx(np.logaddexp.reduce(values))
        expected = np.zeros_like(scores)
        for tree, value in zip(trees, values, strict=True):
            for span in tree:
                expected[span] += np.exp(value - logarithm)
        assert np.allclose(probabilities, expected)


def test_scores_of_any_size_overflow_nothing() -> None:
    scores = np.random.default_rng(1).normal(scale=1e4, size=(40, 40))
    scores[np.tril_indices(40, -1)] = np.nan  # no spans
    _, probabilities = span_probabilities(scores.astype(np.float32))
    assert probabilities.sum() == pytest.approx(79)  # spans of a binary tree
    assert all(probabilities[span] == pytest.approx(1) for span in best_spans(scores.astype(np.float32)))


def test_scores_that_are_none_are_one_line() -> None:
    for function in (best_spans, span_probabilities):
        with pytest.raises(DepparseError, match=r"expected scores \[words, words\] of spans; got shape \(2, 3\)"):
            function(np.zeros((2, 3)))
        with pytest.raises(DepparseError, match="no finite score"):
            function(np.full((2, 2), np.nan))
    assert best_spans(np.zeros((0, 0))) == []
    assert span_probabilities(np.zeros((0, 0)))[0] == 0


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_tree_is_what_its_labels_say(name: str) -> None:
    encoding, chance = ENCODINGS[name], random.Random(1)
    for _ in range(2000):
        n_words = chance.randint(1, 9)
        tree = random_tree(chance, n_words)
        check_tree(tree, n_words)
        labels = encoding.encode(tree, n_words)
        assert len(labels) == n_words
        assert encoding.decode(labels) == tree, labels


@pytest.mark.parametrize("name", ENCODINGS)
def test_labels_in_any_order_give_trees(name: str) -> None:
    encoding, chance = ENCODINGS[name], random.Random(2)
    known = sorted({
        label for _ in range(200) for n in (1, 5, 8) for label in encoding.encode(random_tree(chance, n), n)
    })  # fmt: skip
    for _ in range(1000):
        labels = chance.choices(known, k=chance.randint(1, 9))
        check_tree(encoding.decode(labels), len(labels))
    assert encoding.decode([]) == []


def test_labels_are_those_of_the_papers() -> None:
    # (S (NP The cat) (VP saw (NP (NP him))) .)
    spans = [(1, 6, "S"), (1, 2, "NP"), (3, 4, "VP"), (4, 4, "NP"), (4, 4, "NP"), (5, 6, "X")]
    tree = [Constituent(*span) for span in spans]
    assert ENCODINGS["absolute_ancestors"].encode(tree, 6) == [
        "2 NP -", "1 S -", "2 VP -", "1 S NP+NP", "2 X -", "0 - -"
    ]  # fmt: skip
    assert ENCODINGS["relative_ancestors"].encode(tree, 6) == [
        "+2 NP -", "-1 S -", "+1 VP -", "-1 S NP+NP", "+1 X -", "0 - -"
    ]  # fmt: skip
    assert ENCODINGS["tetratags"].encode(tree, 6) == [
        "l - L NP", "r - L S", "l - L VP", "r NP+NP R -", "l - R X", "r -"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(1, 3, "A"), (3, 4, "B")], "crosses a constituent that ends with the word 3"),
        ([(1, 2, "A"), (1, 4, "B")], "stands behind"),
        ([(0, 2, "A")], "is not within a sentence of 4 words"),
    ],
)
def test_what_is_no_tree_is_refused(spans: list[tuple[int, int, str]], message: str) -> None:
    with pytest.raises(DepparseError, match=message):
        check_tree([Constituent(*span) for span in spans], 4)
