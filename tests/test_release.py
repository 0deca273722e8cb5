"""What a release rests on: versions, bounds, pages and workflows that agree with each other and with their schemas."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import depparse
from depparse.document.document import CONVERSIONS
from depparse.document.kinds import KINDS
from depparse.encoders.codec import CONTEXTS, INPUTS
from depparse.evaluation.metrics import GROUP as METRICS
from depparse.formats.table import GROUP as FORMATS
from depparse.layers.trees.reader import LAYERS
from depparse.model.codec import TASKS
from depparse.model_folder.find import GROUP as MODELS
from tests import release
from tests.conftest import ROOT
from tests.release import unready

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GITHUB = ROOT / ".github"
EXTRAS = PROJECT["optional-dependencies"].keys() - {"dev", "docs"}  # those of users


def pins(name: str) -> dict[str, Version]:
    """The versions of a file of constraints, by the canonical names of their packages."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(package): Version(version) for package, version in pairs}


def requirements(*extras: str) -> list[Requirement]:
    """What depparse requires, with these extras, but for its own extras."""
    optional = PROJECT["optional-dependencies"]
    lines = PROJECT["dependencies"] + [line for extra in extras for line in optional[extra]]
    return [requirement for requirement in map(Requirement, lines) if requirement.name != "depparse"]


def test_the_lowest_versions_are_the_lower_bounds() -> None:
    """`make test-lowest` tests what pyproject.toml promises."""
    lowest = pins("constraints-lowest.txt")
    for requirement in requirements(*EXTRAS):
        (bound,) = requirement.specifier
        assert bound.operator == ">=", requirement
        assert lowest[canonicalize_name(requirement.name)] == Version(bound.version), requirement


def test_the_pins_of_development_are_within_the_bounds() -> None:
    pinned = pins("constraints.txt")
    for requirement in requirements(*PROJECT["optional-dependencies"]):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_a_package_has_one_lower_bound() -> None:
    bounds: dict[str, set[str]] = {}
    for requirement in requirements(*PROJECT["optional-dependencies"]):
        bounds.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement.specifier))
    assert {name: found for name, found in bounds.items() if len(found) > 1} == {}


