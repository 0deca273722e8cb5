"""The measurement of a model in processes of their own; what they measure is not compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from depparse.errors import DepparseError
from depparse.inference import benchmark
from depparse.inference.benchmark import measure
from depparse.inference.machine import Processor, environment_of_threads, peak_memory_mib
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.description import describe
from depparse.model_folder.facts import DataFile, Facts
from depparse.segmentation.segmenter import Segmenter
from tests.models import small_model

FACTS = Facts(data=(DataFile(split="train", file="a.conllu", sha256="0", language="French"),))


@pytest.fixture
def model(tmp_path: Path, segmenter: Segmenter) -> str:
    Pipeline(small_model(), segmenter=segmenter, facts=FACTS).save(tmp_path / "m")
    return str(tmp_path / "m")


def test_a_text_is_measured_in_new_processes(model: str, tmp_path: Path) -> None:
    text = "Tom sees Anna.  Whom did\nTom see?\n"
    (tmp_path / "letter.txt").write_text(text, encoding="utf-8")
    said: list[str] = []
    measured = measure(model, str(tmp_path / "letter.txt"), rounds=2, without="lemmatizer", say=said.append)
    assert said == ["round 1 of 2", "round 2 of 2"]
    expected = Pipeline(small_model(), segmenter=_segmenter(model))(text)
    for each in measured.rounds:
        assert (each.words, each.sentences) == (sum(map(len, expected)), len(expected))
        assert list(each.start_up) == ["start of Python", "import", "loading", "first sentence"]
        assert all(seconds > 0 for seconds in (*each.parsing, *(s for step in each.start_up.values() for s in step)))
        assert each.peak_mib is None or each.peak_mib > 50  # torch alone takes that
        assert each.engine == "openvino"
    assert [each.profile is None for each in measured.rounds] == [True, False]
    last = measured.rounds[-1].profile
    assert last is not None
    assert "dependencies: network" in last
    assert "lemmatizer: network" not in last
    assert measured.size == describe(model).size
    assert json.loads(json.dumps(measured.to_dict()))["rounds"][1]["profile"] == last
    assert measured.facts()["text"] == f"letter.txt: {sum(map(len, expected))} words in {len(expected)} sentences"


def _segmenter(model: str) -> Segmenter:
    from depparse.inference.load import load

    found = load(model).segmenter
    assert isinstance(found, Segmenter)
    return found


def test_the_built_in_text_is_of_the_language(model: str) -> None:
    measured = measure(model, words=300, rounds=1, threads=2)
    assert measured.text == "sentences of UD_French-Sample, repeated"
    assert measured.profile_clock == "clock"  # several threads work while one waits
    assert [table.columns for table in measured.tables()] == [
        ("", "median", "least", "greatest"),
        ("", "processor", "clock"),
        ("", "seconds", "share"),
    ]


def test_the_built_in_text_has_the_words_that_are_asked(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    texts: list[str] = []

    def run(job: dict[str, str], threads: int) -> None:
        texts.append(Path(job["source"]).read_text(encoding="utf-8"))

    monkeypatch.setattr(benchmark, "_run_process", run)
    for words in (10, 3000, 6000):
        measure(model, words=words, rounds=1)
    counts = [len(text.split()) for text in texts]
    assert counts[0] <= 40
    assert counts[2] / counts[1] == pytest.approx(2, abs=0.05)
    assert 2000 < counts[1] < 3000  # punctuation is counted as words, and does not stand alone here


def test_a_process_that_fails_is_one_error(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    monkeypatch.setattr(benchmark, "_PROCESS", "import os; os._exit(9)")
    with pytest.raises(DepparseError, match="the measured process ended with code 9; if memory ran out"):
        measure(model, rounds=1)


def test_the_machine_is_described() -> None:
    processor = Processor.here()
    assert processor.name
    assert processor.cores >= 1
    environment = environment_of_threads(3)
    assert (environment["OMP_NUM_THREADS"], environment["NUMBA_NUM_THREADS"]) == ("3", "3")
    peak = peak_memory_mib()
    assert peak is None or peak > 5
