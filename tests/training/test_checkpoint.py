"""Checkpoints: a run that was interrupted or killed ends as a whole one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import depparse
from depparse.document.document import Document
from depparse.formats.table import read
from depparse.training.loop import Evaluation, TrainingConfig, train
from tests.forking import run_depparse
from tests.models import small_model
from tests.runs import weights
from tests.sentences import two_sentences


def state_of(
    path: Path, stop: str | None, *, accumulate: int, resume: bool = False
) -> tuple[list[torch.Tensor], list[float]]:
    """The end of a run of four epochs that is interrupted in the middle of an epoch, in an evaluation, or not."""
    document = Document([*two_sentences()] * accumulate)
    model = small_model()
    examples = [model.example(sentence, targets=True) for sentence in document]
    config = TrainingConfig(epochs=4, batch_words=9, accumulate=accumulate, precision="fp32", checkpoint_seconds=1e9)
    evaluated: list[float] = []

    def evaluate() -> float:
        if stop == "evaluation" and len(evaluated) == 1:
            signal.raise_signal(signal.SIGINT)
        evaluated.append(0.5)
        return 0.5

    scores = []
    for record in train(model, examples, config, evaluate, checkpoint=path, resume=resume):
        if isinstance(record, Evaluation):
            scores.append(record.losses["dependencies"])
        elif record.step == 3 and stop == "step":
            signal.raise_signal(signal.SIGINT)
    return [parameter.detach().clone() for parameter in model.parameters()], scores


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("stop", ["step", "evaluation"])
def test_an_interrupted_run_loses_nothing(stop: str, accumulate: int, tmp_path: Path) -> None:
    expected, losses = state_of(tmp_path / "whole", None, accumulate=accumulate)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        state_of(tmp_path / "checkpoint", stop, accumulate=accumulate)
    assert signal.getsignal(signal.SIGINT) is before
    found, rest = state_of(tmp_path / "checkpoint", None, accumulate=accumulate, resume=True)
    assert all(map(torch.equal, found, expected))
    assert rest == losses[1:]  # in both cases, the first evaluation was over


def command(samples: Path, output: Path, *more: str) -> list[str]:
    """The command that trains for four epochs, with a checkpoint at every step."""
    settings = ["epochs=4", "checkpoint_seconds=0", "batch_words=150"]
    options = [option for setting in settings for option in ("--set", f"training.{setting}")]
    options += ["--set", "model.encoder.context.width=48", "--treebank", str(samples / "UD_English-Sample")]
    return [sys.executable, "-m", "depparse", "train", "recurrent", "-o", str(output), *options, *more]


@pytest.mark.slow
def test_a_killed_run_ends_as_a_whole_one(tmp_path: Path, samples: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    subprocess.run(command(samples, tmp_path / "whole"), check=True, capture_output=True, env=environment)
    expected = weights(tmp_path / "whole")
    subprocess.run(command(samples, tmp_path / "same"), check=True, capture_output=True, env=environment)
    assert weights(tmp_path / "same") == expected
    checkpoint = tmp_path / "killed" / "checkpoint.safetensors"
    kills = 0
    for attempt in range(4):
        more = ["--resume"] if attempt else []
        process = subprocess.Popen(
            command(samples, tmp_path / "killed", *more), stdout=subprocess.DEVNULL, env=environment
        )
        deadline = time.monotonic() + 600  # ends a process that hangs, not one on a busy machine
        last_change = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while process.poll() is None and time.monotonic() < deadline:
            if attempt < 3 and checkpoint.exists() and checkpoint.stat().st_mtime_ns != last_change:
                time.sleep(0.05 * attempt)
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                break
            time.sleep(0.01)
    assert kills >= 2
    assert process.returncode == 0
    assert weights(tmp_path / "killed") == expected
    lines = (tmp_path / "killed" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4]
    # And the command line parses with what was trained.
    source = samples / "UD_English-Sample" / "en_sample-ud-test.conllu"
    parse = [sys.executable, "-m", "depparse", "parse", str(source), "--model", str(tmp_path / "killed")]
    result = subprocess.run(parse, check=True, capture_output=True, encoding="utf-8")
    gold, system = read(source), Document.from_conllu(result.stdout)
    assert [s.columns["FORM"] for s in system] == [s.columns["FORM"] for s in gold]
    assert [s.comments for s in system] == [s.comments for s in gold]
    assert depparse.evaluate(gold, system)["UPOS"].f1 > 0.1


def test_a_finished_or_foreign_run_is_not_overwritten(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(b"")
    options = ["--set", "segmentation=none"]
    for more, message in ((options, "holds a run already"), ([*options, "--resume"], "not a checkpoint")):
        result = run_depparse(*command(samples, tmp_path / "run", *more)[3:])
        assert result.returncode == 2
        assert message in result.stderr
        assert result.stderr.strip().splitlines()[-1].startswith("depparse: error: ")
