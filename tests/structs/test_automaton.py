"""Automata against the definition of each language, over all sequences of up to five labels."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depparse.document.spans import decode_tags, encode_tags
from depparse.errors import DepparseError
from depparse.structs.automaton import Automaton, bioes, determinize, intersect, iob2
from depparse.structs.regular_expression import automaton_of
from tests.structs.oracles import at_most_once

BIOES = ["O", *(f"{prefix}-{kind}" for kind in ("PER", "LOC") for prefix in "BIES")]
IOB2 = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def sequences(n_labels: int, longest: int) -> Iterator[tuple[int, ...]]:
    for length in range(longest + 1):
        yield from itertools.product(range(n_labels), repeat=length)


@st.composite
def automata(draw: st.DrawFn) -> Automaton:
    """Automata of two labels and up to four states, mostly ambiguous, often with dead states or an empty language."""
    n_states = draw(st.integers(1, 4))
    states = st.sets(st.integers(0, n_states - 1))
    arcs = [{label: draw(states) for label in range(2)} for _ in range(n_states)]
    return Automaton(2, arcs, draw(states), draw(states))


@pytest.mark.parametrize(("tags", "scheme", "build"), [(BIOES, "BIOES", bioes), (IOB2, "IOB2", iob2)])
def test_valid_sequences_are_those_that_entities_are_written_in(tags, scheme, build) -> None:
    language = determinize(build(tags))
    for labels in sequences(len(tags), 4):
        written = [tags[label] for label in labels]
        assert language.accepts(labels) == (encode_tags(decode_tags(written), len(written), scheme) == written)
    # The states are outside of entities and within an entity of each type (in IOB2, behind its beginning).
    assert len(language.following) == 3


@given(automata())
def test_the_deterministic_automaton_has_the_same_language_and_is_trimmed(automaton: Automaton) -> None:
    language = determinize(automaton)
    accepted = [labels for labels in sequences(2, 6) if automaton.accepts(labels)]
    assert accepted == [labels for labels in sequences(2, 6) if language.accepts(labels)]
    alive = {state for state, accepts in enumerate(language.accepting) if accepts}
    for _ in language.following:
        alive |= {state for state, row in enumerate(language.following.tolist()) if alive & set(row)}
    assert alive == set(range(len(language.following))) if accepted else len(language.following) == 1


def test_states_that_accept_the_same_are_merged() -> None:
    # The automaton has two copies of the language of sequences that end with label 1.
    one = [{0: (0,), 1: (0, 1)}, {}]
    two = [{0: (2,), 1: (2, 3)}, {}]
    language = determinize(Automaton(2, [*one, *two], (0, 2), (1, 3)))
    assert language.following.tolist() == [[0, 1], [0, 1]]
    assert language.accepting.tolist() == [False, True]


def test_the_intersection_has_what_both_have() -> None:
    begins = [label for label, tag in enumerate(BIOES) if tag in ("B-PER", "S-PER")]
    valid, once = bioes(BIOES), at_most_once(len(BIOES), begins)
    both = determinize(intersect(valid, once))
    for labels in sequences(len(BIOES), 4):
        assert once.accepts(labels) == (sum(label in begins for label in labels) < 2)
        assert both.accepts(labels) == (valid.accepts(labels) and once.accepts(labels))
    with pytest.raises(DepparseError, match="of 9 and of 5 labels"):
        intersect(valid, iob2(IOB2))


def test_an_empty_language_has_one_state_and_no_arc() -> None:
    language = determinize(Automaton(2, [{0: (0,)}, {}], (0,), (1,)))
    assert language.following.tolist() == [[-1, -1]]
    assert not language.accepting.any()
    assert np.array_equal(determinize(Automaton(2, [], (), ())).following, [[-1, -1]])


def labels_named(name: str) -> list[int]:
    return ["abc".index(name)] if name in "abc" else [0, 1] if name == "d" else []


@pytest.mark.parametrize(
    "expression",
    ["a", "a b | c", "(a | b)* c", "a* (a b)+ c?", ". . .", "()", "", "a | ()", "(a? b?)+ c", "d* c d", "((a+)*)?"],
)
def test_expressions_mean_what_those_of_python_mean(expression: str) -> None:
    automaton = automaton_of(expression, labels_named, 3)
    language = determinize(automaton)
    pattern = re.compile(expression.replace("d", "[ab]").replace(" ", ""))
    for labels in sequences(3, 5):
        expected = pattern.fullmatch("".join("abc"[label] for label in labels)) is not None
        assert language.accepts(labels) == automaton.accepts(labels) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a (b", r"'\(' at character 3: it is never closed"),
        ("a b)", r"'\)' at character 4: nothing is open"),
        ("a | * b", r"'\*' at character 5: there is nothing before it"),
        ("a B-PER", "'B-PER' at character 3: there is no such label"),
    ],
)
def test_an_error_in_an_expression_names_its_character(expression: str, message: str) -> None:
    with pytest.raises(DepparseError, match=message):
        automaton_of(expression, labels_named, 3)


def test_tags_of_another_scheme_are_refused() -> None:
    for build, tags in ((bioes, ["O", "L-PER"]), (iob2, ["O", "E-PER"]), (iob2, ["PER"]), (bioes, ["B-"])):
        with pytest.raises(DepparseError, match="expected the tags O and B-TYPE"):
            build(tags)
