"""Where the time of a pipeline goes: the seconds of each stage from text to CoNLL-U, with any engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from depparse.features.batch import Batch
from depparse.formats.conllu import write_conllu
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Request
from depparse.model.codec import ModelCodec
from depparse.runtimes.scorer import Reading, Scorer
from depparse.segmentation.batch import TokenBatch
from depparse.segmentation.segmenter import Segmenter, SegmenterScorer
from depparse.segmentation.symbols import Floats, Ints
from depparse.tasks.task import Stage

READING, SEGMENTER = "read, segment, build sentences", "segmenter: network"
FEATURES, ENCODER = "features, batches", "encoder"
ANNOTATING, REST, WRITING = "annotate sentences", "rest: copies, order, memory", "write"

P = ParamSpec("P")
T = TypeVar("T")


class StageClock:
    """Counts the seconds of each stage, without those of the stages within it, also if several threads work.

    `now` is a clock in seconds, such as `time.perf_counter` or, for the processor seconds of each thread,
    `time.thread_time`.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.spent: dict[str, float] = {}
        self._now, self._lock, self._thread = now, threading.Lock(), threading.local()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts what is done in the block as this stage."""
        open_stages: list[str] = self._thread.__dict__.setdefault("stages", [])
        self._count(open_stages)
        open_stages.append(name)
        try:
            yield
        finally:
            self._count(open_stages)
            open_stages.pop()

    def _count(self, open_stages: list[str]) -> None:
        """Adds the time since the last change of stages in this thread to the innermost open stage."""
        now = self._now()
        if open_stages:
            with self._lock:
                name = open_stages[-1]
                self.spent[name] = self.spent.get(name, 0.0) + now - self._thread.since
        self._thread.since = now

    def timed(self, name: str, function: Callable[P, T]) -> Callable[P, T]:
        """The function, whose calls count as this stage."""

        def call(*args: P.args, **named: P.kwargs) -> T:
            with self.stage(name):
                return function(*args, **named)

        return call

    def iterate(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """The items; making each of them counts as this stage."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item


def profile(
    pipeline: Pipeline, source: Path, target: Path, now: Callable[[], float], request: Request | None = None
) -> dict[str, float]:
    """The seconds of each stage, in the order of the work, from text in the file `source` to CoNLL-U in `target`.

    Each task has a stage ``TASK: network`` and a stage ``TASK: decoding``. A segmenter of another package counts as
    reading.
    """
    clock, request = StageClock(now), request or Request()
    timed = _timed_pipeline(pipeline, clock)
    sentences = clock.iterate(READING, timed.read([source], "text", request=request))
    parsed = clock.iterate(REST, timed.annotate_stream(sentences, request=request))
    clock.timed(WRITING, write_conllu)(parsed, target)
    tasks = [] if timed.codec is None else timed.codec.order
    of_tasks = [stage for name in tasks for stage in (_network(name), _decoding(name))]
    order = [READING, SEGMENTER, FEATURES, ENCODER, *of_tasks, ANNOTATING, REST, WRITING]
    return {stage: clock.spent[stage] for stage in order if stage in clock.spent}


def _network(task: str) -> str:
    return f"{task}: network"


def _decoding(task: str) -> str:
    return f"{task}: decoding"


def _timed_pipeline(pipeline: Pipeline, clock: StageClock) -> Pipeline:
    """A pipeline that does the same by the same parts, each under the clock."""
    codec, scorer, segmenter = pipeline.codec, pipeline.scorer, pipeline.segmenter
    if isinstance(segmenter, Segmenter):
        segmenter = Segmenter(segmenter.codec, _TimedSegmenterScorer(segmenter.scorer, clock))
    if codec is None or scorer is None:
        return Pipeline(None, segmenter=segmenter)
    return Pipeline(_timed_codec(codec, clock), segmenter=segmenter, scorer=_TimedScorer(scorer, clock))


def _timed_codec(codec: ModelCodec, clock: StageClock) -> ModelCodec:
    timed = _timed_copy(codec, clock, example=FEATURES, collate=FEATURES, read_trees=FEATURES)
    timed.tasks = {
        name: _timed_copy(task, clock, decode=_decoding(name), analyze=_decoding(name), annotate=ANNOTATING)
        for name, task in codec.tasks.items()
    }
    return timed


def _timed_copy(part: T, clock: StageClock, **stages: str) -> T:
    """A copy of a part, the calls of whose methods count as these stages, where it has such methods."""
    timed = copy(part)
    for method, stage in stages.items():
        with suppress(AttributeError):  # nor can classes with slots be timed; what they do counts as the rest
            setattr(timed, method, clock.timed(stage, getattr(part, method)))
    return timed


class _TimedScorer:
    """An engine under the clock (a `Scorer`)."""

    def __init__(self, scorer: Scorer, clock: StageClock) -> None:
        self._scorer, self._clock = scorer, clock

    def read(self, batch: Batch) -> Reading:
        with self._clock.stage(ENCODER):
            return _TimedReading(self._scorer.read(batch), self._clock)


class _TimedReading:
    """A batch that an engine under the clock has read (a `Reading`)."""

    def __init__(self, reading: Reading, clock: StageClock) -> None:
        self._reading, self._clock = reading, clock

    def scores(self, task: str, trees: Any = None) -> Any:
        with self._clock.stage(_network(task)):
            return self._reading.scores(task, trees)

    def stage(self, task: str) -> Stage:
        return self._clock.timed(_network(task), self._reading.stage(task))


class _TimedSegmenterScorer:
    """The engine of a segmenter under the clock (a `SegmenterScorer`)."""

    def __init__(self, scorer: SegmenterScorer[Any], clock: StageClock) -> None:
        self._scorer, self._clock = scorer, clock

    def ends(self, symbols: Ints) -> tuple[Any, Floats]:
        with self._clock.stage(SEGMENTER):
            return self._scorer.ends(symbols)

    def tokens(self, states: Any, tokens: TokenBatch) -> tuple[Floats, Floats]:
        with self._clock.stage(SEGMENTER):
            return self._scorer.tokens(states, tokens)
