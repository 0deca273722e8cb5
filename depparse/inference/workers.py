"""Work shared out among processes; its results come in the order of the jobs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from depparse.errors import DepparseError

Job = TypeVar("Job")
Result = TypeVar("Result")
_AHEAD = 2  # jobs for each worker that are read ahead: one in work, one waiting

# A forked child has none of its parent's OpenMP threads, and torch would wait for them forever. (A DataLoader does the
# same in its workers.)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _use_one_thread())


def run_in_order(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int = 1
) -> Generator[tuple[Job, Result], None, None]:
    """(job, ``work(job)``) for each job, in order; with several workers, in so many processes of one torch thread each.

    Jobs are read when they are needed, at most twice as many as there are workers ahead. An exception of a worker is
    raised here. When the iterator is closed, interrupted or ended by an error, the workers are killed, whatever they
    do; and they end when this process is killed. They are started in the way that `multiprocessing` is set to, so a
    script whose platform does not fork needs its ``if __name__ == "__main__":``.

    Raises DepparseError if a worker is killed.
    """
    if workers == 1:
        for job in jobs:
            yield job, work(job)
        return
    waiting: deque[tuple[Job, Future[Any]]] = deque()
    with _Workers(work, workers) as pool:
        for job in jobs:
            waiting.append((job, pool.submit(job)))
            if len(waiting) == _AHEAD * workers:
                job, future = waiting.popleft()
                yield job, future.result()
        while waiting:
            job, future = waiting.popleft()
            yield job, future.result()


class _Workers:
    """Processes, each with a pipe of its own.

    The pools of the standard library have one for all, so that one which is killed while it sends a result leaves
    their reader waiting for the rest of it, forever. Here it is the end of its pipe. loky survives this as well, but
    always starts new programs, each of which imports torch and loads the model; forked processes share the model.
    """

    def __init__(self, work: Callable[[Any], Any], workers: int) -> None:
        context = multiprocessing.get_context()
        # A forked child has all that its parent has. Others get bytes: what torch passes instead lies in shared memory,
        # which is small in many containers.
        given = work if context.get_start_method() == "fork" else pickle.dumps(work)
        self._alive = context.Pipe(duplex=False)  # nothing is ever sent: its end is that of this process
        self._processes: list[Any] = []
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._threads = ThreadPoolExecutor(workers)  # each waits for one process
        try:
            for _ in range(workers):
                ours, theirs = context.Pipe()
                self._idle.put(ours)
                process = context.Process(target=_serve, args=(given, theirs, *self._alive), daemon=True)
                self._processes.append(process)
                with _no_interrupts():
                    process.start()
                theirs.close()  # so that the pipe ends with the worker
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> _Workers:
        return self

    def submit(self, job: Any) -> Future[Any]:
        return self._threads.submit(self._run, job)

    def _run(self, job: Any) -> Any:
        given = pickle.dumps(job)
        connection = self._idle.get()
        try:
            connection.send_bytes(given)
            answer = connection.recv_bytes()
        except (EOFError, OSError):
            message = "a worker process was killed or could not start; if memory ran out, use fewer workers"
            raise DepparseError(message) from None
        finally:
            self._idle.put(connection)
        result, error = pickle.loads(answer)
        if error is not None:
            raise error
        return result

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            if process.pid is not None:
                process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            if process.pid is not None:
                process.join()
        while not self._idle.empty():
            self._idle.get().close()
        for end in self._alive:
            end.close()


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """A process that is started here is not interrupted before it can tell what to do then."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- in the workers


def _serve(given: Any, connection: Connection, reader: Connection, writer: Connection) -> None:
    """Does the jobs that come, until there are no more."""
    writer.close()  # so that it closes with the parent
    threading.Thread(target=_end_with_parent, args=(reader,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all its processes: the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    work = pickle.loads(given) if isinstance(given, bytes) else given
    _use_one_thread()
    with contextlib.suppress(EOFError):
        while True:
            connection.send_bytes(_answer(work, connection.recv_bytes()))


def _use_one_thread() -> None:
    """Of torch, if that is the engine: it is not imported for this."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def _answer(work: Callable[[Any], Any], job: bytes) -> bytes:
    """A pickled pair: the result and None, or None and the exception."""
    try:
        return pickle.dumps((work(pickle.loads(job)), None))
    except Exception as error:
        if not isinstance(error, DepparseError):
            error.add_note(f"in a worker process:\n{traceback.format_exc()}")
        try:
            answer = pickle.dumps((None, error))
            pickle.loads(answer)  # which is what fails if an exception wants other arguments than it passes on
            return answer
        except Exception:
            return pickle.dumps((None, RuntimeError("".join(traceback.format_exception(error)))))


def _end_with_parent(reader: Connection) -> None:
    wait([reader])
    os._exit(1)
