"""Whole runs from Python: several treebanks, data on disk, what is written about a run, and how a run ends early."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import depparse
from depparse.document.document import Document
from depparse.errors import ConfigError, DepparseError
from depparse.layers.tensors import to_tensors
from depparse.training.estimate import Estimate
from depparse.training.gold import read_gold
from depparse.training.loop import Evaluation, Step, TrainingConfig, train
from depparse.training.optim import OptimizerConfig
from depparse.training.recipe import read_recipe, treebank_name
from depparse.training.run import Began, Done, Record, Scored
from tests.models import small_model
from tests.recipes import TINY
from tests.runs import launch, weights
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
    done = records[-1]
    assert isinstance(done, Done)
    assert list(done.tests) == ["en_sample-ud-test", "de_sample-ud-test"]
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
    assert f"| de_sample-ud-test | {100 * done.tests['de_sample-ud-test']['UPOS'].f1:.2f}" in pipeline.card


def test_treebanks_are_named_by_folder_or_file(tmp_path: Path, samples: Path) -> None:
    assert treebank_name(str(samples / "UD_German-Sample" / "de_sample-ud-train.conllu")) == "UD_German-Sample"
    (tmp_path / "news.conllu").write_text(TWO)
    assert treebank_name(str(tmp_path / "news.conllu")) == "news"
    files = [str(tmp_path / folder / "dev.conllu") for folder in ("a", "b")]
    for file in files:
        Path(file).parent.mkdir()
        Path(file).write_text(TWO)
    assert [(gold.name, gold.source) for gold in read_gold("dev", files, ["x", "b"])] == [(files[0], 0), (files[1], 1)]
    assert [gold.name for gold in read_gold("dev", files[:1], [])] == ["dev"]


def test_overrides_of_all_kinds_and_what_is_wrong_with_them(samples: Path) -> None:
    folder = str(samples / "UD_English-Sample")
    config = read_recipe(TINY, {"training.epochs": 5, "model.encoder.inputs.0.width": 8}, [folder], {"dev": ["d"]})
    assert (config.training.epochs, config.model.encoder.inputs[0].width) == (5, 8)  # type: ignore[union-attr]
    assert config.data.dev == ("d",)
    assert read_recipe(config, {"data.test": "t"}).data.test == ("t",)
    assert read_recipe(config) == config
    assert TINY["training"]["epochs"] == 2
    with pytest.raises(ConfigError, match=r"training\.epoch does not exist; did you mean epochs"):
        depparse.train(TINY, treebank=folder, set={"training.epoch": 1})
    with pytest.raises(
        ConfigError, match=r"config key trainin does not exist; did you mean training\? there are: segm"
    ):
        depparse.train(TINY, treebank=folder, set={"trainin": 1})
    with pytest.raises(ConfigError, match="metric: 'LSA' is no score; there are Tokens, "):
        depparse.train(TINY, treebank=folder, set={"metric": "LSA"})


def test_what_cannot_be_trained_is_told_before(tmp_path: Path, samples: Path) -> None:
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
from depparse.training.card import peak_memory_mib
from tests.recipes import TINY
settings = {"data.on_disk": sys.argv[2] == "disk", "training.epochs": 1, "training.batch_words": 2000}
depparse.train(TINY, train=sys.argv[1], set=settings, output=sys.argv[3])
print(peak_memory_mib())
"""


