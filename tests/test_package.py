"""The distributions as users get them: what they hold, and what the wheel does in an empty folder."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import depparse
from tests.conftest import ROOT
from tests.release import build, surprises, tracked

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git has to say what belongs to the checkout")


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the source distribution of this checkout, with one more model in ``models``."""
    checkout, folder = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    for name in {name.partition("/")[0] for name in tracked()}:
        if (ROOT / name).is_dir():
            (checkout / name).symlink_to(ROOT / name)
        else:  # a link would be one in the source distribution, too
            shutil.copy2(ROOT / name, checkout)
    (checkout / "models" / "many").mkdir(parents=True)
    (checkout / "models" / "many" / "config.json").write_text("{}", encoding="utf-8")
    return build(folder, checkout)


@pytest.fixture(scope="module")
def wheel(distributions: tuple[Path, Path]) -> Path:
    return distributions[0]


def test_the_distributions_hold_what_git_has_and_no_large_model(distributions: tuple[Path, Path]) -> None:
    assert surprises(*distributions) == []


def test_surprises_are_told(tmp_path: Path) -> None:
    wheel, source = tmp_path / "depparse.whl", tmp_path / "depparse.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("depparse/secret.txt", "")
    with tarfile.open(source, "w:gz") as archive:
        archive.add(ROOT / "README.md", "depparse-1/README.md")
    told = surprises(wheel, source)
    assert "depparse.whl holds depparse/secret.txt" in told
    assert {f"{name} lacks depparse/py.typed" for name in (wheel.name, source.name)} < set(told)
    assert not any("README.md" in line for line in told if line.startswith(source.name + " lacks R"))


def test_the_metadata_are_complete(wheel: Path) -> None:
    """The licences of code, model and samples come along, and no link of the page on PyPI is relative."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0 AND CC0-1.0"
    licences = metadata.get_all("License-File") or []
    assert {"LICENSE", "LICENSES/CC-BY-SA-4.0.txt", "corpora/samples/UD_English-Sample/LICENSE.txt"} <= set(licences)
    assert {name.partition(".dist-info/licenses/")[2] for name in names} >= set(licences)
    for field in ("Summary", "Author", "Keywords", "Classifier", "Project-URL", "Requires-Python"):
        assert metadata[field], field
    assert metadata["Version"] == depparse.__version__
    page = str(metadata.get_payload())
    assert page.startswith("# depparse")
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 20
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    images = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page)
    assert images
    assert all(image.startswith("https://raw.githubusercontent.com/") for image in images)


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
