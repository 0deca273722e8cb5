"""A transition-based parser that reads all of its state (Dyer et al. 2015, *Transition-Based Dependency Parsing with
Stack Long Short-Term Memory*): LSTMs over stack, buffer and past transitions, whose words hold their dependents.

What the LSTM made of the first words of a stack is kept, so that pushing a word is one step, and dropping words none.
When a word leaves the state, its head becomes tanh(U [head; dependent; relation; side] + e): a composition. With a
dynamic oracle, training explores (Ballesteros et al. 2016, *Training with Exploration Improves a Greedy Stack LSTM
Parser*), with its share of the best transitions of the model in place of samples.

Where we differ: words come from the encoder; relations are not parts of transitions, but chosen from the same state
when an arc is made, which keeps the probability of both a product; sentences of a batch advance together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Ints
from depparse.features.vocabulary import IGNORE
from depparse.layers.dropout import SharedDropout
from depparse.layers.losses import cross_entropy
from depparse.layers.tensors import Layout
from depparse.structs.analysis import Tree
from depparse.structs.transitions import LEFT, STANDARD, STANDARD_SWAP, TRANSITIONS, States
from depparse.tasks.task import Codec, Network, NetworkType, Stage
from depparse.tasks.transitions.codec import SystemCodec, SystemConfig, TransitionTargets
from depparse.tasks.transitions.network import steps_to_trees, transition_losses


class StackLSTMConfig(SystemConfig):
    """The settings of the task."""

    type: Literal["stack_lstm"] = "stack_lstm"
    width: int = Field(150, ge=1)  # units of each LSTM, of words, and of the hidden layer
    label_width: int = Field(20, ge=1)  # units of relations and past transitions


class StackLSTMScores(NamedTuple):
    """What states begin with, and how long sentences are."""

    words: Any  # [batch, words, width]
    lengths: Any  # [batch], without ROOT


class StackLSTMCodec(SystemCodec[StackLSTMConfig]):
    """The codec of the task: the network does the search, since it remembers what states do not say."""

    Config = StackLSTMConfig

    def decode(self, scores: StackLSTMScores, batch: Batch, stage: Stage) -> list[Tree]:
        """The tree of each sentence."""
        heads, relations = stage("best_trees", scores.words, scores.lengths)
        return self.trees(heads, relations, batch)


class StackLSTM(nn.Module):
    """LSTMs over stack, buffer and past transitions, a composition of words, and what scores transitions, relations."""

    Codec = StackLSTMCodec

    def __init__(self, codec: StackLSTMCodec, widths: Widths) -> None:
        super().__init__()
        self.codec, config = codec, codec.config
        width = config.width
        self.dropout = SharedDropout(config.dropout)
        self.words = nn.Linear(widths.context, width)
        self.stack, self.buffer = nn.LSTMCell(width, width), nn.LSTMCell(width, width)
        self.past = nn.LSTMCell(2 * config.label_width, width)
        self.starts = nn.Parameter(torch.zeros(3, 2 * width))  # of stack, buffer and past
        self.past_transitions = nn.Embedding(len(TRANSITIONS), config.label_width)
        self.past_relations = nn.Embedding(len(codec.labels) + 1, config.label_width)  # the last one stands for none
        self.composition = nn.Linear(2 * width + config.label_width + 1, width)
        self.hidden = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Dropout(config.dropout))
        self.transitions = nn.Linear(width, len(TRANSITIONS))
        self.relations = nn.Linear(width, 2 * len(codec.labels))  # of arcs by LEFT, and of all others

    def forward(self, encoded: Encoded, layout: Layout, trees: None = None) -> StackLSTMScores:
        """The words with which the states of a batch begin."""
        return StackLSTMScores(self.words(self.dropout(encoded.context)), layout.lengths)

    def best_trees(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``heads[batch, words]`` and the numbers of ``relations[batch, words]`` that the search finds."""
        numbers = lengths.cpu().numpy()
        memory = Memory(self, words, numbers)
        states, best = self.codec.search(numbers, memory)
        return torch.from_numpy(np.maximum(states.heads[best], 0)), torch.from_numpy(memory.relations[best])

    def loss(self, scores: StackLSTMScores, targets: TransitionTargets[Tensor]) -> Tensor:
        """The loss of transitions, and of the relations of gold arcs when they are made, each a mean over words."""
        is_learned = targets.learned != IGNORE
        memory = Memory(self, scores.words, is_learned.sum(-1).cpu().numpy(), targets)
        losses = [0 * scores.words[:1, 0, 0].float()]  # without trees, the gradient is 0
        for _, wanted, legal, learned in steps_to_trees(self.codec, memory, targets, explores=self.training):
            found = memory.transition_scores[torch.from_numpy(learned).to(scores.words.device)]
            losses.append(transition_losses(found, wanted[learned], legal[learned]))
        transitions = torch.cat(losses).sum() / is_learned.sum().clamp(min=1)
        if not memory.relations_made:
            return transitions
        of_arcs, gold = map(torch.cat, zip(*memory.relations_made, strict=True))
        return transitions + cross_entropy(of_arcs, gold, self.codec.config.smoothing)


