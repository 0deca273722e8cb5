"""The engine of OpenVINO: the numbers of torch, in any batch, thread and process, without torch."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

import depparse
from depparse.document.document import Document
from depparse.errors import ConfigError, DepparseError
from depparse.features.batch import WordTree
from depparse.files import hash_file
from depparse.formats.table import read
from depparse.inference.pipeline import Pipeline
from depparse.layers.graph import Graphs, computes_in
from depparse.layers.stored import Precision, StoredWeights
from depparse.model.model import Model
from depparse.model_folder.contents import read_contents
from depparse.model_folder.store import save
from depparse.runtimes.openvino import OpenVinoScorer, OpenVinoSegmenterScorer
from depparse.runtimes.scorer import Scorer
from depparse.runtimes.torch import TorchScorer
from depparse.segmentation.torch_scorer import TorchSegmenterScorer
from tests.conftest import ROOT
from tests.models import model_of, small_model
from tests.pretrained import tiny_transformer
from tests.recipes import DGLSTM, ENHANCED, GCN, INPUTS, TASKS
from tests.segmenters import random_segmenter
from tests.sentences import two_sentences

ODD = "Anna liked it. So did 3 others, didn't they?\n\nA𝔘x 日本語 " + "long" * 30 + " 👩‍👧 word. " * 7


def engines(model: Model, folder: Path, **options: Any) -> tuple[Scorer, Scorer]:
    """The scorers of torch and of OpenVINO for the model."""
    save(model, folder, **options)
    contents = read_contents(folder)
    assert contents.config is not None
    assert contents.codec is not None
    return TorchScorer(model), OpenVinoScorer(contents.config, contents.codec, contents.stored)


def all_scores(model: Model, scorer: Scorer, document: Document) -> dict[str, Any]:
    """The scores of all tasks that read no trees, with the labels of the first heads of all words."""
    batch = model.collate([model.example(sentence) for sentence in document])
    reading = scorer.read(batch)
    scores = {name: reading.scores(name) for name in model.codec.order if name not in model.codec.readers()}
    if "dependencies" in scores:
        _, dependents, heads = scores["dependencies"]
        chosen = np.zeros((*dependents.shape[:2], 2), np.int64)
        chosen[:, 1:, 1] = 1
        scores["labels"] = reading.stage("dependencies")("label_scores", dependents, heads, chosen)
    return scores


def assert_alike(left: Any, right: Any) -> None:
    if isinstance(left, np.ndarray):
        np.testing.assert_allclose(left, right, rtol=1e-3, atol=3e-4)
    elif left is None:
        assert right is None
    else:
        for key in left if isinstance(left, dict) else range(len(left)):
            assert_alike(left[key], right[key])


ENCODERS: dict[str, Callable[[Path], tuple[list[dict[str, Any]], str]]] = {
    "words, treebanks, in context": lambda _: ([*INPUTS, {"type": "treebank", "width": 4}], "linear_recurrent"),
    "characters": lambda _: ([{"type": "characters", "width": 30, "windows": [2, 3, 7]}], "none"),
    "transformer": lambda path: ([tiny_transformer("wordpiece", path)], "none"),
    "both, in context": lambda path: (
        [tiny_transformer("wordpiece", path), {"type": "characters", "width": 20}],
        "linear_recurrent",
    ),
    "a mix for each task": lambda path: ([tiny_transformer("wordpiece", path, mix="task")], "none"),
    "a mix for each task, in context": lambda path: (
        [tiny_transformer("wordpiece", path, mix="task")],
        "linear_recurrent",
    ),
    "first subwords, small windows": lambda path: (
        [tiny_transformer("wordpiece", path, pooling="first", window=16, layers=2)],
        "linear_recurrent",
    ),
}


def make_model(name: str, path: Path, tasks: dict[str, Any] = TASKS, document: Document | None = None) -> Model:
    """A model with that encoder, whose weights are not those that it began with."""
    inputs, context = ENCODERS[name](path)
    model = model_of(tasks, document, context, inputs=inputs, treebanks=("UD_A", "UD_B"))
    torch.manual_seed(2)
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model.eval()


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_scores_are_those_of_torch(name: str, weights: str, samples: Path, tmp_path: Path) -> None:
    model = make_model(name, tmp_path / "t")
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    document = Document(sorted(document.sentences[:9], key=len))
    engines(model, tmp_path / "m", weights=weights)
    theirs = depparse.load(tmp_path / "m", runtime="torch")
    ours = depparse.load(tmp_path / "m", runtime="openvino", precision="fp32")
    assert theirs.model is not None
    assert theirs.scorer is not None
    assert ours.scorer is not None
    expected = all_scores(theirs.model, theirs.scorer, document)
    assert_alike(all_scores(theirs.model, ours.scorer, document), expected)
    assert ours(document).to_conllu() == theirs(document).to_conllu()


@pytest.mark.parametrize("tree_width", [0, 16])
@pytest.mark.parametrize("trees", ["given", "predicted", "missing"])
def test_scores_of_graphs_are_those_of_torch(tree_width: int, trees: str, samples: Path, tmp_path: Path) -> None:
    document = Document(read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu").sentences[:9])
    tasks = {**TASKS, "enhanced": ENHANCED | {"tree_width": tree_width}}
    model = make_model("words, treebanks, in context", tmp_path / "t", tasks, document)
    batch = model.collate([model.example(sentence) for sentence in document])
    theirs, ours = (scorer.read(batch) for scorer in engines(model, tmp_path / "m"))
    if trees == "predicted":
        scores = theirs.scores("dependencies")
        found = model.codec.tasks["dependencies"].decode(scores, batch, theirs.stage("dependencies"))
        batch = replace(batch, parsed=[WordTree(tree.heads, tree.labels) for tree in found])
    elif trees == "missing":
        batch = replace(batch, parsed=[WordTree([None] * len(each), ["_"] * len(each)) for each in document])
    read_trees = model.codec.read_trees("enhanced", batch)
    assert (read_trees is None) == (tree_width == 0)
    expected, found = (reading.scores("enhanced", read_trees) for reading in (theirs, ours))
    assert_alike(found, expected)
    if expected.kin is not None:
        assert (len(expected.kin.pairs) > 0) == (trees != "missing")
    arcs = np.argwhere(np.isfinite(expected.arc_scores))  # some are between kin, some are not
    inputs = expected.label_dependents, expected.label_heads, arcs, *(expected.kin or ())
    labels, other_labels = (reading.stage("enhanced")("label_scores", *inputs) for reading in (theirs, ours))
    assert labels[0].shape == (len(arcs), len(model.codec.tasks["enhanced"].labels))
    assert_alike(other_labels, labels)


@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("trees", ["given", "predicted"])
def test_graphs_are_those_of_torch(trees: str, weights: str, samples: Path, tmp_path: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    model = make_model("both, in context", tmp_path / "t", {**TASKS, "enhanced": ENHANCED}, document)
    save(model, tmp_path / "m", weights=weights)
    without = ["dependencies"] if trees == "given" else []
    theirs = depparse.load(tmp_path / "m", runtime="torch", without=without)
    ours = depparse.load(tmp_path / "m", runtime="openvino", precision="fp32", without=without)
    expected = theirs(document).to_conllu()
    assert ours(document).to_conllu() == expected
    assert Document.from_conllu(expected)[5].columns["DEPS"] != document[5].columns["DEPS"]


def test_graphs_with_layers_over_trees_are_computed_by_torch(samples: Path, tmp_path: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    save(model_of({**TASKS, "enhanced": ENHANCED | GCN}, document, "linear_recurrent"), tmp_path / "m")
    ours, theirs = (depparse.load(tmp_path / "m", runtime=name) for name in ("openvino", "torch"))
    assert ours(document).to_conllu() == theirs(document).to_conllu()


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_a_sentence_has_the_same_scores_in_any_batch(precision: Precision, samples: Path, tmp_path: Path) -> None:
    if not computes_in(precision):
        pytest.skip(f"this processor does not compute in {precision}")
    model = make_model("both, in context", tmp_path / "t")
    save(model, tmp_path / "m")
    scorer = depparse.load(tmp_path / "m", runtime="openvino", precision=precision).scorer
    assert scorer is not None
    document = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    short = min(document, key=len)
    alone = all_scores(model, scorer, Document([short]))
    beside = all_scores(model, scorer, Document([max(document, key=len), short]))
    length = len(short) + 1
    np.testing.assert_allclose(
        beside["dependencies"].arc_scores[1, :length, :length],
        alone["dependencies"].arc_scores[0],
        rtol=1e-4,
        atol=1e-4,
    )
    for many, one in zip(beside["tagger"], alone["tagger"], strict=True):
        np.testing.assert_allclose(many[1, :length], one[0], rtol=1e-4, atol=1e-4)


def test_integers_are_close_to_full_precision() -> None:
    if not computes_in("int8"):
        pytest.skip("this processor does not compute in int8")
    random = np.random.default_rng(1)
    matrix, values = random.normal(size=(64, 256)).astype(np.float32), random.normal(size=(9, 256)).astype(np.float32)
    values[3] *= 1000  # a row of other size changes no other row
    graphs = Graphs("int8", threads=1)
    x = graphs.parameter(-1, 256)
    function = graphs.compile([x], [graphs.linear(x, StoredWeights({"weight": matrix}))])
    (result,) = function(values)
    expected = values @ matrix.T
    errors = np.abs(result - expected).max(1) / np.abs(expected).max(1)
    assert 1e-4 < errors.max() < 0.02
    (alone,) = function(values[:1])
    np.testing.assert_array_equal(alone, result[:1])


def test_segmentation_is_that_of_torch(samples: Path, tmp_path: Path) -> None:
    segmenter = random_segmenter(samples)
    save(None, tmp_path / "s", segmenter=segmenter)
    ours = depparse.load(tmp_path / "s", runtime="openvino").segmenter
    theirs = depparse.load(tmp_path / "s", runtime="torch").segmenter
    assert type(ours.scorer) is OpenVinoSegmenterScorer  # type: ignore[union-attr]
    assert type(theirs.scorer) is TorchSegmenterScorer  # type: ignore[union-attr]
    texts = [ODD, "A.", "", " \n ", ODD * 30, "x" * 9000]
    for mine, other in zip(ours.segment_all(texts), theirs.segment_all(texts), strict=True):  # type: ignore[union-attr]
        assert [sentence.to_conllu() for sentence in mine] == [sentence.to_conllu() for sentence in other]


def test_tasks_without_a_graph_are_computed_by_torch(samples: Path, tmp_path: Path) -> None:
    document = read(samples / "UD_English-Sample" / "en_sample-up-dev.conllup")
    model = model_of({**TASKS, "enhanced": ENHANCED, "srl": {"type": "srl"}}, document, "linear_recurrent")
    save(model, tmp_path / "m")
    ours, theirs = (depparse.load(tmp_path / "m", runtime=name) for name in ("openvino", "torch"))
    assert [s.to_conllup() for s in ours(document)] == [s.to_conllup() for s in theirs(document)]


def test_threads_and_processes_get_the_same(samples: Path, tmp_path: Path) -> None:
    save(make_model("both, in context", tmp_path / "t"), tmp_path / "m", segmenter=random_segmenter(samples))
    nlp = depparse.load(tmp_path / "m", runtime="openvino")
    texts = [ODD[n:] for n in range(0, 40, 5)]
    expected = [nlp(text).to_conllu() for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: nlp(text).to_conllu(), texts)) == expected
    assert [d.to_conllu() for d in nlp.pipe(texts, workers=2, batch_size=2)] == expected
    scorer, segmenter = pickle.loads(pickle.dumps((nlp.scorer, nlp.segmenter)))
    assert Pipeline(nlp.codec, segmenter=segmenter, scorer=scorer)(texts[0]).to_conllu() == expected[0]


def test_the_model_is_there_in_torch_when_it_is_asked_for(samples: Path, tmp_path: Path) -> None:
    save(small_model("linear_recurrent"), tmp_path / "m", segmenter=random_segmenter(samples))
    nlp = depparse.load(tmp_path / "m", without=["lemmatizer"])
    assert type(nlp.scorer) is OpenVinoScorer
    expected = nlp(ODD).to_conllu()
    assert isinstance(nlp.model, Model)
    assert type(nlp.scorer) is TorchScorer
    assert nlp.parts == ("segmenter", "tagger", "dependencies")
    assert nlp(ODD).to_conllu() == expected


def test_a_pipeline_of_openvino_can_be_saved(samples: Path, tmp_path: Path) -> None:
    save(small_model("linear_recurrent"), tmp_path / "m", segmenter=random_segmenter(samples))
    depparse.load(tmp_path / "m").save(tmp_path / "copy")
    for name in ("model.safetensors", "vocab.json"):
        assert (tmp_path / "copy" / name).read_bytes() == (tmp_path / "m" / name).read_bytes()
    nlp = depparse.load(tmp_path / "m")
    nlp.segmenter = None
    nlp.save(tmp_path / "copy")
    assert depparse.load(tmp_path / "copy").parts == ("tagger", "lemmatizer", "dependencies")


def test_what_has_no_graph_is_computed_by_torch_or_refused(tmp_path: Path) -> None:
    save(small_model("bilstm"), tmp_path / "m")
    assert type(depparse.load(tmp_path / "m").scorer) is TorchScorer
    with pytest.raises(ConfigError, match="bilstm has no graph for OpenVINO; load it with runtime='torch'"):
        depparse.load(tmp_path / "m", runtime="openvino")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runtime": "onnx"}, "runtime is one of auto, torch, openvino, not 'onnx'"),
        ({"precision": "fp8"}, "precision is one of auto, fp32, bf16, int8, not 'fp8'"),
        ({"runtime": "torch", "precision": "int8"}, "precision 'int8' needs the runtime openvino"),
        ({"runtime": "openvino", "device": "cuda"}, "computes on the device 'cpu', not on 'cuda'"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    save(small_model("none"), tmp_path / "m")
    with pytest.raises(ConfigError, match=message):
        depparse.load(tmp_path / "m", **options)


WITHOUT_TORCH = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "accelerate", "datasets"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Blocked())
import depparse
nlp = depparse.load(sys.argv[1], precision="fp32")
text = open(sys.argv[2], encoding="utf-8").read()
def conllup(document):
    return "".join(sentence.to_conllup() for sentence in document)
print(conllup(nlp(text)), end="")
print([conllup(d) for d in nlp.pipe([text] * 3, workers=2, batch_size=1)][2], end="")
try:
    depparse.load(sys.argv[3])(text)
except depparse.DepparseError as error:
    print(error)
"""


