"""A package outside the repository adds a part of each sort, and its parts are used from the data to a packed model.

The package is `tests/outside`; `docs/extending.md` shows it, and its commands are the ones that are run here.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import depparse
from depparse.document.document import Document
from depparse.document.kinds import get_kind
from depparse.errors import FormatError, ModelError
from depparse.formats.table import iter_sentences
from depparse.treebanks.checks import check
from tests.conftest import ROOT
from tests.forking import run_depparse
from tests.outside.data import write_data
from tests.packages import install_project
from tests.pages import blocks, run
from tests.runs import weights

PROJECT = ROOT / "tests" / "outside"
PACKAGE = PROJECT / "depparse_references"
PAGE = "docs/extending.md"


class Life(NamedTuple):
    """A folder in which the commands of the page were run, and what each of them printed."""

    folder: Path
    printed: dict[str, str]  # by the name of the command; of several, the last


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package is installed in."""
    folder = tmp_path_factory.mktemp("site")
    install_project(folder, PROJECT)
    return folder


@pytest.fixture(scope="module")
def package(site: Path) -> Iterator[None]:
    """The package is installed for this process and its workers."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(site))
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE.name]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def life(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder, printed = tmp_path_factory.mktemp("life"), {}
    write_data(folder)
    (folder / "references.toml").write_bytes((PROJECT / "references.toml").read_bytes())
    (block,) = blocks(PAGE, ["sh"])
    for line in block.code.splitlines():
        printed[line.split()[1]] = run(block._replace(code=line), folder, site)
    return Life(folder, printed)


def call(folder: Path, *arguments: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The result of the command line, with the package or without it."""
    environment = environment_with(site) | {"COLUMNS": "120"}
    return run_depparse(*arguments, cwd=folder, environment=environment)


def environment_with(site: Path | None) -> dict[str, str]:
    packages = [str(ROOT)] if site is None else [str(site), str(ROOT)]
    return os.environ | {"PYTHONPATH": ":".join(packages), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def pairs(document: Document) -> list[list[tuple[int, int]]]:
    return [[(item.word, item.antecedent) for item in s.annotation("references")] for s in document]


# -- the page


def bare(code: str) -> str:
    """The lines without indentation, which differs on the page, and without empty ones."""
    return "".join(f"{line.strip()}\n" for line in code.splitlines() if line.strip())


def test_the_code_of_the_page_is_that_of_the_package() -> None:
    code = [bare(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.glob("*.py"))]
    excerpts = [
        bare(excerpt)
        for block in blocks(PAGE, ["python"])
        if not block.code.startswith("import depparse\n")
        for excerpt in re.split(r"^ *# …\n", block.code, flags=re.MULTILINE)
    ]
    assert len(excerpts) > 12
    assert [excerpt for excerpt in excerpts if not any(excerpt in text for text in code)] == []
    settings = [block.code for block in blocks(PAGE, ["toml"])]
    assert len(settings) == 2
    for file, shown in zip(("pyproject.toml", "references.toml"), settings, strict=True):
        assert shown in (PROJECT / file).read_text(encoding="utf-8")


def test_the_table_of_files_and_lines_is_true() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `([\w.]+)` \| `(\w+\.py)` \| (\d+) \| 0 \|$", text, re.MULTILINE)
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.glob("[a-z]*.py")}
    assert {file: int(number) for _, file, number in rows} == lines
    points = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    modules = {group: next(iter(names.values())).partition(":")[0] for group, names in points.items()}
    assert {group: f"{PACKAGE.name}.{file.removesuffix('.py')}" for group, file, _ in rows} == modules
    assert len(rows) == 9


@pytest.mark.slow
def test_mypy_holds_the_package_against_the_contracts() -> None:
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    command = [sys.executable, "-m", "mypy", *settings, "-p", PACKAGE.name]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    result = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_depparse_does_not_name_the_package() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "depparse").rglob("*.py"))
    assert not re.search(r"depparse_references|\bREF\b|\.refs\b", code)


# -- the life of the annotation: data, training, parsing, scores


