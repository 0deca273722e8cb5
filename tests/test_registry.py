"""The folder is the registry: names, entry points, and errors that name the full key."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from depparse.config import parse
from depparse.document.document import Document
from depparse.encoders.codec import CONTEXTS, INPUTS
from depparse.errors import ConfigError, ModelError
from depparse.files import hash_file
from depparse.layers.trees.reader import LAYERS
from depparse.model.codec import TASKS, ModelConfig
from depparse.model.model import Model
from depparse.model_folder.store import load, save
from depparse.training.loop import TrainingConfig
from depparse.training.optim import OptimizerConfig
from tests.models import annotated, learn
from tests.packages import install
from tests.recipes import INPUTS as SMALL
from tests.sentences import two_sentences

# A task of another package writes to XPOS whether a word has a capital.
SHOUT = """
from typing import Literal
import torch
from depparse.features.batch import pad
from depparse.layers.losses import cross_entropy
from depparse.tasks.task import TaskConfig

class ShoutConfig(TaskConfig):
    type: Literal["shout"] = "shout"
    yes: str = "UP"

class ShoutCodec:
    Config = ShoutConfig
    reads, writes = (), ("XPOS",)
    def __init__(self, config):
        self.config = config
    @classmethod
    def build(cls, config, sentences):
        return cls(config)
    def targets(self, sentence):
        return [int(form[0].isupper()) for form in sentence.columns["FORM"]]
    def collate(self, rows):
        return pad(rows)
    def decode(self, scores, batch, stage):
        best = scores.argmax(-1).tolist()
        return [row[1 : e.length + 1] for row, e in zip(best, batch.examples)]
    def annotate(self, sentence, prediction):
        sentence.columns["XPOS"] = [self.config.yes if up else "low" for up in prediction]
    def to_json(self):
        return None
    @classmethod
    def from_json(cls, config, data):
        return cls(config)

