"""The packages of models: what stands in them, that they are valid, and what cannot be one."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.utils import parse_wheel_filename

from depparse import __version__
from depparse.errors import ConfigError, ModelError
from depparse.model_folder import package as packages
from depparse.model_folder.facts import DataFile, Facts, Packing, Training
from depparse.model_folder.find import FOLDER
from depparse.model_folder.metadata import without_front_matter
from depparse.model_folder.package import Package, write_project, write_wheel
from depparse.model_folder.store import save
from tests.conftest import ROOT
from tests.models import FACTS, small_model
from tests.sentences import TWO

HEAD = "# Wåhl: a “small” model\n\nIt is small.\n\n## Licence\n\nCC BY-SA 4.0\n"
DATA = tuple(
    DataFile(split="train", file=f"{number}.conllu", sha256="0", language=language)
    for number, language in enumerate(("Swedish", "Uyghur", "Odd,\nname"))
)
PACKING = Packing(depparse="0.0.7+local", weights="float32", size=1)
LARGE = Facts(head=HEAD, licence="CC BY-SA 4.0", data=DATA, packing=PACKING)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save(small_model(), tmp_path / "m", LARGE)
    return tmp_path / "m"


def metadata_of(wheel: Path) -> Metadata:
    """The metadata of a wheel, which are valid by all rules of PyPA, or this raises an error."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Metadata.from_email(archive.read(name), validate=True)


