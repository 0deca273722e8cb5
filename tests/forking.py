"""Runs commands in processes of their own that start at once: a server has imported libraries, and forks for each one.

A new interpreter takes one to three seconds to import what depparse needs, most of the time of a test that runs a
command. The child of a fork has its own streams, folder, environment, signals and exit code, as any process. What
depends on the start of the interpreter (when is what imported, how much memory is taken) is tested in new ones.

`python -m tests.forking` is the server: it reads a request on a line of standard input, a JSON object, and answers with
the exit code.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_FOLLOWED = ("PYTHONPATH",)
_PRELOADED = (
    "torch", "pyarrow.parquet", "typer.main", "rich.console", "depparse.inference.pipeline",
    "depparse.model_folder.store", "depparse.training.run", "depparse.treebanks.checks",
)  # fmt: skip


class Server:
    """The process that forks."""

    def __init__(self) -> None:
        environment = _ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
        self.variables = interpreter(environment)
        command = [sys.executable, "-m", "tests.forking"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment, text=True
        )
        atexit.register(self.close)

    def call(self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], streams: Sequence[str]) -> int:
        """The exit code of `depparse ARGUMENTS`, with these files as its three standard streams."""
        request = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment), "streams": streams}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        answer = ""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        finally:
            if not answer:  # it has ended, or its answer would be taken for that of the next call
                self.process.kill()
        if not answer:
            raise RuntimeError("the process that forks has ended")
        return int(answer)

    def close(self) -> None:
        """Ends the process."""
        with contextlib.suppress(OSError):
            self.process.communicate()


_ENVIRONMENT = dict(os.environ)  # before any test changes it
_server: list[Server] = []


def interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that an interpreter reads when it starts, but for those that `become` follows."""
    return {name: value for name, value in environment.items() if name.startswith("PYTHON") and name not in _FOLLOWED}


def run_depparse(
    *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] = os.environ, input: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs `depparse ARGUMENTS`, as `subprocess.run` does with captured text. Streams are files."""
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        for path in paths:
            path.write_text(input if path is paths[0] else "", encoding="utf-8", newline="")
        code = call_depparse(words, cwd or Path.cwd(), environment, [str(path) for path in paths])
        output, errors = (path.read_bytes().decode() for path in paths[1:])
    # Universal newlines, as of a process that is opened as text.
    output, errors = (text.replace("\r\n", "\n").replace("\r", "\n") for text in (output, errors))
    return subprocess.CompletedProcess(["depparse", *words], code, output, errors)


def call_depparse(words: Sequence[str], cwd: Path, environment: Mapping[str, str], streams: Sequence[str]) -> int:
    """The exit code of a command, with these files (or terminals) as its standard streams."""
    if _server and _server[0].process.poll() is not None:
        _server.clear()  # it was killed
    if not _server:
        _server.append(Server())
    if interpreter(environment) == _server[0].variables:
        return _server[0].call(words, cwd, environment, streams)
    with open(streams[0], "rb") as source, open(streams[1], "wb") as output, open(streams[2], "wb") as errors:
        command = [sys.executable, "-m", "depparse", *words]
        return subprocess.run(command, stdin=source, stdout=output, stderr=errors, cwd=cwd, env=environment).returncode


def serve() -> None:
    """Answers requests until there are none."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # so that a collection of garbage in a child copies no memory of this process
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(work(request))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def work(request: dict[str, Any]) -> int:
    """Runs a command in this process; its exit code. What is imported is not taken apart, which would take seconds."""
    become(request)
    code: object = 0
    try:
        runpy.run_module("depparse", run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as an interpreter does at its end
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code if isinstance(code, int) else int(code is not None)


def become(request: dict[str, Any]) -> None:
    """Makes this process one that was started with the arguments, folder, environment and streams of the request."""
    for number, path in enumerate(request["streams"]):
        handle = os.open(path, (os.O_WRONLY if number else os.O_RDONLY) | os.O_NOCTTY)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    sys.path[:1] = [request["cwd"], *filter(None, request["environment"].get("PYTHONPATH", "").split(os.pathsep))]
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    serve()
