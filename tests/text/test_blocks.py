"""Blocks of a text: where they end, which depends on the text alone."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from depparse.text.blocks import iter_blocks

# Texts are made of parts of clusters, ends of blocks, and any characters.
PARTS = st.sampled_from(
    [
        *"a é e\u0301 . 。 」 👩🏽‍🚀 🇸🇪 🇸 한 \u1100\u1161 ก \u0e33 \u0301 \u200d \u0600 क्षि".split(" "),
        *["\r\n", "\r", "\n", "\n\n", " ", ". ", "\u2029", "\x85"],
    ]
)
TEXTS = st.lists(st.one_of(PARTS, st.characters()), max_size=60).map("".join)


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[begin:end] for begin, end in itertools.pairwise(places)]


@given(TEXTS, st.integers(1, 30), st.lists(st.integers(0, 10_000), max_size=8))
@example("🇸" * 150, 131, [])
@example("a" + "🇸" * 500, 200, [])
@example("a\r\n", 2, [1, 2])
def test_blocks_depend_on_the_text_alone_and_part_no_cluster(text: str, size: int, cuts: list[int]) -> None:
    blocks = list(iter_blocks([text], size))
    assert "".join(blocks) == text
    assert list(iter_blocks(pieces_of(text, cuts), size)) == blocks
    assert list(iter_blocks(text, size)) == blocks
    assert all(0 < len(block) <= size + 64 for block in blocks)
    ends = {match.end() for match in regex.finditer(r"\X", text)}
    for end in itertools.accumulate(map(len, blocks)):
        cluster = next(e for e in sorted(ends) if e >= end) - max((e for e in ends if e < end), default=0)
        assert end in ends or cluster > 64, (text[:end], text[end:])


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("aaaa\n\nb b. b\nb b b b", "aaaa\n\n"),
        ("aaaa \r\n \r\nb b. b b b", "aaaa \r\n \r\n"),
        ("a\n\naaaaaaa\nb. b b b b", "a\n\naaaaaaa\n"),  # a paragraph break too early to be worth a block
        ("aaaaaaaa. b b b b b b", "aaaaaaaa. "),
        ("aaaaaaa.) b b b b b b", "aaaaaaa.) "),
        ("今天好。」我们去公园玩儿吧我们去公园", "今天好。」"),
        ("aaaaaaaa bbbbbbbbbbbbbb", "aaaaaaaa "),
        ("aaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa"),
        ("aaaaaaaaaaaa👩🏽‍🚀aaaaaaa", "aaaaaaaaaaaa"),
        ("aaaaaaaaaaaaa\u0301\r\naaa", "aaaaaaaaaaaaa\u0301"),
    ],
)
def test_a_block_ends_at_the_best_break(text: str, block: str) -> None:
    assert next(iter_blocks([text], 15)) == block


def test_an_absurd_cluster_is_cut() -> None:
    text = "a" + "\u0301" * 1000
    assert [len(block) for block in iter_blocks([text], 100)] == [100] * 9 + [101]


@pytest.mark.slow
def test_one_piece_without_any_end_takes_linear_time_and_little_memory() -> None:
    """Copying what is left with each block or character would take hours."""

    def pieces() -> Iterator[str]:
        yield "x" * 10_000_000
        yield from itertools.repeat("é", 1_000_000)
        yield "👩" * 1_000_000

    tracemalloc.start()
    try:
        assert sum(map(len, iter_blocks(pieces()))) == 12_000_000
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_no_text_has_no_blocks_and_no_size_is_refused() -> None:
    assert list(iter_blocks([])) == list(iter_blocks(["", ""])) == []
    with pytest.raises(ValueError, match="at least 1, not 0"):
        list(iter_blocks(["a"], 0))
