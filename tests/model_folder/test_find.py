"""Names of models: bundled ones, folders, ids of the hub; and nothing is fetched unless it is asked for."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

import depparse
from depparse.errors import ConfigError, ModelError
from depparse.model_folder import find as models
from depparse.model_folder.find import bundled, find
from depparse.model_folder.store import save
from depparse.shards.work import ModelName
from tests.conftest import ROOT
from tests.forking import run_depparse
from tests.models import small_model
from tests.packages import install
from tests.sentences import TWO, two_sentences

BLOCKED = """
import socket
def blocked(*arguments, **options):
    raise AssertionError("the network is cut off")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = blocked
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, no network, and models called en and en-large that come with the package."""

    def blocked(*arguments: Any, **options: Any) -> NoReturn:
        raise AssertionError("the network is cut off")

    monkeypatch.setattr(socket.socket, "connect", blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)
    for name in ("en", "en-large"):
        save(small_model(), tmp_path / "models" / name, card=f"# {name}")
    monkeypatch.setattr(models, "FOLDER", tmp_path / "models")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_a_bundled_name_a_folder_and_a_run_are_found(home: Path, recwarn: pytest.WarningsRecorder) -> None:
    assert list(bundled()) == ["en", "en-large"]
    assert find("en") == models.FOLDER / "en"
    assert depparse.load("en").card == "# en"
    save(small_model(), home / "run" / "model", card="# run")
    for name in ("run", "run/model", "./run", home / "run", str(home / "run") + "/"):
        assert depparse.load(name).card == "# run"
    # A folder that is no model changes nothing.
    (home / "en").mkdir()
    assert depparse.load("en").card == "# en"
    assert not recwarn


def test_a_bundled_model_comes_before_a_folder_of_its_name(home: Path) -> None:
    save(small_model(), home / "en", card="# mine")
    with pytest.warns(UserWarning, match=r"^'en' is the model that comes with depparse; that folder here is \./en$"):
        assert depparse.load("en").card == "# en"
    assert depparse.load("./en").card == "# mine"
    assert depparse.load(Path("en")).card == "# mine"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "EN",
            "EN: no such model folder, nor a model of that name; did you mean en? those that come with depparse are:",
        ),
        ("en_larg", "did you mean en-large? those that come with depparse are: en, en-large; or give the folder of"),
        (
            "swedish",
            "swedish: no such model folder, nor a model of that name; those that come with depparse are: en, e",
        ),
        ("./en", "./en: no such model folder"),
        ("runs/x/model", "runs/x/model: no such model folder"),
        (Path("en"), "en: no such model folder"),
        ("", ": no such model folder"),
        ("a\nb", "no such model folder"),
    ],
)
@pytest.mark.parametrize("fetch", [False, True])
def test_an_unknown_name_gets_suggestions(name: Any, expected: str, fetch: bool, home: Path) -> None:
    with pytest.raises(ModelError) as caught:
        depparse.load(name, fetch=fetch)
    assert expected in str(caught.value)
    assert ("; or give" in str(caught.value)) == (isinstance(name, str) and "/" not in name)


def test_without_bundled_models_the_message_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "FOLDER", home)
    with pytest.raises(ModelError, match="nor a model of that name; none comes with this depparse; or give the folder"):
        depparse.load("en")


@pytest.fixture
def site(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which packages are installed that offer models; `found` has the only good one."""
    site = home.parent / "site"
    save(small_model(), site / "found_package", card="# found")
    for package, points in {
        "found": "found = found_package\nen = found_package\nlocal = found_package",
        "deep": "deep = deep_package.data.best",
        "run": "run-name = run_package",
        "gone": "gone = gone_package",
        "empty": "empty = empty_package",
        "nothing": "nothing = os\nwrong = a b:c\nodd = .x\nmain = __main__",
        "one": "twice = found_package",
        "other": "twice = other_package\nalike = found_package",
        "third": "alike = found_package",
        "elsewhere": "elsewhere = elsewhere_package",
    }.items():
        group = "depparse.tasks" if package == "elsewhere" else "depparse.models"
        install(site, f"depparse-{package}", f"[{group}]\n{points}\n")
    save(small_model(), site / "deep_package" / "data" / "best", card="# deep")
    save(small_model(), site / "run_package" / "model", card="# run")
    save(small_model(), site / "elsewhere_package")
    (site / "empty_package").mkdir()
    for package in ("found_package", "deep_package", "run_package", "empty_package"):
        (site / package / "__init__.py").write_text("raise RuntimeError('no code of the package may run')\n")
    monkeypatch.syspath_prepend(str(site))
    return site


