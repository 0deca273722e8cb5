"""Everything that another engine than torch needs works where torch cannot be imported."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import depparse
import depparse.errors
from depparse.document.document import Document
from depparse.features.batch import plan_batches
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.model_folder.store import save
from depparse.runtimes.torch import TorchScorer
from depparse.tasks.task import Stage
from tests.models import small_model

# The script parses with scores that are stored by the names of their tasks and stages.
BLOCKED = """
import json, sys
from pathlib import Path

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "accelerate", "datasets"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import numpy as np
import depparse, depparse.errors
from depparse.config import parse
from depparse.model.codec import ModelCodec, ModelConfig
from depparse.tasks.dependencies.codec import DependencyScores

folder = Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text("utf-8"))
model_config = parse(ModelConfig, config["model"])
codec = ModelCodec.from_json(model_config, json.loads((folder / "vocab.json").read_text("utf-8")))
written = dict(np.load(folder / "scores.npz"))

class Reading:
    def scores(self, task, trees=None):
        arrays = [written[f"{task}.{n}"] for n in range(sum(name.startswith(task + ".") for name in written))]
        return DependencyScores(*arrays) if task == "dependencies" else arrays if task == "tagger" else arrays[0]
    def stage(self, task):
        return lambda name, *inputs: (written[f"{task}-{name}"].copy(),)

class Scorer:
    def read(self, batch):
        return Reading()

nlp = depparse.Pipeline(codec, scorer=Scorer())
text = (folder / "text.txt").read_text("utf-8")
document = nlp(text)
print(document.to_conllu(), end="")
assert [d.to_conllu() for d in nlp.pipe([text] * 3, workers=2, batch_size=1)] == [document.to_conllu()] * 3
assert [s.to_conllu() for s in nlp.annotate_stream(nlp.segment(text))] == [s.to_conllu() for s in document]
try:
    nlp.save(folder / "copy")
except depparse.errors.ConfigError as error:
    assert "but Scorer computes the networks" in str(error)
assert "torch" not in sys.modules
"""


def test_a_pipeline_of_another_engine_needs_no_torch(tmp_path: Path) -> None:
    """The pipeline, its workers, codecs, batches and structures need no torch from text to CoNLL-U, but for scores."""
    model, text = small_model(), "Anna did not buy 2 apples. Whom did Tom see sleeping?"
    expected = Pipeline(model)(text)
    assert len(expected) == 2
    save(model, tmp_path / "m")
    (tmp_path / "m" / "text.txt").write_text(text, encoding="utf-8")
    np.savez(tmp_path / "m" / "scores.npz", **_scores(model, expected))
    result = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(tmp_path / "m")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected.to_conllu()


MISSPELT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Blocked())
from depparse.config import parse
from depparse.errors import ConfigError
from depparse.model.codec import ModelConfig
for config in (
    {"tasks": {"t": {"type": "taggr"}}},
    {"encoder": {"inputs": [{"type": "word"}]}},
    {"encoder": {"context": {"type": "bilsm"}}},
    {"tasks": {"srl": {"type": "srl", "syntax": {"type": "gnc"}}}},
):
    try:
        parse(ModelConfig, config)
    except ConfigError as error:
        print(error)
"""


def test_a_misspelt_type_is_told_without_torch() -> None:
    """This holds for parts with a file for codec or config; parts of one file need torch to be looked at."""
    result = subprocess.run([sys.executable, "-c", MISSPELT], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    task, part, context, syntax = result.stdout.splitlines()
    assert "did you mean tagger? there are: dependencies, enhanced, lemmatizer, srl, tagger, transitions (" in task
    assert "did you mean words? there are: characters, transformer, treebank, vectors, words (" in part
    assert "did you mean bilstm? there are: bilstm, linear_recurrent (" in context
    assert "did you mean gcn? there are: dglstm, gcn (" in syntax


class Recorder:
    """Calls a second stage, and keeps what it gives."""

    def __init__(self, task: str, stage: Stage) -> None:
        self.task, self.stage = task, stage
        self.arrays: dict[str, NDArray[Any]] = {}

    def __call__(self, name: str, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        (array,) = self.stage(name, *inputs)
        self.arrays[f"{self.task}-{name}"] = array.copy()
        return (array,)


def _scores(model: Model, words: Document) -> dict[str, NDArray[Any]]:
    """All arrays that the annotator asks for, those of the second stage too."""
    examples = [model.example(sentence) for sentence in words]
    (numbers,) = plan_batches([example.length for example in examples], 2000)
    batch = model.collate([examples[number] for number in numbers])
    reading = TorchScorer(model).read(batch)
    arrays: dict[str, NDArray[Any]] = {}
    for task in ("tagger", "lemmatizer", "dependencies"):
        scores = reading.scores(task, model.codec.read_trees(task, batch))
        parts = scores if isinstance(scores, (list, tuple)) else [scores]
        arrays |= {f"{task}.{number}": part for number, part in enumerate(parts)}
        recorder = Recorder(task, reading.stage(task))
        model.codec.tasks[task].decode(scores, batch, recorder)
        arrays |= recorder.arrays
    return arrays


@pytest.mark.parametrize("room", "document text formats treebanks evaluation visualize structs features".split())
def test_no_file_of_these_rooms_imports_torch(room: str) -> None:
    paths = list((Path(depparse.__file__).parent / room).rglob("*.py"))
    assert len(paths) > 4
    for path in paths:
        assert not re.search(r"\b(import|from) torch\b", path.read_text(encoding="utf-8")), path
