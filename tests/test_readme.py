"""The code in README.md and docs/ runs as it stands."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from depparse.cli.app import COMMANDS
from depparse.document.conversions import CONVERSIONS
from depparse.document.kinds import KINDS
from depparse.encoders.codec import CONTEXTS, INPUTS
from depparse.evaluation.metrics import GROUP as METRICS
from depparse.formats.conllu import read_conllu
from depparse.formats.table import GROUP as FORMATS
from depparse.layers.trees.reader import LAYERS
from depparse.model.codec import TASKS
from depparse.training.recipe import SegmentationConfig
from tests.conftest import ROOT
from tests.packages import install_project
from tests.pages import blocks, run

# These blocks install, take the network, or run the tests.
NOT_RUN = ("pip install .", "make demo", "depparse corpora get")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the checkout, to run in without leaving anything there."""
    for name in ("corpora", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_the_change_in_the_readme_changes_something() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    change = re.search(r'doc\.sentences\[(\d+)\]\.words\[(\d+)\]\.lemma = "(\w+)"', text)
    file = re.search(r'doc = depparse\.read_conllu\("([^"]+)"\)\n', text)
    assert change is not None
    assert file is not None
    sentence, word, lemma = int(change[1]), int(change[2]), change[3]
    assert read_conllu(ROOT / file[1]).sentences[sentence].words[word].lemma != lemma


@pytest.mark.slow
def test_readme_runs(folder: Path) -> None:
    """All blocks in order, in one folder; those with the bundled model have a test of their own."""
    page_blocks = [block for block in blocks("README.md") if not block.needs_bundled]
    left_out = [block.code for block in page_blocks if block.code.startswith(NOT_RUN)]
    assert len(left_out) == len(NOT_RUN)
    output = "".join(run(block, folder) for block in page_blocks if block.code not in left_out)
    for expected in ("UD_Swedish-Talbanken", "multiword tokens", "small-train", "By deprel", "the model is in", "root"):
        assert expected in output
    assert (folder / "tree.svg").exists()


@pytest.mark.slow
def test_readme_runs_with_the_bundled_model(folder: Path) -> None:
    """The picture of a parse is what the command prints."""
    page_blocks = [block for block in blocks("README.md") if block.needs_bundled]
    assert len(page_blocks) == 3
    assert page_blocks[0].shown
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray: pip install 'depparse[ray]'")
def test_page_on_scale_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All commands but those that start a cluster on several machines."""
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray is to listen on loopback alone
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    page_blocks = blocks("docs/scale.md")
    assert len(page_blocks) == 4
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
def test_page_on_new_languages_runs(folder: Path) -> None:
    page_blocks = blocks("docs/new-language.md")
    assert len(page_blocks) > 5
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
def test_page_on_drawings_runs(folder: Path) -> None:
    page_blocks = blocks("docs/drawing.md")
    assert len(page_blocks) == 2
    for block in page_blocks:
        run(block, folder)
    assert all((folder / name).exists() for name in ("tree.svg", "more.svg", "trees.html"))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("spacy") is None, reason="needs spaCy: pip install 'depparse[spacy]'")
def test_page_on_spacy_runs(folder: Path) -> None:
    """With the entry points of this checkout, whatever is installed."""
    project, site = folder / "project", folder / "site"
    project.mkdir()
    (project / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    install_project(site, project)
    page_blocks = blocks("docs/spacy.md")
    assert len(page_blocks) == 3
    for block in page_blocks:
        run(block, folder, site)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("stanza") is None, reason="needs Stanza: pip install 'depparse[stanza]'")
def test_page_on_stanza_runs(folder: Path) -> None:
    """All blocks but those with models of Stanza, which tests of the wrappers replace by others."""
    page_blocks = blocks("docs/stanza.md")
    assert len(page_blocks) == 2
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
def test_page_on_parsers_runs(folder: Path) -> None:
    page_blocks = blocks("docs/parsers.md")
    assert len(page_blocks) == 2
    assert all("the model is in" in run(block, folder) for block in page_blocks)


@pytest.mark.slow
def test_page_on_hugging_face_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(folder / "cache"))
    page_blocks = blocks("docs/huggingface.md")
    assert len(page_blocks) == 5
    for block in page_blocks:
        run(block, folder)
    assert (folder / "my-model" / "README.md").read_text(encoding="utf-8").startswith("---\ndatasets:\n")


@pytest.mark.slow
def test_python_of_other_pages_runs(folder: Path) -> None:
    """The pages run in this order, because one page loads what another one trains."""
    pages = ["docs/training.md", "docs/parsing.md", "docs/evaluation.md", "docs/formats.md"]
    for page in pages:
        page_blocks = [block for block in blocks(page) if block.language == "python"]
        assert page_blocks, page
        for block in page_blocks:
            run(block, folder)


@pytest.mark.slow
def test_page_on_searching_runs(folder: Path) -> None:
    page_blocks = blocks("docs/query.md")
    assert len(page_blocks) == 3
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
def test_page_on_experiments_runs(folder: Path) -> None:
    page_blocks = blocks("docs/experiments.md")
    assert len(page_blocks) == 4
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
def test_page_on_the_study_of_that_runs(folder: Path) -> None:
    (block,) = blocks("docs/postnominal-that.md")
    assert run(block, folder) == "5\n0\n"


def test_the_table_of_segmentation_has_all_keys_and_their_defaults() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| ([\d,.]+) \|", text, re.MULTILINE))
    config = SegmentationConfig().model_dump()
    network, _ = config.pop("network"), config.pop("training")
    expected = config | {f"network.{name}": value for name, value in network.items()}
    assert {name: float(value.replace(",", "")) for name, value in rows.items()} == expected


def test_the_table_of_conversions_has_all_names() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = text.partition("## Other libraries")[2].partition("\n### ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == CONVERSIONS.names()
    for name in CONVERSIONS.names():
        back = "yes" if CONVERSIONS[name].to_document is not None else "no"
        assert re.search(rf"^\| `{name}` \|.*\| {back}\b.*\|$", section, re.MULTILINE), name


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "configs" / "README.md"]
    for page in [*pages, *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


# The groups of entry points are no modules.
GROUPS = frozenset(folder.group for folder in (KINDS, CONVERSIONS, INPUTS, CONTEXTS, LAYERS, TASKS, COMMANDS)) | {
    METRICS,
    FORMATS,
}


def exists(name: str) -> bool:
    """Whether there is a module of that name, or something in one."""
    for end in range(name.count(".") + 1, 0, -1):
        names = name.split(".")
        try:
            value: object = importlib.import_module(".".join(names[:end]))
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("depparse"):
                raise
            continue
        for attribute in names[end:]:
            value = getattr(value, attribute, None)
        return value is not None
    return False


def test_names_in_the_pages_exist() -> None:
    assert not exists("depparse.formats.export.no_such_name")
    assert not exists("depparse.no_such_module.name")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        names = set(re.findall(r"\bdepparse(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8"))) - GROUPS
        assert [name for name in sorted(names) if not exists(name)] == [], page.name
