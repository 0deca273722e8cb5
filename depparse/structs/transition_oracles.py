"""Oracles of transition systems: which transitions lead to the gold tree, from any state.

``gold[batch, words]`` are heads of trees, and ``order[batch, words]`` their `projective_order`. O(n) for each state.
"""

from __future__ import annotations

import numpy as np

from depparse.structs.checks import Integers
from depparse.structs.compiled import compiled
from depparse.structs.transitions import (
    EAGER,
    HYBRID_SWAP,
    LEFT,
    REDUCE,
    RIGHT,
    SHIFT,
    STANDARD,
    STANDARD_SWAP,
    SWAP,
    TRANSITIONS,
    Flags,
    States,
)

NEVER = 1 << 20  # the cost of a transition that is not legal
DYNAMIC = ("arc_hybrid", "arc_eager", "arc_hybrid_swap")  # systems with `dynamic_costs`


def static_oracle(states: States, gold: Integers, order: Integers) -> Integers:
    """The next ``transitions[batch]`` of one sequence to the gold tree; -1 in final states, and where the system has no
    way to the tree."""
    transitions = np.full(len(states.stacks), -1, np.int64)
    _oracle_batch(*states.arrays(), gold, order, states.legal(), transitions)
    return transitions


def dynamic_costs(states: States, gold: Integers, order: Integers) -> Integers:
    """For each of ``[batch, transitions]``, how many gold arcs can be had before it but not after it; NEVER if it is
    not legal. Only for the systems in DYNAMIC.

    Exact for projective gold trees (Goldberg & Nivre 2013, *Training Deterministic Parsers with Non-Deterministic
    Oracles*), but for the arcs by which arc-eager completes a tree at the end, which the paper's system lacks. With
    SWAP, by de Lhoneux, Stymne & Nivre 2017, who make a wanted SWAP the only transition that costs nothing; some other
    costs are those of words that could still be swapped, and too high.
    """
    costs = np.full((len(states.stacks), len(TRANSITIONS)), NEVER, np.int64)
    _costs_batch(*states.arrays(), gold, order, states.legal(), costs)
    return costs


def projective_order(heads: Integers) -> Integers:
    """The place of each word of the tree ``heads[words]`` in the order in which it has no crossing arcs: each word
    between its dependents to the left and to the right, and all that is below these with them. ROOT is last. O(n)."""
    size = len(heads)
    order = np.zeros(size, np.int64)
    _order(heads, order)
    order[0] = size
    return order


@compiled
def _order(heads: Integers, order: Integers) -> None:
    size = len(heads)
    # Each word's dependents as lists: the first one, and the next one of the same head, from left to right.
    first = np.zeros(size, np.int64)
    following = np.zeros(size, np.int64)
    for word in range(size - 1, 0, -1):
        following[word] = first[heads[word]]
        first[heads[word]] = word
    path = np.zeros(size + 1, np.int64)
    depth = 1
    path[0] = first[0]
    place = 0
    while depth > 0 and path[0] != 0:
        word = path[depth - 1]
        child = first[word]
        if child != 0 and child < word:  # dependents to the left come first
            first[word] = following[child]
            path[depth] = child
            depth += 1
        elif order[word] == 0:
            place += 1
            order[word] = place
        elif child != 0:
            first[word] = following[child]
            path[depth] = child
            depth += 1
        else:
            depth -= 1


@compiled
def _oracle_batch(
    system: int,
    stacks: Integers,
    stack_sizes: Integers,
    buffers: Integers,
    buffer_sizes: Integers,
    heads: Integers,
    gold: Integers,
    order: Integers,
    legal: Flags,
    transitions: Integers,
) -> None:
    for number in range(len(stacks)):
        if legal[number].any():
            transition = _oracle(
                system, stacks[number], stack_sizes[number], buffers[number], buffer_sizes[number], heads[number],
                gold[number], order[number],
            )  # fmt: skip
            if legal[number, transition]:
                transitions[number] = transition


@compiled
def _oracle(
    system: int,
    stack: Integers,
    n_stack: int,
    buffer: Integers,
    n_buffer: int,
    heads: Integers,
    gold: Integers,
    order: Integers,
) -> int:
    front = buffer[n_buffer - 1] if n_buffer else -1
    top = stack[n_stack - 1] if n_stack else -1
    second = stack[n_stack - 2] if n_stack > 1 else -1
    if system == EAGER:
        if n_stack == 0:
            return SHIFT
        if heads[top] < 0 and gold[top] == front:
            return LEFT
        if front > 0 and gold[front] == top:
            return RIGHT
        if heads[top] >= 0 and not _lacks(top, stack, 0, buffer, n_buffer, heads, gold):
            return REDUCE
        return SHIFT
    is_standard = system in (STANDARD, STANDARD_SWAP)
    if is_standard:
        if second > 0 and gold[second] == top and not _lacks(second, stack, n_stack, buffer, n_buffer, heads, gold):
            return LEFT
    elif (
        top > 0 and front >= 0 and gold[top] == front and not _lacks(top, stack, n_stack, buffer, n_buffer, heads, gold)
    ):
        return LEFT
    if second > 0 and gold[top] == second and not _lacks(top, stack, n_stack, buffer, n_buffer, heads, gold):
        return RIGHT
    if system == STANDARD_SWAP and second > 0 and top > 0 and order[top] < order[second]:
        return SWAP
    if system == HYBRID_SWAP and top > 0 and front > 0 and order[front] < order[top]:
        return SWAP
    return SHIFT


