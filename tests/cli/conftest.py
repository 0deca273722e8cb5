"""Runs the command line as a user does: in its own process."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run("convert", "-", …, input="…")``: runs depparse in an empty folder, returns code and output."""

    def call(*arguments: str | Path, input: str = "", width: int = 120) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"COLUMNS": str(width), "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-m", "depparse", *map(str, arguments)],
            input=input, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment, check=False,
        )  # fmt: skip

    return call


def on_a_terminal(*arguments: str | Path, width: int = 140, code: int = 0) -> str:
    """What depparse shows on a terminal of so many columns, standard error included."""
    leader, follower = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": str(width)}
    command = [sys.executable, "-m", "depparse", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    output = b""
    with open(leader, "rb", buffering=0) as stream:
        try:
            while data := stream.read(1 << 16):
                output += data
        except OSError:  # Linux says in this way that the other end is closed
            pass
    assert process.wait() == code, output.decode()
    return output.decode()
