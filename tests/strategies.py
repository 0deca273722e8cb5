"""What hypothesis draws for the tests of several rooms."""

from __future__ import annotations

from hypothesis import strategies as st


def heads_of_any_kind(longest: int, shortest: int = 1) -> st.SearchStrategy[list[int | None]]:
    """Heads of so many words: trees, forests, cycles, words that are their own head, words without a head."""
    return st.integers(shortest, longest).flatmap(
        lambda n: st.lists(st.one_of(st.none(), st.integers(0, n)), min_size=n, max_size=n)
    )
