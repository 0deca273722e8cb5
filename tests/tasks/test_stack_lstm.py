"""Stack-LSTMs: what is kept against reading it anew, the loss against its formula, search, and models."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.features.batch import Batch, Example
from depparse.layers.tensors import Layout, to_tensors
from depparse.model_folder.store import save
from depparse.structs.transition_oracles import DYNAMIC
from depparse.structs.transitions import LEFT, SYSTEMS, States
from depparse.structs.trees import is_tree
from depparse.tasks.stack_lstm import Memory, StackLSTM, StackLSTMCodec, StackLSTMConfig, StackLSTMScores
from tests.models import annotated, annotated_copies, learned, random_model
from tests.sentences import three_sentences

WIDTH = 8
ORACLE = {name: "dynamic" if name in DYNAMIC else "static" for name in SYSTEMS}


def network_of(system: str, **settings: Any) -> StackLSTM:
    config = {"type": "stack_lstm", "system": system, "oracle": ORACLE[system], "width": 6, "label_width": 3}
    codec = StackLSTMCodec.build(StackLSTMConfig.model_validate(config | settings), three_sentences())
    assert codec is not None
    torch.manual_seed(1)
    network = StackLSTM(codec, Widths(WIDTH, WIDTH)).eval()
    torch.nn.init.normal_(network.starts)
    return network


def scores_of(network: StackLSTM, lengths: list[int], seed: int = 1) -> StackLSTMScores:
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(len(lengths), max(lengths) + 1, WIDTH, generator=generator)
    layout = Layout(torch.tensor(lengths), torch.zeros(len(lengths), dtype=torch.long), vectors.shape[1])  # type: ignore[arg-type]
    with torch.no_grad():
        return network(Encoded(vectors, vectors), layout, None)  # type: ignore[no-any-return]


def read(cell: torch.nn.LSTMCell, start: Tensor, vectors: list[Tensor]) -> Tensor:
    """The state after all vectors, with the cell of torch."""
    hidden, inside = start[None].chunk(2, -1)
    for vector in vectors:
        hidden, inside = cell(vector[None], (hidden, inside))
    return torch.cat([hidden, inside], -1)[0]


@pytest.mark.parametrize("system", SYSTEMS)
@torch.no_grad()
def test_what_is_kept_is_what_reading_all_anew_gives(system: str) -> None:
    """Random transitions of sentences of several lengths, and states that are dropped, as in a beam."""
    network = network_of(system)
    lengths = np.array([1, 4, 7])
    words = scores_of(network, lengths.tolist()).words
    memory, states, rows = Memory(network, words, lengths), States.start(system, lengths), np.arange(3)
    generator = np.random.default_rng(1)
    # Of each state: its words with their dependents, and the events so far.
    vectors = [[words[number, word] for word in range(8)] for number in range(3)]
    pasts: list[list[Tensor]] = [[], [], []]
    while (legal := states.legal()).any():
        memory.scores(states, rows)
        numbers = generator.integers(0, len(rows), 4)
        rows, legal = rows[numbers], legal[numbers]
        transitions = np.where(legal.any(-1), np.where(legal, generator.random(legal.shape), -1).argmax(-1), -1)
        before, states = states.take(numbers), states.take(numbers)
        states.apply(transitions)
        memory.advance(numbers, transitions, states)
        vectors, pasts = [list(vectors[n]) for n in numbers], [list(pasts[n]) for n in numbers]
        for n, transition in enumerate(transitions.tolist()):
            if transition < 0:
                continue
            held = [{*s.stacks[n, : s.stack_sizes[n]], *s.buffers[n, : s.buffer_sizes[n]]} for s in (before, states)]
            for word in map(int, held[0] - held[1]):
                head = int(states.heads[n, word])
                relation = network.past_relations(torch.tensor(int(memory.relations[n, word])))
                side = torch.tensor([1.0 if head < word else -1.0])
                parts = torch.cat([vectors[n][head], vectors[n][word], relation, side])
                vectors[n][head] = torch.tanh(network.composition(parts))
            (made,) = np.nonzero(before.heads[n] != states.heads[n])
            relation = memory.relations[n, made[0]] if len(made) else len(network.codec.labels)
            event = (network.past_transitions(torch.tensor(transition)), network.past_relations(torch.tensor(relation)))
            pasts[n].append(torch.cat(event))
        for n in range(len(rows)):
            stack = [vectors[n][word] for word in states.stacks[n, : states.stack_sizes[n]]]
            buffer = [vectors[n][word] for word in states.buffers[n, : states.buffer_sizes[n]]]
            torch.testing.assert_close(memory.stacks[n][-1], read(network.stack, network.starts[0], stack))
            torch.testing.assert_close(memory.buffers[n][-1], read(network.buffer, network.starts[1], buffer))
            torch.testing.assert_close(memory.past[n], read(network.past, network.starts[2], pasts[n]))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_loss_is_that_of_the_transitions_and_of_the_arcs(system: str) -> None:
    """One sentence, by hand: one transition after another, as the oracle wants, and the gold relation of each arc."""
    network = network_of(system, exploration=0.0, smoothing=0.0)
    codec = network.codec
    targets = codec.collate([codec.targets(three_sentences()[0])])
    scores = scores_of(network, [4])
    gold, order = np.maximum(targets.learned, 0), np.maximum(targets.order, 0)
    order[:, 0] = 5
    memory = Memory(network, scores.words, np.array([4]), to_tensors(targets, torch.device("cpu")))
    states, total, arcs = States.start(system, np.array([4])), 0.0, 0
    with torch.no_grad():
        while (legal := states.legal()).any():
            found = np.exp(memory.scores(states, np.array([0])))
            wanted = codec.wanted(states, legal, gold, order)
            total -= float(np.log(found[wanted].sum() / found[legal].sum()))
            transition = np.where(wanted, found, -1).argmax(-1)
            after = states.take(np.array([0]))
            after.apply(transition)
            for word in np.flatnonzero(after.heads[0] != states.heads[0]):
                assert after.heads[0, word] == targets.heads[0, word]
                logs = memory.relation_scores[0, int(transition[0] != LEFT)].log_softmax(-1)
                total -= float(logs[targets.labels[0, word]])
                arcs += 1
            memory.advance(np.array([0]), transition, after)
            states = after
        assert arcs == 4
        assert float(network.loss(scores, to_tensors(targets, torch.device("cpu")))) == pytest.approx(total / 4)


def test_without_trees_the_loss_and_its_gradient_are_0() -> None:
    network = network_of("arc_hybrid")
    tensors = to_tensors(network.codec.collate([network.codec.targets(three_sentences()[2])]), torch.device("cpu"))
    words = torch.ones(1, 2, WIDTH)
    layout = Layout(torch.tensor([1]), torch.zeros(1, dtype=torch.long), 2)  # type: ignore[arg-type]
    loss = network.loss(network(Encoded(words, words), layout, None), tensors)
    loss.backward()
    assert float(loss.detach()) == 0
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in network.parameters())


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("system", SYSTEMS)
def test_any_scores_give_trees_alike_in_a_batch_and_one_by_one(system: str, beam: int) -> None:
    network = network_of(system, beam=beam)
    data = [Sentence.from_forms(["a"] * n) for n in (1, 5, 2, 9, 3)]
    scores = scores_of(network, list(map(len, data)))

    def trees(words: Tensor, data: list[Sentence]) -> list[Any]:
        def stage(name: str, *inputs: Any) -> tuple[Any, ...]:
            with torch.no_grad():
                return tuple(each.numpy() for each in getattr(network, name)(*map(torch.from_numpy, inputs)))

        lengths = np.array(list(map(len, data)))
        examples = [Example(sentence, len(sentence), []) for sentence in data]
        batch = Batch(examples, lengths, np.zeros(len(data), np.int64), [], {})
        return network.codec.decode(StackLSTMScores(words.numpy(), lengths), batch, stage)

    found = trees(scores.words, data)
    for number, (sentence, tree) in enumerate(zip(data, found, strict=True)):
        assert is_tree(np.array([0, *tree.heads]))
        assert [head == 0 for head in tree.heads] == [label == "root" for label in tree.labels]
        assert trees(scores.words[number, None, : len(sentence) + 1], [sentence]) == [tree]


@pytest.mark.parametrize("system", ["arc_eager", pytest.param("arc_hybrid_swap", marks=pytest.mark.slow)])
def test_sentences_are_learned_by_heart_and_a_model_comes_back_from_disk(system: str, tmp_path: Path) -> None:
    document = Document(three_sentences()[: 2 if system.endswith("swap") else 1])
    task = {"type": "stack_lstm", "system": system, "oracle": ORACLE[system], "width": 32, "dropout": 0.0}
    model = learned({"parser": task}, document)
    parsed = annotated(model, document)
    assert [sentence.heads for sentence in parsed] == [sentence.heads for sentence in document]
    assert [s.columns["DEPREL"] for s in parsed] == [s.columns["DEPREL"] for s in document]
    save(model, tmp_path / "model")
    again = depparse.load(tmp_path / "model")(document)
    assert [sentence.heads for sentence in again] == [sentence.heads for sentence in document]


def test_batches_of_any_size_give_the_same(samples: Path) -> None:
    document = depparse.read_conllu(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = random_model({"parser": {"type": "stack_lstm", "beam": 2}}, document)
    with torch.no_grad():  # with weights as large as random ones, each step enlarges the differences of rounding
        for parameter in model.tasks.parameters():
            parameter.mul_(0.2)
    found = [
        annotated_copies(model, document, words, order) for words, order in itertools.product((1, 30, 999), (1, -1))
    ]
    assert all([s.heads for s in each] == [s.heads for s in found[0]] for each in found)
