"""Typed configurations: TOML files, overrides by ``key=value``, and errors that name the key and its neighbours."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from depparse.errors import ConfigError, did_you_mean

_MODEL = TypeVar("_MODEL", bound="Config")


class Config(BaseModel):
    """Base of all configurations: frozen, and no key is accepted that it does not have."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _unknown_keys(cls, data: Any) -> Any:
        # Here, where the class is known, also if it was chosen by a value (see registry.py).
        for key in data if isinstance(data, Mapping) else ():
            if key not in cls.model_fields:
                raise key_error(str(key), f"does not exist; {did_you_mean(str(key), cls.model_fields)}")
        return data


def key_error(key: str, problem: str) -> PydanticCustomError:
    """What a validator raises about `key` of its table (``""``: the table itself): ``config key a.b.KEY PROBLEM``."""
    return PydanticCustomError("config_key", "{problem}", {"key": key, "problem": problem})


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigError with the place of a mistake."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def apply_overrides(data: Mapping[str, Any], overrides: Iterable[str] | Mapping[str, Any]) -> dict[str, Any]:
    """`data` with each ``a.b.c=value`` put in its place; the value is TOML, or else a plain string.

    A mapping has keys ``a.b.c`` and values as they are. Numbers in a key are places in a list:
    ``encoder.inputs.0.width=64``.
    """
    result: dict[str, Any] = _copy(data)
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            _put(result, key, _copy(value))
        return result
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set takes key=value, such as training.epochs=3, not {override!r}")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        _put(result, key.strip(), value)
    return result


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple)) else value


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    parts = key.split(".")
    here: Any = data
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if isinstance(here, list):
            if not part.isdigit() or int(part) >= len(here):
                raise ConfigError(f"--set {key}: {'.'.join(parts[:number])} has the items 0 to {len(here) - 1}")
            if last:
                here[int(part)] = value
            here = here[int(part)]
        elif isinstance(here, dict):
            if last:
                here[part] = value
            here = here.setdefault(part, {}) if not last else None
        else:
            raise ConfigError(f"--set {key}: {'.'.join(parts[:number])} is a value, not a table")


def parse(model: type[_MODEL], data: Mapping[str, Any], place: str = "") -> _MODEL:
    """`data` as a `model`. Raises one ConfigError that names the first wrong key, in full."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(error, place)) from None


def _explain(error: ValidationError, place: str) -> str:
    # A key that does not exist says more than the required one that it was meant to be.
    first = min(error.errors(include_url=False), key=lambda item: item["type"] != "config_key")
    context = first.get("ctx", {}) if first["type"] == "config_key" else {}
    path = [place, *map(str, first["loc"]), context.get("key", "")]
    key = ".".join(part for part in path if part)
    if context:
        return f"config key {key} {context['problem']}"
    if first["type"] == "missing":
        return f"config key {key} is missing"
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"config key {key}: {message}, not {first['input']!r}"
