"""Frames in cells, in both directions."""

from __future__ import annotations

import pytest

from depparse.document.annotations.frames import decode_frames, encode_frames


def test_frames_round_trip() -> None:
    columns = (["_", "go.01", "_"], ["_", "ARG0:1|R-ARG1:3", "_"], ["_", "ARG0:1-1|R-ARG1:3-3", "_"])
    assert encode_frames(decode_frames(*columns), 3) == columns
    heads_only = decode_frames(columns[0], columns[1], None)
    assert encode_frames(heads_only, 3) == (columns[0], columns[1], ["_"] * 3)
    assert decode_frames(*encode_frames(heads_only, 3)) == heads_only
    spans_only = decode_frames(columns[0], None, columns[2])
    assert encode_frames(spans_only, 3) == (columns[0], ["_"] * 3, columns[2])
    assert decode_frames(*encode_frames(spans_only, 3)) == spans_only


@pytest.mark.parametrize(
    ("heads", "spans", "reason"),
    [
        ("ARG0:1", "ARG1:1-1", "differ"),
        ("ARG0:1|ARG1:2", "ARG0:1-1", "differ"),
        ("ARG0", "_", "ROLE:PLACE"),
        ("ARG0:x", "ARG0:1-1", "word ID"),
        ("ARG0:1", "ARG0:1-y", "word ID"),
    ],
)
def test_broken_frames_say_why(heads: str, spans: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_frames(["go.01"], [heads], [spans])
