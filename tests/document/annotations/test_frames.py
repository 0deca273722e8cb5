"""Frames in cells, in both directions."""

from __future__ import annotations

import pytest

from depparse.document.annotations.frames import decode_frames, encode_frames
from depparse.document.document import Document
from depparse.document.spans import Argument, Frame
from tests.sentences import TWO_PARAGRAPHS


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


def test_frames_go_to_misc_and_come_back(document: Document) -> None:
    frames = [Frame(4, "like.01", [Argument("ARG0", 1, 1, 1), Argument("ARG1", 8, 6, 8)]), Frame(8, "wine.01", [])]
    document[0].frames = frames
    again = Document.from_conllu(document.to_conllu())[0]
    assert list(again.frames) == frames
    assert again.words[3].misc == "UPPred=like.01|UPArgHeads=ARG0:1,ARG1:8|UPArgSpans=ARG0:1-1,ARG1:6-8"
    again.frames = []
    assert again.to_conllu() == Document.from_conllu(TWO_PARAGRAPHS)[0].to_conllu()


def test_partly_known_arguments_survive(document: Document) -> None:
    frames = [Frame(4, "like.01", [Argument("A0", 2), Argument("A1", None, 6, 8), Argument("A2")])]
    document[0].frames = frames
    assert list(Document.from_conllu(document.to_conllu())[0].frames) == frames
    frames = [Frame(4, "like.01", [Argument("A2")])]
    document[0].frames = frames
    assert list(Document.from_conllu(document.to_conllu())[0].frames) == frames
