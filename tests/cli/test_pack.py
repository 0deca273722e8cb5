"""``depparse pack``: its folder, its output and mistakes."""

from __future__ import annotations

import json
import tomllib
import zipfile
from pathlib import Path

from depparse.model_folder.metadata import without_front_matter
from depparse.model_folder.store import save
from tests.cli.conftest import Run
from tests.models import FACTS, small_model

HEAD = "# English\n\n## Licence\n\nApache-2.0\n"


def test_a_smaller_model_is_written_with_its_card(run: Run, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m", FACTS)
    (tmp_path / "head.md").write_text(HEAD, encoding="utf-8")
    arguments = ["pack", "m", "-o", "p", "--weights", "int8", "--without", "tagger,lemmatizer", "--card", "head.md"]
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    description = json.loads(run("info", "p", "--json").stdout)
    assert result.stdout == f"p: {description['parameters']:,} parameters, {description['size']:,} bytes\n"
    assert list(description["tasks"]) == ["dependencies"]
    card = (tmp_path / "p" / "README.md").read_text(encoding="utf-8")
    assert without_front_matter(card).startswith(HEAD)
    assert f"\ndepparse {' '.join(arguments)}\n" in card
    for wrong, message in (
        (["pack", "m"], "Missing option '--output'"),
        (["pack", "m", "-o", "p", "--weights", "int4"], "not as 'int4'"),
        (["pack", "m", "-o", "p", "--card", "no.md"], "no.md: cannot be read: no such file"),
    ):
        result = run(*wrong)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1)
        assert message in result.stderr
    # What was rounded once stays rounded, unless another type is asked for.
    assert run("pack", "p", "-o", "again").returncode == 0
    weights = [(tmp_path / folder / "model.safetensors").read_bytes() for folder in ("p", "again")]
    assert weights[0] == weights[1]


def test_a_package_is_written_and_named(run: Run, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "runs" / "swedish" / "model", FACTS.model_copy(update={"licence": "MIT"}))
    result = run("pack", "runs/swedish", "-o", "dist", "--wheel")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        "dist/depparse_model_swedish-1.0-py3-none-any.whl: a package for pip, depparse-model-swedish 1.0, with the "
        "model swedish\n"
    )
    # The model went into it as it was; an option changes it.
    with zipfile.ZipFile(tmp_path / result.stdout.partition(":")[0]) as wheel:
        for path in (tmp_path / "runs" / "swedish" / "model").iterdir():
            assert wheel.read(f"depparse_model_swedish/{path.name}") == path.read_bytes()
    options = ["--package", "--name", "sv.small", "--version", "2", "--weights", "int8"]
    result = run("pack", "runs/swedish/model", "-o", "models/sv", *options)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "models/sv: a package for pip, depparse-model-sv-small 2, with the model sv.small\n"
    assert json.loads(run("info", "models/sv", "--json").stdout)["weights"] == "int8"
    project = tomllib.loads((tmp_path / "models" / "sv" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"] == {"depparse.models": {"sv.small": "depparse_model_sv_small"}}
    # The folder of a package can be written anew, has its own name by default, and is a model as any other.
    assert "with the model sv\n" in run("pack", "models/sv", "-o", "models/sv", "--package").stdout
    assert run("parse", "--model", "models/sv", input="Hej !\n").returncode == 0


def test_wrong_packages_are_one_line(run: Run, tmp_path: Path) -> None:
    save(small_model(), tmp_path / "m", FACTS)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "depparse_model_m-1.0-py3-none-any.whl").touch()
    for wrong, message in (
        (["m", "-o", "p", "--name", "x"], "--name is that of a package; give --wheel or --package too"),
        (["m", "-o", "p", "--version", "2"], "--version is that of a package; give --wheel or --package too"),
        (["m", "-o", "p", "--wheel", "--package"], "--wheel writes a file and --package a folder; give one of them"),
        (["m", "-o", "dist", "--wheel"], "depparse_model_m-1.0-py3-none-any.whl: exists; give another --version or"),
        (["m", "-o", "p", "--wheel", "--version", "new"], "'new' is no version of a package"),
        (["m", "-o", "a b", "--package"], "a model cannot have the name 'a b' in a package"),
        (["m", "-o", "p", "--wheel", "--name", "en", "--weights", "int8"], "en is a model that comes with depparse"),
        (["xy", "-o", "p", "--wheel"], "xy: no such model folder, nor a model of that name"),
    ):
        result = run("pack", *wrong)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dist", "m"]
    result = run("pack", "m", "-o", "p", "--wheel")
    assert result.returncode == 0
    assert "warning: the model states no licence, without which nobody may use it; see --card" in result.stderr