class Memory:
    """What states do not say, and the scores that follow from it. Implements `Scorer`.

    ``stacks[state]`` and ``buffers[state]`` are lists: what the LSTM made of the first 0, 1, … words, ``[2 · width]``,
    its output and its cell. ``vectors[state]`` is a list, too: each word with the dependents that it has got so far.
    Lists of rows keep gradients small, since a step changes one row of each. With `targets`, arcs of the gold tree have
    gold relations, which are to be learned: ``relations_made`` has their scores ``[arcs, relations]`` and numbers.
    """

    def __init__(
        self, network: StackLSTM, words: Tensor, lengths: Ints, targets: TransitionTargets[Tensor] | None = None
    ) -> None:
        self.network, self.states = network, States.start(network.codec.config.system, lengths)
        self.gold = None if targets is None else [each.cpu().numpy() for each in (targets.heads, targets.labels)]
        self.relations_made: list[tuple[Tensor, Tensor]] = []
        self.relations = np.full_like(self.states.heads, len(network.codec.labels))  # of arcs
        stack, buffer, past = network.starts.to(words.dtype).unbind(0)
        self.vectors = [list(row.unbind(0)) for row in words.unbind(0)]
        self.stacks, self.buffers = [[stack] for _ in self.vectors], [[buffer] for _ in self.vectors]
        self.past = past.expand(len(self.vectors), -1)
        self._push(network.buffer, self.buffers, self.states.buffers, self.states.buffer_sizes)

    def scores(self, states: States, rows: Ints) -> NDArray[np.float32]:
        """The scores of transitions; those of relations are kept until an arc is made."""
        network, self.states = self.network, states
        ends = [torch.stack([kept[-1] for kept in each]) for each in (self.stacks, self.buffers)]
        outputs = [end.chunk(2, -1)[0] for end in (*ends, self.past)]
        hidden = network.hidden(torch.cat(outputs, -1))
        self.transition_scores = network.transitions(hidden).float()
        self.relation_scores = network.relations(hidden).float().unflatten(-1, (2, -1))
        found: NDArray[np.float32] = self.transition_scores.detach().cpu().numpy()
        return found

    def advance(self, numbers: Ints, transitions: Ints, states: States) -> None:
        """Composes the words that left the states, and reads what is new in stacks, buffers and past."""
        before, self.states = self.states.take(numbers), states
        self._take(numbers)
        relations = self._relations(numbers, transitions, before)
        changed = self._compose(transitions, before)
        for cell, kept, old, old_sizes, new, sizes in (
            (self.network.stack, self.stacks, before.stacks, before.stack_sizes, states.stacks, states.stack_sizes),
            (
                self.network.buffer,
                self.buffers,
                before.buffers,
                before.buffer_sizes,
                states.buffers,
                states.buffer_sizes,
            ),
        ):
            is_there = np.arange(new.shape[1]) < np.minimum(old_sizes, sizes)[:, None]
            same = (old == new) & (new != changed[:, None]) & is_there
            for row, n_same in zip(kept, np.where(same.all(-1), same.shape[1], same.argmin(-1)).tolist(), strict=True):
                del row[n_same + 1 :]
            self._push(cell, kept, new, sizes)
        moves = torch.from_numpy(transitions >= 0).to(self.past.device)
        events = torch.cat(
            [
                self.network.past_transitions(torch.from_numpy(np.maximum(transitions, 0)).to(self.past.device)),
                self.network.past_relations(torch.from_numpy(relations).to(self.past.device)),
            ],
            -1,
        )
        past = torch.cat(self.network.past(events.to(self.past.dtype), self.past.chunk(2, -1)), -1)
        self.past = torch.where(moves[:, None], past.to(self.past.dtype), self.past)

    def _take(self, numbers: Ints) -> None:
        """Goes on from the states of these numbers."""
        if np.array_equal(numbers, np.arange(len(self.vectors))):
            return
        self.stacks, self.buffers, self.vectors = (
            [list(each[number]) for number in numbers.tolist()] for each in (self.stacks, self.buffers, self.vectors)
        )
        self.past, self.relations = self.past[torch.from_numpy(numbers)], self.relations[numbers]

    def _relations(self, numbers: Ints, transitions: Ints, before: States) -> Ints:
        """Chooses the relations of new arcs: of each state, that of its new arc, or the number that stands for none."""
        network, none = self.network, len(self.network.codec.labels)
        relations = np.full(len(transitions), none)
        made = (before.heads < 0) & (self.states.heads >= 0)
        rows = np.flatnonzero(made.any(-1))
        if not rows.size:
            return relations
        words = made[rows].argmax(-1)
        heads, sides = self.states.heads[rows, words], (transitions[rows] != LEFT).astype(np.int64)
        found = self.relation_scores[torch.from_numpy(numbers[rows]), torch.from_numpy(sides)]
        chosen = network.codec.best_relations(found.detach().cpu().clone().numpy(), heads)
        if self.gold is not None:
            gold = np.where(self.gold[0][rows, words] == heads, self.gold[1][rows, words], IGNORE)
            chosen = np.where(gold == IGNORE, chosen, gold)
            self.relations_made.append((found, torch.from_numpy(gold).to(found.device)))
        relations[rows] = self.relations[rows, words] = chosen
        return relations

    def _compose(self, transitions: Ints, before: States) -> Ints:
        """Adds each word that left a state to its head: of each state, the head, or -1."""
        states, network = self.states, self.network
        heads = np.full(len(transitions), -1)
        leaves = states.stack_sizes + states.buffer_sizes < before.stack_sizes + before.buffer_sizes
        rows = np.flatnonzero(leaves)
        if not rows.size:
            return heads
        is_second = (transitions[rows] == LEFT) & (before.system in (STANDARD, STANDARD_SWAP))
        words = before.stacks[rows, before.stack_sizes[rows] - 1 - is_second]
        heads[rows] = states.heads[rows, words]
        sides = torch.from_numpy(np.where(words < heads[rows], -1.0, 1.0)).to(self.past)
        relations = torch.from_numpy(self.relations[rows, words]).to(self.past.device)
        pairs = list(zip(rows.tolist(), heads[rows].tolist(), words.tolist(), strict=True))
        parts = [
            torch.stack([self.vectors[row][head] for row, head, _ in pairs]),
            torch.stack([self.vectors[row][word] for row, _, word in pairs]),
            network.past_relations(relations).to(self.past.dtype),
            sides[:, None],
        ]
        composed = network.composition(torch.cat(parts, -1)).tanh().to(self.past.dtype)
        for (row, head, _), vector in zip(pairs, composed.unbind(0), strict=True):
            self.vectors[row][head] = vector
        return heads

    def _push(self, cell: nn.LSTMCell, kept: list[list[Tensor]], contents: Ints, sizes: Ints) -> None:
        """Reads the words of ``contents[states, places]`` that the lists have not."""
        limits, words = sizes.tolist(), contents.tolist()
        while rows := [row for row, limit in enumerate(limits) if len(kept[row]) <= limit]:
            below = torch.stack([kept[row][-1] for row in rows])
            vectors = torch.stack([self.vectors[row][words[row][len(kept[row]) - 1]] for row in rows])
            read = torch.cat(cell(vectors, below.chunk(2, -1)), -1).to(below.dtype)
            for row, state in zip(rows, read.unbind(0), strict=True):
                kept[row].append(state)


TASK: NetworkType[StackLSTMCodec] = StackLSTM
if TYPE_CHECKING:
    _codec: type[Codec[TransitionTargets[list[int]], TransitionTargets[Ints], StackLSTMScores, Tree]] = StackLSTMCodec
    _network: type[Network[None, StackLSTMScores, TransitionTargets[Tensor]]] = StackLSTM
