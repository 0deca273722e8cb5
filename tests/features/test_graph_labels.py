"""Labels of enhanced graphs, without and with the words of the tree."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from depparse.features.graph_labels import LabelWords, sources_of

# The words need not make sense, because only their heads and relations count.
WORDS = [
    ("they", "they", 2, "nsubj"),
    ("drink", "drink", 0, "root"),
    ("tea", "tea", 2, "obj"),
    ("milk", "milk", 3, "conj"),
    ("and", "and", 6, "cc"),
    ("juice", "juice", 3, "conj"),
    ("because", "because", 9, "case"),
    ("of", "of", 7, "fixed"),
    ("price", "price", 2, "obl"),
    ("and", "and", 11, "cc"),
    ("tax", "tax", 9, "conj"),
    ("including", "include", 13, "case"),
    ("Tom", "Tom", 3, "nmod"),
    ("out", "out", 16, "case"),
    ("of", "of", 16, "case"),
    ("Bern", "Bern", 2, "obl"),
    ("and/or", "AND/or", 18, "cc"),
    ("go", "go", 2, "conj:x"),
]


def label_words(*, lemmas: bool = True) -> LabelWords:
    forms, lemma, heads, relations = zip(*WORDS, strict=True)
    return LabelWords(heads, relations, forms, lemma if lemmas else ())


@pytest.mark.parametrize(
    ("word", "label", "expected"),
    [
        (1, "nsubj", "nsubj"),
        (1, "nsubj:pass", "nsubj:pass"),
        (6, "conj:and", "conj:{cc}"),
        (4, "conj:and", "conj:{next cc}"),
        (9, "obl:because_of", "obl:{case}"),
        (11, "obl:because_of", "obl:{first case}"),
        (11, "conj:and", "conj:{cc}"),
        (13, "nmod:including", "nmod:{case form}"),
        (16, "obl:out", "obl:{case}"),
        (16, "obl:of", "obl:{case last}"),
        (16, "obl:out_of", "obl:{case all}"),
        (16, "obl:out:gen", "obl:{case}:gen"),
        (16, "obl:arg:of", "obl:arg:{case last}"),
        (16, "obl:to", "obl:to"),
        (18, "conj:andor", "conj:{cc}"),
        (18, "conj:andor>obl", "conj:{cc}>obl"),
        (6, "conj:and>obl:in", "conj:{cc}>obl:in"),
        (7, "conj:and>mark", "conj:and>mark"),
        (10, "conj:and>cc", "conj:{head cc}>cc"),
        (14, "acl:of>case", "acl:{head case last}>case"),
    ],
)
def test_words_of_the_tree_are_taken_out_and_put_back(word: int, label: str, expected: str) -> None:
    words = label_words()
    assert words.delexicalize(word, label) == expected
    assert words.relexicalize(word, expected) == label
    assert sources_of(expected) <= words.sources(word).keys()


def test_what_the_tree_lacks_is_left_out_of_the_label() -> None:
    words = label_words()
    assert words.relexicalize(3, "nmod:{case}") == "nmod"
    assert words.relexicalize(3, "obl:{first case last}:gen>obl:{mark}") == "obl:gen>obl"
    # Forms stand for missing lemmas.
    assert label_words(lemmas=False).relexicalize(13, "nmod:{case}") == "nmod:including"
    assert LabelWords([2, 0], ["case", "root"], ["Of", "x"], ["_", "x"]).relexicalize(2, "nmod:{case}") == "nmod:of"
    # A label has no characters that UD does not allow.
    assert LabelWords([2, 0], ["cc", "root"], ["&", "x"], ["&", "x"]).relexicalize(2, "conj:{cc}") == "conj"
    # Conjuncts may form a cycle or lack heads where there is no tree.
    assert LabelWords([2, 1], ["conj", "conj"], ["a", "b"]).sources(1) == {}
    assert LabelWords([None, None], ["_", "conj"], ["a", "b"]).sources(2) == {}


def count_lines(work: Callable[[], None]) -> int:
    """The number of lines of Python that `work` runs, which is the same on a busy machine."""
    n_lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        nonlocal n_lines
        n_lines += event == "line"
        return trace

    other_trace = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(other_trace)
    return n_lines


def read_long_coordination(n: int) -> None:
    """Every conjunct and every dependent of one head may be told by markers of all the others."""
    heads, relations = [0, *([1] * n)], ["root", *(["conj"] * n)]
    heads += range(2, n + 2)
    relations += ["cc"] * n
    words = LabelWords(heads, relations, ["x"] * len(heads))
    for word in range(2, n + 1):
        assert words.sources(word)["next cc"] == "x"


def read_long_chain(n: int) -> None:
    """The first conjunct of each word is at the end of a chain of all words before it."""
    words = LabelWords(range(n), ["root", *(["conj"] * (n - 1))], ["x"] * n)
    for word in range(n, 0, -1):
        assert not words.sources(word)


@pytest.mark.parametrize("work", [read_long_coordination, read_long_chain])
def test_long_coordinations_take_linear_time(work: Callable[[int], None]) -> None:
    assert count_lines(lambda: work(400)) < 2.2 * count_lines(lambda: work(200))


def test_the_nearest_of_the_next_conjuncts_gives_the_marker() -> None:
    heads, relations = [0, 1, 1, 3, 1, 5, 5], ["root", "conj", "conj", "cc", "conj", "cc", "case"]
    words = LabelWords(heads, relations, ["a", "b", "c", "and", "d", "or", "of"])
    assert words.sources(2)["next cc"] == "and"
    assert words.sources(2)["next case"] == words.sources(3)["next case"] == "of"
    assert "next cc" not in words.sources(5)
