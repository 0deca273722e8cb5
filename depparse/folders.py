"""A folder is a registry: a part is a file of a folder of depparse, or an entry point of another package.

A name is accepted only if it is a file of that folder which has the attribute (``TASK``, ``KIND`` …), or in the
entry-point group that other packages add to. So a config, also that of a foreign model folder, can make nothing else
be imported. Parts that have configs are in `depparse.registry`; nothing here needs pydantic, so reading starts fast.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from depparse.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Folder:
    """The parts of one sort: `attribute` of the files of the package `folder`, and the entry points of `group`."""

    def __init__(self, folder: str, attribute: str, group: str) -> None:
        self.folder, self.attribute, self.group = folder, attribute, group

    def find(self, name: object) -> Any:
        """The part of that name, or None."""
        if not isinstance(name, str):
            return None
        if name in _files(self.folder):
            return getattr(import_module(f"{self.folder}.{name}"), self.attribute, None)
        point = self._points().get(name)
        if point is None:
            return None
        try:
            return point.load()
        except (ImportError, AttributeError) as error:
            package = point.dist.name if point.dist is not None else point.value
            raise ConfigError(f"{name!r} of the package {package} cannot be imported: {error}") from None

    def __getitem__(self, name: object) -> Any:
        """The part of that name. Raises ConfigError, with all the names there are."""
        part = self.find(name)
        if part is None:
            raise ConfigError(self._unknown(name))
        return part

    def names(self) -> list[str]:
        """All names; imports the files of the folder."""
        own = {name for name in _files(self.folder) if self.find(name) is not None}
        return sorted(own | (set(self._points()) - _files(self.folder)))

    def _unknown(self, name: object) -> str:
        hint = did_you_mean(str(name), self.names())
        return f"there is no {name!r}; {hint} (a package may add more: entry points {self.group})"

    def _points(self) -> dict[str, EntryPoint]:
        from importlib.metadata import entry_points  # it takes as long to import as all else of reading

        return {point.name: point for point in entry_points(group=self.group)}


@cache
def _files(folder: str) -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(import_module(folder).__path__))
