"""``depparse evaluate --report``."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from tests.sentences import TWO


def test_the_command_writes_the_page(tmp_path: Path, run: Run) -> None:
    (tmp_path / "gold.conllu").write_text(TWO, encoding="utf-8")
    (tmp_path / "system.conllu").write_text(TWO.replace("nsubj", "obj"), encoding="utf-8")
    files = "gold.conllu", "system.conllu"
    result = run("evaluate", *files, "--report", "report.html", "--bootstrap", "20")
    assert result.returncode == 0, result.stderr
    assert "LAS" in result.stdout
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    for arguments in (("--report", "report.pdf"), ("--run", "x")):
        result = run("evaluate", *files, *arguments)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1)