def test_the_new_format_becomes_the_old_ones_and_back(life: Life, site: Path) -> None:
    assert "\tRef=" in (life.folder / "train.conllu").read_text(encoding="utf-8")
    header = (life.folder / "dev.conllup").read_text(encoding="utf-8").partition("\n")[0]
    assert header.split()[-2:] == ["NER", "REF"]
    for name, copy in (("train", "train.conllu"), ("dev", "dev.conllup")):
        assert call(life.folder, "convert", copy, "-o", "back.refs.gz", site=site).stderr == ""
        back = gzip.decompress((life.folder / "back.refs.gz").read_bytes())
        assert back == (life.folder / f"{name}.refs").read_bytes()


def test_training_shows_logs_and_keeps_the_score(life: Life) -> None:
    header, *rows = [
        line.split() for line in life.printed["train"].splitlines() if re.match(r"epoch|  *\d|  *test", line)
    ]
    assert [len(rows), rows[-1][0]] == [4, "test"]
    column = header.index("Refs")
    assert 80 < float(rows[-1][column]) <= 100
    folder = life.folder / "runs" / "references"
    logged = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [f"{100 * line['Refs']:.2f}" for line in logged] == [row[column] for row in rows[:-1]]
    assert all("references" in line["losses"] for line in logged)
    facts = json.loads((folder / "model" / "facts.json").read_text(encoding="utf-8"))
    assert [row["data"] for row in facts["scores"] if row["f1"]["Refs"] > 0.8] == ["dev", "test"]
    card = (folder / "model" / "README.md").read_text(encoding="utf-8")
    assert "Refs: within sentences." in card
    assert re.search(r"\| Refs \|$", card, re.MULTILINE)
    assert (folder / "curves.png").stat().st_size > 1000


def test_the_model_writes_the_annotation_and_it_is_scored(life: Life, package: None) -> None:
    gold, system = depparse.read(life.folder / "test.refs"), depparse.read(life.folder / "parsed.conllu")
    right = sum(item in found for a, found in zip(pairs(gold), pairs(system), strict=True) for item in a)
    n_gold, n_system = (sum(map(len, pairs(document))) for document in (gold, system))
    assert right > 0.8 * n_gold > 10
    table = life.printed["evaluate"].partition("\nReferences\n")[2].splitlines()
    name, *scores, count, counted, low, to, high = table[1].split()
    assert (name, count, counted, to) == ("Refs", str(n_gold), str(n_system), "to")
    assert scores == [f"{100 * s:.2f}" for s in (right / n_system, right / n_gold, 2 * right / (n_gold + n_system))]
    assert float(low) <= float(scores[2]) <= float(high)


def test_two_systems_are_compared(life: Life, site: Path, package: None) -> None:
    other = depparse.read(life.folder / "test.refs")
    for sentence in other:
        sentence.annotate("references", [], in_columns=True)
    depparse.write(other, life.folder / "none.refs")
    arguments = ("evaluate", "test.refs", "parsed.conllu", "--compare", "none.refs", "--bootstrap", "50", "--json")
    result = json.loads(call(life.folder, *arguments, site=site).stdout)
    assert result["compare"]["references"]["Refs"]["f1"] == 0
    difference = result["compare"]["difference"]["Refs"]
    assert difference["f1"] == pytest.approx(result["references"]["Refs"]["f1"])
    assert difference["p_value"] < 0.1


def test_evaluate_asks_the_model(life: Life, site: Path) -> None:
    result = call(life.folder, "evaluate", "test.refs", "--model", "packed", "--json", site=site)
    assert json.loads(result.stdout)["references"]["Refs"]["f1"] > 0.8


def test_show_and_the_new_command(life: Life, package: None) -> None:
    document = depparse.read(life.folder / "parsed.conllu")
    assert life.printed["show"].splitlines()[1] == document[0].text
    listed = [line.split("\t") for line in life.printed["references"].splitlines()]
    words = [(s.sent_id, s.words[a - 1].text, s.words[b - 1].text) for s in document for a, b in pairs([s])[0]]
    assert list(map(tuple, listed)) == words
    assert {word for _, word, _ in words} == {"she", "he"}


