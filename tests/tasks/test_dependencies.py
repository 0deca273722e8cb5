"""Dependency trees: targets, trees that are decoded as UD asks, and the network against its formulas."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from torch import Tensor

from depparse.document.sentence import Sentence
from depparse.document.trees import find_cycle, nonprojective_arcs
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.errors import DepparseError
from depparse.features.batch import Batch, Example
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.layers.tensors import Layout
from depparse.structs.analysis import ParseAnalysis, Tree
from depparse.structs.constraints import Constraints
from depparse.tasks.dependencies.codec import (
    DependenciesConfig,
    DependencyCodec,
    DependencyScores,
    DependencyTargets,
)
from depparse.tasks.dependencies.network import Dependencies
from tests.sentences import two_sentences

LABELS = ["root", "obj", "nsubj"]  # the relations, by their numbers
Arcs = dict[tuple[int, int], float]  # scores of arcs, (dependent, head)


def codec_of(*labels: str, **settings: Any) -> DependencyCodec:
    return DependencyCodec(DependenciesConfig.model_validate(settings), Vocabulary(labels or LABELS))


def batch_of(*lengths: int) -> Batch:
    """Sentences of so many words, named s1, s2 …, without inputs and targets."""
    forms = [Sentence.from_forms(["x"] * length, [f"# sent_id = s{n}"]) for n, length in enumerate(lengths, 1)]
    examples = [Example(sentence, len(sentence), []) for sentence in forms]
    return Batch(examples, np.array(lengths), np.zeros(len(lengths), np.int64), [], {})


def scores_of(*several: Arcs, size: int) -> DependencyScores[NDArray[np.float32]]:
    """Arcs with these scores and all others, also to ROOT, with -5; nothing hangs on itself."""
    arcs = np.full((len(several), size, size), -5.0, np.float32)
    for sentence, scores in zip(arcs, several, strict=True):
        np.fill_diagonal(sentence, -np.inf)
        for place, score in scores.items():
            sentence[place] = score
    return with_numbers(arcs)


def with_numbers(arcs: NDArray[np.float32]) -> DependencyScores[NDArray[np.float32]]:
    """These scores of arcs, and the number of each word as its vector, so that `label_stage` knows it."""
    words = np.broadcast_to(np.arange(arcs.shape[1], dtype=np.float32)[:, None], (*arcs.shape[:2], 1))
    return DependencyScores(arcs, words, words)


def label_stage(table: dict[tuple[int, int], Sequence[float]], otherwise: Sequence[float]) -> Any:
    """A second stage: scores of relations for arcs (dependent, head), and those of all other arcs."""

    def stage(name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        assert name == "label_scores"
        dependents, _, heads = inputs
        words = dependents[..., 0].astype(int)
        scores = np.empty((*heads.shape, len(otherwise)), np.float32)
        for place in np.ndindex(*heads.shape):
            scores[place] = table.get((int(words[place[:2]]), int(heads[place])), otherwise)
        return (scores,)

    return stage


def decoded(codec: DependencyCodec, scores: Arcs, n: int, stage: Any = None) -> Tree:
    """The tree of one sentence of n words."""
    stage = stage or label_stage({}, [0.0] * len(codec.labels))
    (tree,) = codec.decode(scores_of(scores, size=n + 1), batch_of(n), stage)
    return tree


# -- targets


def test_relations_are_counted_with_their_subtypes() -> None:
    cells = {"FORM": ["a"] * 5, "DEPREL": ["obj", "nsubj:pass", "_", "root", "obj"]}
    codec = DependencyCodec.build(DependenciesConfig(), [Sentence(cells), Sentence.from_forms(["b"])])
    assert codec is not None
    assert codec.to_json() == ["obj", "nsubj:pass", "root"]
    assert codec.writes == ("HEAD", "DEPREL")
    assert DependencyCodec.build(DependenciesConfig(), [Sentence.from_forms(["b"])]) is None
    heads_alone = Sentence({"FORM": ["a"], "HEAD": ["0"], "DEPREL": ["_"]})
    assert DependencyCodec.build(DependenciesConfig(), [heads_alone]) is None


def test_targets_are_heads_and_numbers_of_relations_and_ignored_where_there_are_none() -> None:
    codec = codec_of()
    cells = {"FORM": ["a", "b", "c"], "HEAD": ["2", "0", "_"], "DEPREL": ["nsubj", "root", "obj"]}
    assert codec.targets(Sentence(cells)) == ([2, 0, IGNORE], [2, 0, 1])
    unseen = cells | {"DEPREL": ["nsubj:pass", "_", "obj"]}
    assert codec.targets(Sentence(unseen)) == ([2, 0, IGNORE], [IGNORE, IGNORE, 1])
    assert codec.targets(Sentence.from_forms(["a"])) == ([IGNORE], [IGNORE])


def test_targets_of_a_batch_leave_root_and_padding_out() -> None:
    codec = DependencyCodec.build(DependenciesConfig(), two_sentences().sentences)
    assert codec is not None
    assert codec.labels.items[:3] == ["nsubj", "aux", "punct"]  # they occur three times, twice and twice
    heads, labels = codec.collate([codec.targets(sentence) for sentence in two_sentences()])
    assert heads.tolist() == [[IGNORE, 4, 4, 4, 0, 6, 4, 4], [IGNORE, 5, 4, 4, 0, 4, 4, IGNORE]]
    names = [[codec.labels.item(number) if number != IGNORE else "" for number in row] for row in labels.tolist()]
    assert names == [
        ["", "nsubj", "aux", "advmod", "root", "nummod", "obj", "punct"],
        ["", "nsubj", "aux", "nsubj", "root", "xcomp", "punct", ""],
    ]


def test_a_codec_survives_json() -> None:
    codec = codec_of(projective=True)
    again = DependencyCodec.from_json(codec.config, json.loads(json.dumps(codec.to_json())))
    assert (again.labels.items, again.config) == (LABELS, codec.config)


# -- trees


def test_the_best_tree_is_no_cycle_even_where_all_words_like_one_best() -> None:
    # Words 1 and 2 like each other best; the best of the trees that break the cycle gives up 3 rather than 6.
    arcs = {(1, 2): 9.0, (2, 1): 9.0, (1, 0): 3.0, (2, 0): 6.0, (3, 1): 1.0}
    assert decoded(codec_of(), arcs, 3).heads == [2, 0, 1]


def test_a_tree_has_one_root_even_where_several_words_like_it_best() -> None:
    arcs = {(1, 0): 5.0, (2, 0): 4.0, (3, 0): 4.5, (2, 1): 2.0, (3, 1): 2.0, (1, 3): 1.0, (2, 3): 2.5}
    # Word 1 as the root has 5 + 2 + 2.5 (3 on 1, 2 on 3), and no other word as the root has as much.
    assert decoded(codec_of(), arcs, 3).heads == [0, 3, 1]


def test_sentences_side_by_side_have_their_own_trees() -> None:
    codec = codec_of()
    long, short = {(1, 0): 2.0, (2, 1): 1.0, (3, 2): 1.0}, {(1, 0): 1.0, (1, 3): 9.0}  # the last is padding
    scores = scores_of(long, short, size=4)
    scores.arc_scores[1, :, 2:] = -np.inf  # as the network has it at padding
    trees = codec.decode(scores, batch_of(3, 1), label_stage({}, [0.0, 1.0, 0.0]))
    assert trees == [Tree([0, 1, 2], ["root", "obj", "obj"]), Tree([0], ["root"])]


def test_each_arc_has_its_best_relation() -> None:
    arcs = {(2, 0): 5.0, (1, 2): 5.0, (3, 2): 5.0}
    table = {(1, 2): [0.0, 1.0, 2.0], (3, 2): [0.0, 2.0, 1.0], (1, 3): [0.0, 9.0, 0.0]}  # 1 on 3 is not in the tree
    assert decoded(codec_of(), arcs, 3, label_stage(table, [0.0] * 3)) == Tree([2, 0, 2], ["nsubj", "root", "obj"])


def test_the_relation_of_the_root_is_root_and_that_of_no_other_word() -> None:
    arcs = {(2, 0): 5.0, (1, 2): 5.0, (3, 2): 5.0}
    likes_root = label_stage({(2, 0): [-9.0, 5.0, 5.0]}, [9.0, 0.0, 1.0])
    assert decoded(codec_of(), arcs, 3, likes_root).labels == ["nsubj", "root", "nsubj"]
    # A vocabulary without root, or with root alone, leaves no choice.
    assert decoded(codec_of("obj", "dep"), arcs, 3, label_stage({}, [0.0, 1.0])).labels == ["dep"] * 3
    assert decoded(codec_of("root"), arcs, 3, label_stage({}, [0.0])).labels == ["root"] * 3


def test_a_config_may_ask_for_projective_trees() -> None:
    # Word 2 is the root, and 1 likes 3 best: with 3 below 4, that arc crosses the one to the root.
    arcs = {(2, 0): 9.0, (1, 3): 5.0, (1, 2): 3.0, (3, 4): 5.0, (4, 2): 5.0}
    assert decoded(codec_of(), arcs, 4).heads == [3, 0, 4, 2]
    assert nonprojective_arcs([3, 0, 4, 2]) == [(3, 1)]
    assert decoded(codec_of(projective=True), arcs, 4).heads == [2, 0, 4, 2]


def test_only_projective_trees_have_a_longest_sentence() -> None:
    arcs = {(1, 0): 1.0, (2, 1): 1.0, (3, 2): 1.0}
    stage = label_stage({}, [0.0] * 3)
    scores = scores_of(arcs, arcs, size=4)
    limited = codec_of(projective=True, max_projective_length=2)
    with pytest.raises(DepparseError, match=r"^sentence s2: a sentence of 3 words is longer than the 2 .*projective"):
        limited.decode(scores, batch_of(2, 3), stage)
    limited.check_length(2)
    with pytest.raises(DepparseError, match="3 words is longer than the 2"):
        limited.check_length(3)
    codec_of(max_projective_length=2).check_length(3)
    assert [tree.heads for tree in codec_of(max_projective_length=2).decode(scores, batch_of(3, 3), stage)] == [
        [0, 1, 2]
    ] * 2


@given(arrays(np.float32, (6, 6), elements=st.floats(-9, 9, width=32)), st.booleans())
def test_any_scores_give_a_tree(arcs: NDArray[np.float32], projective: bool) -> None:
    np.fill_diagonal(arcs, -np.inf)
    likes_root = label_stage({}, [9.0, 1.0, 0.0])
    (tree,) = codec_of(projective=projective).decode(with_numbers(arcs[None]), batch_of(5), likes_root)
    assert tree.heads.count(0) == 1
    assert find_cycle(tree.heads) is None
    assert not projective or nonprojective_arcs(tree.heads) == []
    assert tree.labels == ["root" if head == 0 else "obj" for head in tree.heads]


# -- probabilities and constraints


def analysed(constraints: Constraints | None = None) -> ParseAnalysis:
    """The analysis of two words, which have two trees: [0, 1] with the weight 3, and [2, 0] with the weight 1."""
    arcs = {(1, 0): math.log(3), (2, 1): 0.0, (1, 2): 0.0, (2, 0): 0.0}
    logarithms = [-math.inf, math.log(1), math.log(4)]  # the score of root is not used
    table = {(2, 1): [5.0, math.log(3), math.log(1)], (1, 2): logarithms, (1, 0): [0.0] * 3, (2, 0): [0.0] * 3}
    stage = label_stage(table, [0.0] * 3)
    (analysis,) = codec_of().analyze(scores_of(arcs, size=3), batch_of(2), stage, [constraints])
    return analysis


def test_probabilities_are_those_of_two_trees_by_hand() -> None:
    analysis = analysed()
    assert analysis.labels == tuple(LABELS)
    np.testing.assert_allclose(analysis.arc_probabilities, [[0, 0, 0], [0.75, 0, 0.25], [0.25, 0.75, 0]], atol=1e-6)
    np.testing.assert_allclose(analysis.label_probabilities[1, 0], [0.75, 0, 0], atol=1e-6)
    np.testing.assert_allclose(analysis.label_probabilities[2, 1], [0, 0.75 * 3 / 4, 0.75 / 4], atol=1e-6)
    np.testing.assert_allclose(analysis.label_probabilities[1, 2], [0, 0.25 / 5, 0.25 * 4 / 5], atol=1e-6)
    best, second = analysis.trees(5)
    assert (best.heads, best.labels) == ([0, 1], ["root", "obj"])
    assert (second.heads, second.labels) == ([2, 0], ["nsubj", "root"])
    assert [best.log_probability, second.log_probability] == pytest.approx([math.log(0.75), math.log(0.25)], abs=1e-6)
    assert (analysis.best.heads, analysis.best.labels) == (best.heads, best.labels)


def test_a_single_relation_has_the_probability_of_the_arc() -> None:
    scores, stage = scores_of({(1, 0): 1.0, (2, 1): 1.0}, size=3), label_stage({}, [0.0])
    (analysis,) = codec_of("root").analyze(scores, batch_of(2), stage, [None])
    np.testing.assert_allclose(analysis.label_probabilities[..., 0], analysis.arc_probabilities)


@pytest.mark.parametrize(
    ("constraints", "heads", "labels"),
    [
        (Constraints(required=[(1, 2)]), [2, 0], ["nsubj", "root"]),
        (Constraints(forbidden=[(2, 1)]), [2, 0], ["nsubj", "root"]),
        (Constraints(labels={2: "root"}), [2, 0], ["nsubj", "root"]),
        (Constraints(labels={1: "obj"}), [2, 0], ["obj", "root"]),  # so that word 1 is not the root
        (Constraints(labels={2: "nsubj"}), [0, 1], ["root", "nsubj"]),
        (Constraints(labels={2: "iobj"}), [0, 1], ["root", "iobj"]),  # a relation that the data does not have
    ],
)
def test_constraints_leave_one_of_two_trees(constraints: Constraints, heads: list[int], labels: list[str]) -> None:
    analysis = analysed(constraints)
    (tree,) = analysis.trees(5)
    assert (tree.heads, tree.labels) == (heads, labels)
    assert tree.log_probability == pytest.approx(0.0, abs=1e-9)
    assert [analysis.arc_probabilities[word, head] for word, head in enumerate(heads, 1)] == pytest.approx([1.0, 1.0])


def test_a_given_relation_changes_the_probabilities_of_heads() -> None:
    # Word 1 is the root, and 2 and 3 hang on it or on one another: three trees of the same score.
    arcs = np.full((1, 4, 4), -np.inf, np.float32)
    for place in ((1, 0), (2, 1), (2, 3), (3, 1), (3, 2)):
        arcs[0][place] = 0.0
    table = {(2, 1): [9.0, 0.0, math.log(3)], (2, 3): [9.0, math.log(3), 0.0]}  # nsubj has 3 / 4 and 1 / 4
    scores, stage = with_numbers(arcs), label_stage(table, [0.0] * 3)
    (plain,) = codec_of().analyze(scores, batch_of(3), stage, [None])
    np.testing.assert_allclose(plain.arc_probabilities[2], [0, 2 / 3, 0, 1 / 3], atol=1e-6)
    (given_relation,) = codec_of().analyze(scores, batch_of(3), stage, [Constraints(labels={2: "nsubj"})])
    np.testing.assert_allclose(given_relation.arc_probabilities[2], [0, 6 / 7, 0, 1 / 7], atol=1e-6)
    np.testing.assert_allclose(given_relation.arc_probabilities[3], [0, 4 / 7, 3 / 7, 0], atol=1e-6)
    assert [math.exp(tree.log_probability or 0.0) for tree in given_relation.trees(3)] == pytest.approx(
        [3 / 7, 3 / 7, 1 / 7], abs=1e-6
    )


def test_constraints_that_no_tree_has_name_the_sentence() -> None:
    with pytest.raises(DepparseError, match=r"^sentence s1: required arcs form a cycle"):
        analysed(Constraints(required=[(1, 2), (2, 1)])).trees(1)


# -- annotation


def test_trees_are_written_and_probabilities_beside_them() -> None:
    sentence = Sentence({"FORM": ["a", "b"], "MISC": ["SpaceAfter=No", "_"], "HEAD": ["2", "0"]})
    codec = codec_of()
    codec.annotate(sentence, Tree([0, 1], ["root", "obj"]))
    assert (sentence.columns["HEAD"], sentence.columns["DEPREL"]) == (["0", "1"], ["root", "obj"])
    assert sentence.columns["MISC"] == ["SpaceAfter=No", "_"]
    tree = Tree([0, 1], ["root", "obj"], -0.5, [0.75, 2 / 3], [0.5, 0.12345])
    codec.annotate(sentence, tree)
    assert sentence.columns["MISC"] == ["SpaceAfter=No", "_"]
    codec.write_probabilities(sentence, tree)
    assert sentence.columns["MISC"] == [
        "SpaceAfter=No|HeadProb=0.7500|LabelProb=0.5000",
        "HeadProb=0.6667|LabelProb=0.1235",
    ]
    codec.write_probabilities(sentence, tree)  # again
    assert sentence.columns["MISC"][1] == "HeadProb=0.6667|LabelProb=0.1235"
    bare = Sentence.from_forms(["a"])
    codec.annotate(bare, Tree([0], ["root"]))
    assert bare.columns == {"FORM": ["a"], "HEAD": ["0"], "DEPREL": ["root"]}


# -- the network


def network_of(*, random: bool = True, **settings: Any) -> Dependencies:
    torch.manual_seed(1)
    network = Dependencies(codec_of(arc_width=3, label_width=2, **settings), Widths(context=4, inputs=0)).eval()
    if random:
        with torch.no_grad():
            network.arcs.normal_()
            network.label_weights.normal_()
    return network


def encoded_of(batch: Batch) -> Encoded:
    return Encoded(torch.randn(*batch.shape, 4, generator=torch.Generator().manual_seed(2)), torch.empty(0))


def layout_of(batch: Batch) -> Layout:
    return Layout.of(batch, torch.device("cpu"))


def with_one(values: Tensor) -> Tensor:
    return torch.cat([values, torch.ones(1)])


def test_arcs_are_scored_by_a_biaffine_form() -> None:
    batch, network = batch_of(3, 1), network_of()
    encoded = encoded_of(batch)
    scores = network(encoded, layout_of(batch))
    assert scores.arc_scores.shape == (2, 4, 4)
    dependent, head = network.represent[0](encoded.context)[0, 1], network.represent[1](encoded.context)[0, 3]
    expected = with_one(dependent) @ network.arcs @ head / math.sqrt(3)
    torch.testing.assert_close(scores.arc_scores[0, 1, 3], expected)
    # Nothing hangs on itself or on padding; all other arcs are possible.
    present = torch.tensor([[True] * 4, [True, True, False, False]])
    possible = present[:, None, :] & ~torch.eye(4, dtype=torch.bool)
    assert torch.equal(scores.arc_scores.isfinite(), possible.expand(2, 4, 4))


def test_relations_are_scored_by_a_biaffine_form_for_each_of_them() -> None:
    batch, network = batch_of(3, 1), network_of()
    scores = network(encoded_of(batch), layout_of(batch))
    heads = torch.zeros(2, 4, 2, dtype=torch.long)
    heads[0, 1] = torch.tensor([3, 2])
    relation_scores = network.label_scores(scores.label_dependents, scores.label_heads, heads)
    assert relation_scores.shape == (2, 4, 2, 3)
    for place, head in enumerate([3, 2]):
        dependent, other = with_one(scores.label_dependents[0, 1]), with_one(scores.label_heads[0, head])
        expected = torch.stack([dependent @ network.label_weights[:, label] @ other for label in range(3)])
        torch.testing.assert_close(relation_scores[0, 1, place], expected)


def test_a_new_network_likes_all_trees_alike() -> None:
    batch, network = batch_of(3), network_of(random=False)
    targets = DependencyTargets(torch.tensor([[IGNORE, 2, 0, 2]]), torch.tensor([[IGNORE, 2, 0, 1]]))
    loss = network.loss(network(encoded_of(batch), layout_of(batch)), targets)
    assert loss.item() == pytest.approx(math.log(3) + math.log(3))  # three heads for each word, and three relations


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_the_mean_over_heads_and_over_relations_of_gold_arcs(smoothing: float) -> None:
    batch, network = batch_of(3, 2), network_of(smoothing=smoothing)
    scores = network(encoded_of(batch), layout_of(batch))
    # The second word has a head without a relation; the third has a relation without a head, so its arc is unknown.
    heads = torch.tensor([[IGNORE, 3, 0, IGNORE], [IGNORE, 0, IGNORE, IGNORE]])
    labels = torch.tensor([[IGNORE, 2, IGNORE, 1], [IGNORE, 0, IGNORE, IGNORE]])
    logarithms = scores.arc_scores.log_softmax(-1)
    arc_loss = -(logarithms[0, 1, 3] + logarithms[0, 2, 0] + logarithms[1, 1, 0]) / 3
    places = heads.clamp(min=0)[..., None]
    label_scores = network.label_scores(scores.label_dependents, scores.label_heads, places)[:, :, 0].log_softmax(-1)
    losses = [
        -(1 - smoothing) * row[label] - smoothing * row.mean()
        for row, label in ((label_scores[0, 1], 2), (label_scores[1, 1], 0))
    ]
    loss = network.loss(scores, DependencyTargets(heads, labels))
    torch.testing.assert_close(loss, arc_loss + sum(losses) / 2)
    # Words without heads learn nothing.
    scores.arc_scores.retain_grad()
    loss.backward()
    gradient = scores.arc_scores.grad
    assert gradient is not None
    assert gradient.nan_to_num().any(-1).tolist() == [[False, True, True, False], [False, True, False, False]]


def test_where_nothing_is_annotated_nothing_is_learned() -> None:
    batch, network = batch_of(2), network_of()
    nothing = torch.full((1, 3), IGNORE)
    loss = network.loss(network(encoded_of(batch), layout_of(batch)), DependencyTargets(nothing, nothing))
    loss.backward()
    assert loss.item() == 0.0
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in network.parameters())
