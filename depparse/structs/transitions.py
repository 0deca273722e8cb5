"""Transition systems: a tree as a sequence of transitions. `transition_oracles` says which transitions lead to it.

A state is a stack, a buffer and the arcs so far. ROOT (0) stands at the end of the buffer (Ballesteros & Nivre 2013,
*Going to the Roots of Dependency Parsing*), so that a word is attached to it last. s₀ and s₁ are the first and the
second word of the stack, b₀ is the first of the buffer.

- ``arc_standard`` (Nivre 2004): LEFT makes s₀ the head of s₁, RIGHT s₁ that of s₀. Projective trees.
- ``arc_hybrid`` (Kuhlmann, Gómez-Rodríguez & Satta 2011): LEFT makes b₀ the head of s₀, RIGHT s₁. Projective trees.
- ``arc_eager`` (Nivre 2003): LEFT makes b₀ the head of s₀, RIGHT s₀ that of b₀, which it shifts; REDUCE drops s₀, which
  has a head. Projective trees.
- ``arc_standard_swap`` (Nivre 2009) and ``arc_hybrid_swap`` (de Lhoneux, Stymne & Nivre 2017, *Arc-Hybrid
  Non-Projective Dependency Parsing with a Static-Dynamic Oracle*): SWAP exchanges two words, s₁ and s₀, or s₀ and b₀.
  All trees.

Where we differ: only those transitions are legal that lead to a tree with one root. At the end of arc-eager, REDUCE
attaches a word without a head to s₁ if there are others without one, as not every state can be completed otherwise.

Sentences of a batch advance together: ``stacks[batch, size]`` have their top, and ``buffers[batch, size]`` their
front, at the end. ``heads[batch, words]`` are those so far, NO_HEAD where there is none. A transition takes O(1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depparse.structs.checks import Integers
from depparse.structs.compiled import compiled

SHIFT, LEFT, RIGHT, REDUCE, SWAP = range(5)
TRANSITIONS = ("shift", "left", "right", "reduce", "swap")
NO_HEAD = -1
WORDS = 9  # of a state that tell most of it
Flags = NDArray[np.bool_]
STANDARD, HYBRID, EAGER, STANDARD_SWAP, HYBRID_SWAP = range(5)
SYSTEMS = {
    "arc_standard": STANDARD,
    "arc_hybrid": HYBRID,
    "arc_eager": EAGER,
    "arc_standard_swap": STANDARD_SWAP,
    "arc_hybrid_swap": HYBRID_SWAP,
}
ALL_TREES = ("arc_standard_swap", "arc_hybrid_swap")  # the systems that build every tree


@dataclass(slots=True)
class States:
    """The states of a batch of sentences under one system."""

    system: int
    stacks: Integers  # [batch, size]
    stack_sizes: Integers  # [batch]
    buffers: Integers  # [batch, size]
    buffer_sizes: Integers  # [batch]
    heads: Integers  # [batch, words]

    @classmethod
    def start(cls, system: str, lengths: Integers) -> States:
        """The first states of sentences of these ``lengths[batch]``, in words without ROOT."""
        size = int(lengths.max(initial=0)) + 1
        buffers = np.zeros((len(lengths), size), np.int64)
        for row, length in zip(buffers, lengths.tolist(), strict=True):
            row[1 : length + 1] = np.arange(length, 0, -1)
        empty = np.zeros((len(lengths), size), np.int64)
        sizes = lengths.astype(np.int64)
        heads = np.full((len(lengths), size), NO_HEAD, np.int64)
        return cls(SYSTEMS[system], empty, np.zeros_like(sizes), buffers, sizes + 1, heads)

    def arrays(self) -> tuple[int, Integers, Integers, Integers, Integers, Integers]:
        """The fields, as compiled functions take them."""
        return self.system, self.stacks, self.stack_sizes, self.buffers, self.buffer_sizes, self.heads

    def legal(self) -> Flags:
        """Which transitions are legal: ``[batch, transitions]``; none in a final state."""
        legal = np.zeros((len(self.stacks), len(TRANSITIONS)), np.bool_)
        _legal_batch(*self.arrays(), legal)
        return legal

    def words(self) -> Integers:
        """The words of each state ``[batch, WORDS]``, -1 where there is none: s₀, s₁, s₂, b₀; the dependents of s₀ and
        of s₁ that are farthest to the left and to the right, and that of b₀ to the left. O(words)."""
        rows = np.arange(len(self.stacks))
        words = np.full((len(rows), WORDS), -1, np.int64)
        for place in range(3):
            index = self.stack_sizes - 1 - place
            words[:, place] = np.where(index >= 0, self.stacks[rows, np.maximum(index, 0)], -1)
        front = self.buffer_sizes - 1
        words[:, 3] = np.where(front >= 0, self.buffers[rows, np.maximum(front, 0)], -1)
        last = self.heads.shape[1] - 1
        for place, head, is_left in ((4, 0, True), (5, 0, False), (6, 1, True), (7, 1, False), (8, 3, True)):
            depends = (self.heads == words[:, head, None]) & (words[:, head, None] > 0)
            farthest = depends.argmax(-1) if is_left else last - depends[:, ::-1].argmax(-1)
            words[:, place] = np.where(depends.any(-1), farthest, -1)
        return words

    def take(self, numbers: Integers) -> States:
        """Copies of the states of these numbers, in this order."""
        system, *arrays = self.arrays()
        return States(system, *(array[numbers] for array in arrays))

    def apply(self, transitions: Integers) -> None:
        """Does the legal ``transitions[batch]``; a negative number leaves the state as it is."""
        _apply_batch(*self.arrays(), transitions)


@compiled
def _legal_batch(
    system: int,
    stacks: Integers,
    stack_sizes: Integers,
    buffers: Integers,
    buffer_sizes: Integers,
    heads: Integers,
    legal: Flags,
) -> None:
    for number in range(len(stacks)):
        _legal(
            system, stacks[number], stack_sizes[number], buffers[number], buffer_sizes[number], heads[number],
            legal[number],
        )  # fmt: skip


@compiled
def _legal(
    system: int, stack: Integers, n_stack: int, buffer: Integers, n_buffer: int, heads: Integers, legal: Flags
) -> None:
    legal[:] = False
    front = buffer[n_buffer - 1] if n_buffer else -1
    top = stack[n_stack - 1] if n_stack else -1
    if system in (STANDARD, STANDARD_SWAP):
        legal[SHIFT] = front > 0 or (front == 0 and n_stack == 1)
        legal[LEFT] = n_stack > 1
        legal[RIGHT] = n_stack > 1 and top > 0
        legal[SWAP] = system == STANDARD_SWAP and n_stack > 1 and 0 < stack[n_stack - 2] < top
        return
    legal[SHIFT] = front > 0
    if system in (HYBRID, HYBRID_SWAP):
        legal[LEFT] = n_stack > 0 and (front > 0 or n_stack == 1)
        legal[RIGHT] = n_stack > 1
        legal[SWAP] = system == HYBRID_SWAP and n_stack > 0 and top < front
        return
    if n_stack == 0:
        return
    if front > 0:
        legal[LEFT] = heads[top] < 0
        legal[RIGHT] = True
        legal[REDUCE] = heads[top] >= 0
        return
    n_headless = 0
    for place in range(n_stack):
        n_headless += heads[stack[place]] < 0
    legal[LEFT] = heads[top] < 0 and n_headless == 1
    legal[REDUCE] = not legal[LEFT]


@compiled
def _apply_batch(
    system: int,
    stacks: Integers,
    stack_sizes: Integers,
    buffers: Integers,
    buffer_sizes: Integers,
    heads: Integers,
    transitions: Integers,
) -> None:
    for number in range(len(stacks)):
        transition, stack, buffer = transitions[number], stacks[number], buffers[number]
        n_stack, n_buffer = stack_sizes[number], buffer_sizes[number]
        if transition == SHIFT or (transition == RIGHT and system == EAGER):
            if transition == RIGHT:
                heads[number, buffer[n_buffer - 1]] = stack[n_stack - 1]
            stack[n_stack] = buffer[n_buffer - 1]
            n_stack, n_buffer = n_stack + 1, n_buffer - 1
        elif transition == LEFT and system in (STANDARD, STANDARD_SWAP):
            heads[number, stack[n_stack - 2]] = stack[n_stack - 1]
            stack[n_stack - 2] = stack[n_stack - 1]
            n_stack -= 1
        elif transition == LEFT:
            heads[number, stack[n_stack - 1]] = buffer[n_buffer - 1]
            n_stack -= 1
        elif transition in (RIGHT, REDUCE):
            if heads[number, stack[n_stack - 1]] < 0:
                heads[number, stack[n_stack - 1]] = stack[n_stack - 2]
            n_stack -= 1
        elif transition == SWAP and system == STANDARD_SWAP:
            buffer[n_buffer] = stack[n_stack - 2]
            stack[n_stack - 2] = stack[n_stack - 1]
            n_stack, n_buffer = n_stack - 1, n_buffer + 1
        elif transition == SWAP:
            buffer[n_buffer] = buffer[n_buffer - 1]
            buffer[n_buffer - 1] = stack[n_stack - 1]
            n_stack, n_buffer = n_stack - 1, n_buffer + 1
        stack_sizes[number], buffer_sizes[number] = n_stack, n_buffer
