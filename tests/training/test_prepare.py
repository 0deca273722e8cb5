"""Before a run: nothing is overwritten, the metric fits the model, and mistakes are told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import depparse
from depparse.errors import ConfigError, ModelError
from depparse.model_folder.store import save
from depparse.training.records import Began, Record, Scored, Warned
from tests.models import small_model
from tests.recipes import TINY
from tests.sentences import TWO

TAGGER: dict[str, Any] = {
    "model": {
        "encoder": {"inputs": [{"type": "words", "width": 16}]},
        "tasks": {"tagger": {"type": "tagger", "columns": ["UPOS"], "width": 16}},
    },
    "training": {"epochs": 5, "batch_words": 150, "precision": "fp32"},
}


def test_a_model_without_a_parser_is_chosen_by_its_tags(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_English-Sample"
    records: list[Record] = []
    nlp = depparse.train(TAGGER, treebank=folder, output=tmp_path / "run", listen=records.append)
    dev_scores = [record.scores["UPOS"].f1 for record in records if isinstance(record, Scored) and record.scores]
    assert dev_scores[0] < max(dev_scores)
    dev = depparse.read_conllu(folder / "en_sample-ud-dev.conllu")
    assert depparse.evaluate(dev, nlp(dev))["UPOS"].f1 == max(dev_scores)
    with pytest.raises(
        ConfigError, match="config key metric: the model predicts nothing that LAS scores; scores that fit it: UPOS"
    ):
        depparse.train(TAGGER, treebank=folder, set="metric=LAS", output=tmp_path / "other")


def test_a_finished_run_is_neither_overwritten_nor_trained_again(tmp_path: Path, samples: Path) -> None:
    folder, run = samples / "UD_English-Sample", tmp_path / "run"
    depparse.train(TINY, treebank=folder, set={"training.epochs": 1}, output=run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="holds a run already"):
        depparse.train(TINY, treebank=folder, output=run)
    records: list[Record] = []
    depparse.train(TINY, treebank=folder, output=run, resume=True, listen=records.append)
    assert [record.message for record in records if isinstance(record, Warned)]
    assert len(records) == 1
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    with pytest.raises(ConfigError, match="holds no run to resume"):
        depparse.train(TINY, treebank=folder, output=tmp_path / "rnu", resume=True)


def test_a_folder_that_is_no_model_is_not_replaced(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="holds something else than a model"):
        depparse.train(TINY, treebank=samples / "UD_English-Sample", output=tmp_path)
    with pytest.raises(ModelError, match="holds something else than a model"):
        save(small_model(), tmp_path)
    with pytest.raises(ModelError, match="is a file"):
        save(small_model(), tmp_path / "model" / "thesis.txt")
    assert (tmp_path / "model" / "thesis.txt").read_text() == "years of work"


def test_without_dev_data_nothing_may_need_it(tmp_path: Path, samples: Path) -> None:
    train = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    for setting, key in (("patience=2", "patience"), ("optimizer.average=asgd", "average=asgd")):
        with pytest.raises(ConfigError, match=f"{key} needs dev data"):
            depparse.train(TINY, train=train, set=f"training.{setting}", output=tmp_path / "a")
    (tmp_path / "empty.conllu").write_text("")
    with pytest.raises(ConfigError, match=r"empty\.conllu: there are no words to score on"):
        depparse.train(TINY, train=train, dev=tmp_path / "empty.conllu", output=tmp_path / "a")
    records: list[Record] = []
    depparse.train(TINY, train=train, output=tmp_path / "b", listen=records.append)
    assert [record.scores for record in records if isinstance(record, Scored)] == [None, None]


def test_too_long_gold_sentences_are_refused_at_once(tmp_path: Path, samples: Path) -> None:
    settings = {"model.tasks.dependencies.projective": True, "model.tasks.dependencies.max_projective_length": 3}
    records: list[Record] = []
    with pytest.raises(ConfigError, match=r"en_sample-ud-dev\.conllu: a sentence of .* words is longer than the 3"):
        depparse.train(
            TINY, treebank=samples / "UD_English-Sample", set=settings, output=tmp_path / "a", listen=records.append
        )
    assert not records


def test_treebanks_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "data").mkdir(parents=True)
        (tmp_path / folder / "data" / "x-ud-train.conllu").write_text(TWO)
    with pytest.raises(ConfigError, match="two treebanks are called data"):
        depparse.train(TINY, treebank=[tmp_path / "a" / "data", tmp_path / "b" / "data"], output=tmp_path / "run")
    (tmp_path / "a" / "data" / "x-ud-train.conllu").rename(tmp_path / "a" / "data" / "x-ud-test.conllu")
    with pytest.raises(ConfigError, match="has no train split"):
        depparse.train(TINY, treebank=tmp_path / "a" / "data", output=tmp_path / "run")


def test_the_check_sees_train_and_dev_together(tmp_path: Path) -> None:
    for split in ("train", "dev"):
        (tmp_path / f"x-ud-{split}.conllu").write_text(TWO)
    records: list[Record] = []
    depparse.train(TINY, treebank=tmp_path, output=tmp_path / "run", listen=records.append)
    assert isinstance(records[0], Began)
    assert any("dev" in finding and "train" in finding for finding in records[0].findings), records[0].findings
