"""The wheel as a user gets it: built, installed beside nothing else of ours, run in an empty folder.

Large models, which a checkout has in ``models``, are not in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution of this checkout, with one more model in ``models``."""
    checkout, folder = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    for name in ("depparse", "corpora", "configs", "LICENSE", "README.md", "pyproject.toml"):
        (checkout / name).symlink_to(ROOT / name)
    (checkout / "models" / "many").mkdir(parents=True)
    (checkout / "models" / "many" / "config.json").write_text("{}", encoding="utf-8")
    command = [sys.executable, "-m", "build", "--wheel", "--sdist", "--no-isolation", "--outdir", folder, checkout]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    return next(distributions.glob("*.whl"))


def test_large_models_are_in_no_distribution(distributions: Path) -> None:
    (wheel,), (source,) = distributions.glob("*.whl"), distributions.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert "depparse/models/en/config.json" in names
    assert not any("models/many" in name for name in names.union(zipfile.ZipFile(wheel).namelist()))
    assert max(wheel.stat().st_size, source.stat().st_size) < 60_000_000


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