def test_the_changelog_begins_with_this_version_or_with_the_next_one() -> None:
    heading = re.search(r"^## (\S+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heading is not None
    version, date = Version(heading[1]), heading[2]
    if date == "unreleased":
        assert version > Version(depparse.__version__)
    else:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", date)
        assert version == Version(depparse.__version__)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git has to say what is committed")
def test_what_is_not_ready_is_told() -> None:
    told = "\n".join(unready("v99.0"))
    assert "the tag is v99.0" in told


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git has to say what is committed")
def test_a_release_is_cited_with_its_version_and_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the recipe of CONTRIBUTING.md writes them, run here on copies; before it, both are told to be missing."""
    recipe = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("For each release, such as 0.2.0:")[2]
    lines = [line for line in recipe.splitlines() if line.startswith(("sed", "printf"))]
    for name in ("CITATION.cff", "CHANGELOG.md", "pyproject.toml", "depparse/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setattr(release, "__version__", "0.2.0")
    citation = tmp_path / "CITATION.cff"
    citation.write_text(
        re.sub(r"(?m)^(version|date-released):.*\n", "", citation.read_text(encoding="utf-8")), encoding="utf-8"
    )
    assert sum(problem.startswith("CITATION.cff") for problem in unready("v0.2.0")) == 2
    changelog = tmp_path / "CHANGELOG.md"
    tried = "Python 3.11.7, with torch: …, Python 3.13.0: …"
    changelog.write_text(
        changelog.read_text(encoding="utf-8").replace("### Added", f"{tried}\n\n### Added", 1), encoding="utf-8"
    )
    assert "CHANGELOG.md does not say that this version was tried with Python 3.12" in unready("v0.2.0")
    changelog.write_text(changelog.read_text(encoding="utf-8").replace(tried, f"{tried}, 3.12.1", 1), encoding="utf-8")
    for _ in range(2):  # the second one replaces what the first one wrote
        subprocess.run(["bash", "-euc", "\n".join(lines)], cwd=tmp_path, check=True)
    problems = [problem for problem in unready("v0.2.0") if not problem.startswith("uncommitted")]
    assert not any(name in problem for problem in problems for name in ("CITATION", "CHANGELOG", "the tag"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.citation-file-format"]
    subprocess.run([*command, "--default-filetype", "yaml", citation], check=True, capture_output=True)


def test_a_report_of_a_fault_has_what_doctor_says() -> None:
    form = (GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text(encoding="utf-8")
    help_text = (ROOT / "depparse" / "cli" / "doctor.py").read_text(encoding="utf-8")
    assert "For a report of a fault: [green]depparse doctor --json" in help_text
    assert "depparse doctor --json" in form


def test_the_page_on_stability_names_the_commands_that_end_with_1() -> None:
    row = re.search(r"exit codes \((.*?)\)", (ROOT / "docs" / "stability.md").read_text(encoding="utf-8"))
    assert row is not None
    files = sorted((ROOT / "depparse" / "cli").glob("*.py"))
    with_1 = {file.stem for file in files if "raise typer.Exit(1)" in file.read_text(encoding="utf-8")}
    named = [set(name.split()) for name in re.findall(r"`([\w ]+)`", row[1])]
    assert with_1 <= set().union(*named)
    assert all(with_1 & words for words in named)


def test_the_repository_has_one_address() -> None:
    names = ["pyproject.toml", "CITATION.cff"]
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    addresses = set(re.findall(r"(?:github|raw\.githubusercontent)\.com/([\w-]+/depparse)\b", text))
    assert len(addresses) == 1


def test_the_page_on_stability_lists_what_is_public() -> None:
    page = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
    listed = re.search(r"^Names of `depparse.__all__`:\n\n(.*?)\n\n", page, re.DOTALL | re.MULTILINE)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == [*depparse.__all__, "__version__"]
    groups = re.search(r"^Groups of entry points: (.*?)\n\n", page, re.DOTALL | re.MULTILINE)
    assert groups is not None
    folders = (KINDS, CONVERSIONS, INPUTS, CONTEXTS, LAYERS, TASKS)
    expected = {*(folder.group for folder in folders), METRICS, FORMATS, MODELS, "depparse.commands"}
    assert set(re.findall(r"`([\w.]+)`", groups[1])) == expected


SCHEMAS = {
    "CITATION.cff": "citation-file-format",
    ".github/dependabot.yml": "dependabot",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    **{f".github/ISSUE_TEMPLATE/{name}.yml": "github-issue-forms" for name in ("bug", "feature", "model")},
    **{f".github/workflows/{name}.yml": "github-workflows" for name in ("ci", "docs", "release")},
}


def test_files_that_github_reads_fit_their_schemas() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in GITHUB.rglob("*.yml")}
    assert files | {"CITATION.cff"} == set(SCHEMAS)
    for schema in sorted(set(SCHEMAS.values())):
        paths = [ROOT / name for name, its_schema in SCHEMAS.items() if its_schema == schema]
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
        result = subprocess.run([*command, "--default-filetype", "yaml", *paths], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


def test_workflows_are_safe() -> None:
    """Actions are pinned by commits, no job has more permissions than it needs, and no input becomes code."""
    zizmor = Path(sys.executable).parent / "zizmor"
    result = subprocess.run([zizmor, "--offline", "--no-progress", GITHUB], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("workflow", ["ci", "docs", "release"])
def test_workflows_run_what_there_is(workflow: str) -> None:
    text = (GITHUB / "workflows" / f"{workflow}.yml").read_text(encoding="utf-8")
    commands = re.findall(r"run: (.*)", text)
    assert commands
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for command in commands:
        program, argument, *_ = command.split()
        assert argument in targets if program == "make" else (ROOT / argument).is_file(), command


def test_all_slow_tests_of_pages_run_for_main_and_before_a_release() -> None:
    """Those of the files that run code of pages, and those of the built site. They are too slow for `.ci/run`."""
    listed = re.search(r"^PAGES = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed is not None
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py")
    }
    runs_pages = {
        name for name, text in texts.items() if "\nfrom tests.pages import" in text and "\n@pytest.mark.slow" in text
    }
    assert set(listed[1].split()) == runs_pages | {"tests/test_site.py"}
    for name in ("ci", "release"):
        workflow = (GITHUB / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
        assert "\n      - run: make test-pages\n" in workflow
    assert "\n    needs: [build, pages]\n" in workflow
