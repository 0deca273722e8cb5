"""Sentences of several sources, annotated in one stream and given back by source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.sentence import Sentence
from depparse.inference.outputs import by_source


def sentences(number: int, size: int) -> list[Sentence]:
    return [Sentence.from_forms([f"{number}.{index}"]) for index in range(size)]


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(1, 7), st.integers(1, 3))
def test_sources_get_their_own_sentences(sizes: list[int], ahead: int, copies: int) -> None:
    """However far the annotation reads ahead, and however many copies of a sentence there are."""

    def annotate(stream: Iterable[Sentence]) -> Iterator[list[Sentence]]:
        group: list[Sentence] = []
        for sentence in stream:
            group.append(sentence)
            if len(group) == ahead:
                yield from ([one] * copies for one in group)
                group = []
        yield from ([one] * copies for one in group)

    found = {}
    for number, part in by_source(range(len(sizes)), lambda number: sentences(number, sizes[number]), annotate):
        found[number] = [sentence.columns["FORM"][0] for sentence in part]
    assert found == {
        number: [f"{number}.{index}" for index in range(size) for _ in range(copies)]
        for number, size in enumerate(sizes)
    }


def test_an_error_in_a_later_source_comes_after_the_earlier_ones() -> None:
    def read(number: int) -> Iterator[Sentence]:
        if number == 1:
            raise ValueError("broken")
        yield from sentences(number, 2)

    parts = by_source([0, 1, 2], read, lambda stream: ([one] for one in stream))
    _, first = next(parts)
    assert len(list(first)) == 2
    with pytest.raises(ValueError, match="broken"):
        list(next(parts)[1])
