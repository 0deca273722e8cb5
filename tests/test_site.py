"""The site of the documentation: `docs/`, built by Sphinx as `make docs` builds it."""

from __future__ import annotations

import html.parser
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

import depparse
from depparse.cli.app import COMMANDS
from tests.conftest import ROOT

DOCS = ROOT / "docs"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
needs_sphinx = pytest.mark.skipif(
    importlib.util.find_spec("sphinx") is None, reason="needs Sphinx: pip install 'depparse[docs]'"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site. The command is that of the Makefile, in which every warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (options,) = re.findall(r"python -m sphinx (.*) -d docs/_build/doctrees docs docs/_build/html$", makefile, re.M)
    assert "-W" in options
    command = [sys.executable, "-m", "sphinx", *options.split(), "-d", folder / "doctrees", "docs", folder / "html"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return folder / "html"


class Elements(html.parser.HTMLParser):
    """The elements of a page, and its anchors and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []  # URLs of what the page loads
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects what the element loads, where it leads, and its id."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a":
            self.links.append(values.get("href", ""))
        elif tag == "link":
            self.loaded += [] if values.get("rel") in ("canonical", "author") else [values.get("href", "")]
        else:
            self.loaded += [values[name] for name in ("src", "srcset", "poster", "data") if name in values]


def pages(site: Path) -> dict[str, Elements]:
    """The elements of all pages, by their paths."""
    files = [file for file in sorted(site.rglob("*.html")) if "_static" not in file.parts]
    return {str(file.relative_to(site)): Elements(file.read_text(encoding="utf-8")) for file in files}


# -- without Sphinx


def source_pages() -> set[str]:
    """The pages, as tables of contents name them."""
    files = [file.relative_to(DOCS) for ending in ("md", "rst", "ipynb") for file in DOCS.rglob(f"*.{ending}")]
    return {str(file.with_suffix("")) for file in files if not file.parts[0].startswith("_")}


def test_each_page_is_in_a_table_of_contents_once() -> None:
    """A new page must be named in a toctree, most of which are in docs/index.md."""
    named = [
        str((file.parent / line).relative_to(DOCS))
        for file in DOCS.rglob("*.md")
        for tree in TOCTREE.findall(file.read_text(encoding="utf-8"))
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    assert sorted(named) == sorted(source_pages() - {"index"})


def names_that_pages_import() -> dict[str, str]:
    """The full names of what the Python of pages imports from depparse or text names, each with a page that does so."""
    named: dict[str, str] = {}
    for file in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]:
        page, text = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        for module, names in re.findall(r"^ *from (depparse(?:\.\w+)*) import ([\w, ]+)", text, re.MULTILINE):
            named |= dict.fromkeys((f"{module}.{name.strip()}" for name in names.split(",")), page)
        named |= dict.fromkeys(re.findall(r"`(depparse\.\w+(?:\.\w+)+)(?:\([^`]*\))?`", text), page)
    return named


def names_in_the_reference() -> set[str]:
    """The full names of what the sources of the reference have an entry for."""
    names = set()
    for file in DOCS.rglob("*.rst"):
        module = "depparse"
        for directive, name in re.findall(r"^\.\. (\w+):: ([\w.]+)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            if directive == "currentmodule":
                module = name
            elif directive.startswith("auto"):
                names.add(name if name.startswith("depparse.") else f"{module}.{name}")
    return names


def is_module(name: str) -> bool:
    """Whether a file or folder of depparse has this name."""
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_the_reference_has_all_that_pages_import() -> None:
    """This is public, as docs/stability.md says. Attributes and methods stand in the entries of their classes."""
    named, reference = names_that_pages_import(), names_in_the_reference()
    assert {"depparse.wrappers.huggingface_map.Annotator", "depparse.Constraints"} <= set(named)
    missing = {
        name: page
        for name, page in named.items()
        if not is_module(name) and not {name, name.rpartition(".")[0]} & reference
    }
    assert missing == {}


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("_extensions.repository_links")


def test_links_of_the_repository_become_links_of_the_site(links: ModuleType) -> None:
    shown = links.pages()
    assert shown[ROOT / "configs" / "README.md"] == "reference/recipes"

    def relinked(text: str, url: str | None = "https://host/project") -> str:
        changed: str = links.relink(text, ROOT / "docs", shown, url)
        return changed

    assert relinked("[a b](parsing.md#k) and [`c`](../configs/README.md)") == (
        "[a b](/parsing.md#k) and [`c`](/reference/recipes.md)"
    )
    assert relinked("[that](../tests/outside)") == "[that](https://host/project/blob/main/tests/outside)"
    assert relinked("[that](../tests/outside)", None) == "that"
    assert relinked("![A](../benchmarks/speed.svg)") == "![A](/../benchmarks/speed.svg)"
    for same in ("[a](https://b/c.md)", "[a](#b)", "```text\n[a](parsing.md)\n```\n"):
        assert relinked(same) == same


def test_settings_have_all_keys_of_the_recipes_with_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    page: str = importlib.import_module("_extensions.settings").markdown()
    tables: dict[str, str] = dict(re.findall(r"^## `\[([\w.]+)\]`\n(.*?)(?=^#|\Z)", page, re.M | re.S))
    assert '| `decay` | `cosine` or `linear` or `none` | `"linear"` |' in tables["segmentation.training.optimizer"]
    assert '| `decay` | `cosine` or `linear` or `none` | `"cosine"` |' in tables["training.optimizer"]

    def check(table: dict[str, Any], name: str) -> None:
        for key, value in table.items():
            path = f"{name}.{key}".removeprefix(".")
            if isinstance(value, dict) and path in tables:
                check(value, path)
            elif name:
                assert f"\n| `{key}` |" in tables[name], path
            else:
                assert f"\n| `{key}` |" in page, path

    for recipe in sorted((ROOT / "configs").glob("*.toml")):
        check(tomllib.loads(recipe.read_text(encoding="utf-8")), "")


# -- the built site


@needs_sphinx
@pytest.mark.slow
def test_links_within_the_site_lead_somewhere(site: Path) -> None:
    """The names of all pages and anchors that links name; Sphinx checks those of references, but not those of HTML."""
    elements = pages(site)
    assert len(elements) > 30
    broken = []
    for page, found in elements.items():
        for link in found.links:
            url = urlparse(link)
            if url.scheme or url.netloc:
                assert url.scheme in ("http", "https", "mailto"), (page, link)
                continue
            target = page if not url.path else str((site / page).parent.joinpath(unquote(url.path)).resolve())
            name = target.removeprefix(f"{site}/")
            exists = name in elements and (not url.fragment or unquote(url.fragment) in elements[name].anchors)
            if not exists and not (url.path and not name.endswith(".html") and (site / name).exists()):
                broken.append((page, link))
    assert broken == []


@needs_sphinx
@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    """Neither pages nor styles nor scripts name another host to load from, so the site works without a network."""
    for page, found in pages(site).items():
        assert [url for url in found.loaded if urlparse(url).netloc] == [], page
    styles = [file.read_text(encoding="utf-8") for file in site.rglob("*.css")]
    assert styles
    assert [
        url for style in styles for url in re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)]*", style)
    ] == []


@needs_sphinx
@pytest.mark.slow
def test_the_reference_has_all_names_commands_and_options(site: Path) -> None:
    from sphinx.util.inventory import InventoryFile
    from typer.main import get_command

    from depparse.cli.app import make_app

    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    names = {name for kind, objects in inventory.items() if kind.startswith("py:") for name in objects}
    assert {f"depparse.{name}" for name in depparse.__all__} - names == set()
    options = set(inventory["std:cmdoption"])
    app: Any = get_command(make_app())
    for name in app.commands:
        for parameter in app.commands[name].params:
            if parameter.param_type_name == "option":
                assert f"depparse-{name}.{parameter.opts[0]}" in options, (name, parameter.opts)
    assert set(COMMANDS.names()) >= set(app.commands)


# -- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@needs_sphinx
@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 1280])
def test_pages_fit_the_screen(browser: Any, site: Path, width: int) -> None:
    """Wide tables and code scroll by themselves; the page does not. Nothing goes wrong that the console would tell."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page, problems = context.new_page(), list[str]()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: problems.append(request.url))
    wide = []
    for name in pages(site):
        page.goto((site / name).as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(name)
    assert wide == []
    assert problems == []
    context.close()


@needs_sphinx
@pytest.mark.slow
def test_search_works_without_a_network_or_a_server(browser: Any, site: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    for query, expected in (("jackknife", "training"), ("draw_svg", "drawing"), ("k-best", "commands")):
        page.goto(f"{(site / 'search.html').as_uri()}?q={query}")
        page.locator("#search-results li a").first.wait_for()
        targets = [link.get_attribute("href") for link in page.locator("#search-results li a").all()]
        assert any(expected in target for target in targets), (query, targets)
    context.close()
