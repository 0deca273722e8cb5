"""Curves of a run: all values of its log are drawn, and a broken file is one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from depparse.errors import FormatError
from depparse.visualize import curves
from depparse.visualize.curves import draw_curves

ROWS = [
    {"epoch": e, "LAS": 0.5 + e / 20, "UAS": 0.6 + e / 20, "UPOS": 0.9, "losses": {"tagger": 1 / e}, "loss": 1 / e}
    for e in (1, 2, 3)
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def drawn_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def test_the_scores_of_a_segmenter_are_drawn(tmp_path: Path) -> None:
    pictures = []
    for names in ((), ("Words",), ("Words", "Tokens"), ("Words", "Tokens", "Sentences")):
        rows = [{"epoch": epoch, **dict.fromkeys(names, 0.5 + epoch / 10)} for epoch in (1, 2)]
        draw_curves(write(tmp_path / "segmenter.jsonl", rows), tmp_path / "curves.png")
        pictures.append((tmp_path / "curves.png").read_bytes())
    assert len(set(pictures)) == 4


@pytest.mark.parametrize("first", [0.0, 0.03, 0.6])
def test_all_points_are_in_the_picture(first: float) -> None:
    rows = [{"epoch": 1, "LAS": first}, {"epoch": 2, "LAS": 0.9, "UPOS": 0.95}, {"epoch": 3, "LAS": 0.92, "UPOS": None}]
    ax = Figure().subplots()
    curves._draw_scores(ax, rows, None)
    bottom, top = ax.get_ylim()
    values = [value for line in ax.lines[:2] for value in line.get_ydata()]
    assert sorted(values) == pytest.approx(sorted([100 * first, 90, 92, 95]))
    assert bottom <= min(values) <= max(values) <= top
    assert bottom >= min(values) - 3  # no room is wasted on a value that is not there


def test_each_kind_of_value_gets_its_panel(tmp_path: Path) -> None:
    heights = []
    rated = [row | {"learning_rate": 1e-3, "words_per_second": 900.0} for row in ROWS]
    bare = [{"epoch": row["epoch"], "LAS": row["LAS"]} for row in ROWS]
    for rows in (bare, ROWS, rated):
        draw_curves(write(tmp_path / "m.jsonl", rows), tmp_path / "curves.png")
        heights.append(drawn_size(tmp_path / "curves.png")[1])
    assert heights == sorted(set(heights))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "m.jsonl"]


@pytest.mark.parametrize(
    "rows",
    [
        [{"epoch": 1}],
        [{"epoch": 1, "LAS": 0.0}, {"epoch": 2, "LAS": None}],
        [{"epoch": 1, "loss": 0.0, "losses": {}}],
        [{"epoch": 1, "loss": float("nan"), "learning_rate": 0.0}],
        [{"epoch": 2, "words_per_second": None, "learning_rate": None}],
    ],
)
def test_runs_with_little_to_draw_are_drawn(rows: list[dict[str, object]], tmp_path: Path) -> None:
    draw_curves(write(tmp_path / "m.jsonl", rows), tmp_path / "curves.png")
    assert drawn_size(tmp_path / "curves.png")[0] > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no evaluations"),
        ('{"epoch": 1}\nx\n', ":2: not a line of JSON"),
        ('{"LAS": 1}\n', ":1: not a line of JSON"),
    ],
)
def test_a_broken_file_is_one_line(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        draw_curves(tmp_path / "m.jsonl", tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def test_importing_it_does_not_import_matplotlib() -> None:
    code = "import sys, depparse.visualize.curves; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