def test_the_packed_model_parses_and_says_what_it_is(life: Life, site: Path, package: None) -> None:
    config = json.loads((life.folder / "packed" / "config.json").read_text(encoding="utf-8"))
    assert config["weights"] == "int8"
    assert call(life.folder, "parse", "test.refs", "--model", "packed", "-o", "packed.refs", site=site).stderr == ""
    found, expected = (pairs(depparse.read(life.folder / name)) for name in ("packed.refs", "parsed.conllu"))
    assert sum(a != b for a, b in zip(found, expected, strict=True)) <= 1
    described = call(life.folder, "info", "packed", site=site).stdout
    assert re.search(r"^references +REF ", described, re.MULTILINE)
    assert "shapes: width 8" in described
    assert "window: width 64" in described


def test_python_gives_the_same_annotation_and_exports_it(life: Life, package: None, tmp_path: Path) -> None:
    nlp = depparse.load(str(life.folder / "runs" / "references"))
    system = nlp.reanalyze(depparse.read(life.folder / "test.refs"))
    assert pairs(system) == pairs(depparse.read(life.folder / "parsed.conllu"))
    scores = [item.score for sentence in system for item in sentence.annotation("references")]
    assert all(0.3 < score <= 1 for score in scores)
    depparse.write(system, tmp_path / "a.parquet")
    for copy in (
        Document.from_dict(json.loads(json.dumps(system.to_dict()))),
        Document.from_arrow(system.to_arrow()),
        depparse.read(tmp_path / "a.parquet"),
    ):
        assert copy.to_conllu() == system.to_conllu()
        assert [item.score for sentence in copy for item in sentence.annotation("references")] == scores
    assert pairs(Document.from_pandas(system.to_pandas())) == pairs(system)
    converted: Any = system.to("references")
    assert pairs(Document.of("references", converted)) == pairs(system)
    again = list(nlp.pipe([system, system], workers=2))
    assert [pairs(document) for document in again] == [pairs(system)] * 2


@pytest.mark.slow
def test_python_of_the_page_runs(life: Life, site: Path) -> None:
    (block,) = (block for block in blocks(PAGE, ["python"]) if block.code.startswith("import depparse\n"))
    assert float(run(block, life.folder, site).splitlines()[-1]) > 0.8


def test_raw_text_kept_annotation_and_tasks_left_out_work(life: Life, package: None) -> None:
    folder = str(life.folder / "runs" / "references")
    nlp = depparse.load(folder)
    sentence = nlp("Anna met Bob before he left.").sentences[0]
    assert pairs([sentence]) == [[(5, 3)]]
    gold = depparse.read(life.folder / "test.refs")
    source = depparse.read(life.folder / "test.refs")
    for sentence in source:
        sentence.annotate("references", [get_kind("references").item(1, 2)], in_columns=True)
    assert pairs(nlp(source, keep=["references"])) == [[(1, 2)]] * len(gold)
    assert pairs(nlp(source)) == pairs(depparse.read(life.folder / "parsed.conllu"))
    without = depparse.load(folder, without=["references"])
    assert pairs(without(gold)) == pairs(gold)
    assert not any(pairs(without.reanalyze(gold)))


def test_words_have_their_places_in_the_text(life: Life, package: None) -> None:
    """A reader of another package does not say where sentences begin."""
    starts = [[s.words[0].start_char for s in iter_sentences(life.folder / f"train.{e}")] for e in ("refs", "conllu")]
    assert starts[0] == starts[1]
    assert starts[0][:2] == [0, len(depparse.read(life.folder / "train.refs")[0].text) + 1]


# -- killed, interrupted, begun with another model


