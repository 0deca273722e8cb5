"""Text read in pieces."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from depparse.text.pieces import iter_pieces


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 5))
def test_pieces_are_the_text_of_the_file(text: str, size: int) -> None:
    class Slow(io.BytesIO):
        """Gives a few bytes at a time, parts of characters too."""

        def read1(self, _: int | None = -1) -> bytes:
            return self.read(size)

    assert "".join(iter_pieces(Slow(text.encode()))) == text
