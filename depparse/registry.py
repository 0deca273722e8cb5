"""The folder is the registry: ``type = "ner"`` is the file ``ner.py`` of a folder of depparse, or an entry point.

A name is accepted only if it is a file of that folder which has the attribute (``TASK``, ``INPUT`` …), or in the
entry-point group that other packages add to. So a config, also that of a foreign model folder, can make nothing else
be imported.

A part may be a folder ``NAME/`` instead, so that its settings can be read without torch: the attribute stands in its
file ``network.py``; ``CODEC`` in ``codec.py``, if parts of its kind have a codec; else ``CONFIG`` in ``config.py``. A
config is read by the ``Config`` of the codec, by ``CONFIG``, or by the ``Config`` of the part itself.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any

from depparse.config import Config, did_you_mean, key_error
from depparse.errors import ConfigError


class PartConfig(Config):
    """Base of the configs of parts; each has its name as a literal."""

    type: str


class Registry:
    """The parts of one kind: `attribute` of the files of the package `folder`, and the entry points of `group`.

    `has_codecs`: they are networks with codecs.
    """

    def __init__(self, folder: str, attribute: str, group: str, *, has_codecs: bool = False) -> None:
        self.folder, self.attribute, self.group, self.has_codecs = folder, attribute, group, has_codecs

    def find(self, name: object) -> Any:
        """The part of that name, or None."""
        return self._find(name, "network", self.attribute)

    def codec(self, name: object) -> Any:
        """The class of the codec of the part of that name. Imports no torch if the part is a folder.

        Raises ConfigError, with all the names there are.
        """
        codec = self._find(name, "codec", "CODEC")
        return codec if codec is not None else self[name].Codec

    def config(self, name: object) -> type[Config]:
        """The class of the settings of the part of that name. Raises ConfigError as `codec` does."""
        config = self.codec(name).Config if self.has_codecs else self._find(name, "config", "CONFIG")
        return config if config is not None else self[name].Config  # type: ignore[no-any-return]

    def _find(self, name: object, file: str, attribute: str) -> Any:
        """The attribute of a file of the folder, of `file` if that is a folder itself, or an entry point; or None."""
        if not isinstance(name, str):
            return None
        if (is_folder := _files(self.folder).get(name)) is not None:
            module = f"{self.folder}.{name}.{file}" if is_folder else f"{self.folder}.{name}"
            return getattr(import_module(module), attribute, None) if not is_folder or _has(module) else None
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
        return sorted(own | (set(self._points()) - _files(self.folder).keys()))

    def read(self, value: Any) -> Any:
        """A config as it is, or a table as the Config of its ``type``: what pydantic calls to validate a field."""
        if isinstance(value, Config):
            return value
        if not isinstance(value, Mapping):
            raise key_error("", f"is a table with a type, not {value!r}")
        if "type" not in value:
            raise key_error("type", f"is missing; there are: {', '.join(self.names())}")
        try:
            config = self.config(value["type"])
        except ConfigError as error:
            raise key_error("type", f"is wrong: {error}") from None
        return config.model_validate(value)

    def _unknown(self, name: object) -> str:
        hint = did_you_mean(str(name), self.names())
        return f"there is no {name!r}; {hint} (a package may add more: entry points {self.group})"

    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}


@cache
def _files(folder: str) -> dict[str, bool]:
    """The names of the files and folders of a package, and whether each is a folder."""
    return {module.name: module.ispkg for module in pkgutil.iter_modules(import_module(folder).__path__)}


def _has(module: str) -> bool:
    return find_spec(module) is not None
