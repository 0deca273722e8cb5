"""Teachers: what is learned from them, that it is learned, and what a run does with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import depparse
from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.features.choices import CHOICES, blend, choose, pad_lessons, softmax, split, translate
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.formats.conllu import iter_conllu
from depparse.formats.table import read
from depparse.inference.pipeline import Pipeline
from depparse.layers.losses import cross_entropy, cross_entropy_of_choices
from depparse.model.model import Model
from depparse.model_folder.contents import read_facts
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.passages import Passage, make_passages
from depparse.training.examples import InMemory, make_examples
from depparse.training.lessons import Taught, Teacher, taught_tasks, write_lessons
from depparse.training.records import Began
from depparse.training.segmentation import soften
from depparse.training.teaching import segmented
from tests.models import model_of, small_model
from tests.recipes import FLAT, TASKS, TINY, WHOLE
from tests.runs import weights
from tests.segmenters import Expanding
from tests.sentences import TWO, two_sentences

# -- probabilities


def test_choices_have_the_loss_and_the_gradient_of_all_answers() -> None:
    """With as many answers as there are choices, this is the cross-entropy of torch."""
    torch.manual_seed(1)
    scores = torch.randn(3, 4, CHOICES, requires_grad=True)
    shares = torch.randn(3, 4, CHOICES).softmax(-1)
    lessons = choose(shares.double().numpy(), "a")
    numbers, chosen = (torch.from_numpy(lessons[name]) for name in ("a", "a_shares"))
    loss = cross_entropy_of_choices(scores, numbers.long(), chosen)
    expected = torch.nn.functional.cross_entropy(scores.flatten(0, 1), shares.flatten(0, 1))
    torch.testing.assert_close(loss, expected)
    (gradient,) = torch.autograd.grad(loss, scores, retain_graph=True)
    (wanted,) = torch.autograd.grad(expected, scores)
    torch.testing.assert_close(gradient, wanted)


def test_the_rest_is_that_of_all_other_answers_together() -> None:
    torch.manual_seed(1)
    scores = torch.randn(5, 30)
    scores[:, 3] = -torch.inf  # as an arc that is impossible
    lessons = choose(softmax(scores.numpy()), "a")
    assert lessons["a"].shape == (5, CHOICES)
    numbers, shares = torch.from_numpy(lessons["a"]).long(), torch.from_numpy(lessons["a_shares"])
    other = torch.randn(5, 30)
    loss = cross_entropy_of_choices(other, numbers, shares)
    logs = other.double().log_softmax(-1)
    rest = logs.exp().scatter(1, numbers, 0).sum(-1).log()
    expected = -((shares * logs.gather(1, numbers)).sum(-1) + (1 - shares.sum(-1)) * rest).mean()
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    # Where the scores have these probabilities, the gradient is 0.
    scores.requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy_of_choices(scores, numbers, shares), scores)
    assert gradient.abs().max() < 1e-6
    assert gradient[:, 3].abs().max() == 0


def test_words_without_answers_do_not_count() -> None:
    scores = torch.randn(2, 3, 4, requires_grad=True)
    shares = np.zeros((2, 3, 4))
    shares[0, 1] = [0.5, 0.5, 0, 0]
    lessons = choose(shares, "a")
    assert (lessons["a"][..., 0] == IGNORE).tolist() == [[True, False, True], [True] * 3]
    numbers, chosen = torch.from_numpy(lessons["a"]).long(), torch.from_numpy(lessons["a_shares"])
    logs = scores[0, 1].log_softmax(-1)
    torch.testing.assert_close(cross_entropy_of_choices(scores, numbers, chosen), -(logs[0] + logs[1]) / 2)
    none = cross_entropy_of_choices(scores, torch.full_like(numbers, IGNORE), torch.zeros_like(chosen))
    assert float(none.detach()) == 0
    assert torch.autograd.grad(none, scores)[0].abs().max() == 0


def test_gold_answers_alone_are_the_usual_loss() -> None:
    scores, gold = torch.randn(2, 5, 12), torch.randint(0, 12, (2, 5))
    gold[0, 2] = IGNORE
    shares = blend([np.zeros((2, 5, 12))], gold.numpy(), np.array([0.5, 0.5]))
    lessons = choose(shares, "a")
    numbers, chosen = torch.from_numpy(lessons["a"]).long(), torch.from_numpy(lessons["a_shares"])
    torch.testing.assert_close(cross_entropy_of_choices(scores, numbers, chosen), cross_entropy(scores, gold))


def test_teachers_and_annotation_are_blended() -> None:
    gold = np.array([[1, IGNORE], [1, 1]])
    one, other = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    one[..., 0], other[..., 2] = 1, 0.6  # the other has left out a part of its probability
    blended = blend([one, other], gold, np.array([0.6, 1.0]))
    assert blended[0, 0] == pytest.approx([0.3, 0.4, 0.3])  # annotated: 0.6 · (1/2, 0, 1/2) + 0.4 for the gold answer
    assert blended[0, 1] == pytest.approx([0.5, 0, 0.5])
    assert blended[1, 0] == pytest.approx([0.5, 0, 0.5])  # all trust is the teachers'


def test_a_teacher_that_is_sure_of_an_unknown_answer_has_no_opinion() -> None:
    unsure, sure = np.array([[[0, 0, 1e-9], [0.2, 0.6, 0]]]), np.array([[[0.5, 0.5, 0], [1e-9, 0, 0]]])
    gold = np.array([[0, IGNORE]])
    assert blend([unsure], gold, np.array([0.5])).tolist() == [[[1, 0, 0], [0.25, pytest.approx(0.75), 0]]]
    assert blend([unsure, sure], gold, np.array([0.5]))[0, 0].tolist() == [0.75, 0.25, 0]
    assert blend([unsure], np.array([[IGNORE, IGNORE]]), np.array([1.0]))[0, 0].tolist() == [0, 0, 0]


def test_labels_are_those_of_the_pupil() -> None:
    theirs, ours = Vocabulary(["a", "b", "c"]), Vocabulary(["c", "x", "a"])
    assert translate(np.array([0.5, 0.3, 0.2]), theirs, ours).tolist() == [0.2, 0, 0.5]


def test_lessons_are_split_and_padded() -> None:
    arrays = {"a": np.arange(24).reshape(2, 4, 3), "b": np.ones((2, 4), np.float32)}
    padded = pad_lessons(split(arrays, np.array([3, 1])))
    assert padded["a"][0, 1:].tolist() == arrays["a"][0, 1:].tolist()
    assert padded["a"][1, 1].tolist() == arrays["a"][1, 1].tolist()
    assert (padded["a"][:, 0] == IGNORE).all()
    assert (padded["a"][1, 2:] == IGNORE).all()
    assert padded["b"].tolist() == [[0, 1, 1, 1], [0, 1, 0, 0]]


# -- models


def teacher_of(model: Model, name: str = "teacher") -> Teacher:
    return Teacher(name, Pipeline(model), "hash of " + name)


def taught(model: Model, teachers: list[Teacher], document: Document, folder: Path, trust: float = 1.0) -> Taught:
    """The examples of the document with the lessons of the teachers."""
    examples = make_examples(model, document.sentences, [0] * len(document))
    tasks = taught_tasks(model, teachers)
    write_lessons(model, examples, tasks, folder, trust=trust, annotated=len(examples.lengths), data="data")
    return Taught(examples, folder)


def spread(model: Model) -> Model:
    """The model with other weights, none of them 0."""
    torch.manual_seed(5)
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return model.eval()


def test_a_pupil_that_is_its_teacher_has_nothing_to_learn(samples: Path, tmp_path: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = spread(model_of(TASKS, document, "linear_recurrent"))
    examples = taught(model, [teacher_of(model)], document, tmp_path)
    batch = model.collate(examples.take(range(12)))
    losses = model.losses(batch)
    assert set(losses) == {"tagger", "lemmatizer", "dependencies"}
    torch.stack(list(losses.values())).sum().backward()
    gradients = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    assert gradients.abs().max() < 1e-5
    # It does learn from the annotation, and from another teacher.
    model.zero_grad()
    torch.stack(
        list(
            model.losses(
                model.collate(make_examples(model, document.sentences, [0] * len(document)).take(range(12)))
            ).values()
        )
    ).sum().backward()
    gradients = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    assert gradients.abs().max() > 1e-3


@pytest.mark.parametrize("trust", [1.0, 0.5])
def test_a_pupil_learns_the_tree_of_its_teacher(trust: float, tmp_path: Path) -> None:
    """One sentence, annotated otherwise than the teacher says: alone, the teacher is followed."""
    document = Document(two_sentences().sentences[:1])
    teacher = spread(small_model("linear_recurrent"))
    found = Pipeline(teacher)(document.copy() if hasattr(document, "copy") else Document([document[0].copy()]))
    gold = document[0].columns
    assert found[0].columns["HEAD"] != gold["HEAD"]
    pupil = small_model("none")
    examples = taught(pupil, [teacher_of(teacher)], document, tmp_path, trust)
    optimizer = torch.optim.Adam(pupil.parameters(), 0.02)
    batch = pupil.collate(examples.take([0]))
    pupil.eval()
    for _ in range(150):
        optimizer.zero_grad()
        torch.stack(list(pupil.losses(batch).values())).sum().backward()
        optimizer.step()
    learned = Pipeline(pupil)(Document([document[0].copy()]))[0].columns
    if trust == 1:
        assert {name: learned[name] for name in ("HEAD", "DEPREL", "UPOS", "FEATS")} == {
            name: found[0].columns[name] for name in ("HEAD", "DEPREL", "UPOS", "FEATS")
        }
    else:  # the annotation has at least as much weight as any other answer
        assert learned["UPOS"] == gold["UPOS"]


def test_several_teachers_are_averaged(samples: Path, tmp_path: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    document = Document(sorted(document.sentences, key=len)[-3:])
    pupil = model_of(TASKS, document, "linear_recurrent")
    one, other = (spread(model_of(TASKS, document, context)) for context in ("linear_recurrent", "none"))
    lessons = [
        taught(pupil, teachers, document, tmp_path / str(number)).take([0])[0].lessons
        for number, teachers in enumerate(
            ([teacher_of(one)], [teacher_of(other)], [teacher_of(one), teacher_of(other)])
        )
    ]

    def dense(lesson: Any, name: str, task: str) -> np.ndarray[Any, Any]:
        shares = np.zeros((len(document[0]), 400))
        np.put_along_axis(shares, lesson[task][name].astype(int), lesson[task][f"{name}_shares"], 1)
        return shares

    for task, name in (("tagger", "UPOS"), ("dependencies", "arcs")):
        a, b, both = (dense(lesson, name, task) for lesson in lessons)
        seen = (a > 0) & (b > 0) & (both > 0)
        assert seen.sum() >= 10
        np.testing.assert_allclose(both[seen], (a + b)[seen] / 2, rtol=1e-5)


def test_lessons_go_on_where_they_ended_and_are_not_made_twice(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-train.conllu")
    pupil = model_of(TASKS, document, "none")
    teachers = [teacher_of(spread(model_of(TASKS, document, "none")))]
    monkeypatch.setattr("depparse.training.lessons._WORDS", 60)
    whole = taught(pupil, teachers, document, tmp_path / "whole")
    read_batches = 0
    scorer = teachers[0].pipeline.scorer
    assert scorer is not None
    original = type(scorer).read

    def stop(self: Any, batch: Any) -> Any:
        nonlocal read_batches
        read_batches += 1
        if read_batches == 4:
            raise KeyboardInterrupt
        return original(self, batch)

    monkeypatch.setattr("depparse.training.lessons._SECONDS", 0.0)
    monkeypatch.setattr(type(scorer), "read", stop)
    with pytest.raises(KeyboardInterrupt):
        taught(pupil, teachers, document, tmp_path / "parts")
    done = json.loads((tmp_path / "parts" / "lessons.json").read_text())["done"]
    assert done == 3
    parts = taught(pupil, teachers, document, tmp_path / "parts")
    total = read_batches - 4
    numbers = range(len(whole.lengths))
    for left, right in zip(whole.take(numbers), parts.take(numbers), strict=True):
        for task, arrays in left.lessons.items():
            for name, array in arrays.items():
                np.testing.assert_array_equal(array, right.lessons[task][name])
    taught(pupil, teachers, document, tmp_path / "parts")
    assert read_batches == total + 4
    assert total > 3
    taught(pupil, [Teacher("other", teachers[0].pipeline, "another hash")], document, tmp_path / "parts")
    assert read_batches > total + 4  # other teachers: all is made anew


def test_text_is_segmented_by_the_teacher(tmp_path: Path) -> None:
    teacher = Teacher("t", Pipeline(small_model(), segmenter=Expanding()), "hash")
    (tmp_path / "a.txt").write_text("Anna liked it. So did 3 others.\n" * 20, encoding="utf-8")
    segmented([teacher], [str(tmp_path / "a.txt")], tmp_path / "text.conllu")
    document = read(tmp_path / "text.conllu")
    expected = [s.columns["FORM"] for s in teacher.pipeline.segment([(tmp_path / "a.txt").read_text(encoding="utf-8")])]
    assert [s.columns["FORM"] for s in document] == expected
    assert all(set(s.column("UPOS")) == {"_"} for s in document)
    node = "1.1\tx\tx\tX\t_\t_\t_\t_\t0:root\t_\n"
    (tmp_path / "a.conllu").write_text(
        TWO.replace("\n2-3\t", f"\n{node}2-3\t", 1).replace("SpaceAfter=No", "SpaceAfter=No|Entity=(1")
    )
    segmented([teacher], [str(tmp_path / "a.conllu")], tmp_path / "words.conllu")
    words = (tmp_path / "words.conllu").read_text(encoding="utf-8")
    assert [s.columns["FORM"] for s in read(tmp_path / "words.conllu")] == [s.columns["FORM"] for s in two_sentences()]
    assert "SpaceAfter=No" in words
    assert "Entity" not in words
    assert "1.1" not in words
    segmented([teacher], [str(tmp_path / "a.txt")], tmp_path / "short.conllu", most=10)
    assert 10 <= read(tmp_path / "short.conllu").num_words < 60


def test_examples_on_disk_and_in_memory_are_the_same(tmp_path: Path) -> None:
    model = small_model("none")
    examples = taught(model, [teacher_of(model)], two_sentences(), tmp_path)
    assert isinstance(examples._examples, InMemory)
    first, second = examples.take([1, 0])
    assert (first.length, second.length) == (examples.lengths[1], examples.lengths[0])
    assert len(first.lessons["dependencies"]["tree"]) == first.length
    assert not examples._examples.take([0])[0].lessons  # the examples themselves stay without


# -- segmenters


def learner_of(samples: Path, passages: list[Passage], seed: int = 2) -> SegmenterLearner:
    torch.manual_seed(seed)
    config = SegmenterConfig(embedding=16, width=32, layers=2, words=8, token_width=32, token_layers=1)
    learner = SegmenterLearner.build(config, passages)
    for parameter in learner.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return learner.eval()


def french(samples: Path) -> list[Passage]:
    """Passages with multiword tokens."""
    return list(make_passages(iter_conllu(samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"), 40))


def test_a_segmenter_that_is_its_teacher_has_nothing_to_learn(samples: Path) -> None:
    passages = french(samples)
    learner = learner_of(samples, passages)
    soften(passages, [learner.segmenter], learner.codec, 1.0, ["UD_French-Sample"])
    batch = learner.collate(passages[:5])
    assert batch.scripts is not None
    losses = learner.losses(batch)
    torch.stack(list(losses.values())).sum().backward()
    gradients = torch.cat([p.grad.flatten() for p in learner.parameters() if p.grad is not None])
    assert gradients.abs().max() < 1e-5
    # There is no choice at a paragraph's end or within white space, so nothing is learned there.
    hard = learner.collate([replace(passage, probabilities=None) for passage in passages[:5]])
    assert ((batch.ends == IGNORE) == (hard.ends == IGNORE)).all()
    assert learner.count_targets("tokens", batch) == learner.count_targets("tokens", hard) > 100


def test_tokens_as_they_are_have_the_rest_of_the_trust(samples: Path) -> None:
    passages = french(samples)
    learner = learner_of(samples, passages)
    hard = learner.collate(passages[:5])
    soften(passages, [learner.segmenter, learner_of(samples, passages, 3).segmenter], learner.codec, 0.25, [""])
    soft = learner.collate(passages[:5])
    for name in ("tokens", "sentences"):
        decided, probable = hard.targets[name], soft.targets[name]
        assert (probable[decided == 1] > 0.75).all()
        assert (probable[decided == 0] < 0.25).all()
        assert (probable[decided == 0] > 0).all()
    assert soft.scripts is not None
    several = hard.expansions > 0
    assert several.any()
    assert (soft.scripts["scripts"][several][:, 0] == hard.expansions[several]).all()
    assert (soft.scripts["scripts_shares"][several][:, 0] > 0.75).all()


# -- runs


def text_of(run: Path) -> Path:
    """The file with the words of the text."""
    (file,) = run.glob("text-*.conllu")
    return file


@pytest.fixture
def teacher(tmp_path: Path, samples: Path) -> Path:
    depparse.train(WHOLE, treebank=samples / "UD_English-Sample", output=tmp_path / "teacher")
    return tmp_path / "teacher"


def test_a_run_with_a_teacher_and_text(tmp_path: Path, samples: Path, teacher: Path) -> None:
    (tmp_path / "text.txt").write_text("Anna liked the old zeppelin. So did 3 others.\n\n" * 9, encoding="utf-8")
    settings: Any = {}
    train: Any = {"treebank": samples / "UD_English-Sample", "output": tmp_path / "pupil"}
    train |= {"teacher": teacher, "text": tmp_path / "text.txt"}
    said: list[str] = []

    def listen(record: Any) -> None:
        said.extend(getattr(record, "findings", ()))
        if isinstance(record, Began):
            said.append(f"{record.part}: {record.sentences}")

    nlp = depparse.train(WHOLE, set=settings, listen=listen, **train)
    n_train = sum(1 for _ in read(samples / "UD_English-Sample" / "en_sample-ud-train.conllu"))
    n_text = len(read(text_of(tmp_path / "pupil")))
    n_pieces = len(list(make_passages(iter_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu"), 40)))
    n_pieces += len(list(make_passages(iter_conllu(text_of(tmp_path / "pupil")), 40)))
    assert f"segmenter: {n_pieces}" in said
    assert f"model: {n_train + n_text}" in said
    assert not (tmp_path / "pupil" / "lessons").exists()
    assert nlp("Anna liked it.")[0].columns["HEAD"]
    # The pupil knows the words of the text, which the treebank lacks.
    vocabularies = (tmp_path / "pupil" / "model" / "vocab.json").read_text(encoding="utf-8")
    assert "zeppelin" in vocabularies
    assert "zeppelin" not in (teacher / "model" / "vocab.json").read_text(encoding="utf-8")
    facts = read_facts(tmp_path / "pupil" / "model")
    assert [each.origin.name for each in facts.teachers] == ["teacher"]
    assert [file.split for file in facts.data].count("text") == 1
    assert "Taught by" in (tmp_path / "pupil" / "model" / "README.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in (tmp_path / "pupil" / "model" / "README.md").read_text(encoding="utf-8")
    # On disk, with lessons that stay, it is the same model to the last bit.
    again = settings | {"data.on_disk": True, "training.lessons": str(tmp_path / "lessons")}
    depparse.train(WHOLE, set=again, **train | {"output": tmp_path / "again"})
    assert (tmp_path / "lessons" / "lessons.json").exists()
    assert weights(tmp_path / "again") == weights(tmp_path / "pupil")


def test_what_cannot_be_taught_is_refused(tmp_path: Path, samples: Path, teacher: Path) -> None:
    train: Any = {"treebank": samples / "UD_English-Sample", "output": tmp_path / "pupil"}
    with pytest.raises(ConfigError, match=r"data\.text: nobody annotates the text; give a model by --teacher"):
        depparse.train(TINY, set={"data.text": "text.txt"}, **train)
    entities = {**TINY, "model": {**TINY["model"], "tasks": {"ner": FLAT}}}
    data: Any = {"train": str(tmp_path / "ner.conllu"), "output": tmp_path / "pupil"}
    (tmp_path / "ner.conllu").write_text(TWO.replace("SpaceAfter=No", "SpaceAfter=No|NER=B-PER"), encoding="utf-8")
    (tmp_path / "text.txt").write_text("Anna liked it.", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"training\.teacher: .*teacher has none of the tasks to teach"):
        depparse.train(entities, set={"training.teacher": str(teacher)}, **data)
    both = {**TINY, "model": {**TINY["model"], "tasks": {**TINY["model"]["tasks"], "ner": FLAT}}}
    settings = {"training.teacher": str(teacher), "data.text": str(tmp_path / "text.txt")}
    with pytest.raises(ConfigError, match=r"data\.text: no teacher teaches ner, so what nobody has annotated"):
        depparse.train(both, set=settings, **data)
