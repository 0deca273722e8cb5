"""Layers over trees: against their formulas, word by word; what can reach a word and what cannot; unknown relations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from depparse.config import parse
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.features.batch import Batch, Example, WordTree
from depparse.features.vocabulary import Vocabulary
from depparse.layers.tensors import Layout, to_tensors
from depparse.layers.trees.dglstm.config import DGLSTMConfig, Interaction
from depparse.layers.trees.gcn.config import GCNConfig
from depparse.layers.trees.reader import LAYERS, TreeReader, count_relations
from depparse.layers.trees.syntax import Syntax
from depparse.tasks.ner import NerConfig

RELATIONS = Vocabulary(["nsubj", "obj", "root", "acl:relcl"], reserved=1)
WIDTH = 3
# The trees have crossing arcs, a word without a head, and an unknown relation.
TREES = [
    WordTree([2, 0, 5, 2, 2], ["nsubj", "root", "obj", "obj", "acl:relcl"]),
    WordTree([None, 1], ["_", "made-up"]),
]


def batch_of(trees: Sequence[WordTree]) -> Batch:
    lengths = np.array([len(tree.heads) for tree in trees])
    examples = [Example(Sentence.from_forms(["x"] * len(tree.heads)), len(tree.heads), []) for tree in trees]
    return Batch(examples, lengths, np.zeros(len(trees), np.int64), [], {}, parsed=trees)


def values_of(batch: Batch, seed: int = 0) -> Tensor:
    return torch.randn(*batch.shape, WIDTH, generator=torch.Generator().manual_seed(seed))


def run(syntax: nn.Module, values: Tensor, batch: Batch) -> Tensor:
    """The output of the layers for the values, over the trees of the batch."""
    cpu = torch.device("cpu")
    output: Tensor = syntax(values, to_tensors(TreeReader(RELATIONS).arcs(batch), cpu), Layout.of(batch, cpu))
    return output


def random(module: nn.Module) -> nn.Module:
    """The module in evaluation mode, with no weight of zero but those of the unknown relation."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for part in module.modules():
            for parameter in part.parameters(recurse=False):
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
            if isinstance(part, nn.Embedding):
                part.weight[0] = 0
    return module.eval()


def number(label: str) -> int:
    return RELATIONS.items.index(label) + 1 if label in RELATIONS.items else 0


def convolved(layer: Any, values: Tensor, tree: WordTree) -> Tensor:
    """A graph convolution of one sentence, ``values[words, width]`` with ROOT, message by message."""

    def gated(message: Tensor) -> Tensor:
        return message[:-1] * torch.sigmoid(message[-1])

    states = []
    for word in range(len(values)):
        total = gated(layer.from_self.weight @ values[word] + layer.from_self.bias)
        for dependent, (head, label) in enumerate(zip(*tree, strict=True), 1):
            if dependent == word and head is not None:
                total = total + gated(layer.from_head.weight @ values[head] + layer.head_biases.weight[number(label)])
            if head == word:
                total = total + gated(
                    layer.from_dependent.weight @ values[dependent] + layer.dependent_biases.weight[number(label)]
                )
        states.append(total.clamp(min=0))
    return torch.stack(states)


def test_graph_convolutions_are_their_definition() -> None:
    syntax = random(Syntax(GCNConfig(width=4, layers=2), WIDTH, len(RELATIONS)))
    batch = batch_of(TREES)
    values = values_of(batch)
    output = run(syntax, values, batch)
    assert output.shape == (2, 6, syntax.width) == (2, 6, WIDTH + 4)
    assert output[..., :WIDTH].equal(values)
    for sentence, tree in enumerate(TREES):
        words = len(tree.heads) + 1
        expected = values[sentence, :words]
        for layer in syntax.layers.layers:  # type: ignore[union-attr]
            expected = convolved(layer, expected, tree)
        assert expected.any()
        torch.testing.assert_close(output[sentence, :words, WIDTH:], expected)


