"""Links between Markdown files of the repository, on the site.

In a file, a link is relative, as GitHub reads it. On the site, it leads to the page that is made of the file it names:
a file of docs/, or the file that a page includes as a whole. Any other file is shown by the host of the repository (its
URL is in pyproject.toml); without a URL, the link becomes plain text.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
FENCE = re.compile(r"^(```|~~~).*?^\1[`~]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")
INCLUDE = re.compile(r"^```\{include\} (\S+)\n((?::.*\n)*)```$", re.MULTILINE)


def repository() -> str | None:
    """The URL of the repository, from pyproject.toml; None if it has none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    urls = {name.lower(): url.rstrip("/") for name, url in project.get("urls", {}).items()}
    return next((urls[name] for name in ("repository", "source", "homepage") if name in urls), None)


def pages() -> dict[Path, str]:
    """The pages of the site, without endings, by the files of the repository that they show."""
    found = {}
    for page in sorted(DOCS.rglob("*.md")):
        name = page.relative_to(DOCS).with_suffix("").as_posix()
        found[page] = name
        for target, _ in INCLUDE.findall(page.read_text(encoding="utf-8")):
            found.setdefault((page.parent / target).resolve(), name)
    return found


def relink(text: str, folder: Path, shown: dict[Path, str], url: str | None) -> str:
    """The Markdown text of a file in the folder, with links that lead somewhere on the site. Code stays as it is."""

    def replace(match: re.Match[str]) -> str:
        picture, label, target = match.groups()
        path, _, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:|/", path):
            return match[0]
        file = (folder / path).resolve()
        end = f"#{anchor}" if anchor else ""
        if picture:
            return f"![{label}](/{os.path.relpath(file, DOCS)})"
        if file in shown:
            return f"[{label}](/{shown[file]}.md{end})"
        if file.is_relative_to(DOCS) or not file.exists():  # notebooks; and what is wrong, which Sphinx tells
            return f"[{label}](/{os.path.relpath(file, DOCS)}{end})"
        return f"[{label}]({url}/blob/main/{file.relative_to(ROOT).as_posix()}{end})" if url else label

    return _outside_code(text, partial(LINK.sub, replace))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text, changed outside of fenced blocks."""
    result, end = [], 0
    for fence in FENCE.finditer(text):
        result += [change(text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*result, change(text[end:])])


def setup(app: Any) -> dict[str, bool]:
    """Connects the two events at which Sphinx has read a page, or a file that a page includes."""
    shown, url = pages(), repository()

    def page_read(app: Any, page: str, source: list[str]) -> None:
        file = Path(app.env.doc2path(page))
        if file.suffix == ".md":
            source[0] = relink(source[0], file.parent, shown, url)

    def file_included(app: Any, path: Path, page: str, source: list[str]) -> None:
        file = (DOCS / path).resolve()
        if file.suffix == ".md":
            source[0] = relink(source[0], file.parent, shown, url)

    app.connect("source-read", page_read)
    app.connect("include-read", file_included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
