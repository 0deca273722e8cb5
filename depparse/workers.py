"""Work shared out among processes; its results come in the order of the jobs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

import torch

from depparse.errors import DepparseError

Job = TypeVar("Job")
Result = TypeVar("Result")
_AHEAD = 2  # jobs for each worker that are read ahead: one in work, one waiting

# A forked child has none of its parent's OpenMP threads, and torch would wait for them forever. (A DataLoader does the
# same in its workers.)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def run_in_order(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int = 1
) -> Generator[tuple[Job, Result], None, None]:
    """(job, ``work(job)``) for each job, in order; with several workers, in so many processes of one torch thread each.

    Jobs are read when they are needed, at most twice as many as there are workers ahead. An exception of a worker is
    raised here. When the iterator is closed, interrupted or ended by an error, the workers are stopped at once,
    whatever they do; and so when this process is killed. They are started in the way that `multiprocessing` is set
    to, so a script whose platform does not fork needs its ``if __name__ == "__main__":``.

    Raises DepparseError if a worker is killed.
    """
    if workers == 1:
        for job in jobs:
            yield job, work(job)
        return
    context = multiprocessing.get_context()
    # A forked child has all that its parent has. Others get bytes: what torch passes instead lies in shared memory,
    # which is small in many containers.
    given = work if context.get_start_method() == "fork" else pickle.dumps(work)
    reader, writer = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _begin, (given, reader, writer))
    waiting: deque[tuple[Job, Future[Any]]] = deque()
    finished = False
    try:
        for job in jobs:
            waiting.append((job, _checked(pool.submit, _run, job)))
            if len(waiting) == _AHEAD * workers:
                job, future = waiting.popleft()
                yield job, _checked(future.result)
        while waiting:
            job, future = waiting.popleft()
            yield job, _checked(future.result)
        finished = True
    finally:
        if not finished:
            with contextlib.suppress(OSError):
                writer.send_bytes(b"stop")
        pool.shutdown(cancel_futures=True)
        reader.close()
        writer.close()


def _checked(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except BrokenProcessPool:
        message = "a worker process was killed or could not start; if memory ran out, use fewer workers"
        raise DepparseError(message) from None


# -- in the workers

_work: Callable[[Any], Any] | None = None


def _begin(given: Any, reader: Connection, writer: Connection) -> None:
    """Makes a worker ready: what it has to do, and when to stop."""
    global _work
    writer.close()  # so that it closes with the parent
    threading.Thread(target=_stop, args=(reader,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all its processes: the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)
    _work = pickle.loads(given) if isinstance(given, bytes) else given


def _stop(reader: Connection) -> None:
    """Ends the process when the parent says so, or is gone."""
    wait([reader])
    os._exit(1)


def _run(job: Any) -> Any:
    if _work is None:
        raise RuntimeError("the worker was not made ready")
    return _work(job)
