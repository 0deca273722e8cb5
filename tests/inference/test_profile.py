"""The profile by stage: nested stages are counted once, and any engine and segmenter can be measured."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any

import pytest

from depparse.document.document import Document
from depparse.features.batch import Batch
from depparse.formats.conllu import read_conllu
from depparse.inference.pipeline import Pipeline
from depparse.inference.profile import StageClock, profile
from depparse.runtimes.scorer import Reading, Scorer
from depparse.segmentation.segmenter import Segmenter
from tests.models import model_of, small_model
from tests.recipes import ENHANCED, PARSER
from tests.segmenters import Expanding
from tests.sentences import two_sentences

TEXT = "Tom sees Anna.  Whom did\nTom see?\n"


class Slotted:
    """An engine whose objects take no further attributes."""

    __slots__ = ("scorer",)

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def read(self, batch: Batch) -> Reading:
        """As the engine that it was given."""
        return self.scorer.read(batch)


def rows(document: Document) -> list[str]:
    """The lines of the words, without comments."""
    return [line for line in document.to_conllu().splitlines() if not line.startswith("#")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "in.txt"


def test_stages_within_stages_are_counted_once() -> None:
    time = 0.0
    clock = StageClock(lambda: time)

    def inner(value: int) -> int:
        nonlocal time
        time += 3
        return value

    def fail() -> float:
        nonlocal time
        time += 20
        return 1 / 0

    items = clock.iterate("items", (clock.timed("inner", inner)(value) for value in range(2)))
    with clock.stage("outer"):
        time += 1
        assert list(items) == [0, 1]
        time += 10
        with pytest.raises(ZeroDivisionError):
            clock.timed("broken", fail)()
    time += 50
    assert clock.spent == {"outer": 11, "inner": 6, "broken": 20, "items": 0}


def test_each_thread_has_its_own_stages() -> None:
    entered, left = threading.Event(), threading.Event()
    time = itertools.count()
    clock = StageClock(lambda: next(time))

    def work() -> None:
        with clock.stage("other"):
            entered.set()
            left.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    entered.wait(10)
    with clock.stage("this"):
        pass
    left.set()
    thread.join()
    assert clock.spent == {"this": 1, "other": 3}


def test_every_moment_belongs_to_a_stage(source: Path, segmenter: Segmenter, tmp_path: Path) -> None:
    model = model_of({**PARSER, "enhanced": ENHANCED}, two_sentences())
    pipeline = Pipeline(model, segmenter=segmenter)
    times = []

    def now() -> float:
        times.append(float(len(times)))
        return times[-1]

    spent = profile(pipeline, source, tmp_path / "out.conllu", now)
    tasks = [f"{task}: {part}" for task in model.codec.order for part in ("network", "decoding")]
    before, after = ["read, segment, build sentences", "segmenter: network", "features, batches", "encoder"], [
        "annotate sentences", "rest: copies, order, memory", "write",
    ]  # fmt: skip
    assert list(spent) == [*before, *tasks, *after]
    assert sum(spent.values()) == times[-1]
    assert rows(read_conllu(tmp_path / "out.conllu")) == rows(pipeline(TEXT))
    # The pipeline itself is not under the clock.
    n_times = len(times)
    pipeline(TEXT)
    assert len(times) == n_times


@pytest.mark.parametrize("others", [{}, {"segmenter": Expanding()}])
def test_any_engine_and_segmenter_can_be_measured(others: dict[str, Any], source: Path, tmp_path: Path) -> None:
    pipeline = Pipeline(small_model(), **others)
    scorer = pipeline.scorer
    assert scorer is not None
    request = pipeline.request(without="lemmatizer")
    other = Pipeline(small_model().codec, scorer=Slotted(scorer), **others)
    clock = itertools.count()
    spent = profile(other, source, tmp_path / "out.conllu", lambda: next(clock), request)
    assert {"encoder", "dependencies: network", "dependencies: decoding"} <= set(spent)
    assert not any("lemmatizer" in stage or "segmenter" in stage for stage in spent)
    assert rows(read_conllu(tmp_path / "out.conllu")) == rows(pipeline(TEXT, request=request))


def test_a_segmenter_alone_can_be_measured(source: Path, segmenter: Segmenter, tmp_path: Path) -> None:
    clock = itertools.count()
    spent = profile(Pipeline(None, segmenter=segmenter), source, tmp_path / "out.conllu", lambda: next(clock))
    assert "segmenter: network" in spent
    assert "encoder" not in spent