def test_memory_hardly_grows_with_data_on_disk(tmp_path: Path) -> None:
    words = "one two three four five six seven eight nine ten".split()
    peaks = {}
    for size in (500, 4000):
        with open(tmp_path / f"{size}.conllu", "w") as out:
            for number in range(size):
                out.write(f"# sent_id = {number}\n# text = {' '.join(words)} {number}\n")
                for place, word in enumerate([*words, str(number)], 1):
                    head, label = (place - 1, "dep" if place > 1 else "root")
                    misc = f"Id={number}.{place}"  # strings of its own for every word, as in real data
                    out.write(f"{place}\t{word}\t{word}{number}\tNUM\t_\t_\t{head}\t{label}\t_\t{misc}\n")
                out.write("\n")
        for kind in ("disk", "memory"):
            arguments = [str(tmp_path / f"{size}.conllu"), kind, str(tmp_path / f"{size}{kind}")]
            result = subprocess.run([sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
            peaks[size, kind] = float(result.stdout)
    growth = {kind: peaks[4000, kind] - peaks[500, kind] for kind in ("disk", "memory")}  # MiB
    assert growth["memory"] > 10, "else nothing was measured"
    assert growth["disk"] < growth["memory"] / 2, peaks


def state_of(path: Path, stop: str | None, *, resume: bool = False) -> tuple[list[torch.Tensor], list[float]]:
    """The end of a run of four epochs that is interrupted in the middle of an epoch, in an evaluation, or not."""
    document = two_sentences()
    model = small_model()
    examples = [model.example(sentence, targets=True) for sentence in document]
    config = TrainingConfig(epochs=4, batch_words=9, precision="fp32", checkpoint_seconds=1e9)
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


@pytest.mark.parametrize("stop", ["step", "evaluation"])
def test_an_interrupted_run_loses_nothing(stop: str, tmp_path: Path) -> None:
    expected, losses = state_of(tmp_path / "whole", None)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        state_of(tmp_path / "checkpoint", stop)
    assert signal.getsignal(signal.SIGINT) is before
    found, rest = state_of(tmp_path / "checkpoint", None, resume=True)
    assert all(map(torch.equal, found, expected))
    assert rest == losses[1:]  # the first evaluation was over, in both


def test_training_that_diverges_stops() -> None:
    document = two_sentences()
    model = small_model()
    with torch.no_grad():
        model.tasks["dependencies"].arcs[0, 0] = float("nan")  # type: ignore[index, union-attr]
    examples = [model.example(sentence, targets=True) for sentence in document]
    with pytest.raises(DepparseError, match="loss of the task dependencies is nan: training diverged"):
        list(train(model, examples, TrainingConfig(epochs=1), lambda: 0.0))


def test_patience() -> None:
    model = small_model()
    examples = [model.example(sentence, targets=True) for sentence in two_sentences()]
    scores = iter([0.1, 0.3, 0.2, 0.4, 0.4, 0.3, 0.9])
    config = TrainingConfig(epochs=7, patience=2, precision="fp32")
    records = [r for r in train(model, examples, config, lambda: next(scores)) if isinstance(r, Evaluation)]
    assert [(r.score, r.improved) for r in records[-3:]] == [(0.4, True), (0.4, False), (0.3, False)]
    assert len(records) == 6


def test_words_without_annotation_give_no_loss() -> None:
    """Heads of some words, and whole columns of one sentence: the loss is the mean over what is annotated."""
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
    # One word without head and relation.
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


TWO_PROCESSES = """
import json, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from depparse.document.document import Document
from depparse.training.loop import TrainingConfig, train
from depparse.training.optim import OptimizerConfig
from depparse.training.processes import Processes
from tests.models import small_model
from tests.sentences import partly_annotated

folder = Path(sys.argv[1])
document = Document.from_conllu(partly_annotated())
model = small_model("bilstm", document=document)
for module in model.modules():
    for name in ("probability", "dropout"):
        if isinstance(getattr(module, name, None), float):
            setattr(module, name, 0.0)
    if hasattr(module, "config") and hasattr(module.config, "weight_drop"):
        module.config = module.config.model_copy(update={"weight_drop": 0.0})
    config = getattr(getattr(module, "codec", None), "config", None)
    if hasattr(config, "min_count") and hasattr(config, "dropout"):
        module.codec.config = config.model_copy(update={"dropout": 0.0})
examples = [model.example(sentence, targets=True) for sentence in document]
optimizer = OptimizerConfig(kind="sgd", learning_rate=0.1)
config = TrainingConfig(epochs=4, batch_words=60, precision="fp32", checkpoint_seconds=0, optimizer=optimizer)
evaluated = []
losses = [record.losses for record in train(
    model, examples, config, lambda: evaluated.append(1) or 0.5, checkpoint=folder / "checkpoint",
) if hasattr(record, "step")]
number = Processes().number
save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / f"{number}.safetensors")
(folder / f"{number}.json").write_text(json.dumps({"losses": losses, "evaluated": len(evaluated)}))
"""


def test_two_processes_learn_as_one(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    (tmp_path / "script.py").write_text(TWO_PROCESSES)
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        result = launch(processes, str(tmp_path / "script.py"), str(folder))
        assert result.returncode == 0, result.stderr
    one, first, second = (
        load_file(tmp_path / name) for name in ("1/0.safetensors", "2/0.safetensors", "2/1.safetensors")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.allclose(one[name], first[name], atol=1e-5) for name in first)
    told = [json.loads((tmp_path / name).read_text()) for name in ("1/0.json", "2/0.json", "2/1.json")]
    assert [item["evaluated"] for item in told] == [4, 4, 0]
    assert told[1]["losses"] == told[2]["losses"]
    for here, there in zip(told[0]["losses"], told[1]["losses"], strict=True):
        assert here == pytest.approx(there, abs=1e-4)


def test_the_command_in_two_processes_prints_and_writes_once(tmp_path: Path, samples: Path) -> None:
    settings = ["training.epochs=1", "model.encoder.context.width=16", "training.batch_words=500"]
    settings += ["segmentation.training.epochs=2", "segmentation.network.width=16"]
    options = [option for setting in settings for option in ("--set", setting)]
    folder = str(samples / "UD_German-Sample")
    command = ["-m", "depparse", "train", "bilstm", "--treebank", folder, "-o", str(tmp_path / "run"), *options]
    result = launch(2, *command)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("the model is in") == 1
    assert result.stdout.count("parameters") == 2  # of the segmenter and of the model
    for name, evaluations in (("segmenter", 2), ("metrics", 1)):
        assert len((tmp_path / "run" / f"{name}.jsonl").read_text().splitlines()) == evaluations
    nlp = depparse.load(tmp_path / "run")
    assert nlp.writes
    assert nlp.segmenter is not None


def test_sgd_and_adamw_are_two_optimizers() -> None:
    document = two_sentences()
    ends = []
    for kind in ("adamw", "sgd"):
        model = small_model()
        examples = [model.example(sentence, targets=True) for sentence in document]
        settings = OptimizerConfig.model_validate(
            {"kind": kind, "learning_rate": 0.1, "decay": "none", "warmup": 0, "average": "none", "weight_decay": 0}
        )
        before = model.tasks["dependencies"].arcs.detach().clone()  # type: ignore[union-attr, operator]
        config = TrainingConfig(epochs=1, batch_words=1000, precision="fp32", optimizer=settings)
        list(train(model, examples, config, lambda: 0.0))
        after = model.tasks["dependencies"].arcs.detach()  # type: ignore[union-attr, operator]
        ends.append((after - before).abs().max().item())
    # The first step of Adam has the length of the learning rate in every direction, that of SGD follows the gradient.
    assert ends[0] == pytest.approx(0.1, rel=1e-3)
    assert 0 < ends[1] < 0.1
