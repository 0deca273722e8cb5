"""A model: tasks that the data does not annotate, and the words that each loss is a mean over."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.layers.tensors import to_tensors
from tests.models import small_model
from tests.sentences import TWO, two_sentences


def test_unannotated_columns_give_no_loss() -> None:
    bare = Document.from_conllu("1\tx" + "\t_" * 8 + "\n\n")
    model = small_model()
    batch = model.collate([model.example(sentence, targets=True) for sentence in bare])
    assert all(loss.item() == 0.0 for name, loss in model.losses(batch).items() if name != "tagger")
    assert torch.stack(list(model.losses(batch).values())).isfinite().all()


def test_tasks_without_annotation_are_left_out() -> None:
    bare = Document.from_conllu("1\tx\t_\tX" + "\t_" * 6 + "\n\n")
    model = small_model(document=bare)
    assert list(model.tasks) == ["tagger"]
    assert list(model.config.tasks) == ["tagger"]
    with pytest.raises(ConfigError, match="annotates nothing that the tasks learn: tagger, lemmatizer, dependencies"):
        small_model(document=Document.from_conllu("1\tx" + "\t_" * 8 + "\n\n"))


def test_words_without_annotation_give_no_loss() -> None:
    """The loss is a mean over annotated words, where heads of words or columns of a sentence are missing."""
    first, second = TWO.split("\n\n")[:2]
    bare = "\n".join(
        line if line.startswith("#") else "\t".join([*line.split("\t")[:2], *"________"]) for line in second.split("\n")
    )
    model = small_model().eval()
    parser: Any = model.tasks["dependencies"]
    nn.init.normal_(parser.arcs)  # a new parser likes all arcs alike
    nn.init.normal_(parser.label_weights)

    def losses(text: str) -> dict[str, float]:
        document = Document.from_conllu(text)
        batch = model.collate([model.example(sentence, targets=True) for sentence in document])
        return {name: loss.item() for name, loss in model.losses(batch).items()}

    together, alone = losses(f"{first}\n\n{bare}\n\n"), losses(f"{first}\n\n")
    for name in ("lemmatizer", "dependencies"):
        assert together[name] == pytest.approx(alone[name], abs=1e-5)
    # One word has neither head nor relation.
    partly = first.replace("\t4\tnsubj", "\t_\t_")
    assert losses(f"{partly}\n\n")["dependencies"] != pytest.approx(alone["dependencies"], abs=1e-4)
    examples = [model.example(s, targets=True) for s in Document.from_conllu(f"{partly}\n\n")]
    batch = model.collate(examples)
    scores = model(batch)["dependencies"]
    scores.arc_scores.retain_grad()
    targets = to_tensors(batch.targets["dependencies"], model.device)
    parser.loss(scores, targets).backward()
    assert not scores.arc_scores.grad[0, 1].any()
    assert scores.arc_scores.grad[0, 2].any()


def test_words_that_a_loss_is_a_mean_over_are_counted() -> None:
    model = small_model()
    batch = model.collate([model.example(sentence, targets=True) for sentence in two_sentences()])
    assert model.count_targets("lemmatizer", batch) == 13
    assert model.count_targets("dependencies", batch) == 26  # heads and relations
    # All words are counted where the targets of a task do not tell.
    batch.targets["dependencies"] = {"other": "form"}
    assert model.count_targets("dependencies", batch) == 13
