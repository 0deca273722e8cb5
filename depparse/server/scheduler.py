"""The analysis of what all clients ask, in one thread: sentences of several requests share batches.

The scheduler works in rounds. In each, every request that waits gives some of its sentences, so that a short request
need not wait for the end of a long one. The analysis of a sentence depends on no other sentence, so that it does not
matter which requests a round has. An error stays with its own request: if a round fails, its requests are analysed one
by one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from depparse.document.sentence import Sentence
from depparse.inference.inputs import Given, InputReader
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Request
from depparse.server.limits import Limits, Refusal

_GATHER = 0.002  # seconds that an idle scheduler waits for further requests after the first
_ROUND = 4000  # words that a round analyses, roughly: some batches, and about a second of work
_LEAST = 250  # words that a request gives to a round in which it takes part, if it has as many
_BEGUN = 64_000  # characters of the texts that are begun before a round
_SHORT = 8000  # characters of texts that are segmented together; longer ones are segmented as they are analysed


@dataclass(eq=False, slots=True)
class Job:
    """The analysis of one request's input. `finish` is called once, in the thread of the scheduler, when it is over."""

    pipeline: Pipeline
    request: Request
    reader: InputReader
    given: Given
    limits: Limits
    finish: Callable[[Job], None]
    cancelled: bool = False  # by another thread: nobody waits for the result any more
    result: list[list[Sentence]] = field(default_factory=list)  # for each sentence its copy, or its k best
    error: Refusal | None = None
    words: int = 0  # so far
    source: Iterator[Sentence] = field(default_factory=lambda: iter(()))
    is_read: bool = False  # whether the source has no more sentences
    is_over: bool = False

    def take(self, words: int) -> list[Sentence]:
        """The next sentences, with about so many words; at least one, unless there is none. Raises Refusal."""
        taken: list[Sentence] = []
        until = self.words + words
        for sentence in self.source:
            if taken and self.words >= until:
                self.source = chain([sentence], self.source)
                return taken
            self.limits.check_sentence(sentence, self.words, self.request.k_best or 1)
            taken.append(sentence)
            self.words += max(1, len(sentence))
        self.is_read = True
        return taken

    def end(self, error: Exception | None = None) -> None:
        """Ends the job, once, with its result or with the error."""
        if not self.is_over:
            self.is_over, self.source = True, iter(())
            self.error = None if error is None else Refusal.of(error)
            if not self.cancelled:
                self.finish(self)


Part = tuple[Job, list[Sentence]]  # a job and its sentences in a round


class Scheduler:
    """Analyses the jobs that any thread submits. `observe` is told the jobs, the words and the seconds of each round,
    and `fault` each error that is no fault of the input."""

    def __init__(
        self,
        observe: Callable[[int, int, float], None],
        fault: Callable[[Exception], None],
    ) -> None:
        self._observe, self._fault = observe, fault
        self._changed = threading.Condition()
        self._new: deque[Job] = deque()
        self._at_work: list[Job] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="depparse-scheduler", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, after all that was submitted has been analysed."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def is_working(self) -> bool:
        """Whether the thread runs, so that jobs are analysed."""
        return self._thread.is_alive() and not self._stopping

    def submit(self, job: Job) -> None:
        """Adds a job. Raises Refusal (503) if the scheduler does not work any more."""
        with self._changed:
            if not self.is_working:
                raise Refusal(503, "stopping", "the server is stopping", retry_after=5)
            self._new.append(job)
            self._changed.notify_all()

    def _run(self) -> None:
        while self._collect():
            try:
                self._round()
            except Exception as error:  # a fault here must not end the thread
                self._fault(error)
                for job in self._at_work:
                    job.end(error)

    def _collect(self) -> bool:
        """Waits for work, and begins the new jobs. False if there is nothing more to do, ever."""
        self._at_work = [job for job in self._at_work if not (job.is_over or job.cancelled)]
        with self._changed:
            if not self._at_work and not self._new:
                self._changed.wait_for(lambda: self._new or self._stopping)
                self._changed.wait_for(lambda: self._stopping, _GATHER)
            new: list[Job] = []
            characters = 0
            while self._new and characters < _BEGUN:
                job = self._new.popleft()
                if not job.cancelled:
                    new.append(job)
                    characters += len(job.given) if isinstance(job.given, str) else 0
            is_end = self._stopping and not self._new
        self._begin(new)
        self._at_work += (job for job in new if not job.is_over)
        return bool(self._at_work) or not is_end

    def _begin(self, jobs: list[Job]) -> None:
        """Sets the sources of the jobs. Short texts are segmented now, those for one segmenter together."""
        together: dict[InputReader, list[Job]] = {}
        for job in jobs:
            if isinstance(job.given, str) and len(job.given) <= _SHORT:
                together.setdefault(job.reader, []).append(job)
            else:
                self._read(job)
        for reader, group in together.items():
            try:
                segmented = reader.sentences_of_all([job.given for job in group])
                for job, sentences in zip(group, segmented, strict=True):
                    job.source = iter(sentences)
            except Exception:
                for job in group:
                    self._read(job)

    def _read(self, job: Job) -> None:
        try:
            job.source = iter(job.reader.sentences(job.given))
        except Exception as error:
            self._end(job, error)

    def _round(self) -> None:
        """Analyses some sentences of the jobs that ask the same as the one that has waited longest."""
        if not self._at_work:
            return
        first = self._at_work[0]
        alike = [job for job in self._at_work if (job.pipeline, job.request) == (first.pipeline, first.request)]
        parts: list[Part] = []
        start, words_left = time.perf_counter(), _ROUND
        for number, job in enumerate(alike):
            if words_left <= 0:
                break
            before = job.words
            try:
                parts.append((job, job.take(max(_LEAST, words_left // (len(alike) - number)))))
            except Exception as error:
                self._end(job, error)
            words_left -= job.words - before
        self._annotate(first.pipeline, first.request, parts)
        took_part = [job for job, _ in parts]
        self._at_work = [*(job for job in self._at_work if job not in took_part), *took_part]
        words = sum(len(sentence) for _, sentences in parts for sentence in sentences)
        self._observe(len(parts), words, time.perf_counter() - start)

    def _annotate(self, pipeline: Pipeline, request: Request, parts: list[Part]) -> None:
        """Adds the annotated sentences to the results of their jobs, and ends the jobs that have no more."""
        sentences = chain.from_iterable(taken for _, taken in parts)
        try:
            annotated = iter(list(pipeline.annotate_each(sentences, request=request)))
        except Exception as error:
            if len(parts) == 1:
                self._end(parts[0][0], error)
            else:
                for part in parts:
                    self._annotate(pipeline, request, [part])
            return
        for job, taken in parts:
            job.result += islice(annotated, len(taken))
            if job.is_read:
                job.end()

    def _end(self, job: Job, error: Exception) -> None:
        job.end(error)
        if job.error is not None and job.error.kind == "internal":
            self._fault(error)
