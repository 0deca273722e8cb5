"""Trees by transitions: targets, the loss against its formula, greedy search, the beam, and models."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import depparse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.encoders.codec import Widths
from depparse.encoders.encoder import Encoded
from depparse.errors import ConfigError
from depparse.features.batch import Batch, Example
from depparse.features.vocabulary import IGNORE
from depparse.layers.tensors import Layout, to_tensors
from depparse.model_folder.store import save
from depparse.structs.transition_oracles import DYNAMIC
from depparse.structs.transitions import SYSTEMS, States
from depparse.structs.trees import is_tree
from depparse.tasks.transitions.codec import TransitionsCodec, TransitionsConfig, TransitionScores
from depparse.tasks.transitions.network import Transitions
from tests.models import annotated, annotated_copies, learned, random_model
from tests.recipes import TINY
from tests.sentences import three_sentences

WIDTH = 8
ORACLE = {name: "dynamic" if name in DYNAMIC else "static" for name in SYSTEMS}


def codec_of(system: str, **settings: Any) -> TransitionsCodec:
    config = {
        "type": "transitions",
        "system": system,
        "oracle": ORACLE[system],
        "width": 6,
        "label_width": 5,
    } | settings
    codec = TransitionsCodec.build(TransitionsConfig.model_validate(config), three_sentences())
    assert codec is not None
    return codec


def batch_of(data: list[Sentence]) -> Batch:
    examples = [Example(sentence, len(sentence), []) for sentence in data]
    return Batch(examples, np.array(list(map(len, data))), np.zeros(len(data), np.int64), [], {})


def network_of(codec: TransitionsCodec) -> Transitions:
    torch.manual_seed(1)
    return Transitions(codec, Widths(WIDTH, WIDTH)).eval()


def scores_of(network: Transitions, lengths: list[int], seed: int = 1) -> TransitionScores[Any]:
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(len(lengths), max(lengths) + 1, WIDTH, generator=generator)
    layout = Layout(torch.tensor(lengths), torch.zeros(len(lengths), dtype=torch.long), vectors.shape[1])
    with torch.no_grad():
        return network(Encoded(vectors, vectors), layout, None)  # type: ignore[no-any-return]


def stage_of(network: Transitions) -> Any:
    def stage(name: str, *inputs: Any) -> tuple[Any, ...]:
        with torch.no_grad():
            return (getattr(network, name)(*map(torch.from_numpy, inputs)).numpy(),)

    return stage


def test_targets_are_the_tree_or_the_nearest_projective_one() -> None:
    crossing = codec_of("arc_eager").targets(three_sentences()[1])
    assert crossing.heads == [2, 3, 0, 3, 2]
    assert is_tree(np.array([0, *crossing.learned]))
    assert sum(a == b for a, b in zip(crossing.heads, crossing.learned, strict=True)) == 4
    assert crossing.order == [1, 2, 3, 4, 5]
    swapped = codec_of("arc_hybrid_swap").targets(three_sentences()[1])
    assert (swapped.learned, swapped.order) == (crossing.heads, [1, 2, 4, 5, 3])
    assert codec_of("arc_eager").targets(three_sentences()[2]) == ([IGNORE],) * 4
    (finding,) = codec_of("arc_eager").findings(three_sentences())
    assert finding.endswith("of which arc_eager learns the nearest projective ones: 1 (first: sentence 2)")
    assert codec_of("arc_hybrid_swap").findings(three_sentences()) == []


def test_a_dynamic_oracle_that_there_is_not_is_one_line() -> None:
    tasks = {"parser": {"type": "transitions", "system": "arc_standard"}}
    with pytest.raises(
        ConfigError, match="oracle is dynamic, which there is for arc_hybrid, arc_eager, arc_hybrid_swap"
    ):
        depparse.train(TINY | {"model": TINY["model"] | {"tasks": tasks}}, treebank="corpora/samples/UD_English-Sample")


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_loss_is_that_of_the_transitions_on_the_way(system: str) -> None:
    """One sentence, by hand: the sum over the states of the oracle's own sequence, which costs nothing."""
    codec = codec_of(system, exploration=0.0, smoothing=0.0)
    network = network_of(codec)
    targets = codec.collate([codec.targets(three_sentences()[0])])
    scores = scores_of(network, [4])
    tensors = to_tensors(targets, torch.device("cpu"))
    rows, words, wanted, legal = network._states(scores.slots, tensors)
    assert len(rows) == (9 if "standard" in system else 8)
    assert (wanted <= legal).all()
    assert wanted.any(-1).all()
    if ORACLE[system] == "static":
        assert (wanted.sum(-1) == 1).all()
    total = 0.0
    for place, row_wanted, row_legal in zip(words.tolist(), wanted, legal, strict=True):
        hidden = sum(scores.slots[0, word, slot] for slot, word in enumerate(place))
        found = network.transitions(hidden).exp().detach()
        total -= float((found[torch.from_numpy(row_wanted)].sum() / found[torch.from_numpy(row_legal)].sum()).log())
    relations = 0.0
    for word, (head, label) in enumerate(zip(targets.heads[0, 1:], targets.labels[0, 1:], strict=True), 1):
        found = network.relations(scores.dependents[0, word] + scores.heads[0, head]).log_softmax(-1).detach()
        relations -= float(found[label])
    with torch.no_grad():
        assert float(network.loss(scores, tensors)) == pytest.approx(total / 4 + relations / 4, rel=1e-5)


