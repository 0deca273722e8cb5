"""The structure that CONTRIBUTING.md promises: imports point upwards, reading needs no heavy library, names exist."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import depparse

PACKAGE = Path(depparse.__file__).parent
# In import order: a part imports only what stands above it, and itself.
ORDER = (
    "errors folders config registry files document text formats treebanks evaluation visualize structs features layers "
    "encoders tasks segmentation model models model_folder runtimes inference training packing wrappers server cli"
).split()
HEAVY = "torch numba transformers pydantic pandas pyarrow datasets conllu seqeval sklearn numpy rich typer".split()


def imports(path: Path) -> set[str]:
    """Parts of depparse that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "depparse" else [f"depparse.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("depparse.")}
    return found & set(ORDER)


def test_a_part_imports_only_what_stands_above_it() -> None:
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part in ("__init__", "__main__"):
            continue
        assert part in ORDER, f"{path} belongs to no part of the design"
        below = {other for other in imports(path) if ORDER.index(other) > ORDER.index(part)}
        assert not below, f"{path} imports {below}, which stand below {part}"


def loaded_by(code: str) -> set[str]:
    probe = f"import sys\n{code}\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    return set(subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split())


def test_importing_and_reading_load_no_heavy_library(samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-dev.conllu"
    assert loaded_by("import depparse") == set()
    assert loaded_by(f"import depparse; depparse.read_conllu({str(path)!r}).to_conllu()") == set()
    assert loaded_by(f"import depparse; depparse.read({str(path)!r})") == set()
    annotation = f"import depparse; doc = depparse.read({str(path)!r}); doc.ents; doc[0].frames; doc.to_dict()"
    assert loaded_by(annotation) == set()
    assert "torch" not in loaded_by(f"import depparse; depparse.evaluate({str(path)!r}, {str(path)!r})")


def test_public_names_exist_and_are_documented() -> None:
    for name in depparse.__all__:
        assert getattr(depparse, name).__doc__, name
        assert name in dir(depparse)
    assert not hasattr(depparse, "no_such_name")


def test_no_file_is_too_long_and_no_utils() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, path
        assert path.stem not in ("utils", "helpers", "misc"), path
