"""Strategies by which hypothesis draws examples for the tests of several folders."""

from __future__ import annotations

from hypothesis import strategies as st


def heads_of_any_kind(longest: int, shortest: int = 1) -> st.SearchStrategy[list[int | None]]:
    """Heads of `shortest` to `longest` words: trees, forests, cycles, words that are their own head or have none."""
    return st.integers(shortest, longest).flatmap(
        lambda n: st.lists(st.one_of(st.none(), st.integers(0, n)), min_size=n, max_size=n)
    )
