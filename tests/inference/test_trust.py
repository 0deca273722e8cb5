"""What users rely on: the same analysis in any batch, thread and forked process, of any input, in bounded memory."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from depparse.cli.app import make_app
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.features.batch import Batch
from depparse.formats.table import iter_sentences, read
from depparse.inference.annotator import BATCHES
from depparse.inference.pipeline import Pipeline
from depparse.model.model import Model
from depparse.model_folder.store import save
from depparse.runtimes.torch import TorchScorer
from depparse.structs.trees import is_tree
from depparse.tasks.dependencies.codec import DependencyScores
from depparse.training.loop import TrainingConfig, train
from depparse.training.optim import OptimizerConfig
from tests.models import small_model
from tests.pretrained import MINILM, needs_minilm
from tests.sentences import two_sentences

KINDS = ["bilstm", "gru", "linear_recurrent", pytest.param("transformer", marks=needs_minilm)]


def model_with(kind: str, document: Document | None = None) -> Model:
    """A small model with a context layer of this kind, or with a transformer as its input."""
    if kind == "transformer":
        return small_model("none", [MINILM], document)
    return small_model(kind, document=document)


# -- batches


def analyses(model: Model, sentences: list[Sentence], order: list[int], size: int) -> Iterator[tuple[int, Any, Any]]:
    """For each sentence its number, predictions and scores of its words, in batches of `size` and in that order."""
    for begin in range(0, len(order), size):
        numbers = order[begin : begin + size]
        batch = model.collate([model.example(sentences[number]) for number in numbers])
        scores = model(batch)
        reading = TorchScorer(model).read(batch)
        predictions = {
            name: codec.decode(reading.scores(name, model.codec.read_trees(name, batch)), batch, reading.stage(name))
            for name, codec in model.codec.tasks.items()
        }
        for row, number in enumerate(numbers):
            yield (
                number,
                {name: predicted[row] for name, predicted in predictions.items()},
                words_of(scores, batch, row),
            )


def words_of(scores: dict[str, Any], batch: Batch, row: int) -> list[Tensor]:
    """The scores of one sentence, without padding; those of arcs without forbidden ones."""
    end = batch.examples[row].length + 1
    arcs: DependencyScores[Tensor] = scores["dependencies"]
    columns = [arcs.arc_scores[row, 1:end, :end].nan_to_num(neginf=0.0)]
    return columns + [column[row, 1:end] for column in [*scores["tagger"], scores["lemmatizer"]]]


def decided(predictions: dict[str, Any]) -> dict[str, Any]:
    """The predictions; of the scripts of lemmas, only the best one of each word, without its probability."""
    return predictions | {"lemmatizer": [word[0][0] for word in predictions["lemmatizer"]]}


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("kind", ["bilstm", "linear_recurrent", pytest.param("transformer", marks=needs_minilm)])
def test_every_treebank_is_analysed_alike_in_any_batch(kind: str, shared: Path) -> None:
    count = 4 if kind == "transformer" else 24
    files = sorted((shared / "treebanks").glob("*/*-test.conllu"))
    assert len(files) > 10
    sentences = [s for file in files for s in read(file).sentences[: 10 * count : 10]]
    model = model_with(kind, Document(sentences))
    # Some steps of training set the scores of labels apart, so that no tie hangs on the last bit.
    config = TrainingConfig(
        epochs=1,
        batch_words=600,
        precision="fp32",
        optimizer=OptimizerConfig(learning_rate=1e-2, pretrained_learning_rate=1e-4, average="none"),
    )
    examples = [model.example(sentence, targets=True) for sentence in sentences]
    assert list(train(model, examples, config, lambda: 0.0))
    model.double().eval()  # so that the last bits of the sums, which batches change, are below any tie's difference
    with torch.inference_mode():
        alone = list(analyses(model, sentences, list(range(len(sentences))), 1))
        for size in (7, 256):
            order = random.Random(size).sample(range(len(sentences)), len(sentences))
            for number, predictions, scores in analyses(model, sentences, order, size):
                assert decided(predictions) == decided(alone[number][1]), sentences[number].sent_id
                for ours, expected in zip(scores, alone[number][2], strict=True):
                    torch.testing.assert_close(ours, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("context", ["bilstm", "linear_recurrent"])
def test_sentences_are_analysed_alike_in_any_batch_and_order(context: str, samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    model = small_model(context, document=read(path))

    def parsed(words: int, order: int) -> str:
        analysed = Pipeline(model).annotate_stream(read(path).sentences[::order], batch_words=words)
        return Document(list(analysed)[::order]).to_conllu()

    expected = parsed(5000, 1)
    assert parsed(1, 1) == expected
    assert parsed(60, -1) == expected


# -- threads and processes


@pytest.mark.parametrize("kind", KINDS)
def test_threads_share_a_pipeline(kind: str, samples: Path) -> None:
    documents = [read(path) for path in sorted(samples.glob("*/*-dev.conllu"))]
    pipeline = Pipeline(model_with(kind, documents[0]))
    expected = [pipeline(document).to_conllu() for document in documents]
    n_threads = 4
    barrier = threading.Barrier(n_threads)

    def work(number: int) -> list[str]:
        barrier.wait()
        order = [(number + place) % len(documents) for place in range(len(documents))]
        parsed = {place: pipeline(documents[place]).to_conllu() for place in order}
        return [parsed[place] for place in range(len(documents))]

    with ThreadPoolExecutor(n_threads) as pool:
        for parsed in pool.map(work, range(n_threads)):
            assert parsed == expected


FORKING = """
import os, signal, sys, torch
import depparse
torch.set_num_threads(2)
pipeline, document = depparse.load(sys.argv[1]), depparse.read(sys.argv[2])
expected = pipeline(document).to_conllu()
torch.randn(500, 500) @ torch.randn(500, 500)
child = os.fork()
if child == 0:
    signal.alarm(600)
    torch.randn(500, 500) @ torch.randn(500, 500)
    os._exit(0 if pipeline(document).to_conllu() == expected else 1)
