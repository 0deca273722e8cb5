"""Transition systems, against all trees and all states of few words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from depparse.formats.conllu import iter_conllu
from depparse.structs.transition_oracles import DYNAMIC, NEVER, dynamic_costs, projective_order, static_oracle
from depparse.structs.transitions import (
    LEFT,
    NO_HEAD,
    REDUCE,
    RIGHT,
    SHIFT,
    SWAP,
    SYSTEMS,
    TRANSITIONS,
    States,
)
from depparse.structs.trees import is_tree

from .oracles import all_trees, crosses_nothing

LARGEST = 4  # words
OF_ALL = ("arc_standard_swap", "arc_hybrid_swap")  # systems that build every tree
Key = tuple[tuple[int, ...], ...]


def key_of(states: States) -> Key:
    """What tells a state from all others."""
    stack, buffer = states.stacks[0, : states.stack_sizes[0]], states.buffers[0, : states.buffer_sizes[0]]
    return tuple(map(tuple, (stack.tolist(), buffer.tolist(), states.heads[0].tolist())))


def copy_of(states: States) -> States:
    arrays = (states.stacks, states.stack_sizes, states.buffers, states.buffer_sizes, states.heads)
    return States(states.system, *(array.copy() for array in arrays))


@lru_cache
def graph_of(system: str, n: int) -> dict[Key, tuple[States, dict[int, Key]]]:
    """All states of n words, each with the states to which its legal transitions lead; the first state first."""
    first = States.start(system, np.array([n]))
    graph: dict[Key, tuple[States, dict[int, Key]]] = {}
    waiting = [first]
    while waiting:
        states = waiting.pop()
        if key_of(states) in graph:
            continue
        after: dict[int, Key] = {}
        graph[key_of(states)] = states, after
        for transition in np.flatnonzero(states.legal()[0]).tolist():
            new = copy_of(states)
            new.apply(np.array([transition]))
            after[transition] = key_of(new)
            waiting.append(new)
    return graph


@pytest.mark.parametrize("n", range(1, LARGEST + 1))
@pytest.mark.parametrize("system", SYSTEMS)
def test_all_sequences_of_legal_transitions_end_in_the_trees_of_the_class(system: str, n: int) -> None:
    built = {heads for (_, _, heads), (_, after) in graph_of(system, n).items() if not after}
    assert all(is_tree(np.array([0, *heads[1:]])) for heads in built)
    assert {(0, *heads[1:]) for heads in built} == set(
        map(tuple, all_trees(n, projective=system not in OF_ALL).tolist())
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_static_oracle_builds_each_tree_of_its_class_in_one_batch(system: str) -> None:
    trees = [heads for n in range(LARGEST + 2) for heads in all_trees(n).tolist()]
    lengths = np.array([len(heads) - 1 for heads in trees])
    gold = np.array([heads + [0] * (LARGEST + 2 - len(heads)) for heads in trees])
    order = np.zeros_like(gold)
    for row, heads in zip(order, trees, strict=True):
        row[: len(heads)] = projective_order(np.array(heads))
    states = States.start(system, lengths)
    for _ in range(4 * LARGEST**2):
        transitions = static_oracle(states, gold, order)
        legal = states.legal()
        assert all(legal[number, each] for number, each in enumerate(transitions.tolist()) if each >= 0)
        states.apply(transitions)
    assert (transitions == -1).all()
    for heads, found in zip(trees, states.heads.tolist(), strict=True):
        is_built = found[1 : len(heads)] == heads[1:]
        assert is_built == (system in OF_ALL or crosses_nothing(tuple(heads))), heads


@pytest.mark.parametrize("n", range(1, LARGEST + 1))
@pytest.mark.parametrize("system", ["arc_hybrid", "arc_eager"])
def test_dynamic_costs_are_what_the_best_continuation_loses(system: str, n: int) -> None:
    """The arcs by which arc-eager completes a tree at the end do not count, as the system of the paper lacks them."""
    graph = graph_of(system, n)
    for heads in all_trees(n, projective=True).tolist():
        gold = np.array([heads])
        order = projective_order(gold[0])[None]
        best: dict[Key, int] = {}

        def gain(before: Key, transition: int, after: Key) -> int:
            """The gold arcs of a transition."""
            new = [d for d in range(1, n + 1) if before[2][d] != after[2][d]]
            if transition == REDUCE:
                return 0
            return sum(after[2][d] == heads[d] for d in new)  # noqa: B023

        def value(key: Key) -> int:
            """The gold arcs that can still be had."""
            if key not in best:  # noqa: B023
                after = graph[key][1].items()
                best[key] = max((gain(key, t, new) + value(new) for t, new in after), default=0)  # noqa: B023
            return best[key]  # noqa: B023

        for key, (states, after) in graph.items():
            if not after:
                continue
            costs = dynamic_costs(states, gold, order)[0].tolist()
            for transition, cost in enumerate(costs):
                if transition in after:
                    new = after[transition]
                    assert cost == value(key) - gain(key, transition, new) - value(new), (heads, key, transition)
                else:
                    assert cost == NEVER


@pytest.mark.parametrize("n", range(1, LARGEST + 1))
@pytest.mark.parametrize("system", DYNAMIC)
def test_transitions_that_cost_nothing_lead_to_the_gold_tree(system: str, n: int) -> None:
    chance = np.random.default_rng(n)
    for heads in all_trees(n, projective=system not in OF_ALL).tolist():
        gold = np.array([heads])
        order = projective_order(gold[0])[None]
        for _ in range(3):
            states = States.start(system, np.array([n]))
            while states.legal().any():
                free = np.flatnonzero(dynamic_costs(states, gold, order)[0] == 0)
                states.apply(chance.choice(free, 1))
            assert states.heads[0, 1:].tolist() == heads[1:]


def test_the_projective_order_has_no_crossing_arcs_and_is_that_of_the_sentence_if_it_has_none() -> None:
    for n in range(LARGEST + 2):
        for heads in all_trees(n).tolist():
            order = projective_order(np.array(heads))
            assert sorted(order.tolist()) == list(range(1, n + 2))
            place = order.tolist()
            moved = [0] * (n + 1)
            for word in range(1, n + 1):
                moved[place[word]] = place[heads[word]] if heads[word] else 0
            assert crosses_nothing(tuple(moved))
            if crosses_nothing(tuple(heads)):
                assert place[1:] == list(range(1, n + 1))


def test_a_sentence_by_hand() -> None:
    # A hearing is scheduled on the issue today: 5 words of Nivre 2009, cut short; 2 → 5 crosses 3 → 4.
    gold = np.array([[0, 2, 3, 0, 3, 2]])
    order = projective_order(gold[0])
    assert order.tolist() == [6, 1, 2, 4, 5, 3]
    states = States.start("arc_standard_swap", np.array([5]))
    names = []
    while (transition := int(static_oracle(states, gold, order[None])[0])) >= 0:
        names.append(TRANSITIONS[transition])
        states.apply(np.array([transition]))
    assert states.heads[0].tolist() == [NO_HEAD, *gold[0, 1:].tolist()]
    assert names == [
        *("shift", "shift", "left", "shift", "shift", "right", "shift", "swap", "right", "shift", "left"),
        *("shift", "left"),
    ]
    assert {SHIFT, LEFT, RIGHT, REDUCE, SWAP} == set(range(len(TRANSITIONS)))


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_trees_of_treebanks_are_built(system: str, shared: Path) -> None:
    for file in sorted((shared / "treebanks").glob("*/*-dev.conllu")):
        trees = [[0, *(head or 0 for head in sentence.heads)] for sentence in iter_conllu(file)]
        trees = [heads for heads in trees if is_tree(np.array(heads)) and len(heads) < 80]
        longest = max(map(len, trees), default=1)
        gold = np.array([heads + [0] * (longest - len(heads)) for heads in trees]).reshape(-1, longest)
        order = np.zeros_like(gold)
        for row, heads in zip(order, trees, strict=True):
            row[: len(heads)] = projective_order(np.array(heads))
        states = States.start(system, np.array([len(heads) - 1 for heads in trees], np.int64))
        while ((transitions := static_oracle(states, gold, order)) >= 0).any():
            states.apply(transitions)
        for heads, found in zip(trees, states.heads.tolist(), strict=True):
            if system in OF_ALL or crosses_nothing(tuple(heads)):
                assert found[1 : len(heads)] == heads[1:], file


def test_the_words_of_a_state_are_those_of_stack_and_buffer_and_their_farthest_dependents() -> None:
    # Words 1 and 2 hang on 3, which hangs on 5 with 4; then 6.
    states = States.start("arc_hybrid", np.array([6, 2]))
    assert states.words().tolist() == [[-1, -1, -1, 1, *[-1] * 5], [-1, -1, -1, 1, *[-1] * 5]]
    for transition in (SHIFT, SHIFT, LEFT, LEFT, SHIFT, SHIFT, SHIFT):
        states.apply(np.array([transition, -1]))
    assert states.words()[0].tolist() == [5, 4, 3, 6, -1, -1, -1, -1, -1]
    for transition in (RIGHT, RIGHT):
        states.apply(np.array([transition, -1]))
    assert states.words()[0].tolist() == [3, -1, -1, 6, 1, 4, -1, -1, -1]
    assert states.words()[1].tolist() == [-1, -1, -1, 1, *[-1] * 5]
