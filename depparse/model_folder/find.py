"""Finds a model's folder by a name: of a model that comes with depparse (in depparse/models), a path, or a hub id.

Nothing is fetched unless that is asked for.
"""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path

from depparse.errors import ConfigError, ModelError, closest

FOLDER = Path(__file__).parents[1] / "models"
FILES = ("config.json", "vocab.json", "model.safetensors")  # which every model folder has
FACTS, CARD = "facts.json", "README.md"  # which a model folder may lack
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def bundled() -> list[str]:
    """The names of the models that come with depparse."""
    return sorted(path.parent.name for path in FOLDER.glob("*/config.json"))


def find(name: str | os.PathLike[str], *, fetch: bool = False, revision: str | None = None) -> Path:
    """The model folder that `name` stands for.

    A string is, in this order: the name of a bundled model; the folder of a model, or of the run that made one; the
    id of a model on the Hugging Face hub (``user/repo``) that was fetched before. With `fetch` it is fetched now, at
    `revision` (a branch, tag or commit). A path object, or a string such as ``./en``, is always a folder.

    Raises ModelError if there is no such model, and ConfigError if a `revision` is given and `name` is no hub id.
    """
    if isinstance(name, str) and name in bundled():
        if _is_model(Path(name)):
            warnings.warn(f"{name!r} is the model that comes with depparse; that folder here is ./{name}", stacklevel=3)
        folder = FOLDER / name
    elif os.fspath(name) and (path := Path(name)).exists():
        folder = path / "model" if not (path / "config.json").exists() and (path / "model").is_dir() else path
    elif isinstance(name, str) and _HUB_ID.fullmatch(name):
        return _find_on_hub(name, fetch, revision)
    else:
        raise ModelError(_no_such(name))
    if revision is not None:
        raise ConfigError(
            f"only a model on the hub has revisions, but {os.fspath(name)} is the folder {folder}; give no revision"
        )
    return folder


def _is_model(folder: Path) -> bool:
    """Whether the folder is that of a model, or of a run that made one."""
    return any((path / "config.json").is_file() for path in (folder, folder / "model"))


def _no_such(name: str | os.PathLike[str]) -> str:
    """The message of the error that there is no such model."""
    if not isinstance(name, str) or Path(name).name != name:
        return f"{os.fspath(name)}: no such model folder"
    names = bundled()
    hint = "".join(f"did you mean {similar}? " for similar in closest(name, names))
    choice = f"those that come with depparse are: {', '.join(names)}" if names else "none comes with this depparse"
    return f"{name}: no such model folder, nor a model of that name; {hint}{choice}; or give the folder of a model"


def _find_on_hub(name: str, fetch: bool, revision: str | None) -> Path:
    """The folder of a model on the hub, which is fetched if `fetch` says so. Raises ModelError."""
    from huggingface_hub import snapshot_download

    # Only the files of a model folder are fetched, whatever else the repository has.
    files = [*FILES, "manifest.json", FACTS, CARD]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=files, local_files_only=not fetch))
    except Exception as error:  # of the hub, of its HTTP library (which it may change), or of the disk
        if not fetch:
            raise ModelError(
                f"{name}: no such model folder, and not among the models fetched from the Hugging Face hub before; "
                "if it is one of the hub, fetch it by fetch=True (--fetch)"
            ) from None
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(f"{name}: cannot be fetched from the Hugging Face hub: {reason}") from None
