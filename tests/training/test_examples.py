"""Examples in batches: how often the sentences of each treebank are drawn."""

from __future__ import annotations

import random
from collections import Counter

from depparse.training.examples import plan_epoch


def test_temperature_samples_treebanks() -> None:
    sources = [0] * 900 + [1] * 100
    lengths = [1 + number % 20 for number in range(1000)]

    def epoch(temperature: float, seed: int = 1) -> list[int]:
        plan = plan_epoch(lengths, sources, 100, temperature, random.Random(seed))
        assert all(sum(lengths[number] + 1 for number in batch) <= 100 for batch in plan)
        return [number for batch in plan for number in batch]

    assert sorted(epoch(1)) == list(range(1000))
    square = epoch(2)  # 30 to 10
    assert Counter(sources[number] for number in square) == {0: 750, 1: 250}
    counts = Counter(square)
    assert max(counts[number] for number in range(900)) == 1
    assert {counts[number] for number in range(900, 1000)} == {2, 3}
    assert epoch(2) == square
    assert epoch(2, seed=2) != square


def test_an_epoch_counts_so_many_words_of_a_treebank() -> None:
    """Of the larger treebank, other sentences each time; the smaller one is seen as a whole."""
    sources = [0] * 900 + [1] * 100
    lengths = [10] * 1000

    def epoch(seed: int, temperature: float = 1) -> list[int]:
        plan = plan_epoch(lengths, sources, 110, temperature, random.Random(seed), 3000)
        return [number for batch in plan for number in batch]

    first, second = epoch(1), epoch(2)
    for numbers in (first, second):
        assert Counter(sources[number] for number in numbers) == {0: 300, 1: 100}
        assert len(set(numbers)) == 400
    assert set(first) != set(second)
    square = Counter(sources[number] for number in epoch(1, 2))  # √300 to 10, of 400
    assert square == {0: 254, 1: 146}
