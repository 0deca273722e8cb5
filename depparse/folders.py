"""A folder is a registry: a part is a file of a folder of depparse, or an entry point of another package.

A name is accepted only if the folder has a file of that name with the attribute (``TASK``, ``KIND`` …), or if another
package adds it to the entry-point group. So no config, not even that of a foreign model folder, can make anything else
be imported. `depparse.registry` serves parts that have configs; this file needs no pydantic, so that reading starts
fast.
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
    """The parts of one sort: the `attribute` of each file of the package `folder`, and the entry points of `group`.

    A part may be a folder ``NAME/`` instead of a file ``NAME.py``; then its file ``network.py`` has the attribute.
    """

    def __init__(self, folder: str, attribute: str, group: str) -> None:
        self.folder, self.attribute, self.group = folder, attribute, group

    def find(self, name: object) -> Any:
        """The part of that name, or None. Raises ConfigError if another package's part cannot be imported."""
        if not isinstance(name, str):
            return None
        if name in _files(self.folder):
            return self.attribute_of(name, "network", self.attribute)
        point = installed(self.group).get(name)
        return None if point is None else load(point)

    def attribute_of(self, name: object, file: str, attribute: str) -> Any:
        """An attribute of depparse's own part of that name, or None.

        It is read from the part's file or, if the part is a folder, from `file` in it.
        """
        is_folder = _files(self.folder).get(name) if isinstance(name, str) else None
        if is_folder is None:
            return None
        module = f"{self.folder}.{name}.{file}" if is_folder else f"{self.folder}.{name}"
        return getattr(import_module(module), attribute, None) if not is_folder or find_spec(module) else None

    def is_folder(self, name: str) -> bool:
        """Whether depparse's own part of that name is a folder."""
        return _files(self.folder).get(name, False)

    def is_own(self, name: str) -> bool:
        """Whether the part of that name is depparse's own, and not of another package."""
        return name in _files(self.folder)

    def __getitem__(self, name: object) -> Any:
        """The part of that name. Raises ConfigError, which lists all names, if there is none."""
        part = self.find(name)
        if part is None:
            raise ConfigError(self._unknown(name))
        return part

    def names(self) -> list[str]:
        """All names, sorted. Imports the files of the folder."""
        own = {name for name in _files(self.folder) if self.has(name)}
        return sorted(own | (set(installed(self.group)) - _files(self.folder).keys()))

    def has(self, name: str) -> bool:
        """Whether the folder's file of that name is a part. It is none if it needs a library that is not installed."""
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
    """The entry points of the group, which other packages add, by name. Raises ConfigError if two have one name."""
    points: dict[str, EntryPoint] = {}
    for point in all_installed(group):
        other = points.setdefault(point.name, point)
        if other != point:
            both = f"{package_of(other)} and {package_of(point)}"
            raise ConfigError(f"the packages {both} both add {point.name!r} to {group}; one of them has to go")
    return points


def all_installed(group: str, *, anew: bool = False) -> list[EntryPoint]:
    """All entry points of the group, whatever their names; searched `anew`, also those of packages installed since."""
    if anew:
        _entry_points.cache_clear()
    return list(_entry_points(tuple(sys.path)).select(group=group))


def load(point: EntryPoint) -> Any:
    """The object that an entry point names. Raises ConfigError for any error while it is imported."""
    try:
        return point.load()
    except Exception as error:
        reason = f"{error}" if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: {error}"
        raise ConfigError(f"{point.name!r} of the package {package_of(point)} cannot be imported: {reason}") from None


def package_of(point: EntryPoint) -> str:
    """The name of the package that an entry point is of."""
    return point.dist.name if point.dist is not None else point.value


@cache
def _entry_points(path: tuple[str, ...]) -> EntryPoints:  # noqa: ARG001 (part of the cache key)
    """All entry points on that path. The path is searched once, as a search takes milliseconds per hundred packages."""
    from importlib.metadata import entry_points  # imported late: this takes as long as all else that reading needs

    return cast("EntryPoints", entry_points())


@cache
def _files(folder: str) -> dict[str, bool]:
    """The files and folders of a package: for each name, whether it is a folder."""
    return {module.name: module.ispkg for module in pkgutil.iter_modules(import_module(folder).__path__)}
