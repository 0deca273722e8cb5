"""Maximum spanning trees, against enumeration, ufal.chu_liu_edmonds and networkx."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from ufal.chu_liu_edmonds import chu_liu_edmonds

from depparse.errors import DepparseError
from depparse.structs.eisner import projective_tree
from depparse.structs.mst import decode, maximum_spanning_tree
from depparse.structs.trees import are_trees, greedy_heads, is_tree

from .oracles import FORBIDDEN, all_trees, random_scores, score_matrices, tree_score, tree_scores


def best_of_roots(scores: np.ndarray) -> float:
    """The best score by ufal.chu_liu_edmonds, which allows several roots: each root is tried as the only one."""
    best = FORBIDDEN
    usable = np.where(np.isinf(scores), np.nan, scores)  # the library skips NaN
    np.fill_diagonal(usable, np.nan)
    usable[0] = np.nan
    for root in range(1, len(scores)):
        forced = usable.copy()
        forced[:, 0] = np.nan
        forced[root, 0] = usable[root, 0]
        if not np.isnan(forced[root, 0]):
            heads = np.array(chu_liu_edmonds(forced)[0])
            heads[0] = 0
            if is_tree(heads):
                best = max(best, tree_score(scores, heads))
    return best


@settings(max_examples=300)
@given(score_matrices())
def test_equals_enumeration(scores: np.ndarray) -> None:
    trees = all_trees(len(scores) - 1)
    totals = tree_scores(scores, trees)
    if totals.max() == FORBIDDEN:
        with pytest.raises(DepparseError, match=r"permitted arcs hold no such tree|every arc of word \d is forbidden"):
            maximum_spanning_tree(scores)
        return
    heads = maximum_spanning_tree(scores)
    assert heads.tolist() in trees.tolist()
    assert tree_score(scores, heads) == pytest.approx(totals.max(), rel=1e-14, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("forbidden", [0.0, 0.3])
def test_random_scores_equal_enumeration_in_one_batch(n: int, forbidden: float) -> None:
    matrices = [random_scores(seed, n, forbidden=forbidden) for seed in range(300)]
    totals = np.array([tree_scores(scores, all_trees(n)).max() for scores in matrices])
    possible = totals > FORBIDDEN
    batch = np.stack(matrices)[possible]
    heads = decode(batch, np.full(len(batch), n))
    assert are_trees(heads, np.full(len(batch), n)).all()
    np.testing.assert_allclose([tree_score(*pair) for pair in zip(batch, heads, strict=True)], totals[possible])
    if n > 2:
        greedy = are_trees(greedy_heads(batch, np.full(len(batch), n)), np.full(len(batch), n))
        assert 0 < greedy.sum() < len(batch)  # some best heads are trees, and some are not


@pytest.mark.parametrize("n", [8, 25, 60])
@pytest.mark.parametrize("forbidden", [0.0, 0.5])
def test_equals_ufal(n: int, forbidden: float) -> None:
    for seed in range(4):
        scores = random_scores(seed, n, forbidden=forbidden)
        assert tree_score(scores, maximum_spanning_tree(scores)) == pytest.approx(best_of_roots(scores), rel=1e-12)


def test_equals_networkx() -> None:
    n = 9
    for seed in range(3):
        scores = random_scores(seed, n)
        graph = networkx.DiGraph()
        # A prize for every arc but those from ROOT makes one root the best, whatever the scores.
        for d in range(1, n + 1):
            for h in range(n + 1):
                if d != h:
                    graph.add_edge(h, d, weight=scores[d, h] + (1000 if h else 0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = networkx.maximum_spanning_arborescence(graph)
        heads = np.zeros(n + 1, np.int64)
        for head, dependent in tree.edges:
            heads[dependent] = head
        assert maximum_spanning_tree(scores).tolist() == heads.tolist()


def test_one_root_even_where_roots_are_tempting() -> None:
    scores = random_scores(0, 30)
    scores[:, 0] = 1e12  # a penalty of this size would leave 4 digits
    heads = maximum_spanning_tree(scores)
    assert is_tree(heads)
    scores[:, 0] = 0
    assert tree_score(scores, heads) == pytest.approx(best_of_roots(scores), rel=1e-12)


def test_sums_are_exact_where_float32_is_not() -> None:
    # The trees differ by a quarter, which float32 cannot tell at 2^24; the best heads are a cycle.
    scores = np.zeros((3, 3), np.float32)
    scores[1, 2] = scores[2, 1] = 2.0**24
    scores[1, 0], scores[2, 0] = 0.25, 0.5
    assert maximum_spanning_tree(scores).tolist() == [0, 2, 0]
    assert projective_tree(scores).tolist() == [0, 2, 0]
    for projective in (False, True):
        assert decode(scores[None], np.array([2]), projective=projective).tolist() == [[0, 2, 0]]


@pytest.mark.parametrize("projective", [False, True])
def test_float32_scores_decode_as_float64(projective: bool) -> None:
    generator = np.random.default_rng(8)
    batch = generator.normal(size=(60, 12, 12)).astype(np.float32)
    batch[generator.random(batch.shape) < 0.1] = -np.inf
    lengths = np.full(60, 11)
    heads = decode(batch, lengths, projective=projective)
    assert (heads == decode(batch.astype(np.float64), lengths, projective=projective)).all()
    assert not are_trees(greedy_heads(batch, lengths), lengths).all()
    for bad in (np.nan, np.inf):
        batch[7, 3, 4] = bad
        with pytest.raises(DepparseError, match="sentence 7 of the batch: the arc scores of word 3"):
            decode(batch, lengths, projective=projective)


def test_long_nested_cycles_are_resolved() -> None:
    # Each word likes its left neighbour best, the first likes the last, and ROOT is dear: one cycle after the other.
    n = 400
    scores = np.full((n + 1, n + 1), -1e6)
    for word in range(1, n + 1):
        scores[word, word - 1 or n] = 0
        scores[word, 0] = -float(n + 1 - word)
    heads = maximum_spanning_tree(scores)
    assert heads[n] == 0
    assert heads[1] == n
    assert (heads[2:n] == np.arange(1, n - 1)).all()


def test_a_sentence_decodes_alike_alone_in_any_batch_and_in_threads() -> None:
    generator = np.random.default_rng(3)
    lengths = generator.integers(0, 20, size=40)
    # Few different scores make many ties.
    batch = generator.integers(0, 3, size=(40, 20, 20)).astype(np.float32)
    for row, n in enumerate(lengths):
        batch[row, n + 1 :] = batch[row, :, n + 1 :] = np.nan
    for projective in (False, True):
        heads = decode(batch, lengths, projective=projective)
        assert are_trees(heads, lengths).all()
        for row, n in enumerate(lengths):
            alone = decode(batch[row : row + 1, : n + 1, : n + 1], lengths[row : row + 1], projective=projective)
            assert heads[row].tolist() == [*alone[0].tolist(), *[0] * (19 - n)]
        order = generator.permutation(40)
        assert (decode(batch[order], lengths[order], projective=projective) == heads[order]).all()
        with ThreadPoolExecutor(4) as pool:
            for other in pool.map(lambda _, p=projective: decode(batch, lengths, projective=p), range(16)):
                assert (other == heads).all()


def test_sentences_of_no_word_and_of_one_have_a_tree() -> None:
    assert maximum_spanning_tree(np.zeros((1, 1))).tolist() == [0]
    assert maximum_spanning_tree(np.array([[7.0, 7.0], [-5.0, 7.0]])).tolist() == [0, 0]
    assert decode(np.zeros((0, 3, 3)), np.zeros(0, np.int64)).shape == (0, 3)
    assert decode(np.zeros((2, 1, 1)), np.array([0, 0])).tolist() == [[0], [0]]


def test_scores_are_not_changed() -> None:
    scores = random_scores(0, 9)
    before = scores.copy()
    maximum_spanning_tree(scores)
    decode(scores[None], np.array([9]))
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("projective", [False, True])
def test_bad_scores_name_sentence_and_word(projective: bool) -> None:
    batch = np.stack([random_scores(seed, 4) for seed in range(3)])
    lengths = np.array([4, 4, 3])

    def message() -> str:
        with pytest.raises(DepparseError) as caught:
            decode(batch, lengths, projective=projective)
        return str(caught.value)

    batch[2, 4] = batch[2, :, 4] = np.nan  # padding is not read
    decode(batch, lengths, projective=projective)
    for bad in (np.nan, np.inf, 1e301):
        batch[1, 2, 3] = bad
        assert message().startswith("sentence 1 of the batch: the arc scores of word 2 hold NaN, +inf")
    batch[1, 2] = np.finfo(np.float64).min
    assert message().startswith("sentence 1 of the batch: every arc of word 2 is forbidden")
    batch[1] = 0
    batch[1, 3, [0, 1, 2]] = batch[1, 4, [0, 1, 2]] = FORBIDDEN
    assert message().startswith("sentence 1 of the batch: the permitted arcs hold no such tree")
    batch[1] = 0
    batch[1, 1:3, 1:] = FORBIDDEN  # two words that can only be roots
    assert message().startswith("sentence 1 of the batch: the permitted arcs hold no such tree")


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(DepparseError, match=r"got shape \(3, 4\)"):
        maximum_spanning_tree(np.zeros((3, 4)))
    with pytest.raises(DepparseError, match=r"lengths from 0 to 3 words, without ROOT, .* got 1 to 4"):
        decode(np.zeros((2, 4, 4)), np.array([1, 4]))
    with pytest.raises(DepparseError, match="expected 2 whole numbers as lengths"):
        decode(np.zeros((2, 4, 4)), np.array([1.0, 3.0]))
    with pytest.raises(DepparseError, match="arc scores of word 1 hold NaN"):
        maximum_spanning_tree(np.full((3, 3), np.nan))
