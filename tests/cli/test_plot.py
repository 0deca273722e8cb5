"""``depparse plot``."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, ...]:
    for number, name in enumerate(("a", "b", "seeds/seed-2", "seeds/seed-10")):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        lines = [{"epoch": n, "LAS": 0.5 + n / 10 + number / 100, "UPOS": 0.9, "loss": 2.0 / n} for n in (1, 2)]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return "a", "b", "seeds"


def test_runs_are_drawn_over_each_other(runs: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    assert run("plot", *runs, "-o", "all.svg").stdout == "all.svg: a, b, seed-2, seed-10\n"
    root = ElementTree.parse(tmp_path / "all.svg").getroot()
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for expected in ("dev LAS, %", "dev UPOS, %", "training loss a word", "a  70.00", "seed-10  73.00"):
        assert expected in texts
    first = (tmp_path / "all.svg").read_bytes()
    run("plot", *runs, "-o", "all.svg")
    assert (tmp_path / "all.svg").read_bytes() == first
    assert run("plot", *runs, "--metrics", "LAS", "-o", "one.svg").returncode == 0
    assert "dev UPOS" not in (tmp_path / "one.svg").read_text(encoding="utf-8")


def test_names_of_runs_are_shown_as_they_are(tmp_path: Path, run: Run) -> None:
    for name in ("_under", "a$x^$b", "seeds/seed-old", "seeds/seed-2"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "metrics.jsonl").write_text('{"epoch": 1, "LAS": 0.5}\n', encoding="utf-8")
    assert run("plot", "_under", "a$x^$b", "seeds", "-o", "x.svg").returncode == 0
    text = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert all(f"{name}  50.00" in text for name in ("_under", "a$x^$b", "seed-old", "seed-2"))
    (tmp_path / "a$x^$b" / "metrics.jsonl").write_text('{"epoch": 1, "Words": 0.5}\n', encoding="utf-8")
    assert "have no score in common" in run("plot", "_under", "a$x^$b", "-o", "x.svg").stderr


@pytest.mark.parametrize(("name", "begin"), [("x.png", b"\x89PNG"), ("x.pdf", b"%PDF"), ("x.svg", b"<?xml")])
def test_one_run_is_drawn(name: str, begin: bytes, runs: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    assert run("plot", runs[0], "-o", name).returncode == 0
    assert (tmp_path / name).read_bytes().startswith(begin)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "nowhere: no such folder of a run"),
        (("a", "--segmenter"), "a: holds no segmenter.jsonl"),
        (("a", "b", "--metrics", "LOS"), "no run has the score 'LOS'; did you mean LAS?"),
        (("a", "--metrics", "NOPE"), "no run has the score 'NOPE'"),
        (("a", "b", "--metrics", "loss"), "no run has the score 'loss'"),
        (("a/typo",), "a/typo: no such folder of a run"),
        (("a", "-o", "x.gif"), "x.gif: curves are drawn as png, svg, pdf, not as gif"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], message: str, runs: tuple[str, ...], run: Run) -> None:
    result = run("plot", *arguments)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