@pytest.mark.slow
def test_a_killed_run_ends_as_a_whole_one(life: Life, site: Path) -> None:
    folder = life.folder / "runs" / "killed"
    command = [
        sys.executable,
        "-m",
        "depparse",
        "train",
        "references.toml",
        "-o",
        str(folder),
        "--train",
        "train.conllu",
    ]
    command += ["--dev", "dev.conllup", "--test", "test.refs", "--set", "training.checkpoint_seconds=0"]
    process = subprocess.Popen(command, cwd=life.folder, env=environment_with(site), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 600  # ends a process that hangs, not one on a busy machine
    while process.poll() is None and not (folder / "metrics.jsonl").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    subprocess.run([*command, "--resume"], cwd=life.folder, env=environment_with(site), check=True, capture_output=True)
    assert weights(folder) == weights(life.folder / "runs" / "references")


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, False])
def test_a_trained_parser_learns_the_new_task(life: Life, package: None, tmp_path: Path, freeze: bool) -> None:
    recipe = tomllib.loads((PROJECT / "references.toml").read_text(encoding="utf-8"))
    tasks = recipe["model"]["tasks"]
    settings = recipe | {"training": {"epochs": 2, "precision": "fp32"}}
    files = {"train": [life.folder / "train.refs"], "dev": [life.folder / "dev.refs"]}
    first = settings | {"metric": "LAS", "model": recipe["model"] | {"tasks": {"dependencies": tasks["dependencies"]}}}
    depparse.train(first, **files, output=tmp_path / "base")
    second = settings | {"model": {"tasks": {"references": tasks["references"]}}, "data": {"on_disk": True}}
    nlp = depparse.train(second, **files, base=str(tmp_path / "base"), freeze=freeze, output=tmp_path / "more")
    assert nlp.model is not None
    assert list(nlp.model.tasks) == ["dependencies", "references"]
    gold = depparse.read(life.folder / "dev.refs")
    trees = [
        [sentence.columns["HEAD"] for sentence in pipeline.reanalyze(gold)]
        for pipeline in (nlp, depparse.load(str(tmp_path / "base")))
    ]
    assert trees[0] == trees[1] or not freeze


# -- errors


@pytest.mark.parametrize(
    "command",
    [
        ("parse", "parsed.conllu", "--model", "runs/references"),
        pytest.param(("evaluate", "parsed.conllu", "--model", "packed"), marks=pytest.mark.slow),
        pytest.param(("pack", "runs/references", "--output", "again"), marks=pytest.mark.slow),
    ],
)
def test_without_the_package_a_model_is_one_clear_error(life: Life, command: tuple[str, ...]) -> None:
    result = call(life.folder, *command)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert re.fullmatch(
        r"depparse: error: \S+config\.json: config key model\.encoder\.inputs\.1\.type is wrong: there is no 'shapes'; "
        r"there are: .* \(a package may add more: entry points depparse\.inputs\)",
        line,
    )


def test_without_the_package_all_else_works(life: Life, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder != str(site)])
    with pytest.raises(ModelError, match="there is no 'shapes'"):
        depparse.load(str(life.folder / "packed"))
    assert "references" in call(life.folder, "info", "packed").stdout
    for command, message in (
        (("references", "parsed.conllu"), "No such command 'references'"),
        (("convert", "test.refs", "--to", "conllu"), "the ending '.refs' names no format"),
        (("train", "references.toml", "--train", "train.conllu"), "there is no 'shapes'"),
    ):
        result = call(life.folder, *command)
        assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
        assert message in result.stderr
    # The annotation stands in MISC, and stays there.
    text = (life.folder / "parsed.conllu").read_text(encoding="utf-8")
    assert call(life.folder, "convert", "parsed.conllu", "--to", "conllu").stdout == text


def test_broken_files_say_where(life: Life, site: Path, package: None, tmp_path: Path) -> None:
    text = (life.folder / "test.refs").read_text(encoding="utf-8")
    (tmp_path / "cells.refs").write_text(text.replace("\tO\t_\n", "\tO\n", 1), encoding="utf-8")
    number = text.splitlines().index(next(line for line in text.splitlines() if line.endswith("\tO\t_"))) + 1
    result = call(tmp_path, "show", "cells.refs", site=site)
    expected = f"cells.refs:{number}: sentence test-1: expected 6 columns separated by tabs, found 5"
    assert (result.returncode, result.stderr) == (2, f"depparse: error: {expected}\n")
    (tmp_path / "no.conllu").write_text(
        (life.folder / "train.conllu").read_text(encoding="utf-8").replace("Ref=1", "Ref=99"), encoding="utf-8"
    )
    with pytest.raises(FormatError, match=r"column REF: word \d has the antecedent '99', which is no word"):
        pairs(depparse.read(tmp_path / "no.conllu"))
    findings = {finding.code: finding for finding in check(tmp_path / "no.conllu")}
    assert findings["reference-antecedent"].severity == "error"
    result = call(tmp_path, "train", str(PROJECT / "references.toml"), "--train", "no.conllu", site=site)
    assert result.returncode == 2
    assert "has the antecedent '99'" in result.stderr.splitlines()[-1]
