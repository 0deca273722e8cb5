"""What README.md and docs/ show runs as it stands."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from depparse.cli.app import COMMANDS
from depparse.document.document import CONVERSIONS
from depparse.document.kinds import KINDS
from depparse.encoders.codec import CONTEXTS, INPUTS
from depparse.evaluation.metrics import GROUP as METRICS
from depparse.formats.table import GROUP as FORMATS
from depparse.layers.trees.reader import LAYERS
from depparse.model.codec import TASKS
from depparse.training.recipe import SegmentationConfig
from tests.conftest import ROOT
from tests.pages import blocks, run

# Blocks that install, take the network, or run the tests.
NOT_RUN = ("pip install .", "make demo", "depparse corpora get")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the checkout, to run in without leaving anything there."""
    for name in ("corpora", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.slow
def test_readme_runs(folder: Path) -> None:
    """All blocks in order, in one folder; those with the bundled model have a test of their own."""
    found = [block for block in blocks("README.md") if not block.needs_bundled]
    left_out = [block.code for block in found if block.code.startswith(NOT_RUN)]
    assert len(left_out) == len(NOT_RUN)
    output = "".join(run(block, folder) for block in found if block.code not in left_out)
    for expected in ("UD_Swedish-Talbanken", "multiword tokens", "small-train", "By deprel", "the model is in", "root"):
        assert expected in output
    assert (folder / "tree.svg").exists()


@pytest.mark.slow
def test_readme_runs_with_the_bundled_model(folder: Path) -> None:
    """The picture of a parse is what the command prints."""
    found = [block for block in blocks("README.md") if block.needs_bundled]
    assert len(found) == 3
    assert found[0].shown
    for block in found:
        run(block, folder)


@pytest.mark.slow
def test_page_on_new_languages_runs(folder: Path) -> None:
    found = blocks("docs/new-language.md")
    assert len(found) > 5
    for block in found:
        run(block, folder)


@pytest.mark.slow
def test_python_of_other_pages_runs(folder: Path) -> None:
    """In this order: what one page trains, the next one loads."""
    pages = ["docs/training.md", "docs/parsing.md", "docs/evaluation.md", "docs/formats.md"]
    for page in pages:
        found = [block for block in blocks(page) if block.language == "python"]
        assert found, page
        for block in found:
            run(block, folder)


def test_table_of_segmentation_has_all_keys_and_their_defaults() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| ([\d,.]+) \|", text, re.MULTILINE))
    config = SegmentationConfig().model_dump()
    network, _ = config.pop("network"), config.pop("training")
    expected = config | {f"network.{name}": value for name, value in network.items()}
    assert {name: float(value.replace(",", "")) for name, value in rows.items()} == expected


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "configs" / "README.md"]
    for page in [*pages, *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


# Of entry points, which are no modules.
GROUPS = frozenset(folder.group for folder in (KINDS, CONVERSIONS, INPUTS, CONTEXTS, LAYERS, TASKS, COMMANDS)) | {
    METRICS,
    FORMATS,
}


def exists(name: str) -> bool:
    """Whether there is a module of that name, or something in one."""
    for end in range(name.count(".") + 1, 0, -1):
        parts = name.split(".")
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("depparse"):
                raise
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def test_names_in_the_pages_exist() -> None:
    assert not exists("depparse.formats.export.no_such_name")
    assert not exists("depparse.no_such_module.name")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        names = set(re.findall(r"\bdepparse(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8"))) - GROUPS
        assert [name for name in sorted(names) if not exists(name)] == [], page.name