def test_a_model_of_a_package_is_found_and_no_code_is_run(site: Path) -> None:
    assert find("found") == site / "found_package"
    assert find("alike") == site / "found_package"  # two packages may offer the same folder
    for name, card in (("found", "# found"), ("deep", "# deep"), ("run-name", "# run")):
        assert depparse.load(name).card == card
    assert not {"found_package", "deep_package", "run_package"} & sys.modules.keys()


def test_a_package_that_is_installed_later_is_found(site: Path) -> None:
    with pytest.raises(ModelError, match=r"^late: no such model folder, nor a model of that name"):
        depparse.load("late")
    save(small_model(), site / "late_package", card="# late")
    install(site, "depparse-late", "[depparse.models]\nlate = late_package\n")
    assert depparse.load("late").card == "# late"


def test_bundled_names_and_folders_come_before_packages_and_search_none(
    site: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "local").mkdir()
    assert depparse.load("local").card == "# found"  # a folder that is no model hides nothing
    save(small_model(), home / "local", card="# local")

    def searches(group: str, anew: bool) -> NoReturn:
        raise AssertionError("all packages are searched")

    monkeypatch.setattr(models, "all_installed", searches)
    assert depparse.load("en").card == "# en"
    assert depparse.load("local").card == depparse.load("./local").card == "# local"
    with pytest.raises(ModelError, match=r"^\./found: no such model folder$"):
        find("./found")


def test_processes_in_other_folders_find_the_same_model(site: Path, home: Path) -> None:
    """Only the path of a folder means something else there, so that it becomes absolute."""
    save(small_model(), home / "mine")
    (home / "found").mkdir()
    for name, expected in (("en", "en"), ("found", "found"), ("mine", str(home / "mine")), ("user/repo", "user/repo")):
        assert ModelName(name).absolute().name == expected


def test_the_name_of_a_packaged_model_is_no_file_of_analyses(site: Path) -> None:
    environment = os.environ | {"PYTHONPATH": f"{site}:{ROOT}"}
    result = run_depparse("evaluate", "gold.conllu", "found", environment=environment)
    assert "found is a model or a folder and no file of analyses; a model is given by --model" in result.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("twice", "twice: several models of that name are in the packages depparse-one and depparse-other; uninstall"),
        (
            "gone",
            "gone: the package depparse-gone offers this model, but there is none in gone_package; install",
        ),
        ("empty", "/empty_package; install the package again"),
        ("nothing", "the package depparse-nothing offers this model, but there is none in os; install"),
        ("wrong", "the package depparse-nothing offers this model, but there is none in a b:c; install"),
        ("odd", "the package depparse-nothing offers this model, but there is none in .x; install"),
        ("main", "the package depparse-nothing offers this model, but there is none in __main__; install"),
        ("elsewhere", "elsewhere: no such model folder, nor a model of that name; those that come with depparse are:"),
        ("fuond", "did you mean found? those that come with depparse are: en, en-large; those of packages are: alike"),
    ],
)
def test_packages_without_the_model_that_they_offer_are_one_line(name: str, expected: str, site: Path) -> None:
    with pytest.raises(ModelError) as caught:
        depparse.load(name)
    assert expected in str(caught.value)


def test_the_model_of_a_package_may_be_damaged(site: Path) -> None:
    (site / "found_package" / "vocab.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"found_package: damaged: vocab\.json is not the file that was saved"):
        depparse.load("found")
    shutil.rmtree(site / "deep_package" / "data")
    with pytest.raises(ModelError, match=r"there is none in .*deep_package/data/best; install the package again"):
        depparse.load("deep")


def test_a_checkout_has_further_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "FOLDER", tmp_path / "depparse" / "models")
    save(small_model(), models.FOLDER / "en")
    save(small_model(), tmp_path / "models" / "many", card="# many")
    save(small_model(), tmp_path / "models" / "en", card="# another")
    assert list(bundled()) == ["en"]  # beside an installed package, the folder is somebody else's
    (tmp_path / "pyproject.toml").touch()
    assert bundled() == {"en": models.FOLDER / "en", "many": tmp_path / "models" / "many"}
    assert depparse.load("many").card == "# many"