def lstm(layer: Any, values: Tensor) -> Tensor:
    """A bidirectional LSTM over ``values[words, width]``, step by step."""
    directions = []
    for suffix in ("", "_reverse"):
        weights = [getattr(layer, f"{name}_l0{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        hidden = cell = torch.zeros(weights[1].shape[1])
        states = []
        for value in values.flip(0) if suffix else values:
            i, f, g, o = (weights[0] @ value + weights[2] + weights[1] @ hidden + weights[3]).chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            states.append(hidden)
        directions.append(torch.stack(states[::-1] if suffix else states))
    return torch.cat(directions, -1)


@pytest.mark.parametrize("interaction", ["self", "concatenation", "addition", "mlp"])
def test_dependency_guided_lstms_are_their_definition(interaction: Interaction) -> None:
    config = DGLSTMConfig(width=4, layers=3, interaction=interaction, relation_width=2)
    syntax = random(Syntax(config, WIDTH, len(RELATIONS)))
    layers: Any = syntax.layers
    batch = batch_of(TREES)
    values = values_of(batch)
    output = run(syntax, values, batch)
    for sentence, tree in enumerate(TREES):
        heads: list[int | None] = [None, *tree.heads]

        def head_of(values: Tensor, word: int, heads: list[int | None] = heads) -> Tensor:
            head = heads[word]
            return torch.zeros_like(values[word]) if head is None else values[head]

        states = values[sentence, : len(heads)]
        labels = ["_", *tree.labels]
        inputs = [
            torch.cat([states[word], head_of(states, word), layers.relations.weight[number(labels[word])]])
            for word in range(len(heads))
        ]
        states = lstm(layers.first.layers[0], torch.stack(inputs))
        for g, above in zip(layers.interactions, layers.lstms, strict=True):
            pairs = [(states[word], head_of(states, word)) for word in range(len(heads))]
            if interaction == "self":
                mixed = [word for word, _ in pairs]
            elif interaction == "addition":
                mixed = [word + head for word, head in pairs]
            else:
                mixed = [torch.cat(pair) for pair in pairs]
            if interaction == "mlp":
                mixed = [(g.mix.weight @ both + g.mix.bias).clamp(min=0) for both in mixed]
            states = lstm(above.layers[0], torch.stack(mixed))
        torch.testing.assert_close(output[sentence, : len(heads), WIDTH:], states)


@pytest.mark.parametrize("config", [GCNConfig(width=4, layers=2), DGLSTMConfig(width=4)], ids=["gcn", "dglstm"])
def test_a_sentence_gets_the_same_alone_and_in_a_batch_and_heads_matter(config: Any) -> None:
    syntax = random(Syntax(config, WIDTH, len(RELATIONS)))
    both = batch_of(TREES)
    values = values_of(both)
    together = run(syntax, values, both)
    for sentence, tree in enumerate(TREES):
        words = len(tree.heads) + 1
        alone = run(syntax, values[sentence : sentence + 1, :words], batch_of([tree]))
        torch.testing.assert_close(together[sentence, :words], alone[0])
    for change in ({"heads": [2, 0, 2, 2, 2]}, {"labels": ["obj", "root", "obj", "obj", "acl:relcl"]}):
        other = run(syntax, values, batch_of([TREES[0]._replace(**change), TREES[1]]))
        assert not torch.allclose(other[0], together[0])
        torch.testing.assert_close(other[1, :3], together[1, :3])


def test_one_convolution_goes_one_arc_far() -> None:
    syntax = random(Syntax(GCNConfig(width=8), WIDTH, len(RELATIONS)))
    tree = TREES[0]
    batch = batch_of([tree])
    values = values_of(batch)
    before = run(syntax, values, batch)[0]
    for word in range(6):
        changed = values.clone()
        changed[0, word] += 1
        moved = (run(syntax, changed, batch)[0] != before).any(-1)
        arcs = {(dependent, head) for dependent, head in enumerate(tree.heads, 1)}
        for other in range(6):
            linked = other == word or (word, other) in arcs or (other, word) in arcs
            assert moved[other] == linked, (word, other)


def test_relations_are_numbered_and_must_be_in_the_data() -> None:
    reader = TreeReader(Vocabulary(["nsubj", "acl:relcl"], reserved=1))
    labels = ["nsubj", "nsubj:outer", "acl:relcl", "acl", "obj"]
    arcs = reader.arcs(batch_of([WordTree([2, 3, 4, 5, None], labels)]))
    assert arcs.relations.tolist() == [[0, 1, 1, 2, 0, 0]]
    assert arcs.heads.tolist() == [[0, 2, 3, 4, 5, 0]]
    assert arcs.known.flatten().tolist() == [False, True, True, True, True, False]
    syntax = Syntax(None, WIDTH, 3)
    assert (syntax.width, list(syntax.parameters())) == (WIDTH, [])
    bare = Sentence.from_forms(["a", "b"])
    assert len(count_relations(None, [bare], "given")) == 1
    with pytest.raises(ConfigError, match="gcn reads given trees, but the training data has no relations"):
        count_relations(GCNConfig(), [bare], "given")
    own = count_relations(GCNConfig(), [bare], "own")
    assert len(own) == 38  # the universal ones, and the unknown one
    assert "nsubj" in own


def test_configs_are_read_by_their_types() -> None:
    config = parse(NerConfig, {"syntax": {"type": "gcn", "layers": 2}})
    assert config.syntax == GCNConfig(layers=2)
    assert parse(NerConfig, config.model_dump(mode="json")) == config
    assert parse(NerConfig, {"syntax": "none"}).syntax is None
    with pytest.raises(ConfigError, match=r"config key syntax.type is wrong: there is no 'lstm'; .*dglstm, gcn"):
        parse(NerConfig, {"syntax": {"type": "lstm"}})
    assert (LAYERS.config("gcn"), LAYERS.config("dglstm")) == (GCNConfig, DGLSTMConfig)
