"""The layout of the tests: their folders are those of the package, and no file of tests imports another one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

# The name of a file of tests in code that is written as a string and run in another process.
IN_STRINGS = re.compile(r"\b(?:tests[.\w]*\.|from tests[.\w]* import (?:\w+, *)*)(test_\w+)")


def imported_tests(path: Path, code: str) -> set[str]:
    """The names of the files of tests that a file of this code, at this path, imports."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *((node.module,) if node.module else ())])
            modules |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            modules |= {f"tests.{name}" for name in IN_STRINGS.findall(node.value)}
    return {name.rpartition(".")[2] for name in modules if re.match(r"tests\..*\btest_\w+$", name)}


def files_of_tests() -> list[Path]:
    """All files that could import a file of tests."""
    return [path for folder in ("tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_imports_a_file_of_tests() -> None:
    """Shared code has homes: models, recipes, sentences and others beside this file, or a file in a room."""
    imports = {path: imported_tests(path, path.read_text(encoding="utf-8")) for path in files_of_tests()}
    assert len(imports) > 100
    assert {str(path.relative_to(ROOT)): names for path, names in imports.items() if names} == {}


@pytest.mark.parametrize(
    "code",
    [
        "from tests.tasks.{} import FLAT",
        "from tests.tasks import oracles, {}",
        "from .{} import FLAT",
        "from . import {}",
        "import os, tests.tasks.{} as other",
        "def inside():\n    from tests.tasks.{} import FLAT",
        "SCRIPT = '''\nimport os\nfrom tests.tasks.{} import FLAT\n'''",
        "code = f'import os, tests.tasks.{} as other; {{other.FLAT}}'",
        "code = 'from tests.tasks import oracles, {}'",
    ],
)
def test_each_way_of_importing_is_seen(code: str) -> None:
    path = ROOT / "tests" / "tasks" / "test_srl.py"
    name = "test_" + "ner"  # in two pieces, so that this file is not seen to import it
    assert imported_tests(path, code.format(name)) == {name}
    assert imported_tests(path, code.format("recipes")) == set()


def test_folders_are_those_of_the_package() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    assert len(folders) > 15
    assert [str(folder) for folder in sorted(folders) if not (ROOT / "depparse" / folder).is_dir()] == []