def test_the_hub_is_asked_for_models_only_on_request(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    cached = False

    def snapshot_download(repo_id: str, **options: Any) -> str:
        calls.append({"repo_id": repo_id, **options})
        if options["local_files_only"] and not cached:
            raise LocalEntryNotFoundError("not in the cache")
        return str(models.FOLDER / "en")

    def model_info(self: Any, repo_id: str, **options: Any) -> SimpleNamespace:
        return SimpleNamespace(siblings=[], sha=options["revision"])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    with pytest.raises(ModelError, match=r"^user/repo: no such model folder, and not among .* fetch=True \(--fetch\)$"):
        depparse.load("user/repo")
    assert calls.pop()["local_files_only"] is True
    assert depparse.load("user/repo", fetch=True, revision="v2").card == "# en"
    call = calls.pop()
    assert (call["repo_id"], call["revision"], call["local_files_only"]) == ("user/repo", "v2", False)
    assert set(call["allow_patterns"]) == {path.name for path in (models.FOLDER / "en").iterdir()}
    cached = True
    assert depparse.load("user/repo").card == "# en"
    calls.clear()
    # A folder comes before the hub, and other names never ask it.
    save(small_model(), home / "user" / "repo", card="# folder")
    assert depparse.load("user/repo", fetch=True).card == "# folder"
    for name in ("en", "./en-large", "a/b/c", "../user/x", Path("user/other")):
        try:
            depparse.load(name, fetch=True)
        except ModelError:
            assert name != "en"
    assert not calls
    with pytest.raises(ConfigError, match="only a model on the hub has revisions, but user/repo is the folder"):
        depparse.load("user/repo", revision="v2")


def test_a_hub_out_of_reach_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Any, repo_id: str, **options: Any) -> NoReturn:
        raise OSError("\nno route to host\nmore of it")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", fails)
    with pytest.raises(ModelError, match=r"^u/r: cannot be fetched from the Hugging Face hub: no route to host$"):
        depparse.load("u/r", fetch=True)


def test_without_a_network_each_attempt_is_one_line(home: Path) -> None:
    """The real library of the hub, offline, gives one line for each attempt."""
    code = BLOCKED + (
        "import depparse\n"
        "for fetch in (False, True):\n"
        "    try:\n"
        "        depparse.load('user/repo', fetch=fetch)\n"
        "    except depparse.DepparseError as error:\n"
        "        print(error)\n"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "HF_HUB_CACHE": str(home / "hub")}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=home, check=True)
    first, second = result.stdout.splitlines()
    assert "fetch it by fetch=True" in first
    assert second.startswith("user/repo: cannot be fetched from the Hugging Face hub: ")


def test_the_command_line_loads_a_folder_and_refuses_unknown_names(home: Path) -> None:
    """The bundled models of a process are those of the package, so that only unknown names are refused here."""
    save(small_model(), home / "m")
    good = run_depparse("parse", "--model", "m", input=TWO)
    assert good.stdout == depparse.load("m")(two_sentences()).to_conllu()
    for arguments in (
        ["parse", "--model", "xy"],
        ["parse", "--model", "xy", "--fetch"],
        ["info", "xy"],
        ["pack", "xy", "-o", "n"],
    ):
        result = run_depparse(*arguments)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert result.stderr.startswith("depparse: error: xy: no such model folder, nor a model of that name; ")


@pytest.mark.parametrize(
    ("name", "megabytes", "graph", "frames"),
    [
        ("en", 35, " 2:det 3:nsubj 0:root 3:obj 3:punct", "[('eat.01', [('ARG0', 1, 2), ('ARG1', 4, 4)])]"),
        ("en_small", 10, "", "[]"),
    ],
)
def test_bundled_models_need_no_network(tmp_path: Path, name: str, megabytes: int, graph: str, frames: str) -> None:
    folder = models.FOLDER / name
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1_000_000 * megabytes
    code = BLOCKED + (
        "import sys, depparse\n"
        "sentence = depparse.Sentence.from_forms('The cat eats fish .'.split())\n"
        f"found = depparse.load({name!r})(depparse.Document([sentence]))[0]\n"
        "print(*found.columns['HEAD'], *found.columns.get('DEPS', []))\n"
        "print([(f.sense, [(a.role, a.start, a.end) for a in f.arguments]) for f in found.frames])\n"
        "print('transformers' in sys.modules)"
    )
    shutil.copytree(Path(depparse.__file__).parent, tmp_path / "depparse", ignore=shutil.ignore_patterns("__pycache__"))
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    assert result.stdout == f"2 3 0 3 3{graph}\n{frames}\nFalse\n"
