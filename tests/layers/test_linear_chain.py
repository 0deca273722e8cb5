"""The linear chain against enumeration of all label sequences of short sentences."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from depparse.features.vocabulary import IGNORE
from depparse.layers.linear_chain import LinearChain
from depparse.structs.automaton import Automaton, bioes, intersect
from depparse.structs.regular_expression import automaton_of
from tests.structs.oracles import at_most_once

TAGS = ["O", "B-PER", "I-PER", "E-PER", "S-PER"]


def expression(text: str) -> Automaton:
    return automaton_of(text, lambda name: ["abc".index(name)] if name in "abc" else [], 3)


LANGUAGES = {
    "all": expression(".*"),
    "bioes": bioes(TAGS),
    "one entity": intersect(bioes(TAGS), at_most_once(5, (1, 4))),
    # Nearly every sequence has several paths, but must be counted once.
    "ambiguous": expression("(a | b | a b | .)* (a | .)"),
    "union": Automaton(2, [{0: (0, 1), 1: (0, 1)}, {0: (1,), 1: (0,)}], (0, 1), (0, 1)),
    "pairs": expression("(a b | b c)*"),
    "of one length": expression("a . c"),
    "empty": Automaton(3, [{0: (0,)}], (0,), ()),
    "nothing else than nothing": expression("()"),
}


def all_sequences(language: Automaton, length: int) -> list[tuple[int, ...]]:
    return [s for s in itertools.product(range(language.n_labels), repeat=length) if language.accepts(s)]


def score_of(scores: Tensor, transitions: Tensor, labels: tuple[int, ...]) -> Tensor:
    """The score of one sequence of labels, computed as plainly as possible."""
    if not labels:
        return torch.zeros((), dtype=scores.dtype)
    boundary = len(transitions) - 1
    total = transitions[boundary, labels[0]] + transitions[labels[-1], boundary]
    for word, label in enumerate(labels):
        total = total + scores[word, label]
    for before, after in itertools.pairwise(labels):
        total = total + transitions[before, after]
    return total


def random_batch(language: Automaton, lengths: list[int], seed: int = 0, scale: float = 2.0) -> tuple[Tensor, ...]:
    """Scores with rubbish where no algorithm may look, transitions, and lengths."""
    generator = torch.Generator().manual_seed(seed)
    n_labels = language.n_labels
    scores = scale * torch.randn(len(lengths), max(1, *lengths), n_labels, generator=generator, dtype=torch.float64)
    for number, length in enumerate(lengths):
        scores[number, length:] = torch.nan
    transitions = torch.randn(n_labels + 1, n_labels + 1, generator=generator, dtype=torch.float64)
    return scores, transitions, torch.tensor(lengths)


@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize("scale", [2.0, 1e3])
def test_sums_and_best_are_those_of_all_sequences(name: str, scale: float) -> None:
    language = LANGUAGES[name]
    chain = LinearChain(language)
    scores, transitions, lengths = random_batch(language, [3, 1, 5, 4, 2, 0], scale=scale)
    totals = chain.log_partition(scores, transitions, lengths)
    probabilities = chain.marginals(scores, transitions, lengths)
    labels, best = chain.viterbi(scores, transitions, lengths)
    for number, length in enumerate(lengths.tolist()):
        sequences = all_sequences(language, length)
        sequence_scores = [score_of(scores[number], transitions, sequence) for sequence in sequences]
        if not sequences:
            assert totals[number] == best[number] == -torch.inf
            assert (labels[number] == IGNORE).all()
            assert (probabilities[number] == 0).all()
            continue
        stacked = torch.stack(sequence_scores)
        assert totals[number].item() == pytest.approx(stacked.logsumexp(0).item(), rel=1e-12)
        assert best[number].item() == pytest.approx(stacked.max().item(), rel=1e-12)
        assert tuple(labels[number, :length].tolist()) == sequences[int(stacked.argmax())]
        assert (labels[number, length:] == IGNORE).all()
        expected = torch.zeros_like(probabilities[number])
        for sequence, share in zip(sequences, stacked.softmax(0), strict=True):
            for word, label in enumerate(sequence):
                expected[word, label] += share
        torch.testing.assert_close(probabilities[number], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LANGUAGES)
def test_gradients_are_those_of_the_enumeration(name: str) -> None:
    language = LANGUAGES[name]
    chain = LinearChain(language)
    lengths = [length for length in (3, 1, 4, 2) if all_sequences(language, length)]
    if not lengths:
        lengths = [2, 1]
    scores, transitions, counts = random_batch(language, lengths)
    weights = torch.arange(1.0, 1 + len(lengths), dtype=torch.float64)  # each sentence has its own share in the loss
    for tensor in (scores, transitions):
        tensor.requires_grad_()
    totals = chain.log_partition(scores, transitions, counts)
    (totals * weights).sum().backward()
    gradients = scores.grad, transitions.grad
    scores.grad = transitions.grad = None
    for number, length in enumerate(lengths):
        if sequences := all_sequences(language, length):
            sequence_scores = [score_of(scores[number, :length], transitions, sequence) for sequence in sequences]
            (torch.stack(sequence_scores).logsumexp(0) * weights[number]).backward()
    for gradient, expected in zip(gradients, (scores.grad, transitions.grad), strict=True):
        torch.testing.assert_close(gradient, torch.zeros_like(gradient) if expected is None else expected)


def test_sequences_and_segments_have_the_probabilities_of_the_enumeration() -> None:
    for language in (LANGUAGES["bioes"], LANGUAGES["one entity"], LANGUAGES["ambiguous"]):
        chain = LinearChain(language)
        scores, transitions, lengths = random_batch(language, [4, 3, 1])
        segments = [(0, 1, (1, 2)), (1, 0, (1, 0)), (0, 0, (0, 1, 2)), (2, 0, (2,))]
        sentences, starts = (torch.tensor([segment[place] for segment in segments]) for place in (0, 1))
        padded = torch.tensor([[1, 2, IGNORE], [1, 0, IGNORE], [0, 1, 2], [2, IGNORE, IGNORE]])
        probabilities = chain.segment_probabilities(scores, transitions, lengths, sentences, starts, padded)
        for (sentence, start, segment_labels), probability in zip(segments, probabilities.tolist(), strict=True):
            sequences = all_sequences(language, int(lengths[sentence]))
            all_scores = [score_of(scores[sentence], transitions, sequence) for sequence in sequences]
            end = start + len(segment_labels)
            expected = sum(
                share.item()
                for sequence, share in zip(sequences, torch.stack(all_scores).softmax(0), strict=True)
                if sequence[start:end] == segment_labels
            )
            assert probability == pytest.approx(expected, abs=1e-12)
        labels = torch.tensor([[0, 0, 1, 2], [0, 0, 0, IGNORE], [0, IGNORE, IGNORE, IGNORE]])
        paths = chain.path_score(scores, transitions, lengths, labels)
        for number, length in enumerate(lengths.tolist()):
            sequence = tuple(labels[number, :length].tolist())
            assert paths[number].item() == pytest.approx(score_of(scores[number], transitions, sequence).item())
        none = torch.zeros(0, dtype=torch.long)
        assert len(chain.segment_probabilities(scores, transitions, lengths, none, none, none[:, None])) == 0


def test_a_language_of_neighbours_needs_one_node_for_each_label() -> None:
    tags = ["O", *(f"{prefix}-{kind}" for kind in ("PER", "LOC", "ORG") for prefix in "BIES")]
    chain = LinearChain(bioes(tags))
    assert chain.labels.tolist() == list(range(len(tags)))
    # Arcs lead from the 7 labels outside to the 7 that may follow them, and in each type from B and I to I and E.
    assert int(chain.after.mask.sum()) == int(chain.before.mask.sum()) == 7 * 7 + 3 * 4
    assert LinearChain(LANGUAGES["all"]).n_nodes == 3
    assert LinearChain(LANGUAGES["one entity"]).n_nodes == 5 + 1  # O before the entity and after it


def test_forbidden_scores_and_low_precision_are_possible() -> None:
    chain = LinearChain(LANGUAGES["bioes"])
    scores, transitions, lengths = random_batch(LANGUAGES["bioes"], [4])
    scores[0, 1, [0, 3, 4]] = -torch.inf  # the second word begins or continues an entity
    probabilities = chain.marginals(scores, transitions, lengths)
    assert probabilities[0, 1, [1, 2]].sum().item() == pytest.approx(1.0)
    scores = scores.float().requires_grad_()
    transitions.requires_grad_()
    chain.log_partition(scores, transitions, lengths).sum().backward()
    assert scores.grad is not None
    assert transitions.grad is not None
    torch.testing.assert_close(scores.grad, probabilities.float(), rtol=1e-5, atol=1e-6)
    assert (scores.grad.dtype, transitions.grad.dtype) == (torch.float32, torch.float64)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 1000))
def test_a_sentence_has_the_same_numbers_in_any_batch(lengths: list[int], seed: int) -> None:
    language = LANGUAGES["one entity"]
    chain = LinearChain(language)
    scores, transitions, counts = random_batch(language, lengths, seed)
    totals = chain.log_partition(scores, transitions, counts)
    labels, _ = chain.viterbi(scores, transitions, counts)
    for number, length in enumerate(lengths):
        alone = scores[number : number + 1, : max(1, length)], transitions, counts[number : number + 1]
        assert chain.log_partition(*alone).item() == pytest.approx(totals[number].item(), abs=1e-12)
        assert chain.viterbi(*alone)[0][0, :length].tolist() == labels[number, :length].tolist()
