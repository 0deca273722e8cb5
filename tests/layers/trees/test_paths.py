"""Paths in trees against walking them one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from depparse.layers.trees.path_lstm import Paths
from depparse.layers.trees.paths import PathsConfig, levels
from depparse.layers.trees.reader import Arcs

# Trees of 6 words: one that branches, a chain, one with a word without a head, and one with a cycle.
HEADS = [[0, 2, 0, 2, 5, 3, 2], [0, 0, 1, 2, 3, 4, 5], [0, 2, 0, 0, 3, 3, 4], [0, 2, 3, 1, 0, 4, 3]]


def walk(heads: list[int], start: int, end: int) -> list[int] | None:
    """The words from start to end: up to the lowest common ancestor and down again."""

    def up(word: int) -> list[int]:
        chain = []
        while word and word not in chain:
            chain.append(word)
            word = heads[word]
        return chain

    first, last = up(start), up(end)
    meeting = next((word for word in first if word in last), None)
    if meeting is None:
        return None
    return first[: first.index(meeting) + 1] + last[: last.index(meeting)][::-1]


def test_all_paths_of_trees_are_found_once() -> None:
    for heads in HEADS[:3]:
        predicates = np.arange(1, 7)
        path_of: dict[tuple[int, int], list[int]] = {}
        for distance, level in enumerate(levels(np.array([heads] * 6), predicates)):
            for row, word, before, index in zip(*(part.tolist() for part in level), strict=True):
                assert (row, word) not in path_of
                earlier = path_of[row, before] if distance else []
                assert len(earlier) == distance
                path_of[row, word] = [*earlier, word]
                assert index >= 0
        expected = {(row, end): walk(heads, row + 1, end) for row in range(6) for end in range(1, 7)}
        assert path_of == {key: path for key, path in expected.items() if path is not None}


def test_a_cycle_is_no_endless_path() -> None:
    found = levels(np.array([HEADS[3]] * 2), np.array([1, 5]))
    assert sorted((row, word) for level in found for row, word in zip(level.predicates, level.words, strict=True)) == [
        (0, 1), (0, 2), (0, 3), (0, 6), (1, 4), (1, 5),
    ]  # fmt: skip


def arcs_of(several: list[list[int]]) -> Arcs[Tensor]:
    heads = torch.tensor(several)
    relations = (torch.arange(heads.numel()).view_as(heads) % 3 + 1) * (heads > 0)
    return Arcs(heads, relations, (heads > 0)[..., None])


@pytest.fixture(scope="module")
def paths() -> Paths:
    torch.manual_seed(1)
    return Paths(PathsConfig(width=5, word_width=4, relation_width=3), 7, 4).eval()


def by_hand(paths: Paths, words: Tensor, arcs: Arcs[Tensor], sentence: int, path: list[int]) -> Tensor:
    """The state of the LSTM at the end of one path, step by step."""
    heads, relations = arcs.heads[sentence].tolist(), arcs.relations[sentence].tolist()
    state = torch.zeros(1, 5), torch.zeros(1, 5)
    for number, word in enumerate(path):
        step = 0
        if number:
            before = path[number - 1]
            step = 1 + 4 + relations[word] if heads[word] == before else 1 + relations[before]
        item = torch.cat([paths.word(words)[sentence, word], paths.steps(torch.tensor(step))])
        state = paths.cell(item[None], state)
    return state[0][0]


def test_embeddings_are_those_of_an_lstm_over_each_path(paths: Paths) -> None:
    arcs, words = arcs_of(HEADS[:3]), torch.randn(3, 7, 7)
    predicates = torch.tensor([[0, 2], [0, 6], [1, 3], [2, 1], [2, 6]])
    with torch.inference_mode():
        embeddings = paths(paths.prepare(words, arcs), predicates)
        assert embeddings.shape == (5, 7, 5)
        for row, (sentence, start) in enumerate(predicates.tolist()):
            assert not embeddings[row, 0].any()
            for end in range(1, 7):
                path = walk(HEADS[sentence], start, end)
                expected = torch.zeros(5) if path is None else by_hand(paths, words, arcs, sentence, path)
                torch.testing.assert_close(embeddings[row, end], expected)
        assert paths(paths.prepare(words, arcs), predicates[:0]).shape == (0, 7, 5)


def test_gradients_reach_the_words_on_the_path_alone(paths: Paths) -> None:
    arcs, words = arcs_of(HEADS[:1]), torch.randn(1, 7, 7, requires_grad=True)
    paths(paths.prepare(words, arcs), torch.tensor([[0, 1]]))[0, 6].sum().backward()
    assert words.grad is not None
    assert words.grad[0].any(-1).nonzero().flatten().tolist() == [1, 2, 6]
