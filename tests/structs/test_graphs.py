"""The best graph in which all words are in reach: against all graphs, and against plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from depparse.document.trees import unreachable
from depparse.errors import DepparseError
from depparse.structs.graphs import Bools, best_graph, reached


def graph_of(arcs: Bools) -> dict[str, list[str]]:
    return {str(d): [str(h) for h in np.flatnonzero(arcs[d])] for d in range(1, len(arcs))}


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_the_best_graph_is_the_best_of_all(n: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(-0.7, 1.0, (n + 1, n + 1))
    pairs = [(d, h) for d in range(1, n + 1) for h in range(n + 1) if d != h]
    best = -np.inf
    for bits in product((False, True), repeat=len(pairs)):
        arcs = np.zeros((n + 1, n + 1), bool)
        arcs[tuple(zip(*pairs, strict=True))] = bits
        if not unreachable(graph_of(arcs)):
            best = max(best, scores[arcs].sum())
    graph = best_graph(scores)
    assert not unreachable(graph_of(graph))
    assert scores[graph].sum() == pytest.approx(best)


def test_reach_is_that_of_a_plain_search_and_long_sentences_are_reached() -> None:
    generator = np.random.default_rng(5)
    for n in (2, 5, 30):
        for density in (0.02, 0.1, 0.4):
            arcs = generator.random((n + 1, n + 1)) < density
            arcs[0] = False
            words_out_of_reach = {str(word) for word in np.flatnonzero(~reached(arcs))}
            assert words_out_of_reach == set(unreachable(graph_of(arcs)))
            graph = best_graph(np.where(arcs, 1.0, generator.uniform(-9, -1, arcs.shape)))
            np.fill_diagonal(arcs, False)
            assert (graph | arcs == graph).all()  # existing arcs stay
            assert not unreachable(graph_of(graph))
            # Not more arcs are added than there are words out of reach.
            assert graph.sum() - arcs.sum() <= (~reached(arcs)).sum()


def test_several_words_may_hang_on_the_root_and_forbidden_arcs_stay_so() -> None:
    scores = np.full((4, 4), -5.0)
    scores[1:, 0] = (2.0, 1.0, -0.5)
    assert np.argwhere(best_graph(scores)).tolist() == [[1, 0], [2, 0], [3, 0]]
    scores[3, 0] = -np.inf
    scores[3, 1] = -4.0
    assert np.argwhere(best_graph(scores)).tolist() == [[1, 0], [2, 0], [3, 1]]
    scores[:, 0] = -np.inf
    with pytest.raises(DepparseError, match="the permitted arcs hold no such tree"):
        best_graph(scores)
    scores[2, 1] = np.nan
    with pytest.raises(DepparseError, match="word 2 hold NaN"):
        best_graph(scores)
    assert best_graph(np.zeros((1, 1))).tolist() == [[False]]
