"""Several processes learn as one, and one of them alone prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import depparse
from tests.runs import launch

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
    for name in ("probability", "dropout", "weight_drop"):
        if isinstance(getattr(module, name, None), float):
            setattr(module, name, 0.0)
    config = getattr(getattr(module, "codec", None), "config", None)
    if hasattr(config, "min_count") and hasattr(config, "dropout"):
        module.codec.config = config.model_copy(update={"dropout": 0.0})
examples = [model.example(sentence, targets=True) for sentence in document]
optimizer = OptimizerConfig(kind="sgd", learning_rate=0.1)
config = TrainingConfig(
    epochs=4, batch_words=60, accumulate=int(sys.argv[2]), precision="fp32", checkpoint_seconds=0, optimizer=optimizer
)
evaluated = []
losses = [record.losses for record in train(
    model, examples, config, lambda: evaluated.append(1) or 0.5, checkpoint=folder / "checkpoint",
) if hasattr(record, "step")]
number = Processes().number
save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / f"{number}.safetensors")
(folder / f"{number}.json").write_text(json.dumps({"losses": losses, "evaluated": len(evaluated)}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", [1, 2])
def test_two_processes_learn_as_one(accumulate: int, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(TWO_PROCESSES)
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        result = launch(processes, str(tmp_path / "script.py"), str(folder), str(accumulate))
        assert result.returncode == 0, result.stderr
    one, first, second = (
        load_file(tmp_path / name) for name in ("1/0.safetensors", "2/0.safetensors", "2/1.safetensors")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.allclose(one[name], first[name], atol=1e-5) for name in first)
    reports = [json.loads((tmp_path / name).read_text()) for name in ("1/0.json", "2/0.json", "2/1.json")]
    assert [item["evaluated"] for item in reports] == [4, 4, 0]
    assert reports[1]["losses"] == reports[2]["losses"]
    for loss, other in zip(reports[0]["losses"], reports[1]["losses"], strict=True):
        assert loss == pytest.approx(other, abs=1e-4)


@pytest.mark.slow
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


SEGMENTING = """
import json, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from depparse.formats.table import read
from depparse.segmentation.learner import SegmenterLearner
from depparse.segmentation.config import SegmenterConfig
from depparse.segmentation.passages import make_passages
from depparse.training.loop import TrainingConfig, train
from depparse.training.optim import OptimizerConfig
from depparse.training.processes import Processes
from tests.recipes import WHOLE

folder = Path(sys.argv[1])
config = SegmenterConfig(**WHOLE["segmentation"]["network"], dropout=0.0, unknown=0.0)
passages = list(make_passages(read(sys.argv[2]), 20))
torch.manual_seed(1)
learner = SegmenterLearner.build(config, passages)
optimizer = OptimizerConfig(kind="sgd", learning_rate=0.1)
training = TrainingConfig(epochs=3, batch_words=100, precision="fp32", optimizer=optimizer)
records = train(learner, passages, training, lambda: 0.5)
losses = [record.losses for record in records if hasattr(record, "step")]
number = Processes().number
save_file(dict(learner.state_dict()), folder / f"{number}.safetensors")
(folder / f"{number}.json").write_text(json.dumps(losses))
"""


@pytest.mark.slow
def test_two_processes_learn_to_segment_as_one(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "script.py").write_text(SEGMENTING)
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        data = samples / "UD_French-Sample" / "fr_sample-ud-train.conllu"
        result = launch(processes, str(tmp_path / "script.py"), str(folder), str(data))
        assert result.returncode == 0, result.stderr
    names = ("1/0", "2/0", "2/1")
    one, first, second = (load_file(tmp_path / f"{name}.safetensors") for name in names)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.allclose(one[name], first[name], atol=1e-5) for name in first)
    reports = [json.loads((tmp_path / f"{name}.json").read_text()) for name in names]
    assert reports[1] == reports[2]
    for loss, other in zip(reports[0], reports[1], strict=True):
        assert loss == pytest.approx(other, abs=1e-4)
