"""The lists in help texts are those of the code."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from depparse.cli.evaluate import DIMENSIONS as SHOWN
from depparse.evaluation.breakdown import DIMENSIONS
from depparse.formats.table import FORMATS
from depparse.inference.request import Asked, Request
from depparse.treebanks.catalogue import corpora_folder
from tests.cli.conftest import Run
from tests.packages import install


def words(text: str) -> list[str]:
    """The words of a help text, without the frames around it."""
    return re.sub(r"[│╭╮╰╯─]", " ", text).split()


def test_train_names_all_recipes(run: Run) -> None:
    recipes = {file.stem for file in (corpora_folder().parent / "configs").glob("*.toml")}
    text = " ".join(words(run("train", "--help", width=200).stdout))
    named = re.search(r"A bundled recipe \(([^)]*)\)", text)
    assert named is not None
    assert set(named[1].split(", ")) == recipes


def test_convert_names_all_formats(run: Run) -> None:
    text = " ".join(words(run("convert", "--help", width=200).stdout))
    named = re.search(r"Formats: ([^.]*)\.", text)
    assert named is not None
    assert named[1].split() == list(FORMATS)


def test_convert_names_formats_of_other_packages(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", "other-formats", "[depparse.formats]\nlines = other_formats:LINES\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    assert "parquet lines." in " ".join(words(run("convert", "--help", width=200).stdout))


def test_evaluate_names_all_groups(run: Run) -> None:
    assert SHOWN == DIMENSIONS
    assert f"[{'|'.join(DIMENSIONS)}]" in run("evaluate", "--help", width=200).stdout


def test_parse_asks_for_all_that_a_request_can_ask(run: Run) -> None:
    text = run("parse", "--help", width=200).stdout
    asked = set(Asked.__annotations__)
    for name in asked - {"batch_words"}:  # memory, which no analysis depends on
        assert f"--{name.replace('_', '-')}" in text, name
    assert asked | {"constrained"} == set(Request.__dataclass_fields__)
    assert all(f"`{name}`" in (Request.__doc__ or "") for name in asked)
