"""``depparse diff``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.sentences import TWO


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "gold.conllu").write_text(TWO, encoding="utf-8")
    (tmp_path / "system.conllu").write_text(TWO.replace("nsubj", "obj"), encoding="utf-8")
    return "gold.conllu", "system.conllu"


def test_lines_pages_and_json(files: tuple[str, str], tmp_path: Path, run: Run) -> None:
    out = run("diff", *files, "--kind", "label", "--first", "1").stdout
    assert out.count("differ") == 1
    assert "gold.conllu" in out
    assert "nsubj" in out
    out = run("diff", *files, "--summary").stdout
    assert out.startswith("Differences from gold.conllu")
    assert "label nsubj → obj" in out
    out = run("diff", *files, "--json", "--kind", "label").stdout
    assert {d["gold"] for p in json.loads(out)["passages"] for d in p["differences"]} == {"nsubj"}
    assert run("diff", *files, "-o", "page.html").returncode == 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_errors_are_one_line(files: tuple[str, str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "other.conllu").write_text("1\tX\t_\t_\t_\t_\t0\troot\t_\t_\n\n", encoding="utf-8")
    for arguments, message in (
        ((*files, "--kind", "heads"), "did you mean head?"),
        ((files[0], "other.conllu"), "other.conllu"),
        ((*files, "--json", "-o", "x.json"), "--json > FILE"),
    ):
        result = run("diff", *arguments)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr
