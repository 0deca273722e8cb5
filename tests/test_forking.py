"""Commands in forks of a process: each is one of its own, and what a test set for one is gone in the next."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import forking
from tests.cli.conftest import on_a_terminal
from tests.forking import run_depparse
from tests.packages import install


def test_a_command_has_its_own_streams_folder_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("A é.\n", encoding="utf-8")
    result = run_depparse("convert", "a.txt", "--from", "horizontal", "--to", "vertical", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "A\né.\n\n", "")
    result = run_depparse("convert", "-", "--from", "horizontal", "--to", "vertical", input="B\n")
    assert (result.returncode, result.stdout) == (0, "B\n\n")
    assert run_depparse("convert", "a.txt", "--to", "conllu").returncode == 2  # in another folder
    # Packages on the path of one command are not on that of the next.
    install(tmp_path / "site", "other-formats", "[depparse.formats]\nlines = other_formats:LINES\n")
    asked = ("convert", "--help")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "COLUMNS": "200"}
    assert "lines" in run_depparse(*asked, environment=environment).stdout.replace("JSON lines", "").replace(
        "jsonl", ""
    )
    again = run_depparse(*asked, environment=os.environ | {"COLUMNS": "200"}).stdout
    assert "parquet lines" not in " ".join(again.split())


def test_a_server_that_was_killed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_depparse("--version").returncode == 0
    (server,) = forking._server
    server.process.kill()
    server.process.wait()
    assert run_depparse("--version").stdout.startswith("depparse ")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_terminal_is_closed_if_the_command_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("no server")

    monkeypatch.setattr("tests.cli.conftest.call_depparse", fail)
    with pytest.raises(AssertionError):
        on_a_terminal("--version")
