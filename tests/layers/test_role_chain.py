"""The factored chain of arguments against the product automaton, and against enumeration of all sequences of tags."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from depparse.features.vocabulary import IGNORE
from depparse.layers import role_chain
from depparse.layers.linear_chain import LinearChain
from depparse.layers.role_chain import RoleChain
from depparse.layers.role_sums import sums_in
from depparse.layers.semirings import Logarithms, Numbers
from depparse.structs.automaton import Automaton, bioes, intersect
from depparse.structs.role_sequences import best_sequences, sets_before
from depparse.tasks.srl.argument_codec import role_tags
from tests.structs.oracles import at_most_once

ROLES = ["ARG0", "ARGM-TMP", "ARG1"]
CASES = {"all core": (ROLES[::2], (0, 1)), "none core": (ROLES[1:2], ()), "some core": (ROLES, (2, 0))}


class RoleSpan(NamedTuple):
    """An argument, with positions from 0."""

    predicate: int
    first: int
    last: int
    role: int


def probabilities_of(chain: RoleChain, scores: Tensor, lengths: Tensor, spans: list[RoleSpan]) -> list[float]:
    return chain.span_probabilities(scores, lengths, torch.tensor(spans, dtype=torch.long).view(-1, 4)).tolist()


def language_of(roles: list[str], core: tuple[int, ...]) -> Automaton:
    tags = role_tags(roles)
    language = bioes(tags)
    for role in core:
        beginnings = [tags.index(f"{prefix}-{roles[role]}") for prefix in "BS"]
        language = intersect(language, at_most_once(len(tags), beginnings))
    return language


def random_batch(n_tags: int, lengths: list[int], seed: int = 0, scale: float = 2.0) -> tuple[Tensor, Tensor]:
    """Scores with rubbish where no algorithm may look, and lengths."""
    generator = torch.Generator().manual_seed(seed)
    scores = scale * torch.randn(len(lengths), max(1, *lengths), n_tags, generator=generator, dtype=torch.float64)
    for number, length in enumerate(lengths):
        scores[number, length:] = torch.nan
    return scores, torch.tensor(lengths)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("scale", [2.0, 30.0, 1e3])  # the last scale needs logarithms
def test_sums_and_best_are_those_of_all_sequences(name: str, scale: float) -> None:
    roles, core = CASES[name]
    language, chain = language_of(roles, core), RoleChain(len(roles), core)
    scores, lengths = random_batch(language.n_labels, [2, 1, 4, 3, 0] if len(roles) < 3 else [2, 3], scale=scale)
    totals, (tags, best) = chain.log_partition(scores, lengths), chain.viterbi(scores, lengths)
    probabilities = chain.marginals(scores, lengths)
    for number, length in enumerate(lengths.tolist()):
        sequences = [s for s in itertools.product(range(language.n_labels), repeat=length) if language.accepts(s)]
        sequence_tags = torch.tensor(sequences, dtype=torch.long).view(len(sequences), length)
        sequence_scores = scores[number, torch.arange(length), sequence_tags].sum(1)
        assert totals[number].item() == pytest.approx(sequence_scores.logsumexp(0).item(), rel=1e-12)
        assert best[number].item() == pytest.approx(sequence_scores.max().item(), rel=1e-12)
        assert tuple(tags[number, :length].tolist()) == sequences[int(sequence_scores.argmax())]
        assert (tags[number, length:] == IGNORE).all()
        shares = sequence_scores.softmax(0)
        for word in range(length):
            for tag in range(language.n_labels):
                expected = shares[sequence_tags[:, word] == tag].sum().item()
                assert probabilities[number, word, tag].item() == pytest.approx(expected, abs=1e-9)
        assert (probabilities[number, length:] == 0).all()


@pytest.mark.parametrize("name", CASES)
def test_the_chain_agrees_with_the_product_automaton(name: str) -> None:
    roles, core = CASES[name]
    language, chain = language_of(roles, core), RoleChain(len(roles), core)
    product = LinearChain(language)
    scores, lengths = random_batch(language.n_labels, [7, 3, 12, 1])
    transitions = torch.zeros(language.n_labels + 1, language.n_labels + 1, dtype=torch.float64)
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    scores.requires_grad_()
    (chain.log_partition(scores, lengths) * weights).sum().backward()
    gradient, scores.grad = scores.grad, None
    assert gradient is not None
    (product.log_partition(scores, transitions, lengths) * weights).sum().backward()
    torch.testing.assert_close(gradient, scores.grad)
    with torch.no_grad():
        tags, best = chain.viterbi(scores, lengths)
        expected, score = product.viterbi(scores, transitions, lengths)
        torch.testing.assert_close(best, score)
        assert tags.tolist() == expected.tolist()
        torch.testing.assert_close(chain.path_score(scores, lengths, tags), best)


def test_arguments_have_the_probabilities_of_the_enumeration() -> None:
    roles, core = CASES["all core"]
    language, chain = language_of(roles, core), RoleChain(len(roles), core)
    scores, lengths = random_batch(language.n_labels, [4, 1, 3])
    spans = [
        RoleSpan(0, 1, 3, 0),
        RoleSpan(2, 0, 0, 1),
        RoleSpan(0, 1, 2, 1),
        RoleSpan(1, 0, 0, 0),
        RoleSpan(2, 1, 2, 0),
    ]
    probabilities = probabilities_of(chain, scores, lengths, spans)
    for span, probability in zip(spans, probabilities, strict=True):
        sequences = [
            s
            for s in itertools.product(range(language.n_labels), repeat=int(lengths[span.predicate]))
            if language.accepts(s)
        ]
        logs = torch.stack([sum(scores[span.predicate, word, tag] for word, tag in enumerate(s)) for s in sequences])
        first = 1 + 4 * span.role
        tags = (first, *[first + 1] * (span.last - span.first - 1), first + 2)
        if span.first == span.last:
            tags = (first + 3,)
        has_span = [s[span.first : span.last + 1] == tags for s in sequences]
        assert probability == pytest.approx(logs.softmax(0)[has_span].sum().item(), abs=1e-12)
    assert probabilities_of(chain, scores, lengths, []) == []


@settings(max_examples=20)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 1000))
def test_a_predicate_has_the_same_numbers_in_any_batch(lengths: list[int], seed: int) -> None:
    roles, core = CASES["some core"]
    chain = RoleChain(len(roles), core)
    scores, counts = random_batch(len(role_tags(roles)), lengths, seed)
    spans = [RoleSpan(number, length - 1, length - 1, 1) for number, length in enumerate(lengths) if length]
    totals, (tags, _) = chain.log_partition(scores, counts), chain.viterbi(scores, counts)
    probabilities = dict(zip(spans, probabilities_of(chain, scores, counts, spans), strict=True))
    for number, length in enumerate(lengths):
        alone = scores[number : number + 1, : max(1, length)], counts[number : number + 1]
        assert chain.log_partition(*alone).item() == pytest.approx(totals[number].item(), abs=1e-12)
        assert chain.viterbi(*alone)[0][0, :length].tolist() == tags[number, :length].tolist()
        if length:
            (probability,) = probabilities_of(chain, *alone, [RoleSpan(0, length - 1, length - 1, 1)])
            assert probability == pytest.approx(probabilities[RoleSpan(number, length - 1, length - 1, 1)])


def spans_far_apart(gap: float, roles: list[int], n_roles: int, length: int = 10, between: int = 20) -> Tensor:
    """``[1, words, tags]``: a long argument of each role in turn, and all else worse by `gap` at each of its words."""
    scores = torch.full((1, len(roles) * (length + between), 1 + 4 * n_roles), -gap, dtype=torch.float64)
    scores[..., 0] = 0.0
    for number, role in enumerate(roles):
        first = number * (length + between)
        scores[0, first : first + length] = -gap
        tag = 1 + 4 * role
        scores[0, first, tag] = scores[0, first + length - 1, tag + 2] = 0.0
        scores[0, first + 1 : first + length - 1, tag + 1] = 0.0
    return scores


@pytest.mark.parametrize("gap", [5.0, 26.0, 80.0])
def test_nothing_is_lost_that_counts_in_the_end(gap: float) -> None:
    """Only one of two arguments can have the core role; sequences without the first are far behind until the second."""
    scores, chain = spans_far_apart(gap, [0, 0], 1), RoleChain(1, (0,))
    lengths = torch.tensor([60])
    # The best sequences have one of the two and ten words that cost `gap`; all others cost another `gap` at least.
    total = chain.log_partition(scores, lengths).item()
    assert total == pytest.approx(math.log(2) - 10 * gap, abs=60 * math.exp(-gap))
    marginals = chain.marginals(scores, lengths)
    torch.testing.assert_close(marginals.sum(-1), torch.ones(1, 60, dtype=torch.float64))
    first, second = probabilities_of(chain, scores, lengths, [RoleSpan(0, 0, 9, 0), RoleSpan(0, 30, 39, 0)])
    assert first == pytest.approx(second, abs=1e-9)
    assert first == pytest.approx(0.5, abs=60 * math.exp(-gap) + 1e-9)
    scores[0, 30, 1] += 30.0  # now the second argument is better
    tags = torch.zeros(1, 60, dtype=torch.long)
    tags[0, 30], tags[0, 31:39], tags[0, 39] = 1, 2, 3
    loss = chain.log_partition(scores, lengths) - chain.path_score(scores, lengths, tags)
    assert loss.item() == pytest.approx(0, abs=60 * math.exp(-gap) + 1e-9)


@pytest.mark.parametrize("roles", [[0, 1, 0, 1], [0, 1, 2, 3, 4, 5, 6] * 2])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_numbers_and_logarithms_agree_in_any_batch(roles: list[int], dtype: torch.dtype) -> None:
    n_roles = 1 + max(roles)
    chain = RoleChain(n_roles, range(n_roles))
    gaps = (3.0, 60.0, 200.0, 300.0)
    scores = torch.cat([spans_far_apart(gap, roles, n_roles, 3, 1) for gap in gaps]).to(dtype)
    lengths = torch.tensor([scores.shape[1]] * len(gaps))
    in_logarithms = sums_in(Logarithms, chain.sets, scores.double(), lengths, marginals=True)[0]
    in_numbers, lost = sums_in(Numbers, chain.sets, scores.double(), lengths, marginals=True)
    assert lost.tolist()[0] is False
    assert lost.any()
    torch.testing.assert_close(in_numbers.total[~lost], in_logarithms.total[~lost])
    torch.testing.assert_close(in_numbers.marginals[~lost], in_logarithms.marginals[~lost])
    torch.testing.assert_close(chain.log_partition(scores, lengths), in_logarithms.total.to(dtype))
    torch.testing.assert_close(chain.marginals(scores, lengths), in_logarithms.marginals.to(dtype))
    spans = [RoleSpan(number, 4, 6, 1) for number in range(len(gaps))]
    together = probabilities_of(chain, scores, lengths, spans)
    for number in range(len(gaps)):
        alone = scores[number : number + 1], lengths[:1]
        assert chain.log_partition(*alone).item() == chain.log_partition(scores, lengths)[number].item()
        (probability,) = probabilities_of(chain, *alone, [RoleSpan(0, 4, 6, 1)])
        assert probability == pytest.approx(together[number], abs=1e-12)


def test_impossible_sequences_have_minus_infinity() -> None:
    chain = RoleChain(2, (0,))
    scores, lengths = random_batch(9, [3, 3])
    scores[0, 1] = -torch.inf
    assert chain.log_partition(scores, lengths)[0].item() == -torch.inf
    assert chain.log_partition(scores, lengths)[1].item() == pytest.approx(
        chain.log_partition(scores[1:], lengths[1:]).item()
    )


def test_little_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    roles, core = CASES["some core"]
    chain = RoleChain(len(roles), core)
    scores, lengths = random_batch(len(role_tags(roles)), [5, 2, 4, 5])
    spans = [RoleSpan(3, 0, 2, 1), RoleSpan(0, 1, 4, 2), RoleSpan(2, 3, 3, 0)]

    def all_results() -> list[Tensor]:
        tensors = [
            *chain.viterbi(scores, lengths),
            chain.marginals(scores, lengths),
            chain.log_partition(scores, lengths),
        ]
        return [*tensors, torch.tensor(probabilities_of(chain, scores, lengths, spans))]

    expected = all_results()
    monkeypatch.setattr(role_chain, "_LEAST", 1)
    monkeypatch.setattr(role_chain, "_CELLS", 2 * 5 * 4 * 4)  # two predicates at a time
    assert [rows.stop for rows in role_chain._chunks(chain.sets, scores)] == [2, 4]
    for one, other in zip(all_results(), expected, strict=True):
        torch.testing.assert_close(one, other)


def test_the_size_grows_with_the_sets_of_core_roles_and_the_roles() -> None:
    chain = RoleChain(57, range(7))
    assert chain.sets.before.shape == (128, 57)
    product = LinearChain(language_of(*CASES["some core"]))
    # The chain has sets · (roles + 1) states, where the product has a node for each pair of set and tag.
    assert RoleChain(3, (0, 2)).sets.n_sets * 4 < product.n_nodes


@pytest.mark.parametrize("seed", range(5))
def test_constraints_imposed_one_by_one_lead_to_the_best_of_all(seed: int) -> None:
    chain = RoleChain(6, (0, 1, 2, 4, 5))
    scores, lengths = random_batch(1 + 4 * 6, [14, 9, 0, 1, 12, 14], seed)
    tags, best = chain.viterbi(scores, lengths)
    before = sets_before(6, (0, 1, 2, 4, 5))
    expected, expected_best = best_sequences(scores.numpy(), lengths.numpy(), before, IGNORE)
    assert tags.tolist() == expected.tolist()
    np.testing.assert_allclose(best.numpy(), expected_best)