class Shout(torch.nn.Module):
    Codec = ShoutCodec
    def __init__(self, codec, widths):
        super().__init__()
        self.codec = codec
        self.classifier = torch.nn.Linear(widths.context, 2)
    def forward(self, encoded, layout, trees=None):
        return self.classifier(encoded.context)
    def loss(self, scores, targets):
        return cross_entropy(scores, targets)
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package on the path, installed as far as `importlib.metadata` can see."""
    site = tmp_path / "site"
    points = (
        "[depparse.tasks]\nshout = other_package:Shout\nbroken = other_package:Nothing\ntagger = other_package:Shout\n"
    )
    install(site, "other-package", points, SHOUT)
    monkeypatch.syspath_prepend(str(site))
    yield site
    sys.modules.pop("other_package", None)


def test_the_folders_are_the_registry() -> None:
    assert {"tagger", "lemmatizer", "dependencies"} <= set(TASKS.names())
    assert {"words", "characters", "vectors", "transformer", "treebank"} <= set(INPUTS.names())
    assert {"bilstm", "linear_recurrent"} <= set(CONTEXTS.names())
    assert not {"encoder", "dropout", "linear_recurrence", "bilstm"} & set(INPUTS.names())
    assert LAYERS.names() == ["dglstm", "gcn"]
    assert INPUTS.config("words")().type == "words"


def test_a_task_of_another_package_is_learned_saved_and_loaded(other_package: Path, tmp_path: Path) -> None:
    assert {"shout", "tagger"} <= set(TASKS.names())
    data = {
        "encoder": {"inputs": SMALL},
        "tasks": {
            "mine": {"type": "shout", "yes": "BIG"},
            "tagger": {"type": "tagger", "columns": ["UPOS", "FEATS"]},
        },
    }
    document = two_sentences()
    model = Model.build(parse(ModelConfig, data), document.sentences)
    assert model.tasks["tagger"].__class__.__name__ == "Tagger"  # a package does not replace our tasks
    settings = OptimizerConfig(learning_rate=1e-2, average="none")
    config = TrainingConfig(epochs=60, precision="fp32", evaluate_every=60, optimizer=settings)
    learn(model, document, config)
    save(model, tmp_path / "m")
    assert json.loads((tmp_path / "m" / "config.json").read_text("utf-8"))["model"]["tasks"]["mine"]["yes"] == "BIG"
    again = load(tmp_path / "m")
    assert annotated(again, document).to_conllu() == annotated(model, document).to_conllu()


def test_a_model_folder_can_name_nothing_else(other_package: Path, tmp_path: Path) -> None:
    (other_package / "evil.py").write_text("raise SystemExit('imported')\nTASK = None\n", encoding="utf-8")
    data = {"encoder": {"inputs": SMALL}, "tasks": {"tagger": {"type": "tagger"}}}
    save(Model.build(parse(ModelConfig, data), two_sentences().sentences), tmp_path / "m")
    saved = (tmp_path / "m" / "config.json").read_text("utf-8")
    hashes = json.loads((tmp_path / "m" / "manifest.json").read_text("utf-8"))
    for name in (
        "evil",
        "other_package",
        "other_package:Shout",
        "..evil",
        "tagger.Tagger",
        "os.path",
        "__init__",
        "",
        "no",
    ):
        (tmp_path / "m" / "config.json").write_text(
            saved.replace('"type": "tagger"', f'"type": {json.dumps(name)}'), encoding="utf-8"
        )
        hashes["config.json"] = hash_file(tmp_path / "m" / "config.json")
        (tmp_path / "m" / "manifest.json").write_text(json.dumps(hashes), encoding="utf-8")
        with pytest.raises(
            ModelError, match=r"m/config\.json: config key model\.tasks\.tagger\.type is wrong: there is no"
        ):
            load(tmp_path / "m")
    assert "evil" not in sys.modules


def test_an_entry_point_that_cannot_be_imported_is_one_line(other_package: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"key tasks\.x\.type is wrong: 'broken' of the package other-package cannot be imported"
    ):
        parse(ModelConfig, {"tasks": {"x": {"type": "broken"}}})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"tasks": {"tagger": {"type": "tagger", "widht": 3}}},
            r"key model\.tasks\.tagger\.widht does not exist; did you mean width\? there are: type, replaces, columns",
        ),
        (
            {"encoder": {"inputs": [{"type": "words"}, {"type": "words", "wdth": 3}]}},
            r"key model\.encoder\.inputs\.1\.wdth does not exist; did you mean width\? there are: type, width, min",
        ),
        (
            {"encoder": {"context": {"type": "bilstm", "layer": 3}}},
            r"key model\.encoder\.context\.layer does not exist; did you mean layers\?",
        ),
        ({"encoder": {"context": {"type": "bilstm", "layers": 0}}}, r"key model\.encoder\.context\.layers: .* not 0$"),
        (
            {"encoder": {"context": {"type": "words"}}},
            r"key model\.encoder\.context\.type is wrong: there is no 'words'; there are: bilstm, linear_recurrent",
        ),
        (
            {"tasks": {"x": {"type": "taggr"}}},
            r"key model\.tasks\.x\.type is wrong: there is no 'taggr'; did you mean tagger\? there are: .*lemmatizer",
        ),
        ({"tasks": {"x": {"width": 3}}}, r"key model\.tasks\.x\.type is missing; there are: .*tagger"),
        ({"tasks": {"x": {"type": ["tagger"]}}}, r"key model\.tasks\.x\.type is wrong"),
        ({"tasks": {"x": "tagger"}}, r"key model\.tasks\.x is a table with a type, not 'tagger'"),
        ({"encoder": {"inputs": [{"type": "vectors"}]}}, r"key model\.encoder\.inputs\.0\.file is missing"),
        (
            {"encoder": {"inputs": [{"type": "characters", "windows": []}]}},
            r"key model\.encoder\.inputs\.0\.windows has 1 to 128",
        ),
        (
            {"taks": {}, "encoder": 3},
            r"key model\.taks does not exist; did you mean tasks\? there are: encoder, tasks$",
        ),
    ],
)
def test_errors_name_the_full_key(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(ModelConfig, data, "model")


def test_configs_survive_json() -> None:
    data = {
        "tasks": {"tagger": {"type": "tagger", "width": 7}},
        "encoder": {"context": {"type": "bilstm", "layers": 2}},
    }
    config = parse(ModelConfig, data)
    assert parse(ModelConfig, config.model_dump(mode="json")) == config
    assert parse(ModelConfig, json.loads(config.model_dump_json())) == config
    with pytest.raises(ConfigError, match=r"there is no 'words'"):
        Model.build(ModelConfig(tasks={"x": INPUTS.read({"type": "words"})}), Document([]).sentences)
