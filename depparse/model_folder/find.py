"""Finds a model's folder by a name: of a model that comes with depparse, a path, a model of a package, or a hub id.

Nothing is fetched unless that is asked for, and no code of a package is run.
"""

from __future__ import annotations

import os
import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from depparse.errors import ConfigError, ModelError, closest
from depparse.folders import all_installed, package_of
from depparse.model_folder.hub import cached, fetched

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FOLDER = Path(__file__).parents[1] / "models"
GROUP = "depparse.models"  # of entry points: a name, and the package that is the model's folder
FILES = ("config.json", "vocab.json", "model.safetensors")  # which every model folder has
FACTS, CARD = "facts.json", "README.md"  # which a model folder may lack
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
# All files of a model folder, with the largest size in bytes of each that is fetched.
SIZES = dict.fromkeys(("config.json", "manifest.json", FACTS, CARD), 2**24)
SIZES |= {"vocab.json": 2**28, "model.safetensors": 2**34}


def bundled() -> dict[str, Path]:
    """The folders of the models that come with depparse, by name.

    In a checkout of the repository, those in ``models`` are among them, which the wheel does not hold.
    """
    root = FOLDER.parents[1]
    # Beside an installed package, a folder ``models`` would be somebody else's.
    folders = [root / "models", FOLDER] if (root / "pyproject.toml").is_file() else [FOLDER]
    found = {path.parent.name: path.parent for folder in folders for path in folder.glob("*/config.json")}
    return dict(sorted(found.items()))


def packaged() -> dict[str, list[EntryPoint]]:
    """The models that installed packages offer: by name, their entry points.

    All packages are searched each time, since one may be installed while a notebook is open.
    """
    points: dict[str, list[EntryPoint]] = {}
    for point in sorted(all_installed(GROUP, anew=True), key=lambda point: (point.name, package_of(point))):
        points.setdefault(point.name, []).append(point)
    return points


def hub_cache() -> Path | None:
    """The folder where the library of the hub keeps what was fetched; None if the library is not installed."""
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError:
        return None
    return Path(HF_HUB_CACHE)


def fetched_models() -> dict[str, Path]:
    """The folders of the models of depparse that were fetched from the hub before, by their ids; the last revision."""
    cache = hub_cache()
    found = sorted(cache.glob("models--*/snapshots/*/manifest.json"), key=os.path.getmtime) if cache is not None else ()
    folders = {path.parts[-4].removeprefix("models--").replace("--", "/"): path.parent for path in found}
    return {name: folder for name, folder in sorted(folders.items()) if all((folder / file).exists() for file in FILES)}


def find(
    name: str | os.PathLike[str],
    *,
    fetch: bool = False,
    revision: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | bool | None = None,
    fetch_by: str = "fetch it by fetch=True (--fetch)",
) -> Path:
    """The model folder that `name` stands for.

    A string is, in this order: the name of a bundled model; the folder of a model, or of the run that made one; the
    name of a model that an installed package offers; the id of a model on the Hugging Face hub (``user/repo``) that
    was fetched before. With `fetch` it is fetched now, at `revision` (a branch, tag or commit). A path object, or a
    string such as ``./en``, is always a folder. `cache_dir` is where models of the hub are kept, `token` that of a user
    of the hub; by default they are those of the library huggingface_hub. `fetch_by` says, in an error, how a user has a
    model of the hub fetched.

    Raises ModelError if there is no such model, or if packages offer several, and ConfigError if a `revision` is given
    and `name` is no hub id.
    """
    if isinstance(name, str) and (own := bundled().get(name)) is not None:
        if _is_model(Path(name)):
            warnings.warn(f"{name!r} is the model that comes with depparse; that folder here is ./{name}", stacklevel=3)
        folder = own
    elif is_path(name):
        folder = _of_run(Path(name))
    elif isinstance(name, str) and Path(name).name == name and (points := packaged().get(name)):
        folder = in_package(points)
    elif isinstance(name, str) and HUB_ID.fullmatch(name):
        if fetch:
            return fetched(name, SIZES, revision, cache_dir, token)
        if (snapshot := cached(name, SIZES, revision, cache_dir)) is not None:
            return snapshot
        missing = f"{name}: no such model folder, and not among the models fetched from the Hugging Face hub before"
        raise ModelError(f"{missing}; if it is one of the hub, {fetch_by}")
    else:
        raise ModelError(_no_such(name))
    if revision is not None:
        raise ConfigError(
            f"only a model on the hub has revisions, but {os.fspath(name)} is the folder {folder}; give no revision"
        )
    return folder


def is_path(name: str | os.PathLike[str]) -> bool:
    """Whether a name that is not bundled is the path of a file or folder, which in another folder means something else.

    A folder that is no model does not hide a model of its name that a package offers.
    """
    if not os.fspath(name) or not (path := Path(name)).exists():
        return False
    return not isinstance(name, str) or _is_model(path) or name not in packaged()


def in_package(points: list[EntryPoint]) -> Path:
    """The folder of the model to which the entry points of one name lead. No code of its package is run.

    Raises ModelError if they do not lead to one model.
    """
    name, packages = points[0].name, " and ".join(dict.fromkeys(map(package_of, points)))
    if len({point.value for point in points}) > 1:
        raise ModelError(f"{name}: several models of that name are in the packages {packages}; uninstall all but one")
    top, *below = points[0].value.split(".")
    try:
        spec = find_spec(top)  # of a package that is in no other, whose code this does not run
    except (ImportError, ValueError):
        spec = None
    folders = [Path(folder, *below) for folder in (spec and spec.submodule_search_locations) or ()]
    for folder in folders:
        if _is_model(folder):
            return _of_run(folder)
    where = folders[0] if folders else points[0].value
    raise ModelError(
        f"{name}: the package {packages} offers this model, but there is none in {where}; install the package again"
    )


def short_name(model: str | os.PathLike[str]) -> str:
    """The name of a model's folder, or that of the run if the folder is the ``model`` of one; of a hub id, its end."""
    path = Path(os.path.abspath(model))
    return path.parent.name if path.name == "model" else path.name


def _of_run(folder: Path) -> Path:
    """The folder of the model that a run made, if the folder is that of a run; else the folder itself."""
    return folder / "model" if not (folder / "config.json").exists() and (folder / "model").is_dir() else folder


def _is_model(folder: Path) -> bool:
    """Whether the folder is that of a model, or of a run that made one."""
    return any((path / "config.json").is_file() for path in (folder, folder / "model"))


def _no_such(name: str | os.PathLike[str]) -> str:
    """The message of the error that there is no such model."""
    if not isinstance(name, str) or Path(name).name != name:
        return f"{os.fspath(name)}: no such model folder"
    names, others = list(bundled()), list(packaged())
    hint = "".join(f"did you mean {similar}? " for similar in closest(name, [*names, *others]))
    choice = f"those that come with depparse are: {', '.join(names)}" if names else "none comes with this depparse"
    choice += f"; those of packages are: {', '.join(others)}" if others else ""
    return f"{name}: no such model folder, nor a model of that name; {hint}{choice}; or give the folder of a model"
