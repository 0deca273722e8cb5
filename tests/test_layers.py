"""The structure that CONTRIBUTING.md promises: imports point upwards, reading needs no heavy library, names exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import depparse
from tests.conftest import ROOT

PACKAGE = Path(depparse.__file__).parent
HEAVY = [
    *"torch numba transformers pydantic pandas pyarrow datasets conllu seqeval sklearn numpy rich typer".split(),
    *"polars networkx nltk spacy".split(),
]


# Sentences, words and spans import each other, which is the only circle.
CIRCLE = {"document/words.py", "document/spans.py", "document/sentence.py"}


def tour() -> list[str]:
    """The files of the package, in the order in which the tour of CONTRIBUTING.md first names them.

    A name ends with ``.py`` or, of a folder, with a slash. It stands in the package, or in the folder that was named
    last before it; of a folder within that, its config, codec, network and graph are meant.
    """
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    text = text.partition("## A tour in reading order")[2].partition("\n## ")[0]
    room, files = "", []
    names = re.findall(r"`([\w/]+(?:\.py|/))`", text.partition("\n1. ")[2])
    for name in (name for name in names if not name.startswith("tests/")):
        within = PACKAGE / room / name
        if name.endswith(".py"):
            assert within.is_file() or (PACKAGE / name).is_file(), f"the tour names {name}, which is not in {room}"
            files.append(f"{room}{name}" if within.is_file() else name)
        elif within.is_dir() and room:
            stems = ("config", "codec", "network", "graph")
            part_files = [file for stem in stems if (PACKAGE / (file := f"{room}{name}{stem}.py")).is_file()]
            if (within / "network.py").is_file():
                files += part_files
            else:
                assert (within / "__init__.py").is_file(), f"the tour names {room}{name}, which holds no part"
        elif name != "depparse/" and (PACKAGE / name).is_dir():
            room = name
    return list(dict.fromkeys(files))


def imports(path: Path) -> set[str]:
    """The files of depparse that a file imports, inside functions and for types too."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = set()
    for module in modules:
        location = PACKAGE.joinpath(*module.split(".")[1:])
        if module.startswith("depparse."):
            files |= {file for file in (location.with_suffix(".py"), location / "__init__.py") if file.is_file()}
    return {file.relative_to(PACKAGE).as_posix() for file in files if file.read_text(encoding="utf-8").strip()}


def test_the_tour_names_every_file() -> None:
    files = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.read_text("utf-8").strip()}
    assert files - {"__init__.py", "__main__.py"} == set(tour())


def test_a_file_imports_only_what_stands_above_it() -> None:
    order = tour()
    for number, file in enumerate(order):
        below = imports(PACKAGE / file).intersection(order[number + 1 :])
        assert not below - (CIRCLE if file in CIRCLE else set()), f"{file} imports {below}, which stand below it"


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
    with pytest.raises(AttributeError) as error:
        depparse.laod  # noqa: B018
    assert (error.value.name, error.value.obj) == ("laod", depparse)  # of which Python makes: Did you mean: 'load'?


def test_no_file_is_too_long_and_no_utils() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 350, path
        assert path.stem not in ("utils", "helpers", "misc"), path
