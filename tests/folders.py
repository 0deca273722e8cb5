"""Model folders that are changed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from depparse.files import hash_file


def rewrite(folder: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Changes a file of JSON, and says so in the manifest."""
    data = change(json.loads((folder / name).read_text(encoding="utf-8")))
    (folder / name).write_text(json.dumps(data), encoding="utf-8")
    sign(folder, name)


def sign(folder: Path, name: str) -> None:
    """Says in the manifest that the file is as it should be."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest[name] = hash_file(folder / name)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
