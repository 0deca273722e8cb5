"""The output of ``depparse train``, and its interruption."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from depparse.cli.screen import Screen
from depparse.evaluation.metrics import metrics
from depparse.evaluation.scores import Score, Scores
from depparse.evaluation.ud import evaluate
from depparse.formats.table import read
from depparse.training.loop import Evaluation, Step
from depparse.training.records import Began, Done, Record, Scored


def records(samples: Path, findings: int = 0) -> list[Record]:
    gold = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    scores = evaluate(gold, gold)
    graphs = {metric.name for metric in metrics() if "DEPS" in metric.columns}
    shown = tuple(name for name in scores if name not in graphs)  # the scores of a model without graphs
    return [
        Began(1_234_567, 60, 752, [f"warning: number {number}" for number in range(findings)], metrics=shown),
        Step(1, 1, 2, 400, {"tagger": 2.0}, 1.0),
        Scored(Evaluation(1, 1.0, True, 65.4), scores),
        Step(2, 2, 2, 352, {"tagger": 1.0}, 3670.0),
        Scored(Evaluation(2, 1.0, False, 3671.2), scores),
        Done(Path("runs/x/model"), 61.2, {"test": scores}),
    ]


def test_lines_in_a_pipe_are_plain(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Screen() as screen:
        for record in records(samples):
            screen(record)
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.splitlines() == [
        "model: 60 sentences, 752 words; 1,234,567 parameters",
        "epoch      UPOS  UFeats  Lemmas     UAS     LAS     time",
        "    1    100.00  100.00  100.00  100.00  100.00     1:05  best",
        "    2    100.00  100.00  100.00  100.00  100.00  1:01:11",
        " test    100.00  100.00  100.00  100.00  100.00",
        "61 min; the model is in runs/x/model, the curves in runs/x/curves.png",
    ]


def test_scores_that_a_file_has_nothing_for_are_blank(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    entities = Scores({"NER": Score(4, 4, 1)})
    screen = Screen()
    for record in (
        Began(1_234, 10, 752, [], metrics=("UPOS", "LAS", "EULAS", "ELAS", "NER")),
        Scored(Evaluation(1, 1.0, True, 65.4), evaluate(gold, gold), "trees"),
        Scored(Evaluation(1, 1.0, True, 65.4), entities, "entities"),
    ):
        screen(record)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "epoch      UPOS     LAS    ELAS     NER     time",
        "    1    100.00  100.00  100.00             1:05  best  trees",
        "    1                             25.00     1:05  best  entities",
    ]


def test_the_parts_of_a_pipeline_each_have_their_rows(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    scores = evaluate(gold, gold)
    with_model = Done(Path("runs/x/model"), 61.2, {"test": scores}, {"test": scores})
    without_model = Done(Path("runs/x/model"), 61.2, {}, {"en": scores, "de": scores})
    shown: list[Record] = [
        Began(1_234, 10, 752, ["warning: one"], "segmenter"),
        Scored(Evaluation(1, 1.0, True, 65.4), scores, part="segmenter"),
        *records(samples),
    ]
    screen = Screen()
    for record in (*shown[:-1], with_model, without_model):
        screen(record)
    captured = capsys.readouterr()
    assert captured.err == "! warning: one\n"
    assert captured.out.splitlines() == [
        "segmenter: 10 pieces of text, 752 words; 1,234 parameters",
        "epoch    Tokens   Words  Sentences     time",
        "    1    100.00  100.00     100.00     1:05  best",
        "model: 60 sentences, 752 words; 1,234,567 parameters",
        "epoch      UPOS  UFeats  Lemmas     UAS     LAS     time",
        "    1    100.00  100.00  100.00  100.00  100.00     1:05  best",
        "    2    100.00  100.00  100.00  100.00  100.00  1:01:11",
        " test    100.00  100.00  100.00  100.00  100.00",
        "  raw    Tokens   Words  Sentences    UPOS  UFeats  Lemmas     UAS     LAS",
        " test    100.00  100.00     100.00  100.00  100.00  100.00  100.00  100.00",
        "61 min; the model is in runs/x/model, the curves in runs/x/curves.png",
        "  raw    Tokens   Words  Sentences",
        " test    100.00  100.00     100.00  en",
        " test    100.00  100.00     100.00  de",
        "61 min; the model is in runs/x/model, the curves in runs/x/curves.png",
    ]


def test_many_findings_are_counted(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Screen()(records(samples, findings=9)[0])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "! warning: number 0"
    assert lines[-1] == "! and 3 more; depparse corpora check shows all"
    assert len(lines) == 7


@pytest.mark.parametrize("checkpoint", ["segmenter-checkpoint.safetensors", "checkpoint.safetensors"])
def test_an_interrupted_run_says_how_to_go_on(checkpoint: str, tmp_path: Path, samples: Path) -> None:
    treebank = samples / "UD_English-Sample"
    arguments = ["train", "demo", "--treebank", str(treebank), "--output", "run", "--set", "training.evaluate_every=1"]
    arguments += ["--set", "segmentation.training.evaluate_every=1", "--set", "data.limit=20"]
    if checkpoint == "checkpoint.safetensors":
        arguments += ["--set", "segmentation.training.epochs=1"]
    command = [sys.executable, "-m", "depparse", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, text=True)
    deadline = time.monotonic() + 600  # ends a process that hangs, not one on a busy machine
    while not (tmp_path / "run" / checkpoint).exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == f"interrupted; go on with: depparse {' '.join(arguments)} --resume"
    assert "Traceback" not in errors
    assert (tmp_path / "run" / checkpoint).exists()