sys.exit(os.waitpid(child, 0)[1] != 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.parametrize("kind", KINDS)
def test_a_forked_process_parses(kind: str, samples: Path, tmp_path: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    save(model_with(kind, read(path)), tmp_path / "m")
    command = [sys.executable, "-c", FORKING, str(tmp_path / "m"), str(path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


# -- odd input


ODD = [
    ["x"],
    ["\x01", "\u200b", "\ufeff", "\x7f", "\u202e"],
    ["a" * 10_000, "ok", "👩🏽‍🚀" * 2_500],
    ["👩🏽‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "e\u0301\u0301\u0301", "\u0301"],
    ["in spite of", "_", "-", "1,000"],
    ["word"] * 1_000,
    [f"w{number}" for number in range(3_000)],
]


@pytest.mark.parametrize("kind", KINDS)
def test_odd_input_is_parsed(kind: str) -> None:
    document = Document(Sentence.from_forms(forms) for forms in ODD)
    parsed = Pipeline(model_with(kind))(document)
    assert [sentence.columns["FORM"] for sentence in parsed] == ODD
    for sentence in parsed:
        assert is_tree(torch.tensor([0, *map(int, sentence.columns["HEAD"])]).numpy())
        assert all(cell for name in ("UPOS", "LEMMA", "DEPREL") for cell in sentence.columns[name])
    assert Document.from_conllu(parsed.to_conllu()).to_conllu() == parsed.to_conllu()


def test_no_sentences_give_no_output(tmp_path: Path) -> None:
    assert len(Pipeline(small_model())(Document())) == 0
    save(small_model(), tmp_path / "m")
    (tmp_path / "empty.conllu").touch()
    result = CliRunner().invoke(make_app(), ["parse", str(tmp_path / "empty.conllu"), "--model", str(tmp_path / "m")])
    assert (result.exit_code, result.stdout) == (0, "")


# -- memory


@pytest.mark.slow
def test_a_stream_is_in_memory_for_some_batches_only() -> None:
    sentence = two_sentences()[0]
    group = BATCHES * 50 // (len(sentence) + 1) + 1  # sentences in as many batches of 50 words
    n_read = 0

    def alive() -> int:
        return sum(type(item) is Sentence for item in gc.get_objects())

    def source(n: int) -> Iterator[Sentence]:
        nonlocal n_read
        for _ in range(n):
            n_read += 1
            yield Sentence.from_forms(sentence.columns["FORM"])

    pipeline = Pipeline(small_model())
    before = alive()
    for n_given, _ in enumerate(pipeline.annotate_stream(source(12 * group), batch_words=50)):
        assert n_read - n_given <= group
        if n_given % group == group // 2:
            assert alive() - before < 4 * group
    assert n_read == 12 * group == n_given + 1


def test_a_file_is_read_while_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sentences are written before the last are read."""
    text = two_sentences().to_conllu()
    (tmp_path / "in.conllu").write_text(text * 4_000, encoding="utf-8")
    events: list[str] = []

    def noted(*arguments: Any) -> Iterator[Sentence]:
        for sentence in iter_sentences(*arguments):
            events.append("read")
            yield sentence

    to_conllu = Sentence.to_conllu
    monkeypatch.setattr("depparse.formats.table.iter_sentences", noted)
    monkeypatch.setattr(Sentence, "to_conllu", lambda self: (events.append("written"), to_conllu(self))[1])
    save(small_model(), tmp_path / "m")
    arguments = ["parse", str(tmp_path / "in.conllu"), "-m", str(tmp_path / "m"), "-o", str(tmp_path / "out.conllu")]
    assert CliRunner().invoke(make_app(), arguments).exit_code == 0
    assert events.count("read") == events.count("written") == 8_000
    assert "read" in events[events.index("written") :]
