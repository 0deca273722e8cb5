"""The tutorials, the pages on annotation, and the comparisons with other programs run as they stand."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from depparse.cli.app import make_app
from depparse.inference.load import load
from depparse.training.recipe import read_recipe
from depparse.treebanks.treebank import SPLITS
from tests.conftest import ROOT
from tests.packages import install_project
from tests.pages import Block, blocks, run
from tests.servers import served

DOCS = ROOT / "docs"
ANNOTATION = [file.stem for file in sorted((DOCS / "annotation").glob("*.md")) if file.stem != "index"]
OTHERS = [file.stem for file in sorted((DOCS / "coming-from").glob("*.md")) if file.stem != "index"]
NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.ipynb"))
needs_spacy = pytest.mark.skipif(
    importlib.util.find_spec("spacy") is None, reason="needs spaCy: pip install 'depparse[spacy]'"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the checkout, to run in without leaving anything there."""
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    return tmp_path


def run_page(page: str, folder: Path, number: int, *sites: Path, exact: bool = True) -> None:
    """Runs all blocks of a page, which must be this many, in order."""
    page_blocks = blocks(page)
    assert len(page_blocks) == number, page
    for block in page_blocks:
        run(block, folder, *sites, exact=exact)


def test_all_tutorials_are_tested() -> None:
    """Each page has a test below, which this list names."""
    pages = {file.stem for file in (DOCS / "tutorials").glob("*.md")}
    assert pages == {"index", "compare", "corpus", "entities", "serve", "spacy", "task", "treebank"}
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize(("page", "number"), [("corpus", 5), ("treebank", 5), ("compare", 5), ("entities", 4)])
def test_tutorial_runs(page: str, number: int, folder: Path) -> None:
    run_page(f"docs/tutorials/{page}.md", folder, number, exact=page == "corpus")