def test_without_trees_the_loss_and_its_gradient_are_0() -> None:
    codec = codec_of("arc_hybrid")
    network = network_of(codec)
    tensors = to_tensors(codec.collate([codec.targets(three_sentences()[2])]), torch.device("cpu"))
    loss = network.loss(network(Encoded(torch.ones(1, 2, WIDTH), torch.ones(1, 2, WIDTH)), None, None), tensors)  # type: ignore[arg-type]
    loss.backward()
    assert float(loss.detach()) == 0
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in network.parameters())


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("system", SYSTEMS)
def test_any_scores_give_trees_alike_in_a_batch_and_one_by_one(system: str, beam: int) -> None:
    codec = codec_of(system, beam=beam)
    network = network_of(codec)
    data = [Sentence.from_forms(["a"] * n) for n in (1, 5, 2, 9, 3)]
    scores = scores_of(network, list(map(len, data)))
    trees = codec.decode(TransitionScores(*(each.numpy() for each in scores)), batch_of(data), stage_of(network))
    for number, (sentence, tree) in enumerate(zip(data, trees, strict=True)):
        assert is_tree(np.array([0, *tree.heads]))
        assert [head == 0 for head in tree.heads] == [label == "root" for label in tree.labels]
        words = slice(0, len(sentence) + 1)
        slots = torch.cat([scores.slots[number, words], scores.slots[number, -1:]])
        alone = [slots[None], *(each[None, number, words] for each in scores[1:])]
        own = TransitionScores(*(each.numpy() for each in alone))
        assert codec.decode(own, batch_of([sentence]), stage_of(network)) == [tree]


@pytest.mark.parametrize("system", ["arc_hybrid", "arc_standard_swap"])
def test_a_wide_beam_finds_the_best_of_all_sequences(system: str) -> None:
    codec = codec_of(system, beam=1000)
    network = network_of(codec)
    stage = stage_of(network)
    for seed in range(5):
        scores = TransitionScores(*(each.numpy() for each in scores_of(network, [3], seed)))
        best, best_heads = -np.inf, None
        waiting: list[tuple[States, float]] = [(States.start(system, np.array([3])), 0.0)]
        while waiting:
            states, total = waiting.pop()
            legal = states.legal()[0]
            if not legal.any():
                if total > best:
                    best, best_heads = total, states.heads[0, 1:].tolist()
                continue
            (found,) = stage("transition_scores", scores.slots, np.zeros(1, np.int64), states.words())
            probabilities = np.where(legal, np.exp(found[0].astype(np.float64)), 0)
            for transition in np.flatnonzero(legal).tolist():
                after = states.take(np.array([0]))
                after.apply(np.array([transition]))
                waiting.append((after, total + float(np.log(probabilities[transition] / probabilities.sum()))))
        (tree,) = codec.decode(scores, batch_of([Sentence.from_forms(["a"] * 3)]), stage)
        assert tree.heads == best_heads


@pytest.mark.parametrize(
    "system", [system if "hybrid" in system else pytest.param(system, marks=pytest.mark.slow) for system in SYSTEMS]
)
def test_sentences_are_learned_by_heart_and_a_model_comes_back_from_disk(system: str, tmp_path: Path) -> None:
    swaps = system.endswith("swap")
    document = Document(three_sentences()[: 2 if swaps else 1])
    task = {"type": "transitions", "system": system, "oracle": ORACLE[system], "width": 32, "label_width": 16}
    model = learned({"parser": task | {"dropout": 0.0}}, document)
    parsed = annotated(model, document)
    assert [sentence.heads for sentence in parsed] == [sentence.heads for sentence in document]
    assert [s.columns["DEPREL"] for s in parsed] == [s.columns["DEPREL"] for s in document]
    save(model, tmp_path / "model")
    again = depparse.load(tmp_path / "model")(document)
    assert [sentence.heads for sentence in again] == [sentence.heads for sentence in document]


def test_batches_of_any_size_give_the_same(samples: Path) -> None:
    document = depparse.read_conllu(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = random_model({"parser": {"type": "transitions", "beam": 2}}, document)
    found = [
        annotated_copies(model, document, words, order) for words, order in itertools.product((1, 30, 999), (1, -1))
    ]
    assert all([s.heads for s in each] == [s.heads for s in found[0]] for each in found)


def test_a_codec_comes_back_from_json() -> None:
    codec = codec_of("arc_eager")
    again = TransitionsCodec.from_json(codec.config, json.loads(json.dumps(codec.to_json())))
    assert again.targets(three_sentences()[1]) == codec.targets(three_sentences()[1])
