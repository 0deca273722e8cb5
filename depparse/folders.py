"""A folder is a registry: a part is a file of a folder of depparse, or an entry point of another package.

A name is accepted only if it is a file of that folder which has the attribute (``TASK``, ``KIND`` …), or in the
entry-point group that other packages add to. So a config, also that of a foreign model folder, can make nothing else
be imported. Parts that have configs are in `depparse.registry`; nothing here needs pydantic, so reading starts fast.
"""

from __future__ import annotations

import pkgutil
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from depparse.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints


class Folder:
    """The parts of one sort: `attribute` of the files of the package `folder`, and the entry points of `group`.

    Instead of a file ``NAME.py`` there may be a folder ``NAME/``; then the attribute stands in its file ``network.py``.
    """

    def __init__(self, folder: str, attribute: str, group: str) -> None:
        self.folder, self.attribute, self.group = folder, attribute, group

    def find(self, name: object) -> Any:
        """The part of that name, or None. Raises ConfigError if that of another package cannot be imported."""
        if not isinstance(name, str):
            return None
        if name in _files(self.folder):
            return self.attribute_of(name, "network", self.attribute)
        point = installed(self.group).get(name)
        return None if point is None else load(point)

    def attribute_of(self, name: object, file: str, attribute: str) -> Any:
        """An attribute of the own part of that name: of its file or, if it is a folder, of `file` in it; or None."""
        is_folder = _files(self.folder).get(name) if isinstance(name, str) else None
        if is_folder is None:
            return None
        module = f"{self.folder}.{name}.{file}" if is_folder else f"{self.folder}.{name}"
        return getattr(import_module(module), attribute, None) if not is_folder or find_spec(module) else None

    def is_folder(self, name: str) -> bool:
        """Whether the own part of that name is a folder."""
        return _files(self.folder).get(name, False)

    def __getitem__(self, name: object) -> Any:
        """The part of that name. Raises ConfigError, with all the names there are."""
        part = self.find(name)
        if part is None:
            raise ConfigError(self._unknown(name))
        return part

    def names(self) -> list[str]:
        """All names; imports the files of the folder."""
        own = {name for name in _files(self.folder) if self.has(name)}
        return sorted(own | (set(installed(self.group)) - _files(self.folder).keys()))

    def has(self, name: str) -> bool:
        """Whether an own file of that name is a part; not if it needs a library that is not installed."""
        try:
            return self.find(name) is not None
        except ImportError as error:
            if (error.name or "").startswith("depparse"):
                raise
            return False

    def _unknown(self, name: object) -> str:
        hint = did_you_mean(str(name), self.names())
        return f"there is no {name!r}; {hint} (a package may add more: entry points {self.group})"


def installed(group: str) -> dict[str, EntryPoint]:
    """The entry points of the group, by name: what other packages add. ConfigError if two have one name."""
    points: dict[str, EntryPoint] = {}
    for point in all_installed(group):
        other = points.setdefault(point.name, point)
        if other != point:
            both = f"{_package(other)} and {_package(point)}"
            raise ConfigError(f"the packages {both} both add {point.name!r} to {group}; one of them has to go")
    return points


def all_installed(group: str) -> list[EntryPoint]:
    """All entry points of the group, whatever their names."""
    return list(_entry_points(tuple(sys.path)).select(group=group))


def load(point: EntryPoint) -> Any:
    """What an entry point names. Raises ConfigError if it cannot be imported, whatever goes wrong in it."""
    try:
        return point.load()
    except Exception as error:
        reason = f"{error}" if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: {error}"
        raise ConfigError(f"{point.name!r} of the package {_package(point)} cannot be imported: {reason}") from None


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


@cache
def _entry_points(path: tuple[str, ...]) -> EntryPoints:  # noqa: ARG001 (asked anew if the path changes)
    """All there are on that path, which is searched once: that takes milliseconds for each hundred packages."""
    from importlib.metadata import entry_points  # it takes as long to import as all else of reading

    return cast("EntryPoints", entry_points())


@cache
def _files(folder: str) -> dict[str, bool]:
    """The names of the files and folders of a package, and whether each is a folder."""
    return {module.name: module.ispkg for module in pkgutil.iter_modules(import_module(folder).__path__)}
