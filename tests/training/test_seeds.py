"""Runs with several seeds, and learning curves."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

import depparse
from depparse.errors import ConfigError
from depparse.formats.table import read
from depparse.model_folder.contents import read_facts
from depparse.training.examples import read_sentences
from depparse.training.recipe import RecipeConfig
from depparse.training.records import Compared, Done, Record, Warned
from depparse.training.seeds import read_seeds
from tests.recipes import INPUTS, PARSER
from tests.runs import weights

SHORT = {"training": {"epochs": 1, "precision": "fp32"}, "model": {"encoder": {"inputs": INPUTS}, "tasks": PARSER}}


def test_each_seed_has_its_run_and_all_one_table(samples: Path, tmp_path: Path) -> None:
    treebank, records = samples / "UD_English-Sample", list[Record]()
    depparse.train(SHORT, treebank=treebank, seeds="1, 2", output=tmp_path / "runs", listen=records.append)
    depparse.train(SHORT, treebank=treebank, seed=2, output=tmp_path / "alone")
    assert weights(tmp_path / "runs" / "seed-2") == weights(tmp_path / "alone")
    assert weights(tmp_path / "runs" / "seed-1") != weights(tmp_path / "alone")
    assert isinstance(records[-1], Compared)
    content = json.loads((tmp_path / "runs" / "seeds.json").read_text(encoding="utf-8"))
    assert content["runs"] == ["seed-1", "seed-2"]
    las = next(e for e in content["scores"] if (e["data"], e["source"], e["metric"]) == ("test", "words", "LAS"))
    facts = [read_facts(tmp_path / "runs" / name / "model") for name in content["runs"]]
    values = [row.f1["LAS"] for one in facts for row in one.scores if row.data == "test"]
    assert (las["f1"], las["mean"], las["sd"]) == (values, statistics.fmean(values), statistics.stdev(values))
    row = next(row for row in records[-1].table.rows if row[0] == "test LAS")
    assert row == ("test LAS", *(f"{100 * value:.2f}" for value in (*values, las["mean"], las["sd"])))
    # Finished runs stay, an interrupted one is resumed, and seeds may be added.
    with pytest.raises(ConfigError, match="seed-1 holds a run already: --resume goes on with it"):
        depparse.train(SHORT, treebank=treebank, seeds=[1, 3], output=tmp_path / "runs")
    before = weights(tmp_path / "runs" / "seed-1")
    (tmp_path / "runs" / "seed-2" / "curves.png").unlink()
    records.clear()
    depparse.train(
        SHORT, treebank=treebank, seeds=[1, 2, 3], output=tmp_path / "runs", resume=True, listen=records.append
    )
    assert weights(tmp_path / "runs" / "seed-1") == before
    assert [done.folder.parent.name for done in records if isinstance(done, Done)] == ["seed-2", "seed-3"]
    assert not any(isinstance(record, Warned) for record in records)
    assert isinstance(records[-1], Compared)
    assert records[-1].table.columns == ("score", "seed-1", "seed-2", "seed-3", "mean", "sd")
    other = SHORT | {"data": {"limit": 10}}
    with pytest.raises(ConfigError, match="seed-1 holds a run of another recipe or of other data"):
        depparse.train(other, treebank=treebank, seeds="1", output=tmp_path / "runs", resume=True)


@pytest.mark.parametrize("seeds", ["1,1", "a", "-1", " ", [1.5, "x"], [None]])
def test_wrong_seeds_are_refused(seeds: str) -> None:
    with pytest.raises(ConfigError, match="seeds are different whole numbers, such as 1,2,3"):
        read_seeds(seeds)


def test_a_seed_and_seeds_are_refused(samples: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a seed or several seeds, not both"):
        depparse.train(SHORT, treebank=samples / "UD_English-Sample", seed=1, seeds="1,2", output=tmp_path)


def test_a_limit_takes_nested_samples_of_all_files(samples: Path, tmp_path: Path) -> None:
    folder = samples / "UD_English-Sample"
    files = [str(folder / f"en_sample-ud-{split}.conllu") for split in ("train", "dev")]
    every = [sentence.to_conllu() for file in files for sentence in read(file)]
    earlier: set[str] = set()
    for limit in (1, 10, 40, 1000):
        sentences, sources = read_sentences(files, [0, 1], None, limit=limit)
        texts = [sentence.to_conllu() for sentence in sentences]
        assert len(texts) == len(sources) == min(limit, len(every))
        assert texts == [text for text in every if text in texts]  # in the order of the files
        assert earlier <= set(texts)
        earlier = set(texts)
        stored, stored_sources = read_sentences(files, [0, 1], tmp_path / str(limit), limit=limit)
        assert ([s.to_conllu() for s in stored], list(stored_sources)) == (texts, list(sources))
    first_sources = read_sentences(files, [0, 1], None, limit=10)[1]
    assert set(first_sources) == {0, 1}  # not merely the first sentences of the first file
    assert "limit" not in RecipeConfig().model_dump_json()  # so that older runs can be resumed


def test_a_limited_run_says_so(samples: Path, tmp_path: Path) -> None:
    records: list[Record] = []
    config = SHORT | {"data": {"limit": 12}}
    depparse.train(config, treebank=samples / "UD_English-Sample", output=tmp_path / "run", listen=records.append)
    began = next(record for record in records if hasattr(record, "findings"))
    assert "note: data.limit leaves 12 sentences to learn from" in began.findings
    assert began.sentences == 12
