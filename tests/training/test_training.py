"""Training: every task learns two sentences by heart, a killed run ends as a whole one, models survive the disk."""

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
from depparse.errors import ConfigError, ModelError
from depparse.formats.table import read
from depparse.inference.pipeline import Pipeline, load
from depparse.model_folder.description import hash_file
from depparse.model_folder.store import load as load_model
from depparse.model_folder.store import save
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from depparse.training.optim import OptimizerConfig, rate_at
from depparse.training.recipe import read_recipe
from tests.models import annotated, small_model
from tests.recipes import CONTEXTS, QUICK
from tests.sentences import TWO, two_sentences


@pytest.mark.parametrize("context", CONTEXTS)
def test_two_sentences_are_learned_by_heart(context: str) -> None:
    document = two_sentences()
    model = small_model(context)
    examples = [model.example(sentence, targets=True) for sentence in document]
    config = QUICK.model_copy(update={"epochs": 250, "evaluate_every": 250})
    losses = [record.losses for record in train(model, examples, config, lambda: 0.0) if isinstance(record, Step)]
    assert sum(losses[-1].values()) < sum(losses[0].values())
    scores = depparse.evaluate(document, annotated(model, document))
    expected = ("UPOS", "XPOS", "UFeats", "Lemmas") if context == "none" else ("AllTags", "Lemmas", "LAS_subtypes")
    assert {name: scores[name].f1 for name in expected} == dict.fromkeys(expected, 1.0)


@pytest.mark.parametrize("context", ["bilstm", "linear_recurrent"])
def test_the_same_analysis_in_any_batch_and_order(context: str, samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    model = small_model(context, document=read(path))

    def parsed(words: int, order: int) -> str:
        analysed = Pipeline(model).annotate_stream(read(path).sentences[::order], batch_words=words)
        return Document(list(analysed)[::order]).to_conllu()

    expected = parsed(5000, 1)
    assert parsed(1, 1) == expected
    assert parsed(60, -1) == expected


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


def test_save_and_load_parse_alike(tmp_path: Path, samples: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = small_model(document=document)
    save(model, tmp_path / "m", "# card")
    again = load_model(tmp_path / "m")
    assert annotated(again, document).to_conllu() == annotated(model, document).to_conllu()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m"]
    save(model, tmp_path / "m", "# other card")
    assert load(tmp_path / "m").card == "# other card"


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "model.safetensors"])
def test_a_damaged_model_is_one_line(name: str, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    data = bytearray((tmp_path / "m" / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "m" / name).write_bytes(bytes(data))
    with pytest.raises(ModelError, match=f"damaged: {name}"):
        load_model(tmp_path / "m")
    (tmp_path / "m" / name).unlink()
    with pytest.raises(ModelError, match=f"not a depparse model: {name} missing"):
        load_model(tmp_path / "m")


def test_no_model_and_a_later_format(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        load(tmp_path / "nothing")
    save(small_model(), tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "m" / "config.json").write_text(json.dumps(config | {"format": 99}), encoding="utf-8")
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))
    manifest["config.json"] = hash_file(tmp_path / "m" / "config.json")
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match="format 99"):
        load_model(tmp_path / "m")


