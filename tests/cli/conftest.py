"""Runs the command line as a user does: in its own process."""

from __future__ import annotations

import os
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
