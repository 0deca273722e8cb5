"""Spans as tags, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, IOBES, Entities

from depparse.document.spans import Span, decode_tags, encode_tags


def spans_of(*spans: tuple[int, int, str]) -> list[Span]:
    return [Span(*span) for span in spans]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O B-A I-A O B-A B-A", spans_of((2, 3, "A"), (5, 5, "A"), (6, 6, "A"))),
        ("I-A I-A I-B", spans_of((1, 2, "A"), (3, 3, "B"))),  # IOB1
        ("B-A E-A S-B O E-A", spans_of((1, 2, "A"), (3, 3, "B"), (5, 5, "A"))),
        ("B-A O I-A", spans_of((1, 1, "A"), (3, 3, "A"))),
        ("A A _", spans_of((1, 2, "A"))),  # a bare type
        ("B-O|I-T I-O E-O", spans_of((1, 3, "O"), (1, 1, "T"))),
        ("B-A I-A|B-A I-A|E-A E-A", spans_of((1, 4, "A"), (2, 3, "A"))),
        ("B-A I-A|B-A E-A|E-A", spans_of((1, 3, "A"), (2, 3, "A"))),
        ("B-work,S-who I-work", spans_of((1, 2, "work"), (1, 1, "who"))),
    ],
)
def test_tags_are_decoded(tags: str, spans: list[Span]) -> None:
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


def test_a_span_of_no_sentence_says_so() -> None:
    with pytest.raises(ValueError, match=r"assign it to sentence\.ents"):
        Span(1, 1, "X").text  # noqa: B018