def test_a_wheel_is_valid_and_says_what_the_facts_and_the_card_say(model: Path, tmp_path: Path) -> None:
    write_wheel(model, tmp_path / "dist", Package.of("Wahl_X", "2.0.Post1"))
    (wheel,) = (tmp_path / "dist").iterdir()
    assert wheel.name == "depparse_model_wahl_x-2.0.post1-py3-none-any.whl"
    name, version, _, tags = parse_wheel_filename(wheel.name)
    metadata = metadata_of(wheel)
    assert (metadata.name, metadata.version, len(tags)) == (name, version, 1) == ("depparse-model-wahl-x", version, 1)
    assert metadata.summary == "Wåhl: a “small” model"
    assert metadata.license_expression == "CC-BY-SA-4.0"
    assert metadata.keywords == [
        "depparse", "Universal Dependencies", "dependency parsing", "Swedish", "Uyghur", "Odd name"
    ]  # fmt: skip
    assert (metadata.classifiers or [])[2:] == ["Natural Language :: Swedish"]
    assert [str(requirement) for requirement in metadata.requires_dist or ()] == ["depparse>=0.0.7"]
    assert metadata.description == without_front_matter((model / "README.md").read_text(encoding="utf-8"))
    assert metadata.description_content_type == "text/markdown"
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    distribution = PathDistribution(site / "depparse_model_wahl_x-2.0.post1.dist-info")
    (point,) = distribution.entry_points
    assert (point.group, point.name, point.value) == ("depparse.models", "Wahl_X", "depparse_model_wahl_x")
    for path in model.iterdir():
        assert (site / point.value / path.name).read_bytes() == path.read_bytes()
    assert distribution.read_text("WHEEL") == (
        f"Wheel-Version: 1.0\nGenerator: depparse {__version__}\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )


def test_the_record_has_all_files_and_equal_folders_give_equal_wheels(model: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_wheel(model, tmp_path / folder, Package.of("m", "1"))
        os.utime(model / "config.json", (1, 1))
        (model / "config.json").chmod(0o600)
    first, second = (next((tmp_path / folder).iterdir()) for folder in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        rows = list(csv.reader(archive.read("depparse_model_m-1.dist-info/RECORD").decode().splitlines()))
        assert [row[0] for row in rows] == archive.namelist()
        assert rows.pop() == ["depparse_model_m-1.dist-info/RECORD", "", ""]
        for name, digest, size in rows:
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert (digest, int(size)) == (f"sha256={expected}", len(content))
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_a_project_is_the_same_package(model: Path, tmp_path: Path) -> None:
    """Hatchling makes the same wheel of the project, but for its own name and the order of files."""
    package = Package.of("m.x", "1.2")
    write_wheel(model, tmp_path / "ours", package)
    write_project(model, tmp_path / "project", package)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "theirs"]
    subprocess.run([*command, tmp_path / "project"], check=True, capture_output=True)
    ours, theirs = (next((tmp_path / name).iterdir()) for name in ("ours", "theirs"))
    assert ours.name == theirs.name
    with zipfile.ZipFile(ours) as first, zipfile.ZipFile(theirs) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())
        for name in first.namelist():
            if not name.endswith((".dist-info/METADATA", ".dist-info/WHEEL", ".dist-info/RECORD", "entry_points.txt")):
                assert first.read(name) == second.read(name), name
    for key in (
        "name", "version", "summary", "license_expression", "requires_dist", "description", "description_content_type",
        "requires_python",
    ):  # fmt: skip
        assert getattr(metadata_of(ours), key) == getattr(metadata_of(theirs), key), key
    for key in ("keywords", "classifiers"):
        assert sorted(getattr(metadata_of(ours), key)) == sorted(getattr(metadata_of(theirs), key)), key


def test_the_classifiers_are_those_of_pypi() -> None:
    classifiers = pytest.importorskip("trove_classifiers").classifiers
    assert {f"Natural Language :: {name}" for name in packages._CLASSIFIED} <= classifiers
    assert set(packages._CLASSIFIERS) <= classifiers


@pytest.mark.parametrize(
    ("licences", "expected", "field"),
    [
        (("apache-2.0 and cc-by-sa-4.0", "MIT"), "Apache-2.0 AND CC-BY-SA-4.0", "license_expression"),
        (("", "CC BY 4.0", "CC-BY-4.0"), "CC-BY-4.0", "license_expression"),
        (("", "MIT OR Apache-2.0", "CC0 1.0"), "(MIT OR Apache-2.0) AND CC0-1.0", "license_expression"),
        (("free for\nall", "MIT"), "free for all", "license"),
        (("", "MIT", "free for all"), "MIT; free for all", "license"),
        (("", "", ""), None, "license"),
    ],
)
def test_the_licence_is_that_of_the_whole_or_of_all_parts(
    licences: tuple[str, ...], expected: str | None, field: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    facts: Facts | None = None
    for licence in reversed(licences):
        facts = Facts(licence=licence, model=facts)
    save(small_model(), tmp_path / "m", facts)
    write_wheel(tmp_path / "m", tmp_path, Package.of("m", "1"))
    write_project(tmp_path / "m", tmp_path / "p", Package.of("m", "1"))
    (wheel,) = tmp_path.glob("*.whl")
    metadata = metadata_of(wheel)
    found = {name: getattr(metadata, name) for name in ("license_expression", "license")}
    assert found == {"license_expression": None, "license": None} | {field: expected}
    project = tomllib.loads((tmp_path / "p" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project.get("license") == (expected if field == "license_expression" or not expected else {"text": expected})
    messages = {str(warning.message) for warning in recwarn}
    if field == "license_expression":
        assert not messages
    elif expected:
        assert messages == {f"the licence {expected!r} is no expression of SPDX such as CC-BY-SA-4.0; see --card"}
    else:
        assert messages == {"the model states no licence, without which nobody may use it; see --card"}


@pytest.mark.filterwarnings("ignore:the model states no licence")
def test_what_the_facts_lack_is_left_out(tmp_path: Path) -> None:
    """Old folders have no facts and perhaps no card; a card may hold what no line of metadata can."""
    save(small_model(), tmp_path / "m", card="\x1b[2J" + "long " * 200 + "\n")
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))
    del manifest["facts.json"]
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "m" / "facts.json").unlink()
    write_wheel(tmp_path / "m", tmp_path / "first", Package.of("m", "1"))
    metadata = metadata_of(next((tmp_path / "first").iterdir()))
    summary = metadata.summary or ""
    assert summary.startswith("[2Jlong long")
    assert summary.endswith("long …")
    assert len(summary) <= 500
    assert [str(requirement) for requirement in metadata.requires_dist or ()] == [f"depparse>={__version__}"]
    (tmp_path / "m" / "README.md").unlink()
    write_wheel(tmp_path / "m", tmp_path / "second", Package.of("m", "1"))
    assert metadata_of(next((tmp_path / "second").iterdir())).summary == "A model of depparse"
    write_project(tmp_path / "m", tmp_path / "p", Package.of("m", "1"))
    assert "readme" not in (tmp_path / "p" / "pyproject.toml").read_text(encoding="utf-8")


def test_the_version_of_depparse_is_that_which_wrote_the_folder(tmp_path: Path) -> None:
    training = Training(
        command="", depparse="0.0.3", torch="", seeds=(1,), threads=1, minutes=1, words_per_second=1
    )  # fmt: skip
    save(
        small_model(),
        tmp_path / "m",
        Facts(licence="MIT", training=training, packing=PACKING.model_copy(update={"depparse": "?"})),
    )
    write_wheel(tmp_path / "m", tmp_path, Package.of("m", "1"))
    requires = metadata_of(next(tmp_path.glob("*.whl"))).requires_dist or []
    assert [str(requirement) for requirement in requires] == ["depparse>=0.0.3"]


@pytest.mark.parametrize("name", ["", "-x", "x-", "a b", "a/b", "a=b", "é", "a\nb", "x\n"])
def test_a_name_that_no_package_has_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot have the name .* letters, digits and, between them, .* --name"):
        Package.of(name, "1")


def test_bundled_names_and_wrong_versions_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^en is a model that comes with depparse and is found first; give another"):
        Package.of("en", "1")
    for version in ("", "one", "1.0-final-x"):
        with pytest.raises(ConfigError, match=r"is no version of a package, such as 1\.0"):
            Package.of("m", version)
    assert (FOLDER / "en").is_dir()


def test_other_places_and_folders_are_refused(model: Path, tmp_path: Path) -> None:
    package = Package.of("m", "1")
    write_wheel(model, tmp_path / "dist", package)
    (tmp_path / "file").touch()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").touch()
    (tmp_path / "empty").mkdir()
    for write, folder, output, message in (
        (write_wheel, model, tmp_path / "dist", r"py3-none-any\.whl: exists; give another --version or folder, or rem"),
        (write_wheel, model, tmp_path / "file", "file: a wheel is named after its package; give the folder to write"),
        (write_wheel, model, tmp_path / "x.whl", r"x\.whl: a wheel is named after its package; give the folder"),
        (write_wheel, model, tmp_path / "file" / "x", "cannot be written: not a directory"),
        (write_project, model, tmp_path / "thesis", "thesis: holds something else than a model"),
        (write_project, model, tmp_path / "file", "file: is a file, and a model is a folder"),
        (write_wheel, tmp_path / "empty", tmp_path / "new", "empty: not a depparse model: config.json, vocab.json, mo"),
        (write_project, tmp_path / "empty", tmp_path / "new", "empty: not a depparse model"),
    ):
        with pytest.raises(ModelError, match=message):
            write(folder, output, package)
    (model / "vocab.json").write_text("{}", encoding="utf-8")
    for write in (write_wheel, write_project):
        with pytest.raises(ModelError, match=r"m: damaged: vocab\.json is not the file that was saved"):
            write(model, tmp_path / "new", package)
    assert not (tmp_path / "new").exists()
    assert [path.name for path in (tmp_path / "dist").iterdir()] == ["depparse_model_m-1-py3-none-any.whl"]


class Environment:
    """A fresh environment with pip and the libraries of this one, in which depparse is this checkout."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        self._python = folder / "bin" / "python"
        self.site = next(folder.glob("lib/python*/site-packages"))
        paths = f"{ROOT}\n{sysconfig.get_paths()['purelib']}\n"
        (self.site / "libraries.pth").write_text(paths, encoding="utf-8")
        self._empty = folder / "empty"
        self._empty.mkdir()

    def run(self, *arguments: str | Path, input: str = "") -> subprocess.CompletedProcess[str]:
        """The result of Python with these arguments, in an empty folder."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [str(self._python), "-P", *map(str, arguments)]
        options = {"cwd": self._empty, "env": environment, "input": input, "capture_output": True}
        return subprocess.run(command, encoding="utf-8", check=False, **options)  # type: ignore[call-overload,no-any-return]

    def pip(self, *arguments: str | Path) -> None:
        """Runs pip without a network."""
        result = self.run("-m", "pip", *arguments)
        assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_a_wheel_and_a_project_are_installed_found_listed_and_uninstalled(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    save(small_model(), tmp_path / "m", FACTS.model_copy(update={"licence": "MIT"}))
    package = Package.of("small.one", "1.2")
    write_wheel(tmp_path / "m", tmp_path / "dist", package)
    write_project(tmp_path / "m", tmp_path / "project", package)
    parse = ("-m", "depparse", "parse", "--model", "small.one")
    expected = environment.run(*parse[:-1], tmp_path / "m", input=TWO)
    assert expected.returncode == 0, expected.stderr
    offline = ("--no-index", "--no-deps")
    for source in (
        ("install", *offline, next((tmp_path / "dist").iterdir())),
        ("install", *offline, "--no-build-isolation", tmp_path / "project"),
    ):
        assert "small.one: no such model folder" in environment.run(*parse, input=TWO).stderr
        environment.pip(*source)
        code = (
            "import sys; from importlib import metadata; import depparse\n"
            "data = metadata.metadata('depparse-model-small-one')\n"
            "print(depparse.load('small.one').facts.languages(), data['Version'], data['License-Expression'])\n"
            "print('depparse_model_small_one' in sys.modules)"
        )
        result = environment.run("-c", code)
        assert (result.stdout, result.stderr) == ("['Swedish'] 1.2 MIT\nFalse\n", "")
        assert environment.run(*parse, input=TWO).stdout == expected.stdout
        rows = {line.split()[0]: line for line in environment.run("-m", "depparse", "info").stdout.splitlines()}
        assert rows["small.one"].split()[1:5] == ["depparse-model-small-one", "1.2", "Swedish", "MIT"]
        description = json.loads(environment.run("-m", "depparse", "info", "small.one", "--json").stdout)
        assert description["folder"] == str(environment.site / "depparse_model_small_one")
        environment.pip("uninstall", "--yes", "depparse-model-small-one")
        assert not (environment.site / "depparse_model_small_one").exists()
    assert "small.one" not in environment.run("-m", "depparse", "info").stdout
