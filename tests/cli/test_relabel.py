"""``depparse corpora relabel``: differences, files, JSON, exit codes; and ``depparse diff --agreement``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROWS = (
    "# sent_id = s1\n# text = Birds sing.\n1\tBirds\tbird\tNOUN\tN\tNumber=Plur\t2\tnsubj\t2:nsubj\t_\n"
    "2\tsing\tsing\tVERB\tV\t_\t0\troot\t0:root\tSpaceAfter=No\n3\t.\t.\tPUNCT\tP\t_\t2\tpunct\t2:punct\t_\n\n"
)
RULE = "rule r { pattern { X [upos=NOUN] } commands { X.xpos = M } }"
NEW = ROWS.replace("NOUN\tN", "NOUN\tM")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.conllu"
    path.write_text(ROWS)
    (tmp_path / "rules.txt").write_text(RULE)
    return path


def test_the_difference_is_shown_and_written_only_if_asked(run: Run, file: Path) -> None:
    shown = run("corpora", "relabel", "x.conllu", "rules.txt")
    assert shown.returncode == 0, shown.stderr
    assert "-1\tBirds\tbird\tNOUN\tN\t" in shown.stdout
    assert "+1\tBirds\tbird\tNOUN\tM\t" in shown.stdout
    assert "x.conllu: 1 line to change; --write or --output writes them" in shown.stderr
    assert file.read_text() == ROWS
    printed = run("corpora", "relabel", "x.conllu", RULE, "-o", "-")
    assert printed.stdout == NEW
    run("corpora", "relabel", "x.conllu", "rules.txt", "--write")
    assert file.read_text() == NEW
    again = run("corpora", "relabel", ".", "rules.txt", "--write")
    assert "x.conllu: nothing to change" in again.stderr


def test_files_are_told_as_changed_once_they_are_written(run: Run, file: Path) -> None:
    (file.parent / "y.conllu").write_text(ROWS.replace("\n2\t", "\n3\t"))
    broken = run("corpora", "relabel", "x.conllu", "y.conllu", "rules.txt", "--write")
    assert (broken.returncode, broken.stderr.count("\n")) == (2, 1)
    assert "y.conllu:4" in broken.stderr
    assert file.read_text() == ROWS
    nowhere = run("corpora", "relabel", "x.conllu", "rules.txt", "-o", "no/such/z.conllu")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
    (file.parent / "y.conllu").write_text(ROWS)
    written = run("corpora", "relabel", "x.conllu", "y.conllu", "rules.txt", "--write", "--summary")
    assert written.stderr.splitlines()[:2] == ["x.conllu: 1 line changed", "y.conllu: 1 line changed"]


def test_new_errors_are_told_and_are_exit_code_1(run: Run, file: Path) -> None:
    result = run("corpora", "relabel", "x.conllu", RULE.replace("xpos = M", "upos = SUBST"), "--json")
    assert result.returncode == 1
    (record,) = json.loads(result.stdout)
    assert record["applied"] == {"r": 1}
    assert [finding["places"] for finding in record["findings"] if finding["severity"] == "error"] == [["x.conllu:3"]]
    assert file.read_text() == ROWS


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["x.conllu", "rule r {"], "rules, line 1, column 9: expected pattern"),
        (["x.conllu", "wrong.txt"], "wrong.txt: rules, line 1, column 1: expected rule NAME"),
        (["x.conllu", "missing.txt"], "missing.txt: cannot be read"),
        (["y.conllu", "rules.txt"], "y.conllu: cannot be read"),
        (["-", "rules.txt"], "rules change files in CoNLL-U"),
        (["x.conllu", "x.conllu", "rules.txt", "--write", "-o", "z"], "give either --write or --output"),
    ],
)
def test_mistakes_are_one_line(run: Run, file: Path, arguments: list[str], error: str) -> None:
    (file.parent / "wrong.txt").write_text("pattern")
    result = run("corpora", "relabel", *arguments)
    assert result.returncode == 2
    assert error in result.stderr
    assert result.stderr.count("\n") == 1


def test_agreement(run: Run, file: Path) -> None:
    (file.parent / "y.conllu").write_text(ROWS.replace("NOUN", "PROPN").replace("nsubj", "obj"))
    table = run("diff", "x.conllu", "y.conllu", "--agreement").stdout
    assert "UAS" in table
    assert "obj" in table
    (record,) = json.loads(run("diff", "x.conllu", "y.conllu", "--agreement", "--json").stdout)
    assert (record["uas"], record["las"], record["aligned"]) == (1.0, 2 / 3, 3)
    assert run("diff", "x.conllu", "y.conllu", "--agreement", "--summary").returncode == 2
