"""``depparse serve``: what it says, how it stops, and mistakes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run
from tests.models import clear_pipeline

Serve = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small model."""
    path = tmp_path_factory.mktemp("models") / "small-1"
    clear_pipeline().save(path)
    return path


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve(folder, …)`` starts a server on a free port; returns the process and its address."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "depparse", "serve", "--port", "0", "--threads", "1", *map(str, arguments)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", cwd=tmp_path)
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert " at http://" in line, line + process.stderr.read()
        return process, line.partition(" at ")[2].partition(";")[0]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_server_answers_and_stops_on_sigterm(serve: Serve, folder: Path) -> None:
    process, address = serve("--model", folder, "--model", f"x={folder}", "--log", "info")
    assert address.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        assert list(client.get("/models").json()["models"]) == ["small-1", "x"]
        answer = client.get("/process", params={"data": "A secret.", "tokenizer": "", "parser": ""})
        assert answer.json()["result"].count("\n") > 5
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "GET /process 200" in log
    assert "stopping: requests that were begun are answered first" in log
    assert "secret" not in log
    assert "Traceback" not in log


def test_what_was_begun_is_answered_after_sigterm(serve: Serve, folder: Path) -> None:
    process, address = serve("--model", folder, "--timeout", "100")
    text = "Dogs bark at cats and at many other animals in the garden. " * 3000
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(
            httpx.post(
                f"{address}/process", data={"data": text, "tokenizer": "", "parser": ""}, trust_env=False, timeout=100
            )
        )

    asking = threading.Thread(target=ask)
    asking.start()
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        while "depparse_waiting_requests 1.0" not in client.get("/metrics").text:
            pass
    process.send_signal(signal.SIGTERM)
    asking.join()
    _, log = process.communicate(timeout=30)
    assert (process.returncode, answers[0].status_code) == (0, 200)
    assert answers[0].json()["result"].count("# text = ") == 3000
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--model'"),
        (["--model", "nothing"], "nothing: no such model folder, nor a model of that name"),
        (["--model", "x=nowhere/model"], "nowhere/model: no such model folder"),
        (["--model", "="], "--model is NAME=FOLDER, or a name such as en, or a folder; not '='"),
        (["--model", "en", "--model", "en"], "two models are called en; name one of them: --model NAME=FOLDER"),
        (["--model", "en", "--host", "no such host"], "--host no such host: no such address"),
        (["--model", "en", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1, port 8001: "),
        (["--model", "en", "--port", "70000"], "Invalid value for '--port'"),
        (["--model", "en", "--max-words", "0"], "Invalid value for '--max-words'"),
        (["--model", "en", "--timeout", "0"], "Invalid value for '--timeout'"),
        (["--model", "en", "--log", "debug"], "--log is info, warning or error, not 'debug'"),
        (["--model", "en", "--device", "cpux", "--port", "0"], "the model cannot be put on the device 'cpux'"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, run: Run) -> None:
    result = run("serve", *arguments)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr


def test_a_port_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("serve", "--model", "en", "--port", str(port))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use; choose another by --port" in result.stderr


def test_without_the_extra(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "fastapi.py").write_text("raise ModuleNotFoundError('no', name='fastapi')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    result = run("serve", "--model", "en")
    assert (result.returncode, result.stderr) == (
        2, "depparse: error: this needs the package fastapi: pip install 'depparse[server]'\n"
    )  # fmt: skip