@compiled
def _lacks(
    word: int, stack: Integers, n_stack: int, buffer: Integers, n_buffer: int, heads: Integers, gold: Integers
) -> bool:
    """Whether a dependent of the word is still without its head, in the buffer or among the first of the stack."""
    lacking = 0
    for place in range(n_buffer):
        lacking += buffer[place] > 0 and gold[buffer[place]] == word
    for place in range(n_stack):
        lacking += stack[place] > 0 and gold[stack[place]] == word and heads[stack[place]] < 0
    return lacking > 0


@compiled
def _costs_batch(
    system: int,
    stacks: Integers,
    stack_sizes: Integers,
    buffers: Integers,
    buffer_sizes: Integers,
    heads: Integers,
    gold: Integers,
    order: Integers,
    legal: Flags,
    costs: Integers,
) -> None:
    for number in range(len(stacks)):
        _costs(
            system, stacks[number], stack_sizes[number], buffers[number], buffer_sizes[number], heads[number],
            gold[number], order[number], legal[number], costs[number],
        )  # fmt: skip


@compiled
def _costs(
    system: int,
    stack: Integers,
    n_stack: int,
    buffer: Integers,
    n_buffer: int,
    heads: Integers,
    gold: Integers,
    order: Integers,
    legal: Flags,
    costs: Integers,
) -> None:
    front = buffer[n_buffer - 1]
    # Dependents of s0 in the buffer; whether the head of s0 is there, behind b0. ROOT is reached from the bottom only.
    dependents = 0
    head_behind = False
    top = stack[n_stack - 1] if n_stack else -1
    is_lowest = True  # whether no word below s0 is without a head
    for place in range(n_stack - 1):
        is_lowest &= heads[stack[place]] >= 0
    if top > 0:
        for place in range(n_buffer):
            word = buffer[place]
            dependents += word > 0 and gold[word] == top
            head_behind |= place < n_buffer - 1 and gold[top] == word and (word > 0 or is_lowest)
    # Arcs between b0 and the stack.
    of_stack = 0  # words of the stack, without a head, whose head is b0
    head_in_stack = False  # whether the head of b0 is below s0
    any_headless = False
    for place in range(n_stack):
        word = stack[place]
        of_stack += heads[word] < 0 and gold[word] == front
        head_in_stack |= gold[front] == word and place < n_stack - 1
        any_headless |= heads[word] < 0
    if system == EAGER:
        if legal[SHIFT]:
            lost_head = head_in_stack or gold[front] == top or (gold[front] == 0 and any_headless)
            costs[SHIFT] = of_stack + lost_head
        if legal[RIGHT]:
            behind = False
            for place in range(n_buffer - 1):
                behind |= gold[front] == buffer[place]
            costs[RIGHT] = of_stack + (head_in_stack or behind)
        if legal[LEFT]:
            costs[LEFT] = dependents + head_behind
        if legal[REDUCE]:
            costs[REDUCE] = dependents
        return
    second = stack[n_stack - 2] if n_stack > 1 else -1
    # With SWAP, a word that comes after one of the buffer in the projective order will be swapped back into the buffer.
    front_returns = top_returns = False
    if system == HYBRID_SWAP:
        for place in range(n_buffer):
            word = buffer[place]
            front_returns |= word > 0 and order[word] < order[front]
            top_returns |= word > 0 and top > 0 and order[word] < order[top]
    head_below = gold[top] == second
    if top_returns:  # it can have heads and dependents in the stack as well
        for place in range(n_stack - 1):
            dependents += gold[stack[place]] == top
            head_below |= gold[top] == stack[place]
    if legal[SHIFT]:
        lost_head = head_in_stack or (gold[front] == 0 and n_stack > 0)
        costs[SHIFT] = 0 if front_returns else of_stack + lost_head
    if legal[LEFT]:
        costs[LEFT] = dependents + (head_behind or head_below)
    if legal[RIGHT]:
        is_lost = head_behind or (gold[top] == front and front > 0) or (head_below and gold[top] != second)
        costs[RIGHT] = dependents + is_lost
    if legal[SWAP]:
        wanted = order[front] < order[top]
        costs[SWAP] = 0 if wanted else 1
        if wanted:
            for transition in (SHIFT, LEFT, RIGHT):
                if legal[transition]:
                    costs[transition] += 1