@needs_spacy
@pytest.mark.slow
def test_tutorial_on_spacy_runs(folder: Path) -> None:
    """With the entry points of this checkout, whatever is installed."""
    project, site = folder / "project", folder / "site"
    project.mkdir()
    (project / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    install_project(site, project)
    run_page("docs/tutorials/spacy.md", folder, 2, site)


@pytest.mark.slow
def test_tutorial_on_tasks_runs(folder: Path) -> None:
    """The first three blocks are files, whose names they begin with, or pyproject.toml."""
    code, project, recipe, *page_blocks = blocks("docs/tutorials/task.md", ["python", "toml", "sh"])
    assert (code.code.startswith("# events.py\n"), recipe.code.startswith("# recipe.toml\n")) == (True, True)
    assert [block.language for block in page_blocks] == ["sh", "python"]
    for name, block in (("events.py", code), ("recipe.toml", recipe), ("pyproject.toml", project)):
        (folder / name).write_text(block.code, encoding="utf-8")
    install_project(folder / "site", folder)
    for block in page_blocks:
        run(block, folder, folder / "site", folder)


@pytest.mark.slow
def test_tutorial_on_the_server_runs(folder: Path) -> None:
    """Its requests go to a server on a free port."""
    start, *page_blocks = blocks("docs/tutorials/serve.md")
    assert (start.code, len(page_blocks)) == ("depparse serve --model en\n", 3)
    with served({"en": load("en")}) as client:
        address = str(client.base_url).rstrip("/")
        for block in page_blocks:
            code = block.code.replace("http://127.0.0.1:8001", address).replace("curl ", "curl --silent --fail ")
            assert "Anna" in run(block._replace(code=code), folder)


@pytest.mark.slow
@pytest.mark.parametrize("page", ANNOTATION)
def test_page_on_annotation_runs(page: str, folder: Path) -> None:
    page_blocks = blocks(f"docs/annotation/{page}.md")
    assert page_blocks
    for block in page_blocks:
        run(block, folder)


@pytest.mark.slow
def test_page_on_scores_runs(folder: Path) -> None:
    run_page("docs/scores.md", folder, 2, exact=False)


@pytest.mark.parametrize("page", OTHERS)
def test_both_sides_of_comparisons_are_code(page: str) -> None:
    """What the other program does is not run here, as it needs models that are fetched; but it must be Python."""
    text = (DOCS / "coming-from" / f"{page}.md").read_text(encoding="utf-8")
    left = re.findall(r"^```(?:py|bash)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    right = re.findall(r"^```(?:python|sh|text)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(left) == len(right) > 5
    assert max(len(line) for code in (*left, *right) for line in code.splitlines()) <= 51, "two columns have no room"
    for block in blocks(f"docs/coming-from/{page}.md", ["py", "python"]):
        ast.parse(block.code)


# The classes of what the variables and attributes of the left sides are.
CLASSES = {
    "spacy": {
        "nlp": "spacy.language.Language",
        "doc": "spacy.tokens.Doc",
        "sent": "spacy.tokens.Span",
        **dict.fromkeys(("token", "head", "root"), "spacy.tokens.Token"),
    },
    "stanza": {
        "nlp": "stanza.Pipeline",
        "doc": "stanza.models.common.doc.Document",
        "sentence": "stanza.models.common.doc.Sentence",
        "ent": "stanza.models.common.doc.Span",
        **dict.fromkeys(("token", "tokens", "parent"), "stanza.models.common.doc.Token"),
        **dict.fromkeys(("word", "words", "w", "head"), "stanza.models.common.doc.Word"),
        "sentences": "stanza.models.common.doc.Sentence",
    },
}


@pytest.mark.parametrize("page", CLASSES)
def test_left_sides_name_what_the_other_library_has(page: str) -> None:
    pytest.importorskip(page, reason=f"needs {page}: pip install 'depparse[{page}]'")
    tree = ast.parse("".join(block.code for block in blocks(f"docs/coming-from/{page}.md", ["py"])))
    imported: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name: importlib.import_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                imported[alias.name] = pkgutil.resolve_name(f"{node.module}:{alias.name}")
    assert imported
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            name = owner.id if isinstance(owner, ast.Name) else ast.unparse(owner).rpartition(".")[2]
            kind = imported[name] if name in imported else pkgutil.resolve_name(CLASSES[page][name])
            assert hasattr(kind, node.attr), ast.unparse(node)


def test_trainings_of_comparisons_name_recipes_and_options_that_there_are() -> None:
    """They would take hours."""
    command: Any = get_command(make_app("train"))
    trainings = [block for page in OTHERS for block in blocks(f"docs/coming-from/{page}.md", ["text"])]
    assert trainings
    for block in trainings:
        program, name, *arguments = shlex.split(block.code.replace("\\\n", " "))
        assert (program, name) == ("depparse", "train")
        asked = command.commands["train"].make_context("train", arguments).params
        data = {
            split: [str(file) for file in asked[f"{split}_files" if split == "train" else split]] for split in SPLITS
        }
        recipe = read_recipe(asked["recipe"], asked["set_"], data=data)
        assert recipe.data.train == ("train.conllu",)


@pytest.mark.slow
@pytest.mark.parametrize("page", OTHERS)
def test_right_sides_of_comparisons_run(page: str, folder: Path) -> None:
    """All Python of a page is one program, since its blocks build on one another; so are all commands."""
    sample = (ROOT / "corpora" / "samples" / "UD_English-Sample").glob("*-ud-*.conllu")
    for file in sample:
        split = file.stem.rpartition("-")[2]
        for name in (split, "gold") if split == "test" else (split,):
            (folder / f"{name}.conllu").write_bytes(file.read_bytes())
    for name in ("letter", "notes", "words"):
        (folder / f"{name}.txt").write_text("Anna left .\n", encoding="utf-8")
    for language in ("python", "sh"):
        code = "".join(block.code for block in blocks(f"docs/coming-from/{page}.md", [language]))
        assert code or language == "sh"
        run(Block(language, code, ""), folder)


@pytest.mark.skipif(importlib.util.find_spec("nbclient") is None, reason="needs nbclient: pip install 'depparse[docs]'")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_runs_and_gives_the_output_that_is_in_it(
    notebook: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    stored = nbformat.read(notebook, as_version=4)
    again = nbformat.read(notebook, as_version=4)
    options = {
        "timeout": 600,
        "startup_timeout": 300,
        "kernel_name": "python3",
        "resources": {"metadata": {"path": str(folder)}},
    }
    NotebookClient(again, **options).execute()
    cells = [(one, two) for one, two in zip(stored.cells, again.cells, strict=True) if one.cell_type == "code"]
    assert len(cells) > 5
    for one, two in cells:
        assert shown(one) == shown(two), one.source
    assert any("image/svg+xml" in str(one.outputs) or "<svg" in str(one.outputs) for one, _ in cells)


def shown(cell: dict[str, list[dict[str, object]]]) -> tuple[str, list[object]]:
    """What a cell prints, which may come in pieces, and what else it shows, as text; of a drawing, that it is one."""
    printed = "".join(str(output["text"]) for output in cell["outputs"] if "text" in output)
    return printed, [dict(output["data"]).get("text/plain") for output in cell["outputs"] if "data" in output]
