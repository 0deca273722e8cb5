"""New types of entities from data without the old ones: the loss against enumeration, and what stays known."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.features.vocabulary import IGNORE
from depparse.model.extension import extend
from depparse.model.model import Model
from depparse.registry import PartConfig
from depparse.tasks.growing import CERTAIN, WEIGHT, Lessons, Teacher, allow, collate, with_neighbours
from depparse.tasks.ner import Ner, NerConfig
from tests.models import annotated, learn, learned, loss_of, model_of, random_model
from tests.recipes import FLAT
from tests.sentences import entities, entity_sentence

OTHER = 0  # the number of the tag O


def old_data() -> Document:
    return Document(
        [
            entity_sentence("Anna Maria of Bern met Tom .", (1, 2, "PER"), (6, 6, "PER")),
            entity_sentence("Tom saw New York City in May .", (1, 1, "PER")),
            entity_sentence("Nobody was there ."),
        ]
    )


def new_data() -> Document:
    """The same sentences, where only places are annotated."""
    return Document(
        [
            entity_sentence("Anna Maria of Bern met Tom .", (4, 4, "LOC")),
            entity_sentence("Tom saw New York City in May .", (3, 5, "LOC")),
            entity_sentence("Nobody was there ."),
        ]
    )


def grown(model: Model, document: Document, old_types: str) -> Ner:
    config: PartConfig = NerConfig.model_validate(FLAT | {"old_types": old_types})
    lines = extend(model, {"ner": config}, document.sentences)
    task = model.tasks["ner"]
    assert isinstance(task, Ner)
    kept = ", ".join(task.kept)
    note = f"note: ner: the data does not annotate {kept}, which the model stays able to find"
    assert lines == ([note] if task.teacher is not None else [])
    return task


def path_score(task: Ner, scores: Tensor, tags: tuple[int, ...]) -> Tensor:
    boundary = len(task.codec.tags)
    path = (boundary, *tags, boundary)
    emitted = sum((scores[word, tag] for word, tag in enumerate(tags)), torch.zeros(()))
    return emitted + sum((task.transitions[a, b] for a, b in itertools.pairwise(path)), torch.zeros(()))


def test_a_grown_task_finds_what_it_found_before_it_learns() -> None:
    document = old_data()
    model = learned({"ner": FLAT}, document)
    before = model.tasks["ner"]
    assert isinstance(before, Ner)
    old_transitions, old_tags = before.transitions.detach().clone(), before.codec.tags.items
    batch = model.collate([model.example(document[0])])
    with torch.inference_mode():
        old_scores = model.eval()(batch)
    task = grown(model, new_data(), "causal")
    with torch.inference_mode():
        new_scores = model.eval()(batch)
    assert task.codec.types.items == ["PER", "LOC"]
    assert task.codec.tags.items[: len(old_tags)] == old_tags
    torch.testing.assert_close(new_scores["ner"][..., : len(old_tags)], old_scores["ner"])
    assert torch.equal(task.transitions[: len(old_tags), : len(old_tags)], old_transitions[:-1, :-1])
    assert torch.equal(task.transitions[-1, : len(old_tags)], old_transitions[-1, :-1])
    # Transitions of a new type are those of the only old one.
    old_s, new_s, old_b, new_b = (task.codec.tags.number(tag) for tag in ("S-PER", "S-LOC", "B-PER", "B-LOC"))
    assert task.transitions[new_s, OTHER] == task.transitions[old_s, OTHER]
    assert task.transitions[new_s, new_b] == task.transitions[old_s, old_b]
    assert task.transitions[-1, new_b] == task.transitions[-1, old_b]
    assert task.transitions[new_s, -1] == task.transitions[old_s, -1]


@pytest.mark.parametrize("old_types", ["distill", "causal"])
def test_the_loss_is_that_of_all_sequences_enumerated(old_types: str) -> None:
    data = Document([entity_sentence("Tom saw Bern", (3, 3, "LOC"))])
    model = learned({"ner": FLAT}, old_data()) if old_types == "causal" else random_model({"ner": FLAT}, old_data())
    task = grown(model, data, old_types)
    model.eval()
    teacher, all_tags = task.teacher, task.codec.tags
    assert teacher is not None
    assert teacher.weight == WEIGHT  # one old type for one new one
    gold = (OTHER, OTHER, all_tags.number("S-LOC"))
    free = [OTHER, *(all_tags.number(f"{prefix}-PER") for prefix in "BIES")]
    batch = model.collate([model.example(data[0], targets=True)])
    with torch.no_grad():
        scores = model(batch)["ner"][0, 1:]
    all_sequences = [
        tags for tags in itertools.product(range(len(all_tags)), repeat=3) if task.chain.language.accepts(tags)
    ]
    fitting = [t for t in all_sequences if t[2] == gold[2] and all(tag in free for tag in t[:2])]
    assert 3 <= len(fitting) < len(all_sequences)

    def log_sum(paths: list[tuple[int, ...]], word_scores: Tensor) -> Tensor:
        return torch.stack([path_score(task, word_scores, tags) for tags in paths]).logsumexp(0)

    def probabilities(paths: list[tuple[int, ...]]) -> dict[tuple[int, ...], Tensor]:
        return {tags: (path_score(task, scores, tags) - log_sum(paths, scores)).exp() for tags in paths}

    # The old model gives the new tags no score of its own: all fitting sequences have the same one, so it cancels out.
    believed = probabilities(fitting)
    if old_types == "causal":
        certain_tags = {}
        for word in range(2):
            shares = {t: sum(p.item() for tags, p in believed.items() if tags[word] == t) for t in free}
            tag = max(free, key=lambda tag: shares[tag])
            if tag != OTHER and shares[tag] >= CERTAIN:
                certain_tags[word] = tag
        assert certain_tags  # else nothing is tested
        believed = probabilities([t for t in fitting if all(t[word] == tag for word, tag in certain_tags.items())])
    learn = log_sum(all_sequences, scores) - log_sum(fitting, scores)
    expected = sum((p * path_score(task, scores, tags) for tags, p in believed.items()), torch.zeros(()))
    keep = log_sum(fitting, scores) - expected
    loss = model.losses(batch)["ner"]
    assert loss.item() == pytest.approx((learn + teacher.weight * keep).item() / 3, rel=1e-4)
    # What is learned pulls towards the new entity, and nothing pushes the old tags away for an O.
    loss.backward()
    assert task.transitions.grad is not None
    assert task.transitions.grad.isfinite().all()


def test_averages_with_neighbours_are_those_of_the_nearest_of_a_kind() -> None:
    generator = torch.Generator().manual_seed(2)
    kinds = torch.tensor([[3, IGNORE, 4, 3], [3, 3, 3, IGNORE], [5, IGNORE, IGNORE, IGNORE]])
    scores = torch.randn(3, 4, 6, generator=generator)
    vectors = torch.randn(int((kinds != IGNORE).sum()), 8, generator=generator).half()
    nothing = torch.zeros(0)
    mixed = with_neighbours(scores, Lessons(nothing, nothing, nothing, kinds, vectors))
    positions = [(int(a), int(b)) for a, b in (kinds != IGNORE).nonzero()]
    for number, position in enumerate(positions):
        others = [k for k, other in enumerate(positions) if k != number and kinds[other] == kinds[position]]
        others.sort(key=lambda k, number=number: float((vectors[k].float() - vectors[number].float()).norm()))
        expected = scores[position]
        if others:
            expected = (expected + torch.stack([scores[positions[k]] for k in others[:3]]).mean(0)) / 2
        assert torch.allclose(mixed[position], expected, atol=1e-6)
    assert torch.equal(mixed[kinds == IGNORE], scores[kinds == IGNORE])


def test_an_o_allows_old_types_and_another_tag_allows_itself() -> None:
    free = torch.tensor([True, True, False, False])
    allowed = allow(torch.tensor([OTHER, 3, IGNORE]), OTHER, free)
    assert allowed.tolist() == [[True, True, False, False], [False, False, False, True], [True] * 4]


def test_the_loss_is_the_mean_over_annotated_words() -> None:
    model = random_model({"ner": FLAT}, old_data())
    grown(model, new_data(), "distill")
    model.eval()
    bare = Sentence.from_forms(["Tom", "met", "Anna"])

    loss = partial(loss_of, model, "ner")
    assert loss(bare).item() == 0.0
    first, second = new_data()[0], new_data()[1]
    both = (7 * loss(first) + 8 * loss(second)) / 15
    assert loss(first, bare, second).item() == pytest.approx(both.item(), rel=1e-4)
    lesson = collate([model.example(s, targets=True).lessons["ner"] for s in (first, bare)])
    assert lesson.tags.shape == (2, 7)
    assert abs(lesson.expected[0].sum(1) - 1).max() < 1e-4  # probabilities
    assert lesson.pairs.sum().item() == pytest.approx(8, abs=1e-4)  # transitions of seven words
    batch = model.collate([model.example(s, targets=True) for s in (first, bare)])
    assert model.count_targets("ner", batch) == 7
    assert (batch.lessons["ner"].tags == lesson.tags).all()
    assert isinstance(batch.targets["ner"], np.ndarray)  # those of the codec


@pytest.mark.parametrize(
    "old_types", ["causal", *(pytest.param(name, marks=pytest.mark.slow) for name in ("distill", "forget"))]
)
def test_old_types_stay_known_unless_they_are_to_be_forgotten(old_types: str) -> None:
    model = learned({"ner": FLAT}, old_data())
    assert entities(annotated(model, old_data())) == entities(old_data())
    grown(model, new_data(), old_types)
    learn(model, new_data())
    prediction = entities(annotated(model, new_data()))
    both = [sorted(a + b) for a, b in zip(entities(old_data()), entities(new_data()), strict=True)]
    assert prediction == (entities(new_data()) if old_types == "forget" else both)


def test_where_data_annotates_the_old_types_too_nothing_is_distilled() -> None:
    model = learned({"ner": FLAT}, old_data())
    data = Document([*new_data(), *old_data()])
    task = grown(model, data, "causal")
    assert task.teacher is None
    assert task.codec.types.items == ["PER", "LOC"]
    assert model.example(data[0], targets=True).targets["ner"][0] == OTHER


def test_the_weight_of_the_old_types_grows_with_their_number() -> None:
    many = Document([entity_sentence("a b c d", (1, 1, "A"), (2, 2, "B"), (3, 3, "C"), (4, 4, "D"))])
    for old_types, weight in (("causal", WEIGHT * 2), ("distill", WEIGHT)):
        task: Any = grown(model_of({"ner": FLAT}, many), Document([entity_sentence("x y", (1, 1, "E"))]), old_types)
        assert isinstance(task.teacher, Teacher)
        assert task.teacher.weight == weight
