"""What README.md and docs/ show runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = ["README.md", "docs/evaluation.md"]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the checkout, to run in without leaving anything there."""
    for name in ("corpora", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_python_runs(page: str, folder: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    assert "import depparse" in code
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_commands_run(folder: Path) -> None:
    """All shell blocks but the installation and the download, each command checked."""
    code = [block for block in blocks("README.md", "sh") if "depparse" in block and "corpora get" not in block]
    assert len(code) == 2
    # The commands of this environment, as after installing.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    script = f'set -euo pipefail; depparse() {{ {sys.executable} -m depparse "$@"; }}\n' + "".join(code)
    result = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for expected in ("UD_Swedish-Talbanken", "multiword tokens", "small-train", "By deprel", "LAS", "the model is in"):
        assert expected in result.stdout


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"
