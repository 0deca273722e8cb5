"""What the routes of the server share: models, limits, the scheduler, and a few threads for reading and writing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import ParamSpec, TypeVar

from starlette.requests import Request as HttpRequest

from depparse.document.sentence import Sentence
from depparse.inference.inputs import Given
from depparse.inference.request import Request
from depparse.server.limits import Limits, disconnected, too_late
from depparse.server.metrics import Metrics
from depparse.server.models import Models, ServedModel
from depparse.server.scheduler import Job, Scheduler

log = logging.getLogger("depparse.server")
_THREADS = 4  # that read input and write output, beside the one that analyses

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Service:
    """The server without its routes."""

    def __init__(self, models: Models, limits: Limits | None = None) -> None:
        self.models, self.limits, self.metrics = models, limits or Limits(), Metrics()
        self.scheduler = Scheduler(self.metrics.observe_round, log_fault)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="depparse-server")

    def start(self) -> None:
        """Starts the scheduler."""
        self.scheduler.start()

    def stop(self) -> None:
        """Ends all threads, after they have done what was begun."""
        self.scheduler.stop()
        self._threads.shutdown()

    async def run(
        self,
        http: HttpRequest,
        function: Callable[Arguments, Result],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> Result:
        """What the function returns, called in another thread. Raises Refusal if that takes too long."""
        loop = asyncio.get_running_loop()
        called = loop.run_in_executor(self._threads, lambda: function(*arguments, **keywords))
        return await self._within_limits(http, called)

    async def analyse(
        self, http: HttpRequest, model: ServedModel, request: Request, given: Given, *, by_rules: bool = False
    ) -> list[Sentence]:
        """The annotated sentences of an input; text is split by rules if `by_rules` says so. Raises Refusal."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish(_: Job) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(_set, done)

        reader = model.pipeline.reader(request, by_rules=by_rules)
        checked = reader.check(given)
        asked = replace(request, presplit=False, expand=False)  # which only the reader needs to know
        job = Job(model.pipeline, asked, reader, checked, self.limits, finish)
        self.scheduler.submit(job)
        try:
            await self._within_limits(http, done)
        finally:
            job.cancelled = True
        if job.error is not None:
            raise job.error
        self.metrics.words.labels(model.name).inc(job.words)
        return list(chain.from_iterable(job.result))

    async def _within_limits(self, http: HttpRequest, awaited: Awaitable[Result]) -> Result:
        """The result. Raises Refusal if it is not there in time, or if the client goes away."""
        work = asyncio.ensure_future(awaited)
        gone = asyncio.ensure_future(_disconnect(http))
        try:
            seconds = http.scope["depparse.deadline"] - asyncio.get_running_loop().time()
            finished, _ = await asyncio.wait({work, gone}, timeout=max(0, seconds), return_when="FIRST_COMPLETED")
        finally:
            gone.cancel()
        if work in finished:
            return work.result()
        work.cancel()
        raise disconnected() if gone in finished else too_late(self.limits)


def _set(done: asyncio.Future[None]) -> None:
    """Marks the future as done, unless nobody waits for it any more."""
    if not done.done():
        done.set_result(None)


async def _disconnect(http: HttpRequest) -> None:
    """Returns when the client has closed the connection."""
    while (await http.receive())["type"] != "http.disconnect":
        pass


def log_fault(error: Exception) -> None:
    """Writes where the error was raised, but not its text, which could hold what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    log.error("internal error: %s at %s", type(error).__name__, places)