def test_no_torch_is_needed(samples: Path, tmp_path: Path) -> None:
    """Also by worker processes. A task without a graph says in one line that it needs torch."""
    document = read(samples / "UD_English-Sample" / "en_sample-up-dev.conllup")
    tasks = {**TASKS, "enhanced": ENHANCED, "srl": {"type": "srl", "syntax": {"type": "gcn", "width": 16, "layers": 2}}}
    model = make_model("both, in context", tmp_path / "t", tasks, document)
    save(model, tmp_path / "m", segmenter=random_segmenter(samples))
    save(model_of({**TASKS, "enhanced": ENHANCED | DGLSTM}, document, "none"), tmp_path / "n")
    (tmp_path / "text").write_text(ODD, encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("m", "text", "n")]
    result = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, *paths], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    expected = depparse.load(tmp_path / "m", runtime="torch")(ODD)
    *printed, message = result.stdout.splitlines(keepends=True)
    assert "".join(printed) == 2 * "".join(sentence.to_conllup() for sentence in expected)
    assert "the task enhanced needs torch, which is not installed" in message


LOADED = """
import multiprocessing, sys
import depparse
from depparse.layers import graph
text = "Anna liked it. So did 3 others, didn't they?"
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    nlp = depparse.load(sys.argv[1], runtime="openvino")
    assert not graph.has_started()
    parsed = [document.to_conllu() for document in nlp.pipe([text] * 3, workers=2, batch_size=1)]
    assert not graph.has_started()
    assert parsed == [nlp(text).to_conllu()] * 3
    assert graph.has_started()
    print(parsed[0], end="")
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the platform has no fork")
@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_a_process_that_has_only_loaded_a_model_can_be_forked(weights: str, samples: Path, tmp_path: Path) -> None:
    save(
        make_model("both, in context", tmp_path / "t"),
        tmp_path / "m",
        segmenter=random_segmenter(samples),
        weights=weights,
    )
    (tmp_path / "script.py").write_text(LOADED, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "m")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n\n") >= 1


SCRIPT_WITH_A_CLASS = """
import sys
import depparse
from depparse.text import rules
class Own:
    def segment(self, pieces): return rules.segment(pieces)
