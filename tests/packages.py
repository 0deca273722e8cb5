"""Other packages, which are installed as far as `importlib.metadata` can see."""

from __future__ import annotations

from pathlib import Path


def install(site: Path, package: str, entry_points: str, code: str = "") -> None:
    """Writes a package with these entry points, and a module of its name with this code, into a folder.

    The folder is still to be put on the path, as by ``monkeypatch.syspath_prepend``.
    """
    info = site / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    if code:
        (site / f"{package.replace('-', '_')}.py").write_text(code, encoding="utf-8")
