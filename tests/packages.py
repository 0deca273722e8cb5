"""Fake installations of other packages, which `importlib.metadata` takes for real ones."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path


def install(site: Path, package: str, entry_points: str, code: str = "") -> None:
    """Writes a package with these entry points, and a module of its name with this code, into a folder.

    The caller must put the folder on the path, as by ``monkeypatch.syspath_prepend``.
    """
    info = site / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    if code:
        (site / f"{package.replace('-', '_')}.py").write_text(code, encoding="utf-8")


def install_project(site: Path, project: Path) -> None:
    """Installs a project into a folder as pip does: the entry points of its pyproject.toml, and its packages."""
    data = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = data["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{n} = {v}" for n, v in points.items()))]
    install(site, data["name"], "\n".join([*lines, ""]))
    for package in project.glob("*/__init__.py"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(package.parent, site / package.parent.name, ignore=ignored)
