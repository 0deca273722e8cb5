"""Runs the command line as a user does: in its own process."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.forking import call_depparse, run_depparse

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run("convert", "-", …, input="…")``: runs depparse in an empty folder, returns code and output."""

    def call(*arguments: str | Path, input: str = "", width: int = 120) -> CompletedProcess[str]:
        environment = os.environ | {"COLUMNS": str(width)}
        return run_depparse(*arguments, cwd=tmp_path, environment=environment, input=input)

    return call


def on_a_terminal(*arguments: str | Path, width: int = 140, code: int = 0) -> str:
    """What depparse shows on a terminal of so many columns, standard error included."""
    leader, follower = pty.openpty()
    terminal, found = os.ttyname(follower), []
    environment = os.environ | {"TERM": "xterm", "COLUMNS": str(width)}

    def call() -> None:
        streams = [os.devnull, terminal, terminal]
        try:
            found.append(call_depparse(list(map(str, arguments)), Path.cwd(), environment, streams))
        finally:
            os.close(follower)  # ends the loop below

    thread = threading.Thread(target=call)
    thread.start()
    output = b""
    with open(leader, "rb", buffering=0) as stream:
        try:
            while data := stream.read(1 << 16):
                output += data
        except OSError:  # Linux says in this way that the other end is closed
            pass
    thread.join()
    assert found == [code], output.decode()
    return output.decode()
