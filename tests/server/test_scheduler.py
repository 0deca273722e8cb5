"""The thread in which requests share batches: fairness, errors of single jobs, its end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from depparse.document.document import Document
from depparse.inference.inputs import Given, InputReader
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Request
from depparse.server.limits import Limits, Refusal
from depparse.server.scheduler import Job, Scheduler
from tests.models import clear_pipeline
from tests.segmenters import Expanding
from tests.servers import Gated


@dataclass
class Running:
    """A scheduler with a pipeline, and what was reported."""

    pipeline: Pipeline
    limits: Limits = field(default_factory=Limits)
    faults: list[Exception] = field(default_factory=list)
    finished: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(lambda jobs, words, seconds: None, self.faults.append)

    def submit(self, given: Given, request: Request | None = None) -> Job:
        """Submits a job."""
        reader = InputReader(self.pipeline.segmenter)
        job = Job(self.pipeline, request or Request(), reader, given, self.limits, self.finished.append)
        self.scheduler.submit(job)
        return job

    def text(self, job: Job) -> str:
        """The result of a job in CoNLL-U."""
        assert job.error is None
        return Document(copy for copies in job.result for copy in copies).to_conllu()


def test_a_short_request_does_not_wait_for_the_end_of_a_long_one() -> None:
    pipeline = Gated(clear_pipeline())
    running = Running(pipeline)
    running.scheduler.start()
    pipeline.gate.clear()
    long_text = "Dogs bark at cats.\n\n" * 3000
    long = running.submit(long_text)
    assert pipeline.entered.wait(20)
    short = running.submit("Tom sleeps.")
    pipeline.gate.set()
    running.scheduler.stop()
    assert running.finished == [short, long]
    assert len(long.result) == 3000
    assert len(pipeline.rounds) > 2
    assert running.text(long) == pipeline(long_text).to_conllu()
    assert running.text(short) == pipeline("Tom sleeps.").to_conllu()


def test_different_requests_do_not_share_batches() -> None:
    pipeline = Gated(clear_pipeline())
    running = Running(pipeline)
    running.scheduler.start()
    pipeline.gate.clear()
    running.submit("First.")
    assert pipeline.entered.wait(20)
    asked = [Request(), Request(without=frozenset({"tagger"})), Request(), Request(k_best=2)]
    jobs = [running.submit("Anna saw apples.", request) for request in asked]
    pipeline.gate.set()
    running.scheduler.stop()
    assert sorted(map(len, pipeline.rounds)) == [1, 1, 1, 2]
    for job, request in zip(jobs, asked, strict=True):
        assert running.text(job) == pipeline("Anna saw apples.", request=request).to_conllu()


class Fragile(Expanding):
    """A segmenter that fails at a word."""

    def segment_all(self, texts):  # type: ignore[no-untyped-def]
        """The sentences of each text."""
        return [list(self.segment([text])) for text in texts]

    def segment(self, pieces):  # type: ignore[no-untyped-def]
        """The sentences of the text. Raises RuntimeError."""
        text = "".join(pieces)
        if "secret" in text:
            raise RuntimeError(text)
        return super().segment([text])


def test_text_that_cannot_be_segmented_harms_no_other() -> None:
    pipeline = clear_pipeline()
    pipeline.segmenter = Fragile()
    running = Running(pipeline)
    running.scheduler.start()
    jobs = [running.submit(text) for text in ("Dogs bark.", "A secret.", "Cats sleep.", "secret " * 2000)]
    running.scheduler.stop()
    kinds = [None if job.error is None else job.error.kind for job in jobs]
    assert kinds == [None, "internal", None, "internal"]
    assert [type(fault) for fault in running.faults] == [RuntimeError, RuntimeError]
    assert running.text(jobs[2]) == pipeline("Cats sleep.").to_conllu()


def test_input_that_is_at_fault_is_told() -> None:
    """Two heads that are kept make a cycle, so there is no tree; the other request is analysed."""
    row = "{}\tw\t_\t_\t_\t_\t{}\tdep\t_\t_\n"
    wrong = Document.from_conllu("# sent_id = s7\n" + row.format(1, 2) + row.format(2, 1) + "\n")
    right = Document.from_conllu(row.format(1, 0) + row.format(2, 1) + "\n")
    running = Running(clear_pipeline())
    request = Request(keep=frozenset({"HEAD"}))
    running.scheduler.start()
    jobs = [running.submit(given, request) for given in (wrong, right)]
    running.scheduler.stop()
    error = jobs[0].error
    assert error is not None
    assert (error.status, error.kind) == (400, "input")
    assert "s7" in str(error)
    assert running.text(jobs[1]).count("\n") == 3
    assert not running.faults


def test_a_cancelled_job_is_not_analysed() -> None:
    pipeline = Gated(clear_pipeline())
    running = Running(pipeline)
    running.scheduler.start()
    pipeline.gate.clear()
    first = running.submit("First.")
    assert pipeline.entered.wait(20)
    second = running.submit("Second.")
    second.cancelled = True
    first.cancelled = True
    pipeline.gate.set()
    running.scheduler.stop()
    assert (pipeline.rounds, running.finished) == ([["First."]], [])


def test_after_its_end_a_scheduler_takes_nothing() -> None:
    running = Running(clear_pipeline())
    with pytest.raises(Refusal, match="stopping"):
        running.submit("Before.")
    running.scheduler.start()
    assert running.scheduler.is_working
    running.scheduler.stop()
    assert not running.scheduler.is_working
    with pytest.raises(Refusal, match="stopping"):
        running.submit("After.")
    assert "depparse-scheduler" not in [thread.name for thread in threading.enumerate()]