nlp = depparse.load(sys.argv[1])
nlp.segmenter = Own()
nlp("Anna liked it.")
try:
    list(nlp.pipe(["Anna liked it."] * 3, workers=2, batch_size=1))
except depparse.DepparseError as error:
    print(error)
"""


def test_a_class_of_the_script_cannot_be_sent_to_another_program(tmp_path: Path) -> None:
    save(small_model("none"), tmp_path / "m")
    (tmp_path / "script.py").write_text(SCRIPT_WITH_A_CLASS, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "m")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("a worker process cannot import what it is to use (")
    assert result.stdout.endswith("must be in a module, not in the script that is run or in a notebook\n")


@pytest.mark.slow
def test_weights_of_any_wrong_shape_are_refused(samples: Path, tmp_path: Path) -> None:
    """Every tensor, with a row or a column less, or more."""
    document = read(samples / "UD_English-Sample" / "en_sample-up-dev.conllup")
    tasks = {**TASKS, "enhanced": ENHANCED | {"tree_width": 8}, "srl": {"type": "srl"} | GCN}
    model = make_model("both, in context", tmp_path / "t", tasks, document)
    save(model, tmp_path / "m", segmenter=random_segmenter(samples))
    path = tmp_path / "m" / "model.safetensors"
    stored = load_file(path)
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))
    assert len(stored) > 100
    for name, values in stored.items():
        for axis in range(values.ndim):
            for wrong in (np.delete(values, 0, axis), np.concatenate([values, values.take([0], axis)], axis)):
                save_file({**stored, name: wrong}, path)
                manifest["model.safetensors"] = hash_file(path)
                (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
                with pytest.raises(DepparseError) as caught:
                    depparse.load(tmp_path / "m")(ODD)
                assert "\n" not in str(caught.value), (name, axis)


def test_the_environment_names_a_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(small_model("none"), tmp_path / "m")
    monkeypatch.setenv("DEPPARSE_RUNTIME", "onnx")
    with pytest.raises(ConfigError, match="DEPPARSE_RUNTIME is one of auto, torch, openvino, not 'onnx'"):
        depparse.load(tmp_path / "m")
    assert type(depparse.load(tmp_path / "m", runtime="openvino").scorer) is OpenVinoScorer
    monkeypatch.setenv("DEPPARSE_RUNTIME", "torch")
    assert type(depparse.load(tmp_path / "m").scorer) is TorchScorer
    monkeypatch.setenv("DEPPARSE_RUNTIME", "")
    assert type(depparse.load(tmp_path / "m").scorer) is OpenVinoScorer


@pytest.mark.parametrize("part", ["encoder.context.project.weight", "tasks.tagger.classifiers.UPOS.0.weight"])
def test_weights_of_the_wrong_shape_are_refused(part: str, tmp_path: Path) -> None:
    save(small_model("linear_recurrent"), tmp_path / "m")
    contents = read_contents(tmp_path / "m")
    contents.stored[part] = contents.stored[part][:, 1:]
    assert contents.config is not None
    assert contents.codec is not None
    if part.startswith("encoder"):  # then torch tells what is wrong, since the pipeline is not made
        with pytest.raises(RuntimeError):
            OpenVinoScorer(contents.config, contents.codec, contents.stored)
        return
    scorer = OpenVinoScorer(contents.config, contents.codec, contents.stored)
    with pytest.raises(DepparseError, match="the weights of the task tagger do not fit together"):
        Pipeline(contents.codec, scorer=scorer)(two_sentences())
