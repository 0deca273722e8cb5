"""The wheel as a user gets it: built, installed beside nothing else of ours, run in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_data_types_and_nothing_top_level_but_depparse(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"depparse"}
    for needed in (
        "depparse/py.typed",
        "depparse/corpora/catalogue.tsv",
        "depparse/corpora/samples/UD_English-Sample/en_sample-ud-train.conllu",
        "depparse/configs/README.md",
    ):
        assert needed in names
    models = [path for path in (ROOT / "depparse" / "models").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert {path.relative_to(ROOT).as_posix() for path in models} <= set(names)


def test_the_installed_wheel_works_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # The libraries of this environment, without its own (editable) depparse: .pth files there are not followed.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()

    def run(*arguments: str) -> str:
        command = [str(python), "-P", *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=empty, env=environment, check=True, capture_output=True, encoding="utf-8"
        ).stdout

    home = run("-c", "import depparse; print(depparse.__file__)").strip()
    assert home.startswith(str(tmp_path))
    assert "UD_English-EWT" in run("-m", "depparse", "corpora", "list", "--language", "English")
    sample = str(site / "depparse/corpora/samples/UD_English-Sample/en_sample-ud-dev.conllu")
    assert "183" in run("-m", "depparse", "corpora", "stats", sample)
    assert "LAS" in run("-m", "depparse", "evaluate", sample, sample)
    assert run("-m", "depparse", "convert", sample, "--to", "text").startswith("Dear John,")
    assert list(empty.iterdir()) == []
