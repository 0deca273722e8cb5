"""Parts with configs: ``type = "ner"`` is the file ``ner.py`` of a folder of depparse, or an entry point.

`depparse.folders` finds them. Each part carries its ``Config``, by which the rest of its table is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from depparse.config import Config, key_error
from depparse.errors import ConfigError
from depparse.folders import Folder


class PartConfig(Config):
    """Base of the configs of parts; each has its name as a literal."""

    type: str


class Registry(Folder):
    """A folder of parts that have configs."""

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
