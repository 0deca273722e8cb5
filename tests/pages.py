"""The code in the pages of the documentation, and a function that runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT

COMMANDS = f'set -euo pipefail; depparse() {{ {sys.executable} -m depparse "$@"; }}\n'


class Block(NamedTuple):
    """A block of code in a page."""

    language: str
    code: str
    shown: str  # the output that the page shows below it; empty if it shows none

    @property
    def needs_bundled(self) -> bool:
        """Whether the code needs the bundled model."""
        return re.search(r'--model en\b|load\("en"\)', self.code) is not None


def blocks(page: str, languages: Sequence[str] = ("sh", "python")) -> list[Block]:
    """The code of a page in these languages, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    fence = rf"^```({'|'.join(languages)})\n(.*?)^```(?:\n\n```text\n(.*?)^```)?"
    return [Block(*groups) for groups in re.findall(fence, text, re.DOTALL | re.MULTILINE)]


def without_numbers(line: str) -> str:
    """The line with 0 for each number and one space for several."""
    return re.sub(r"\s+", " ", re.sub(r"\d+(?:[.:]\d+)?", "0", line))


def run(block: Block, folder: Path, *sites: Path, exact: bool = True) -> str:
    """Runs the block in the folder and returns what it prints; fails unless all that the page shows is among it.

    The commands are those of this environment, as after installing. `sites` are folders with further packages. If not
    `exact`, numbers may differ, as those after a training do between processors.
    """
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    packages = ":".join(map(str, (*sites, ROOT)))
    environment = os.environ | {"PATH": path, "PYTHONPATH": packages, "HF_HUB_OFFLINE": "1"}
    command = ["bash", "-c", COMMANDS + block.code] if block.language == "sh" else [sys.executable, "-c", block.code]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, f"{block.code}\n{result.stderr}"
    printed = result.stdout.splitlines()
    change = str if exact else without_numbers
    missing = set(map(change, block.shown.splitlines())) - set(map(change, printed))
    assert not missing, f"{block.code}\nprints\n{result.stdout}\nand not\n{missing}"
    return result.stdout
