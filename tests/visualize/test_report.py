"""The page about an evaluation: everything that it promises is there, and nothing foreign becomes markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.evaluation.report import report
from depparse.formats.table import read, write
from depparse.visualize.curves import find_logs
from depparse.visualize.report import draw_report

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def files(samples: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    gold = read(samples / "UD_English-Sample" / "en_sample-ud-dev.conllu")
    paths = tmp_path / "gold.conllu", tmp_path / "one.conllu", tmp_path / "other.conllu"
    for number, path in enumerate(paths):
        copies = [sentence.copy() for sentence in gold]
        for sentence in copies[::2] if number else ():
            relations = sentence.columns["DEPREL"]
            sentence.columns["DEPREL"] = [
                HOSTILE if each == "obj" else "obl" if each == "nmod" else each for each in relations
            ]
            sentence.columns["MISC"] = ["HeadProb=0.8|LabelProb=0.75"] * len(sentence)
        copies[3].columns["FORM"][0] = "<b>&"
        write(Document(copies), path)
    return paths


def page_of(files: tuple[Path, Path, Path], **options: object) -> str:
    result = report(files[0], files[1], samples=50, **options)  # type: ignore[arg-type]
    return "".join(draw_report(result))


def test_all_parts_are_there(files: tuple[Path, Path, Path]) -> None:
    page = page_of(files, other=files[2])
    for part in ("scores", "groups", "confusion", "hardest"):
        assert f'<section id="{part}">' in page
    for title in ("By relation", "By length of the sentence", "By part of speech", "Probabilities", "Relations"):
        assert f"<h3>{title}" in page
    assert "F1: A = " in page
    assert "expected calibration error" in page
    body = page[page.index("<h1>") :]
    root = ElementTree.fromstring(f"<body>{body}</body>")
    links = [link.get("href") for link in root.iter("{http://www.w3.org/2000/svg}a")]
    names = {element.get("id") for element in root.iter()}
    assert links
    assert all(link is not None and link[1:] in names for link in links)
    assert "is-label-nmod-obl" in names


def test_nothing_is_loaded_and_nothing_foreign_is_markup(files: tuple[Path, Path, Path]) -> None:
    page = page_of(files)
    assert "<script" not in page
    assert "<b>" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert "url(" not in page
    assert "&lt;script&gt;" in page


def test_curves_of_runs(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    lines = [json.dumps({"epoch": n, "LAS": n / 10, "loss": 1.0}) for n in (1, 2)]
    (tmp_path / "run" / "metrics.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = report(files[0], files[1])
    page = "".join(draw_report(result, find_logs([str(tmp_path / "run")])))
    assert "best LAS 20.00 after epoch 2" in page
    with pytest.raises(ConfigError, match=r"holds no metrics\.jsonl"):
        find_logs([str(tmp_path)])
