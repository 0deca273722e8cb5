"""The folder is the registry: ``type = "ner"`` is the file ``ner.py`` of a folder of depparse, or an entry point.

A name is accepted only if it is a file of that folder which has the attribute (``TASK``, ``INPUT`` …), or in the
entry-point group that other packages add to. So a config, also that of a foreign model folder, can make nothing else
be imported. Each part carries its ``Config``, by which the rest of its table is read.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from depparse.config import Config, did_you_mean, key_error
from depparse.errors import ConfigError


class PartConfig(Config):
    """Base of the configs of parts; each has its name as a literal."""

    type: str


class Registry:
    """The parts of one kind: `attribute` of the files of the package `folder`, and the entry points of `group`."""

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

    def read(self, value: Any) -> Any:
        """A config as it is, or a table as the Config of its ``type``: what pydantic calls to validate a field."""
        if isinstance(value, Config):
            return value
        if not isinstance(value, Mapping):
            raise key_error("", f"is a table with a type, not {value!r}")
        if "type" not in value:
            raise key_error("type", f"is missing; there are: {', '.join(self.names())}")
        try:
            part = self[value["type"]]
        except ConfigError as error:
            raise key_error("type", f"is wrong: {error}") from None
        return part.Config.model_validate(value)

    def _unknown(self, name: object) -> str:
        hint = did_you_mean(str(name), self.names())
        return f"there is no {name!r}; {hint} (a package may add more: entry points {self.group})"

    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}


@cache
def _files(folder: str) -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(import_module(folder).__path__))
