"""Trees as labels of words, against all trees, all labels in any order, and the treebanks."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from depparse.formats.conllu import iter_conllu
from depparse.structs.hierarchical_brackets import NO_HEAD
from depparse.structs.planes import two_planes
from depparse.structs.tree_labels import ENCODINGS

from .oracles import all_trees, crosses_nothing

OF_ALL = ("absolute", "relative", "relative_by_tag", "hierarchical")  # encodings that can say every tree
OF_ONE_PLANE = ("bracketing", "four_bits")
OF_TWO_PLANES = ("two_planar", "seven_bits")
LARGEST = 6  # words


def crosses_in_its_direction(heads: list[int], planes: list[int]) -> bool:
    """Whether two arcs of one plane and one direction cross."""
    arcs = [(min(h, d), max(h, d), h < d, planes[d]) for d, h in enumerate(heads) if d]
    return any(
        a < c < b < d and right == other_right and plane == other
        for a, b, right, plane in arcs
        for c, d, other_right, other in arcs
    )


def has_two_planes(heads: list[int]) -> bool:
    """Whether any way to share out the arcs to two planes leaves no crossing."""
    n = len(heads)
    return any(
        not crosses_in_its_direction(heads, [number >> word & 1 for word in range(n)]) for number in range(0, 2**n, 2)
    )


@pytest.mark.parametrize("n", range(1, LARGEST))
@pytest.mark.parametrize("name", ENCODINGS)
def test_every_tree_of_the_class_is_what_its_labels_say(name: str, n: int) -> None:
    encoding, chance = ENCODINGS[name], random.Random(n)
    labels_of: dict[tuple[str, ...], list[int]] = {}
    for heads in all_trees(n).tolist():
        tags = ["A"] * n if name == "relative_by_tag" and n == 2 else chance.choices("AB", k=n)
        labels = encoding.encode(heads, tags)
        if name in OF_ALL:
            has_labels = True
        elif name in OF_ONE_PLANE:
            has_labels = not crosses_in_its_direction(heads, [0] * len(heads))
        elif name in OF_TWO_PLANES:
            has_labels = has_two_planes(heads)
        else:
            has_labels = crosses_nothing(tuple(heads))
        assert (labels is not None) == has_labels, heads
        if labels is None:
            continue
        assert len(labels) == n
        assert encoding.decode(labels, tags) == [NO_HEAD, *heads[1:]]
        if name != "relative_by_tag":
            assert labels_of.setdefault(tuple(labels), heads) == heads


def test_projective_trees_have_as_many_labels_as_the_papers_say() -> None:
    found = {}
    for name in ("four_bits", "hierarchical"):
        trees = all_trees(LARGEST, projective=True).tolist()
        found[name] = {label for heads in trees for label in ENCODINGS[name].encode(heads, []) or ()}
    assert {name: len(labels) for name, labels in found.items()} == {"four_bits": 16, "hierarchical": 12}


def test_labels_are_those_of_the_papers() -> None:
    # Anna bought a car yesterday.
    heads, tags = [0, 2, 0, 4, 2, 2], ["NOUN", "VERB", "DET", "NOUN", "NOUN"]
    labels = {name: encoding.encode(heads, tags) for name, encoding in ENCODINGS.items()}
    assert labels == {
        "absolute": ["2", "root", "4", "2", "2"],
        "relative": ["+1", "root", "+1", "-2", "-3"],
        "relative_by_tag": ["+1 VERB", "root", "+1 NOUN", "-1 VERB", "-1 VERB"],
        "bracketing": ["/", "<\\>", "//", "<\\>", ">"],
        "two_planar": ["/", "<\\>", "//", "<\\>", ">"],
        "four_bits": ["0100", "1111", "0100", "1010", "1100"],
        "seven_bits": ["0010000", "0111100", "0010000", "0101000", "0110000"],
        "arc_hybrid": ["L", "", "L", "R", "RR"],
        "hierarchical": ["<", ">^/^", "<^", "\\^>", ">^"],
    }


@pytest.mark.parametrize("name", ENCODINGS)
def test_labels_in_any_order_give_heads_of_the_sentence(name: str) -> None:
    encoding, chance = ENCODINGS[name], random.Random(1)
    known = sorted({
        label
        for heads in all_trees(5).tolist()
        for label in encoding.encode(heads, list("ABABA")) or ()
    })  # fmt: skip
    for _ in range(500):
        n = chance.randint(0, 8)
        heads = encoding.decode(chance.choices(known, k=n), chance.choices("ABC", k=n))
        assert len(heads) == n + 1
        assert heads[0] == NO_HEAD
        assert all(head == NO_HEAD or (0 <= head <= n and head != word) for word, head in enumerate(heads))


def test_as_few_arcs_as_possible_are_in_the_second_plane() -> None:
    heads = [0, 3, 4, 0, 3, 4]  # the arcs to 1 and 2 cross
    planes = two_planes(heads)
    assert planes is not None
    assert sum(planes) == 1
    assert two_planes([0, 2, 0, 2]) == [0, 0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relative_by_tag", "two_planar", "seven_bits", "arc_hybrid", "hierarchical"])
def test_trees_of_treebanks_are_what_their_labels_say(name: str, shared: Path) -> None:
    encoding = ENCODINGS[name]
    for file in sorted((shared / "treebanks").glob("*/*-dev.conllu")):
        for sentence in iter_conllu(file):
            heads = [0, *(head if head is not None else 0 for head in sentence.heads)]
            labels = encoding.encode(heads, sentence.columns["UPOS"])
            assert labels is not None or name != "hierarchical"
            if labels is not None:
                assert encoding.decode(labels, sentence.columns["UPOS"])[1:] == heads[1:]
