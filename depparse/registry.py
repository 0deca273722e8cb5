"""Parts with configs: ``type = "ner"`` is the file ``ner.py`` of a folder of depparse, or an entry point.

`depparse.folders` finds them. A part has a class ``Config``, which reads the rest of its table. Some parts are networks
with a codec; then the codec has the ``Config``. So that settings and codecs can be read without torch, a part may be a
folder: its file ``network.py`` has the network, and ``codec.py`` has ``CODEC`` or, if there is no codec, ``config.py``
has ``CONFIG``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from depparse.config import Config, key_error
from depparse.errors import ConfigError
from depparse.folders import Folder


class PartConfig(Config):
    """Base of the configs of parts. Each of them declares `type` as a literal: the name of the part."""

    type: str


class Registry(Folder):
    """A folder of parts that have configs. `has_codecs` says that they are networks with codecs."""

    def __init__(self, folder: str, attribute: str, group: str, *, has_codecs: bool = False) -> None:
        super().__init__(folder, attribute, group)
        self.has_codecs = has_codecs

    def has(self, name: str) -> bool:
        """Whether there is a part of that name. A codec or config in a file of its own answers without the network."""
        file, attribute = ("codec", "CODEC") if self.has_codecs else ("config", "CONFIG")
        if self.is_folder(name) and self.attribute_of(name, file, attribute) is not None:
            return True
        return super().has(name)

    def codec(self, name: object) -> Any:
        """The codec class of the part of that name. Raises ConfigError, which lists all names, if there is none."""
        codec = self.attribute_of(name, "codec", "CODEC")
        return codec if codec is not None else self._of(name, "Codec")

    def config(self, name: object) -> type[Config]:
        """The config class of the part of that name. Raises ConfigError as `codec` does."""
        config = self.codec(name).Config if self.has_codecs else self.attribute_of(name, "config", "CONFIG")
        return config if config is not None else self._of(name, "Config")  # type: ignore[no-any-return]

    def _of(self, name: object, attribute: str) -> Any:
        value = getattr(self[name], attribute, None)
        if value is None:
            raise ConfigError(f"{name!r} has no attribute {attribute}, which each part of {self.group} has")
        return value

    def read(self, value: Any) -> Any:
        """The config in a table, read by the class of its ``type``; a config is returned as it is.

        Pydantic calls this to validate a field.
        """
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
