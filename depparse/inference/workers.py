"""Work that is shared among processes, with results in the order of the jobs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import subprocess
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
_AHEAD = 2  # jobs that are read ahead for each worker: one in work, one waiting

# A forked child has none of its parent's OpenMP threads, and torch would wait for them forever, so every child uses one
# thread. (A DataLoader does the same in its workers.)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: use_one_thread())


def run_in_order(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int = 1
) -> Generator[tuple[Job, Result], None, None]:
    """Yields (job, ``work(job)``) for each job, in order.

    Several workers are as many processes, with one torch thread each. Jobs are read when they are needed, at most two
    ahead for each worker. An exception in a worker is raised here. When the iterator is closed, interrupted or ended by
    an error, the workers are killed, whatever they do; and they end when this process is killed. They are started by
    the start method that is set in `multiprocessing`, so on a platform that does not fork, a script needs its
    ``if __name__ == "__main__":``.

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


def in_new_program(work: Callable[[Job], Result]) -> Callable[[Job], Result]:
    """A function that does the same work in a new program, which is started now and ends with this process.

    In a fork of a process that had started OpenVINO, this is the only way to compute as that process does. Raises
    DepparseError if the work cannot be sent there.
    """
    program = _Workers(work, 1)
    return lambda job: program.submit(job).result()


class _Workers:
    """Processes, each with a pipe of its own.

    The pools of the standard library have one pipe for all processes. If a process is killed while it sends a result,
    their reader waits forever for the rest of it; here, the pipe ends with its process. loky survives this as well, but
    always starts new programs, each of which imports torch and loads the model, while forked processes share the model.
    """

    def __init__(self, work: Callable[[Any], Any], workers: int) -> None:
        context = multiprocessing.get_context()
        # A forked child has all that its parent has. Other processes get the work as bytes, through their pipe: torch
        # would pass tensors by shared memory, which is small in many containers, and the standard library waits forever
        # if a process ends before it has read its arguments, as in a script without a main guard.
        forks = context.get_start_method() == "fork"
        if new_program := forks and _forbids_forks():
            forks = False
        self._sent_work = b"" if forks else _pickled(work)
        self._without_work: set[Connection] = set()
        self._alive = context.Pipe(duplex=False)  # nothing is sent: the pipe ends when this process ends
        self._processes: list[Any] = []
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._threads = ThreadPoolExecutor(workers)  # each waits for one process
        try:
            for _ in range(workers):
                ours, theirs = context.Pipe()
                self._idle.put(ours)
                if not forks:
                    self._without_work.add(ours)
                process: Any
                if new_program:
                    process = _Program(theirs, *self._alive)
                else:
                    arguments = work if forks else None, theirs, *self._alive
                    process = context.Process(target=_serve, args=arguments, daemon=True)
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
        """Gives the job to the next idle process; the future has its result."""
        return self._threads.submit(self._run, job)

    def _run(self, job: Any) -> Any:
        pickled_job = pickle.dumps(job)
        connection = self._idle.get()
        try:
            if connection in self._without_work:
                self._without_work.remove(connection)
                connection.send_bytes(self._sent_work)
            connection.send_bytes(pickled_job)
            answer = connection.recv_bytes()
        except (EOFError, OSError):
            message = (
                "a worker process was killed or could not start; if memory ran out, use fewer workers; a script whose "
                'processes do not fork needs `if __name__ == "__main__":` around what it does'
            )
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


def _pickled(work: Callable[[Any], Any]) -> bytes:
    """The work as bytes. Raises DepparseError if it has a part that cannot be sent to another process."""
    try:
        return pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DepparseError(f"this cannot be done by several processes: {error}") from None


def _forbids_forks() -> bool:
    """Whether this process uses a library that does not run in a fork of it: OpenVINO, once it has been started."""
    module = sys.modules.get("depparse.layers.graph")
    return module is not None and module.has_started()


def is_fork_of_started() -> bool:
    """Whether this process was forked from one that had started OpenVINO."""
    module = sys.modules.get("depparse.layers.graph")
    return module is not None and module.is_fork()


class _Program:
    """A new interpreter that serves, with the methods of a `multiprocessing.Process`.

    Unlike a process that the standard library spawns, it does not run the user's script again, so the script needs no
    main guard; but what it is sent must not refer to that script.
    """

    def __init__(self, *ends: Connection) -> None:
        self._ends = ends
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        numbers = [end.fileno() for end in self._ends]
        code = f"from depparse.inference.workers import serve_on; serve_on(*{numbers})"
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen([sys.executable, "-c", code], pass_fds=numbers, env=environment)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def join(self) -> None:
        if self._process is not None:
            self._process.wait()


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Blocks SIGINT, so that a process that is started here is not interrupted before it has set its own handling."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- in the workers


def serve_on(connection: int, reader: int, writer: int) -> None:
    """Serves as a new program, on the file descriptors that it has inherited."""
    ends = Connection(connection), Connection(reader, writable=False), Connection(writer, readable=False)
    _serve(None, *ends)


def _serve(work: Any, connection: Connection, reader: Connection, writer: Connection) -> None:
    """Does the jobs that come through the connection, until it ends. Without `work`, that comes first."""
    writer.close()  # the parent alone holds this end, so that it closes when the parent ends
    threading.Thread(target=_end_with_parent, args=(reader,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all of its processes, but the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    use_one_thread()
    with contextlib.suppress(EOFError):
        if work is None:
            work = _work_from(connection.recv_bytes())
        while True:
            connection.send_bytes(_answer(work, connection.recv_bytes()))


def _work_from(pickled: bytes) -> Callable[[Any], Any]:
    """The work; or, if it cannot be read here, a function that raises DepparseError for each job."""
    try:
        work: Callable[[Any], Any] = pickle.loads(pickled)
    except (AttributeError, ImportError) as error:
        reason = str(error)

        def work(_job: Any) -> Any:
            raise DepparseError(
                f"a worker process cannot import what it is to use ({reason}): functions and classes for workers "
                "must be in a module, not in the script that is run or in a notebook"
            )

    return work


def use_one_thread() -> None:
    """Limits torch, if it is imported at all, and what reads OMP_NUM_THREADS to one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def _answer(work: Callable[[Any], Any], job: bytes) -> bytes:
    """The answer to a pickled job, as a pickled pair: the result and None, or None and the exception."""
    try:
        return pickle.dumps((work(pickle.loads(job)), None))
    except Exception as error:
        if not isinstance(error, DepparseError):
            error.add_note(f"in a worker process:\n{traceback.format_exc()}")
        try:
            answer = pickle.dumps((None, error))
            pickle.loads(answer)  # this fails if the exception takes other arguments than it passes to its base class
            return answer
        except Exception:
            return pickle.dumps((None, RuntimeError("".join(traceback.format_exception(error)))))


def _end_with_parent(reader: Connection) -> None:
    """Ends this process when the parent's end of the pipe closes."""
    wait([reader])
    os._exit(1)
