"""Entity tags and frame cells, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, IOBES, Entities

from depparse.data.sentence import Sentence
from depparse.data.spans import Span, decode_frames, decode_tags, encode_frames, encode_tags


def of(*spans: tuple[int, int, str]) -> list[Span]:
    return [Span(*span) for span in spans]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O B-A I-A O B-A B-A", of((2, 3, "A"), (5, 5, "A"), (6, 6, "A"))),
        ("I-A I-A I-B", of((1, 2, "A"), (3, 3, "B"))),  # IOB1
        ("B-A E-A S-B O E-A", of((1, 2, "A"), (3, 3, "B"), (5, 5, "A"))),
        ("B-A O I-A", of((1, 1, "A"), (3, 3, "A"))),
        ("A A _", of((1, 2, "A"))),  # a bare type
        ("B-O|I-T I-O E-O", of((1, 3, "O"), (1, 1, "T"))),
        ("B-A I-A|B-A I-A|E-A E-A", of((1, 4, "A"), (2, 3, "A"))),
        ("B-A I-A|B-A E-A|E-A", of((1, 3, "A"), (2, 3, "A"))),
        ("B-work,S-who I-work", of((1, 2, "work"), (1, 1, "who"))),
    ],
)
def test_decoding(tags: str, spans: list[Span]) -> None:
    joint = "," if "," in tags else "|"
    assert decode_tags(tags.split(), joint) == spans


kinds = st.sampled_from(["PER", "ORG", "creative-work"])


@st.composite
def flat_spans(draw: st.DrawFn, length: int = 12) -> list[Span]:
    cuts = draw(st.lists(st.booleans(), min_size=length, max_size=length))
    spans, start = [], 1
    for position in range(1, length + 1):
        if cuts[position - 1]:
            if draw(st.booleans()):
                spans.append(Span(start, position, draw(kinds)))
            start = position + 1
    return spans


@given(flat_spans(), st.sampled_from(["IOB2", "BIOES"]))
def test_flat_entities_round_trip(spans: list[Span], scheme: str) -> None:
    assert decode_tags(encode_tags(spans, 12, scheme)) == spans


@st.composite
def nested_spans(draw: st.DrawFn) -> list[Span]:
    """Entities that lie inside each other or apart, never across, and never twice the same words and type."""

    def inside(first: int, last: int, depth: int) -> list[Span]:
        result: list[Span] = []
        while first <= last and depth:
            start = draw(st.integers(first, last))
            end = draw(st.integers(start, last))
            result.append(Span(start, end, draw(kinds)))
            if end > start:
                # One word shorter, so that no two entities cover exactly the same words.
                result += inside(start, end - 1, depth - 1)
            first = end + 1
        return result

    return sorted(inside(1, 8, 3), key=lambda span: (span.start, -span.end))


@given(nested_spans())
def test_nested_entities_round_trip_in_bioes(spans: list[Span]) -> None:
    decoded = decode_tags(encode_tags(spans, 8, "BIOES"))
    assert sorted((s.start, s.end, s.type) for s in decoded) == sorted((s.start, s.end, s.type) for s in spans)


@given(flat_spans())
def test_tags_mean_the_same_to_seqeval(spans: list[Span]) -> None:
    for scheme, theirs in (("IOB2", IOB2), ("BIOES", IOBES)):
        tags = [tag.replace("creative-work", "work") for tag in encode_tags(spans, 12, scheme)]
        entities = Entities([tags], theirs, suffix=False).entities[0]
        assert [(e.start + 1, e.end) for e in entities] == [(s.start, s.end) for s in spans]


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


def test_a_sentence_tells_whether_its_entities_are_annotated() -> None:
    bare = Sentence.from_forms(["a", "b"])
    assert (bare.entity_tags(), bare.ents) == (None, ())
    bare.columns["NER"] = ["_", "_"]
    assert (bare.entity_tags(), bare.ents) == (None, ())
    bare.columns["NER"] = ["O", "O"]
    assert (bare.entity_tags(), bare.ents) == (["O", "O"], ())
    misc = Sentence({"FORM": ["a", "b"], "MISC": ["SpaceAfter=No", "ner=B-A,S-B"]})
    assert misc.entity_tags() == ["O", "B-A|S-B"]
    assert [(span.start, span.end, span.type) for span in misc.ents] == [(2, 2, "A"), (2, 2, "B")]
