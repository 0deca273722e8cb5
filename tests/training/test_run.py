"""Whole runs from Python: several treebanks, data on disk, what is written about a run, and how a run ends early."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import depparse
from depparse.errors import ConfigError
from depparse.training.estimate import Estimate
from depparse.training.loop import Step
from depparse.training.records import Began, Done, Record, Scored
from tests.recipes import TINY
from tests.runs import scored, weights
from tests.sentences import TWO, two_sentences


def test_several_treebanks_are_scored_each_and_all_is_written_down(tmp_path: Path, samples: Path) -> None:
    folders = [samples / "UD_English-Sample", samples / "UD_German-Sample"]
    records: list[Record] = []
    pipeline = depparse.train(
        TINY,
        treebank=folders,
        set={"training.temperature": 2.0, "training.tensorboard": True, "training.epochs": 3},
        output=tmp_path / "run",
        seed=7,
        listen=records.append,
    )
    assert isinstance(records[0], Began)
    assert sum(isinstance(record, Estimate) and record.seconds > 0 for record in records) == 1
    scored = [record for record in records if isinstance(record, Scored)]
    dev = ["en_sample-ud-dev", "de_sample-ud-dev"]
    assert [record.name for record in scored] == dev * 3
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    for number, line in enumerate(lines):
        pair = [record.scores["LAS"].f1 for record in scored[2 * number : 2 * number + 2]]
        assert line["LAS"] == scored[2 * number].evaluation.score == statistics.fmean(pair)
        assert [line["dev"][name]["LAS"] for name in dev] == pair
        steps = [r for r in records if isinstance(r, Step) and r.epoch == line["epoch"]]
        words = sum(step.words for step in steps)
        for task in ("tagger", "dependencies"):
            mean = sum(step.losses[task] * step.words for step in steps) / words
            assert line["losses"][task] == pytest.approx(mean)
        assert line["loss"] == pytest.approx(sum(line["losses"].values()))
        assert line["learning_rate"] == steps[-1].learning_rate
        assert line["words_per_second"] > 0
        assert line["peak_memory_mib"] > 10
    last_record = records[-1]
    assert isinstance(last_record, Done)
    assert list(last_record.tests) == ["en_sample-ud-test", "de_sample-ud-test"]
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))
    # The card names the command, the data and its hashes, what made it, and the scores.
    hashes = subprocess.run(["sha256sum", *folders[1].glob("*.conllu")], capture_output=True, text=True).stdout
    for line in hashes.splitlines():
        assert f"`{line.split()[0]}`" in pipeline.card
    assert "depparse.train({" in pipeline.card
    assert "'training.temperature': 2.0" in pipeline.card
    for fact in ("seed | 7", f"torch | {torch.__version__}", "threads |", "words a second", "peak memory", "| CC0"):
        assert fact in pipeline.card
    assert "One seed is one data point" in pipeline.card
    assert f"| de_sample-ud-test | {100 * last_record.tests['de_sample-ud-test']['UPOS'].f1:.2f}" in pipeline.card


def test_mistakes_are_told_before_training(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_English-Sample"
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="fp16 needs a GPU"):
            depparse.train(TINY, treebank=folder, set={"training.precision": "fp16"}, output=tmp_path / "a")
    (tmp_path / "dev.conllu").write_text("1\tx" + "\t_" * 8 + "\n\n")
    with pytest.raises(ConfigError, match=r"dev\.conllu: sentence .* column HEAD: word 1 \('x'\) has no head"):
        depparse.train(TINY, treebank=folder, dev=tmp_path / "dev.conllu", output=tmp_path / "b")
    code = (
        "import sys; sys.modules['tensorboard'] = None\n"
        "import depparse\nfrom tests.recipes import TINY\n"
        f"depparse.train(TINY, treebank={str(folder)!r}, set={{'training.tensorboard': True}}, "
        f"output={str(tmp_path / 'c')!r})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'depparse[tensorboard]'" in result.stderr.splitlines()[-1]


def test_data_on_disk_gives_the_same_model(tmp_path: Path, samples: Path) -> None:
    folders = [samples / "UD_Turkish-Sample", samples / "UD_German-Sample"]
    for name, on_disk in (("memory", False), ("disk", True)):
        settings = {"data.on_disk": on_disk, "training.temperature": 3}
        depparse.train(TINY, treebank=folders, set=settings, output=tmp_path / name)
    assert weights(tmp_path / "memory") == weights(tmp_path / "disk")
    assert not list((tmp_path / "disk").glob("sentences*"))


MEASURE = """
import sys
import depparse
from depparse.training.log import peak_memory_mib
from tests.recipes import TINY
settings = {"data.on_disk": sys.argv[2] == "disk", "training.epochs": 1, "training.batch_words": 2000}
depparse.train(TINY, train=sys.argv[1], set=settings, output=sys.argv[3])
print(peak_memory_mib())
"""


@pytest.mark.slow
def test_memory_hardly_grows_with_data_on_disk(tmp_path: Path) -> None:
    words = "one two three four five six seven eight nine ten".split()
    peaks = {}
    for size in (500, 4000):
        with open(tmp_path / f"{size}.conllu", "w") as file:
            for number in range(size):
                file.write(f"# sent_id = {number}\n# text = {' '.join(words)} {number}\n")
                for position, word in enumerate([*words, str(number)], 1):
                    head, label = (position - 1, "dep" if position > 1 else "root")
                    misc = f"Id={number}.{position}"  # strings of its own for every word, as in real data
                    file.write(f"{position}\t{word}\t{word}{number}\tNUM\t_\t_\t{head}\t{label}\t_\t{misc}\n")
                file.write("\n")
        for kind in ("disk", "memory"):
            arguments = [str(tmp_path / f"{size}.conllu"), kind, str(tmp_path / f"{size}{kind}")]
            result = subprocess.run([sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
            peaks[size, kind] = float(result.stdout)
    growth = {kind: peaks[4000, kind] - peaks[500, kind] for kind in ("disk", "memory")}  # MiB
    assert growth["memory"] > 10, "else nothing was measured"
    assert growth["disk"] < growth["memory"] / 2, peaks


def test_treebanks_that_annotate_different_columns_train_together(tmp_path: Path) -> None:
    lines = [line.split("\t") for line in TWO.splitlines()]
    tags = "\n".join("\t".join([*cells[:6], *"____"]) if len(cells) > 1 else cells[0] for cells in lines) + "\n"
    trees = "\n".join("\t".join([*cells[:2], *"____", *cells[6:]]) if len(cells) > 1 else cells[0] for cells in lines)
    (tmp_path / "tags.conllu").write_text(tags)
    (tmp_path / "trees.conllu").write_text(trees + "\n")
    files = [tmp_path / "tags.conllu", tmp_path / "trees.conllu"]
    settings = {"training.epochs": 150, "training.optimizer.learning_rate": 0.01, "training.evaluate_every": 150}
    settings |= {"model.encoder.dropout": 0, "model.encoder.input_dropout": 0, "model.tasks.dependencies.dropout": 0}
    pipeline = depparse.train(TINY, train=files, set=settings, output=tmp_path / "run")
    assert pipeline.writes == ("UPOS", "XPOS", "FEATS", "HEAD", "DEPREL")
    scores = depparse.evaluate(two_sentences(), pipeline(two_sentences()))
    assert scores["UPOS"].f1 > 0.9
    assert scores["LAS"].f1 > 0.9


@pytest.mark.slow
def test_one_recipe_trains_everything_from_three_files(tmp_path: Path, samples: Path) -> None:
    folder = samples / "UD_English-Sample"
    files = {
        split: [folder / f"en_sample-{name.format(split)}" for name in ("ud-{}.conllu", "ner-{}.iob2", "up-{}.conllup")]
        for split in ("train", "dev")
    }
    small = {
        "segmentation": None,
        "model.encoder.inputs": [{"type": "words", "width": 32}, {"type": "characters", "width": 32}],
        "model.encoder.context.width": 64,
        "model.encoder.context.layers": 1,
        "model.encoder.dropout": 0.0,
        "model.tasks.dependencies.arc_width": 50,
        "model.tasks.enhanced.arc_width": 50,
        "model.tasks.srl.decoder": "arcs",
        "training.epochs": 8,
        "training.evaluate_every": 8,
        "training.batch_words": 150,
        "training.optimizer.learning_rate": 8e-3,
    }
    records: list[Record] = []
    nlp = depparse.train("joint", **files, set=small, output=tmp_path / "run", listen=records.append)
    assert nlp.parts == ("tagger", "lemmatizer", "dependencies", "enhanced", "ner", "srl")
    # Each dev file is scored on what it annotates, and no more.
    trees, entities, roles = (dict(record.scores or {}) for record in scored(records, "model"))
    assert trees["UPOS"].f1 > 0.6
    assert {"NER", "Predicates"}.isdisjoint(trees)
    assert {"UPOS", "Predicates"}.isdisjoint(entities)
    assert "NER" in entities
    assert roles["Predicates"].f1 > 0.6
    # What was learned from one file is predicted on text of every file.
    train = depparse.read(files["train"][0])
    doc = nlp([sentence.columns["FORM"] for sentence in train])
    assert all(cell != "_" for sentence in doc for name in ("UPOS", "HEAD", "DEPS") for cell in sentence.columns[name])
    assert sum(len(sentence.frames) for sentence in doc) > 50
    assert {span.type for span in doc.ents} & {"PER", "LOC", "ORG"}