def test_the_pipeline_keeps_what_it_is_told_to(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m")
    pipeline = load(tmp_path / "m")
    document = two_sentences()
    parsed = pipeline(document, keep=["upos", "lemma"])
    assert document.to_conllu() == TWO
    assert [s.columns["UPOS"] for s in parsed] == [s.columns["UPOS"] for s in document]
    assert [s.columns["LEMMA"] for s in parsed] == [s.columns["LEMMA"] for s in document]
    assert [s.comments for s in parsed] == [s.comments for s in document]
    assert [[t.text for t in s.tokens] for s in parsed] == [[t.text for t in s.tokens] for s in document]
    assert pipeline.writes == ("UPOS", "XPOS", "FEATS", "LEMMA", "HEAD", "DEPREL")
    with pytest.raises(ConfigError, match="not UPSO"):
        pipeline(document, keep=["upso"])


def test_learning_rates() -> None:
    config = OptimizerConfig(warmup=0.1, decay="linear", floor=0.0)
    rates = [rate_at(step, 100, config) for step in range(100)]
    assert rates[0] < rates[5] < rates[10] == max(rates)
    assert rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    assert rate_at(50, 100, OptimizerConfig(decay="none")) == 1.0


@pytest.mark.parametrize("average", ["ema", "asgd"])
def test_averages_are_in_the_model_only_while_it_is_evaluated(average: str) -> None:
    document = two_sentences()
    model = small_model()
    examples = [model.example(sentence, targets=True) for sentence in document]
    settings = QUICK.optimizer.model_copy(update={"average": average, "trigger": 2})
    config = TrainingConfig(epochs=8, precision="fp32", optimizer=settings)
    seen = []
    before = torch.zeros(0)
    scores = iter([0.5, 0.6, 0.55, 0.5, 0.55, 0.7, 0.7, 0.7])
    for record in train(model, examples, config, lambda: next(scores)):
        weights = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
        if isinstance(record, Evaluation):
            seen.append((weights, before))
        else:
            before = weights
    differ = [not torch.equal(*pair) for pair in seen]
    # The fifth score is worse than the best of those more than two evaluations before it.
    assert differ == ([True] * 8 if average == "ema" else [False] * 5 + [True] * 3)


def test_recipes_and_overrides(tmp_path: Path, samples: Path) -> None:
    folder = str(samples / "UD_English-Sample")
    names = ["bilstm", "demo", "joint", "ner", "recurrent", "srl", "transformer"]
    for name in names:
        config = read_recipe(name, ["training.epochs=3"], [folder])
        assert config.training.epochs == 3
        assert config.data.train[0].endswith("en_sample-ud-train.conllu")
        assert config.data.dev[0].endswith("en_sample-ud-dev.conllu")
    with pytest.raises(
        ConfigError, match=r"config key training\.epoch does not exist; did you mean epochs\? there are"
    ):
        read_recipe("recurrent", ["training.epoch=3"])
    with pytest.raises(ConfigError, match=r"config key training\.epochs: .* not 'many'"):
        read_recipe("recurrent", ["training.epochs=many"])
    with pytest.raises(
        ConfigError, match="no recipe 'recurent': give a TOML file, or one of bilstm, demo, joint, ner, recurrent"
    ):
        read_recipe("recurent")
    with pytest.raises(ConfigError, match="key=value"):
        read_recipe("recurrent", ["training.epochs"])


def command(samples: Path, output: Path, *more: str) -> list[str]:
    settings = [
        "training.epochs=4",
        "training.checkpoint_seconds=0",
        "model.encoder.context.width=48",
        "training.batch_words=150",
    ]
    options = [option for setting in settings for option in ("--set", setting)]
    folder = samples / "UD_English-Sample"
    return [
        sys.executable,
        "-m",
        "depparse",
        "train",
        "recurrent",
        "--treebank",
        str(folder),
        "-o",
        str(output),
        *options,
        *more,
    ]


def test_a_killed_run_ends_as_a_whole_one(tmp_path: Path, samples: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    subprocess.run(command(samples, tmp_path / "whole"), check=True, capture_output=True, env=environment)
    expected = (tmp_path / "whole" / "model" / "model.safetensors").read_bytes()
    subprocess.run(command(samples, tmp_path / "same"), check=True, capture_output=True, env=environment)
    assert (tmp_path / "same" / "model" / "model.safetensors").read_bytes() == expected
    checkpoint = tmp_path / "killed" / "checkpoint.safetensors"
    kills = 0
    for attempt in range(4):
        more = ["--resume"] if attempt else []
        process = subprocess.Popen(
            command(samples, tmp_path / "killed", *more), stdout=subprocess.DEVNULL, env=environment
        )
        deadline = time.monotonic() + 60
        seen = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while process.poll() is None and time.monotonic() < deadline:
            if attempt < 3 and checkpoint.exists() and checkpoint.stat().st_mtime_ns != seen:
                time.sleep(0.05 * attempt)
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                break
            time.sleep(0.01)
    assert kills >= 2
    assert process.returncode == 0
    assert (tmp_path / "killed" / "model" / "model.safetensors").read_bytes() == expected
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
    for more, message in (([], "holds a run already"), (["--resume"], "not a checkpoint")):
        result = subprocess.run(command(samples, tmp_path / "run", *more), capture_output=True, text=True)
        assert result.returncode == 2
        assert message in result.stderr
        assert result.stderr.strip().splitlines()[-1].startswith("depparse: error: ")
