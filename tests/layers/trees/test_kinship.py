"""Kinship of words in trees, against a plain search."""

from __future__ import annotations

import numpy as np
import pytest

from depparse.layers.trees.kin import KINSHIPS, WINDOW, find_kin
from depparse.layers.trees.reader import Arcs


@pytest.mark.parametrize("seed", range(4))
def test_kin_are_those_of_a_plain_search(seed: int) -> None:
    generator = np.random.default_rng(seed)
    lengths, positions = [7, 150, 1, 3], np.arange(151)
    heads = np.zeros((4, 151), np.int64)
    has_head = (positions > 0) & (positions <= np.array(lengths)[:, None])
    for number, length in enumerate(lengths):
        heads[number, 1 : length + 1] = [generator.integers(0, word) for word in range(1, length + 1)]
    heads[1, 80:100] = generator.integers(0, 151, 20)  # a graph with cycles
    has_head[0, 3] = has_head[3] = False
    heads *= has_head
    relations = generator.integers(1, 9, heads.shape) * has_head
    kin = find_kin(Arcs(heads, relations, has_head[..., None]))
    expected = {}
    for number, length in enumerate(lengths):
        head_of = {w: int(heads[number, w]) for w in range(1, length + 1) if has_head[number, w]}
        for d in range(length + 1):
            for h in range(length + 1):
                tops = head_of.get(d), head_of.get(h)
                grand = tuple(head_of.get(top) if top is not None else None for top in tops)
                holds = (
                    tops[0] == h,
                    tops[1] == d,
                    grand[0] == h,
                    tops[0] is not None and tops[0] == tops[1],
                    grand[0] is not None and grand[0] == tops[1],
                    tops[0] is not None and tops[0] == grand[1],
                )
                kinship = holds.index(True) if True in holds else None
                if d != h and kinship is not None and (kinship < 2 or abs(d - h) <= WINDOW):
                    of = [int(relations[number, word]) for word in (d, h, tops[0] or 0)]
                    expected[number, d, h] = (KINSHIPS[kinship], of)
    kinship_of = {
        tuple(place): (KINSHIPS[kinship], of)
        for place, kinship, of in zip(kin.pairs.tolist(), kin.kinships.tolist(), kin.relations.tolist(), strict=True)
    }
    assert kinship_of == expected
    assert {name for name, _ in kinship_of.values()} == set(KINSHIPS)
    assert kin.pairs.tolist() == sorted(kin.pairs.tolist())
